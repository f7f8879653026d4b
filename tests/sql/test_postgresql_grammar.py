"""PostgreSQL's own grammar as the referee of what guard takes for SQL.

The grammar tells whether a statement parses, and no more: it knows neither tables nor functions,
does not look into the body of a DO block, and takes no parameters of Python's drivers.
"""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import ast
import itertools
import random
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pglast.parser import ParseError, parse_sql
from test_sql import INVALID, REFUSED
from test_sql_postgresql import ALTER_TABLE, ALWAYS, CREATE, OTHERS, ROWS, SOMETIMES, TYPES

from guard.judge.load_rules import load_rules
from guard.operations import Opaque
from guard.rule import Example
from guard.sql import read_sql
from guard.sql.tokens import split

pytestmark = pytest.mark.no_cover  # it compares; what it reads others read too


def guard_takes(sql: str) -> bool:
    """Whether guard finds nothing invalid."""
    found = [
        op for statement in read_sql(sql, "postgresql").statements for op in statement.operations
    ]
    return not any(isinstance(op, Opaque) and op.invalid for op in found)


def postgresql_takes(sql: str) -> bool:
    try:
        parse_sql(sql)
    except ParseError:
        return False
    return True


# What stands in the tables of the other tests, and in the examples of the rules

TABLES = [
    *(f"ALTER TABLE t {action}" for action, _ in ALTER_TABLE),
    *(f"ALTER TABLE t ALTER a TYPE {written}" for written, _ in TYPES),
    *(f"DELETE FROM t WHERE {condition}" for condition in ALWAYS + SOMETIMES),
    *(sql for sql, _ in CREATE + OTHERS + ROWS + INVALID),
    *REFUSED,
]
DIFFER = {
    "SELECT a FROM t WHERE a = :a AND b = %(b)s AND c IN %s AND d = $1 AND e %% 2 = 0": "parameters of drivers",
    "SELECT '{}'\\:\\:jsonb FROM t": "colons escaped for SQLAlchemy",
    "DELETE FROM t WHERE a = :a": "a parameter of SQLAlchemy",
    "DO $$ BEGIN DROP TABLE t; $$": "the body of a block is read by its language alone",
    "ALTER TABLE t ALTER CONSTRAINT fk FOO 1": "a change of a constraint that a later version may know",
}


@pytest.mark.parametrize("sql", TABLES)
def test_guard_and_the_grammar_agree(sql: str) -> None:
    assert (guard_takes(sql) == postgresql_takes(sql)) is (sql not in DIFFER)


STATEMENTS = [
    line.removesuffix(";")
    for line in Path(__file__)
    .with_name("postgresql_statements.sql")
    .read_text("utf-8")
    .splitlines()
    if not line.startswith("--")
]
# Rows that sqlglot, which checks them, does not know.
UNKNOWN = {
    'SELECT 1 AS select, 2 "x", 3 y': "a reserved word as an alias",
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_guard_takes_what_postgresql_takes(sql: str) -> None:
    assert postgresql_takes(sql)
    assert guard_takes(sql) is (sql not in UNKNOWN)


def executed(example: Example) -> Iterator[str]:
    """Yield the SQL that the revisions of an example execute."""
    for code in (*example.released, example.upgrade, example.downgrade or ""):
        for node in ast.walk(ast.parse(textwrap.dedent(code).strip())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="execute"), args=[ast.Constant(str(sql)), *_]
                ):
                    yield sql


EXAMPLES = sorted(
    {
        sql
        for rule in load_rules()
        if rule.dialects is None or "postgresql" in rule.dialects
        for example in (*rule.unsafe, *rule.safe)
        if example.dialect in (None, "postgresql")
        for sql in executed(example)
    }
)


def test_the_rules_have_examples_of_sql() -> None:
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize("sql", EXAMPLES)
def test_guard_and_the_grammar_agree_on_the_examples_of_rules(sql: str) -> None:
    assert guard_takes(sql) == postgresql_takes(sql)


# Expressions, wherever they stand

DEFAULTS = r"""
array['a','b']
array[1,2]
array[[1,2],[3,4]]::int[][]
'{a,b}'::text[]
(array['a','b'])[1]
ARRAY(SELECT 1)
CASE WHEN true THEN 'a, b' ELSE 'c' END
CASE WHEN a IN (1, 2) THEN CASE 1 WHEN 1 THEN 2 END ELSE 3 END
'a'::character varying
'a'::character varying(3)[]
now()::timestamp with time zone
now()::timestamp(3) without time zone
'1'::double precision
'a'::s."Mood"
'x'::pg_catalog.text || 'y'
CAST('1' AS numeric(5, 2))
timezone('utc', now())
(now() AT TIME ZONE 'utc')
(now() AT TIME ZONE 'utc') + INTERVAL '1' DAY
INTERVAL '1' DAY
INTERVAL '1-2' YEAR TO MONTH
INTERVAL(3) '1 second'
INTERVAL '1 day, 2 hours'
timestamp with time zone '2020-01-01'
time(3) '10:00'
DATE '2020-01-01'
double precision '1.5'
'a, b'
'it''s, ok'
E'it\'s, ok'
$$a, b$$
$q$a, $$ b$q$
U&'\0061' UESCAPE '!'
B'01'
X'1F'
1_000
0x1F
-1
+ 1.5e-3
- (1 + 2)
@ -5
~ 1
2 ^ 3
5 % 2
'{"a": [1, 2]}'::jsonb
'{"a": {"b": 1}}'::jsonb #>> '{a,b}'
'{"a": 1}'::json -> 'a' ->> 'b'
'[1]'::jsonb @> '1'
'{}'::jsonb || '{"a": 1}'::jsonb
'{"a":1}'::jsonb ? 'a'
'{"a":1}'::jsonb ?| array['a','b']
'a' ~~* 'b'
1 OPERATOR(pg_catalog.+) 2
1 IS DISTINCT FROM 2
1 IS NOT DISTINCT FROM 2
1 = ANY (array[1, 2])
(1 BETWEEN 0 AND 2)
('a' COLLATE "C")
(a).b
(ROW(1, 2)).f1
ROW(1, 2)
nextval('s.q'::regclass)
md5(random()::text || clock_timestamp()::text)
substring('abc' FROM 1 FOR 2)
extract(epoch FROM now())
position('a' IN 'abc')
overlay('abc' PLACING 'x' FROM 1 FOR 1)
trim(BOTH 'x' FROM 'xax')
xmlelement(name foo, 'a')
coalesce(NULL, 1, 2)
greatest(1, 2)
CURRENT_TIMESTAMP
CURRENT_TIMESTAMP(3)
CURRENT_USER
LOCALTIME
NULL
NULL::jsonb
true
gen_random_uuid()
"Schema"."Func"(1, 2)
s.f(VARIADIC array[1,2])
f(a => 1, b := 2)
lower('A')::citext
jsonb_build_object('a', 1, 'b', array[1,2])
json_object('a' VALUE 1, 'b' VALUE 2)
COLLATION FOR ('a')
format('%s, %s', 1, 2)
'x'::"char"
'1'::bit varying(5)
'2020-01-01'::date + 1
'[1,2)'::int4range
'(1,2)'::point <-> '(2,3)'::point
'a' || 'b' || 'c'
a[1]
a[1:2]
'a'::public.citext
xmlparse(DOCUMENT '<a/>') IS DOCUMENT
to_tsvector('english', 'a b') @@ to_tsquery('a & b')
""".strip().splitlines()
CONDITIONS = r"""
a IS NULL
a IS NOT NULL
a NOTNULL
a ISNULL
a IN (1, 2)
a NOT IN ('a', 'b')
a LIKE 'x%' ESCAPE '!'
a NOT ILIKE 'x'
a SIMILAR TO 'x'
a NOT SIMILAR TO 'x' ESCAPE 'y'
a BETWEEN 1 AND 2
a NOT BETWEEN SYMMETRIC 1 AND 2
a AND NOT b
a OR b AND c
NOT a
a IS TRUE
a IS NOT FALSE
a IS UNKNOWN
a COLLATE "C" > 'b'
a AT TIME ZONE 'utc'
now() AT LOCAL
a IS JSON OBJECT WITH UNIQUE KEYS
a IS NOT NORMALIZED
a IS NFC NORMALIZED
a = ANY ('{1,2}'::int[])
a <> ALL (ARRAY[1, 2])
(a, b) OVERLAPS (c, d)
(a, b) = (1, 2)
(a, b) IN ((1, 2), (3, 4))
EXISTS (SELECT 1 FROM u WHERE u.id = a)
a IN (SELECT id FROM u)
CASE a WHEN 1 THEN 'x' ELSE 'y' END = 'x'
CASE WHEN a IS NULL THEN b IS NULL ELSE true END
a -> 'b' ->> 'c' = 'd'
a #>> '{b,c}' IS NOT NULL
a @> '{"b": 1}'
a ? 'b'
a ~ '^[a-z,]+$'
a !~* 'x'
a::date > '2020-01-01'::date
length(a) > 0
num_nonnulls(a, b) = 1
count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b ORDER BY c) > 1
percentile_cont(0.5) WITHIN GROUP (ORDER BY a) > 1
a IS DISTINCT FROM b
(a IS NULL) <> (b IS NULL)
a[1] = 1
(a).b = 1
a.b.c = 1
a & 1 = 0
a << 2 > 1
""".strip().splitlines()
AFTER_DEFAULT = [
    *("", " NOT NULL", " NULL", ' COLLATE "C"', " CHECK (a > 0)", " CONSTRAINT x UNIQUE"),
    *(" REFERENCES u (id)", " PRIMARY KEY", ", ADD b int"),
]
PLACES = [
    "ALTER TABLE t ALTER a SET DEFAULT {}, ALTER b DROP DEFAULT",
    "ALTER TABLE t ADD CHECK ({}) NOT VALID",
    "ALTER TABLE t ADD a int CHECK ({}) NOT NULL",
    "ALTER TABLE t ADD a int GENERATED ALWAYS AS ({}) STORED NOT NULL",
    "ALTER TABLE t ALTER a TYPE text USING {}, ALTER b SET NOT NULL",
    "CREATE TABLE t (a int, EXCLUDE USING gist (({}) WITH =) WHERE ({}))",
    "CREATE TABLE t (a int) PARTITION BY RANGE (({}), a)",
    "CREATE TABLE p PARTITION OF t FOR VALUES FROM ({}) TO (MAXVALUE)",
    "CREATE TABLE p PARTITION OF t FOR VALUES IN ({}, NULL)",
    'CREATE INDEX ix ON t (({}) COLLATE "C" DESC, b text_ops NULLS FIRST) INCLUDE (c) WHERE {}',
    "CREATE DOMAIN d AS text CONSTRAINT c CHECK ({}) NOT NULL",
    "CREATE POLICY p ON t USING ({}) WITH CHECK ({})",
    "CREATE STATISTICS st ON ({}), b FROM t",
    "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN ({}) EXECUTE FUNCTION f()",
    "CREATE VIEW v AS SELECT {}",
    "SELECT {} FROM t WHERE {} ORDER BY {}",
    "UPDATE t SET a = {}, b = 2 WHERE {} RETURNING {}",
    "DELETE FROM t WHERE {}",
    "INSERT INTO t (a) VALUES ({}) ON CONFLICT (a) WHERE {} DO UPDATE SET a = {} WHERE {} RETURNING {}, 1",
    "MERGE INTO t USING u ON {} WHEN MATCHED AND {} THEN UPDATE SET a = {}",
]
# Not the grammar of a default in a column (b_expr), and guard takes it: it reserves fewer words.
LAX = {"1 = ANY (array[1, 2])"}


@pytest.mark.parametrize("written", [written for written in DEFAULTS if written not in LAX])
def test_a_default_among_the_parts_of_a_column(written: str) -> None:
    for after in AFTER_DEFAULT:
        sql = f"ALTER TABLE t ADD a text DEFAULT {written}{after}"
        assert guard_takes(sql), sql
        assert postgresql_takes(sql), sql
    for sql in (
        f"CREATE TABLE t (a text DEFAULT {written} NOT NULL CHECK (a <> 'x'), b int, CHECK (a > b))",
        f"CREATE DOMAIN d AS text DEFAULT {written} NOT NULL",
    ):
        assert guard_takes(sql), sql
        assert postgresql_takes(sql), sql


@pytest.mark.parametrize("written", DEFAULTS + CONDITIONS)
def test_an_expression_anywhere(written: str) -> None:
    for place in PLACES:
        sql = place.replace("{}", written)
        assert guard_takes(sql) == postgresql_takes(sql), sql


@pytest.mark.parametrize("written", ["", "NOT NULL", ", b int", "1 +", "1 1", "a IS NULL", "a AND b", "NOT a", "a IN (1)", "(1", "array[1", "CASE 1"])  # fmt: skip
def test_what_is_no_default(written: str) -> None:
    sql = f"CREATE TABLE t (a int DEFAULT {written}, c int)"
    assert not guard_takes(sql)
    assert not postgresql_takes(sql)


# Mutations

DEFINITIONS = [sql for sql in TABLES if sql.split()[0] in ("ALTER", "CREATE", "DROP", "COMMENT")]
# The grammar lets these pass, and the server then refuses them.
REFUSED_LATER = {
    "COMMENT ON COLUMN": "names no table",
}


def mutations(sql: str) -> Iterator[str]:
    """Yield the statement without one, two or three of its tokens, with one twice, two exchanged."""
    tokens = [token for found in split(sql, "postgresql") for token in found]
    for index, token in enumerate(tokens):
        for last in tokens[index : index + 3]:
            yield sql[: token.start] + sql[last.end :]
        yield sql[: token.end] + " " + sql[token.start :]
    for one, two in itertools.pairwise(tokens):
        first, second = sql[one.start : one.end], sql[two.start : two.end]
        yield f"{sql[: one.start]}{second} {first}{sql[two.end :]}"


def test_guard_refuses_no_mutation_that_the_grammar_takes() -> None:
    found = [m for sql in DEFINITIONS if postgresql_takes(sql) for m in mutations(sql)]
    taken = [sql for sql in found if postgresql_takes(sql)]
    assert len(taken) > 300
    wrong = [sql for sql in taken if not guard_takes(sql)]
    assert [sql for sql in wrong if not any(sql.startswith(start) for start in REFUSED_LATER)] == []


def test_guard_refuses_no_mutated_expression_that_the_grammar_takes() -> None:
    """A sample of them, the same each time, in definitions; rows are sqlglot's to check."""
    definitions = [place for place in PLACES if place.split()[0] in ("ALTER", "CREATE")]
    statements = [
        place.replace("{}", written) for place in definitions for written in DEFAULTS + CONDITIONS
    ]
    chosen = random.Random(6).sample(statements, 150)
    taken = [m for sql in chosen for m in mutations(sql) if postgresql_takes(m)]
    assert len(taken) > 500
    assert [sql for sql in taken if not guard_takes(sql)] == []
