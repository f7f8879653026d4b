"""Whether a downgrade removes just what its own upgrade made."""

from __future__ import annotations

import pytest

from guard.judge.inverse import undoes
from guard.operations import Operation
from guard.sql import read_sql


def operations(sql: str) -> tuple[Operation, ...]:
    return tuple(o for s in read_sql(sql, "postgresql").statements for o in s.operations)


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        ("CREATE TABLE t (a int)", "DROP TABLE t"),
        ("CREATE TABLE t (a int)", "DROP TABLE s.T"),
        ("CREATE TABLE t (a int)", "ALTER TABLE t DROP COLUMN a"),
        ("CREATE TABLE t (a int)", "ALTER TABLE t DROP CONSTRAINT c"),
        ("CREATE TABLE t (a int)", "TRUNCATE t"),
        ("CREATE TABLE t (a int)", "DELETE FROM t"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN A"),
        ("INSERT INTO t VALUES (1)", "DELETE FROM t"),
        ("INSERT INTO t VALUES (1)", "TRUNCATE t"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c"),
        ("CREATE INDEX i ON t (a)", "DROP INDEX i"),
        ("CREATE SCHEMA s", "DROP SCHEMA s"),
        ("CREATE DATABASE d", "DROP DATABASE d"),
        ("CREATE TYPE e AS ENUM ('a')", "DROP TYPE e"),
        ("CREATE VIEW v AS SELECT 1", "DROP VIEW v"),
        ("SELECT 1; CREATE TABLE t (a int)", "DROP TABLE t"),
    ],
)
def test_it_undoes(upgrade: str, downgrade: str) -> None:
    (removed,) = operations(downgrade)
    assert undoes(removed, operations(upgrade))


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        ("SELECT 1", "DROP TABLE t"),
        ("CREATE TABLE t (a int)", "DROP TABLE u"),
        ("CREATE TABLE s.t (a int)", "DROP TABLE x.t"),
        ("CREATE TABLE t (a int)", "DROP SCHEMA t"),
        ("ALTER TABLE old RENAME TO t", "DROP TABLE t"),
        ("ALTER TABLE t RENAME COLUMN b TO a", "ALTER TABLE t DROP COLUMN a"),
        ("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t DROP COLUMN b"),
        ("ALTER TABLE t ADD COLUMN a int", "DROP TABLE t"),
        ("ALTER TABLE t RENAME COLUMN b TO a", "ALTER TABLE t DROP COLUMN b"),
        ("INSERT INTO u VALUES (1)", "DELETE FROM t"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT d"),
        ("CREATE INDEX i ON t (a)", "DROP INDEX j"),
        ("CREATE VIEW v AS SELECT 1", "DROP VIEW w"),
    ],
)
def test_it_removes_something_else(upgrade: str, downgrade: str) -> None:
    (removed,) = operations(downgrade)
    assert not undoes(removed, operations(upgrade))
