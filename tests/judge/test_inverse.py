"""Whether a downgrade removes just what its own upgrade made: the same kind, by the same name."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import pytest

from guard.judge.inverse import made_by, undoes
from guard.operations import (
    OPERATIONS,
    Column,
    CreateDatabase,
    CreateTable,
    DropNotNull,
    Name,
    Operation,
    SetDefault,
    SetNotNull,
    Type,
)
from guard.sql import read_sql


def operations(sql: str, dialect: str = "postgresql") -> tuple[Operation, ...]:
    return tuple(o for s in read_sql(sql, dialect).statements for o in s.operations)


# What makes a thing, and what takes it back. No other line of the second column does.
PAIRS = [
    ("CREATE TABLE t (a int)", "DROP TABLE t"),
    ("ALTER TABLE x ADD COLUMN a int", "ALTER TABLE x DROP COLUMN a"),
    ("INSERT INTO x VALUES (1)", "DELETE FROM x"),
    ("ALTER TABLE x ALTER a SET DEFAULT 1", "ALTER TABLE x ALTER a DROP DEFAULT"),
    ("ALTER TABLE x ALTER a SET NOT NULL", "ALTER TABLE x ALTER a DROP NOT NULL"),
    ("ALTER TABLE x ALTER a DROP NOT NULL", "ALTER TABLE x ALTER a SET NOT NULL"),
    ("ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE x DROP CONSTRAINT c"),
    ("ALTER TABLE x ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES y", "ALTER TABLE x DROP CONSTRAINT f"),
    ("CREATE INDEX i ON x (a)", "DROP INDEX i"),
    ("CREATE UNIQUE INDEX ui ON x (a)", "DROP INDEX ui"),
    ("CREATE SCHEMA s", "DROP SCHEMA s"),
    ("CREATE DATABASE d", "DROP DATABASE d"),
    ("CREATE TYPE e AS ENUM ('a')", "DROP TYPE e"),
    ("CREATE TYPE pair AS (a int, b int)", "DROP TYPE pair"),
    ("CREATE DOMAIN dom AS int", "DROP DOMAIN dom"),
    ("CREATE VIEW v AS SELECT 1", "DROP VIEW v"),
    ("CREATE MATERIALIZED VIEW m AS SELECT 1", "DROP MATERIALIZED VIEW m"),
    ("CREATE SEQUENCE q", "DROP SEQUENCE q"),
    ("CREATE EXTENSION citext", "DROP EXTENSION citext"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f()"),
    ("CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "DROP PROCEDURE p()"),
    ("CREATE AGGREGATE a (int) (SFUNC = x, STYPE = int)", "DROP AGGREGATE a (int)"),
    ("CREATE TRIGGER g AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION h()", "DROP TRIGGER g ON x"),
    ("CREATE POLICY o ON x USING (true)", "DROP POLICY o ON x"),
    ("CREATE RULE r AS ON INSERT TO x DO ALSO NOTHING", "DROP RULE r ON x"),
    ("CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION h()", "DROP EVENT TRIGGER et"),
    ("CREATE ROLE bob", "DROP ROLE bob"),
    ("CREATE PUBLICATION pub", "DROP PUBLICATION pub"),
    ("CREATE FOREIGN TABLE ft (a int) SERVER z", "DROP FOREIGN TABLE ft"),
]  # fmt: skip


@pytest.mark.parametrize(("upgrade", "downgrade"), PAIRS)
def test_each_thing_has_its_own_way_back(upgrade: str, downgrade: str) -> None:
    made = operations(upgrade)
    assert [back for _, back in PAIRS if undoes(operations(back)[0], made)] == [downgrade]


# What is as it was before, once the second has run. No other line of the second column does that.
BACK = [
    ("ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO t"),
    ("ALTER TABLE t SET SCHEMA s", "ALTER TABLE s.t SET SCHEMA public"),
    ("ALTER TABLE t RENAME a TO b", "ALTER TABLE t RENAME b TO a"),
    ("ALTER VIEW v RENAME TO w", "ALTER VIEW w RENAME TO v"),
    ("ALTER INDEX i RENAME TO j", "ALTER INDEX j RENAME TO i"),
    ("ALTER TABLE t ATTACH PARTITION p DEFAULT", "ALTER TABLE t DETACH PARTITION p"),
    ("ALTER TABLE t DETACH PARTITION q", "ALTER TABLE t ATTACH PARTITION q DEFAULT"),
    ("CREATE TABLE r PARTITION OF t DEFAULT", "ALTER TABLE t DETACH PARTITION r"),
    ("ALTER TABLE t SET UNLOGGED", "ALTER TABLE t SET LOGGED"),
    ("ALTER TABLE t DISABLE TRIGGER g", "ALTER TABLE t ENABLE TRIGGER g"),
    ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t DISABLE ROW LEVEL SECURITY"),
]


@pytest.mark.parametrize(("upgrade", "downgrade"), BACK)
def test_each_change_leads_back_by_its_own_opposite(upgrade: str, downgrade: str) -> None:
    done = operations(upgrade)
    assert [back for _, back in BACK if undoes(operations(back)[0], done)] == [downgrade]


# The kinds above, under one name: only the kind tells them apart.
SAME_NAME = [(made, back) for made, back in PAIRS if " x" not in made + back]


@pytest.mark.parametrize(("upgrade", "downgrade"), SAME_NAME)
def test_a_thing_of_another_kind_is_not_taken_back(upgrade: str, downgrade: str) -> None:
    name = operations(downgrade)[0].subject
    drops = [back.replace(operations(back)[0].subject, name) for _, back in SAME_NAME]
    found = {back for back in drops if undoes(operations(back)[0], operations(upgrade))}
    also = {f"DROP TYPE {name}"} if "DOMAIN" in upgrade else set[str]()
    assert found == {downgrade} | also


def test_each_operation_that_makes_something_is_in_the_table() -> None:
    making = {o for o in OPERATIONS if o.__name__.startswith(("Create", "Add", "Insert"))}
    making |= {SetDefault, SetNotNull, DropNotNull}
    making = {o for o in making if o.__name__ != "AddEnumValue"}  # no server takes a value away
    found = {type(o) for made, _ in PAIRS for o in operations(made) if [*made_by(o)]}
    assert found == making


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        # What belongs to a new table
        ("CREATE TABLE t (a int)", "ALTER TABLE t DROP COLUMN a"),
        ("CREATE TABLE t (a int)", "ALTER TABLE t DROP CONSTRAINT c"),
        ("CREATE TABLE t (a int)", "TRUNCATE t"),
        ("CREATE TABLE t (a int)", "DELETE FROM t"),
        ("CREATE TABLE t (a int)", "DROP TRIGGER g ON t"),
        # Names
        ("CREATE TABLE t (a int)", "DROP TABLE s.T"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN A"),
        ("CREATE INDEX i ON s.t (a)", "DROP INDEX s.i"),
        ("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "DROP TRIGGER g ON s.t"),
        ("SELECT 1; CREATE TABLE t (a int)", "DROP TABLE t"),
        # One word for several kinds
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP ROUTINE f"),
        ("CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'", "DROP ROUTINE f"),
        ("CREATE DOMAIN d AS int", "DROP TYPE d"),
        ("CREATE USER bob", "DROP ROLE bob"),
        # Constraints
        ("INSERT INTO t VALUES (1)", "TRUNCATE t"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "ALTER TABLE t DROP CONSTRAINT C"),
        ("ALTER TABLE t ADD COLUMN a int CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c"),
    ],
)  # fmt: skip
def test_it_undoes(upgrade: str, downgrade: str) -> None:
    (removed,) = operations(downgrade)
    assert undoes(removed, operations(upgrade))


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        ("SELECT 1", "DROP TABLE t"),
        ("CREATE TABLE t (a int)", "DROP TABLE u"),
        ("CREATE TABLE s.t (a int)", "DROP TABLE x.t"),
        ("ALTER TABLE old RENAME TO t", "DROP TABLE t"),
        ("ALTER TABLE t RENAME COLUMN b TO a", "ALTER TABLE t DROP COLUMN a"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN b"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE u DROP COLUMN a"),
        ("ALTER TABLE t ADD COLUMN a int", "DROP TABLE t"),
        ("ALTER TABLE t RENAME COLUMN b TO a", "ALTER TABLE t DROP COLUMN b"),
        ("INSERT INTO u VALUES (1)", "DELETE FROM t"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT d"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE u DROP CONSTRAINT c"),
        ("ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c"),
        ("CREATE INDEX i ON t (a)", "DROP INDEX j"),
        ("CREATE INDEX i ON s.t (a)", "DROP INDEX x.i"),
        ("CREATE INDEX i ON t (a)", "ALTER TABLE t DROP CONSTRAINT i"),
        ("CREATE VIEW s.v AS SELECT 1", "DROP VIEW x.v"),
        ("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "DROP TRIGGER g ON u"),
        ("CREATE DOMAIN d AS int", "DROP DOMAIN e"),
        ("CREATE TYPE d AS ENUM ('a')", "DROP DOMAIN d"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP PROCEDURE f"),
        ("CREATE TABLE t (a int)", "DROP VIEW t"),
    ],
)  # fmt: skip
def test_it_removes_something_else(upgrade: str, downgrade: str) -> None:
    (removed,) = operations(downgrade)
    assert not undoes(removed, operations(upgrade))


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "expected"),
    [
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "DROP INDEX c ON t", True),
        ("CREATE UNIQUE INDEX c ON t (a)", "ALTER TABLE t DROP CONSTRAINT c", True),
        ("CREATE INDEX i ON t (a)", "DROP INDEX i ON t", True),
        ("CREATE INDEX i ON t (a)", "DROP INDEX i ON u", False),
        ("ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a)", "ALTER TABLE t DROP PRIMARY KEY", True),
        ("ALTER TABLE t ADD UNIQUE (a)", "ALTER TABLE t DROP PRIMARY KEY", False),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP FOREIGN KEY c", False),
        ("CREATE SCHEMA s", "DROP DATABASE s", True),
        ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", "DROP TRIGGER g", True),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", "DROP EVENT e", True),
    ],
)  # fmt: skip
def test_mysql(upgrade: str, downgrade: str, expected: bool) -> None:
    (removed,) = operations(downgrade, "mysql")
    assert undoes(removed, operations(upgrade, "mysql")) == expected


def test_sqlite_drops_a_virtual_table_as_a_table() -> None:
    (removed,) = operations("DROP TABLE f", "sqlite")
    assert undoes(removed, operations("CREATE VIRTUAL TABLE f USING fts5(a)", "sqlite"))


@pytest.mark.parametrize("create_type", [True, False])
def test_a_table_makes_the_enum_types_of_its_columns(create_type: bool) -> None:
    kind = Type(name="enum", enum_name=Name("mood"), create_type=create_type)
    table = CreateTable(table=Name("t"), columns=(Column(name="a", type=kind),))
    (removed,) = operations("DROP TYPE mood")
    assert undoes(removed, [table]) == create_type


def test_a_database_that_alembic_calls_a_schema() -> None:
    (removed,) = operations("DROP SCHEMA s", "mysql")
    assert undoes(removed, [CreateDatabase(name=Name("s"))])
