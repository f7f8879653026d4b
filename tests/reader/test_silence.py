"""Code that may reach the database and cannot be followed is said, never left out."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from revision_code import read, reading

from guard.operations import Delete, Opaque
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


# A DELETE in a CTE runs when what reads from it does.
IN_CTES = [
    "d = T.delete().returning(T.c.id).cte('d')\nop.execute(sa.select(d.c.id, d.c.id))",
    "d = sa.delete(T).returning(T.c.id).cte('d')\nop.execute(sa.insert(T).from_select(['id'], sa.select(d.c.id)))",
]  # fmt: skip


@pytest.mark.parametrize("body", IN_CTES)
def test_rows_that_a_cte_deletes(body: str) -> None:
    told = read(f"T = sa.table('t', sa.column('id'))\n{body}")
    assert told[0].startswith("delete t")


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
    VERB = "keep"
    TABLE = "t"
    NONE = ()
    NOTHING = {}
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
    ("loop over what is empty", "for t in NONE:\n    A", ["t [repeated for each item of NONE]"]),
    ("loop over an empty dict", "for t, u in settings.NOTHING.items():\n    A", ["t [repeated for each item of settings.NOTHING.items()]"]),
    ("comprehension over what is empty", "[op.drop_table('t') for t in sorted(NONE)]", ["t [repeated for each item of sorted(NONE)]"]),
    ("environment", "import os\nif os.environ.get('X') == '1':\n    A", ["t [os.environ.get('X') == '1']"]),
    ("object that may be false", "class E:\n    def __bool__(self):\n        return False\nif not E():\n    A", ["t [not E()]"]),
    ("object that may be empty", "class B:\n    def __len__(self):\n        return 0\nclass E(B):\n    pass\nif not E():\n    A", ["t [not E()]"]),
    ("result that may be None", "import foo\nm = foo.find('x')\nif m is None:\n    A", ["t [m is None]"]),
    ("match that may be None", "import re\nif re.match('x', 'y') is None:\n    A", ["t [re.match('x', 'y') is None]"]),
    ("type that takes many", "from collections.abc import Iterable\nif isinstance(['t'], Iterable):\n    A", ["t [isinstance(['t'], Iterable)]"]),
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


# Nor does it decide which of several is called.
CHOOSERS = [
    ("item of a dict", "{'x': drop, 'sqlite': keep}[settings.NAME]()"),
    ("item of a tuple", "(keep, drop)[settings.ON]()"),
    ("get", "{'x': drop, 'sqlite': keep}.get(settings.NAME, keep)()"),
    ("get of what is not there", "{'x': drop}.get(settings.NAME, keep)()"),
    ("name of the module", "globals()[f'{settings.VERB}']()"),
    ("getattr", "getattr(Steps, settings.VERB)()"),
    ("operation", "getattr(op, settings.VERB)('t')"),
    ("map over what is empty", "list(map(op.drop_table, NONE))"),
    ("text", "op.execute({'x': 'DROP TABLE t', 'sqlite': 'SELECT 1'}[settings.NAME])"),
]


@pytest.mark.parametrize("body", [pytest.param(case[1], id=case[0]) for case in CHOOSERS])
def test_what_chooses_the_code(body: str, tmp_path: Path) -> None:
    above = (
        "from app import settings\nfrom app.settings import NONE\n"
        "def keep():\n    pass\ndef drop():\n    op.drop_table('t')\n"
        "class Steps:\n    keep = staticmethod(keep)\n    drop = staticmethod(drop)\n"
    )
    files = {"app/__init__.py": "", "app/settings.py": SETTINGS}
    assert read(body, above=above, files=files, folder=tmp_path)


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in UNDECIDED + DECIDED]
)
def test_what_decides_a_branch(body: str, expected: list[str], tmp_path: Path) -> None:
    above = "from app import settings\nfrom app.settings import NONE, OFF, ON\nMINE = False\n"
    files = {"app/__init__.py": "", "app/settings.py": SETTINGS}
    body = re.sub(r"\bA\b", "op.drop_table('t')", body)
    told = read(body, above=above, files=files, folder=tmp_path)
    assert told == [f"drop-table {one}" for one in expected]


# A container that a loop over unknown rows fills is not known to be empty, however it is looked at.
FILL = "rows = op.get_bind().execute(x())\nfound = []\nfor r in rows:\n    found.append(r.id)\n"
FILLED = [
    ("itself", FILL + "for a in found:\n    D"),
    ("enumerate", FILL + "for i, a in enumerate(found):\n    D"),
    ("zip", FILL + "for a, b in zip(found, found):\n    D"),
    ("sorted", FILL + "for a in sorted(found):\n    D"),
    ("reversed", FILL + "for a in reversed(found):\n    D"),
    ("list", FILL + "for a in list(found):\n    D"),
    ("set", FILL + "for a in set(found):\n    D"),
    ("tuple", FILL + "for a in tuple(found):\n    D"),
    ("map", FILL + "for a in map(str, found):\n    D"),
    ("filter", FILL + "for a in filter(None, found):\n    D"),
    ("comprehension", FILL + "for a in [a for a in found]:\n    D"),
    ("dict comprehension", FILL + "for a in {a: 1 for a in found}:\n    D"),
    ("chain", FILL + "import itertools\nfor a in itertools.chain(found, found):\n    D"),
    ("product", FILL + "import itertools\nfor a, b in itertools.product(found, [1]):\n    D"),
    ("copy", FILL + "for a in found.copy():\n    D"),
    ("slice", FILL + "for a in found[1:]:\n    D"),
    ("sum", FILL + "for a in [] + found:\n    D"),
    ("spread", FILL + "for a in [*found]:\n    D"),
    ("fromkeys", FILL + "for a in dict.fromkeys(found):\n    D"),
    ("extend", FILL + "more = []\nmore.extend(found)\nfor a in more:\n    D"),
    ("extend by the rows", "more = []\nmore.extend(x())\nfor a in enumerate(more):\n    D"),
    ("grown in place", "more = []\nmore += x()\nfor a in reversed(more):\n    D"),
    ("grown by another name", "more = []\nother = more\nother += x()\nfor a in more:\n    D"),
    ("set.add", "more = set()\nfor r in x():\n    more.add(r)\nfor a in sorted(more):\n    D"),
    ("set.update", "more = set()\nmore |= x()\nfor a in sorted(more):\n    D"),
    ("dict", "more = {}\nfor r in x():\n    more[r.a] = r\nfor a, b in more.items():\n    D"),
    ("values of a dict", "more = {}\nfor r in x():\n    more.setdefault(r.a, []).append(r)\nfor b in more.values():\n    for a in b:\n        D"),
    ("setdefault by a known key", "more = {}\nfor r in x():\n    more.setdefault('k', []).append(r)\nfor b in more.values():\n    for a in sorted(b):\n        D"),
    ("defaultdict", "from collections import defaultdict\nmore = defaultdict(list)\nfor r in x():\n    more[r.a].append(r)\nfor k, b in more.items():\n    for a in enumerate(b):\n        D"),
    ("lists that were there", "more = {'k': [], 'l': []}\nfor r in x():\n    more[r.a].append(r)\nfor a in more['k']:\n    D"),
    ("lists in a list", "more = [[], []]\nfor r in x():\n    more[r.a].append(r)\nfor a in more[0]:\n    D"),
    ("by a local name", "more = {'k': []}\nfor r in x():\n    b = more[r.a]\n    b.append(r)\nfor a in more['k']:\n    D"),
    ("generator", "def rows():\n    for r in x():\n        yield r\nfor i, a in enumerate(rows()):\n    D"),
    ("while", "more = []\nwhile x():\n    more.append(1)\nfor a in more[0:]:\n    D"),
    ("length", FILL + "if len(found) > 5:\n    D"),
    ("any", FILL + "if any(found):\n    D"),
    ("emptiness", FILL + "if not found:\n    D"),
    ("membership", FILL + "if 1 in found:\n    D"),
    ("number of the item", FILL + "for i, a in enumerate(found):\n    if i == 7:\n        D"),
]  # fmt: skip


@pytest.mark.parametrize("body", [pytest.param(case[1], id=case[0]) for case in FILLED])
def test_what_unknown_rows_fill_is_not_empty(body: str) -> None:
    body = re.sub(r"\bD\b", "op.drop_table('t')", body)
    told = read(body, above="from elsewhere import x")
    drops = [one for one in told if one.startswith("drop-table")]
    assert drops
    assert all("[" in one for one in drops)  # under a condition: perhaps there were no rows


JOINED = [
    ("insert", "parts = ['INSERT INTO t (a) VALUES ']\nfor r in x():\n    parts.append(f'({r})')\nop.execute(''.join(parts))"),
    ("delete", "parts = ['DELETE FROM t']\nfor r in x():\n    parts.append(f' WHERE a = {r}')\nop.execute(''.join(parts))"),
    ("update", "parts = ['UPDATE t SET a = 1']\nfor i, r in enumerate(x()):\n    parts.append(' WHERE b' if i else ' OR c')\nop.execute(' '.join(parts))"),
    ("list with more in it", "parts = ['DELETE FROM t', *(f'WHERE a = {r}' for r in x())]\nop.execute(' '.join(parts))"),
    ("extended by a generator", "parts = ['DELETE FROM t']\nparts.extend(f' WHERE a = {r}' for r in x())\nop.execute(''.join(parts))"),
    ("update with more in it", "parts = ['UPDATE t SET a = NULL']\nparts += [f'WHERE a = {r}' for r in x()]\nop.execute(' '.join(parts))"),
    ("comprehension", "op.execute('DELETE FROM t WHERE ' + ' OR '.join(f'a = {r}' for r in x()))"),
]  # fmt: skip


@pytest.mark.parametrize("body", [pytest.param(case[1], id=case[0]) for case in JOINED])
def test_sql_joined_of_unknown_rows(body: str) -> None:
    code = f"from alembic import op\nfrom elsewhere import x\ndef upgrade():\n{textwrap.indent(body, '    ')}\n"
    (statement,) = reading(code).upgrade.statements
    assert statement.pieces
    assert not any(isinstance(o, Opaque) and o.invalid for o in statement.operations)
    assert not any(isinstance(o, Delete) and o.all_rows for o in statement.operations)


KNOWN = [
    ("enumerate", "for i, t in enumerate(['a', 'b']):\n    op.drop_table(t + str(i))", ["drop-table a0", "drop-table b1"]),
    ("dict of lists", "d = {}\nfor k in 'ab':\n    d.setdefault(k, []).append(k)\nfor k, v in d.items():\n    for t in v:\n        op.drop_table(t)", ["drop-table a", "drop-table b"]),
    ("grown", "d = []\nd += ['a']\nd.extend(['b'])\nfor t in reversed(d):\n    op.drop_table(t)", ["drop-table b", "drop-table a"]),
    ("empty", "d = []\nd.extend([])\nfor t in sorted(d):\n    op.drop_table(t)", []),
    ("joined", "d = []\nfor t in ('a', 'b'):\n    d.append(t)\nop.execute('DROP TABLE ' + ', '.join(d))", ["drop-table a, drop-table b"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in KNOWN]
)
def test_what_known_items_fill_is_known(body: str, expected: list[str]) -> None:
    assert read(body) == expected


# Code by name: followed where the name is known, said where it is not.
BY_NAME = [
    ("import_module", "import importlib\nimportlib.import_module('app.helper').go()", ["drop-table h"]),
    ("__import__", "__import__('helper').go()", ["drop-table h"]),
    ("import_module of what is not known", "import importlib\nimportlib.import_module(x()).go()", ["opaque importlib.import_module(x())"]),
    ("thread", "import threading\nthreading.Thread(target=op.drop_table, args=('t',)).start()", ["opaque threading.Thread(target=op.drop_table, args=('t',))"]),
    ("thread with a function", "import threading\ndef go():\n    op.drop_table('t')\nthreading.Thread(target=go).start()", ["drop-table t [threading.Thread calls it]"]),
    ("pool", "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(op.get_bind().execute, x())", ["opaque ThreadPoolExecutor().submit(op.get_bind().execute, x())"]),
    ("partial to others", "import functools, atexit\natexit.register(functools.partial(op.drop_table, 't'))", ["opaque atexit.register(functools.partial(op.drop_table, 't'))"]),
    ("a function that calls itself", "def go(n):\n    op.drop_table('t')\n    go(n - 1)\ngo(x())", ["drop-table t", "drop-table t", "drop-table t", "opaque go(n - 1)"]),
    ("raw connection", "op.get_bind().connection.dbapi_connection.executescript('DROP TABLE t')", ["drop-table t"]),
    ("driver's connection", "op.get_bind().connection.driver_connection.execute('DROP TABLE t')", ["drop-table t"]),
    ("execute by keyword", "op.get_bind().execute(statement=sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("execute by spread keywords", "op.get_bind().execute(**{'statement': sa.text('DROP TABLE t')})", ["drop-table t"]),
    ("session by keyword", "sa.orm.Session(op.get_bind()).execute(statement=sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("session of the thread", "s = sa.orm.scoped_session(sa.orm.sessionmaker(op.get_bind()))\ns.execute(sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("session of the thread, called", "s = sa.orm.scoped_session(sa.orm.sessionmaker())\ns(bind=op.get_bind()).execute(sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("session of the thread, begun", "s = sa.orm.scoped_session(sa.orm.sessionmaker(op.get_bind()))\nwith s.begin():\n    s.execute(sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("session of the task", "from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker\ns = async_scoped_session(async_sessionmaker(op.get_bind()), scopefunc=id)\ns.execute(sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("cursor by keyword", "op.get_bind().connection.cursor().execute(query='DROP TABLE t')", ["drop-table t"]),
    ("of something unknown by keyword", "x().execute(statement=sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("callproc", "op.get_bind().connection.cursor().callproc('purge')", ["call-routine purge"]),
    ("callproc of what is not known", "op.get_bind().connection.cursor().callproc(x())", ["opaque op.get_bind().connection.cursor().callproc(x())"]),
    ("function", "op.execute(sa.func.purge())", ["call-routine purge"]),
    ("function of a schema", "op.get_bind().scalar(sa.select(sa.func.app.purge(1)))", ["call-routine app.purge"]),
    ("function in an expression", "op.execute(sa.table('t', sa.column('a')).update().values({'a': sa.func.lower(sa.func.slug('x'))}))", ["update t, call-routine slug"]),
    ("function of the server", "op.get_bind().scalar(sa.select(sa.func.count()))", ["query"]),
    ("exec", "exec(\"op.drop_table('t')\")", ["opaque exec(\"op.drop_table('t')\")"]),
    ("eval", "eval(x())", ["opaque eval(x())"]),
    ("getattr", "import os\ngetattr(op, os.environ['X'])('t')", ["opaque getattr(op, os.environ['X'])"]),
    ("getattr of a known name", "getattr(op, 'drop_table')('t')", ["drop-table t"]),
    ("replaced operation", "op.create_index = op.drop_table", ["opaque op.create_index"]),
    ("setattr", "setattr(op, 'create_index', op.drop_table)", ["opaque setattr(op, 'create_index', op.drop_table)"]),
    ("event that rewrites", "from sqlalchemy import event\n@event.listens_for(op.get_bind(), 'before_cursor_execute', retval=True)\ndef go(connection, cursor, statement, *rest):\n    return statement, rest\nop.execute('SELECT 1')", ["opaque event.listens_for(op.get_bind(), 'before_cursor_execute', retval=True)", "query"]),
    ("event that only looks", "from sqlalchemy import event\n@event.listens_for(op.get_bind(), 'before_cursor_execute')\ndef go(*given):\n    print(given)\nop.execute('SELECT 1')", ["query"]),
    ("event that gives a value", "from sqlalchemy import event\nclass T:\n    a = 1\n@event.listens_for(T.a, 'set', retval=True)\ndef go(target, value, *rest):\n    return value\nop.execute('SELECT 1')", ["query"]),
    ("event, and a listener that rewrites", "from sqlalchemy import event\nevent.listen(op.get_bind(), 'before_execute', lambda *given: given, retval=True)", ["opaque event.listen(op.get_bind(), 'before_execute', lambda *given: given, retval=True)"]),
    ("event", "from sqlalchemy import event\n@event.listens_for(op.get_bind(), 'begin')\ndef go(connection):\n    connection.execute(sa.text('DROP TABLE t'))", ["drop-table t [an event calls it]"]),
    ("event by a call", "from sqlalchemy import event\ndef go(connection):\n    connection.execute(sa.text('DROP TABLE t'))\nevent.listen(op.get_bind(), 'begin', go)", ["drop-table t [sqlalchemy.event.listen calls it]"]),
    ("command", "import subprocess\nsubprocess.run(['psql', '-c', 'DROP TABLE t'])", ["opaque subprocess.run(['psql', '-c', 'DROP TABLE t'])"]),
    ("what does nothing", "import logging, time\nlogging.getLogger('x').info('%s', op.get_bind())\ntime.sleep(1)", []),
    ("recursion that does nothing", "def go(n):\n    return go(n - 1) if n else 1\ngo(x())", []),
    ("attribute of a connection", "op.get_bind().connection.autocommit = True", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in BY_NAME]
)
def test_code_by_name(body: str, expected: list[str], tmp_path: Path) -> None:
    helper = "from alembic import op\ndef go():\n    op.drop_table('h')\n"
    files = {"app/__init__.py": "", "app/helper.py": helper, "helper.py": helper}
    assert read(body, above="from elsewhere import x", files=files, folder=tmp_path) == expected


def test_code_in_a_loop_that_is_not_understood_is_told_once() -> None:
    body = "for make in (x.a, x.b, x.c):\n    op.execute(str(make()))"
    assert read(body, above="from elsewhere import x") == ["opaque op.execute(str(make()))"]
    body = "op.execute(str(x.a()))\nop.execute(str(x.a()))"
    assert len(read(body, above="from elsewhere import x")) == 2


# The function that is called too deep to be followed: does it act?
DEEP = {
    "lambda around a function": "def d(f):\n    return lambda: f()\n{decorators}\ndef go():\n    {act}\ngo()",
    "method of a parent": "{classes}\nC40().go()",
}


@pytest.mark.parametrize("form", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("act", ["op.drop_table('t')", "print('t')"])
def test_what_is_too_deep_to_follow(form: str, act: str) -> None:
    classes = f"class C0:\n    def go(self):\n        {act}\n" + "".join(
        f"class C{n}(C{n - 1}):\n    def go(self):\n        return super().go()\n"
        for n in range(1, 41)
    )
    told = read(form.format(decorators="\n".join(["@d"] * 40), classes=classes, act=act))
    assert [one.partition(" ")[0] for one in told] == ["opaque"] * ("op." in act)


ORM = """
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.ext.asyncio import AsyncSession
Base = declarative_base()
class T(Base):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
s = Session(bind=op.get_bind())
"""
EACH_DELETED = [
    "for o in s.query(T):\n    s.delete(o)",
    "for o in s.query(T).order_by(T.id).all():\n    print(o)\n    s.delete(o)",
    "rows = s.scalars(sa.select(T)).all()\nfor o in rows:\n    s.delete(o)",
    "[s.delete(o) for o in s.execute(sa.select(T)).scalars()]",
    "def rm(o):\n    s.delete(o)\nfor o in s.query(T):\n    rm(o)",
    "async def go(conn):\n    s = AsyncSession(conn)\n    for o in await s.scalars(sa.select(T)):\n        await s.delete(o)\nop.run_async(go)",
    "async def go(conn):\n    s = AsyncSession(conn)\n    await s.run_sync(lambda s: s.execute(sa.delete(T)))\nop.run_async(go)",
]
SOME_DELETED = [
    "for o in s.query(T).filter(T.id > 1):\n    s.delete(o)",
    "for o in s.query(T).filter_by(id=1).all():\n    s.delete(o)",
    "for o in s.query(T).limit(9):\n    s.delete(o)",
    "for o in s.query(T).join(U):\n    s.delete(o)",
    "for o in s.query(T).all()[9:]:\n    s.delete(o)",
    "for o in s.query(T):\n    if o.id > 1:\n        s.delete(o)",
    "for o in s.query(T):\n    if o.id > 1:\n        continue\n    s.delete(o)",
    "for o in s.query(T):\n    s.delete(o)\n    break",
    "[s.delete(o) for o in s.scalars(sa.select(T)) if o.id > 1]",
    "for o in s.scalars(sa.select(T).where(T.id > 1)):\n    s.delete(o)",
    "for o in s.query(T):\n    s.delete(o.user)",
    "s.delete(s.query(T).first())",
]


@pytest.mark.parametrize(
    ("body", "every"), [(b, True) for b in EACH_DELETED] + [(b, False) for b in SOME_DELETED]
)
def test_objects_that_are_deleted_one_by_one(body: str, every: bool) -> None:
    code = textwrap.indent(textwrap.dedent(ORM + body), "    ")
    found = reading(f"import sqlalchemy as sa\nfrom alembic import op\ndef upgrade():\n{code}\n")
    done = [o for s in found.upgrade.statements for o in s.operations]
    deletes = [operation for operation in done if isinstance(operation, Delete)]
    assert [delete.all_rows for delete in deletes] == [every]


ALL = [
    "sa.and_()",
    "sa.and_(True)",
    "sa.and_(sa.true(), sa.text('1 = 1'))",
    "sa.or_(T.c.id == 1, sa.true())",
    "(T.c.id == 1) | sa.true()",
    "sa.true() & sa.true()",
]
SOME = [
    "sa.and_(T.c.id == 1)",
    "sa.and_(sa.true(), T.c.id == 1)",
    "sa.or_(T.c.id == 1, T.c.id == 2)",
    "(T.c.id == 1) & sa.true()",
    "sa.or_()",
]


@pytest.mark.parametrize(("where", "every"), [(w, True) for w in ALL] + [(w, False) for w in SOME])
def test_joined_conditions(where: str, every: bool) -> None:
    body = f"T = sa.table('t', sa.column('id'))\nop.execute(sa.delete(T).where({where}))"
    code = f"import sqlalchemy as sa\nfrom alembic import op\ndef upgrade():\n{textwrap.indent(body, '    ')}\n"
    [statement] = reading(code).upgrade.statements
    [delete] = statement.operations
    assert isinstance(delete, Delete)
    assert delete.all_rows is every


@pytest.mark.parametrize(
    ("body", "repeated"),
    [
        ("while op.get_bind().execute(sa.text('DELETE FROM t')).rowcount:\n    pass", True),
        (
            "while (n := op.get_bind().execute(sa.text('DELETE FROM t')).rowcount) > 0:\n    pass",
            True,
        ),
        ("while True:\n    op.execute('DELETE FROM t')\n    if x():\n        break", True),
        ("if op.get_bind().execute(sa.text('DELETE FROM t')).rowcount:\n    pass", False),
        ("while False:\n    pass\nop.execute('DELETE FROM t')", False),
    ],
)
def test_the_test_of_a_loop_runs_before_each_turn(body: str, repeated: bool) -> None:
    head = "import sqlalchemy as sa\nfrom alembic import op\nfrom elsewhere import x\n"
    code = f"{head}def upgrade():\n{textwrap.indent(body, '    ')}\n"
    [statement] = reading(code).upgrade.statements
    assert statement.repeated is repeated
