"""Engines of the project that lead to scratch databases on a MariaDB or MySQL server.

The driver is the one that the project's URL names. Where its interpreter lacks that, another one
serves: one that is there, else PyMySQL, which guard brings along.
"""

from __future__ import annotations

from typing import Any, Callable

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import NullPool

from ..fence import Fence
from .mysql import MysqlDatabase, MysqlServer
from .mysql_wire import context_for
from .own_driver import OwnDriver

# SQLAlchemy's names of drivers, and the modules that they need.
SYNC = {"pymysql": "pymysql", "mysqldb": "MySQLdb", "mysqlconnector": "mysql.connector",
        "mariadbconnector": "mariadb"}  # fmt: skip
ASYNC = {"aiomysql": "aiomysql", "asyncmy": "asyncmy"}
# What a project tells its driver of the session, and not of where to connect.
_OF_THE_SESSION = ("charset", "collation", "init_command", "sql_mode", "use_unicode")
_ENCRYPTED = ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")


class AsyncPymysqlDialect(MySQLDialect_pymysql):
    """PyMySQL under an AsyncEngine: it simply never waits."""

    driver = "guard_pymysql"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        return NullPool


class MysqlScratch:
    """The scratch databases, one for each database that the project asks for: a `Scratch`."""

    def __init__(
        self, server: MysqlServer, fence: Fence, drivers: str, note: Callable[[str], None]
    ) -> None:
        self.asked_for: dict[str, None] = {}  # servers of another kind, in order
        self.product = server.product
        self.has_schemas = False  # what it calls so are databases: those of others
        self.fence = fence
        self._server = server
        self._driver = OwnDriver("pymysql", "mysql", drivers, note)
        for name in ("mysql", "mariadb"):
            registry.register(f"{name}.guard_pymysql", __name__, AsyncPymysqlDialect.__name__)

    def engine(self, make: Callable[..., Any], url: URL, wait: bool, kept: dict[str, Any]) -> Any:
        """Return an engine, of SQLAlchemy's `make`, for the database that stands for `url`."""
        backend = url.get_backend_name()
        ours = backend in ("mysql", "mariadb")
        if not ours and backend not in ("sqlite", "driver"):
            self.asked_for[backend] = None
        named = url.drivername.partition("+")[2] if ours else ""
        if ours and not named:
            named = str(url.get_dialect().driver)
        driver = self._driver.find(named, ASYNC if wait else SYNC)
        kept.pop("isolation_level", None) if not ours else None
        given = {**url.query, **(kept.pop("connect_args", None) or {})} if ours else {}
        address = self._server.address
        dialect = backend if ours and self._server.product == "MariaDB" else "mysql"
        return make(
            URL.create(
                f"{dialect}+{'guard_pymysql' if wait and driver == 'pymysql' else driver}",
                username=address.user,
                password=address.password,
                host=address.host,
                port=address.port,
                database=self._server.name_for((url.host, url.port, url.database)),
            ),
            poolclass=NullPool,
            connect_args=_connect_args(driver, address.tls, given),
            **kept,
            **({"_is_async": True} if wait else {}),
        )

    def database(self) -> MysqlDatabase:
        """Return a database that will be the one of the first connection it is given."""
        return MysqlDatabase(self._server)

    def expect_schema(self, name: str) -> None:
        """Nothing has to be made: the names of schemas are left out of the SQL."""

    def empty(self) -> None:
        """Remove what the databases hold so far."""
        self._server.empty()

    def close_all(self) -> None:
        """Connections that the project left open are ended where they stand in the way."""


def _connect_args(driver: str, tls: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a driver is told besides the address: of the project's only session settings."""
    told = {name: given[name] for name in _OF_THE_SESSION if name in given}
    if driver != "mysqldb" and "charset" not in told:
        told["charset"] = "utf8mb4"
    if tls not in _ENCRYPTED:
        return told
    if driver == "mysqldb":
        return {**told, "ssl_mode": tls}
    if driver == "mysqlconnector":
        return {**told, "ssl_verify_cert": tls != "REQUIRED"}
    return {**told, "ssl": context_for(tls)}
