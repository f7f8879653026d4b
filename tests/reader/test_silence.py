"""Code that may reach the database and cannot be followed is said, never left out."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import re
from pathlib import Path

import pytest
from revision_code import read

from guard.python_source import PythonSource
from guard.reader import read_revision
from guard.reader.modules import Module, Resolver
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
    ("name of a database", "from alembic import op\ndef upgrade_one():\n    op.drop_table('one')\ndef upgrade(name):\n    globals()['upgrade_' + name]()", "run_migrations(name=name)", ["drop-table one", "drop-table t"]),
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
    module = Module(PythonSource.of_text("versions/r.py", code), versions / "r.py")
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


# What another file gives decides no branch, but fills names; what the revision says itself decides.
SETTINGS = """
    from pydantic_settings import BaseSettings
    import dataclasses
    class Fields(BaseSettings):
        uri: str | None = None
    class Plain:
        uri = None
        def on(self):
            return self.uri
    @dataclasses.dataclass
    class Record:
        on: bool = False
    fields = Fields()
    plain = Plain()
    OFF = False
    ON = True
    NAME = "sqlite"
    TABLE = "t"
    NONE = ()
    def is_on():
        return OFF
    def is_postgres(bind):
        return bind.dialect.name == "postgresql"
    POSTGRES = "postgresql"
"""
UNDECIDED = [
    ("field of settings", "if not settings.fields.uri:\n    return\nA", ["t [not (not settings.fields.uri)]"]),
    ("class attribute", "if settings.plain.uri:\n    A", ["t [settings.plain.uri]"]),
    ("constant", "if OFF:\n    A", ["t [OFF]"]),
    ("constant that is true", "if ON:\n    return\nA", ["t [not (ON)]"]),
    ("constant by a local name", "off = OFF\nif off:\n    A", ["t [off]"]),
    ("its negation", "off = not settings.ON\nif off:\n    A", ["t [off]"]),
    ("compared", "if settings.NAME == 'postgresql':\n    A", ["t [settings.NAME == 'postgresql']"]),
    ("method of it", "if settings.NAME.startswith('post'):\n    A", ["t [settings.NAME.startswith('post')]"]),
    ("empty tuple", "if NONE:\n    A", ["t [NONE]"]),
    ("and", "OFF and op.drop_table('t')", ["t [OFF]"]),
    ("or", "ON or op.drop_table('t')", ["t [not (ON)]"]),
    ("or, with one of its own", "if OFF or MINE:\n    A", ["t [OFF or MINE]"]),
    ("conditional expression", "op.drop_table('t') if OFF else None", ["t [OFF]"]),
    ("while", "while OFF:\n    A", ["t [repeated OFF]"]),
    ("match", "match settings.NAME:\n    case 'x':\n        A", ["t [settings.NAME matches 'x']"]),
    ("function of it", "if settings.is_on():\n    A", ["t [settings.is_on()]"]),
    ("its method", "if settings.plain.on():\n    A", ["t [settings.plain.on()]"]),
    ("its class", "s = settings.Plain()\nif s.uri:\n    A", ["t [s.uri]"]),
    ("default of its class", "s = settings.Record()\nif s.on:\n    A", ["t [s.on]"]),
    ("given to a function", "def go(on):\n    if on:\n        A\ngo(OFF)", ["t [on]"]),
    ("filter of a comprehension", "[op.drop_table(t) for t in ('t',) if OFF]", ["t [OFF]"]),
    ("environment", "import os\nif os.environ.get('X') == '1':\n    A", ["t [os.environ.get('X') == '1']"]),
    ("environment by a constant", "import os\nX = os.getenv('X', '')\nif X:\n    A", ["t [X]"]),
]  # fmt: skip
DECIDED = [
    ("own constant", "if MINE:\n    A", []),
    ("own class", "class S:\n    on = False\nif S.on:\n    A", []),
    ("argument of a class elsewhere", "s = settings.Record(on=False)\nif s.on:\n    A", []),
    ("dialect", "if op.get_bind().dialect.name != 'postgresql':\n    A", []),
    ("dialect by a function elsewhere", "if not settings.is_postgres(op.get_bind()):\n    A", []),
    ("dialect and a constant elsewhere", "if op.get_bind().dialect.name != settings.POSTGRES:\n    A", []),
    ("fills a name", "op.drop_table(settings.TABLE)", ["t"]),
    ("fills a name, with a default", "op.drop_table(settings.TABLE or 'x')", ["t"]),
    ("fills SQL", "op.execute(f'DROP TABLE {settings.TABLE}')", ["t"]),
    ("no way but one", "if OFF and MINE:\n    A", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in UNDECIDED + DECIDED]
)
def test_what_decides_a_branch(body: str, expected: list[str], tmp_path: Path) -> None:
    above = "from app import settings\nfrom app.settings import NONE, OFF, ON\nMINE = False\n"
    files = {"app/__init__.py": "", "app/settings.py": SETTINGS}
    body = re.sub(r"\bA\b", "op.drop_table('t')", body)
    told = read(body, above=above, files=files, folder=tmp_path)
    assert told == [f"drop-table {one}" for one in expected]
