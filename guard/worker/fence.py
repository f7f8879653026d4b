"""Nothing leaves the scratch folder: other SQLite files, network addresses and drivers refused.

Engines are led to the scratch database by `engines`; this is what stands behind them, for code
that opens a database in any other way. An audit hook cannot be taken away again.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import re
import sqlite3
import sys
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

# Drivers written in C open their sockets where no audit hook sees it.
DRIVERS = {
    "apsw": ("Connection",),
    "asyncpg": ("connect", "create_pool"),
    "MySQLdb": ("connect", "Connect", "Connection"),
    "cx_Oracle": ("connect", "Connection", "SessionPool"),
    "duckdb": ("connect",),
    "ibm_db": ("connect", "pconnect"),
    "mariadb": ("connect", "ConnectionPool"),
    "oracledb": ("connect", "connect_async", "create_pool", "create_pool_async"),
    "psycopg": ("connect", "Connection.connect", "AsyncConnection.connect"),
    "psycopg2": ("connect",),
    "pymssql": ("connect",),
    "pyodbc": ("connect",),
    "pysqlite3": ("connect", "Connection"),
    "snowflake.connector": ("connect",),
}

SCRATCH_DATABASES = "guard_scratch_"  # how the names of all on a server begin


class RefusedError(Exception):
    """Code of the project reached for something that is not the scratch database."""


def is_private(database: Any) -> bool:
    """Return whether SQLite would keep `database` in memory or in a file without a name."""
    name = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
    if name.startswith("file:"):
        query = parse_qs(urlsplit(name).query)
        path = unquote(urlsplit(name).path)
        return path in ("", ":memory:") or query.get("mode") == ["memory"]
    return name in ("", ":memory:")


class Fence:
    """Refuses what lies outside `folder`, and tells `refused` what was refused."""

    def __init__(self, folder: str, refused: Callable[[str], None]) -> None:
        self._folder = os.path.realpath(folder) + os.sep
        self._refused = refused
        self._allowed: tuple[str, int] | None = None
        self.last = ""  # refusal, in words

    def allow(self, host: str, port: int) -> None:
        """Let connections to the scratch server pass."""
        self._allowed = (host, port)

    def lets(self, host: Any, port: Any) -> bool:
        """Return whether that is the scratch server."""
        return (str(host), str(port)) == tuple(map(str, self._allowed or ()))

    def close(self) -> None:
        """Put the fence up, for the rest of this process."""
        sys.addaudithook(self._audit)
        sys.meta_path.insert(0, _DriverFinder(self))
        really = sqlite3.connect

        def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = really(*arguments, **named)
            connection.set_authorizer(self._authorize)
            return connection

        sqlite3.connect = connect  # type: ignore[assignment]
        sqlite3.dbapi2.connect = connect  # type: ignore[assignment]

    def check_file(self, database: Any, how: str) -> None:
        """Raise RefusedError unless `database` is the scratch database or holds nothing lasting."""
        if is_private(database):
            return
        name = os.fsdecode(database)
        path = unquote(urlsplit(name).path) if name.startswith("file:") else name
        if not os.path.realpath(path).startswith(self._folder):
            self.refuse(f"{how} of the SQLite database {path}")

    def refuse(self, what: str) -> None:
        """Raise RefusedError with what was tried."""
        self.last = f"guard refused {what}: a migration may only use the connection it is given"
        self._refused(what)
        raise RefusedError(self.last)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect":
            self.check_file(arguments[0], "the opening")
        elif event == "socket.getaddrinfo":
            host, port = arguments[:2]
            if host and port and not self.lets(host, port):
                self.refuse(f"a connection to {_address((host, port))}")
        elif event == "socket.connect" and not (
            _is_harmless(arguments[0]) or self._is_allowed(arguments[1])
        ):
            self.refuse(f"a connection to {_address(arguments[1])}")

    def lets_in(self, named: dict[str, Any]) -> bool:
        """Return whether a driver is told to connect to one of the scratch databases."""
        database = str(named.get("dbname") or named.get("database"))
        ours = database.startswith(SCRATCH_DATABASES)
        return ours and self.lets(named.get("host"), named.get("port"))

    def _is_allowed(self, address: Any) -> bool:
        return isinstance(address, tuple) and self.lets(*address[:2])

    def _authorize(self, action: int, name: Any, *_: Any) -> int:
        return self.allows(action, name)

    def allows(self, action: int, name: Any) -> int:
        """Return what SQLite's authorizer wants to hear: another database may not be attached."""
        if action == sqlite3.SQLITE_ATTACH:
            try:
                self.check_file(name or "", "the attaching")
            except RefusedError:  # SQLite says no more than "not authorized"
                return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


def _is_harmless(socket: Any) -> bool:
    """Return whether no database listens there: datagrams (a log), Windows' socketpair."""
    datagram = socket.type == getattr(sys.modules.get("socket"), "SOCK_DGRAM", None)
    caller = sys._getframe(2).f_code.co_name
    return datagram or caller in ("socketpair", "_fallback_socketpair")


def _address(address: Any) -> str:
    if isinstance(address, (str, bytes)):
        return os.fsdecode(address)
    return ":".join(str(part) for part in address[:2])


class _DriverFinder(importlib.abc.MetaPathFinder):
    """Lets drivers be imported (their error classes are in use) and takes their connect away."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._looking: set[str] = set()

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname not in DRIVERS or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec and spec.loader and hasattr(spec.loader, "exec_module"):
            run = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                for name in DRIVERS[fullname]:
                    owner, _, last = name.rpartition(".")
                    holder = getattr(module, owner, None) if owner else module
                    if hasattr(holder, last):
                        really = getattr(holder, last)
                        setattr(holder, last, self._refusal(f"{fullname}.{name}", really))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _refusal(self, name: str, really: Any) -> Any:
        fence = self._fence

        class Refusal:
            """Stands where the driver's connection stood; a class, so that it can be subclassed."""

            def __new__(cls, *arguments: Any, **named: Any) -> Any:
                if fence.lets_in(named):
                    return really(*arguments, **named)
                target = named.get("host") or named.get("dsn") or (arguments[:1] or ("?",))[0]
                return fence.refuse(f"{name}() to {_without_password(str(target))}")

            connect = classmethod(__new__)

        return Refusal


def _without_password(text: str) -> str:
    text = re.sub(r"(?i)(password|passwd|pwd)\s*=\s*\S+", r"\1=***", text)
    return re.sub(r"(//[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
