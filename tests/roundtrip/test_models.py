"""The schema at head beside the models: what differs, and what is only spelled differently."""

from __future__ import annotations

from pathlib import Path

import pytest
from roundtrip_project import project, round_trip

from guard.facts import SchemaDrift

TABLE = "sa.Table('t', metadata, sa.Column('id', sa.Integer, primary_key=True), {})"
CREATE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), {})"
HEAD = (
    "import sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n"
    "class Listed(sa.types.TypeDecorator):\n    impl, cache_ok = sa.String(80), True\n"
)


def difference(
    folder: Path, revision: str, model: str, *, more: str = "", dialect: str | None = None
) -> list[str]:
    """Return the lines of difference between a table of the revisions and one of the models."""
    (folder / "models.py").write_text(
        f"{HEAD}metadata = sa.MetaData()\nother = sa.Table('other', metadata,"
        f" sa.Column('id', sa.Integer, primary_key=True))\n{TABLE.format(model)}\n"
    )
    create = (
        "from sqlalchemy.dialects import postgresql\n"
        "op.create_table('other', sa.Column('id', sa.Integer(), primary_key=True))\n"
        + CREATE.format(revision)
        + f"\n{more}"
    )
    step = (create, "op.drop_table('t')\nop.drop_table('other')")
    folder = project(folder, step, ini="prepend_sys_path = .\n")
    result = round_trip(folder, env="none", metadata="models:metadata", dialect=dialect)
    assert all(isinstance(fact, SchemaDrift) for fact in result.facts)
    return [
        line for fact in result.facts if isinstance(fact, SchemaDrift) for line in fact.difference
    ]


@pytest.mark.parametrize(
    ("revision", "model"),
    [
        ("sa.Column('c', sa.String(20))", "sa.Column('c', sa.Unicode(20))"),
        ("sa.Column('c', sa.Text)", "sa.Column('c', sa.UnicodeText)"),
        ("sa.Column('c', sa.DECIMAL(10, 2))", "sa.Column('c', sa.Numeric(10, 2))"),
        ("sa.Column('c', sa.TIMESTAMP)", "sa.Column('c', sa.DateTime(timezone=True))"),
        ("sa.Column('c', sa.Float(53))", "sa.Column('c', sa.REAL)"),
        ("sa.Column('c', sa.INT)", "sa.Column('c', sa.Integer)"),
        ("sa.Column('c', sa.Enum('a', 'b'))", "sa.Column('c', sa.Enum('b', 'a', name='kind'))"),
        ("sa.Column('c', sa.Enum(name='k'))", "sa.Column('c', sa.Enum('a', 'b', name='k'))"),
        ("sa.Column('c', sa.Integer, server_default='0')",
         "sa.Column('c', sa.Integer, server_default=sa.text('0'))"),
        ("sa.Column('c', sa.Boolean, server_default=sa.text('0'))",
         "sa.Column('c', sa.Boolean, server_default=sa.false())"),
        ("sa.Column('c', sa.DateTime, server_default=sa.func.now())",
         "sa.Column('c', sa.DateTime, server_default=sa.text('(CURRENT_TIMESTAMP)'))"),
        # for the rows that were there
        ("sa.Column('c', sa.Integer, server_default='0', nullable=False)",
         "sa.Column('c', sa.Integer, default=0, nullable=False)"),
        ("sa.Column('c', sa.Integer), sa.UniqueConstraint('c')",
         "sa.Column('c', sa.Integer, unique=True)"),
        ("sa.Column('c', sa.Integer), sa.CheckConstraint('\"c\" >0', name='ck')",
         "sa.Column('c', sa.Integer), sa.CheckConstraint('(C > 0)')"),
        ("sa.Column('c', sa.Integer, sa.ForeignKey('other.id'))",
         "sa.Column('c', sa.ForeignKey('other.id'))"),
    ],
)  # fmt: skip
def test_equal_and_spelled_differently(revision: str, model: str, tmp_path: Path) -> None:
    assert difference(tmp_path, revision, model) == []


BATCH = 'with op.batch_alter_table("t") as b: b.'


DIFFERENT = [
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Integer, nullable=False)",
     ["- column t.c NULL", "+ column t.c NOT NULL: " + BATCH
      + 'alter_column("c", existing_type=sa.INTEGER(), nullable=False)']),
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Text)",
     ["- column t.c INTEGER()", "+ column t.c Text(): " + BATCH
      + 'alter_column("c", existing_type=sa.INTEGER(), type_=sa.Text())']),
    ("sa.Column('c', sa.String(20))", "sa.Column('c', sa.String(80))",
     ["- column t.c VARCHAR(length=20)", "+ column t.c String(length=80): " + BATCH
      + 'alter_column("c", existing_type=sa.VARCHAR(length=20), type_=sa.String(length=80))']),
    ("sa.Column('c', sa.String(20))", "sa.Column('c', Listed())",
     ["- column t.c VARCHAR(length=20)", "+ column t.c Listed(length=80): " + BATCH
      + 'alter_column("c", existing_type=sa.VARCHAR(length=20), type_=sa.String(length=80))']),
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Integer, unique=True)",
     ["+ unique on t (c): " + BATCH + "create_unique_constraint(\"uq_t_c\", ['c'])"]),
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Integer), sa.CheckConstraint('c > 0')",
     ["+ check on t c > 0: " + BATCH + "create_check_constraint(\"ck_t\", 'c > 0')"]),
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Integer, server_default='1')",
     ["+ column t.c DEFAULT 1: " + BATCH
      + "alter_column(\"c\", server_default=sa.text(\"'1'\"))"]),
    ("sa.Column('c', sa.Text, server_default='a')",
     "sa.Column('c', sa.Text, server_default='b')",
     ["- column t.c DEFAULT 'a'", "+ column t.c DEFAULT 'b': " + BATCH
      + "alter_column(\"c\", server_default=sa.text(\"'b'\"))"]),
    ("sa.Column('c', sa.Enum('a', 'b'))", "sa.Column('c', sa.Enum('a', 'b', 'c'))",
     ["- column t.c ENUM a, b", "+ column t.c ENUM a, b, c: " + BATCH
      + "alter_column(\"c\", type_=sa.Enum('a', 'b', 'c'))"]),
    ("sa.Column('c', sa.Enum('a', 'b'))", "sa.Column('c', sa.Enum('a', 'b', 'longer'))",
     ["- column t.c ENUM a, b", "+ column t.c ENUM a, b, longer: " + BATCH
      + "alter_column(\"c\", type_=sa.Enum('a', 'b', 'longer'))"]),
    ("sa.Column('c', sa.Integer)", "sa.Column('c', sa.Integer, sa.ForeignKey('other.id'))",
     ["+ foreign key on t (c) to other.id"]),
]  # fmt: skip


@pytest.mark.parametrize(("revision", "model", "lines"), DIFFERENT)
def test_what_differs_is_said_with_what_to_write(
    revision: str, model: str, lines: list[str], tmp_path: Path
) -> None:
    assert difference(tmp_path, revision, model) == lines


@pytest.mark.parametrize(("revision", "model", "lines"), DIFFERENT[:-1])
def test_what_is_said_to_be_written_mends_it(
    revision: str, model: str, lines: list[str], tmp_path: Path
) -> None:
    assert difference(tmp_path, revision, model, more=lines[-1].partition(": ")[2]) == []


@pytest.mark.parametrize(
    ("revision", "model"),
    [
        ("sa.Column('c', sa.BigInteger)",
         "sa.Column('c', sa.BigInteger().with_variant(sa.Integer, 'sqlite'))"),
        ("sa.Column('c', sa.BigInteger().with_variant(sa.Integer, 'sqlite'))",
         "sa.Column('c', sa.BigInteger().with_variant(sa.Integer, 'sqlite'))"),
        ("sa.Column('c', sa.JSON)",
         "sa.Column('c', sa.JSON().with_variant(postgresql.JSONB, 'postgresql'))"),
        ("sa.Column('c', sa.String(39))", "sa.Column('c', postgresql.INET)"),
    ],
)  # fmt: skip
def test_types_for_another_server(revision: str, model: str, tmp_path: Path) -> None:
    assert difference(tmp_path, revision, model, dialect="postgresql") == []


def test_what_to_write_for_another_server(tmp_path: Path) -> None:
    lines = difference(
        tmp_path,
        "sa.Column('c', sa.Integer)",
        "sa.Column('c', sa.Integer, nullable=False)",
        dialect="postgresql",
    )
    assert lines[1].endswith(
        ': op.alter_column("t", "c", existing_type=sa.INTEGER(), nullable=False)'
    )


def test_what_a_revision_puts_into_the_models_is_not_theirs(tmp_path: Path) -> None:
    table = "sa.Table('{}', {}, sa.Column('id', sa.Integer, primary_key=True){})"
    (tmp_path / "models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        + "\n".join(table.format(name, "metadata", "") for name in ("kept", "lacking"))
    )
    old, more = "sa.Column('id', sa.Integer(), primary_key=True)", "sa.Column('n', sa.Integer())"
    steps = (
        (f"op.create_table('old', {old})\nop.create_table('kept', {old}, {more})",
         "op.drop_table('kept')\nop.drop_table('old')"),
        ("from models import metadata\n"
         "metadata.reflect(op.get_bind(), only=['old', 'kept'], extend_existing=True)\n"
         "op.drop_table('old')\nop.drop_column('kept', 'n')",
         f"op.create_table('old', {old})\nop.add_column('kept', {more})"),
    )  # fmt: skip
    written = project(tmp_path, *steps, ini="prepend_sys_path = .\n")
    result = round_trip(written, env="none", metadata="models:metadata")
    drifts = [fact.difference for fact in result.facts if isinstance(fact, SchemaDrift)]
    assert drifts == [("+ table lacking",)]
    (note,) = [note.text for note in result.notes if note.kind == "models-not-compared"]
    assert "kept, old" in note
