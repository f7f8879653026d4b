"""What a rule may ask of the `op.` call behind a statement: its batch, what Alembic leaves out."""

from __future__ import annotations

import inspect
from pathlib import Path

import alembic.op
import pytest
from alembic.operations import Operations
from ask_rules import ask, sql
from revision_code import reading

from guard.reader.libraries.alembic.directive import ALTER_COLUMN

BATCHES: dict[str, tuple[str, str]] = {
    "in a batch": (
        "with op.batch_alter_table('t', schema='s') as b:\n    b.drop_column('a')",
        "s.t auto False False 9:10",
    ),
    "a batch by name": (
        "with op.batch_alter_table('t', recreate='always', copy_from=T, naming_convention={}) as b:"
        "\n    b.drop_column('a')",
        "t always True True 9:10",
    ),
    "a batch by position": (
        "with op.batch_alter_table('t', None, 'never') as b:\n    b.drop_column('a')",
        "t never False False 9:10",
    ),
    "a batch nobody knows": (
        "with op.batch_alter_table('t', recreate=input()) as b:\n    b.drop_column('a')",
        "t None False False 9:10",
    ),
    "no batch": ("op.drop_column('t', 'a')", "none"),
    "after a batch": (
        "with op.batch_alter_table('u') as b:\n    pass\nop.drop_column('t', 'a')",
        "none",
    ),
}


@pytest.mark.parametrize("case", BATCHES)
def test_batch(case: str, tmp_path: Path) -> None:
    body, answer = BATCHES[case]
    question = (
        "'none' if (b := context.statement.batch) is None else f'{b.table} {b.recreate} "
        "{b.copy_from} {b.naming_convention} {b.span.line}:{b.span.column}'"
    )
    body = body.replace("T,", "sa.Table('t', sa.MetaData()),")
    assert ask(tmp_path, "DropColumn", question, body) == [answer]


ALTER = "op.alter_column('t', 'a', {})".format
LACKS = "existing_type existing_nullable existing_server_default existing_comment"
SAID: dict[str, tuple[str, str]] = {
    "a key that is never made": (
        "op.add_column('t', sa.Column('b', sa.Integer(), primary_key=True))",
        "add_column ignored primary_key",
    ),
    "one that is": (
        "op.add_column('t', sa.Column('b', sa.Integer(), primary_key=True),"
        " inline_primary_key=True)",
        "add_column",
    ),
    "one in a batch": (
        "with op.batch_alter_table('t') as b:\n"
        "    b.add_column(sa.Column('b', sa.Integer(), primary_key=True))",
        "add_column ignored primary_key",
    ),
    "a keyword that nobody reads": (
        ALTER(
            "nullable=False, unique=True, existing_type=sa.Text(), existing_server_default=None,"
            " existing_comment=None, existing_autoincrement=False"
        ),
        "alter_column ignored unique",
    ),
    "USING without a type": (
        ALTER(
            "server_default='x', postgresql_using='a::int', existing_type=sa.Text(),"
            " existing_nullable=True, existing_comment=None, existing_autoincrement=False"
        ),
        "alter_column ignored postgresql_using",
    ),
    "what a column is and is not told": (
        ALTER("new_column_name='b'"),
        f"alter_column missing {LACKS} existing_autoincrement",
    ),
    "what is set anew need not be told": (
        ALTER(
            "type_=sa.Text(), nullable=True, server_default=None, comment=None,"
            " existing_autoincrement=False"
        ),
        "alter_column",
    ),
    "SQL": (sql("ALTER TABLE t ADD b int"), "execute"),
    "what Alembic does not have": ("op.rename_column('t', 'a', 'b')", "rename_column unknown"),
    "nor a batch": (
        "with op.batch_alter_table('t') as b:\n    b.rename_column('a', 'b')",
        "rename_column unknown",
    ),
    "what a plugin has": ("op.sync_enum_values('public', 'mood', ['a'], ['a', 'b'])", "none"),
    "no call of op": ("op.get_bind().execute(sa.text('DROP TABLE t'))", "none"),
}


@pytest.mark.parametrize("case", SAID)
def test_what_the_call_says_besides(case: str, tmp_path: Path) -> None:
    body, answer = SAID[case]
    question = (
        "'none' if (d := context.statement.directive) is None else ' '.join([d.name,"
        " *(['unknown'] if not d.exists else []), *(['ignored', *d.ignored] if d.ignored else []),"
        " *(['missing', *d.missing] if d.missing else [])])"
    )
    assert set(ask(tmp_path, "*OPERATIONS", question, body)) == {answer}


def test_autoincrement_is_for_mysql(tmp_path: Path) -> None:
    told = "nullable=False, autoincrement=True"
    ignored = {
        dialect: ask(
            tmp_path / dialect,
            "*OPERATIONS",
            "context.statement.directive.ignored",
            ALTER(told),
            dialect=dialect,
        )
        for dialect in ("postgresql", "mysql")
    }
    assert ignored == {"postgresql": ["('autoincrement',)"], "mysql": ["()"]}


def test_guard_knows_all_that_alembic_offers() -> None:
    """Of the Alembic that is installed here."""
    offered = [n for n in dir(Operations) if hasattr(alembic.op, n) and not n.startswith("_")]
    calls = "\n".join(f"    op.{name}()" for name in offered)
    upgrade = reading(f"from alembic import op\n\n\ndef upgrade():\n{calls}\n").upgrade
    said = [s.directive for s in upgrade.statements if s.directive]
    assert [d.name for d in said if not d.exists] == []
    assert "drop_table" in {d.name for d in said}


def test_guard_knows_what_alter_column_reads() -> None:
    parameters = inspect.signature(Operations.alter_column).parameters.values()
    named = {p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD} - {"self"}
    assert named <= ALTER_COLUMN
