# ruff: noqa: E501  (a row of a table is a line)
"""What the body of a routine or trigger does, and which routines a statement calls."""

from __future__ import annotations

import pytest

from guard.operations import (
    Body,
    CallRoutine,
    CreateObject,
    Delete,
    DropTable,
    Name,
    Opaque,
    Operation,
    Query,
    Truncate,
    Update,
)
from guard.sql import read_sql

T = Name("t")
ALL = Delete(table=T, all_rows=True)
EMPTIED = Truncate(table=T)
PUT_TOGETHER = "the SQL is put together while the block runs"


def read(sql: str, dialect: str) -> list[Operation]:
    return [op for found in read_sql(sql, dialect).statements for op in found.operations]


def body_of(sql: str, dialect: str) -> Body:
    [made] = read(sql, dialect)
    assert isinstance(made, CreateObject)
    assert made.body is not None
    return made.body


def call(name: str, code: str) -> Operation:
    return CallRoutine(name=Name(name), code=code, within=True)


def plpgsql(body: str) -> str:
    return f"CREATE FUNCTION f() RETURNS void AS $x$ {body} $x$ LANGUAGE plpgsql"


BODIES: list[tuple[str, str, list[Operation]]] = [
    ("postgresql", plpgsql("BEGIN DELETE FROM t; END"), [ALL]),
    ("postgresql", plpgsql("DECLARE n int := count_them(); BEGIN TRUNCATE t; END"), [call("count_them", "DECLARE n int := count_them()"), EMPTIED]),
    ("postgresql", plpgsql("BEGIN EXECUTE 'TRUNCATE t'; RETURN; END"), [EMPTIED]),
    ("postgresql", plpgsql("BEGIN RETURN QUERY DELETE FROM t RETURNING *; END"), [ALL]),
    ("postgresql", plpgsql("BEGIN RETURN QUERY EXECUTE 'DELETE FROM t RETURNING 1'; END"), [ALL]),
    ("postgresql", plpgsql("DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE x; END"), [Opaque(reason=PUT_TOGETHER, code="x")]),
    ("postgresql", plpgsql("BEGIN IF g() THEN x := h(1); END IF; RETURN k(); END"), [call("g", "BEGIN IF g() THEN"), call("h", "x := h(1)"), call("k", "RETURN k()")]),
    ("postgresql", plpgsql("BEGIN FOR r IN SELECT g() LOOP NULL; END LOOP; END"), [CallRoutine(name=Name("g"), code="SELECT g()"), call("g", "BEGIN FOR r IN SELECT g() LOOP")]),
    ("postgresql", "CREATE FUNCTION f() RETURNS int AS 'DELETE FROM t; SELECT 1' LANGUAGE sql", [ALL, Query()]),
    ("postgresql", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$ VOLATILE", [Query()]),
    ("postgresql", "CREATE PROCEDURE f() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; TRUNCATE t; END", [ALL, EMPTIED]),
    ("postgresql", "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN g(1)", [call("g", "g(1)")]),
    ("postgresql", "CREATE RULE r AS ON DELETE TO u DO INSTEAD NOTHING", []),
    ("postgresql", "CREATE RULE r AS ON DELETE TO u DO ALSO TRUNCATE t", [EMPTIED]),
    ("postgresql", "CREATE TRIGGER g BEFORE UPDATE ON u EXECUTE FUNCTION tsvector_update_trigger(a, b)", []),
    ("mysql", "CREATE PROCEDURE p() DELETE FROM t", [ALL]),
    ("mysql", "CREATE DEFINER=`a`@`b` PROCEDURE p(IN a INT) MODIFIES SQL DATA COMMENT 'x' SQL SECURITY INVOKER l: BEGIN TRUNCATE t; LEAVE l; END", [EMPTIED]),
    ("mysql", "CREATE FUNCTION f() RETURNS varchar(9) CHARACTER SET utf8mb4 DETERMINISTIC BEGIN DELETE FROM t; RETURN 1; END", [ALL]),
    ("mysql", "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, NOT FOUND, SQLSTATE VALUE '42000' TRUNCATE t; END", [EMPTIED]),
    ("mysql", "CREATE PROCEDURE p() BEGIN WHILE a DO DELETE FROM t; END WHILE; REPEAT TRUNCATE t; UNTIL b END REPEAT; l: LOOP DROP TABLE t; LEAVE l; END LOOP; END", [ALL, EMPTIED, DropTable(table=T)]),
    ("mysql", "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN DELETE FROM t; ELSE TRUNCATE t; END CASE; END", [ALL, EMPTIED]),
    ("mysql", "CREATE PROCEDURE p() BEGIN PREPARE s FROM @x; EXECUTE s; END", [Query(), Opaque(reason="what the prepared statement does is not in sight", code="EXECUTE s")]),
    ("mysql", "CREATE EVENT e ON SCHEDULE AT NOW() DO BEGIN TRUNCATE t; END", [EMPTIED]),
    ("mariadb", "CREATE OR REPLACE PROCEDURE p() BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'DELETE FROM t'; FOR i IN 1..3 DO TRUNCATE t; END FOR; END", [ALL, EMPTIED]),
    ("sqlite", "CREATE TEMP TRIGGER g INSTEAD OF DELETE ON u FOR EACH ROW WHEN old.a BEGIN DELETE FROM t; SELECT RAISE(ABORT, 'x'); END", [ALL, Query()]),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "expected"), BODIES)
def test_what_a_body_does(dialect: str, sql: str, expected: list[Operation]) -> None:
    assert list(body_of(sql, dialect).operations) == expected


UNREADABLE: list[tuple[str, str, str]] = [
    ("postgresql", "CREATE FUNCTION f() RETURNS int AS 'lib', 'symbol' LANGUAGE c", "it is written in c, which guard does not read"),
    ("postgresql", "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ x $$", "it is written in plpython3u, which guard does not read"),
    ("postgresql", plpgsql("BEGIN DELETE FROM t;"), "its body is not understood: the block has no END"),
    ("mysql", "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'", "it is not written in SQL"),
    ("postgresql", plpgsql("BEGIN FROBNICATE t; END"), "a statement of its body is not understood: expected a statement of postgresql"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "reason"), UNREADABLE)
def test_a_body_that_cannot_be_read_is_opaque(dialect: str, sql: str, reason: str) -> None:
    [opaque] = body_of(sql, dialect).operations
    assert isinstance(opaque, Opaque)
    assert not opaque.invalid
    assert opaque.reason.startswith(reason)


FIRED = [
    ("postgresql", "CREATE TRIGGER g AFTER INSERT OR UPDATE OF a, b ON t EXECUTE FUNCTION f()", ("insert", "update")),
    ("postgresql", "CREATE TRIGGER g BEFORE TRUNCATE ON t EXECUTE FUNCTION f()", ("truncate",)),
    ("postgresql", "CREATE RULE r AS ON UPDATE TO t DO ALSO DELETE FROM u", ("update",)),
    ("mysql", "CREATE TRIGGER g BEFORE DELETE ON t FOR EACH ROW FOLLOWS h DELETE FROM u", ("delete",)),
    ("sqlite", "CREATE TRIGGER g DELETE ON t BEGIN DELETE FROM u; END", ("delete",)),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "on"), FIRED)
def test_what_fires_a_trigger(dialect: str, sql: str, on: tuple[str, ...]) -> None:
    assert body_of(sql, dialect).on == on


@pytest.mark.parametrize(
    ("body", "branches"),
    [
        ("BEGIN CREATE TABLE IF NOT EXISTS t (a int); DELETE FROM t; END", False),
        ("BEGIN IF a THEN DELETE FROM t; END IF; END", True),
        ("BEGIN DELETE FROM t; EXCEPTION WHEN others THEN NULL; END", True),
    ],
)
def test_a_body_with_branches_may_not_do_all_of_it(body: str, branches: bool) -> None:
    assert body_of(plpgsql(body), "postgresql").branches is branches


CALLS = [
    ("postgresql", "UPDATE t SET a = f(b), c = g(f(1)) WHERE h(d)", "f g h"),
    ("postgresql", "INSERT INTO t (a) SELECT f() FROM u", "f"),
    ("postgresql", "INSERT INTO t (a, b) VALUES (f(1), 2) ON CONFLICT (lower(a)) DO NOTHING", "f"),
    ("postgresql", "DELETE FROM t USING u WHERE s.f(u.a)", "f"),
    ("postgresql", "MERGE INTO t USING u ON t.a = f(u.a) WHEN MATCHED THEN DO NOTHING", "f"),
    ("postgresql", "WITH x (a, b) AS (SELECT f(1), 2) SELECT * FROM x, LATERAL g(a) AS y (c, d)", "f g"),
    ("postgresql", "SELECT CAST(a AS numeric(3, 1)), b::varchar(4), c::mine(5) FROM t u (a, b, c)", ""),
    ("postgresql", 'SELECT "F"(1), public.uuid_generate_v4(), coalesce(a, now()) FROM t', "F"),
    ("postgresql", "SELECT * FROM t WHERE a IN (1) AND EXISTS (SELECT 1) OR b = ANY (c) AND d OVERLAPS (e)", ""),
    ("postgresql", "CREATE TABLE t AS SELECT f(1)", "f"),
    ("postgresql", "CREATE MATERIALIZED VIEW v AS SELECT f(1)", "f"),
    ("postgresql", "CREATE VIEW v AS SELECT f(1)", ""),
    ("postgresql", "SELECT pg_read_file('x'), query_to_xml('DELETE FROM t', true, false, '')", "pg_read_file query_to_xml"),
    ("mysql", "REPLACE INTO t (a) VALUES (f(1))", "f"),
    ("mysql", "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a) + f(1)", "f"),
    ("mysql", "SELECT a FROM t USE INDEX (ix) PARTITION (p) WHERE MATCH (a) AGAINST ('x')", ""),
    ("mysql", "DO f(1)", "f"),
    ("mysql", "CALL p(f(1))", "p f"),
    ("sqlite", "UPDATE t SET a = strftime('%s', 'now'), b = slug(c) WHERE d", "slug"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "routines"), CALLS)
def test_the_routines_that_a_statement_calls(dialect: str, sql: str, routines: str) -> None:
    found = [op.name.name for op in read(sql, dialect) if isinstance(op, CallRoutine)]
    assert found == routines.split()


def test_a_call_leaves_what_else_the_statement_does() -> None:
    sql = "UPDATE t SET a = f(1)"
    assert read(sql, "postgresql") == [
        Update(table=T, columns=("a",), all_rows=True),
        call("f", sql),
    ]
