"""How large the tables of a database are: estimates of its own catalogue, no row is read.

SQLite has none, so there the rows are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from .channel import FatalError
from .live_database import read_only

Size = dict[str, Any]
# What nobody has analyzed has no estimate, unless it holds no page at all.
POSTGRESQL = """
SELECT c.oid, i.inhparent, CASE WHEN n.nspname <> current_schema() THEN n.nspname END, c.relname,
       CASE WHEN c.relkind = 'p' THEN NULL
            WHEN c.reltuples > 0 OR (c.reltuples = 0 AND c.relpages > 0) THEN c.reltuples::bigint
            WHEN pg_relation_size(c.oid) = 0 THEN 0 END,
       pg_total_relation_size(c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
"""
MYSQL = """
SELECT table_name, table_rows, data_length + index_length
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type <> 'VIEW' AND table_type <> 'SYSTEM VIEW'
"""


def table_sizes(given: str) -> list[Size]:
    """Return each table's `name`, `rows` and `bytes`, None where unknown; raise FatalError.

    The schema is a part of the name where it is not the one that is asked first.
    """
    with read_only(given) as connection:
        ask = ASK.get(connection.dialect.name)
        if ask is None:
            raise FatalError(
                f"guard does not know the catalogue of {connection.dialect.name}.",
                f"name one of {', '.join(sorted(ASK))}",
            )
        return sorted(ask(connection), key=lambda size: str(size["name"]))


def _postgresql(connection: Connection) -> Iterator[Size]:
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    tables = {row[0]: row for row in connection.execute(text(POSTGRESQL))}
    parts: dict[Any, list[Any]] = {}
    for oid, row in tables.items():
        parts.setdefault(row[1], []).append(oid)

    def total(oid: Any, column: int) -> int | None:
        """Of a partitioned table, what its partitions come to."""
        if oid not in parts:
            value = tables[oid][column]
            return None if value is None else int(value)
        values = [total(part, column) for part in parts[oid]]
        return None if None in values else sum(value or 0 for value in values)

    for oid, row in tables.items():
        name = ".".join(part for part in row[2:4] if part)
        yield {"name": name, "rows": total(oid, 4), "bytes": total(oid, 5)}


def _mysql(connection: Connection) -> Iterator[Size]:
    for name, rows, size in connection.execute(text(MYSQL)):
        yield {
            "name": name,
            "rows": None if rows is None else int(rows),
            "bytes": None if size is None else int(size),
        }


def _sqlite(connection: Connection) -> Iterator[Size]:
    quoted = connection.dialect.identifier_preparer.quote
    for name in inspect(connection).get_table_names():
        rows = connection.execute(text(f"SELECT count(*) FROM {quoted(name)}")).scalar_one()
        yield {"name": name, "rows": rows, "bytes": None}


ASK: dict[str, Callable[[Connection], Iterator[Size]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite,
}
