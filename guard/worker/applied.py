"""At which revisions a database stands: its version tables, read and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from .channel import FatalError
from .live_database import read_only

COLUMN = "version_num"  # the only column of Alembic's table, whatever the project calls that
SYSTEM = {"information_schema", "pg_catalog", "performance_schema", "mysql", "sys"}


def applied(given: str) -> list[str]:
    """Return the ids in the version tables of a database; raise FatalError."""
    with read_only(given) as connection:
        tables = list(_version_tables(connection))
        if not tables:
            raise FatalError(
                "it has no table of Alembic's (alembic_version).",
                "name the database that the migrations were run on",
            )
        return sorted(
            str(row[0]) for name in tables for row in connection.execute(_query(connection, *name))
        )


def _version_tables(connection: Connection) -> Iterator[tuple[str | None, str]]:
    """The schema, None for the one that is asked first, and the name of each."""
    inspector = inspect(connection)
    own = inspector.default_schema_name
    schemas = [name for name in inspector.get_schema_names() if name not in SYSTEM]
    for schema in schemas if connection.dialect.name != "sqlite" else [own]:
        for table in inspector.get_table_names(schema=schema):
            columns = inspector.get_columns(table, schema=schema)
            if [column["name"] for column in columns] == [COLUMN]:
                yield (None if schema == own else schema), table


def _query(connection: Connection, schema: str | None, table: str) -> Any:
    quoted = connection.dialect.identifier_preparer.quote
    name = f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
    return text(f"SELECT {COLUMN} FROM {name}")
