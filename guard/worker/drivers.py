"""Database drivers can be imported, for their error classes, and cannot connect."""

from __future__ import annotations

import importlib.abc
import importlib.util
import re
import sys
from types import ModuleType
from typing import Any, Callable

# Drivers written in C open their sockets where no audit hook sees it; those of MySQL reach every
# database of a server that they may connect to.
DRIVERS = {
    "aiomysql": ("connect", "create_pool"),
    "apsw": ("Connection",),
    "asyncmy": ("connect", "create_pool"),
    "asyncpg": ("connect", "create_pool"),
    "MySQLdb": ("connect", "Connect", "Connection"),
    "cx_Oracle": ("connect", "Connection", "SessionPool"),
    "duckdb": ("connect",),
    "ibm_db": ("connect", "pconnect"),
    "mariadb": ("connect", "ConnectionPool"),
    "mysql.connector": ("connect",),
    "oracledb": ("connect", "connect_async", "create_pool", "create_pool_async"),
    "psycopg": ("connect", "Connection.connect", "AsyncConnection.connect"),
    "psycopg2": ("connect",),
    "pymssql": ("connect",),
    "pymysql": ("connect", "Connect", "Connection"),
    "pyodbc": ("connect",),
    "pysqlite3": ("connect", "Connection"),
    "snowflake.connector": ("connect",),
    "sqlcipher3": ("connect", "Connection"),
}


class DriverFinder(importlib.abc.MetaPathFinder):
    """Takes the connect of a driver away as it is imported, and of those that are already."""

    def __init__(
        self, refuse: Callable[[str], Any], lets_in: Callable[[dict[str, Any]], bool]
    ) -> None:
        """`lets_in` says of a connection's named arguments whether they mean a scratch database."""
        self._refuse = refuse
        self._lets_in = lets_in
        self._looking: set[str] = set()

    def install(self) -> None:
        """Stand before every other finder; what a .pth file has imported is disarmed now."""
        for name in DRIVERS:
            if name in sys.modules:
                self._disarm(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Return the spec that others find for a driver, so that it is loaded without connect."""
        if fullname not in DRIVERS or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec and spec.loader and hasattr(spec.loader, "exec_module"):
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                self._disarm(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _disarm(self, module: ModuleType) -> None:
        for name in DRIVERS[module.__name__]:
            owner, _, last = name.rpartition(".")
            holder = getattr(module, owner, None) if owner else module
            if hasattr(holder, last):
                really = getattr(holder, last)
                setattr(holder, last, self._refusal(f"{module.__name__}.{name}", really))

    def _refusal(self, name: str, really: Any) -> Any:
        refuse, lets_in = self._refuse, self._lets_in

        class Refusal:
            """Stands where the driver's connection stood; a class, so that it can be subclassed."""

            def __new__(cls, *arguments: Any, **named: Any) -> Any:
                if lets_in(named):
                    return really(*arguments, **named)
                target = named.get("host") or named.get("dsn") or (arguments[:1] or ("?",))[0]
                return refuse(f"{name}() to {_without_password(str(target))}")

            connect = classmethod(__new__)

        return Refusal


def _without_password(text: str) -> str:
    text = re.sub(r"(?i)(password|passwd|pwd)\s*=\s*\S+", r"\1=***", text)
    return re.sub(r"(//[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
