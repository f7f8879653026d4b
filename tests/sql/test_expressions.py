"""What a SQL expression says, a table for each question."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Psql
from test_postgresql_grammar import CONDITIONS, DEFAULTS
from test_sql import PIECES
from test_sql_postgresql import ALWAYS, SOMETIMES

from guard.expression import Cast, Expression
from guard.operations import Type
from guard.sql.expressions import read_expression
from guard.sql.volatility import BY_DIALECT

POSTGRESQL, MYSQL, MARIADB, SQLITE = "postgresql", "mysql", "mariadb", "sqlite"

COLUMNS: list[tuple[str, str | None, tuple[str, ...]]] = [
    ("a > 0 AND b IS NULL", POSTGRESQL, ("a", "b")),
    ("A > 0 AND \"B\" IS NULL", POSTGRESQL, ("a", "B")),
    ("A > 0", None, ("A",)),
    ("t.a = u.b", POSTGRESQL, ("a", "b")),
    ("lower(a) = 'b' AND c::d > 1", POSTGRESQL, ("a", "c")),
    ("`a b` > \"c\"", MYSQL, ("a b",)),
    ("[a b] > 'c'", SQLITE, ("a b",)),
    ("a", POSTGRESQL, ("a",)),
    ("\"A\"", POSTGRESQL, ("A",)),
    ("user", POSTGRESQL, ()),
    ("a IN (SELECT b FROM t)", POSTGRESQL, ("a", "b")),
    ("a = :b AND c = %s", POSTGRESQL, ("a", "c")),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "expected"), COLUMNS)
def test_columns(sql: str, dialect: str | None, expected: tuple[str, ...]) -> None:
    found = read_expression(sql, dialect)
    assert found.columns == expected
    assert all(found.mentions(name) for name in expected)
    assert found.mentions("x") is False


# Constant and volatile; None: not known

FUNCTIONS: list[tuple[str, str | None, bool | None, bool | None]] = [
    ("1", POSTGRESQL, True, False),
    ("-1.5", POSTGRESQL, True, False),
    ("'{}'::jsonb", POSTGRESQL, True, False),
    ("$$a$$", POSTGRESQL, True, False),
    ("array['a', 'b']", POSTGRESQL, True, False),
    ("lower('X') || 'y'", POSTGRESQL, True, False),
    ("a + 1", POSTGRESQL, False, False),
    ("(SELECT 1)", POSTGRESQL, False, False),
    ("now()", POSTGRESQL, False, False),
    ("CURRENT_TIMESTAMP", POSTGRESQL, False, False),
    ("CURRENT_TIMESTAMP(3)", POSTGRESQL, False, False),
    ("pg_catalog.now()", POSTGRESQL, False, False),
    ("timezone('utc', now())", POSTGRESQL, False, False),
    ("(now() AT TIME ZONE 'utc') + interval '1 day'", POSTGRESQL, False, False),
    ("CURRENT_USER", POSTGRESQL, False, False),
    ("clock_timestamp()", POSTGRESQL, False, True),
    ("random() * 10", POSTGRESQL, False, True),
    ("gen_random_uuid()", POSTGRESQL, False, True),
    ("uuid_generate_v4()", POSTGRESQL, False, True),
    ("md5(random()::text || clock_timestamp()::text)", POSTGRESQL, False, True),
    ("nextval('s'::regclass)", POSTGRESQL, False, True),
    ("f(1)", POSTGRESQL, None, None),
    ("f()", POSTGRESQL, None, None),
    ("s.now()", POSTGRESQL, None, None),
    ("f(a)", POSTGRESQL, False, None),
    ("f(random())", POSTGRESQL, False, True),
    ("f(now())", POSTGRESQL, False, None),
    (":a", POSTGRESQL, None, None),
    ("now()", MYSQL, False, False),
    ("CURRENT_TIMESTAMP(6)", MARIADB, False, False),
    ("uuid()", MYSQL, False, True),
    ("uuid_to_bin(uuid())", MYSQL, False, True),
    ("sysdate()", MYSQL, False, True),
    ("rand()", MARIADB, False, True),
    ("gen_random_uuid()", MYSQL, None, None),
    ("CURRENT_TIMESTAMP", SQLITE, False, False),
    ("datetime('now')", SQLITE, False, False),
    ("random()", SQLITE, False, True),
    ("randomblob(16)", SQLITE, False, True),
    ("now()", None, False, False),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "constant", "volatile"), FUNCTIONS)
def test_constant_and_volatile(
    sql: str, dialect: str | None, constant: bool | None, volatile: bool | None
) -> None:
    found = read_expression(sql, dialect)
    assert found.understood
    assert (found.is_constant, found.is_volatile) == (constant, volatile)


NULLS: list[tuple[str, bool | None]] = [
    ("NULL", True),
    ("null::jsonb", True),
    ("CAST(NULL AS text)", True),
    ("((NULL))", True),
    ("'NULL'", False),
    ("'x'::text", False),
    ("-1", False),
    ("array[1]", False),
    ("now()", False),
    ("nullif(1, 1)", None),
    ("a", None),
    ("f()", None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), NULLS)
def test_is_null(sql: str, expected: bool | None) -> None:
    assert read_expression(sql, POSTGRESQL).is_null is expected


# Conditions


@pytest.mark.parametrize("sql", [*ALWAYS, "lower(a) = lower(a)", "1", "'t'", "a <= a"])
def test_always_true(sql: str) -> None:
    assert read_expression(sql, POSTGRESQL).always_true is True


@pytest.mark.parametrize("sql", [*SOMETIMES, "f(a) = f(a)", "random() = random()", ":a = :b", "0", "NULL", "a LIKE ANY (b)"])  # fmt: skip
def test_not_always_true(sql: str) -> None:
    assert read_expression(sql, POSTGRESQL).always_true is False


FORBIDS: list[tuple[str, str | None, tuple[str, ...]]] = [
    ("c IS NOT NULL", POSTGRESQL, ("c",)),
    ("(((c) IS NOT NULL))", POSTGRESQL, ("c",)),
    ("t.c IS NOT NULL", POSTGRESQL, ("c",)),
    ("c NOTNULL", POSTGRESQL, ("c",)),
    ("c IS DISTINCT FROM NULL", POSTGRESQL, ("c",)),
    ("NULL::int IS DISTINCT FROM c", POSTGRESQL, ("c",)),
    ("c IS NOT DISTINCT FROM NULL", POSTGRESQL, ()),
    ("NOT c IS NULL", POSTGRESQL, ("c",)),
    ("NOT (NOT (c IS NOT NULL))", POSTGRESQL, ("c",)),
    ("c IS NOT NULL AND d > 0", POSTGRESQL, ("c",)),
    ("d > 0 AND (c IS NOT NULL AND e IS NOT NULL)", POSTGRESQL, ("c", "e")),
    ("NOT (c IS NULL OR d IS NULL)", POSTGRESQL, ("c", "d")),
    ("c IS NOT NULL OR d IS NOT NULL", POSTGRESQL, ()),
    ("c IS NOT NULL AND a = 1 OR c IS NOT NULL AND b = 1", POSTGRESQL, ("c",)),
    ("NOT (c IS NULL AND d IS NULL)", POSTGRESQL, ()),
    ("NOT (c IS NOT NULL)", POSTGRESQL, ()),
    ("c IS NULL", POSTGRESQL, ()),
    # A CHECK whose result is NULL passes.
    ("c > 0", POSTGRESQL, ()),
    ("length(c) > 0", POSTGRESQL, ()),
    ("c <> ''", POSTGRESQL, ()),
    ("(c IS NOT NULL) = true", POSTGRESQL, ()),
    ("CASE WHEN a THEN c IS NOT NULL END", POSTGRESQL, ()),
    ("lower(c) IS NOT NULL", POSTGRESQL, ()),
    ("'c IS NOT NULL' = d", POSTGRESQL, ()),
    ("d > 0 -- AND c IS NOT NULL", POSTGRESQL, ()),
    ("`C` IS NOT NULL", MYSQL, ("c",)),
    ("[C] NOT NULL", SQLITE, ("c",)),
    ("C IS NOT NULL", None, ("c",)),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "columns"), FORBIDS)
def test_forbids_null(sql: str, dialect: str | None, columns: tuple[str, ...]) -> None:
    found = read_expression(sql, dialect)
    assert {name: found.forbids_null(name) for name in ("c", "d", "e")} == {
        name: name in columns for name in ("c", "d", "e")
    }


def test_names_are_compared_as_the_dialect_does() -> None:
    assert read_expression("C IS NOT NULL", POSTGRESQL).forbids_null("C") is False
    assert read_expression('"C" IS NOT NULL', POSTGRESQL).forbids_null("C") is True
    assert read_expression("C IS NOT NULL", MYSQL).forbids_null("c") is True


CASTS: list[tuple[str, str, Cast | None]] = [
    ("c::int", POSTGRESQL, Cast("c", Type(name="integer"))),
    ("(c)::varchar(20)", POSTGRESQL, Cast("c", Type(name="varchar", length=20))),
    ("CAST(t.C AS timestamptz)", POSTGRESQL, Cast("c", Type(name="timestamp", timezone=True))),
    ("c::s.mood", POSTGRESQL, Cast("c", Type(name="s.mood"))),
    ("c::text[]", POSTGRESQL, Cast("c", Type(name="text", array=1))),
    ("CAST(c AS CHAR(5))", MYSQL, Cast("c", Type(name="char", length=5))),
    ("c::text::int", POSTGRESQL, None),
    ("nullif(c, '')::int", POSTGRESQL, None),
    ("'1'::int", POSTGRESQL, None),
    ("c", POSTGRESQL, None),
    ("c::int + 1", POSTGRESQL, None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "cast"), CASTS)
def test_casts(sql: str, dialect: str, cast: Cast | None) -> None:
    found = read_expression(sql, dialect)
    assert found.cast == cast
    assert found.is_cast_of("c") is (cast is not None)
    assert found.is_cast_of("d") is False


VALUES: list[tuple[str, tuple[str, ...] | None]] = [
    ("c IN ('a', 'b')", ("a", "b")),
    ("c IN (1, -2)", ("1", "-2")),
    ("c = 'a'", ("a",)),
    ("c = 'a' OR c = 'b' OR c = 'a'", ("a", "b")),
    ("c IS NULL OR c IN ('a')", ("a",)),
    ("c IN ('a', 'b', 'd') AND c IN ('d', 'b') AND d > 1", ("b", "d")),
    ("c::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])", ("a", "b")),
    ("(c)::text = ANY ((ARRAY['it''s'::character varying])::text[])", ("it's",)),
    ("c IN ('a', d)", None),
    ("c IN ('a', '{b}')", None),
    ("c = 'a' OR d = 'b'", None),
    ("d IS NULL OR c IN ('a')", None),
    ("NOT c IN ('a')", None),
    ("c <> 'a'", None),
    ("c IN (SELECT 1)", None),
    ("c = ANY ('{a,b}')", None),
    ("c > 1", None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), VALUES)
def test_allowed_values(sql: str, expected: tuple[str, ...] | None) -> None:
    assert read_expression(sql, POSTGRESQL).allowed_values("c") == expected


# What cannot be read is never guessed


@pytest.mark.parametrize("sql", ["", " ", "a b", "1, 2", "a FROM t", "a >", "(a", "'a", "a; b", "{x} > 1", "c IS NOT NULL AND {x}", "-- a", "(" * 500 + "1" + ")" * 500])  # fmt: skip
def test_what_is_not_understood_says_nothing(sql: str) -> None:
    found = read_expression(sql, POSTGRESQL)
    assert found == Expression(sql=sql, dialect=POSTGRESQL, understood=False)
    answers = (found.is_constant, found.is_volatile, found.is_null, found.always_true)
    asked = (
        found.mentions("c"),
        found.forbids_null("c"),
        found.is_cast_of("c"),
        found.allowed_values("c"),
    )
    assert {*answers, *asked} == {None}


@pytest.mark.parametrize("sql", DEFAULTS + CONDITIONS)
def test_what_postgresql_takes_is_understood(sql: str) -> None:
    assert read_expression(sql, POSTGRESQL).understood


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(
    st.lists(PIECES, max_size=8).map(" ".join),
    st.sampled_from([None, POSTGRESQL, MYSQL, MARIADB, SQLITE]),
)
def test_no_expression_is_too_strange(sql: str, dialect: str | None) -> None:
    assert read_expression(sql, dialect).sql == sql


PLAIN = ["1", "-1", "'x'", "'{}'::jsonb", "'x'::character varying(3)", "NULL", "true", "1 = 1", "a", "now()", "CURRENT_TIMESTAMP", "gen_random_uuid()", "{x}"]  # fmt: skip
LAZY = """
import sys
from guard.sql.expressions import read_expression
for sql in {plain}:
    read_expression(sql, "postgresql")
assert "sqlglot" not in sys.modules
read_expression("a > 1", "postgresql")
assert "sqlglot" in sys.modules
"""


def test_what_is_plain_needs_no_parser() -> None:
    subprocess.run([sys.executable, "-c", LAZY.format(plain=PLAIN)], check=True)


# Against the catalog of a live server

PROVOLATILE = """
SELECT json_object_agg(proname, classes) FROM (
  SELECT proname, json_agg(DISTINCT CASE provolatile WHEN 'i' THEN 'immutable'
    WHEN 's' THEN 'stable' ELSE 'volatile' END) AS classes
  FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY proname) f;
"""


@pytest.mark.server
def test_the_classes_of_functions_are_those_of_postgresql(psql: Psql) -> None:
    real = json.loads(psql(PROVOLATILE.replace("\n", " ")))
    ours = {name: kind for kind, names in BY_DIALECT[POSTGRESQL].items() for name in names}
    known = {name: kind for name, kind in ours.items() if name in real}
    assert len(known) > 80
    assert {n: (kind, real[n]) for n, kind in known.items() if kind not in real[n]} == {}
    # Where its forms differ by the types of the arguments, the least settled one counts, but for
    # those whose usual forms (of text, of a zone and a time) are immutable.
    order = ["immutable", "stable", "volatile"]
    lax = {n for n, kind in known.items() if order.index(kind) < max(map(order.index, real[n]))}
    assert lax == {"extract", "length", "quote_literal", "timezone"}
