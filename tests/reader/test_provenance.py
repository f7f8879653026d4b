"""SQL that is put together from strings: every usual shape is found, and nothing else is."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from examples import judge
from revision_code import reading

from guard.rule import Example


def judged(example: Example, folder: Path) -> list[str]:
    """Return `severity line` of each finding of string-built-sql."""
    found = judge(example, folder)
    return [f"{f.severity} {f.span.line}" for f in found if f.rule == "string-built-sql"]


def in_revision(body: str, folder: Path) -> list[str]:
    findings = judged(Example(upgrade=body), folder)
    return [finding.partition(" ")[0] for finding in findings]


def in_repository(code: str, folder: Path) -> list[str]:
    return judged(Example(source=HEAD + textwrap.dedent(code).strip()), folder)


# In a revision: a name from a constant in sight warns; a value, or anything from outside, fails.
REVISIONS = [
    ("f-string name", "t = 'x'\nop.execute(f'ANALYZE {t}')", "warning"),
    ("f-string value", "v = 'x'\nop.execute(f\"DELETE FROM t WHERE a = '{v}'\")", "error"),
    ("f-string bare value", "v = 1\nop.execute(f'DELETE FROM t WHERE a = {v}')", "warning"),
    ("f-string from outside", "import os\nop.execute(f\"ANALYZE {os.environ['T']}\")", "error"),
    ("% name", "t = 'x'\nop.execute('ANALYZE %s' % t)", "warning"),
    ("% value", "v = 'x'\nop.execute(\"UPDATE t SET a = '%s' WHERE b = 1\" % v)", "error"),
    ("% by key", "op.execute('ANALYZE %(t)s' % {'t': 'x'})", "warning"),
    ("format name", "t = 'x'\nop.execute('ANALYZE {}'.format(t))", "warning"),
    ("format value", "v = 'x'\nop.execute(\"DELETE FROM t WHERE a = '{v}'\".format(v=v))", "error"),
    ("+ name", "t = 'x'\nop.execute('ANALYZE ' + t)", "warning"),
    ("+ value", "v = 'x'\nop.execute(\"DELETE FROM t WHERE a = '\" + v + \"'\")", "error"),
    ("+=", "v = 'x'\nsql = 'DELETE FROM t WHERE a = '\nsql += repr(v)\nop.execute(sql)", "error"),
    ("join names", "cs = ['a', 'b']\nop.execute('CREATE INDEX i ON t (' + ', '.join(cs) + ')')", "warning"),
    ("join values", "vs = ['1', '2']\nop.execute('DELETE FROM t WHERE a IN (' + ', '.join(vs) + ')')", "warning"),
    ("join of what a generator fills", "p = ['UPDATE t SET a = NULL']\np += [f'WHERE b = {r.b}' for r in op.get_bind().execute(sa.text('SELECT b FROM u'))]\nop.execute(' '.join(p))", "error"),
    ("replace name", "t = 'x'\nop.execute('ANALYZE :t'.replace(':t', t))", "warning"),
    ("replace value", "v = 'x'\nop.execute(\"DELETE FROM t WHERE a = 'V'\".replace('V', v))", "error"),
    ("Template", "from string import Template\nt = 'x'\nop.execute(Template('ANALYZE $t').substitute(t=t))", "warning"),
    ("dedent", "import textwrap\nv = 'x'\nop.execute(textwrap.dedent(f\"\"\"\n    DELETE FROM t\n    WHERE a = '{v}'\n\"\"\"))", "error"),
    ("text()", "t = 'x'\nop.get_bind().execute(sa.text(f'ANALYZE {t}'))", "warning"),
    ("text() value", "v = 1\nop.get_bind().execute(sa.text('DELETE FROM t WHERE a = %d' % v))", "warning"),
    ("query result", "for row in op.get_bind().execute(sa.text('SELECT a FROM t')):\n    op.execute(f'DELETE FROM t WHERE a = {row.a}')", "error"),
    ("loop over a tuple", "for t in ('x', 'y'):\n    op.execute(f'ANALYZE {t}')", "warning"),
    ("helper's argument", "def go(t):\n    op.execute(f'ANALYZE {t}')\ngo('x')", "warning"),
    ("number", "op.execute(f'UPDATE t SET a = {1} WHERE b = 2')", "warning"),
    ("negative number", "n = -1.5\nop.execute(f'UPDATE t SET a = {n} WHERE b = 2')", "warning"),
    ("boolean", "flag = True\nop.execute(f'UPDATE t SET a = {flag} WHERE b = 2')", "warning"),
    ("keyword", "now = 'CURRENT_TIMESTAMP'\nop.execute(f'UPDATE t SET a = {now} WHERE b = 2')", "warning"),
    ("keyword by dialect", "true = 'TRUE' if op.get_bind().dialect.name == 'postgresql' else '1'\nop.execute(f'UPDATE t SET a = {true} WHERE b = 2')", "warning"),
    ("one of two", "import os\nv = '1' if os.environ else 'TRUE'\nop.execute(f'UPDATE t SET a = {v} WHERE b = 2')", "warning"),
    ("quoted number", "v = 1\nop.execute(f\"UPDATE t SET a = '{v}' WHERE b = 2\")", "error"),
    ("string with its quotes", "v = \"'so long'\"\nop.execute(f'UPDATE t SET a = {v} WHERE b = 2')", "error"),
    ("repr", "v = 'x'\nop.execute(f'UPDATE t SET a = {v!r} WHERE b = 2')", "error"),
    ("in quotes with %", "v = 'x'\nop.execute(f\"DELETE FROM t WHERE a LIKE '{v}%'\")", "error"),
    ("number from outside", "import os\nop.execute(f\"DELETE FROM t WHERE a = {int(os.environ['N'])}\")", "error"),
    ("string and number", "n, v = 1, 'x'\nop.execute(f\"UPDATE t SET a = '{v}' WHERE b = {n}\")", "error"),
    ("DDL from outside", "import os\nop.execute('ANALYZE ' + os.environ.get('T', 'x'))", "error"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "severity"), [c[1:] for c in REVISIONS], ids=[c[0] for c in REVISIONS]
)
def test_built_sql_in_a_revision(body: str, severity: str, tmp_path: Path) -> None:
    found = in_revision(body, tmp_path)
    assert found
    assert set(found) == {severity}


# What the code makes by itself comes from nowhere outside; bound it could be all the same.
MADE = "import datetime, random, time, uuid\nfrom datetime import datetime as dt\nfrom uuid import uuid4\n"
OUTSIDE = [
    ("uuid4()", False),
    ("uuid4().hex", False),
    ("str(uuid.uuid4())", False),
    ("uuid4().hex[:8]", False),
    ("dt.utcnow()", False),
    ("datetime.datetime.now(datetime.timezone.utc).isoformat()", False),
    ("dt.now().strftime('%Y')", False),
    ("int(time.time())", False),
    ("random.randint(1, 9)", False),
    ("uuid.UUID(sys.argv[1])", True),
    ("dt.fromisoformat(sys.argv[1])", True),
    ("f'{uuid4()}{sys.argv[1]}'", True),
]


@pytest.mark.parametrize(("made", "outside"), OUTSIDE)
def test_what_the_code_makes_itself(made: str, outside: bool, tmp_path: Path) -> None:
    body = f"import sys\n{MADE}v = {made}\nop.execute(f\"UPDATE t SET a = '{{v}}' WHERE a = 1\")"
    found = judge(Example(upgrade=body), tmp_path)
    (said,) = (f.message for f in found if f.rule == "string-built-sql")
    assert ("from outside" in said) == outside


HEAD = """\
import logging
import os
import sqlite3
from string import Template
from textwrap import dedent

import pandas
from sqlalchemy import create_engine, literal_column, select, text
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
TABLE = "users"


"""
LINE = HEAD.count("\n") + 1
# In a repository: the line of the finding is counted from the first one of the code.
SOURCES = [
    ("session.execute f-string", "def f(session, v):\n    session.execute(text(f\"SELECT * FROM t WHERE a = '{v}'\"))", ["error 2"]),
    ("session.execute %", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = %s' % v))", ["error 2"]),
    ("session.execute format", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = {}'.format(v)))", ["error 2"]),
    ("session.execute +", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = ' + v))", ["error 2"]),
    ("+= under a test", "def f(session, v):\n    sql = 'SELECT * FROM t'\n    if v:\n        sql += f\" WHERE a = '{v}'\"\n    session.execute(text(sql))", ["error 5"]),
    ("join", "def f(session, vs):\n    session.execute(text('SELECT * FROM t WHERE a IN (' + ','.join(vs) + ')'))", ["error 2"]),
    ("Template", "def f(session, v):\n    session.execute(text(Template('SELECT * FROM t WHERE a = $v').substitute(v=v)))", ["error 2"]),
    ("replace", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = V'.replace('V', v)))", ["error 2"]),
    ("dedent", "def f(session, v):\n    session.execute(text(dedent(f'''\n        SELECT * FROM t WHERE a = {v}\n    ''')))", ["error 2"]),
    ("cursor.execute", "def f(cursor, v):\n    cursor.execute(f\"SELECT * FROM t WHERE a = '{v}'\")", ["error 2"]),
    ("cursor of a connection", "def f(path, v):\n    with sqlite3.connect(path) as c:\n        c.cursor().execute('DELETE FROM t WHERE a = %s' % v)", ["error 3"]),
    ("executemany", "def f(cursor, t, rows):\n    cursor.executemany(f'INSERT INTO {t} VALUES (?)', rows)", ["error 2"]),
    ("engine", "def f(url, v):\n    with create_engine(url).connect() as c:\n        c.execute(text(f'DELETE FROM t WHERE a = {v}'))", ["error 3"]),
    ("exec_driver_sql", "def f(c, v):\n    c.exec_driver_sql(f'DELETE FROM t WHERE a = {v}')", ["error 2"]),
    ("method", "class R:\n    def f(self, v):\n        self.session.execute(text(f'DELETE FROM t WHERE a = {v}'))", ["error 3"]),
    ("attribute", "class R:\n    def f(self):\n        self.session.execute(text(f'SELECT * FROM {self.table}'))", ["error 3"]),
    ("async", "class R:\n    async def f(self, v):\n        async with self.session() as s:\n            await s.execute(text(f'DELETE FROM t WHERE a = {v}'))", ["error 4"]),
    ("pandas.read_sql", "def f(v, c):\n    return pandas.read_sql(f\"SELECT * FROM t WHERE a = '{v}'\", c)", ["error 2"]),
    ("pandas.read_sql_query", "def f(v, c):\n    return pandas.read_sql_query('SELECT * FROM t WHERE a = ' + v, con=c)", ["error 2"]),
    ("where(text())", "def f(q, v):\n    return q.where(text(f\"a = '{v}'\"))", ["error 2"]),
    ("order_by(text())", "def f(q, column):\n    return q.order_by(text(f'{column} DESC'))", ["error 2"]),
    ("filter(text())", "def f(session, v):\n    return session.query(TABLE).filter(text('a = %s' % v)).all()", ["error 2"]),
    ("text() handed on", "def f(v):\n    return text(f'SELECT * FROM t WHERE a = {v}')", ["error 2"]),
    ("a default from outside", "from sqlalchemy import Column, String\ndef f(v):\n    return Column('c', String, server_default=text(f\"'{v}'\"))", ["error 3"]),
    ("environment", "def f(session):\n    session.execute(text(f\"SET ROLE {os.environ['ROLE']}\"))", ["error 2"]),
    ("constant name", "def f(session):\n    session.execute(text(f'SELECT * FROM {TABLE}'))", ["warning 2"]),
    ("constant value", "def f(session):\n    session.execute(text(f\"SELECT * FROM t WHERE a = '{TABLE}'\"))", ["error 2"]),
    ("a setting of SQLite", "def f(c, name):\n    c.execute(f\"PRAGMA table_info('{name}')\")", ["error 2"]),
    ("values in a list", "def f(c, ids):\n    c.execute('SELECT * FROM t WHERE id IN (' + ','.join(str(i) for i in ids) + ')')", ["error 2"]),
    ("names of parameters from outside", "def f(s, names):\n    s.execute(text('SELECT * FROM t WHERE a IN (' + ','.join(f':{n}' for n in names) + ')'))", ["error 2"]),
    ("columns, bound", "def f(c, columns, row):\n    c.execute('UPDATE t SET ' + ', '.join(f'{c} = ?' for c in columns), row)", ["error 2"]),
    ("a number of its own", "def f(c, rows):\n    c.execute(f'SELECT * FROM t LIMIT {len(rows)}')", ["warning 2"]),
    ("SQL by a method of that name", "class R:\n    def f(self, v):\n        self.exec(f'SET ROLE {v}')", ["error 3"]),
    ("fetch of asyncpg", "async def f(pool, v):\n    return await pool.fetch(f\"SELECT * FROM t WHERE a = '{v}'\")", ["error 2"]),
    ("fetch_all of databases", "async def f(db, v):\n    return await db.fetch_all(query=f\"SELECT * FROM t WHERE a = '{v}'\")", ["error 2"]),
    ("read_sql by keyword", "def f(v, c):\n    return pandas.read_sql(con=c, sql=f\"SELECT * FROM t WHERE a = '{v}'\")", ["error 2"]),
    ("execute by keyword", "def f(session, v):\n    session.execute(statement=text(f'DELETE FROM t WHERE a = {v}'))", ["error 2"]),
    ("DDL", "def f(session, name):\n    session.execute(text(f'DROP TABLE {name}'))", ["error 2"]),
    ("composed, but for a piece", "from psycopg2 import sql\ndef f(cursor, t, v):\n    cursor.execute(sql.SQL('SELECT * FROM {} WHERE {}').format(sql.Identifier(t), sql.SQL(f'a = {v}')))", ["error 3"]),
    ("literal_column", "def f(session, v):\n    return session.execute(select(literal_column(f'max({v})')))", ["error 2"]),
    ("one of what is listed", "def f(s, v):\n    names = {'a': 'id', 'b': 'age'}\n    s.execute(text(f'SELECT * FROM t ORDER BY {names[v]}'))", ["warning 3"]),
    ("one of what is listed, or a constant", "def f(s, v):\n    names = {'a': 'id', 'b': 'age'}\n    s.execute(text(f\"SELECT * FROM t ORDER BY {names.get(v, 'id')}\"))", ["warning 3"]),
    ("what is listed, or anything", "def f(s, v):\n    names = {'a': 'id', 'b': 'age'}\n    s.execute(text(f'SELECT * FROM t ORDER BY {names.get(v, v)}'))", ["error 3"]),
    ("a list that holds anything", "def f(s, v, w):\n    names = {'a': 'id', 'b': w}\n    s.execute(text(f'SELECT * FROM t ORDER BY {names[v]}'))", ["error 3"]),
    ("a list that others add to", "def f(s, v, more):\n    names = {'a': 'id'}\n    names.update(more)\n    s.execute(text(f'SELECT * FROM t ORDER BY {names[v]}'))", ["error 4"]),
    ("put together by __init__", "class R:\n    def __init__(self, t='x'):\n        self.sql = f'SELECT * FROM {t}'\n    def f(self, s):\n        s.execute(text(self.sql))", ["error 5"]),
    ("by that of its parent", "class P:\n    def __init__(self, v):\n        self.where = f\"WHERE a = '{v}'\"\nclass R(P):\n    def f(self, s):\n        s.execute(text('SELECT * FROM t ' + self.where))", ["error 6"]),
    ("by __init__, which executes it too", "class R:\n    def __init__(self, s, t):\n        self.sql = f'SELECT * FROM {t}'\n        s.execute(text(self.sql))\n    def f(self, s):\n        s.execute(text(self.sql))", ["error 4", "error 6"]),
    ("kept by the method itself", "class R:\n    def f(self, s, t):\n        self.sql = f'SELECT * FROM {t}'\n        s.execute(text(self.sql))", ["error 4"]),
    ("DDL in a loop", "def f(session):\n    for name in ('a', 'b'):\n        session.execute(text(f'DROP TABLE {name}'))", ["warning 3"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "found"), [c[1:] for c in SOURCES], ids=[c[0] for c in SOURCES])
def test_built_sql_in_a_repository(code: str, found: list[str], tmp_path: Path) -> None:
    expected = [f"{f.split()[0]} {int(f.split()[1]) + LINE - 1}" for f in found]
    assert in_repository(code, tmp_path) == expected


FINE = [
    ("bound", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = :v'), {'v': v})"),
    ("bound later", "def f(session, v):\n    session.execute(text('SELECT * FROM t WHERE a = :v').bindparams(v=v))"),
    ("bound by the driver", "def f(cursor, v):\n    cursor.execute('SELECT * FROM t WHERE a = %s', (v,))"),
    ("as many marks as values", "def f(c, ids):\n    c.execute('SELECT * FROM t WHERE id IN (' + ','.join(['?'] * len(ids)) + ')', ids)"),
    ("a text of marks", "def f(c, ids):\n    c.execute('SELECT * FROM t WHERE id IN (%s)' % ','.join('?' * len(ids)), ids)"),
    ("a mark for each", "def f(c, ids):\n    marks = ', '.join('%s' for _ in ids)\n    c.execute(f'DELETE FROM t WHERE id IN ({marks})', ids)"),
    ("a mark for each number", "def f(c, ids):\n    c.execute('DELETE FROM t WHERE id IN ({})'.format(', '.join(['$1' for _ in range(len(ids))])), ids)"),
    ("numbered parameters", "def f(s, ids):\n    s.execute(text('SELECT * FROM t WHERE id IN (' + ', '.join(f':v_{i}' for i in range(len(ids))) + ')'))"),
    ("parameters by position", "def f(c, rows, columns):\n    c.execute(f\"INSERT INTO t VALUES ({', '.join(':' + str(i) for i, _ in enumerate(columns))})\", rows)"),
    ("a numbered parameter in a loop", "def f(q, tags):\n    for i, tag in enumerate(tags):\n        q = q.filter(text(f'a = :tag_{i}').bindparams(**{f'tag_{i}': tag}))\n    return q"),
    ("a shell's script", "class R:\n    def f(self, job):\n        self.exec(f'set -eu\\nsqueue -j {job}')"),
    ("literals +", "def f(session):\n    session.execute(text('SELECT * ' + 'FROM t'))"),
    ("literals side by side", "def f(session):\n    session.execute(text('SELECT * '\n        'FROM t'))"),
    ("literals joined", "def f(session):\n    session.execute(text(' '.join(['SELECT *', 'FROM t'])))"),
    ("f-string without fields", "def f(session):\n    session.execute(text(f'SELECT * FROM t'))"),
    ("literal +=", "def f(session, all):\n    sql = 'SELECT * FROM t'\n    if not all:\n        sql += ' WHERE a = 1'\n    session.execute(text(sql))"),
    ("dedented literal", "def f(session):\n    session.execute(text(dedent('''\n        SELECT * FROM t\n    ''')))"),
    ("log line", "def f(v):\n    log.info(f'SELECT * FROM t WHERE a = {v}')"),
    ("print", "def f(v):\n    print(f'DELETE FROM t WHERE a = {v}')"),
    ("exception text", "def f(v):\n    raise ValueError(f'SELECT failed for {v}')"),
    ("docstring", "def f(v):\n    '''SELECT * FROM t'''"),
    ("constructs", "def f(session, users, v):\n    session.execute(select(users).where(users.c.a == v))"),
    ("a pool's execute", "def f(pool, v):\n    pool.execute(f'job {v}')"),
    ("another text()", "from html import text\ndef f(v):\n    return text(f'hello {v}')"),
    ("returned, not executed", "def f(v):\n    return f'a = {v}'"),
    ("fetched from elsewhere", "def f(client, v):\n    return client.fetch(f'https://example.org/{v}')"),
    ("one of two words", "def f(s, v):\n    s.execute(text(f'SELECT * FROM t ORDER BY id {(\"ASC\", \"DESC\")[v]}'))"),
    ("composed of quoted pieces", "from psycopg2 import sql\ndef f(cursor, t, v):\n    q = sql.SQL('SELECT {} FROM {} WHERE a = {}').format(sql.SQL(', ').join(map(sql.Identifier, v)), sql.Identifier(t), sql.Literal(v))\n    cursor.execute(q)"),
    ("literal_column as written", "def f(session):\n    return session.execute(select(literal_column('max(a)')))"),
    ("kept as written", "class R:\n    def __init__(self, t):\n        self.sql = 'SELECT 1'\n        self.log = f'about {t}'\n    def f(self, s):\n        log.info(self.log)\n        s.execute(text(self.sql))"),
    ("changed by another method", "class R:\n    def __init__(self, t):\n        self.sql = f'SELECT * FROM {t}'\n    def g(self):\n        self.sql = 'SELECT 1'\n    def f(self, s):\n        s.execute(text(self.sql))"),
    ("a constant as a default", "from sqlalchemy import Column, String\nDEFAULT = 'a'\nc = Column('c', String, server_default=text(f\"'{DEFAULT}'\"))"),
    ("constants in a CHECK", "from sqlalchemy import CheckConstraint\nKINDS = ('a', 'b')\nc = CheckConstraint(text(f\"kind IN ('{KINDS[0]}')\"))"),
    ("a message about SQL", "def f(session, v):\n    message = f'cannot select {v}'\n    session.send(message)"),
]  # fmt: skip


@pytest.mark.parametrize("code", [c[1] for c in FINE], ids=[c[0] for c in FINE])
def test_what_is_no_built_sql(code: str, tmp_path: Path) -> None:
    assert in_repository(code, tmp_path) == []


def test_one_cause_is_found_once(tmp_path: Path) -> None:
    code = "def f(session, v):\n    query = text(f'SELECT * FROM t WHERE a = {v}')\n    session.execute(query)\n    session.execute(query)"
    assert len(in_repository(code, tmp_path)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "import sys\nt, v, c = sys.argv[1], sys.argv[2], 'x'\nop.execute(f\"UPDATE {t} SET a = '{v}', b = '{c}' WHERE d = 1\")",
            ["`v` comes from outside", "`c` is written", "`t` comes from outside and decides"],
        ),
        (
            "for t, n in (('x', 1), ('y', 2)):\n    op.execute(f'UPDATE {t} SET a = {n} WHERE b = 3')",
            ["`n`, `t` are put into"],
        ),
        (
            "true = 'TRUE' if op.get_bind().dialect.name == 'postgresql' else '1'\nop.execute(f'UPDATE t SET a = {true} WHERE b = 2')",
            ["`true` is put into"],
        ),
    ],
)
def test_one_finding_for_a_statement(body: str, said: list[str], tmp_path: Path) -> None:
    found = judge(Example(upgrade=body), tmp_path)
    (message,) = (f.message for f in found if f.rule == "string-built-sql")
    assert [words for words in said if words not in message] == []


def test_what_a_helper_builds_when_it_is_imported_is_told_of_no_revision(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(
        "import sqlalchemy as sa\nN = 'x'\nT = sa.Table('t', sa.MetaData(),"
        " sa.Column('a', sa.Text(), server_default=sa.text(f\"'{N}'\")))\n"
    )
    code = "from alembic import op\nfrom models import T, N\ndef upgrade():\n    "
    assert reading(code + "op.drop_table(T.name)", tmp_path).built == ()
    (built,) = reading(code + "op.execute(f\"DELETE FROM t WHERE a = '{N}'\")", tmp_path).built
    assert built.span.line == 4
