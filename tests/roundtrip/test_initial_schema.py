"""Histories that start from tables which no revision makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import ENV, Step, project, round_trip, story

from guard.roundtrip.errors import RoundTripError

STEPS: tuple[Step, ...] = (
    ("op.add_column('users', sa.Column('nick', sa.Text()))", "op.drop_column('users', 'nick')"),
    ("op.create_index('ix_nick', 'users', ['nick'])", "op.drop_index('ix_nick')"),
    ("op.add_column('orders', sa.Column('n', sa.Integer()))\n"
     "op.create_table('tags', sa.Column('id', sa.Integer(), primary_key=True))",
     "op.drop_table('tags')\nop.drop_column('orders', 'n')"),
    ("op.create_index('ix_tags', 'tags', ['id'])", "pass"),
)  # fmt: skip
SQL = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));
"""
MODULE = f"""
def tables(connection):
    for sql in {SQL.split(";")[:2]!r}:
        connection.exec_driver_sql(sql)
"""
MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
for name in ("users", "orders"):
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
WITH_MODELS = "from models import metadata\n" + ENV.replace(
    "connection=connection", "connection=connection, target_metadata=metadata"
)


@pytest.mark.parametrize("released", [False, True])
def test_its_tables_are_named_once_with_what_follows(released: bool, tmp_path: Path) -> None:
    folder = project(tmp_path, *STEPS)
    result = round_trip(folder, revisions=("r4",) if released else None)
    assert story(result) == [("r4", "downgrade drift")]
    (note,) = texts(result.notes)
    assert note.startswith(
        "The revisions start from tables that none of them makes: users, orders "
        "(r1, migrations/versions/r1.py:9: no such table: users). So "
    )
    assert 'initial-schema = "schema.sql" in [tool.guard]' in note


TAGS, WAY_BACK = STEPS[2][0].partition("\n")[2], "op.drop_table('tags')"
ADD = STEPS[0][0]
ASKED = (
    "if sa.inspect(op.get_bind()).has_table('Old'):\n    op.create_table('users', sa.Column('id'))"
)


@pytest.mark.parametrize(
    "steps",
    [
        ((TAGS, WAY_BACK), STEPS[0]),
        ((TAGS, WAY_BACK), (f"try:\n    {ADD}\nexcept Exception:\n    pass", STEPS[0][1])),
        ((f"{TAGS}\n{ASKED}", WAY_BACK), STEPS[0]),
    ],
    ids=["a later revision", "a downgrade, where the upgrade catches that", "made on a condition"],
)
def test_tables_of_the_models_that_a_revision_looks_for(
    steps: tuple[Step, ...], tmp_path: Path
) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    ini = "prepend_sys_path = .\n"
    result = round_trip(project(tmp_path, *steps, env=WITH_MODELS, ini=ini))
    assert story(result) == []
    assert [note for note in texts(result.notes) if "none of them makes: users (r2" in note]


LIMITS = "op.create_table('limits', sa.Column('id', sa.Integer()))"


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (f"op.drop_table('limits')\n{LIMITS}", "pass"),
        ("op.drop_table('limits')", LIMITS),
        ("op.drop_index('ix_old')", "pass"),
        ("sa.table('limits')\nop.drop_table('limits')", "pass"),
        ("op.get_bind()", "op.create_index('ix_old', 'limits', ['id'])"),
    ],
)
def test_what_goes_with_tables_that_no_revision_makes(up: str, down: str, tmp_path: Path) -> None:
    steps = [STEPS[0], ("sa.table('limits')\nop.get_bind()", "pass"), (up, down)]
    result = round_trip(project(tmp_path, *steps))
    assert story(result) == []
    assert [note for note in texts(result.notes) if "none of them makes: users" in note]


def test_an_index_that_nobody_has_is_a_mistake(tmp_path: Path) -> None:
    mistake = ("op.drop_index('ix_old')", "")
    result = round_trip(project(tmp_path, (SQL_STEP, "pass"), mistake))
    assert ("r2", "upgrade fails") in story(result)


def test_a_table_that_nobody_has_is_a_mistake(tmp_path: Path) -> None:
    mistake = ("op.drop_table('nobody')", "")
    result = round_trip(project(tmp_path, (SQL_STEP, "pass"), mistake))
    assert ("r2", "upgrade fails") in story(result)


SQL_STEP = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))"


def test_a_first_revision_may_do_nothing(tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, ("", ""), *STEPS))
    assert story(result) == [("r5", "downgrade drift")]
    assert [note for note in texts(result.notes) if "none of them makes: users, orders (r2" in note]


@pytest.mark.parametrize("given", ["schema.sql", "beginning:tables"])
def test_a_setting_says_what_makes_them(given: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(SQL)
    (tmp_path / "beginning.py").write_text(MODULE)
    folder = project(tmp_path, *STEPS, ini="prepend_sys_path = .\n")
    result = round_trip(folder, initial_schema=given)
    assert story(result) == [("r4", "downgrade drift")]
    assert not texts(result.notes)
    assert result.downgraded == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nothing.sql", r"there is no file .*nothing\.sql"),
        ("beginning", "names neither a .sql file nor a function"),
        ("beginning:nothing", "cannot make its tables: AttributeError"),
        ("bad.sql", r"cannot make its tables: near \"CRATE\": syntax error"),
    ],
)
def test_a_setting_that_makes_none_is_an_error(given: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.sql").write_text("CRATE TABLE t (id INTEGER);")
    (tmp_path / "beginning.py").write_text(MODULE)
    folder = project(tmp_path, *STEPS, ini="prepend_sys_path = .\n")
    with pytest.raises(RoundTripError, match=message):
        round_trip(folder, initial_schema=given)
