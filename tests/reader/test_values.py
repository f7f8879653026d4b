"""What expressions are worth: each case does to the tables what its test says."""

# ruff: noqa: E501  (a table: one case a line)
from __future__ import annotations

from pathlib import Path

import pytest
from revision_code import read

TEXT = [
    ("literal", "op.execute('DROP TABLE t')"),
    ("implicit", "op.execute('DROP ' 'TABLE ' 't')"),
    ("f-string", "name = 't'\nop.execute(f'DROP TABLE {name}')"),
    ("nested f-string", "a = 't'\nop.execute(f'DROP TABLE {f\"{a}\"}')"),
    ("format spec", "n = 7\nop.execute(f'DROP TABLE t{n:03d}'.replace('007', ''))"),
    ("conversion", "op.execute(f'DROP TABLE {\"t\"!s}')"),
    ("%", "op.execute('DROP TABLE %s' % 't')"),
    ("% tuple", "op.execute('%s TABLE %s' % ('DROP', 't'))"),
    ("% dict", "op.execute('DROP TABLE %(name)s' % {'name': 't'})"),
    ("% number", "op.execute(('DROP TABLE t%d' % 5).rstrip('5'))"),
    ("%%", "op.execute(\"DROP TABLE t -- 100%% of %s\" % 'x')"),
    ("format", "op.execute('DROP TABLE {}'.format('t'))"),
    ("format by name", "op.execute('DROP TABLE {name}'.format(name='t'))"),
    ("format by number", "op.execute('{1} TABLE {0}'.format('t', 'DROP'))"),
    ("format attribute", "op.execute('DROP TABLE {x.y}'.format(x=NS))"),
    ("format item", "op.execute('DROP TABLE {0[k]}'.format({'k': 't'}))"),
    ("format **", "op.execute('DROP TABLE {k}'.format(**{'k': 't'}))"),
    ("format_map", "op.execute('DROP TABLE {k}'.format_map({'k': 't'}))"),
    ("format spread", "op.execute('DROP {} {}'.format(*['TABLE', 't']))"),
    ("+", "op.execute('DROP TABLE ' + 't')"),
    ("+=", "sql = 'DROP TABLE '\nsql += 't'\nop.execute(sql)"),
    ("*", "op.execute('DROP TABLE ' + 't' * 1)"),
    ("join", "op.execute(' '.join(['DROP', 'TABLE', 't']))"),
    ("join generator", "op.execute(' '.join(w for w in ('DROP', 'TABLE', 't')))"),
    ("replace", "op.execute('DROP TABLE :x'.replace(':x', 't'))"),
    ("replace count", "op.execute('DROP TABLE x'.replace('x', 't', 1))"),
    ("strip", "op.execute('  DROP TABLE t  '.strip())"),
    ("strip characters", "op.execute('xxDROP TABLE t'.lstrip('x'))"),
    ("upper", "op.execute('drop table'.upper() + ' t')"),
    ("lower", "op.execute('DROP TABLE ' + 'T'.lower())"),
    ("removeprefix", "op.execute('-DROP TABLE t'.removeprefix('-'))"),
    ("split", "op.execute('x;DROP TABLE t'.split(';')[1])"),
    ("splitlines", "op.execute('x\\nDROP TABLE t'.splitlines()[1])"),
    ("partition", "op.execute('a=DROP TABLE t'.partition('=')[2])"),
    ("zfill", "op.execute('DROP TABLE ' + 't'.zfill(1))"),
    ("dedent", "import textwrap\nop.execute(textwrap.dedent('''\n    DROP TABLE\n    t'''))"),
    ("Template", "from string import Template\nop.execute(Template('DROP TABLE $n').substitute(n='t'))"),
    ("safe_substitute", "import string\nop.execute(string.Template('DROP TABLE ${n}').safe_substitute({'n': 't'}))"),
    ("slice", "op.execute('xDROP TABLE t'[1:])"),
    ("index", "op.execute('DROP TABLE ' + 'xt'[1])"),
    ("negative index", "op.execute('DROP TABLE ' + 'xt'[-1])"),
    ("str()", "op.execute('DROP TABLE ' + str('t'))"),
    ("text()", "op.execute(sa.text('DROP TABLE t'))"),
    ("text().bindparams()", "op.execute(sa.text('DROP TABLE t').bindparams(x=1))"),
    ("text(dedent)", "from inspect import cleandoc\nop.execute(sa.text(cleandoc('DROP TABLE t')))"),
    ("DDL", "op.execute(sa.DDL('DROP TABLE t'))"),
    ("name of a table object", "t = sa.Table('t', sa.MetaData())\nop.drop_table(t.name)"),
    ("name of a table object in SQL", "t = sa.table('t')\nop.execute(f'DROP TABLE {t.name}')"),
    ("name of a column", "c = sa.Column('t', sa.Integer())\nop.drop_table(c.name)"),
    ("key of a copied column", "c = sa.Column('t', sa.Integer()).copy()\nop.drop_table(c.key)"),
    ("name of a constraint", "c = sa.UniqueConstraint('a', name='t')\nop.drop_table(c.name)"),
    ("what a dialect executes", "b = op.get_bind()\nb.dialect.do_execute(b.connection.cursor(), 'DROP TABLE t', ())"),
    ("DDL with a context", "op.execute(sa.DDL('DROP TABLE %(a)s', context={'a': 't'}))"),
    ("DDL with a context, by place", "op.execute(sa.DDL('DROP TABLE %(a)s', {'a': 't'}).execute_if())"),
    ("conditional expression", "op.execute('DROP TABLE t' if True else 'x')"),
    ("or", "op.execute(None or 'DROP TABLE t')"),
    ("and", "op.execute(True and 'DROP TABLE t')"),
    ("walrus", "if (sql := 'DROP TABLE t'):\n    op.execute(sql)"),
    ("bytes decode", "op.execute(b'DROP TABLE t'.decode())"),
    ("functools.reduce", "import functools\nop.execute(functools.reduce(lambda a, b: a + b, ['DROP TABLE', ' t']))"),
    ("operator.add", "op.execute(str.join(' ', ['DROP', 'TABLE', 't']))"),
    ("module constant", "op.execute(SQL)"),
    ("typed constant", "op.execute(TYPED)"),
    ("class constant", "op.execute(NS.sql)"),
    ("derived class constant", "op.execute(Derived.sql)"),
    ("class constant of a constant", "op.execute('DROP TABLE ' + NS.y)"),
    ("default argument", "def drop(sql='DROP TABLE t'):\n    op.execute(sql)\ndrop()"),
    ("keyword-only default", "def drop(*, sql='DROP TABLE t'):\n    op.execute(sql)\ndrop()"),
]  # fmt: skip
ABOVE = """
SQL = "DROP TABLE t"
TYPED: str = "DROP TABLE t"


class NS:
    sql = "DROP TABLE t"
    y = "t"


class Derived(NS):
    pass
"""


@pytest.mark.parametrize("body", [c[1] for c in TEXT], ids=[c[0] for c in TEXT])
def test_text(body: str) -> None:
    assert read(body, above=ABOVE) == ["drop-table t"]


# Each drops tables a and b, in this order.
CONTAINERS = [
    ("list", "for t in ['a', 'b']:\n    op.drop_table(t)"),
    ("tuple", "for t in 'a', 'b':\n    op.drop_table(t)"),
    ("set", "for t in sorted({'b', 'a'}):\n    op.drop_table(t)"),
    ("dict", "for t in {'a': 1, 'b': 2}:\n    op.drop_table(t)"),
    ("items()", "for k, v in {'a': 1, 'b': 2}.items():\n    op.drop_table(k)"),
    ("values()", "for v in {1: 'a', 2: 'b'}.values():\n    op.drop_table(v)"),
    ("keys()", "for k in {'a': 1, 'b': 2}.keys():\n    op.drop_table(k)"),
    ("dict()", "for k in dict(a=1, b=2):\n    op.drop_table(k)"),
    ("dict | dict", "for k in {'a': 1} | {'b': 2}:\n    op.drop_table(k)"),
    ("{**dict}", "for k in {**{'a': 1}, 'b': 2}:\n    op.drop_table(k)"),
    ("[*list]", "for k in [*['a'], 'b']:\n    op.drop_table(k)"),
    ("nested unpacking", "for (t, (c, _)) in [('a', (1, 2)), ('b', (3, 4))]:\n    op.drop_table(t)"),
    ("starred unpacking", "first, *rest = ['a', 'x', 'b']\nop.drop_table(first)\nop.drop_table(rest[-1])"),
    ("comprehension", "for t in [x.lower() for x in ('A', 'B')]:\n    op.drop_table(t)"),
    ("filtered", "for t in [x for x in ('a', 'z', 'b') if x != 'z']:\n    op.drop_table(t)"),
    ("nested comprehension", "for t in [x for y in (('a',), ('b',)) for x in y]:\n    op.drop_table(t)"),
    ("dict comprehension", "for t in {x: 1 for x in ('a', 'b')}:\n    op.drop_table(t)"),
    ("set comprehension", "for t in sorted({x for x in ('b', 'a')}):\n    op.drop_table(t)"),
    ("comprehension for effect", "[op.drop_table(t) for t in ('a', 'b')]"),
    ("generator for effect", "list(op.drop_table(t) for t in ('a', 'b'))"),
    ("map for effect", "list(map(op.drop_table, ['a', 'b']))"),
    ("any for effect", "any(op.drop_table(t) for t in ('a', 'b'))"),
    ("filter", "for t in filter(lambda x: x != 'z', ['a', 'z', 'b']):\n    op.drop_table(t)"),
    ("zip", "for t, n in zip(['a', 'b'], [1, 2]):\n    op.drop_table(t)"),
    ("zip strict", "for t, n in zip(['a', 'b'], [1, 2], strict=True):\n    op.drop_table(t)"),
    ("enumerate", "for i, t in enumerate(['a', 'b'], start=1):\n    op.drop_table(t)"),
    ("range", "for i in range(2):\n    op.drop_table('ab'[i])"),
    ("range(len())", "ts = ['a', 'b']\nfor i in range(len(ts)):\n    op.drop_table(ts[i])"),
    ("reversed", "for t in reversed(['b', 'a']):\n    op.drop_table(t)"),
    ("[::-1]", "for t in ['b', 'a'][::-1]:\n    op.drop_table(t)"),
    ("slice", "for t in ('x', 'a', 'b', 'y')[1:3]:\n    op.drop_table(t)"),
    ("sorted by key", "for t in sorted(['b', 'a'], key=lambda x: x):\n    op.drop_table(t)"),
    ("sorted reverse", "for t in sorted(['a', 'b'], reverse=True)[::-1]:\n    op.drop_table(t)"),
    ("chain", "import itertools\nfor t in itertools.chain(['a'], ['b']):\n    op.drop_table(t)"),
    ("product", "from itertools import product\nfor x, y in product(['a', 'b'], [1]):\n    op.drop_table(x)"),
    ("append", "ts = []\nts.append('a')\nts.append('b')\nfor t in ts:\n    op.drop_table(t)"),
    ("append in a loop", "ts = []\nfor t in 'a', 'b':\n    ts.append(t)\nfor t in ts:\n    op.drop_table(t)"),
    ("extend", "ts = ['a']\nts.extend(['b'])\nfor t in ts:\n    op.drop_table(t)"),
    ("+=", "ts = ['a']\nts += ['b']\nfor t in ts:\n    op.drop_table(t)"),
    ("insert", "ts = ['b']\nts.insert(0, 'a')\nfor t in ts:\n    op.drop_table(t)"),
    ("insert last", "ts = ['a']\nts.insert(1, 'b')\nfor t in ts:\n    op.drop_table(t)"),
    ("remove", "ts = ['a', 'z', 'b']\nts.remove('z')\nfor t in ts:\n    op.drop_table(t)"),
    ("pop", "ts = ['b', 'a']\nop.drop_table(ts.pop())\nop.drop_table(ts.pop())"),
    ("pop(0)", "ts = ['a', 'b']\nop.drop_table(ts.pop(0))\nop.drop_table(ts.pop())"),
    ("sort", "ts = ['b', 'a']\nts.sort()\nfor t in ts:\n    op.drop_table(t)"),
    ("item assignment", "d = {}\nd['x'] = 'a'\nd['y'] = 'b'\nfor t in d.values():\n    op.drop_table(t)"),
    ("dict.get", "d = {'x': 'a'}\nop.drop_table(d.get('x'))\nop.drop_table(d.get('y', 'b'))"),
    ("dict.pop", "d = {'x': 'a', 'y': 'b'}\nop.drop_table(d.pop('x'))\nfor t in d.values():\n    op.drop_table(t)"),
    ("dict.update", "d = {}\nd.update({'a': 1}, b=2)\nfor t in d:\n    op.drop_table(t)"),
    ("setdefault", "d = {}\nd.setdefault('x', []).append('a')\nd['x'].append('b')\nfor t in d['x']:\n    op.drop_table(t)"),
    ("defaultdict", "from collections import defaultdict\nd = defaultdict(list)\nd['x'].append('a')\nd['x'].append('b')\nfor t in d['x']:\n    op.drop_table(t)"),
    ("fromkeys", "for t in dict.fromkeys(['a', 'b']):\n    op.drop_table(t)"),
    ("dataclass", "for r in [Row('a'), Row(name='b')]:\n    op.drop_table(r.name)"),
    ("dataclass default", "op.drop_table(Row().name)\nop.drop_table(Row('b').name)"),
    ("namedtuple", "P = collections.namedtuple('P', 'name size')\nfor p in [P('a', 1), P('b', 2)]:\n    op.drop_table(p.name)"),
    ("namedtuple unpacked", "P = collections.namedtuple('P', ['name', 'size'])\nfor name, size in [P('a', 1), P('b', 2)]:\n    op.drop_table(name)"),
    ("NamedTuple", "for p in [Pair('a', 1), Pair('b')]:\n    op.drop_table(p.name)"),
    ("NamedTuple index", "op.drop_table(Pair('a', 1)[0])\nop.drop_table(Pair('b')[0])"),
    ("enum", "for t in Kind:\n    op.drop_table(t.value)"),
    ("enum names", "op.drop_table(Kind.A.value)\nop.drop_table(Kind['B'].value)"),
    ("str enum", "op.drop_table(Kind.A)\nop.execute(f'DROP TABLE {Kind.B.value}')"),
    ("plain class", "o = Box('a')\nop.drop_table(o.name)\no.name = 'b'\nop.drop_table(o.name)"),
    ("method", "Box('a').drop()\nBox('b').drop()"),
    ("property", "op.drop_table(Box('a').title)\nop.drop_table(Box('b').title)"),
    ("static method", "Box.remove('a')\nBox('x').remove('b')"),
    ("class method", "Box.make('a').drop()\nBox.make('b').drop()"),
    ("comparison chain", "for i in (1, 2, 3):\n    if 0 < i < 3:\n        op.drop_table('_ab'[i])"),
    ("arithmetic", "op.drop_table('ab'[2 - 2])\nop.drop_table('ab'[3 // 2])"),
    ("power", "op.drop_table('ab'[0 ** 2])\nop.drop_table('ab'[1 ** 2])"),
    ("in", "for t in 'a', 'z', 'b':\n    if t in ('a', 'b'):\n        op.drop_table(t)"),
    ("next", "def ts():\n    yield 'a'\n    yield 'b'\nit = ts()\nop.drop_table(next(it))\nop.drop_table(next(it))"),
    ("iter", "ts = ['z', 'b']\nit = iter(ts)\nnext(it)\nop.drop_table(ts[0].replace('z', 'a'))\nfor t in it:\n    op.drop_table(t)"),
    ("isinstance of a base", "class Big(Box):\n    pass\nfor b in Box('a'), Big('b'):\n    if isinstance(b, Box):\n        b.drop()"),
    ("isinstance of no base", "if isinstance(Row(), Box):\n    op.drop_table('z')\nop.drop_table('a')\nop.drop_table('b')"),
    ("module list", "for t in TABLES:\n    op.drop_table(t)"),
]  # fmt: skip
RECORDS = """
import collections
import dataclasses
import enum
from typing import NamedTuple

TABLES = ["a"]
TABLES.append("b")


@dataclasses.dataclass
class Row:
    name: str = "a"


class Pair(NamedTuple):
    name: str
    size: int = 0


class Kind(str, enum.Enum):
    A = "a"
    B = "b"


class Box:
    def __init__(self, name):
        self.name = name

    def drop(self):
        op.drop_table(self.name)

    @property
    def title(self):
        return self.name

    @staticmethod
    def remove(name):
        op.drop_table(name)

    @classmethod
    def make(cls, name):
        return cls(name)
"""


@pytest.mark.parametrize("body", [c[1] for c in CONTAINERS], ids=[c[0] for c in CONTAINERS])
def test_containers_and_records(body: str) -> None:
    assert read(body, above=RECORDS) == ["drop-table a", "drop-table b"]


# What is not known is never guessed: a name keeps its code in braces.
UNKNOWN = [
    ("environment", "import os\nop.drop_table(os.environ['T'])", "drop-table {os.environ['T']}"),
    ("getenv", "import os\nop.drop_table(os.getenv('T', 't'))", "drop-table {os.getenv('T', 't')}"),
    ("argument", "def drop(t):\n    op.drop_table(t)\ndrop(x())", "drop-table {x()}"),
    ("piece", "op.execute(f'DROP TABLE t_{x()}')", "drop-table t_{x()}"),
    ("all of it", "op.execute(x())", "opaque op.execute(x())"),
    ("format piece", "op.execute('DROP TABLE {}'.format(x()))", "drop-table {x()}"),
    ("replaced", "op.execute('DROP TABLE t'.replace('t', x()))", "drop-table {x()}"),
    ("random", "import uuid\nop.drop_table('t' + uuid.uuid4().hex)", "drop-table t{uuid.uuid4().hex}"),
    ("upper keeps a hole", "op.execute(f'drop table {x()}'.upper())", "drop-table {x()}"),
    ("clock", "import time\nop.drop_table(f't{time.time()}')", "drop-table t{time.time()}"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "told"), [c[1:] for c in UNKNOWN], ids=[c[0] for c in UNKNOWN])
def test_unknown(body: str, told: str) -> None:
    assert read(body, above="from elsewhere import x") == [told]


FILES = [
    ("open", "op.execute(open('drop.sql').read())"),
    ("with open", "with open('drop.sql') as f:\n    op.execute(f.read())"),
    ("lines", "with open('drop.sql') as f:\n    for line in f:\n        op.execute(line)"),
    ("readlines", "with open('drop.sql') as f:\n    for line in f.readlines():\n        op.execute(line)"),
    ("split", "for sql in open('drop.sql').read().split(';'):\n    if sql.strip():\n        op.execute(sql)"),
    ("beside", "here = os.path.dirname(__file__)\nop.execute(open(os.path.join(here, 'drop.sql')).read())"),
    ("abspath", "here = os.path.dirname(os.path.abspath(__file__))\nop.execute(open(here + '/drop.sql').read())"),
    ("pathlib", "op.execute(Path(__file__).parent.joinpath('drop.sql').read_text())"),
    ("/", "op.execute((Path(__file__).resolve().parent / 'drop.sql').read_text(encoding='utf-8'))"),
    ("with_suffix", "op.execute(Path(__file__).with_name('drop.sql').read_text())"),
    ("Path.open", "with (Path(__file__).parent / 'drop.sql').open() as f:\n    op.execute(f.read())"),
    ("below", "op.execute((Path(__file__).parent / 'sql' / f'{\"drop\"}.sql').read_text())"),
]  # fmt: skip


@pytest.mark.parametrize("body", [c[1] for c in FILES], ids=[c[0] for c in FILES])
def test_sql_files_beside_the_revision(body: str, tmp_path: Path) -> None:
    files = {"drop.sql": "DROP TABLE t;\n", "sql/drop.sql": "DROP TABLE t;\n"}
    above = "import os\nfrom pathlib import Path"
    assert read(body, above=above, files=files, folder=tmp_path) == ["drop-table t"]


def test_a_missing_file_is_opaque(tmp_path: Path) -> None:
    told = read("op.execute(open('gone.sql').read())", folder=tmp_path)
    assert told == ["opaque op.execute(open('gone.sql').read())"]


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.sql").write_text("DROP TABLE t")
    inside = tmp_path / "project"
    inside.mkdir()
    told = read("op.execute(open('../secret.sql').read())", folder=inside)
    assert told == ["opaque op.execute(open('../secret.sql').read())"]
