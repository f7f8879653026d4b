"""Engines of the project that lead to scratch databases on a PostgreSQL server.

The driver is the one that the project's URL names. Where its interpreter lacks that, another one
serves: one that is there, else pg8000, which guard brings along.
"""

from __future__ import annotations

from typing import Any, Callable

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import NullPool

from ..fence import Fence
from .own_driver import OwnDriver
from .postgresql import PostgresqlDatabase, PostgresqlServer
from .postgresql_wire import Address

# SQLAlchemy's names of drivers, and the modules that they need.
SYNC = {"psycopg": "psycopg", "psycopg2": "psycopg2", "pg8000": "pg8000"}
ASYNC = {"asyncpg": "asyncpg", "psycopg": "psycopg"}
_SAME = {"psycopg_async": "psycopg", "psycopg2cffi": "psycopg2"}


class AsyncPg8000Dialect(PGDialect_pg8000):
    """pg8000 under an AsyncEngine: it simply never waits."""

    driver = "guard_pg8000"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        return NullPool


class PostgresqlScratch:
    """The scratch databases, one for each database that the project asks for: a `Scratch`."""

    def __init__(
        self, server: PostgresqlServer, fence: Fence, drivers: str, note: Callable[[str], None]
    ) -> None:
        self.asked_for: dict[str, None] = {}  # servers of another kind, in order
        self.product = "PostgreSQL"
        self.has_schemas = True
        self.fence = fence
        self._server = server
        self._own_driver = OwnDriver("pg8000", "postgresql", drivers, note)
        registry.register("postgresql.guard_pg8000", __name__, AsyncPg8000Dialect.__name__)

    def engine(self, make: Callable[..., Any], url: URL, wait: bool, kept: dict[str, Any]) -> Any:
        """Return an engine, of SQLAlchemy's `make`, for the database that stands for `url`."""
        backend = url.get_backend_name()
        if backend not in ("postgresql", "sqlite", "driver"):
            self.asked_for[backend] = None
        name = self._server.name_for((url.host, url.port, url.database))
        driver = self._driver(url, wait)
        address = self._server.address
        own = kept.pop("connect_args", None) or {}
        ours = URL.create(
            f"postgresql+{driver}",
            username=address.user,
            password=address.password,
            host=address.host,
            port=address.port,
            database=name,
        )
        return make(
            ours,
            poolclass=NullPool,
            connect_args=_connect_args(driver, address, url, own),
            **kept,
            **({"_is_async": True} if wait else {}),
        )

    def database(self) -> PostgresqlDatabase:
        """Return a database that will be the one of the first connection it is given."""
        return PostgresqlDatabase(self._server)

    def expect_schema(self, name: str) -> None:
        """Make a schema that no revision can make: the one of Alembic's own table."""
        self._server.make_schema(name)

    def empty(self) -> None:
        """Remove what the databases hold so far."""
        self._server.empty()

    def close_all(self) -> None:
        """Connections that the project left open are ended where they stand in the way."""

    def _driver(self, url: URL, wait: bool) -> str:
        named = url.drivername.partition("+")[2] if url.get_backend_name() == "postgresql" else ""
        if not named and url.get_backend_name() == "postgresql":
            named = str(url.get_dialect().driver)
        named = _SAME.get(named, named)
        driver = self._own_driver.find(named, ASYNC if wait else SYNC)
        return "guard_pg8000" if wait and driver == "pg8000" else driver


def _connect_args(driver: str, address: Address, url: URL, given: Any) -> dict[str, Any]:
    """Return what a driver is told besides the address: of the project's only session settings."""
    options = given.get("options") or url.query.get("options")
    if driver == "asyncpg":
        told: dict[str, Any] = {"ssl": False if address.sslmode == "disable" else address.sslmode}
        if given.get("server_settings"):
            told["server_settings"] = given["server_settings"]
        return told
    if driver in ("psycopg", "psycopg2"):
        told = {"sslmode": address.sslmode}
        if options:
            told["options"] = options
        return told
    return {} if address.sslmode in ("disable", "prefer", "allow") else {"ssl_context": True}
