"""Code that may reach the database and cannot be followed is said, never left out."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

from pathlib import Path

import pytest
from revision_code import read

from guard.reader import read_revision
from guard.reader.modules import Resolver, parse
from guard.statement import Statement


def _kinds(statements: tuple[Statement, ...]) -> list[str]:
    return [f"{o.kind} {o.subject}".strip() for s in statements for o in s.operations]


# The head of an `upgrade()` with a body that drops t, the call in env.py, and what is read.
PARAMETERS = [
    ("op", "def upgrade(op, tables):", "run_migrations(op=op, tables=None)", ["drop-table t"]),
    ("op alone", "def upgrade(op):", "run_migrations()", ["drop-table t"]),
    ("op by keyword", "def upgrade(*, op=None):", "run_migrations(op=op)", ["drop-table t"]),
    ("with a type", "def upgrade(op: Operations) -> None:", "run_migrations(op=op)", ["drop-table t"]),
    ("of a wrapper", "def upgrade(tables, op):", "run_migrations(op=Wrapper(op))", ["drop-table t"]),
    ("another name", "def upgrade(ops):\n    op = ops", "run_migrations(ops=op)", ["drop-table t"]),
    ("all keywords", "def upgrade(**given):\n    op = given['op']", "run_migrations(op=op)", ["drop-table t"]),
    ("not in env.py", "def upgrade(ops):\n    op = ops", "run_migrations()", ["opaque"]),
    ("a wrapper", "def upgrade(ops):\n    op = ops", "run_migrations(ops=wrap(op))", ["opaque"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "call", "expected"), [pytest.param(*case[1:], id=case[0]) for case in PARAMETERS]
)
def test_arguments_of_upgrade(head: str, call: str, expected: list[str], tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text(f"from alembic import context, op\ncontext.{call}\n")
    code = f"{head}\n    op.drop_table('t')\n"
    module = parse("versions/r.py", code, file=versions / "r.py")
    found = read_revision(module, Resolver(tmp_path), "r", "postgresql").upgrade
    assert _kinds(found.statements) == expected


RECEIVERS = [
    ("helper", "def drop(op, t):\n    op.drop_table(t)", "drop(op, 't')", ["drop-table t"]),
    ("operations of a context", "from alembic.operations import Operations\nfrom alembic.migration import MigrationContext", "Operations(MigrationContext.configure(op.get_bind())).drop_table('t')", ["drop-table t"]),
    ("operations as a manager", "from alembic.operations import Operations", "with Operations.context(op.get_context()) as ops:\n    ops.drop_table('t')", ["drop-table t"]),
    ("of an application", "from app import ops", "ops().drop_table('t')", ["opaque ops().drop_table('t')"]),
    ("its result kept", "from app import ops", "x = ops.make(1).add_column('t', 'c')", ["opaque ops.make(1).add_column('t', 'c')"]),
    ("item", "from app import REGISTRY", "REGISTRY[0].drop_column('t', 'c')", ["opaque REGISTRY[0].drop_column('t', 'c')"]),
    ("executes the unknown", "from app import db, made", "db.session().execute(made())", ["opaque db.session().execute(made())"]),
    ("query", "", "sa.select(sa.text('1')).add_column('c')", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("above", "body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in RECEIVERS]
)
def test_receivers(above: str, body: str, expected: list[str]) -> None:
    assert read(body, above=above) == expected
