"""The database that the user named: connected to, asked, and never written to.

The one place where guard connects to a database that is not its own.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.parse import quote

from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from .channel import FatalError

MYSQL = {"mysqldb": "MySQLdb", "pymysql": "pymysql", "mysqlconnector": "mysql.connector"}
DRIVERS = {  # SQLAlchemy's name of each, and its module
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2", "pg8000": "pg8000"},
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY"}
READ_ONLY.update(dict.fromkeys(("mysql", "mariadb"), "SET SESSION TRANSACTION READ ONLY"))


@contextmanager
def read_only(given: str) -> Iterator[Connection]:
    """Give a connection to the database of a URL; raise FatalError where there is no way to it."""
    engine = _engine(given)
    try:
        with engine.connect() as connection:
            statement = READ_ONLY.get(engine.dialect.name)
            if statement:
                connection.execute(text(statement))
            yield connection
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
