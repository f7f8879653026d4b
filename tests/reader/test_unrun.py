"""Code that Python, a library or other code calls unseen is followed or said, never left out."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

from pathlib import Path

import pytest
from revision_code import read, reading

from guard.operations import DropTable, Opaque

HELPER = "from alembic import op\ndef go():\n    op.drop_table('h')\n"
FILES = {"app/__init__.py": "", "helper.py": HELPER}
X = "from elsewhere import x\n"

# Functions and operations that are named, and called by something that is not followed.
NAMED = [
    "{'a': op.drop_table, 'b': op.drop_column}[x()]('t')",
    "[op.drop_table, op.add_column][x()]('t')",
    "(op.drop_table if x() else op.add_column)('t')",
    "(x() or op.drop_table)('t')",
    "list(map(op.drop_table, x()))",
    "min(['t', 'u'], key=op.drop_table)",
    "for t in iter(lambda: op.drop_table('t'), None):\n    pass",
    "def go():\n    op.drop_table('t')\n{'a': go}[x()]()",
    "def go():\n    op.drop_table('t')\n{'a': go}.get(x())()",
    "def go():\n    op.drop_table('t')\ndef no():\n    pass\n(go if x() else no)()",
    "def go():\n    op.drop_table('t')\nfor f, _ in zip([go], x()):\n    f()",
    "def go():\n    op.drop_table('t')\nmax([go])()",
    "def inner():\n    op.drop_table('t')\ndef go():\n    inner()\nmax([go])()",
    "import helper\nmax([helper.go])()",
    "import functools\ndef go(t):\n    op.drop_table(t)\nx(functools.partial(go, 't'))",
    "type('A', (), {'go': lambda self: op.drop_table('t')})().go()",
    "import functools\n@functools.lru_cache\ndef go():\n    op.drop_table('t')\ngo.__wrapped__()",
    "op._proxy.drop_table('t')",
    "op.impl.drop_table(sa.table('t'))",
    "op.__dict__['drop_table']('t')",
    "vars(op)['drop_table']('t')",
    "def go(n, do):\n    return go(n - 1, do) if n else do('t')\ngo(99, op.drop_table)",
    "def inner():\n    op.drop_table('t')\ndef go(n):\n    if n:\n        return go(n - 1)\n    inner()\ngo(99)",
    "import helper\ndef go(n):\n    if n:\n        return go(n - 1)\n    helper.go()\ngo(99)",
    "(lambda f: f(f, 99))(lambda f, n: f(f, n - 1) if n else op.drop_table('t'))",
    "(lambda: " * 20 + "op.drop_table('t')" + ")()" * 20,
    "import sys\nsys.modules.get('alembic.op').drop_table('t')",
]  # fmt: skip


@pytest.mark.parametrize("body", NAMED)
def test_what_is_named_and_never_seen_to_run(body: str, tmp_path: Path) -> None:
    told = read(body, above=X, files=FILES, folder=tmp_path)
    assert any(one.startswith(("opaque", "drop-table")) for one in told), told


# What the top of the file says, and what `upgrade()` does with it.
AT_THE_TOP = [
    ("class M(type):\n    def __call__(cls, *given):\n        op.drop_table(*given)\nclass A(metaclass=M):\n    pass", "A('t')"),
    ("class M(type):\n    def __getattr__(cls, name):\n        return getattr(op, name)\nclass A(metaclass=M):\n    pass", "A.drop_table('t')"),
    ("class M(type):\n    @property\n    def go(cls):\n        return op.drop_table\nclass A(metaclass=M):\n    pass", "A.go('t')"),
    ("import functools\n@functools.singledispatch\ndef go(x):\n    pass\n@go.register\ndef _(x: str):\n    op.drop_table(x)", "go('t')"),
    ("import functools\n@functools.singledispatch\ndef go(x):\n    pass\n@go.register(str)\ndef _(x):\n    op.drop_table(x)", "go('t')"),
    ("import elsewhere\nsteps = elsewhere.Steps()\n@steps.add\ndef _(x):\n    op.drop_table(x)", "steps.run()"),
    ("def __getattr__(name):\n    return getattr(op, name)", "import sys\nsys.modules[__name__].drop_table('t')"),
    ("def f(x, do=op.drop_table):\n    pass", "f.__defaults__[0]('t')"),
    ("def f(*, do=op.drop_table):\n    pass", "f.__kwdefaults__['do']('t')"),
    ("def f(x: op.drop_table):\n    pass", "f.__annotations__['x']('t')"),
]  # fmt: skip


@pytest.mark.parametrize(("above", "body"), AT_THE_TOP)
def test_what_the_top_of_the_file_prepares(above: str, body: str) -> None:
    told = read(body, above=f"{above}\n")
    assert any(one.startswith(("opaque", "drop-table")) for one in told), told


# `{}` is a method of a class A that Python calls by itself, when what stands after it is done.
PYTHON_CALLS = [
    ("__del__(self)", "A()"), ("__getattr__(self, name)", "A().t"), ("__getitem__(self, key)", "A()['t']"),
    ("__add__(self, other)", "A() + 1"), ("__radd__(self, other)", "1 + A()"), ("__iadd__(self, other)", "a = A()\na += 1"),
    ("__str__(self)", "str(A())"), ("__format__(self, how)", "f'{A()}'"), ("__bool__(self)", "if A():\n    pass"),
    ("__eq__(self, other)", "A() == 1"), ("__contains__(self, item)", "1 in A()"), ("__len__(self)", "len(A())"),
    ("__iter__(self)", "for a in A():\n    pass"), ("__next__(self)", "next(A())"), ("__hash__(self)", "{A()}"),
    ("__neg__(self)", "-A()"), ("__setattr__(self, name, value)", "A().x = 1"), ("__setitem__(self, key, value)", "A()['x'] = 1"),
    ("__delitem__(self, key)", "a = A()\ndel a['x']"), ("__new__(cls)", "A()"), ("__init_subclass__(cls)", "class B(A):\n    pass"),
    ("__set_name__(self, owner, name)", "class B:\n    y = A()"), ("__get__(self, owner, cls)", "class B:\n    y = A()\nB().y"),
    ("__set__(self, owner, value)", "class B:\n    y = A()\nB().y = 1"), ("close(self)", "import contextlib\nwith contextlib.closing(A()):\n    pass"),
    ("go(self)", "{1: A()}[x()].go()"), ("go(self)", "getattr(A(), x())()"), ("go(self)", "type(A()).go(A())"),
    ("go(self)", "for each in A.__subclasses__():\n    each().go()"), ("go(self)", "x(A())"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "use"), PYTHON_CALLS)
def test_methods_that_no_code_calls_by_name(head: str, use: str) -> None:
    cls = "class A:\n    def {}:\n        {}\n"
    drops = read(cls.format(head, "op.drop_table('t')") + use, above=X)
    assert any(one.startswith(("opaque", "drop-table")) for one in drops), drops
    plain = read(cls.format(head, "print(1)") + use, above=X)
    assert not any("drop" in one for one in plain)
    if "x(" not in use:
        assert not plain


@pytest.mark.parametrize("base", ["x", "threading.Thread", "unittest.TestCase"])
def test_methods_that_a_base_calls(base: str) -> None:
    body = f"import threading, unittest\nclass A({base}):\n    def run(self):\n        op.drop_table('t')\nA().start()"
    assert [one for one in read(body, above=X) if one.startswith("opaque")]


# Places of Python's grammar where an expression is evaluated.
EVALUATED = [
    "assert x(), op.drop_table('t')",
    "raise ValueError from op.drop_table('t')",
    "try:\n    x()\nexcept (op.drop_table('t') or ValueError):\n    pass",
    "class A(key=op.drop_table('t')):\n    pass",
    "def go(function):\n    op.drop_table('t')\n@go\nclass A:\n    pass",
    "def go(a: op.drop_table('t')):\n    pass",
    "def go() -> op.drop_table('t'):\n    pass",
    "class A:\n    n = 0\nA.n += 1\nif A.n:\n    op.drop_table('t')",
    "import enum\nclass A(enum.Enum):\n    ONE = 1\n    def go(self):\n        op.drop_table('t')\nA.ONE.go()",
    "if __doc__ is None:\n    op.drop_table('t')",
    "import heapq\nmany = []\nheapq.heappush(many, 't')\nfor t in many:\n    op.drop_table(t)",
    "with x():\n    raise ValueError\nop.drop_table('t')",
    "class A:\n    def __enter__(self): pass\n    def __exit__(self, *error): return True\nwith A():\n    raise ValueError\nop.drop_table('t')",
    "import contextlib\n@contextlib.contextmanager\ndef safe():\n    try:\n        yield\n    except ValueError:\n        pass\nwith safe():\n    raise ValueError\nop.drop_table('t')",
    "import sys\nsys.modules['alembic.op'].drop_table('t')",
    "import sys\nsys._getframe().f_globals['op'].drop_table('t')",
    "import helper\nhelper.__dict__['go']()",
]  # fmt: skip


@pytest.mark.parametrize("body", EVALUATED)
def test_what_python_evaluates(body: str, tmp_path: Path) -> None:
    told = read(body, above=X, files=FILES, folder=tmp_path)
    assert [one for one in told if one.startswith(("drop-table", "opaque"))], told


# `op` or a connection in the hands of what takes an operation out of it, and other Alembics.
HANDED = [
    "object.__getattribute__(op, 'drop_table')('t')",
    "import inspect\ndict(inspect.getmembers(op))['drop_table']('t')",
    "import inspect\ninspect.getattr_static(op, 'drop_table')('t')",
    "op.get_bind()._execute_20(sa.text('DROP TABLE t'))",
    "sa.orm.Session(op.get_bind())._execute_internal(sa.text('DROP TABLE t'))",
    "from sqlalchemy.sql.ddl import SchemaDropper\nop.get_bind()._run_ddl_visitor(SchemaDropper, sa.Table('t', sa.MetaData()))",
    "from sqlalchemy.sql.ddl import SchemaDropper\nb = op.get_bind()\nSchemaDropper(b.dialect, b).traverse_single(sa.Table('t', sa.MetaData()))",
    "op.get_bind().execute(**x())",
    "from alembic.operations import Operations\nclass A(Operations):\n    def tidy(self):\n        self.drop_table('t')\nA(op.get_context()).tidy()",
    "from alembic.ddl.postgresql import PostgresqlImpl\nclass A(PostgresqlImpl):\n    __dialect__ = 'postgresql'\n    def create_index(self, index):\n        self._exec('DROP TABLE t')",
    "from alembic.operations import Operations\n@Operations.register_operation('create_index')\nclass A:\n    pass\nop.create_index('i', 't', ['a'])",
    "from alembic.operations import Operations\n@Operations.register_operation(x())\nclass A:\n    pass",
    "from alembic.operations import Operations, ops\n@Operations.implementation_for(ops.AddColumnOp, replace=True)\ndef go(operations, operation):\n    operations.drop_table('t')",
]  # fmt: skip


@pytest.mark.parametrize("body", HANDED)
def test_what_gets_hold_of_the_database(body: str) -> None:
    assert [one for one in read(body, above=X) if one.startswith("opaque")]


# Pieces of SQL that end the statement which Alembic writes around them.
PIECES = [
    "op.add_column('t', sa.Column('x', sa.Text(), server_default=sa.text(\"''); DROP TABLE t; --\")))",
    "op.create_check_constraint('c', 't', '1=1); DROP TABLE t; --')",
    "op.create_index('i', 't', ['a'], postgresql_where=sa.text('true; DROP TABLE t'))",
    "op.create_index('i', 't', [sa.text('a); DROP TABLE t; --')])",
    "op.alter_column('t', 'a', type_=sa.Integer(), postgresql_using='0; DROP TABLE t')",
    "op.create_table('n', sa.Column('id', sa.Integer()), prefixes=['; DROP TABLE t; CREATE'])",
    "op.create_table('n', sa.Column('id', sa.Integer()), mysql_engine='InnoDB; DROP TABLE t')",
    "op.create_table('n', sa.Column('id', sa.Integer(), sa.Computed('1); DROP TABLE t; --')))",
    "op.drop_index(sa.sql.quoted_name('i; DROP TABLE t', False), 't')",
    "with op.batch_alter_table('t') as batch:\n    batch.create_check_constraint('c', '1=1); DROP TABLE t; --')",
]
WHOLE = [
    "op.add_column('t', sa.Column('x', sa.Text(), server_default='a;b'))",
    "op.add_column('t', sa.Column('x', sa.Text(), server_default=sa.text(\"'a;b'\")))",
    "op.add_column('t', sa.Column('x', sa.Enum('a;b', name='e'), comment='one; two'))",
    "op.create_table_comment('t', 'one; two')",
    "op.create_check_constraint('c', 't', \"a <> ';'\")",
]  # fmt: skip


@pytest.mark.parametrize("body", PIECES)
def test_a_piece_that_is_a_statement_of_its_own(body: str) -> None:
    assert [one for one in read(body) if one.startswith("opaque")]


@pytest.mark.parametrize("body", WHOLE)
def test_a_piece_that_is_none(body: str) -> None:
    assert not [one for one in read(body) if one.startswith("opaque")]


# What a library calls of a class or function that it is given.
GIVEN = [
    "import functools\n@functools.singledispatch\ndef go(x):\n    pass\n@go.register\ndef other(x: str):\n    op.drop_table(x)\ngo('t')",
    "import string\nclass A(string.Formatter):\n    def get_value(self, key, args, kwargs):\n        op.drop_table('t')\nA().format('{x}')",
    "import json\nclass A(json.JSONEncoder):\n    def default(self, value):\n        op.drop_table('t')\njson.dumps(x(), cls=A)",
    "from sqlalchemy.types import TypeDecorator\nclass A(TypeDecorator):\n    impl = sa.Text\n    def load_dialect_impl(self, dialect):\n        op.drop_table('t')\nop.add_column('t', sa.Column('x', A()))",
]  # fmt: skip


@pytest.mark.parametrize("body", GIVEN)
def test_what_a_library_calls(body: str) -> None:
    assert [one for one in read(body, above=X) if one.startswith(("opaque", "drop-table"))]


# Code that is run from a text, a file or by another program, and names that mean something else.
ELSEWHERE = [
    "import types\ntypes.FunctionType(compile('1', 'f', 'exec'), globals())()",
    "import code\ncode.InteractiveInterpreter(globals()).runsource('1')",
    "import timeit\ntimeit.timeit('1')",
    "import cProfile\ncProfile.run('1')",
    "import importlib.util\nimportlib.util.spec_from_file_location('h', 'h.py')",
    "import importlib, helper\nimportlib.reload(helper)",
    "import pkgutil\npkgutil.resolve_name('alembic.op:drop_table')('t')",
    "import os\nos.execvp('psql', ['psql'])",
    "import os\nos.spawnlp(os.P_WAIT, 'psql', 'psql')",
    "import os\nos.posix_spawn('/usr/bin/psql', ['psql'], {})",
    "import pty\npty.spawn(['psql'])",
    "import subprocess\nsubprocess.getoutput('psql')",
    "import ctypes\nctypes.CDLL(None).system(b'psql')",
    "from alembic import command\ncommand.downgrade(context.config, 'base')",
    "from alembic.config import main\nmain(['downgrade', 'base'])",
    "op.get_context().impl._exec('DROP TABLE t')",
    "op.get_context().impl.static_output('DROP TABLE t')",
    "sa.text = lambda text: text",
    "import builtins\nbuiltins.str = lambda text: 'DROP TABLE t'",
    "def go():\n    pass\ngo.__code__ = upgrade.__code__\ngo()",
    "from sqlalchemy.ext.compiler import compiles\nfrom sqlalchemy.schema import CreateTable\n@compiles(CreateTable)\ndef go(element, compiler, **how):\n    return 'DROP TABLE t'",
    "globals()[x()]()",
    "for name, function in list(globals().items()):\n    function()",
    "import helper\ngetattr(helper, x())()",
]  # fmt: skip


@pytest.mark.parametrize("body", ELSEWHERE)
def test_code_from_elsewhere(body: str, tmp_path: Path) -> None:
    above = X + "def _go():\n    op.drop_table('t')\n"
    told = read(body, above=above, files=FILES, folder=tmp_path)
    assert [one for one in told if one.startswith("opaque")], told


# Alembic loads a revision with `op` in place: what stands outside of the functions runs as well.
LOADED = [
    ("op.drop_table('t')", ["drop-table t"]),
    ("for t in ('a', 'b'):\n    op.drop_table(t)", ["drop-table a", "drop-table b"]),
    ("sa.create_engine('x').connect().execute(sa.text('DROP TABLE t'))", ["drop-table t"]),
    ("class A:\n    op.drop_table('t')", ["drop-table t"]),
    ("def go():\n    op.drop_table('t')\ngo()", ["drop-table t"]),
    ("op.create_index = op.drop_table", ["opaque op.create_index"]),
    ("from sqlalchemy import event\nevent.listen(sa.MetaData(), 'after_create', sa.DDL('DROP TABLE t'))", ["drop-table t [an event executes it]"]),
    ("import logging\nlogging.basicConfig()\nlog = logging.getLogger(__name__)", []),
    ("from elsewhere import register\nregister()", []),
    ("Session = sa.orm.sessionmaker()\nBase = sa.orm.declarative_base()", []),
]  # fmt: skip


@pytest.mark.parametrize(("above", "expected"), LOADED)
def test_what_runs_as_the_revision_is_loaded(above: str, expected: list[str]) -> None:
    assert read("pass", above=above) == expected


# `upgrade` may be any object that can be called, bound in any way.
HEAD = "from alembic import op\nimport functools, os, sys\ndef go():\n    op.drop_table('t')\nclass A:\n    def __call__(self):\n        op.drop_table('t')\n"
BOUND = [
    "upgrade = go",
    "upgrade = lambda: op.drop_table('t')",
    "upgrade = A()",
    "upgrade = A().__call__",
    "upgrade = functools.partial(op.drop_table, 't')",
    "class upgrade:\n    def __init__(self):\n        op.drop_table('t')",
    "globals()['upgrade'] = go",
    "vars()['upgrade'] = go",
    "for upgrade in (go,):\n    pass",
    "(upgrade := go)",
]  # fmt: skip
BOUND_SOMEHOW = [
    "if os.environ.get('X'):\n    upgrade = go\nelse:\n    def upgrade():\n        pass",
    "from elsewhere import upgrade",
    "def __getattr__(name):\n    return go",
    "def upgrade():\n    pass\ndel upgrade",
    "def upgrade():\n    pass\nglobals()[os.environ['X']] = go",
    "def upgrade():\n    pass\nglobals().update(upgrade=go)",
    "def upgrade():\n    pass\nsetattr(sys.modules[__name__], 'upgrade', go)",
    "def upgrade():\n    pass\nsys.modules[__name__].upgrade = go",
    "def upgrade():\n    pass\nsys.modules[__name__] = A()",
]  # fmt: skip


@pytest.mark.parametrize("code", BOUND)
def test_whatever_upgrade_is_it_is_called(code: str) -> None:
    statements = reading(HEAD + code).upgrade.statements
    assert [str(o.table) for s in statements for o in s.operations if isinstance(o, DropTable)] == [
        "t"
    ]


@pytest.mark.parametrize("code", BOUND_SOMEHOW)
def test_an_upgrade_that_is_not_in_sight_is_said(code: str) -> None:
    statements = reading(HEAD + code).upgrade.statements
    assert any(isinstance(o, Opaque) for s in statements for o in s.operations)


@pytest.mark.parametrize("code", ["upgrade = lambda: None", "upgrade = functools.partial(print)"])
def test_an_upgrade_that_does_nothing_does_nothing(code: str) -> None:
    assert not reading(HEAD.partition("def")[0] + code).upgrade.statements


# The same shapes, harmless: what is chosen in sight, called later, or does nothing.
HARMLESS = [
    ("op.create_table\nmake = op.create_table\nmake('t')", ["create-table t"]),
    ("{'postgresql': lambda: op.create_table('t'), 'mysql': lambda: op.drop_table('t')}[op.get_bind().dialect.name]()", ["create-table t"]),
    ("def a():\n    op.create_table('t')\ndef b():\n    op.drop_table('t')\n[a, b][0]()", ["create-table t"]),
    ("def a():\n    op.create_table('t')\ndef b():\n    op.drop_table('t')\n{'a': a, 'b': b}.get('a')()", ["create-table t"]),
    ("names = sorted(x(), key=lambda row: row.id)", []),
    ("import enum\nclass A(enum.Enum):\n    ONE = 1\n    def __str__(self):\n        return self.value\nstr(A.ONE)", []),
    ("def unused():\n    op.drop_table('t')", []),
    ("class Unused:\n    def __del__(self):\n        op.drop_table('t')", []),
    ("class A:\n    def up(self):\n        op.create_table('t')\n    def down(self):\n        op.drop_table('t')\nA().up()", ["create-table t"]),
    ("def go(n):\n    return go(n - 1) + op.f('x') if n else ''\ngo(99)", []),
    ("with op.get_context().autocommit_block():\n    op.create_table('t')", ["create-table t autocommit"]),
    ("from alembic.op import *\ncreate_table('t')", ["create-table t"]),
    ("if hasattr(op, 'create_view'):\n    op.create_table('t')", ["create-table t [hasattr(op, 'create_view')]"]),
    ("import alembic.operations as ao\n@ao.Operations.register_operation('tidy')\nclass A(ao.MigrateOperation):\n    pass\n@ao.Operations.implementation_for(A)\ndef go(operations, operation):\n    operations.execute('ANALYZE')\nop.create_table('t')", ["create-table t"]),
    ("import sys\nsys.path.append('x')\nsys.modules['helper']", []),
    ("class M(type):\n    def __repr__(cls):\n        return 'x'\nclass A(metaclass=M):\n    pass\nA()", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), HARMLESS)
def test_what_is_known_to_do_no_more(body: str, expected: list[str]) -> None:
    if body.startswith("from alembic.op"):
        head, body = body.split("\n")
        assert read(body, above=head) == expected
    else:
        assert read(body, above=X) == expected
