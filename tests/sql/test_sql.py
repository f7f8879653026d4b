"""What holds for SQL of any dialect: statements cut apart, holes, errors, blocks, bounds."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sql_mysql import ALTER_TABLE as MYSQL_ALTER
from test_sql_mysql import OTHERS as MYSQL_OTHERS
from test_sql_postgresql import ALTER_TABLE, CREATE, OTHERS, ROWS
from test_sql_sqlite import STATEMENTS

from guard.operations import (
    AddColumn,
    AddConstraint,
    AnyOperation,
    Body,
    CallRoutine,
    Column,
    Constraint,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    Default,
    Delete,
    DropTable,
    Insert,
    LockTable,
    Maintenance,
    Merge,
    Name,
    Opaque,
    Operation,
    Query,
    SetOption,
    Type,
    Update,
)
from guard.sql import Hole, SqlReading, read_sql
from guard.sql.read import MISTAKE

DIALECTS = [None, "postgresql", "mysql", "mariadb", "sqlite"]
T = Name("t")
U = Name("u")


def operations(reading: SqlReading) -> list[Operation]:
    return [op for found in reading.statements for op in found.operations]


def read(sql: str, dialect: str | None = "postgresql") -> list[Operation]:
    """The operations of all statements."""
    return operations(read_sql(sql, dialect))


def built(template: str, dialect: str | None = "postgresql") -> SqlReading:
    """Read a text in which every {piece} is a hole."""
    holes, position = [], 0
    while (start := template.find("{", position)) >= 0:
        position = template.index("}", start) + 1
        holes.append(Hole(start, position, template[start + 1 : position - 1]))
    return read_sql(template, dialect, tuple(holes))


def call(routine: str, code: str, *, within: bool = False) -> Operation:
    schema, _, name = routine.rpartition(".")
    return CallRoutine(name=Name(name, schema or None), code=code, within=within)


# Statements

SPLIT: list[tuple[str, str | None, list[str]]] = [
    ("DROP TABLE t; DROP TABLE u", None, ["DROP TABLE t", "DROP TABLE u"]),
    (";; \n DROP TABLE t ;;", None, ["DROP TABLE t"]),
    ("", None, []),
    ("-- only a comment", None, []),
    ("-- a; b\nDROP TABLE t -- c; d\n; /* e; */ DROP TABLE u /* f */;", None, ["DROP TABLE t", "DROP TABLE u"]),
    ("/* a /* b; */ c; */ DROP TABLE t", "postgresql", ["DROP TABLE t"]),
    ("SELECT ';', \";\"; SELECT 2", "postgresql", ["SELECT ';', \";\"", "SELECT 2"]),
    ("SELECT 'it''s; '; SELECT 2", "postgresql", ["SELECT 'it''s; '", "SELECT 2"]),
    ("SELECT E'it\\'s; '; SELECT 2", "postgresql", ["SELECT E'it\\'s; '", "SELECT 2"]),
    ("SELECT 'it\\'s; '; SELECT 2", "mysql", ["SELECT 'it\\'s; '", "SELECT 2"]),
    ("SELECT $x$ ; $$ ; $x$; SELECT 2", "postgresql", ["SELECT $x$ ; $$ ; $x$", "SELECT 2"]),
    ("SELECT `a;b`; SELECT 2", "mysql", ["SELECT `a;b`", "SELECT 2"]),
    ("SELECT [a;b]; SELECT 2", "sqlite", ["SELECT [a;b]", "SELECT 2"]),
    ("SELECT 1 # a; b\n; SELECT 2", "mysql", ["SELECT 1", "SELECT 2"]),
    ("COPY t FROM stdin;\n1\tDROP TABLE x;\n\\.\nDROP TABLE t;", "postgresql", ["COPY t FROM stdin", "DROP TABLE t"]),
    ("\\connect d\n\\set x 1; 2\nDROP TABLE t;", "postgresql", ["\\connect d\n", "DROP TABLE t"]),
    ("\ufeffDROP TABLE t", None, ["DROP TABLE t"]),
    ("DELIMITER //\nDROP TABLE t; DROP TABLE u//\nDELIMITER ;\nDROP TABLE v;", "mysql", ["DROP TABLE t; DROP TABLE u", "DROP TABLE v"]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "dialect", "expected"), SPLIT)
def test_statements_are_cut_apart(sql: str, dialect: str | None, expected: list[str]) -> None:
    found = read_sql(sql, dialect).statements
    assert [statement.text for statement in found] == expected
    assert [sql[statement.start : statement.end] for statement in found] == expected


def test_names_keep_their_case_where_the_dialect_is_not_known() -> None:
    assert read("DROP TABLE Orders", None) == [DropTable(table=Name("Orders"))]
    assert read("DROP TABLE Orders", "postgresql") == [DropTable(table=Name("orders"))]


DETECTED: list[tuple[str, str]] = [
    ("CREATE INDEX CONCURRENTLY ix ON t (a)", "postgresql"),
    ("ALTER TABLE `t` MODIFY a INT", "mysql"),
    ("PRAGMA foreign_keys = ON", "sqlite"),
    ("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM u; END", "mysql"),
    ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "sqlite"),
    ("SELECT 1", "postgresql"),
    ("SELECT * FROM s.. t", "postgresql"),
]


@pytest.mark.parametrize(("sql", "dialect"), DETECTED)
def test_an_unknown_dialect_is_the_first_that_reads_the_text(sql: str, dialect: str) -> None:
    reading = read_sql(sql)
    assert reading.dialect == dialect
    assert not any(isinstance(op, Opaque) for op in operations(reading))


# What is wrong

INVALID: list[tuple[str, str]] = [
    ("SELCT 1", "expected a statement of postgresql, found 'SELCT' (line 1, column 1)"),
    ("SELECT 1;\n  DROP TABEL t", "expected what to drop, found 'TABEL' (line 2, column 8)"),
    ("DROP TABLE t,", "expected a table name, found the end of the statement (line 1, column 14)"),
    ("DROP TABLE t u", "expected the end of the statement, found 'u' (line 1, column 14)"),
    ("CREATE TABLE t (a int", "this parenthesis is never closed (line 1, column 16)"),
    ("SELECT 'abc", "quote ' is never closed (line 1, column 8)"),
    ("SELECT $x$ abc", "dollar quote $x$ is never closed (line 1, column 8)"),
    ("SELECT 1 /* abc", "comment is never closed (line 1, column 10)"),
    ("ALTER TABLE t ADD COLUMN a", "expected the type of column a, found the end of the statement (line 1, column 27)"),
    ("ALTER TABLE t FROB a", "expected an action such as ADD, DROP, ALTER or RENAME, found 'FROB' (line 1, column 15)"),
    ("DELETE FROM t WHERE", "expected a condition, found the end of the statement (line 1, column 20)"),
    ("SELECT *\nFROM t WHERE a = = 1", "Required keyword: 'expression' missing for EQ at '=' (line 2, column 18)"),
    ("CREATE VIEW v AS", "expected a query, found the end of the statement (line 1, column 17)"),
    ("CREATE TABLE t (a int CHECK (a > ))", "expected an expression, found the end of the statement (line 1, column 33)"),
    ("PRAGMA foreign_keys = ON", "expected a statement of postgresql, found 'PRAGMA' (line 1, column 1)"),
    ("DO $$ BEGIN DROP TABLE t; $$", "the block has no END (line 1, column 29)"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "reason"), INVALID)
def test_invalid_sql_says_what_and_where(sql: str, reason: str) -> None:
    [*_, last] = read_sql(sql, "postgresql").statements
    assert last.operations == (Opaque(reason=reason, code=last.text, invalid=True),)


REFUSED = [
    *("SELECT a <-> FROM t", "SELECT a ## ## b FROM", "SELECT json_value(a, '$' FROM t"),
    *("UPDATE t SET a = json_serialize(b) c", "SELECT a FROM t JOIN u USING (b) AS", "CREATE TYPE t AS ENUM ('a' 'b')"),
    *("DROP", "DROP TABLE", "DROP TABLE IF EXIST t", "DROP INDEX ix ON t", "DROP COLUMN a"),
    *("ALTER TABLE t", "ALTER TABLE t ADD", "ALTER TABLE t ADD a int,", "ALTER TABLE t MODIFY a int"),
    *("ALTER TABLE t ADD a int NOT NUL", "ALTER TABLE t ADD CONSTRAINT UNIQUE (a)"),
    *("ALTER TABLE t ADD FOREIGN KEY a REFERENCES u", "ALTER TABLE t ALTER a TYPE"),
    *("ALTER TABLE t ADD a int REFERENCES u ON DELETE FOO", "ALTER TABLE t RENAME a b"),
    *("CREATE TABLE t", "CREATE TABLE t (a int,)", "CREATE TABLE t (a int b int)", "CREATE TABLE t (a)"),
    *("CREATE TABLE t (a int))", "CREATE TABLE t (a int AUTO_INCREMENT)", "CREATE TABLE `t` (a int)"),
    *("CREATE INDEX ix ON t", "CREATE INDEX ix t (a)", "CREATE INDEX ix ON t (a,)", "CREATE FOO x"),
    *("CREATE TYPE m AS ENUM (a)", "CREATE TRIGGER g AFTER INSERT ON t", "ALTER TYPE m ADD 'x'"),
    *("UPDATE t SET", "UPDATE t a = 1", "DELETE t", "INSERT INTO t", "INSERT INTO t VALUES (1"),
    *("GRANT SELECT ON t", "COMMENT ON TABLE t 'x'", "SET lock_timeout", "BEGIN foo", "REINDEX t"),
    *("TRUNCATE", "LOCK TABLE t IN", "LOCK TABLE t IN FOO MODE", "REFRESH VIEW v", "VACUUM FULL t x", "ALTER DOMAIN d FOO"),
]  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED)
def test_what_the_server_refuses_is_invalid(sql: str) -> None:
    [found] = read(sql)
    assert isinstance(found, Opaque)
    assert found.invalid


# Pieces that are not known

HOLES: list[tuple[str, list[Operation], list[str]]] = [
    ("DROP TABLE {t}", [DropTable(table=Name("{t}"))], ["identifier"]),
    ("LOCK TABLE t IN {mode} MODE", [LockTable(table=T)], ["syntax"]),
    ("DROP TABLE {s}.{t}", [DropTable(table=Name("{t}", "{s}"))], ["identifier"] * 2),
    ("DROP TABLE Old_{N}_X", [DropTable(table=Name("old_{N}_x"))], ["identifier"]),
    ('DROP TABLE "{T}"', [DropTable(table=Name("{T}"))], ["identifier"]),
    ("DROP TABLE {t} {cascade}", [DropTable(table=Name("{t}")), Opaque(reason="a part of the statement is not known", code="{cascade}")], ["identifier", "syntax"]),
    ("ALTER TABLE t ADD {c} {ty} DEFAULT {v}", [AddColumn(table=T, column=Column(name="{c}", type=Type(name="{ty}"), default=Default("{v}")))], ["identifier", "syntax", "value"]),
    ("ALTER TABLE t ADD a varchar({n})", [AddColumn(table=T, column=Column(name="a", type=Type(name="varchar")))], ["syntax"]),
    ("ALTER TABLE t ADD CONSTRAINT ck_{c} CHECK ({c} > {v})", [AddConstraint(table=T, constraint=Constraint(type="check", name="ck_{c}", sql="{c} > {v}"))], ["identifier", "identifier", "value"]),
    ("ALTER TABLE t {action}", [Opaque(reason="a part of the statement is not known", code="{action}")], ["syntax"]),
    ("CREATE TABLE t ({columns})", [CreateTable(table=T, complete=False)], ["syntax"]),
    ("CREATE INDEX ix_{t} ON {t} ({c})", [CreateIndex(table=Name("{t}"), name="ix_{t}", columns=("{c}",))], ["identifier"] * 3),
    ("CREATE TYPE {e} AS ENUM ({values})", [CreateEnum(name=Name("{e}"))], ["identifier", "value"]),
    ("CREATE TYPE e AS ENUM ('a', '{v}')", [CreateEnum(name=Name("e"), values=("a", "{v}"))], ["value"]),
    ("UPDATE {t} SET {c} = {v} WHERE id = {id}", [Update(table=Name("{t}"), columns=("{c}",), where="id = {id}")], ["identifier", "identifier", "value", "value"]),
    ("UPDATE t SET a = '{v}' WHERE b LIKE '%{w}%'", [Update(table=T, columns=("a",), where="b LIKE '%{w}%'")], ["value", "value"]),
    ("UPDATE t SET a = NULL {where}", [Update(table=T, columns=("a",))], ["syntax"]),
    ("UPDATE t SET a = lower(b) {where}", [Update(table=T, columns=("a",))], ["syntax"]),
    ("UPDATE t SET a = b + {v}", [Update(table=T, columns=("a",), all_rows=True)], ["value"]),
    ("UPDATE t SET a = {v}", [Update(table=T, columns=("a",), all_rows=True)], ["value"]),
    ("DELETE FROM t WHERE {condition}", [Delete(table=T, where="{condition}")], ["syntax"]),
    ("DELETE FROM t {where}", [Delete(table=T)], ["syntax"]),
    ("DELETE FROM t WHERE id IN ({ids})", [Delete(table=T, where="id IN ({ids})")], ["value"]),
    ("DELETE FROM t WHERE a BETWEEN {x} AND {y}", [Delete(table=T, where="a BETWEEN {x} AND {y}")], ["value", "value"]),
    ("INSERT INTO t ({cs}) VALUES ({v}, '{w}')", [Insert(table=T, columns=("{cs}",), rows=1)], ["identifier", "value", "value"]),
    ("INSERT INTO t VALUES {rows}", [Insert(table=T)], ["value"]),
    ("INSERT INTO t {query}", [Insert(table=T)], ["syntax"]),
    ("SELECT {c} FROM {t} ORDER BY {o} LIMIT {n}", [Query(tables=(Name("{t}"),))], ["identifier", "identifier", "identifier", "value"]),
    ("SELECT a FROM t WHERE x > 1 {filter} ORDER BY a", [Query()], ["syntax"]),
    ("SELECT lower({x})", [Query()], ["value"]),
    ("SELECT f({x})", [call("f", "SELECT f({x})")], ["value"]),
    ("SET lock_timeout = '{n}s'", [SetOption(name="lock_timeout", value="{n}s")], ["value"]),
    ("{sql}", [Opaque(reason="what the statement begins with is not known", code="{sql}")], ["syntax"]),
    ("{verb} TABLE t", [Opaque(reason="what the statement begins with is not known", code="{verb} TABLE t")], ["syntax"]),
    ("DO $$ BEGIN DROP TABLE {t}; UPDATE u SET a = {v} WHERE b = 1; END $$", [DropTable(table=Name("{t}")), Update(table=U, columns=("a",), where="b = 1")], ["identifier", "value"]),
    ("-- {x}\nDROP TABLE t", [DropTable(table=T)], ["syntax"]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected", "roles"), HOLES)
def test_holes(template: str, expected: list[Operation], roles: list[str]) -> None:
    reading = built(template)
    assert operations(reading) == expected
    assert list(reading.roles) == roles


def test_sql_that_cannot_be_read_for_its_holes_is_opaque_but_not_invalid() -> None:
    [found] = operations(built("CREATE {what} x FOO"))
    assert found == Opaque(
        reason="expected what to create, found '{what}' (line 1, column 8), "
        "with pieces that are not known",
        code="CREATE {what} x FOO",
    )


# DO blocks

BLOCKS: list[tuple[str, list[Operation]]] = [
    ("BEGIN DROP TABLE t; END", [DropTable(table=T)]),
    ("DECLARE x int := 1; y text; BEGIN x := 2; DROP TABLE t; END;", [DropTable(table=T)]),
    ("BEGIN IF EXISTS (SELECT 1) THEN DROP TABLE t; ELSIF a THEN DROP TABLE u; ELSE NULL; END IF; END", [DropTable(table=T), DropTable(table=U)]),
    ("BEGIN BEGIN DROP TABLE t; EXCEPTION WHEN undefined_table THEN RAISE NOTICE 'x; y'; END; END", [DropTable(table=T)]),
    ("DECLARE r record; BEGIN FOR r IN SELECT * FROM u LOOP DELETE FROM t WHERE id = r.id; END LOOP; END", [Delete(table=T, where="id = r.id")]),
    ("BEGIN <<l>> WHILE true LOOP UPDATE t SET a = 1; EXIT; END LOOP; END", [Update(table=T, columns=("a",), all_rows=True)]),
    ("BEGIN SELECT a INTO x FROM t; INSERT INTO t VALUES (1) RETURNING id INTO y; END", [Query(), Insert(table=T, rows=1)]),
    ("BEGIN PERFORM set_config('a.b', 'x', true); PERFORM f(1); END", [SetOption(name="a.b", value="x", scope="local"), call("f", "f(1)")]),
    ("BEGIN PERFORM lower('A'); END", [Query()]),
    ("BEGIN SELECT f() INTO x; END", [call("f", "SELECT f() INTO x")]),
    ("BEGIN EXECUTE 'DROP TABLE t'; END", [DropTable(table=T)]),
    ("BEGIN EXECUTE $q$DROP TABLE t; DROP TABLE u$q$; END", [DropTable(table=T), DropTable(table=U)]),
    ("BEGIN EXECUTE format('DROP TABLE %I', x); DROP TABLE t; END", [DropTable(table=Name("{x}")), DropTable(table=T)]),
    ("BEGIN EXECUTE format('DROP TABLE %I.%2$I', s, x.y || '_old'); END", [DropTable(table=Name("{x.y || '_old'}", "{s}"))]),
    ("BEGIN EXECUTE format('DROP TABLE %I, %s', 't', 'u'); END", [DropTable(table=T), DropTable(table=U)]),
    ("BEGIN EXECUTE format('DROP TABLE %I', 'T'); END", [DropTable(table=Name("T"))]),
    ("BEGIN EXECUTE format('DELETE FROM t WHERE a = %L', 'it''s'); END", [Delete(table=T, where="a = 'it''s'")]),
    ("BEGIN EXECUTE format('DELETE FROM t WHERE a LIKE %L', 'b%%'); END", [Delete(table=T, where="a LIKE 'b%%'")]),
    ("BEGIN EXECUTE format('DROP TABLE %s', x); END", [Opaque(reason="the SQL is put together while the block runs", code="format('DROP TABLE %s', x)")]),
    ("BEGIN EXECUTE format('DROP %I', x); END", [Opaque(reason="the SQL is put together while the block runs", code="format('DROP %I', x)")]),
    ("BEGIN EXECUTE format('DROP TABLE %I %I', x); END", [Opaque(reason="the SQL is put together while the block runs", code="format('DROP TABLE %I %I', x)")]),
    ("BEGIN EXECUTE format(x, 't'); END", [Opaque(reason="the SQL is put together while the block runs", code="format(x, 't')")]),
    ("BEGIN EXECUTE 'DROP TABLE ' || x; END", [Opaque(reason="the SQL is put together while the block runs", code="'DROP TABLE ' || x")]),
    ("BEGIN EXECUTE 'DROP TABLE ' || 't'; END", [DropTable(table=T)]),
    ("BEGIN EXECUTE 'DROP TABLE ' || quote_ident(s) || '.' || quote_ident(x.y) USING 1; END", [DropTable(table=Name("{x.y}", "{s}"))]),
    ("BEGIN EXECUTE 'DELETE FROM t WHERE a = ' || quote_literal('it''s'); END", [Delete(table=T, where="a = 'it''s'")]),
    ("BEGIN EXECUTE 'DROP ' || quote_ident(x); END", [Opaque(reason="the SQL is put together while the block runs", code="'DROP ' || quote_ident(x)")]),
    ("BEGIN CALL p(); END", [call("p", "CALL p()")]),
    ("BEGIN END", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), BLOCKS)
def test_blocks(body: str, expected: list[Operation]) -> None:
    assert read(f"DO $body$ {body} $body$ LANGUAGE plpgsql") == expected


def test_a_block_in_another_language_is_opaque() -> None:
    sql = "DO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE t') $$"
    assert read(sql) == [Opaque(reason="a block in plpython3u cannot be read", code=sql)]


ROUTINES = [
    ("postgresql", "SELECT * FROM f()", "f"),
    ("postgresql", "SELECT s.f(1), g()", "s.f, g"),
    ("postgresql", "SELECT f(a) FROM t", "f"),
    ("postgresql", "SELECT coalesce(f(), 1)", "f"),
    ("postgresql", "WITH x AS (SELECT f()) SELECT * FROM x", "f"),
    ("postgresql", "SELECT dblink_exec('d', 'DROP TABLE t')", "dblink_exec"),
    ("mysql", "SELECT f()", "f"),
    ("sqlite", "SELECT load_extension('x')", "load_extension"),
]
ASKING = [
    ("postgresql", "SELECT setval('s', (SELECT max(id) FROM t))"),
    ("postgresql", "SELECT a, st_astext(g) FROM t"),
    ("postgresql", "SELECT EXISTS (SELECT 1 FROM t)"),
    ("postgresql", "SELECT pg_advisory_xact_lock(1)"),
    ("mysql", "SELECT DATABASE(), GET_LOCK('a', 1)"),
    ("mysql", "DO SLEEP(1)"),
    ("sqlite", "SELECT count(*) FROM t"),
]


@pytest.mark.parametrize(("dialect", "sql", "routines"), ROUTINES)
def test_routines_that_a_query_is_there_to_call(dialect: str, sql: str, routines: str) -> None:
    calls = [op for op in read(sql, dialect) if not isinstance(op, Query)]
    assert calls == [call(name, sql, within="FROM t" in sql) for name in routines.split(", ")]


@pytest.mark.parametrize(("dialect", "sql"), ASKING)
def test_queries_that_only_ask(dialect: str, sql: str) -> None:
    assert all(isinstance(operation, Query) for operation in read(sql, dialect))


def test_a_routine_is_stored_and_not_run() -> None:
    sql = "CREATE FUNCTION f() RETURNS void AS $$ BEGIN DROP TABLE t; END $$ LANGUAGE plpgsql"
    body = Body(operations=(DropTable(table=T),), volatile=True)
    assert read(sql) == [CreateObject(object_type="function", name=Name("f"), body=body)]


# Bounds

ALL: list[tuple[str, str]] = [
    *((f"ALTER TABLE t {action}", "postgresql") for action, _ in ALTER_TABLE),
    *((sql, "postgresql") for sql, _ in CREATE + OTHERS + ROWS),
    *((f"ALTER TABLE t {action}", "mysql") for action, _ in MYSQL_ALTER),
    *((sql, "mysql") for sql, _ in MYSQL_OTHERS),
    *((sql, "sqlite") for sql, _ in STATEMENTS),
    *((sql, "postgresql") for sql, _ in INVALID),
]


@pytest.mark.parametrize(("sql", "dialect"), ALL)
def test_every_operation_survives_the_cache(sql: str, dialect: str) -> None:
    for operation in read(sql, dialect):
        encoded = msgspec.json.encode(operation)
        assert msgspec.json.decode(encoded, type=AnyOperation) == operation


DEEP = [
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "SELECT " + "NOT " * 5_000 + "1",
    "SELECT " + "CASE WHEN " * 5_000,
    "DELETE FROM t WHERE " + "(" * 5_000 + "1" + ")" * 5_000,
    "ALTER TABLE t " + "ADD (" * 5_000,
    "SELECT a" + "[1]" * 5_000,
    "CREATE TABLE t (" + "a int, " * 2_000 + "b int)",
    "DO $$ BEGIN " + "IF a THEN " * 5_000 + " END $$",
    "WITH " + "a AS (WITH " * 5_000,
    "CREATE SCHEMA s " * 2_000,
    "SELECT 1;" * 1_000,
    "/*" * 20_000,
    "$a$ $b$ " * 5_000,
    "'" * 20_001,
]


@pytest.mark.no_cover
@pytest.mark.parametrize("sql", DEEP, ids=range(len(DEEP)))
@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_monstrous_text_is_read_or_refused(sql: str, dialect: str) -> None:
    assert read_sql(sql, dialect).dialect == dialect


WORDS = sorted({word for sql, _ in ALL for word in sql.replace("(", " ( ").split()})
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(list("();,.:'\"`$[]{}=%-/*\\#@?\n")),
    st.text(max_size=3),
)
TEXTS = st.lists(PIECES, max_size=25).map(" ".join)


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(DIALECTS))
def test_no_text_is_too_strange(text: str, dialect: str | None) -> None:
    reading = read_sql(text, dialect)
    for found in reading.statements:
        assert text[found.start : found.end] == found.text
    assert MISTAKE not in str(reading)


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.text(max_size=5)), max_size=4), st.sampled_from(DIALECTS))
def test_no_holes_are_too_strange(parts: list[tuple[str, str]], dialect: str | None) -> None:
    text, holes = "", []
    for literal, code in parts:
        text += literal
        holes.append(Hole(len(text), len(text) + len(code) + 2, code))
        text += "{" + code + "}"
    reading = read_sql(text, dialect, tuple(holes))
    assert len(reading.roles) == len(holes)
    assert MISTAKE not in str(reading)


LAZY = """
import sys
import guard.sql
assert "guard.sql.read" not in sys.modules
guard.sql.read_sql("DROP TABLE t; ALTER TABLE t ADD a int", "postgresql")
assert "sqlglot" not in sys.modules
guard.sql.read_sql("SELECT 1", "postgresql")
assert "sqlglot" in sys.modules
"""


def test_the_parser_is_imported_when_rows_are_met() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True)


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    read("SELECT 1; EXPLAIN SELECT 2; MERGE INTO t USING u ON a WHEN MATCHED THEN FOO; REPLACE x")
    assert caplog.records == []


def test_upkeep_and_bulk_rows_are_told_apart() -> None:
    assert read("ANALYZE t; COPY t FROM '/x'") == [
        Maintenance(command="analyze", table=T),
        Merge(table=T),
    ]
