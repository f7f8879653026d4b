"""Which statements run, and on what it depends: branches, loops, functions, dialects."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import textwrap

import pytest
from revision_code import read, reading

A, B, C = "op.drop_table('a')", "op.drop_table('b')", "op.drop_table('c')"
DROP_A, DROP_B, DROP_C = "drop-table a", "drop-table b", "drop-table c"
ABOVE = "from elsewhere import x, y, items\nimport contextlib\nimport functools\n"

# `A` and `B` stand for two drops. What is told of each: the test that decides, if one does.
BRANCHES = [
    ("known", "if 1 < 2:\n    A\nelse:\n    B", ["a"]),
    ("known false", "if not True:\n    A\nelse:\n    B", ["b"]),
    ("elif", "if 0:\n    A\nelif 1:\n    B\nelse:\n    C", ["b"]),
    ("unknown", "if x():\n    A\nelse:\n    B", ["a [x()]", "b [not (x())]"]),
    ("after it", "if x():\n    A\nB", ["a [x()]", "b"]),
    ("early return", "if x():\n    return\nA", ["a [not (x())]"]),
    ("early return in else", "if x():\n    A\nelse:\n    return\nB", ["a [x()]", "b [x()]"]),
    ("certain return", "A\nreturn\nB", ["a"]),
    ("return on both sides", "if x():\n    A\n    return\nelse:\n    B\n    return\nC", ["a [x()]", "b [not (x())]"]),
    ("nested return", "if x():\n    if y():\n        return\nA", ["a [not (x() and y())]"]),
    ("raise under a test", "if x():\n    raise ValueError('no')\nA", ["a"]),
    ("raise that is caught", "try:\n    if x():\n        raise ValueError('no')\n    A\nexcept ValueError:\n    pass", ["a [not (x())]"]),
    ("assert", "assert x()\nA", ["a"]),
    ("short circuit", "x() and op.drop_table('a')", ["a [x()]"]),
    ("or", "x() or op.drop_table('a')", ["a [not (x())]"]),
    ("conditional expression", "op.drop_table('a') if x() else op.drop_table('b')", ["a [x()]", "b [not (x())]"]),
    ("name bound on both sides", "if x():\n    t = 'a'\nelse:\n    t = 'a'\nop.drop_table(t)", ["a"]),
    ("name bound differently", "if x():\n    t = 'a'\nelse:\n    t = 'b'\nop.drop_table(t)", ["{t}"]),
    ("name changed on one side", "t = 'a'\nif x():\n    t = 'b'\nop.drop_table(t)", ["{t}"]),
    ("is None", "t = None\nif t is None:\n    A", ["a"]),
    ("match", "match 'q':\n    case 'p':\n        A\n    case 'q' | 'r':\n        B\n    case _:\n        C", ["b"]),
    ("match unknown", "match x():\n    case 1:\n        A\n    case _:\n        B", ["a [x() matches 1]", "b [not (x() matches 1)]"]),
    ("match capture", "match 'a':\n    case t:\n        op.drop_table(t)", ["a"]),
    ("match guard", "match 'a':\n    case t if t == 'b':\n        B\n    case t:\n        op.drop_table(t)", ["a"]),
    ("match sequence of another length", "match [1]:\n    case [t, _]:\n        A\n    case _:\n        B", ["b"]),
    ("match mapping", "match x():\n    case {'t': t}:\n        op.drop_table(t)", ["{t} [x() matches {'t': t}]"]),
    ("match sequence", "match ['a', 'b']:\n    case [t, _]:\n        op.drop_table(t)", ["a"]),
]  # fmt: skip
GUARDS = [
    ("column list", "if 'c' not in [c['name'] for c in sa.inspect(op.get_bind()).get_columns('t')]:\n    A", ["a [guarded 'c' not in [c['name'] for c in sa.inspect(op.get_bind()).get_columns('t')]]"]),
    ("has_table", "insp = sa.inspect(op.get_bind())\nif insp.has_table('a'):\n    A", ["a [guarded insp.has_table('a')]"]),
    ("set of names", "names = set(sa.inspect(op.get_bind()).get_table_names())\nif 'a' in names:\n    A", ["a [guarded 'a' in names]"]),
    ("Inspector", "from sqlalchemy.engine.reflection import Inspector\ninsp = Inspector.from_engine(op.get_bind())\nif 'a' in insp.get_table_names():\n    A", ["a [guarded 'a' in insp.get_table_names()]"]),
    ("dialect.has_table", "bind = op.get_bind()\nif bind.dialect.has_table(bind, 'a'):\n    A", ["a [guarded bind.dialect.has_table(bind, 'a')]"]),
    ("return early", "if 'a' not in sa.inspect(op.get_bind()).get_table_names():\n    return\nA", ["a [guarded not ('a' not in sa.inspect(op.get_bind()).get_table_names())]"]),
    ("helper", "def there(t):\n    return t in sa.inspect(op.get_bind()).get_table_names()\nif there('a'):\n    A", ["a [guarded there('a')]"]),
    ("helper with a loop", "def there(t):\n    for n in sa.inspect(op.get_bind()).get_table_names():\n        if n == t:\n            return True\n    return False\nif there('a'):\n    A", ["a [guarded there('a')]"]),
    ("helper with any", "def there(t):\n    return any(n == t for n in sa.inspect(op.get_bind()).get_table_names())\nif there('a'):\n    A", ["a [guarded there('a')]"]),
    ("guard and unknown", "if 'a' in sa.inspect(op.get_bind()).get_table_names() and x():\n    A", ["a ['a' in sa.inspect(op.get_bind()).get_table_names() and x()]"]),
    ("guard around unknown", "if sa.inspect(op.get_bind()).has_table('a'):\n    if x():\n        A", ["a [x()]"]),
]  # fmt: skip
LOOPS = [
    ("later turn by number", "n = 0\nwhile True:\n    if n:\n        A\n    n += 1\n    if x():\n        break", ["a [repeated n]"]),
    ("later turn by flag", "first = True\nfor t in items():\n    if not first:\n        A\n    first = False", ["a [repeated not first]"]),
    ("later turn by text", "mode = 'a'\nfor t in items():\n    if mode == 'b':\n        A\n    mode = 'b'", ["a [repeated mode == 'b']"]),
    ("later turn by set", "seen = set()\nfor t in items():\n    if seen:\n        A\n    seen.add(t)", ["a [repeated seen]"]),
    ("later turn by item", "d = {'go': False}\nfor t in items():\n    if d['go']:\n        A\n    d['go'] = True", ["a [repeated d['go']]"]),
    ("later turn by attribute", "class S:\n    go = False\ns = S()\nfor t in items():\n    if s.go:\n        A\n    s.go = True", ["a [repeated s.go]"]),
    ("no later turn", "n = 0\nfor t in items():\n    if x():\n        n = 1\n        break\n    if n:\n        A", []),
    ("known", "for t in ('a', 'b'):\n    op.drop_table(t)", ["a", "b"]),
    ("unknown", "for t in items():\n    op.drop_table(t)", ["{t} [repeated for each item of items()]"]),
    ("break", "for t in ('a', 'b', 'c'):\n    if t == 'b':\n        break\n    op.drop_table(t)", ["a"]),
    ("continue", "for t in ('a', 'b', 'c'):\n    if t == 'b':\n        continue\n    op.drop_table(t)", ["a", "c"]),
    ("unknown continue", "for t in ('a', 'b'):\n    if x(t):\n        continue\n    op.drop_table(t)", ["a [not (x(t))]", "b [not (x(t))]"]),
    ("unknown break", "for t in ('a', 'b'):\n    if x(t):\n        break\n    op.drop_table(t)", ["a [not (x(t))]", "b [not (x(t))]"]),
    ("after unknown break", "for t in ('a',):\n    if x(t):\n        break\nB", ["b"]),
    ("else", "for t in ():\n    A\nelse:\n    B", ["b"]),
    ("else after break", "for t in (1,):\n    break\nelse:\n    A\nB", ["b"]),
    ("return inside", "for t in ('a', 'b'):\n    op.drop_table(t)\n    return\nC", ["a"]),
    ("unknown return inside", "for t in ('a', 'b'):\n    if x(t):\n        return\n    op.drop_table(t)\nC", ["a [not (x(t))]", "b [not (x(t))]", "c [not (x(t))]"]),
    ("while", "n = 0\nwhile n < 2:\n    op.drop_table('ab'[n])\n    n += 1", ["a", "b"]),
    ("while unknown", "while x():\n    A\nB", ["a [repeated x()]", "b"]),
    ("while True", "while True:\n    A\n    if x():\n        break\nB", ["a [repeated while True]", "b"]),
    ("while list", "ts = ['b', 'a']\nwhile ts:\n    op.drop_table(ts.pop())", ["a", "b"]),
    ("while else", "while False:\n    A\nelse:\n    B", ["b"]),
    ("unknown item in a known list", "for t in ['a', *items()]:\n    op.drop_table(t)", ["a", "{t} [repeated for each item of ['a', *items()]]"]),
    ("conditional append", "ts = ['a']\nif x():\n    ts.append('b')\nfor t in ts:\n    op.drop_table(t)", ["a [for ... in ts]", "b [for ... in ts]"]),
    ("comprehension filter", "[op.drop_table(t) for t in ('a',) if x(t)]", ["a [x(t)]"]),
    ("comprehension unknown", "[op.drop_table(t) for t in items()]", ["{t} [repeated for each item of items()]"]),
    ("nested", "for s in 'ab':\n    for n in (1, 2):\n        op.drop_table(f'{s}{n}')", ["a1", "a2", "b1", "b2"]),
    ("bound before a break", "ok = True\nfor t in items():\n    if x():\n        ok = False\n        break\nif not ok:\n    A", ["a [not ok]"]),
    ("bound before a continue", "ok = True\nfor t in (1, 2):\n    if x():\n        ok = False\n        continue\n    n = y()\nif not ok:\n    A", ["a [not ok]"]),
    ("bound before leaving either way", "ok = True\nfor t in items():\n    if x():\n        ok = False\n        continue\n    else:\n        break\nif not ok:\n    A", ["a [not ok]"]),
    ("bound by a handler that goes to the next", "ok = True\nfor t in items():\n    try:\n        n = x()\n    except ValueError:\n        ok = False\n        continue\nif not ok:\n    A", ["a [not ok]"]),
    ("bound in a while that may not run", "ok = True\nwhile x():\n    ok = False\nif ok:\n    A", ["a [ok]"]),
    ("not bound where it goes on", "n = 'a'\nfor t in items():\n    if x():\n        n = 'b'\n        break\n    op.drop_table(n)", ["a [repeated not (x())]"]),
    ("batches", "for i in range(0, x(), 100):\n    op.execute('DROP TABLE a')", ["a [repeated for each item of range(0, x(), 100)]"]),
]  # fmt: skip
TRIES = [
    ("body", "try:\n    A\nexcept Exception:\n    pass", ["a"]),
    ("handler", "try:\n    A\nexcept ValueError:\n    B", ["a", "b [except ValueError]"]),
    ("handler of all", "try:\n    A\nexcept:\n    B", ["a", "b [except any exception]"]),
    ("else", "try:\n    n = x()\nexcept ValueError:\n    A\nelse:\n    B", ["b", "a [except ValueError]"]),
    ("finally", "try:\n    A\nfinally:\n    B", ["a", "b"]),
    ("finally after return", "try:\n    A\n    return\nfinally:\n    B", ["a", "b"]),
    ("after it", "try:\n    A\nexcept ValueError:\n    B\nC", ["a", "b [except ValueError]", "c"]),
    ("handler returns", "try:\n    n = x()\nexcept ValueError:\n    return\nA", ["a"]),
    ("body returns", "try:\n    A\n    return\nexcept ValueError:\n    pass\nB", ["a", "b [except ValueError]"]),
    ("handler raises", "try:\n    A\nexcept ValueError:\n    raise\nB", ["a", "b"]),
    ("body raises", "try:\n    raise ValueError\nexcept ValueError:\n    A\nB", ["a", "b"]),
    ("import fallback that differs", "try:\n    import nowhere\n    t = 'a'\nexcept ImportError:\n    t = 'b'\nop.drop_table(t)", ["{t}"]),
    ("import fallback that agrees", "try:\n    import nowhere\n    t = 'a'\nexcept ImportError:\n    t = 'a'\nop.drop_table(t)", ["a"]),
    ("bound at its end", "ok = False\ntry:\n    A\n    ok = True\nexcept ValueError:\n    pass\nif not ok:\n    B", ["a", "b [not ok]"]),
    ("bound and bound back", "t = 'a'\ntry:\n    t = 'b'\n    n = x()\n    t = 'a'\nexcept ValueError:\n    pass\nop.drop_table(t)", ["{t}"]),
    ("bound before a handler that raises", "ok = False\ntry:\n    ok = True\nexcept ValueError:\n    raise\nif not ok:\n    B", []),
    ("bound before it is handled", "t = 'a'\ntry:\n    t = 'b'\n    n = x()\nexcept ValueError:\n    op.drop_table(t)", ["{t} [except ValueError]"]),
    ("bound by a handler", "ok = True\ntry:\n    A\nexcept ValueError:\n    ok = False\nif not ok:\n    B", ["a", "b [not ok]"]),
    ("bound by the body alone", "try:\n    t = 'a'\nexcept ValueError:\n    pass\nop.drop_table(t)", ["a"]),
    ("bound by one of two handlers", "t = 'a'\ntry:\n    return\nexcept ValueError:\n    t = 'b'\nexcept TypeError:\n    pass\nop.drop_table(t)", ["{t} [except ValueError]"]),
    ("bound where the body returns", "t = 'a'\ntry:\n    return\nexcept ValueError:\n    t = 'b'\nop.drop_table(t)", ["b [except ValueError]"]),
    ("bound where the body raises", "t = 'a'\ntry:\n    raise ValueError\nexcept ValueError:\n    t = 'b'\nop.drop_table(t)", ["b"]),
    ("bound by its else", "ok = False\ntry:\n    n = x()\nexcept ValueError:\n    pass\nelse:\n    ok = True\nif not ok:\n    B", ["b [not ok]"]),
    ("suppress what follows a return", "with contextlib.suppress(ValueError):\n    A\n    return\nB", ["a", "b [except ValueError]"]),
    ("suppress what is bound", "ok = False\nwith contextlib.suppress(ValueError, TypeError):\n    A\n    ok = True\nif not ok:\n    B", ["a", "b [not ok]"]),
    ("suppress before another manager", "with contextlib.suppress(Exception), op.get_bind().begin() as b:\n    b.execute(sa.text('DROP TABLE a'))\nB", ["a", "b"]),
    ("suppress", "with contextlib.suppress(Exception):\n    A\nB", ["a", "b"]),
]  # fmt: skip
FUNCTIONS = [
    ("nested", "def f():\n    A\nf()\nf()", ["a", "a"]),
    ("closure over a later name", "def f():\n    op.drop_table(t)\nt = 'a'\nf()", ["a"]),
    ("nonlocal", "t = 'b'\ndef f():\n    nonlocal t\n    t = 'a'\nf()\nop.drop_table(t)", ["a"]),
    ("lambda", "f = lambda t: op.drop_table(t)\nf('a')", ["a"]),
    ("*args", "def f(*ts):\n    for t in ts:\n        op.drop_table(t)\nf('a', 'b')", ["a", "b"]),
    ("**kwargs", "def f(**kw):\n    op.drop_table(kw['t'])\nf(t='a')", ["a"]),
    ("spread", "def f(p, q):\n    op.drop_table(p + q)\nf(*['a'], **{'q': 'b'})", ["ab"]),
    ("returned", "def f():\n    return 'a'\nop.drop_table(f())", ["a"]),
    ("returned tuple", "def f():\n    return 'a', 'b'\np, q = f()\nop.drop_table(p)\nop.drop_table(q)", ["a", "b"]),
    ("returned function", "def f(t):\n    def g():\n        op.drop_table(t)\n    return g\nf('a')()", ["a"]),
    ("recursion", "def f(n):\n    if n:\n        op.drop_table('ab'[2 - n])\n        f(n - 1)\nf(2)", ["a", "b"]),
    ("generator", "def f():\n    yield 'a'\n    yield 'b'\nfor t in f():\n    op.drop_table(t)", ["a", "b"]),
    ("yield from", "def f():\n    yield from ['a', 'b']\nfor t in f():\n    op.drop_table(t)", ["a", "b"]),
    ("unknown yield", "def f():\n    for t in items():\n        yield t\nfor t in f():\n    op.drop_table(t)", ["{t} [repeated for ... in f()]"]),
    ("partial", "f = functools.partial(op.drop_table, 'a')\nf()", ["a"]),
    ("partial keyword", "def f(t, u):\n    op.drop_table(t + u)\nfunctools.partial(f, u='b')('a')", ["ab"]),
    ("getattr(op)", "getattr(op, 'drop_table')('a')", ["a"]),
    ("getattr(op, f'')", "verb = 'drop'\ngetattr(op, f'{verb}_table')('a')", ["a"]),
    ("dict of functions", "{'x': op.drop_table}['x']('a')", ["a"]),
    ("alias", "drop = op.drop_table\ndrop('a')", ["a"]),
    ("op passed on", "def f(o):\n    o.drop_table('a')\nf(op)", ["a"]),
    ("bind passed on", "def f(conn):\n    conn.execute(sa.text('DROP TABLE a'))\nf(op.get_bind())", ["a"]),
    ("context manager", "@contextlib.contextmanager\ndef f():\n    A\n    yield 'b'\n    C\nwith f() as t:\n    op.drop_table(t)", ["a", "b", "c"]),
    ("context manager with try", "@contextlib.contextmanager\ndef f():\n    A\n    try:\n        yield\n    finally:\n        C\nwith f():\n    B", ["a", "b", "c"]),
    ("class as a manager", "class M:\n    def __enter__(self):\n        A\n        return 'b'\n    def __exit__(self, *e):\n        C\nwith M() as t:\n    op.drop_table(t)", ["a", "b", "c"]),
    ("decorator", "def twice(f):\n    @functools.wraps(f)\n    def g(*args):\n        f(*args)\n        f(*args)\n    return g\n@twice\ndef h(t):\n    op.drop_table(t)\nh('a')", ["a", "a"]),
    ("decorator with arguments", "def at(t):\n    def wrap(f):\n        def g():\n            op.drop_table(t)\n            f()\n        return g\n    return wrap\n@at('a')\ndef h():\n    B\nh()", ["a", "b"]),
    ("library decorator", "@functools.lru_cache\ndef f():\n    A\nf()", ["a"]),
    ("__call__", "class F:\n    def __call__(self, t):\n        op.drop_table(t)\nF()('a')", ["a"]),
    ("super().__init__", "class P:\n    def __init__(self, t):\n        self.t = t\nclass Q(P):\n    def __init__(self):\n        super().__init__('a')\nop.drop_table(Q().t)", ["a"]),
    ("super() of one of two bases", "class A:\n    def go(self):\n        pass\nclass B(A):\n    def go(self):\n        super().go()\nclass C(A):\n    def go(self):\n        op.drop_table('a')\nclass D(B, C):\n    pass\nD().go()", ["a"]),
    ("__getattr__", "class O:\n    def __init__(self, o):\n        self.o = o\n    def __getattr__(self, name):\n        return getattr(self.o, name)\nO(op).drop_table('a')", ["a"]),
    ("__getattr__ of what is there", "class O:\n    t = 'a'\n    def __getattr__(self, name):\n        return 'b'\nop.drop_table(O().t)\nop.drop_table(O().u)", ["a", "b"]),
    ("one decorator many times", "def at(t):\n    def wrap(f):\n        def g():\n            f()\n        return g\n    return wrap\n@at(1)\n@at(2)\n@at(3)\n@at(4)\n@at(5)\ndef h():\n    A\nh()", ["a"]),
    ("members of an enum by __init__", "import enum\nclass E(enum.Enum):\n    X = ('a', True)\n    Y = ('b', False)\n    def __init__(self, t, on):\n        self.t, self.on = t, on\nfor e in E:\n    if e.on:\n        op.drop_table(e.t)\nop.drop_table(E.Y.value[0])", ["a", "b"]),
    ("stack of managers", "with contextlib.ExitStack() as stack:\n    A\n    b = stack.enter_context(op.batch_alter_table('t'))\n    b.get_bind().execute(sa.text('DROP TABLE b'))\n    stack.enter_context(contextlib.suppress(ValueError))\n    C", ["a", "b", "c"]),
    ("stack of managers of its own", "@contextlib.contextmanager\ndef f():\n    yield 'a'\n    C\nwith contextlib.ExitStack() as stack:\n    t = stack.enter_context(f())\n    op.drop_table(t)\n    B", ["a", "b", "c"]),
    ("stack in a loop", "with contextlib.ExitStack() as stack:\n    for t in ('a', 'b'):\n        c = stack.enter_context(op.get_bind().engine.connect())\n        c.execute(sa.text(f'DROP TABLE {t}'))", ["a", "b"]),
    ("async", "async def f(conn):\n    await conn.run_sync(lambda c: c.execute(sa.text('DROP TABLE a')))\nop.run_async(f)", ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "tables"),
    [
        pytest.param(*case[1:], id=case[0])
        for case in [*BRANCHES, *GUARDS, *LOOPS, *TRIES, *FUNCTIONS]
    ],
)
def test_what_is_dropped_and_when(body: str, tables: list[str]) -> None:
    for mark, code in (("A", A), ("B", B), ("C", C)):
        body = "\n".join(
            line.replace(mark, code) if line.strip() == mark else line for line in body.split("\n")
        )
    assert read(body, above=ABOVE) == [f"drop-table {table}" for table in tables]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [("postgresql", [DROP_A]), ("mariadb", [DROP_A]), ("mysql", [DROP_B]), ("sqlite", [DROP_B])],
)
def test_which_dialects_have_sequences(dialect: str, expected: list[str]) -> None:
    body = f"if op.get_context().dialect.supports_sequences:\n    {A}\nelse:\n    {B}"
    assert read(body, dialect=dialect) == expected


# Ways of asking for the dialect: A on SQLite alone.
DIALECTS = [
    "if op.get_bind().dialect.name == 'sqlite':\n    A",
    "bind = op.get_bind()\nif bind.dialect.name in ('sqlite',):\n    A",
    "if op.get_bind().engine.name == 'sqlite':\n    A",
    "if op.get_context().dialect.name == 'sqlite':\n    A",
    "if context.get_context().dialect.name == 'sqlite':\n    A",
    "if context.get_bind().dialect.name.startswith('sqlite'):\n    A",
    "if 'sqlite' in op.get_bind().dialect.name:\n    A",
    "name = op.get_bind().dialect.name\nif name != 'sqlite':\n    return\nA",
    "if op.get_bind().dialect.name not in {'postgresql', 'mysql', 'mariadb'}:\n    A",
    "{'sqlite': lambda: op.drop_table('a')}.get(op.get_bind().dialect.name, lambda: None)()",
    "match op.get_bind().dialect.name:\n    case 'sqlite':\n        A\n    case _:\n        pass",
    "def is_sqlite():\n    return op.get_bind().dialect.name == 'sqlite'\nif is_sqlite():\n    A",
    "if SQLITE():\n    A",
    "if op.get_bind().dialect.name == Dialects.SQLITE.value:\n    A",
    "if isinstance(op.get_bind().dialect, sqlite.dialect):\n    A",
    "if op.get_context().impl.__dialect__ == 'sqlite':\n    A",
    "if op.get_bind().dialect.name.lower() == 'SQLite'.lower():\n    A",
    "d = op.get_bind().dialect\nif d.name == 'sqlite' and True:\n    A",
    "session = Session(bind=op.get_bind())\nif session.bind.dialect.name == 'sqlite':\n    A",
    "with op.batch_alter_table('t') as b:\n    if b.get_bind().dialect.name == 'sqlite':\n        op.drop_table('a')",
    "t = 'a' if op.get_bind().dialect.name == 'sqlite' else None\nif t:\n    op.drop_table(t)",
]
ABOUT_DIALECTS = """
import enum
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session


class Dialects(enum.Enum):
    SQLITE = "sqlite"


SQLITE = lambda: op.get_bind().dialect.name == "sqlite"
"""


@pytest.mark.parametrize("body", DIALECTS)
def test_dialects(body: str) -> None:
    body = body.replace("    A", f"    {A}").replace("\nA", f"\n{A}")
    assert read(body, above=ABOUT_DIALECTS, dialect="sqlite") == [DROP_A]
    assert read(body, above=ABOUT_DIALECTS, dialect="postgresql") == []
    assert read(body, above=ABOUT_DIALECTS, dialect=None) == [f"{DROP_A} <sqlite>"]


def test_what_does_not_ask_for_the_dialect_runs_on_all() -> None:
    body = f"{A}\nif op.get_bind().dialect.name == 'postgresql':\n    {B}\nelse:\n    {C}"
    assert read(body, dialect=None) == [
        DROP_A,
        f"{DROP_B} <postgresql>",
        f"{DROP_C} <mysql sqlite mariadb>",
    ]


PG = "pg = op.get_bind().dialect.name == 'postgresql'\n"
ON_PG, ON_OTHERS = "<postgresql>", "<mysql sqlite mariadb>"
IN_ORDER = [
    (
        f"if pg:\n    {A}\nelse:\n    {B}\n{C}",
        [f"{DROP_A} {ON_PG}", f"{DROP_B} {ON_OTHERS}", DROP_C],
    ),
    (
        f"if not pg:\n    {A}\n    {B}\n{C}",
        [f"{DROP_A} {ON_OTHERS}", f"{DROP_B} {ON_OTHERS}", DROP_C],
    ),
    (
        f"if pg:\n    {A}\n{B}\nif not pg:\n    {C}",
        [f"{DROP_A} {ON_PG}", DROP_B, f"{DROP_C} {ON_OTHERS}"],
    ),
    (
        f"for _ in range(2):\n    if not pg:\n        {A}\n    {B}",
        [f"{DROP_A} {ON_OTHERS}", DROP_B] * 2,
    ),
]


@pytest.mark.parametrize(("body", "told"), IN_ORDER)
def test_a_branch_stands_before_what_follows_it(body: str, told: list[str]) -> None:
    assert read(PG + body, dialect=None) == told


def test_offline_mode_is_not_what_runs_against_a_server() -> None:
    assert read(f"if context.is_offline_mode():\n    {A}\nelse:\n    {B}") == [DROP_B]


def test_autocommit() -> None:
    body = f"with op.get_context().autocommit_block():\n    {A}\n{B}"
    assert read(body) == [f"{DROP_A} autocommit", DROP_B]


AUTOCOMMIT = 'execution_options(isolation_level="AUTOCOMMIT")'
CONNECTIONS = [
    (f"c = op.get_bind().engine.connect().{AUTOCOMMIT}", " autocommit"),
    (f"c = op.get_bind().engine.{AUTOCOMMIT}.connect()", " autocommit"),
    (f"c = op.get_bind().{AUTOCOMMIT}", ""),  # it is in use, and the level stays
    ("c = op.get_bind().engine.connect()", ""),
    ("c = sa.create_engine(url, isolation_level='AUTOCOMMIT').connect()", " autocommit"),
]


@pytest.mark.parametrize(("connected", "told"), CONNECTIONS)
def test_a_connection_of_its_own_may_have_no_transaction(connected: str, told: str) -> None:
    body = f"{connected}\nc.execute(sa.text('DROP TABLE a'))\n{B}"
    assert read(body, above="url = 'postgresql://'") == [f"{DROP_A}{told}", DROP_B]


JOINED = [
    ("DROP TABLE a; DROP TABLE b", [True, True]),
    ("DROP TABLE a; -- DROP TABLE b", [False]),
    ("DO $$ BEGIN DROP TABLE a; END $$", [True]),
    ("/* so */ do $$ BEGIN DROP TABLE a; END $$;", [True]),
]


@pytest.mark.parametrize(("sql", "joined"), JOINED)
def test_what_one_text_holds_shares_a_transaction(sql: str, joined: list[bool]) -> None:
    revision = reading(f"from alembic import op\ndef upgrade():\n    op.execute({sql!r})")
    assert [statement.joined for statement in revision.upgrade.statements] == joined


RAISES = [
    ("raise NotImplementedError('no way back')", "no way back"),
    ("class No(Exception):\n    pass\nraise No('no way back')", "no way back"),
    ("class No(Exception):\n    pass\nraise No", ""),
    ("raise NotImplementedError", ""),
    ("raise RuntimeError(MESSAGE)", "never"),
    ("raise RuntimeError(f'not {1}')", "not 1"),
    ("if x():\n    raise ValueError('p')\nelse:\n    raise ValueError('q')", "p"),
    ("t = refuse()\nop.drop_table(t)", "refused"),
    ("op.execute(refuse())\nop.drop_table('a')", "refused"),
    ("refuse()", "refused"),
    ("sys.exit('stop')", "stop"),
]


@pytest.mark.parametrize(("body", "message"), RAISES)
def test_a_direction_that_only_raises(body: str, message: str) -> None:
    above = "from elsewhere import x\nimport sys\nMESSAGE = 'never'\ndef refuse():\n    raise ValueError('refused')"
    assert read(body, above=above) == [f"raises {message}".strip()]


def test_a_direction_that_may_raise_does_not_say_so() -> None:
    assert read("if x():\n    raise ValueError('p')", above="from elsewhere import x") == []


MULTIDB = """
from alembic import op


def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_users():
    op.drop_table("a")


def downgrade_users():
    pass


def upgrade_klines():
    op.drop_table("b")


def downgrade_klines():
    op.drop_table("c")
"""


def test_each_database_of_a_multidb_revision() -> None:
    read_all = reading(textwrap.dedent(MULTIDB))
    told = [(s.database, s.operations[0].subject, s.direction) for s in read_all.statements]
    assert told == [
        ("users", "a", "upgrade"),
        ("klines", "b", "upgrade"),
        ("klines", "c", "downgrade"),
    ]
