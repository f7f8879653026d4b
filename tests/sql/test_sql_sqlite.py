"""SQLite's statements as operations."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import pytest

from guard.operations import (
    AddColumn,
    AlterObject,
    Body,
    Column,
    Constraint,
    Copy,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    Default,
    Delete,
    DropColumn,
    DropIndex,
    DropObject,
    DropTable,
    Generated,
    Insert,
    Maintenance,
    Merge,
    Name,
    Opaque,
    Operation,
    Query,
    Reindex,
    RenameColumn,
    RenameTable,
    SetOption,
    TransactionControl,
    Type,
    Update,
)
from guard.sql import read_sql

T = Name("t")


def read(sql: str) -> list[Operation]:
    """The operations of all statements."""
    return [op for found in read_sql(sql, "sqlite").statements for op in found.operations]


def column(name: str, kind: str, **parts: object) -> Column:
    return Column(name=name, type=Type(name=kind), **parts)  # type: ignore[arg-type]


STATEMENTS: list[tuple[str, list[Operation]]] = [
    ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b DEFAULT 5)", [CreateTable(table=T, columns=(column("id", "integer", primary_key=True, nullable=False, generated=Generated(by="autoincrement")), Column(name="a"), Column(name="b", default=Default("5"))))]),
    ("CREATE TABLE t ([a b] TEXT UNIQUE ON CONFLICT IGNORE, `c` INT) WITHOUT ROWID, STRICT", [CreateTable(table=T, columns=(column("a b", "text", unique=True), column("c", "integer")))]),
    ("CREATE TABLE 't' (a TEXT CHECK (a <> ''), UNIQUE (a) ON CONFLICT REPLACE)", [CreateTable(table=T, columns=(column("a", "text", constraints=(Constraint(type="check", sql="a <> ''"),)),), constraints=(Constraint(type="unique", columns=("a",)),))]),
    ("CREATE TABLE t (a UNSIGNED BIG INT NOT NULL, b VARYING CHARACTER(5))", [CreateTable(table=T, columns=(column("a", "unsigned big int", nullable=False), Column(name="b", type=Type(name="varchar", length=5))))]),
    ("CREATE TABLE t AS SELECT * FROM u", [CreateTable(table=T, filled=True, complete=False, copy=Copy(source=Name("u"), columns=("*",)))]),
    ("CREATE TEMP TABLE main.t (a INT)", [CreateTable(table=Name("t", "main"), columns=(column("a", "integer"),), temporary=True)]),
    ("CREATE VIRTUAL TABLE f USING fts5(a, b)", [CreateObject(object_type="virtual table", name=Name("f"))]),
    ("CREATE UNIQUE INDEX IF NOT EXISTS main.ix ON t (a COLLATE NOCASE, b DESC) WHERE c", [CreateIndex(table=Name("t", "main"), name="ix", columns=("a", "b"), unique=True, if_not_exists=True, where="c", detail="a COLLATE NOCASE, b DESC")]),
    ("CREATE TEMP VIEW IF NOT EXISTS v AS SELECT 1", [CreateView(name=Name("v"), query="SELECT 1")]),
    ("CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN new.a > 1 BEGIN UPDATE u SET b = CASE WHEN 1 THEN 2 END; DELETE FROM v; END; DROP TABLE t", [CreateObject(object_type="trigger", name=Name("g"), table=T, body=Body(operations=(Update(table=Name("u"), columns=("b",), all_rows=True), Delete(table=Name("v"), all_rows=True)), on=("update",), branches=True)), DropTable(table=T)]),
    ("ALTER TABLE t ADD a INT DEFAULT 1 NOT NULL", [AddColumn(table=T, column=column("a", "integer", nullable=False, default=Default("1")))]),
    ("ALTER TABLE t DROP COLUMN a", [DropColumn(table=T, column="a")]),
    ("ALTER TABLE t RENAME TO u", [RenameTable(table=T, new=Name("u"))]),
    ("ALTER TABLE t RENAME a TO b", [RenameColumn(table=T, column="a", new="b")]),
    ("DROP INDEX IF EXISTS ix", [DropIndex(name=Name("ix"), if_exists=True)]),
    ("DROP TRIGGER g", [DropObject(object_type="trigger", name=Name("g"))]),
    ("PRAGMA foreign_keys=OFF", [SetOption(name="foreign_keys", value="OFF")]),
    ("PRAGMA main.journal_mode('WAL')", [SetOption(name="journal_mode", value="WAL")]),
    ("PRAGMA foreign_keys", [Query()]),
    ("PRAGMA table_info('t')", [Query()]),
    ("ATTACH DATABASE 'x.db' AS x", [AlterObject(object_type="database", name=Name("x"), action="attach")]),
    ("DETACH x", [AlterObject(object_type="database", name=Name("x"), action="detach")]),
    ("REINDEX ix", [Reindex(target="index", name=Name("ix"))]),
    ("REINDEX", [Reindex(target="index", name=None)]),
    ("VACUUM", [Maintenance(command="vacuum")]),
    ("VACUUM INTO 'x.db'", [Maintenance(command="vacuum"), Opaque(reason="VACUUM INTO writes a file", code="INTO 'x.db'")]),
    ("BEGIN IMMEDIATE", [TransactionControl(command="begin")]),
    ("END TRANSACTION", [TransactionControl(command="commit")]),
    ("INSERT OR REPLACE INTO t (a) VALUES (?), (?2)", [Insert(table=T, columns=("a",), rows=2, replaces=True)]),
    ("INSERT INTO t DEFAULT VALUES", [Insert(table=T, rows=1)]),
    ("REPLACE INTO t VALUES (1)", [Merge(table=T, deletes=True, rows=1)]),
    ("UPDATE OR IGNORE t SET a = :a WHERE id = @id", [Update(table=T, columns=("a",), where="id = @id")]),
    ("DELETE FROM t WHERE 1", [Delete(table=T, where="1", all_rows=True)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), STATEMENTS)
def test_statements(sql: str, expected: list[Operation]) -> None:
    assert read(sql) == expected
