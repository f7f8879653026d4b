"""Engines of the project that lead to scratch files of SQLite's, whatever server they are for."""

from __future__ import annotations

import os
import sqlite3
import weakref
from pathlib import Path
from typing import Any, Callable

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import NullPool

from ..fence import Fence
from .protocol import PLACEHOLDER, UNKNOWN, Database
from .sqlite import SqliteDatabase
from .sqlite_catalog import CHANGES
from .sqlite_connection import Connection

_TOLD = {*CHANGES, sqlite3.SQLITE_ATTACH}
_OF_A_SERVER = ("connect_args", "isolation_level")  # means something else, or nothing, to SQLite


class AsyncScratchDialect(SQLiteDialect_pysqlite):
    """The ordinary SQLite dialect under an AsyncEngine: it simply never waits."""

    driver = "guard_async"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        return NullPool


class SqliteScratch:
    """The scratch databases, one file for each database that the project asks for.

    `watch(action, first, second)` hears what the statements change that any connection prepares, in
    the words of SQLite's authorizer.
    """

    def __init__(self, folder: str, fence: Fence) -> None:
        registry.register("sqlite.guard_async", __name__, AsyncScratchDialect.__name__)
        self.folder = folder
        self.product = "SQLite"
        self.asked_for: dict[str, None] = {}  # servers, in order
        self.has_schemas = False
        self.fence = fence
        self.watch: Callable[[int, Any, Any], None] = _hear_nothing
        self._files: dict[tuple[Any, ...], str] = {}
        self._backends: dict[str, str] = {}
        self._open: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()

    def engine(self, make: Callable[..., Any], url: URL, wait: bool, kept: dict[str, Any]) -> Any:
        """Return an engine, of SQLAlchemy's `make`, for the file that stands for `url`."""
        path = self.file_for(url)
        same = {key: value for key, value in kept.items() if key not in _OF_A_SERVER}
        return make(
            f"sqlite+{'guard_async' if wait else 'pysqlite'}:///{path}",
            poolclass=NullPool,
            creator=lambda: self.connect(path),
            **same,
        )

    def database(self) -> Database:
        """Return a database that is not open yet."""
        return SqliteDatabase(self)

    def file_for(self, url: Any) -> str:
        """Return the scratch file that stands for the database of `url`."""
        backend = url.get_backend_name()
        if backend != "sqlite" and backend not in UNKNOWN:
            self.asked_for[backend] = None
        database = os.path.abspath(url.database) if backend == "sqlite" and url.database else ""
        key = (backend, url.host, url.port, database or url.database)
        path = os.path.join(self.folder, f"scratch{len(self._files)}.sqlite")
        path = self._files.setdefault(key, path)
        if backend not in UNKNOWN and str(url) != PLACEHOLDER:
            self._backends[os.path.basename(path)] = backend
        return path

    def backend_of(self, path: str) -> str | None:
        """Return what kind of database a scratch file stands for; None where nobody said."""
        return self._backends.get(os.path.basename(path))

    def connect(self, path: str) -> sqlite3.Connection:
        """Return a new connection to a scratch file, watched and without waiting for the disk."""
        connection = sqlite3.connect(path, check_same_thread=False, factory=Connection)
        connection.executescript(
            "PRAGMA page_size = 1024; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY"
        )
        self._open.add(connection)
        self.listen(connection)
        return connection

    def listen(self, connection: sqlite3.Connection) -> None:
        """Hear what `connection` prepares from now on, statements it has cached included."""
        connection.set_authorizer(self._authorize)

    def is_ours(self, connection: Any) -> bool:
        """Return whether the driver's `connection` was made here."""
        return isinstance(connection, Connection) and connection in self._open

    def close_all(self) -> None:
        """Close every connection that the project left open."""
        for connection in list(self._open):
            connection.close()
        self._open.clear()

    def expect_schema(self, name: str) -> None:
        """Nothing has to be made: the names of schemas are left out of the SQL."""

    def empty(self) -> None:
        """Remove what the databases hold so far."""
        self.close_all()
        for path in self._files.values():
            Path(path).unlink(missing_ok=True)

    def _authorize(self, action: int, first: Any, second: Any, *_: Any) -> int:
        if action not in _TOLD:  # it reads, which is most of what the authorizer is asked
            return sqlite3.SQLITE_OK
        self.watch(action, first, second)
        return self.fence.allows(action, first)


def _hear_nothing(action: int, first: Any, second: Any) -> None:
    """Stand in until a migration runs."""
