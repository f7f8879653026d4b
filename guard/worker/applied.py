"""At which revisions a database stands: its version tables, read and nothing else.

The one place where guard connects to a database that is not its own; the user named it.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, inspect, pool, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from .channel import FatalError

COLUMN = "version_num"  # the only column of Alembic's table, whatever the project calls that
SYSTEM = {"information_schema", "pg_catalog", "performance_schema", "mysql", "sys"}
MYSQL = {"mysqldb": "MySQLdb", "pymysql": "pymysql", "mysqlconnector": "mysql.connector"}
DRIVERS = {  # SQLAlchemy's name of each, and its module
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2", "pg8000": "pg8000"},
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY"}
READ_ONLY.update(dict.fromkeys(("mysql", "mariadb"), "SET SESSION TRANSACTION READ ONLY"))


def applied(given: str) -> list[str]:
    """Return the ids in the version tables of a database; raise FatalError."""
    engine = _engine(given)
    try:
        with engine.connect() as connection:
            statement = READ_ONLY.get(engine.dialect.name)
            if statement:
                connection.execute(text(statement))
            tables = list(_version_tables(connection))
            if not tables:
                raise FatalError(
                    "it has no table of Alembic's (alembic_version).",
                    "name the database that the migrations were run on",
                )
            return sorted(
                str(row[0]) for name in tables for row in connection.execute(_query(engine, *name))
            )
    finally:
        engine.dispose()


def _engine(given: str) -> Engine:
    try:
        url = make_url(given)
        if "+" not in url.drivername or url.get_dialect().is_async:
            url = url.set(drivername=_driver(url.get_backend_name()))
        if url.get_backend_name() == "sqlite":
            return create_engine(url, poolclass=pool.NullPool, creator=lambda: _sqlite(url))
        return create_engine(url, poolclass=pool.NullPool)
    except (ArgumentError, NoSuchModuleError):
        raise FatalError(
            "it is not a URL that SQLAlchemy knows.", "write it as in postgresql://user@host/name"
        ) from None
    except ImportError as error:
        raise FatalError(
            f"{sys.executable} lacks its driver: {error}.",
            "install that there, or name the interpreter that has it: --python",
        ) from None


def _driver(backend: str) -> str:
    """The first driver that is installed, where the URL names none that can be used here."""
    for name, module in DRIVERS.get(backend, {}).items():
        if find_spec(module.partition(".")[0]):
            return f"{backend}+{name}"
    return backend


def _sqlite(url: URL) -> sqlite3.Connection:
    name = url.database or ""
    path = name if name.startswith("file:") else f"file:{quote(name)}"
    joined = "&" if "?" in path else "?"
    return sqlite3.connect(f"{path}{joined}mode=ro", uri=True)


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


def _query(engine: Engine, schema: str | None, table: str) -> Any:
    quoted = engine.dialect.identifier_preparer.quote
    name = f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
    return text(f"SELECT {COLUMN} FROM {name}")
