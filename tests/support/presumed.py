"""The shop that the examples of rules presume: its tables, and what else has a name there.

An example gets of it what it names, and does not make itself. Nothing else is there, so that a
slip of the pen in an example or in a remedy names something that is nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import sqlalchemy as sa

SCHEMAS = ("app", "s", "shop")
TABLES: dict[str, tuple[sa.Column[object], ...]] = {
    "orders": (
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Column("sum", sa.Integer),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("rank", sa.Integer),
        sa.Column("status", sa.String(20)),
        sa.Column("state", sa.String(20)),
        sa.Column("owner", sa.String(20)),
        sa.Column("note", sa.Text),
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.Column("c", sa.Integer),
        sa.Column("d", sa.Integer),
    ),
    "order": (sa.Column("id", sa.Integer, primary_key=True), sa.Column("total", sa.Integer)),
    "users": (
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mail", sa.String(80)),
        sa.Column("name", sa.String(80)),
        sa.Column("nickname", sa.String(80)),
        sa.Column("state", sa.String(20)),
    ),
    "sessions": (
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("expires_at", sa.Date),
        sa.Column("closed_at", sa.Date),
    ),
    "audit": (sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text)),
    "drafts": (sa.Column("id", sa.Integer, primary_key=True),),
    "logs": (sa.Column("id", sa.Integer, primary_key=True),),
    "roles": (sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20))),
    "settings": (
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("theme", sa.Text),
        sa.Column("value", sa.Text),
    ),
    "t": (sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer)),
    "a": (sa.Column("id", sa.Integer, primary_key=True), sa.Column("b_id", sa.Integer)),
    "b": (sa.Column("id", sa.Integer, primary_key=True),),
}
ANY = ("postgresql", "mysql", "mariadb", "sqlite")
# What is no table: the names that an example must speak of, where it is, and how it is made.
OBJECTS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("ix_orders_total",), ANY, "CREATE INDEX ix_orders_total ON orders (total)"),
    (("ix",), ("postgresql",), "CREATE INDEX ix ON orders (total)"),
    (("by_total",), ("postgresql",), "CREATE INDEX by_total ON shop.orders (total)"),
    (("amount",), ("postgresql",), "CREATE DOMAIN amount AS int"),
    (
        ("order_state",),
        ("postgresql",),
        "CREATE TYPE order_state AS ENUM ('new', 'paid')",
    ),
    (("state", "TYPE"), ("postgresql",), "CREATE TYPE state AS ENUM ('new', 'paid')"),
    (
        ("totals",),
        ("postgresql",),
        "CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id; CREATE UNIQUE INDEX ON totals (id)",
    ),
    (
        ("touch",),
        ("postgresql",),
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ),
    (
        ("touched",),
        ("postgresql",),
        "CREATE TRIGGER touched BEFORE UPDATE ON orders EXECUTE FUNCTION touch()",
    ),
    (
        ("my_token",),
        ("postgresql",),
        "CREATE FUNCTION my_token() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    ),
    (
        ("events",),
        ("postgresql",),
        "CREATE TABLE events (id int, day date) PARTITION BY RANGE (day)",
    ),
    (
        ("events", "events_may"),
        ("postgresql",),
        "CREATE TABLE events_may PARTITION OF events"
        " FOR VALUES FROM ('2024-05-01') TO ('2024-06-01')",
    ),
    (
        ("app", "events"),
        ("postgresql",),
        "CREATE TABLE app.events (id int, day date) PARTITION BY RANGE (day)",
    ),
)


class Presumed:
    """What is there before an example runs: what its `text` names, but for what it makes."""

    def __init__(self, text: str, makes: Collection[str], dialect: str) -> None:
        self._text = text
        named = _words(text)
        for _ in OBJECTS:  # what one is made of may be another
            for names, dialects, sql in OBJECTS:
                if dialect in dialects and named.issuperset(names):
                    named |= _words(sql)
        self._named = named - set(makes)
        self._objects = [
            sql
            for names, dialects, sql in OBJECTS
            if dialect in dialects and self._named.issuperset({*names, *_words(sql) & named})
        ]
        self._schemas = self._named & set(SCHEMAS) if dialect != "sqlite" else set()

    def make(self, engine: sa.Engine) -> None:
        """Make all of it in an empty database."""
        metadata = sa.MetaData()
        written = set(re.findall(r"\b(\w+)\.\"?\w|schema='(\w+)'", self._text))
        qualified = {name for pair in written for name in pair} & self._schemas
        for schema in (None, *sorted(qualified)):
            for name in TABLES.keys() & self._named:
                sa.Table(name, metadata, *self._columns(name), schema=schema)
        with engine.connect() as connection:
            for schema in sorted(self._schemas):
                connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            metadata.create_all(connection)
            for sql in self._objects:
                connection.exec_driver_sql(sql)

    def _columns(self, table: str) -> Iterator[sa.Column[object]]:
        for column in TABLES[table]:
            if column.primary_key or column.name in self._named:
                yield column._copy()


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
