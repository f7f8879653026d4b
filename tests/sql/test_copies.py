"""What statements take unchanged from the columns of a table."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from guard.operations import Copy, CreateTable, CreateView, Insert, Name, Update
from guard.sql import read_sql

OLD, S, T = Name("o"), Name("s"), Name("t")


def copy_in(sql: str, dialect: str = "postgresql") -> Copy | None:
    (statement,) = read_sql(sql, dialect, ()).statements
    (operation,) = statement.operations
    assert isinstance(operation, CreateTable | Insert | Update)
    return operation.copy


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO n (x, y) SELECT a, o.b FROM o", Copy(source=OLD, columns=("a", "b"), names=("x", "y"))),
        ("INSERT INTO n SELECT x.* FROM o AS x ORDER BY id", Copy(source=OLD, columns=("*",))),
        ("INSERT INTO n (SELECT a FROM o)", Copy(source=OLD, columns=("a",))),
        ("CREATE TABLE n AS SELECT a, b AS c FROM o", Copy(source=OLD, columns=("a", "b"), names=("a", "c"))),
        ("INSERT INTO n (x, y) SELECT a, upper(b) FROM o", Copy(source=OLD, columns=("a", None), names=("x", "y"))),
        ("UPDATE t SET a = b", Copy(source=T, columns=("b",))),
        ("UPDATE t AS x SET a = x.a, c = 1", Copy(source=T, columns=("a", None))),
        ("UPDATE t SET a = s.b FROM s WHERE s.id = t.id", Copy(source=S, columns=("b",))),
        ("UPDATE t SET a = (SELECT b FROM s WHERE s.id = t.id)", Copy(source=S, columns=("b",))),
    ],
)  # fmt: skip
def test_it_takes_all_rows(sql: str, expected: Copy) -> None:
    assert copy_in(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO n (a) SELECT a FROM o WHERE a > 1",
        "INSERT INTO n (a) SELECT a FROM o LIMIT 5",
        "INSERT INTO n (a) SELECT a FROM o JOIN p ON p.id = o.id",
        "INSERT INTO n (a) SELECT a FROM o, p",
        "INSERT INTO n (a) SELECT a FROM o GROUP BY a",
        "INSERT INTO n (a) SELECT a FROM o EXCEPT SELECT a FROM p",
        "INSERT INTO n (a) SELECT a FROM o ON CONFLICT DO NOTHING",
        "UPDATE t SET a = b WHERE c > 1",
        "UPDATE t SET a = s.b FROM s WHERE s.id = t.id AND s.c > 1",
    ],
)
def test_it_leaves_rows_out(sql: str) -> None:
    found = copy_in(sql)
    assert found
    assert not found.all_rows


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO n (a) VALUES (1)",
        "INSERT INTO n (a) SELECT DISTINCT a FROM o",
        "WITH o AS (SELECT 1 AS a) INSERT INTO n (a) SELECT a FROM o",
        "CREATE TABLE n AS SELECT * FROM o WITH NO DATA",
        "CREATE TABLE n (x) AS SELECT a FROM o",
        "UPDATE t SET a = 1",
        "UPDATE t SET a = upper(b)",
        "UPDATE t SET a = (SELECT max(b) FROM s)",
        "UPDATE t SET a = (SELECT b FROM s WHERE s.id = t.id AND s.c > 1)",
    ],
)
def test_it_takes_nothing_unchanged(sql: str) -> None:
    assert copy_in(sql) is None


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_rows_that_may_be_ignored(dialect: str) -> None:
    word = "OR IGNORE" if dialect == "sqlite" else "IGNORE"
    found = copy_in(f"INSERT {word} INTO n (a) SELECT a FROM o", dialect)
    assert found == Copy(source=OLD, columns=("a",), names=("a",), all_rows=False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a, b, a FROM o", ("a", "b", "a")),
        ("SELECT o.a, s.o.a FROM o JOIN s ON true", ("a", "a")),
        ('SELECT count(*) AS n, a AS "N" FROM o', ("n", "N")),
        ("SELECT DISTINCT ON (b) b, a UNION SELECT c, d FROM o", ("b", "a")),
        ("(SELECT a)", ("a",)),
        # What a server calls these is its own affair.
        ("SELECT a::text, lower(a), 1, *, o.*, a b, CASE WHEN a THEN b END FROM o", ()),
        ("WITH w AS (SELECT a, a FROM o) SELECT * FROM w", ()),
        ("VALUES (1, 1)", ()),
    ],
)
@pytest.mark.parametrize("create", ["CREATE VIEW n AS ", "CREATE TABLE n AS "])
def test_the_names_that_a_query_gives(create: str, query: str, expected: tuple[str, ...]) -> None:
    (statement,) = read_sql(create + query, "postgresql", ()).statements
    (operation,) = statement.operations
    assert isinstance(operation, CreateTable | CreateView)
    assert operation.queried == expected
