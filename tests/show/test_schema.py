"""A replayed schema as text, as JSON, and as SQL that databases take."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from guard.operations import (
    AddColumn,
    AddConstraint,
    Column,
    Constraint,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    Default,
    Generated,
    Name,
    Operation,
    Storage,
    Type,
)
from guard.schema import Schema
from guard.show.ddl import as_sql
from guard.show.schema import as_json, as_text
from guard.sql import read_sql

INTEGER, TEXT = Type(name="integer"), Type(name="text")
USERS, ORDERS = Name("users"), Name("orders")

SHOP: tuple[Operation, ...] = (
    CreateEnum(name=Name("status"), values=("new", "paid")),
    CreateTable(
        table=ORDERS,
        columns=(
            Column(name="id", type=INTEGER, primary_key=True),
            Column(name="user_id", type=INTEGER, nullable=False),
            Column(
                name="total",
                type=Type(name="numeric", precision=10, scale=2),
                nullable=False,
                default=Default("0"),
            ),
            Column(name="status", type=Type(name="status")),
            Column(
                name="twice",
                type=TEXT,
                generated=Generated(by="expression", sql="total * 2", stored=True),
            ),
        ),
        constraints=(
            Constraint(
                type="foreign key",
                name="orders_user",
                columns=("user_id",),
                target=USERS,
                target_columns=("id",),
                on_delete="CASCADE",
            ),
            Constraint(type="check", name="positive", sql="total >= 0"),
        ),
    ),
    CreateTable(
        table=USERS,
        columns=(
            Column(name="id", type=INTEGER, primary_key=True),
            Column(name="Order", type=Type(name="varchar", length=20)),
            Column(name="made", type=TEXT, default=Default("lower('A')")),
        ),
        constraints=(Constraint(type="unique", name="uq", columns=("Order",)),),
    ),
    CreateIndex(table=ORDERS, name="ix", columns=("user_id", "lower(status)"), where="total > 0"),
    CreateObject(object_type="trigger", name=Name("audit"), table=ORDERS),
    CreateView(name=Name("totals"), columns=("id", "total")),
)


def replay(*operations: Operation, known: bool = True, dialect: str = "postgresql") -> Schema:
    schema = Schema.empty(known=known, dialect=dialect)
    for operation in operations:
        schema = schema.apply(operation, revision="ae10")
    return schema


def test_text_shows_all_there_is() -> None:
    assert as_text(replay(*SHOP)) == (
        """\
orders  (created by ae10)
  id       integer not null
  user_id  integer not null
  total    numeric(10, 2) not null default 0
  status   status
  twice    text expression (total * 2) stored
  primary key (id)  orders_pkey
  foreign key (user_id) references users (id) on delete cascade  orders_user
  check (total >= 0)  positive
  index (user_id, lower(status)) where total > 0  ix
  trigger audit

users  (created by ae10)
  id     integer not null
  Order  varchar(20)
  made   text default lower('A')
  primary key (id)  users_pkey
  unique (Order)  uq

enum status (new, paid)
view totals (id, total)
"""
    )


def test_text_says_what_is_not_known() -> None:
    schema = replay(AddColumn(table=USERS, column=Column(name="a")), known=False)
    schema = schema.apply(AddColumn(table=USERS, column=Column(name="b")), certain=False)
    assert as_text(schema) == (
        """\
users  (more may be in it)
  a  (type not read)
  b  (type not read)  (not certain)

There may be tables that no revision names.
"""
    )
    assert as_text(replay()) == "The schema is empty.\n"


def test_json_keeps_its_contract() -> None:
    document = json.loads(as_json(replay(*SHOP)))
    orders, users = document["tables"]
    made = {"created_by": "ae10", "certain": True}
    assert document["dialect"] == "postgresql"
    assert document["known"] is True
    assert (orders["name"], orders["schema"], orders["complete"]) == ("orders", None, True)
    assert orders["triggers"] == ["audit"]
    assert orders["columns"][2] == {
        "name": "total",
        "type": "numeric(10, 2)",
        "values": None,
        "unsigned": False,
        "charset": None,
        "collation": None,
        "nullable": False,
        "default": "0",
        "generated": None,
        **made,
    }
    assert orders["constraints"][1] == {
        "type": "foreign key",
        "name": "orders_user",
        "columns": ["user_id"],
        "sql": None,
        "references": {"table": "users", "columns": ["id"]},
        "valid": True,
        **made,
    }
    assert orders["indexes"] == [
        {
            "name": "ix",
            "columns": ["user_id", "lower(status)"],
            "unique": False,
            "where": "total > 0",
            "method": None,
            "valid": True,
            **made,
        }
    ]
    assert [column["name"] for column in users["columns"]] == ["id", "Order", "made"]
    assert document["enums"] == [
        {"name": "status", "schema": None, "values": ["new", "paid"], **made}
    ]
    assert document["views"] == [
        {
            "name": "totals",
            "schema": None,
            "columns": ["id", "total"],
            "materialized": False,
            **made,
        }
    ]


def test_json_says_what_mysql_keeps() -> None:
    kind = Column(
        name="a", type=Type(name="set", values=("x", "y"), charset="latin1", collation="latin1_bin")
    )
    counter = Column(name="b", type=Type(name="integer", unsigned=True))
    storage = Storage(charset="utf8mb4", collation="utf8mb4_bin", row_format="compressed")
    create = CreateTable(table=USERS, columns=(kind, counter), storage=storage)
    (table,) = json.loads(as_json(replay(create, dialect="mysql")))["tables"]
    found = [(c["values"], c["unsigned"], c["charset"], c["collation"]) for c in table["columns"]]
    assert found == [(["x", "y"], False, "latin1", "latin1_bin"), (None, True, None, None)]
    said = (table["charset"], table["collation"], table["row_format"])
    assert said == ("utf8mb4", "utf8mb4_bin", "compressed")


def test_json_tells_no_default_from_one_that_was_not_read() -> None:
    unread = Column(name="a", default=Default(None))
    schema = replay(CreateTable(table=USERS, columns=(unread, Column(name="b"))))
    found = json.loads(as_json(schema))["tables"][0]["columns"]
    assert [column["default"] for column in found] == ["{not read}", None]


def test_sqlite_takes_the_sql_and_holds_the_same() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(as_sql(replay(*SHOP), "sqlite"))
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        columns = connection.execute("PRAGMA table_xinfo(orders)").fetchall()
        keys = connection.execute("PRAGMA foreign_key_list(orders)").fetchall()
        indexes = connection.execute("PRAGMA index_list(orders)").fetchall()
        connection.execute("INSERT INTO users (id) VALUES (1)")
        made = connection.execute("SELECT made FROM users").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="positive"):
            connection.execute("INSERT INTO orders (user_id, total) VALUES (1, -1)")
    assert tables == [("orders",), ("users",)]
    assert [(name, type_.lower(), *rest) for _, name, type_, *rest in columns][:3] == [
        ("id", "integer", 1, None, 1, 0),
        ("user_id", "integer", 1, None, 0, 0),
        ("total", "numeric(10, 2)", 1, "0", 0, 0),
    ]
    assert [row[2:7] for row in keys] == [("users", "user_id", "id", "NO ACTION", "CASCADE")]
    assert ("ix", 0, 1) in [(name, unique, partial) for _, name, unique, _, partial in indexes]
    assert made == [("a",)]


def test_foreign_keys_that_point_ahead_come_last() -> None:
    both = (
        CreateTable(table=ORDERS, columns=(Column(name="a", type=INTEGER, primary_key=True),)),
        CreateTable(table=USERS, columns=(Column(name="b", type=INTEGER, primary_key=True),)),
    )
    there = Constraint(type="foreign key", columns=("a",), target=USERS, target_columns=("b",))
    back = Constraint(type="foreign key", columns=("b",), target=ORDERS, target_columns=("a",))
    schema = replay(
        *both,
        AddConstraint(table=ORDERS, constraint=there),
        AddConstraint(table=USERS, constraint=back),
    )
    statements = as_sql(schema).strip().split("\n\n")
    assert [statement.split(" (")[0] for statement in statements[:2]] == [
        "CREATE TABLE users",
        "CREATE TABLE orders",
    ]
    assert statements[2:] == [
        "ALTER TABLE users ADD CONSTRAINT users_b_fkey FOREIGN KEY (b) REFERENCES orders (a);"
    ]


@pytest.mark.parametrize(
    ("column", "dialect", "sql"),
    [
        (Column(name="a", type=Type(name="double")), "postgresql", "a double precision"),
        (Column(name="a", type=Type(name="varchar")), "mysql", "`a` text"),
        (Column(name="select", type=TEXT), "sqlite", '"select" text'),
        (Column(name='we"ird', type=TEXT), "postgresql", '"we""ird" text'),
        (Column(name="a"), "postgresql", "a text /* not read */"),
        (Column(name="a"), "sqlite", "a"),
        (
            Column(name="a", type=INTEGER, generated=Generated(by="serial")),
            "postgresql",
            "a serial NOT NULL",
        ),
        (
            Column(name="a", type=INTEGER, generated=Generated(by="identity")),
            "postgresql",
            "a integer NOT NULL GENERATED BY DEFAULT AS IDENTITY",
        ),
        (
            Column(name="a", type=Type(name="timestamp", timezone=True)),
            "postgresql",
            "a timestamp with time zone",
        ),
        (
            Column(name="a", type=Type(name="enum", values=("it's", "b"))),
            "mysql",
            "`a` enum('it''s', 'b')",
        ),
        (
            Column(name="a", type=Type(name="integer", unsigned=True)),
            "mysql",
            "`a` integer unsigned",
        ),
        (
            Column(name="a", type=INTEGER, generated=Generated(by="expression", sql="b + 1")),
            "postgresql",
            "a integer GENERATED ALWAYS AS (b + 1) STORED",
        ),
        (
            Column(name="a", type=INTEGER, generated=Generated(by="autoincrement")),
            "mysql",
            "`a` integer AUTO_INCREMENT",
        ),
        (
            Column(
                name="a", type=Type(name="enum", enum_name=Name("mood"), array=1, create_type=False)
            ),
            "postgresql",
            "a mood[]",
        ),
        (
            Column(name="a", type=Type(name="enum", enum_name=Name("mood"))),
            "sqlite",
            "a varchar(255)",
        ),
        (
            Column(name="a", type=TEXT, default=Default("now()")),
            "sqlite",
            "a text DEFAULT CURRENT_TIMESTAMP",
        ),
    ],
)
def test_columns_as_each_dialect_writes_them(column: Column, dialect: str, sql: str) -> None:
    text = as_sql(replay(CreateTable(table=USERS, columns=(column,)), dialect=dialect))
    assert text.splitlines()[1].strip() == sql


def test_sql_says_what_it_leaves_out() -> None:
    schema = replay(
        CreateView(name=Name("totals")),
        AddColumn(table=USERS, column=Column(name="a", type=TEXT)),
        known=False,
    )
    index = CreateIndex(table=USERS, name="ix", columns=("a", "b"))
    key = Constraint(type="foreign key", columns=("a",), target=ORDERS, target_columns=("id",))
    schema = schema.apply(index).apply(AddConstraint(table=USERS, constraint=key))
    text = as_sql(schema)
    assert "-- users: index (a, b)" in text
    assert "-- users: foreign key (a) references orders (id)" in text
    assert "-- There may be tables that no revision names." in text
    assert "-- view totals" in text
    assert "-- more may be in it\nCREATE TABLE users (" in text


DDL = {
    "CREATE TYPE mood AS ENUM ('ok', 'it''s')": "CREATE TYPE mood AS ENUM ('ok', 'it''s');",
    "CREATE DOMAIN age AS integer": "CREATE DOMAIN age AS integer;",
    "CREATE SEQUENCE s": "-- sequence s",
    "CREATE TABLE x.t (a integer)": "CREATE SCHEMA IF NOT EXISTS x;",
    "CREATE TABLE t (a integer, EXCLUDE USING gist (a WITH =))": "EXCLUDE USING gist (a WITH =)",
    "CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a > 0) NOT VALID": "CHECK (a > 0) NOT VALID",
    "CREATE TABLE t (a integer) PARTITION BY RANGE (a);"
    "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (2)": "-- partition of t",
}


@pytest.mark.parametrize("sql", DDL)
def test_what_postgresql_has_besides_tables(sql: str) -> None:
    read = read_sql(sql, "postgresql").statements
    text = as_sql(replay(*(o for statement in read for o in statement.operations)))
    assert DDL[sql] in text


@pytest.mark.parametrize(
    ("parts", "dialect", "sql"),
    [
        ("a DESC, b", "sqlite", '(a DESC, b)'),
        ("a COLLATE NOCASE, b DESC", "sqlite", '(a COLLATE NOCASE, b DESC)'),
        ("a text_pattern_ops, b DESC NULLS LAST", "postgresql",
         "(a text_pattern_ops, b DESC NULLS LAST)"),
        ("a(10), b DESC", "mysql", "(`a`(10), `b` DESC)"),
        ("lower(a) DESC, b", "sqlite", '(lower(a) DESC, b)'),
    ],
)  # fmt: skip
def test_an_index_as_it_is_written(parts: str, dialect: str, sql: str) -> None:
    made = f"CREATE TABLE t (a varchar(20), b varchar(20)); CREATE INDEX i ON t ({parts})"
    read = read_sql(made, dialect=dialect).statements
    text = as_sql(replay(*(o for s in read for o in s.operations), dialect=dialect))
    assert sql in text
