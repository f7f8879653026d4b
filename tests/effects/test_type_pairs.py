"""Every change from one usual type to another, as guard says it and as PostgreSQL does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from postgresql_server import Postgresql, scratch_database

from guard.effects.postgresql.type_pairs import keeps_plain_indexes, work_of
from guard.operations import ChangeColumnType, Type
from guard.schema import Schema
from guard.sql import read_sql

TYPES = (
    *("smallint", "integer", "bigint", "real", "double precision", "money", "boolean", "oid"),
    *("numeric", "numeric(10)", "numeric(8, 2)", "numeric(10, 2)", "numeric(12, 2)"),
    *("numeric(12, 4)", "varchar", "varchar(20)", "varchar(50)", "text", "char(10)", "char(20)"),
    *("name", "citext", "bit(8)", "bit(16)", "varbit", "varbit(8)", "varbit(16)", "bytea"),
    *("date", "time", "time(0)", "time(3)", "timetz", "timestamp", "timestamp(0)"),
    *("timestamp(3)", "timestamp(6)", "timestamptz", "timestamptz(0)", "timestamptz(3)"),
    *("interval", "interval(0)", "interval(3)", "json", "jsonb", "uuid", "xml", "inet", "cidr"),
    *("regclass", "integer[]", "bigint[]", "text[]", "varchar[]", "varchar(20)[]"),
    *("varchar(50)[]", "mood", "word", "word20", "short", "positive"),
)
OWN = """
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN word AS text;
CREATE DOMAIN word20 AS varchar(20);
CREATE DOMAIN short AS varchar(20) CHECK (length(VALUE) < 30);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
"""
FILES = "SELECT pg_relation_filenode('t'), pg_relation_filenode(to_regclass('ix'))"


def read(sql: str) -> list[Any]:
    return [o for s in read_sql(sql, "postgresql").statements for o in s.operations]


def schema() -> Schema:
    made = Schema.empty(dialect="postgresql")
    for operation in read(OWN):
        made = made.apply(operation)
    return made


def typed(text: str) -> Type:
    (change,) = read(f"ALTER TABLE t ALTER c TYPE {text}")
    assert isinstance(change, ChangeColumnType)
    assert change.type
    return change.type


def asked(cursor: Any, zone: str) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield each change that the server accepts: whether it writes the rows, or the index, anew."""
    refused = import_module("psycopg").Error
    cursor.execute(f"SET timezone = '{zone}'")
    for old, new in product(TYPES, TYPES):
        cursor.execute("DROP TABLE IF EXISTS t")
        try:
            cursor.execute(f"CREATE TABLE t (c {old})")
        except refused:  # the server lacks an extension
            continue
        with suppress(refused):  # json has no order
            cursor.execute("CREATE INDEX ix ON t (c)")
        before = cursor.execute(FILES).fetchone()
        for using in ("", f" USING c::{new}"):
            with suppress(refused):
                cursor.execute(f"ALTER TABLE t ALTER c TYPE {new}{using}")
                after = cursor.execute(FILES).fetchone()
                indexed = before[1] is not None
                yield old, new, before[0] != after[0], indexed and before[1] != after[1]
                break


@pytest.mark.server
@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_every_pair_of_types(postgresql: Postgresql, zone: str) -> None:
    made, wrong, seen = schema(), [], 0
    with postgresql.connect(scratch_database(postgresql)) as connection:
        cursor = connection.cursor()
        cursor.execute(OWN)
        with suppress(import_module("psycopg").Error):
            cursor.execute("CREATE EXTENSION citext")
        for old, new, rewritten, reindexed in asked(cursor, zone):
            work = work_of(typed(old), typed(new), made)
            writes = work == "rewrite" or (work == "free in utc" and zone != "UTC")
            keeps = keeps_plain_indexes(typed(old), typed(new), made)
            kept = keeps or "xml" in (old, new)  # of which there are no indexes
            if writes != rewritten or (not rewritten and kept == reindexed):
                wrong.append(f"{old} to {new}: {work}, {rewritten=}, {keeps=}, {reindexed=}")
            seen += 1
    assert wrong == []
    assert seen > 900


@pytest.mark.parametrize(
    ("old", "new", "work"),
    [
        ("varchar(20)", "varchar(50)", "free"),
        ("varchar(20)", "text", "free"),
        ("varchar(20)", "varchar(20)", "none"),
        ("text", "varchar(20)", "rewrite"),
        ("integer", "bigint", "rewrite"),
        ("timestamp", "timestamptz", "free in utc"),
        ("timestamp", "timestamptz(0)", "rewrite"),
        ("timestamp", "timestamp(0)", "rewrite"),
        ("timestamp(0)", "timestamp(3)", "free"),
        ("numeric(10, 2)", "numeric(12, 2)", "free"),
        ("numeric(10, 2)", "numeric(12, 4)", "rewrite"),
        ("varchar(20)[]", "varchar(50)[]", "rewrite"),
        ("varchar(20)[]", "varchar[]", "free"),
        ("text", "word", "free"),
        ("word20", "varchar(20)", "rewrite"),
        ("integer", "positive", "rewrite"),
        ("positive", "integer", "free"),
        ("public.mood", "mood", "none"),
        ("mood", "text", "rewrite"),
    ],
)
def test_some_pairs(old: str, new: str, work: str) -> None:
    assert work_of(typed(old), typed(new), schema()) == work
