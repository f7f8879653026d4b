# ruff: noqa: E501  (a row of a table is a line)
"""Every kind of statement that a server has is read, known to take nothing away, or said.

PostgreSQL's kinds are those of its own grammar; the others' are the chapters of their manuals on
statements. What a row lists are the operations, in short; `opaque` is what no rule can judge.
"""

from __future__ import annotations

import pglast.ast
import pytest
from pglast.parser import parse_sql

from guard.operations import Opaque
from guard.sql import read_sql

POSTGRESQL = r"""
AlterCollationStmt             | ALTER COLLATION "de_DE" REFRESH VERSION | alter-object
AlterDatabaseRefreshCollStmt   | ALTER DATABASE d REFRESH COLLATION VERSION | alter-object
AlterDatabaseSetStmt           | ALTER DATABASE d SET a = 1 | alter-object
AlterDatabaseStmt              | ALTER DATABASE d CONNECTION LIMIT 5 | alter-object
AlterDefaultPrivilegesStmt     | ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO bob | permission
AlterDomainStmt                | ALTER DOMAIN d SET NOT NULL | alter-domain
AlterEnumStmt                  | ALTER TYPE e ADD VALUE 'x' | add-enum-value
AlterEventTrigStmt             | ALTER EVENT TRIGGER g DISABLE | alter-object
AlterExtensionContentsStmt     | ALTER EXTENSION x ADD TABLE t | alter-object
AlterExtensionStmt             | ALTER EXTENSION x UPDATE | alter-object
AlterFdwStmt                   | ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD a '1') | alter-object
AlterForeignServerStmt         | ALTER SERVER s VERSION '2' | alter-object
AlterFunctionStmt              | ALTER FUNCTION f(int) IMMUTABLE | alter-object
AlterObjectDependsStmt         | ALTER FUNCTION f(int) DEPENDS ON EXTENSION x | alter-object
AlterObjectSchemaStmt          | ALTER TABLE t SET SCHEMA s | rename-table
AlterOpFamilyStmt              | ALTER OPERATOR FAMILY o USING btree ADD FUNCTION 1 (int4, int2) btint42cmp(int4, int2) | alter-object
AlterOperatorStmt              | ALTER OPERATOR + (int, int) SET (RESTRICT = NONE) | alter-object
AlterOwnerStmt                 | ALTER FUNCTION f(int) OWNER TO bob | permission
AlterPolicyStmt                | ALTER POLICY p ON t TO bob | alter-object
AlterPublicationStmt           | ALTER PUBLICATION p ADD TABLE t | alter-object
AlterRoleSetStmt               | ALTER ROLE r SET a = 1 | alter-object
AlterRoleStmt                  | ALTER ROLE r LOGIN | alter-object
AlterSeqStmt                   | ALTER SEQUENCE q RESTART WITH 5 | alter-object
AlterStatsStmt                 | ALTER STATISTICS st SET STATISTICS 5 | alter-object
AlterSubscriptionStmt          | ALTER SUBSCRIPTION s DISABLE | alter-object
AlterSystemStmt                | ALTER SYSTEM SET a = 1 | alter-system
AlterTSConfigurationStmt       | ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple | alter-object
AlterTSDictionaryStmt          | ALTER TEXT SEARCH DICTIONARY d (a = 1) | alter-object
AlterTableMoveAllStmt          | ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b | alter-table
AlterTableSpaceOptionsStmt     | ALTER TABLESPACE a SET (random_page_cost = 1) | alter-object
AlterTableStmt                 | ALTER TABLE t DROP COLUMN a | drop-column
AlterTypeStmt                  | ALTER TYPE c SET (STORAGE = plain) | alter-object
AlterUserMappingStmt           | ALTER USER MAPPING FOR bob SERVER s OPTIONS (SET a '1') | alter-object
CallStmt                       | CALL p(1) | call-routine
CheckPointStmt                 | CHECKPOINT | maintenance
ClosePortalStmt                | CLOSE c | query
ClusterStmt                    | CLUSTER t | maintenance
CommentStmt                    | COMMENT ON TABLE t IS 'x' | set-comment
CompositeTypeStmt              | CREATE TYPE c AS (a int) | create-object
ConstraintsSetStmt             | SET CONSTRAINTS ALL DEFERRED | transaction-control
CopyStmt                       | COPY t TO PROGRAM 'rm -rf /' | query opaque
CopyStmt                       | COPY t FROM PROGRAM 'cat' | merge opaque
CopyStmt                       | COPY (DELETE FROM t RETURNING *) TO STDOUT | delete
CreateAmStmt                   | CREATE ACCESS METHOD a TYPE INDEX HANDLER h | create-object
CreateCastStmt                 | CREATE CAST (int AS text) WITHOUT FUNCTION | create-object
CreateConversionStmt           | CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f | create-object
CreateDomainStmt               | CREATE DOMAIN d AS int | create-domain
CreateEnumStmt                 | CREATE TYPE e AS ENUM ('a') | create-enum
CreateEventTrigStmt            | CREATE EVENT TRIGGER g ON sql_drop EXECUTE FUNCTION f() | create-object
CreateExtensionStmt            | CREATE EXTENSION x | create-object
CreateFdwStmt                  | CREATE FOREIGN DATA WRAPPER w | create-object
CreateForeignServerStmt        | CREATE SERVER s FOREIGN DATA WRAPPER w | create-object
CreateForeignTableStmt         | CREATE FOREIGN TABLE ft (a int) SERVER s | create-object
CreateFunctionStmt             | CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' | create-object
CreateOpClassStmt              | CREATE OPERATOR CLASS o FOR TYPE int USING btree AS STORAGE int | create-object
CreateOpFamilyStmt             | CREATE OPERATOR FAMILY o USING btree | create-object
CreatePLangStmt                | CREATE LANGUAGE plx HANDLER h | create-object
CreatePolicyStmt               | CREATE POLICY p ON t | create-object
CreatePublicationStmt          | CREATE PUBLICATION p FOR ALL TABLES | create-object
CreateRangeStmt                | CREATE TYPE r AS RANGE (SUBTYPE = int) | create-object
CreateRoleStmt                 | CREATE ROLE r | create-object
CreateSchemaStmt               | CREATE SCHEMA s | create-schema
CreateSeqStmt                  | CREATE SEQUENCE q | create-object
CreateStatsStmt                | CREATE STATISTICS st ON a, b FROM t | create-object
CreateStmt                     | CREATE TABLE t (a int) | create-table
CreateSubscriptionStmt         | CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p | create-object
CreateTableAsStmt              | CREATE TABLE t AS SELECT 1 | create-table
CreateTableSpaceStmt           | CREATE TABLESPACE a LOCATION '/x' | create-object
CreateTransformStmt            | CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal)) | create-object
CreateTrigStmt                 | CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f() | create-object
CreateUserMappingStmt          | CREATE USER MAPPING FOR bob SERVER s | create-object
CreatedbStmt                   | CREATE DATABASE d | create-database
DeallocateStmt                 | DEALLOCATE p | query
DeclareCursorStmt              | DECLARE c CURSOR FOR SELECT purge() | call-routine
DefineStmt                     | CREATE AGGREGATE a (int) (SFUNC = f, STYPE = int) | create-object
DeleteStmt                     | DELETE FROM t | delete
DeleteStmt                     | DELETE FROM pg_enum WHERE a | delete opaque
DiscardStmt                    | DISCARD ALL | set-option
DoStmt                         | DO $$ BEGIN EXECUTE x; END $$ | opaque
DropOwnedStmt                  | DROP OWNED BY bob | drop-object opaque
DropRoleStmt                   | DROP ROLE r | drop-object
DropStmt                       | DROP TABLE t | drop-table
DropSubscriptionStmt           | DROP SUBSCRIPTION s | drop-object
DropTableSpaceStmt             | DROP TABLESPACE a | drop-object
DropUserMappingStmt            | DROP USER MAPPING FOR bob SERVER s | drop-object
DropdbStmt                     | DROP DATABASE d | drop-database
ExecuteStmt                    | EXECUTE p | opaque
ExplainStmt                    | EXPLAIN ANALYZE DELETE FROM t | delete
FetchStmt                      | FETCH c | query
GrantRoleStmt                  | GRANT r TO bob | permission
GrantStmt                      | GRANT ALL ON t TO bob | permission
ImportForeignSchemaStmt        | IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y | opaque
IndexStmt                      | CREATE INDEX ix ON t (a) | create-index
InsertStmt                     | INSERT INTO t VALUES (1) | insert
ListenStmt                     | LISTEN x | query
LoadStmt                       | LOAD 'x' | opaque
LockStmt                       | LOCK TABLE t | lock-table
MergeStmt                      | MERGE INTO t USING u ON a = b WHEN NOT MATCHED BY SOURCE THEN DELETE | merge deletes
NotifyStmt                     | NOTIFY x | query
PrepareStmt                    | PREPARE p AS DELETE FROM t | query
ReassignOwnedStmt              | REASSIGN OWNED BY bob TO eve | permission
RefreshMatViewStmt             | REFRESH MATERIALIZED VIEW v | refresh-materialized-view
ReindexStmt                    | REINDEX TABLE t | reindex
RenameStmt                     | ALTER TABLE t RENAME TO u | rename-table
RuleStmt                       | CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING | create-object
SecLabelStmt                   | SECURITY LABEL ON TABLE t IS 'x' | permission
SelectStmt                     | SELECT dblink_exec('d', 'DROP TABLE t') | call-routine
SelectStmt                     | SELECT lo_unlink(a) FROM t | query call-routine
TransactionStmt                | COMMIT | transaction-control
TruncateStmt                   | TRUNCATE t | truncate
UnlistenStmt                   | UNLISTEN x | query
UpdateStmt                     | UPDATE t SET a = 1 | update
VacuumStmt                     | VACUUM t | maintenance
VariableSetStmt                | SET a = 1 | set-option
VariableShowStmt               | SHOW a | query
ViewStmt                       | CREATE VIEW v AS SELECT 1 | create-view
AlterTableStmt                 | ALTER TYPE c DROP ATTRIBUTE a | alter-object opaque
""".strip()
# Parts of statements, and what only PL/pgSQL has.
NO_STATEMENTS = {"PLAssignStmt", "RawStmt", "ReturnStmt", "ReplicaIdentityStmt", "SetOperationStmt"}
ROWS = [[cell.strip() for cell in row.split(" | ")] for row in POSTGRESQL.splitlines()]


def kinds(sql: str, dialect: str) -> str:
    """Return what guard makes of the statement; never nothing, and never SQL that is wrong."""
    [statement] = read_sql(sql, dialect).statements
    words = []
    for operation in statement.operations:
        assert not (isinstance(operation, Opaque) and operation.invalid), operation
        words.append(operation.kind)
        if getattr(operation, "deletes", False) or getattr(operation, "replaces", False):
            words.append("deletes")
    assert words
    return " ".join(words)


@pytest.mark.parametrize(("kind", "sql", "expected"), ROWS)
def test_each_kind_of_statement_of_postgresql(kind: str, sql: str, expected: str) -> None:
    assert type(parse_sql(sql)[0].stmt).__name__ == kind
    assert kinds(sql, "postgresql") == expected


def test_no_kind_of_postgresql_is_left_out() -> None:
    grammar = {name for name in dir(pglast.ast) if name.endswith("Stmt")}
    assert {kind for kind, _, _ in ROWS} == grammar - NO_STATEMENTS


MYSQL = r"""
ALTER DATABASE d READ ONLY = 1 | alter-object
ALTER EVENT e DISABLE | alter-object
ALTER FUNCTION f COMMENT 'x' | alter-object
ALTER INSTANCE ROTATE INNODB MASTER KEY | opaque
ALTER LOGFILE GROUP g ADD UNDOFILE 'x' ENGINE NDB | opaque
ALTER PROCEDURE p COMMENT 'x' | alter-object
ALTER SERVER s OPTIONS (USER 'x') | alter-object
ALTER TABLE t DROP PARTITION p | alter-table
ALTER TABLE t TRUNCATE PARTITION p | alter-table
ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u | alter-table opaque
ALTER TABLE t DISCARD TABLESPACE | alter-table
ALTER TABLE t IMPORT TABLESPACE | alter-table opaque
ALTER TABLE t ENGINE = BLACKHOLE | alter-table opaque
ALTER TABLE t ENGINE = InnoDB | alter-table
ALTER TABLESPACE a RENAME TO b | rename-object
ALTER UNDO TABLESPACE a SET INACTIVE | opaque
ALTER VIEW v AS SELECT 1 | create-view
CREATE LOGFILE GROUP g ADD UNDOFILE 'x' ENGINE NDB | opaque
CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so' | create-object
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x') | create-object
CREATE SPATIAL REFERENCE SYSTEM 4120 NAME 'x' DEFINITION 'y' | opaque
CREATE TABLESPACE a ADD DATAFILE 'x' | create-object
CREATE UNDO TABLESPACE a ADD DATAFILE 'x' | opaque
DROP SERVER s | drop-object
DROP SPATIAL REFERENCE SYSTEM 4120 | opaque
DROP TABLESPACE a | drop-object
RENAME TABLE a TO b | rename-table
TRUNCATE t | truncate
CALL p() | call-routine
DELETE FROM mysql.user WHERE a | delete opaque
DO purge() | call-routine
HANDLER t OPEN | query
IMPORT TABLE FROM 'x.sdi' | opaque
INSERT INTO t VALUES (1) | insert
LOAD DATA INFILE 'x' INTO TABLE t | merge
LOAD DATA INFILE 'x' REPLACE INTO TABLE t | merge deletes
LOAD XML INFILE 'x' INTO TABLE t | merge
REPLACE INTO t VALUES (1) | merge deletes
TABLE t | query
UPDATE t SET a = 1 | update
VALUES ROW(1) | query
WITH x AS (SELECT 1) DELETE FROM t | delete
START TRANSACTION | transaction-control
SAVEPOINT a | transaction-control
LOCK INSTANCE FOR BACKUP | opaque
UNLOCK INSTANCE | opaque
LOCK TABLES t WRITE | lock-table
UNLOCK TABLES | transaction-control
SET TRANSACTION READ ONLY | transaction-control
XA COMMIT 'x' | opaque
PURGE BINARY LOGS TO 'x' | alter-system opaque
RESET MASTER | alter-system opaque
RESET REPLICA ALL | alter-system opaque
CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'x' | alter-system opaque
START REPLICA | alter-system
STOP REPLICA | alter-system
PREPARE p FROM 'DELETE FROM t' | query
EXECUTE p | opaque
DEALLOCATE PREPARE p | query
CREATE USER bob | create-object
DROP USER bob | drop-object
GRANT ALL ON d.* TO bob | permission
REVOKE ALL ON d.* FROM bob | permission
RENAME USER a TO b | alter-object
SET PASSWORD FOR bob = 'x' | alter-object
SET ROLE r | set-option
ANALYZE TABLE t | maintenance
CHECK TABLE t | maintenance
CHECKSUM TABLE t | maintenance
OPTIMIZE TABLE t | maintenance
REPAIR TABLE t | maintenance
INSTALL PLUGIN p SONAME 'x' | alter-system
UNINSTALL COMPONENT 'x' | alter-system
CLONE INSTANCE FROM 'a'@'b':3306 IDENTIFIED BY 'x' | opaque
SET GLOBAL a = 1 | set-option
SHOW TABLES | query
BINLOG 'x' | opaque
CACHE INDEX t IN c | alter-system
FLUSH PRIVILEGES | maintenance
KILL 5 | alter-system
LOAD INDEX INTO CACHE t | opaque
RESTART | opaque
SHUTDOWN | opaque
DESCRIBE t | query
EXPLAIN DELETE FROM t | query
HELP 'x' | query
USE d | set-option
SIGNAL SQLSTATE '45000' | query
GET DIAGNOSTICS @a = ROW_COUNT | query
""".strip().splitlines()
MARIADB = r"""
CREATE OR REPLACE TABLE t (a INT) | drop-table create-table
CREATE OR REPLACE DATABASE d | drop-database create-database
ALTER TABLE t DROP SYSTEM VERSIONING | alter-table
BACKUP STAGE START | opaque
EXECUTE IMMEDIATE 'DELETE FROM t' | delete
EXECUTE IMMEDIATE @a | opaque
SET STATEMENT a = 1 FOR DELETE FROM t | set-option delete
ANALYZE DELETE FROM t | delete
DELETE FROM t RETURNING a | delete
""".strip().splitlines()
SQLITE = r"""
ALTER TABLE t DROP COLUMN a | drop-column
ANALYZE | maintenance
ATTACH DATABASE 'x' AS y | alter-object
DETACH DATABASE y | alter-object
BEGIN | transaction-control
CREATE INDEX ix ON t (a) | create-index
CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END | create-object
CREATE VIEW v AS SELECT 1 | create-view
CREATE VIRTUAL TABLE v USING fts5(a) | create-object
DELETE FROM t | delete
DELETE FROM sqlite_master WHERE a | delete opaque
DROP INDEX ix | drop-index
DROP TABLE t | drop-table
DROP TRIGGER g | drop-object
DROP VIEW v | drop-object
EXPLAIN QUERY PLAN DELETE FROM t | query
INSERT INTO t VALUES (1) | insert
INSERT OR REPLACE INTO t VALUES (1) | insert deletes
PRAGMA writable_schema = ON | set-option opaque
PRAGMA writable_schema = OFF | set-option
PRAGMA table_info(t) | query
REINDEX | reindex
RELEASE a | transaction-control
REPLACE INTO t VALUES (1) | merge deletes
SAVEPOINT a | transaction-control
SELECT load_extension('x') | call-routine
UPDATE OR REPLACE t SET a = 1 | update merge deletes
VACUUM | maintenance
VACUUM INTO 'x' | maintenance opaque
VALUES (1) | query
WITH x AS (SELECT 1) DELETE FROM t | delete
""".strip().splitlines()


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        *(("mysql", row) for row in MYSQL),
        *(("mariadb", row) for row in MARIADB),
        *(("sqlite", row) for row in SQLITE),
    ],
)
def test_each_kind_of_statement_of_the_others(dialect: str, row: str) -> None:
    sql, _, expected = row.rpartition(" | ")
    assert kinds(sql, dialect) == expected


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb", "sqlite"])
def test_a_kind_that_nobody_knows_is_no_silence(dialect: str) -> None:
    [statement] = read_sql("FROBNICATE t", dialect).statements
    assert [type(operation) for operation in statement.operations] == [Opaque]
