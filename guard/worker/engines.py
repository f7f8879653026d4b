"""Every engine the project makes, from whatever URL, sync or async, is the scratch database's."""

from __future__ import annotations

import os
import sqlite3
import sys
import weakref
from pathlib import Path
from typing import Any, Callable

import sqlalchemy
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.url import make_url
from sqlalchemy.pool import NullPool

from .fence import Fence
from .schemas import Schemas

# Drivers that `create_engine` may be given and that only an AsyncEngine can use.
ASYNC_DRIVERS = (
    "aiomysql",
    "aioodbc",
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "oracledb_async",
    "psycopg_async",
)
UNKNOWN = ("driver",)  # in the URL that `alembic init` writes
PLACEHOLDER = "sqlite:///guard-scratch"  # where the project names no database
# What of an engine's settings means the same on the scratch database.
KEPT = (
    "echo",
    "enable_from_linting",
    "execution_options",
    "future",
    "hide_parameters",
    "insertmanyvalues_page_size",
    "json_deserializer",
    "json_serializer",
    "label_length",
    "logging_name",
    "query_cache_size",
)


class AsyncScratchDialect(SQLiteDialect_pysqlite):
    """The ordinary SQLite dialect under an AsyncEngine: it simply never waits."""

    driver = "guard_async"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        return NullPool


class Scratch:
    """The scratch databases, one file for each database that the project asks for.

    `watch(action, first, second)` hears every statement that any connection prepares, as SQLite's
    authorizer does.
    """

    def __init__(self, folder: str, fence: Fence) -> None:
        self.folder = folder
        self.asked_for: dict[str, None] = {}  # servers, in order
        self.fence = fence
        self.watch: Callable[[int, Any, Any], None] = _hear_nothing
        self._files: dict[tuple[Any, ...], str] = {}
        self._backends: dict[str, str] = {}
        self._open: weakref.WeakSet[sqlite3.Connection] = weakref.WeakSet()

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
        connection = sqlite3.connect(path, check_same_thread=False, factory=_Connection)
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
        return isinstance(connection, _Connection) and connection in self._open

    def close_all(self) -> None:
        """Close every connection that the project left open."""
        for connection in list(self._open):
            connection.close()
        self._open.clear()

    def empty(self) -> None:
        """Remove what the databases hold so far."""
        self.close_all()
        for path in self._files.values():
            Path(path).unlink(missing_ok=True)

    def _authorize(self, action: int, first: Any, second: Any, *_: Any) -> int:
        self.watch(action, first, second)
        return self.fence.allows(action, first)


def _hear_nothing(action: int, first: Any, second: Any) -> None:
    """Stand in until a migration runs."""


class _Connection(sqlite3.Connection):
    """A connection that can be held weakly on every Python."""


def redirect(scratch: Scratch, schemas: Schemas) -> None:
    """Make every way in which SQLAlchemy makes an engine lead to `scratch`.

    The engines' dialects believe that each of `schemas` is there.
    """
    registry.register("sqlite.guard_async", __name__, "AsyncScratchDialect")
    make = sqlalchemy.create_engine

    def engine(url: Any, wait: bool, settings: dict[str, Any]) -> Any:
        url = make_url(url)
        path = scratch.file_for(url)
        wait = wait or url.drivername.rpartition("+")[2] in ASYNC_DRIVERS
        kept = {key: settings[key] for key in KEPT if key in settings}
        if "future" in kept:
            kept["future"] = str(kept["future"]).lower() in ("true", "1", "yes", "on")
        if isinstance(kept.get("echo"), str):
            kept["echo"] = kept["echo"].lower() in ("true", "1", "yes", "on", "debug")
        made = make(
            f"sqlite+{'guard_async' if wait else 'pysqlite'}:///{path}",
            poolclass=NullPool,
            creator=lambda: scratch.connect(path),
            **kept,
        )
        really = made.dialect.get_schema_names

        def get_schema_names(*arguments: Any, **named: Any) -> list[str]:
            return [*really(*arguments, **named), *schemas.names]

        made.dialect.get_schema_names = get_schema_names  # type: ignore[method-assign]
        return made

    def create_engine(url: Any, **settings: Any) -> Any:
        return engine(url, settings.pop("_is_async", False), settings)

    _replace(make, create_engine)
    try:
        import sqlalchemy.ext.asyncio as aio
    except ImportError:  # no greenlet: the project cannot use asyncio engines either
        return

    def create_async_engine(url: Any, **settings: Any) -> Any:
        settings.pop("future", None)
        return aio.AsyncEngine(engine(url, True, settings))

    _replace(aio.create_async_engine, create_async_engine)


def _replace(old: Any, new: Any) -> None:
    """Put `new` wherever a module of SQLAlchemy holds `old`."""
    new.__doc__ = old.__doc__
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "sqlalchemy":
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)
