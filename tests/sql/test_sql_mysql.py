"""The statements of MySQL and MariaDB as operations."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from typing import Any

import pytest

from guard.action_words import TableAction
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterObject,
    AlterSystem,
    AlterTable,
    Body,
    CallRoutine,
    Column,
    Constraint,
    Copy,
    CreateDatabase,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    Default,
    Delete,
    DropColumn,
    DropConstraint,
    DropDatabase,
    DropDefault,
    DropIndex,
    DropObject,
    DropTable,
    Generated,
    Insert,
    LockTable,
    Maintenance,
    Merge,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    Permission,
    Query,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetOption,
    Storage,
    TransactionControl,
    Truncate,
    Type,
    Update,
)
from guard.sql import read_sql

T = Name("t")
U = Name("u")


def read(sql: str, dialect: str = "mysql") -> list[Operation]:
    """The operations of all statements."""
    return [op for found in read_sql(sql, dialect).statements for op in found.operations]


def column(name: str, kind: str, **parts: object) -> Column:
    return Column(name=name, type=Type(name=kind), **parts)  # type: ignore[arg-type]


def add(new: Column, **parts: str) -> AddColumn:
    return AddColumn(table=T, column=new, **parts)  # type: ignore[arg-type]


def modify(changed: Column, **parts: Any) -> ModifyColumn:
    return ModifyColumn(table=T, column=changed, **parts)


def constraint(kind: str, **parts: object) -> AddConstraint:
    return AddConstraint(table=T, constraint=Constraint(type=kind, **parts))  # type: ignore[arg-type]


def altered(action: TableAction, detail: str | None = None) -> AlterTable:
    return AlterTable(table=T, action=action, detail=detail)


A = column("a", "integer")
ALTER_TABLE: list[tuple[str, list[Operation]]] = [
    ("ADD COLUMN a INT FIRST", [add(A, position="first")]),
    ("ADD a INT(11) AFTER `b c`", [add(A, position="after b c")]),
    ("ADD (a INT, b INT)", [add(A), add(column("b", "integer"))]),
    ("ADD a INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY", [add(Column(name="a", type=Type(name="integer", unsigned=True), nullable=False, primary_key=True, generated=Generated(by="autoincrement")))]),
    ("ADD a TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)", [add(Column(name="a", type=Type(name="timestamp", precision=6), default=Default("CURRENT_TIMESTAMP(6)"), on_update="CURRENT_TIMESTAMP(6)"))]),
    ("ADD a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'it''s'", [add(Column(name="a", type=Type(name="varchar", length=20, charset="utf8mb4", collation="utf8mb4_bin"), nullable=False, comment="it's"))]),
    ("ADD a INT AS (b + 1) STORED", [add(column("a", "integer", generated=Generated(by="expression", sql="b + 1", stored=True)))]),
    ("ADD a INT GENERATED ALWAYS AS (b + 1) VIRTUAL NOT NULL", [add(column("a", "integer", nullable=False, generated=Generated(by="expression", sql="b + 1", stored=False)))]),
    ("ADD a JSON DEFAULT (JSON_OBJECT()) INVISIBLE", [add(column("a", "json", default=Default("(JSON_OBJECT())")))]),
    ("MODIFY COLUMN a BIGINT NOT NULL DEFAULT 5 AFTER b", [modify(column("a", "bigint", nullable=False, default=Default("5")), position="after b")]),
    ("MODIFY a ENUM('x', 'it''s')", [modify(Column(name="a", type=Type(name="enum", values=("x", "it's"))))]),
    ("MODIFY a INT NULL DEFAULT NULL", [modify(column("a", "integer", default=Default("NULL")), meant=("nullable",))]),
    ("MODIFY a INT DEFAULT NULL", [modify(column("a", "integer", default=Default("NULL")))]),
    ("MODIFY a INT AS (IF(b, 1, NULL)) STORED", [modify(column("a", "integer", generated=Generated(by="expression", sql="IF(b, 1, NULL)", stored=True)))]),
    ("CHANGE a b INT NULL", [modify(A, new="b", meant=("nullable",))]),
    ("CHANGE a b INT FIRST", [modify(A, new="b", position="first")]),
    ("CHANGE COLUMN a a INT", [modify(A)]),
    ("ALTER COLUMN a SET DEFAULT 5", [SetDefault(table=T, column="a", default=Default("5"))]),
    ("ALTER a DROP DEFAULT", [DropDefault(table=T, column="a")]),
    ("ALTER a SET INVISIBLE", [AlterColumn(table=T, column="a", action="visibility", detail="INVISIBLE")]),
    ("DROP a, DROP COLUMN IF EXISTS b", [DropColumn(table=T, column="a"), DropColumn(table=T, column="b", if_exists=True)]),
    ("DROP PRIMARY KEY", [DropConstraint(table=T, constraint=None, type="primary key")]),
    ("DROP FOREIGN KEY fk", [DropConstraint(table=T, constraint="fk", type="foreign key")]),
    ("DROP CHECK ck", [DropConstraint(table=T, constraint="ck", type="check")]),
    ("DROP CONSTRAINT ck", [DropConstraint(table=T, constraint="ck")]),
    ("DROP INDEX ix, DROP KEY iy", [DropIndex(name=Name("ix"), table=T), DropIndex(name=Name("iy"), table=T)]),
    ("ADD INDEX ix (a, b(10) DESC)", [CreateIndex(table=T, name="ix", columns=("a", "b"), detail="b(10) DESC")]),
    ("ADD KEY (a) USING BTREE COMMENT 'x'", [CreateIndex(table=T, name=None, columns=("a",), method="btree")]),
    ("ADD FULLTEXT INDEX ix (a)", [CreateIndex(table=T, name="ix", columns=("a",), method="fulltext")]),
    ("ADD INDEX ix ((lower(a)))", [CreateIndex(table=T, name="ix", columns=("lower(a)",))]),
    ("ADD UNIQUE KEY uq (a)", [constraint("unique", name="uq", columns=("a",))]),
    ("ADD CONSTRAINT uq UNIQUE INDEX (a)", [constraint("unique", name="uq", columns=("a",))]),
    ("ADD CONSTRAINT UNIQUE (a)", [constraint("unique", columns=("a",))]),
    ("ADD PRIMARY KEY (a, b)", [constraint("primary key", columns=("a", "b"))]),
    ("ADD CONSTRAINT fk FOREIGN KEY ix (a) REFERENCES u (id) ON DELETE RESTRICT", [constraint("foreign key", name="fk", columns=("a",), target=U, target_columns=("id",), on_delete="RESTRICT")]),
    ("ADD FOREIGN KEY (a) REFERENCES d.u (id)", [constraint("foreign key", columns=("a",), target=Name("u", "d"), target_columns=("id",))]),
    ("ADD CONSTRAINT ck CHECK (a > 0) NOT ENFORCED", [constraint("check", name="ck", sql="a > 0", not_valid=True)]),
    ("ALTER CHECK ck NOT ENFORCED", [AlterConstraint(table=T, constraint="ck", action="not-enforced")]),
    ("ALTER INDEX ix INVISIBLE", [altered("alter-index", "ix INVISIBLE")]),
    ("RENAME TO u", [RenameTable(table=T, new=U)]),
    ("RENAME AS u", [RenameTable(table=T, new=U)]),
    ("RENAME u", [RenameTable(table=T, new=U)]),
    ("RENAME COLUMN a TO b", [RenameColumn(table=T, column="a", new="b")]),
    ("RENAME INDEX a TO b", [RenameIndex(table=T, name=Name("a"), new="b")]),
    ("ENGINE=InnoDB ROW_FORMAT=DYNAMIC", [altered("engine", "InnoDB"), altered("row-format", "DYNAMIC")]),
    ("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", [altered("engine", "InnoDB"), altered("character-set", "utf8mb4")]),
    ("AVG_ROW_LENGTH = 5 COMMENT 'x'", [altered("other", "avg-row-length 5"), altered("comment", "'x'")]),
    ("AUTO_INCREMENT = 5, COMMENT 'x'", [altered("auto-increment", "5"), altered("comment", "'x'")]),
    ("CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [altered("convert-to-character-set", "utf8mb4 COLLATE utf8mb4_bin")]),
    ("DEFAULT CHARACTER SET = utf8mb4", [altered("character-set", "utf8mb4")]),
    ("DROP INDEX ix, ALGORITHM=COPY", [DropIndex(name=Name("ix"), table=T, algorithm="copy"), altered("algorithm", "COPY")]),
    ("ADD INDEX ix (a), ALGORITHM=INPLACE, LOCK=NONE", [CreateIndex(table=T, name="ix", columns=("a",), algorithm="inplace", lock="none"), altered("algorithm", "INPLACE"), altered("lock", "NONE")]),
    ("ADD a INT, ALGORITHM = INSTANT", [add(A), altered("algorithm", "INSTANT")]),
    ("PARTITION BY HASH (a) PARTITIONS 4", [altered("partition-by", "HASH (a) PARTITIONS 4")]),
    ("PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (1), PARTITION p1 VALUES LESS THAN MAXVALUE)", [altered("partition-by", "RANGE (a) (PARTITION p0 VALUES LESS THAN (1), PARTITION p1 VALUES LESS THAN MAXVALUE)")]),
    ("ADD PARTITION (PARTITION p2 VALUES LESS THAN (9))", [altered("add-partition", "(PARTITION p2 VALUES LESS THAN (9))")]),
    ("DROP PARTITION p0, p1", [altered("drop-partition", "p0, p1")]),
    ("TRUNCATE PARTITION p0", [altered("truncate-partition", "p0")]),
    ("REMOVE PARTITIONING", [altered("remove-partitioning")]),
    ("DISABLE KEYS", [altered("disable-keys")]),
    ("FORCE", [altered("force")]),
    ("ORDER BY a", [altered("order-by", "a")]),
]  # fmt: skip


@pytest.mark.parametrize(("actions", "expected"), ALTER_TABLE)
@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_alter_table(actions: str, expected: list[Operation], dialect: str) -> None:
    assert read(f"ALTER TABLE t {actions}", dialect) == expected


WAITS = SetOption(name="lock_wait_timeout", value="5", scope="statement")
WAITS_NOT = SetOption(name="lock_wait_timeout", value="0", scope="statement")

MARIADB: list[tuple[str, list[Operation]]] = [
    ("ALTER TABLE t DROP SYSTEM VERSIONING", [altered("drop-system-versioning")]),
    ("ALTER TABLE t ADD SYSTEM VERSIONING", [altered("add-system-versioning")]),
    ("ALTER TABLE IF EXISTS t WAIT 5 ADD COLUMN IF NOT EXISTS a INT", [WAITS, AddColumn(table=T, column=A, if_not_exists=True)]),
    ("ALTER TABLE t NOWAIT DROP COLUMN nowait", [WAITS_NOT, DropColumn(table=T, column="nowait")]),
    ("ALTER TABLE t ADD COLUMN wait INT", [AddColumn(table=T, column=column("wait", "integer"))]),
    ("CREATE INDEX ix ON t (a) WAIT 5 ALGORITHM=COPY", [WAITS, CreateIndex(table=T, name="ix", columns=("a",), algorithm="copy")]),
    ("DROP INDEX ix ON t NOWAIT", [WAITS_NOT, DropIndex(name=Name("ix"), table=T)]),
    ("DROP TABLES t, u", [DropTable(table=T), DropTable(table=U)]),
    ("DROP TEMPORARY TABLES IF EXISTS t", [DropTable(table=T, if_exists=True)]),
    ("ANALYZE TABLES t", [Maintenance(command="analyze", table=T)]),
    ("DROP TABLE IF EXISTS t WAIT 5", [WAITS, DropTable(table=T, if_exists=True)]),
    ("RENAME TABLE t WAIT 5 TO u", [WAITS, RenameTable(table=T, new=Name("u"))]),
    ("TRUNCATE t NOWAIT", [WAITS_NOT, Truncate(table=T)]),
    ("OPTIMIZE TABLE t WAIT 5", [WAITS, Maintenance(command="optimize", table=T)]),
    ("LOCK TABLES t WRITE WAIT 5", [WAITS, LockTable(table=T, mode="write")]),
    ("ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS ck CHECK (a > 0)", [constraint("check", name="ck", sql="a > 0")]),
    ("ALTER TABLE t ADD INDEX IF NOT EXISTS ix (a)", [CreateIndex(table=T, name="ix", columns=("a",), if_not_exists=True)]),
    ("CREATE OR REPLACE TABLE t (a INT) WITH SYSTEM VERSIONING", [DropTable(table=T, if_exists=True), CreateTable(table=T, columns=(A,))]),
    ("CREATE OR REPLACE DATABASE d", [DropDatabase(name=Name("d"), if_exists=True), CreateDatabase(name=Name("d"))]),
    ("SET STATEMENT max_statement_time=1 FOR DELETE FROM t", [SetOption(name="max_statement_time", value="1", scope="statement"), Delete(table=T, all_rows=True)]),
    ("ANALYZE FORMAT=JSON DELETE FROM t", [Delete(table=T, all_rows=True)]),
    ("CREATE SEQUENCE q", [CreateObject(object_type="sequence", name=Name("q"))]),
    ("CREATE OR REPLACE PROCEDURE p() BEGIN NOT ATOMIC SELECT 1; END", [CreateObject(object_type="procedure", name=Name("p"), replace=True, body=Body(operations=(Query(),)))]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), MARIADB)
def test_mariadb(sql: str, expected: list[Operation]) -> None:
    assert read(sql, "mariadb") == expected


TYPES: list[tuple[str, Type]] = [
    ("TINYINT(1)", Type(name="tinyint", length=1)),
    ("BOOL", Type(name="boolean")),
    ("BIGINT(20) UNSIGNED ZEROFILL", Type(name="bigint", unsigned=True)),
    ("DOUBLE PRECISION", Type(name="double")),
    ("FLOAT(7, 4)", Type(name="float", precision=7)),
    ("DECIMAL(10,2)", Type(name="numeric", precision=10, scale=2)),
    ("DATETIME(6)", Type(name="datetime", precision=6)),
    ("LONGTEXT", Type(name="longtext")),
    ("MEDIUMBLOB", Type(name="mediumblob")),
    ("NATIONAL VARCHAR(5)", Type(name="varchar", length=5)),
    ("VARBINARY(16)", Type(name="varbinary", length=16)),
    ("SET('a', \"b\")", Type(name="set", values=("a", "b"))),
    ("YEAR", Type(name="year")),
]


@pytest.mark.parametrize(("written", "expected"), TYPES)
def test_types(written: str, expected: Type) -> None:
    assert read(f"ALTER TABLE t MODIFY a {written}") == [modify(Column(name="a", type=expected))]


OTHERS: list[tuple[str, list[Operation]]] = [
    (
        "CREATE TABLE IF NOT EXISTS `t` (`a` int(11), UNIQUE KEY `uq` (`a`), KEY `ix` (`a`) USING BTREE, CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `u` (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        [
            CreateTable(
                table=T,
                columns=(A,),
                constraints=(
                    Constraint(type="unique", name="uq", columns=("a",)),
                    Constraint(type="foreign key", name="fk", columns=("a",), target=U, target_columns=("id",)),
                ),
                if_not_exists=True,
                storage=Storage(charset="utf8mb4", engine="innodb"),
            ),
            CreateIndex(table=T, name="ix", columns=("a",), method="btree"),
        ],
    ),
    ("CREATE TABLE t LIKE u", [CreateTable(table=T, like=U)]),
    ("CREATE TABLE t SELECT * FROM u", [CreateTable(table=T, filled=True, complete=False, copy=Copy(source=Name("u"), columns=("*",)))]),
    ("CREATE TABLE t (a INT) PARTITION BY KEY (a) PARTITIONS 2", [CreateTable(table=T, columns=(A,), partitioned=True)]),
    ("CREATE TEMPORARY TABLE t (a INT)", [CreateTable(table=T, columns=(A,), temporary=True)]),
    ("CREATE UNIQUE INDEX ix USING HASH ON t (a) ALGORITHM=COPY LOCK=SHARED", [CreateIndex(table=T, name="ix", columns=("a",), unique=True, method="hash", algorithm="copy", lock="shared")]),
    ("DROP INDEX ix ON t ALGORITHM=INPLACE", [DropIndex(name=Name("ix"), table=T, algorithm="inplace")]),
    ("CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT 1", [CreateView(name=Name("v"), query="SELECT 1")]),
    ("CREATE DEFINER=root@localhost TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; DROP TABLE t", [CreateObject(object_type="trigger", name=Name("g"), table=T, body=Body(on=("insert",))), DropTable(table=T)]),
    ("CREATE PROCEDURE p(IN a INT) BEGIN IF a THEN DELETE FROM t; END IF; WHILE a DO SET a = 0; END WHILE; END; DROP TABLE t", [CreateObject(object_type="procedure", name=Name("p"), body=Body(operations=(Delete(table=T, all_rows=True),), arguments="in a int", branches=True)), DropTable(table=T)]),
    ("CREATE FUNCTION f() RETURNS INT RETURN CASE WHEN 1 THEN 2 END; DROP TABLE t", [CreateObject(object_type="function", name=Name("f"), body=Body(branches=True)), DropTable(table=T)]),
    ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", [CreateObject(object_type="event", name=Name("e"), body=Body(operations=(Delete(table=T, all_rows=True),)))]),
    ("CREATE SCHEMA d", [CreateDatabase(name=Name("d"))]),
    ("DROP SCHEMA IF EXISTS d", [DropDatabase(name=Name("d"), if_exists=True)]),
    ("DROP TRIGGER IF EXISTS g", [DropObject(object_type="trigger", name=Name("g"), if_exists=True)]),
    ("DROP TEMPORARY TABLE t", [DropTable(table=T)]),
    ("CREATE USER 'bob'@'%' IDENTIFIED BY 'x'", [CreateObject(object_type="user", name=Name("bob"))]),
    ("DROP USER 'bob'@'%', alice@localhost", [DropObject(object_type="user", name=Name("bob")), DropObject(object_type="user", name=Name("alice"))]),
    ("RENAME TABLE a TO b, d.c TO d.e", [RenameTable(table=Name("a"), new=Name("b")), RenameTable(table=Name("c", "d"), new=Name("e", "d"))]),
    ("TRUNCATE t", [Truncate(table=T)]),
    ("OPTIMIZE TABLE t, u", [Maintenance(command="optimize", table=T), Maintenance(command="optimize", table=U)]),
    ("LOCK TABLES t WRITE, u AS x READ LOCAL", [LockTable(table=T, mode="write"), LockTable(table=U, mode="read local")]),
    ("UNLOCK TABLES", [TransactionControl(command="unlock-tables")]),
    ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t FIELDS TERMINATED BY ','", [Merge(table=T)]),
    ("SET FOREIGN_KEY_CHECKS=0, @x = 5, GLOBAL max_connections = 3", [SetOption(name="foreign_key_checks", value="0"), SetOption(name="@x", value="5"), SetOption(name="max_connections", value="3", scope="global")]),
    ("SET @@session.sql_mode = ''", [SetOption(name="sql_mode", value="")]),
    ("SET sql_mode = 'TRADITIONAL'", [SetOption(name="sql_mode", value="TRADITIONAL")]),
    ("SET sql_mode = 'ANSI_QUOTES'", [SetOption(name="sql_mode", value="ANSI_QUOTES"), Opaque(reason="it changes how the server reads what follows: sql_mode", code="SET sql_mode = ANSI_QUOTES")]),
    ("SET a = 1, @@sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", [SetOption(name="a", value="1"), SetOption(name="sql_mode", value="CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')"), Opaque(reason="it changes how the server reads what follows: sql_mode", code="SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")]),
    ("SET NAMES utf8mb4", [SetOption(name="names", value="utf8mb4")]),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", [TransactionControl(command="set-transaction")]),
    ("USE d", [SetOption(name="database", value="d")]),
    ("/*!40101 SET NAMES utf8 */; DROP TABLE t", [SetOption(name="names", value="utf8"), DropTable(table=T)]),
    ("GRANT ALL ON d.* TO 'bob'@'%'", [Permission(command="grant", target="d.*")]),
    ("SHOW TABLES", [Query()]),
    ("ALTER VIEW v AS SELECT 1", [CreateView(name=Name("v"), replace=True)]),
    ("FLUSH PRIVILEGES", [Maintenance(command="flush")]),
    ("RESET MASTER; START REPLICA", [AlterSystem(detail="RESET MASTER"), Opaque(reason="no rule knows what RESET MASTER does", code="RESET MASTER"), AlterSystem(detail="START REPLICA")]),
    ("SET PASSWORD FOR bob = 'x'", [AlterObject(object_type="user", name=Name("bob"), action="set-password")]),
    ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", [altered("exchange-partition", "p WITH TABLE u"), Opaque(reason="EXCHANGE PARTITION swaps rows of t with those of another table", code="ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u")]),
    ("/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE; END */", [CreateObject(object_type="trigger", name=Name("g"), table=T, body=Body(operations=(Query(),), on=("insert",), branches=True))]),
    ("ALTER DATABASE d CHARACTER SET utf8mb4", [AlterObject(object_type="database", name=Name("d"), action="character-set")]),
    ("ALTER DATABASE DEFAULT CHARACTER SET utf8mb4", [AlterObject(object_type="database", name=Name("DATABASE()"), action="character-set")]),
    ("CALL p(1)", [CallRoutine(name=Name("p"), code="CALL p(1)")]),
    ("DELIMITER $$\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DELETE FROM u; END$$\nDELIMITER ;\nDROP TABLE t;", [CreateObject(object_type="trigger", name=Name("g"), table=T, body=Body(operations=(Delete(table=U, all_rows=True),), on=("insert",))), DropTable(table=T)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), OTHERS)
def test_other_statements(sql: str, expected: list[Operation]) -> None:
    assert read(sql) == expected


ROWS: list[tuple[str, list[Operation]]] = [
    ("INSERT IGNORE INTO t SET a = 1, b = 2", [Insert(table=T, columns=("a", "b"), rows=1)]),
    ("INSERT t VALUES (1), (2) ON DUPLICATE KEY UPDATE a = VALUES(a)", [Insert(table=T, rows=2)]),
    ("UPDATE t SET a = DEFAULT(a), b = @n := @n + 1", [Update(table=T, columns=("a", "b"), all_rows=True)]),
    ("INSERT INTO t (a) SELECT NEXT VALUE FOR s", [Insert(table=T, columns=("a",), from_query=True)]),
    ("REPLACE INTO t VALUES (1)", [Merge(table=T, deletes=True, rows=1)]),
    ("UPDATE LOW_PRIORITY IGNORE t SET a = 1", [Update(table=T, columns=("a",), all_rows=True)]),
    ("DELETE LOW_PRIORITY QUICK IGNORE FROM t", [Delete(table=T, all_rows=True)]),
    ("DELETE IGNORE FROM t", [Delete(table=T, all_rows=True)]),
    ("UPDATE t SET a = 1 LIMIT 5", [Update(table=T, columns=("a",))]),
    ("UPDATE t SET a = 1 WHERE 1", [Update(table=T, columns=("a",), where="1", all_rows=True)]),
    ("UPDATE t x JOIN u y ON x.id = y.id SET y.a = 1", [Update(table=U, columns=("a",))]),
    ("UPDATE t LEFT JOIN u ON t.id = u.id SET t.a = 1", [Update(table=T, columns=("a",), all_rows=True)]),
    ("UPDATE t, u SET t.a = u.a WHERE t.id = u.id", [Update(table=T, columns=("a",), where="t.id = u.id", copy=Copy(source=Name("u"), columns=("a",)))]),
    ("DELETE FROM t ORDER BY a LIMIT 5", [Delete(table=T, limited=True)]),
    ("DELETE FROM t LIMIT 18446744073709551615", [Delete(table=T, all_rows=True)]),
    ("DELETE FROM t WHERE 1 ORDER BY a LIMIT 99999999", [Delete(table=T, where="1", all_rows=True)]),
    ("DELETE FROM t WHERE a = 1 LIMIT 99999999", [Delete(table=T, where="a = 1")]),
    ("UPDATE t SET a = 1 LIMIT 99999999", [Update(table=T, columns=("a",), all_rows=True)]),
    ("DELETE x FROM t x JOIN u ON x.id = u.id WHERE u.a = 1", [Delete(table=T, where="u.a = 1")]),
    ("DELETE t, u FROM t INNER JOIN u ON t.id = u.id", [Delete(table=T), Delete(table=U)]),
    ("DELETE FROM t USING t JOIN u ON t.id = u.id", [Delete(table=T)]),
    ("DELETE t FROM t JOIN u USING (id)", [Delete(table=T)]),
    ("DELETE t FROM t NATURAL JOIN u", [Delete(table=T)]),
    ("DELETE t FROM t JOIN u", [Delete(table=T, all_rows=True)]),
    ("DELETE t, u FROM t CROSS JOIN u", [Delete(table=T, all_rows=True), Delete(table=U, all_rows=True)]),
    ("DELETE t FROM t JOIN u ON 1 = 1", [Delete(table=T, all_rows=True)]),
    ("DELETE t FROM t JOIN u ON true JOIN v ON v.id = t.id", [Delete(table=T)]),
    ("UPDATE t JOIN u SET t.a = 1", [Update(table=T, columns=("a",), all_rows=True)]),
    ("SELECT a INTO @x FROM t", [Query(tables=(T,))]),
    ("SELECT a, b INTO @x, @`y` FROM t LIMIT 1", [Query(tables=(T,))]),
    ("SELECT a, b FROM t WHERE a = 1 INTO @x, @y", [Query(tables=(T,))]),
    ('SELECT "it\'s", \'a\\\'b\', `c` FROM t # comment; not a statement', [Query(tables=(T,))]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), ROWS)
def test_rows(sql: str, expected: list[Operation]) -> None:
    assert read(sql) == expected


def test_names_are_kept_as_written() -> None:
    assert read("DROP TABLE Db.Orders") == [DropTable(table=Name("Orders", "Db"))]
