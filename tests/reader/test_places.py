"""Where things stand: lines and columns of calls and of the SQL in them, helpers and imports."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from revision_code import HEAD, read, reading

from guard.statement import Span

# Each SQL statement that the reader finds must stand just where `at` says: `DROP TABLE a`.
TEXTS = [
    'op.execute("DROP TABLE a")',
    "op.execute('DROP TABLE a; DROP TABLE b')",
    'op.execute("""DROP TABLE a""")',
    'op.execute("""\n    DROP TABLE a;\n    DROP TABLE b\n    """)',
    'op.execute(r"DROP TABLE a")',
    "op.execute('\\tDROP TABLE a')",
    "op.execute('\\x41LTER TABLE x ADD y int; DROP TABLE a')",
    "op.execute('-- \\N{BULLET}\\nDROP TABLE a')",
    "op.execute('-- é\\u00e9 ü\\n' 'DROP TABLE a')",
    "op.execute('x' 'y; ' 'DROP TABLE a')",
    "op.execute(\n    'x; '  # why\n    'DROP TABLE a; '\n    'DROP TABLE b'\n)",
    "op.execute('x; ' + 'DROP TABLE a')",
    "op.execute(f'x; DROP TABLE a')",
    "op.execute(f'{1}; DROP TABLE a')",
    "op.execute(f\"{'}'}; DROP TABLE a\")",
    "op.execute(f'{{}}; DROP TABLE a; {1}; DROP TABLE b')",
    "op.execute(f'{1:>{2}}; DROP TABLE a')",
    "op.execute(f'{1!r}' f'; DROP TABLE a')",
    "op.execute('x; ' f'{1}; DROP TABLE a')",
    "op.execute(f'{1}; ' '{}; DROP TABLE a')",
    'op.execute(f"""\n    SELECT {1};\n    DROP TABLE a;\n""")',
    "op.execute(rf'SELECT \"\\d\", {1}; DROP TABLE a')",
    "import textwrap\nop.execute(textwrap.dedent('''\\\n        DROP TABLE a;\n          DROP TABLE b\n    '''))",
    "op.execute('  DROP TABLE a  '.strip())",
    "op.execute('x; DROP TABLE a'.replace('x', 'select 1'))",
    "op.execute('%s; DROP TABLE a' % 1)",
    "op.execute('{}; DROP TABLE a'.format(1))",
    "op.execute(sa.text('DROP TABLE a'))",
    "sql = 'DROP TABLE a'\nop.execute(sql)",
    "for sql in 'select 1;DROP TABLE a'.split(';'):\n    op.execute(sql)",
    "for sql in '''select 1\nDROP TABLE a'''.splitlines():\n    op.execute(sql)",
    "é = 'ü'; op.execute('DROP TABLE a')",
    "op.execute('''é\n; DROP TABLE a''')",
]


@pytest.mark.parametrize("body", TEXTS)
def test_the_place_of_sql(body: str) -> None:
    code = HEAD + "\n\ndef upgrade():\n" + textwrap.indent(body, "    ") + "\n"
    drops = [s for s in reading(code).upgrade.statements if s.operations[0].kind == "drop-table"]
    assert [_source(code, s.at or s.span) for s in drops] == [
        f"DROP TABLE {s.operations[0].subject}" for s in drops
    ]
    assert drops


def _source(code: str, span: Span) -> str:
    lines = code.split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    return f"{span.line}:{span.column} to {span.end_line}:{span.end_column}"


def test_the_place_of_a_call() -> None:
    code = "from alembic import op\n\n\ndef upgrade():\n    op.drop_table(\n        'é',\n    ); op.drop_table('b')\n"
    spans = [s.span for s in reading(code).upgrade.statements]
    assert spans == [Span("revision.py", 5, 5, 7, 6), Span("revision.py", 7, 8, 7, 26)]


def test_a_form_feed_ends_no_line() -> None:
    code = "from alembic import op\n\x0c\ndef upgrade():\n    op.execute('DROP TABLE a')\n"
    (drop,) = reading(code).upgrade.statements
    assert drop.span.line == 4
    assert drop.at is not None
    assert drop.at.line == 4


# Data beside the revision, read as if it were written in it; each drops table a.
DATA = [
    "for t in json.loads((Path(__file__).parent / 'x.json').read_text())['tables']:\n    op.drop_table(t)",
    "with open(os.path.join(os.path.dirname(__file__), 'x.json')) as f:\n    op.drop_table(json.load(f)['tables'][0])",
]  # fmt: skip


@pytest.mark.parametrize("body", DATA)
def test_json_is_read(body: str, tmp_path: Path) -> None:
    above = "import json, os\nfrom pathlib import Path\n"
    files = {"x.json": '{"tables": ["a"]}'}
    assert read(body, above=above, files=files, folder=tmp_path) == ["drop-table a"]


HELPER = """
from alembic import op

TABLE = "a"
ALL = [TABLE, "b"]


def drop(table=TABLE):
    op.drop_table(table)


class Tables:
    first = TABLE
"""
# Ways of reaching the helper; each drops table a.
IMPORTS = [
    "from helper import drop\n# drop()",
    "from helper import drop as gone\n# gone()",
    "import helper\n# helper.drop()",
    "import helper as h\n# h.drop()",
    "import package.inner\n# package.inner.drop()",
    "from package import inner\n# inner.drop()",
    "from package.inner import drop\n# drop()",
    "from package import drop\n# drop()",  # re-exported
    "from package import renamed\n# renamed()",
    "from package import *\n# drop()",
    "from helper import *\n# drop()",
    "from . import helper\n# helper.drop()",
    "from .helper import drop\n# drop()",
    "from .package import inner\n# inner.drop()",
    "from .package.inner import drop\n# drop()",
    "from .package.relative import drop\n# drop()",
    "from helper import TABLE\n# op.drop_table(TABLE)",
    "from helper import ALL\n# op.drop_table(ALL[0])",
    "from helper import Tables\n# op.drop_table(Tables.first)",
    "import helper\n# op.drop_table(helper.Tables.first)",
    "# from helper import drop; drop()",
    "# import helper; getattr(helper, 'drop')()",
    "from cycle_a import drop\n# drop()",
    "try:\n    from helper import drop\nexcept ImportError:\n    drop = None\n# drop()",
]
FILES = {
    "helper.py": HELPER,
    "package/__init__.py": "from .inner import drop\nfrom package.inner import drop as renamed\n",
    "package/inner.py": HELPER,
    "package/relative.py": "from ..helper import drop\n",
    "cycle_a.py": "from cycle_b import *\nfrom helper import drop\n",
    "cycle_b.py": "from cycle_a import *\n",
}


@pytest.mark.parametrize("code", IMPORTS)
def test_helpers_are_followed(code: str, tmp_path: Path) -> None:
    above, _, body = code.partition("# ")
    assert read(body, above=above, files=FILES, folder=tmp_path) == ["drop-table a"]


def test_a_helper_stands_where_the_revision_calls_it(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(HELPER.lstrip())
    code = "from helper import drop\n\n\ndef upgrade():\n    drop('t')\n"
    (drop,) = reading(code, tmp_path).upgrade.statements
    assert drop.span == Span("revision.py", 5, 5, 5, 14)
    assert drop.at == Span("helper.py", 8, 5, 8, 25)


def test_a_helper_that_is_not_in_sight_is_opaque() -> None:
    assert read("drop()", above="from elsewhere import drop") == ["opaque drop()"]


def test_a_helper_that_does_not_parse_is_opaque(tmp_path: Path) -> None:
    files = {"helper.py": "def drop(:"}
    told = read("drop()", above="from helper import drop", files=files, folder=tmp_path)
    assert told == ["opaque drop()"]


# However strange the code is, there is an answer, and it is not silence.
STRANGE = [
    "x = []\nx.append(x)\nfor t in x:\n    op.drop_table(t)",
    "x = {}\nx['x'] = x\nop.drop_table(x)",
    "x = [1]\nfor i in range(100):\n    x = [x, x]\nop.drop_table(x)",
    "op.drop_table('a' * 10**12)",
    "op.drop_table('a'.ljust(10**12))",
    "op.drop_table(f'{1:>1000000000000}')",
    "op.drop_table('%1000000000000d' % 1)",
    "op.drop_table(9**9**9)",
    "op.drop_table([0] * 10**12)",
    "def f():\n    f()\n    f()\n    f()\nf()\nop.drop_table('a')",
    "f = lambda g: g(g)\nop.drop_table(f(f))",
    "while True:\n    op.drop_table('a')",
    "for i in range(10**12):\n    op.drop_table('a')",
    "for i in range(10**4):\n    for j in range(10**4):\n        op.drop_table('a')",
    "class A(A):\n    pass\nop.drop_table(A().x)",
    "op.drop_table(" + "(" * 60 + "'a'" + ")" * 60 + ")",
    "op.drop_table(" + "+".join(["'a'"] * 900) + ")",
    "\n".join(f"if x{i}():\n    y = {i}" for i in range(200)) + "\nop.drop_table(y)",
    "\n".join("    " * i + f"if x{i}():" for i in range(40)) + " op.drop_table('a')",
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
def test_strange_code_ends_and_is_not_passed_in_silence(body: str) -> None:
    assert read(body)
