"""A scratch database on a PostgreSQL server that guard started, or whose URL the user gave.

A failed step that was rolled back needs no restoring: the database stands where it stood. Any other
is made anew, empty, and the walk brings it to where it was.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Callable

from alembic.runtime.migration import MigrationContext

from ..channel import FatalError
from ..json_shapes import Shape
from ..written import Rows
from . import postgresql_queries as queries
from . import postgresql_values
from .postgresql_catalog import Catalog
from .postgresql_rows import rows_now
from .postgresql_wire import (
    Address,
    Client,
    Row,
    ServerError,
    drop_database,
    end_others,
    literal,
    quote,
)
from .protocol import (
    Column,
    ForeignKey,
    Reached,
    RowRefusedError,
    State,
    Table,
    driver_connection,
    leads_elsewhere,
)
from .server import Server

LOCK_TIMEOUT = "SET lock_timeout = '20s'"
_REFUSED_BY_CHECK = ("23514", "23P01", "22P02", "22001", "22003")


class PostgresqlServer(Server):
    """The scratch databases of a run on a PostgreSQL server."""

    def __init__(
        self, address: Address, prefix: str, maintenance: str, made: Collection[str] = ()
    ) -> None:
        super().__init__(prefix, made)
        self.address = address
        self._maintenance = maintenance  # the database from which others are made

    def make(self, name: str) -> None:
        """Make an empty database of the name, instead of one that is there."""
        client = Client(self.address, self._maintenance)
        try:
            if client.rows(f"SELECT 1 FROM pg_database WHERE datname = {literal(name)}"):
                drop_database(client, name)
            client.query(
                f"CREATE DATABASE {quote(name)} TEMPLATE template0 ENCODING 'UTF8' "
                "LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        except ServerError as error:
            raise FatalError(
                f"No scratch database can be made on the PostgreSQL server: {error}.",
                "give the URL of a role that may create databases, or leave --url out",
            ) from None
        finally:
            client.close()

    def make_schema(self, name: str) -> None:
        """Make a schema in every database there is, unless it has one of the name."""
        for database in self._names.values():
            client = Client(self.address, database)
            client.query(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")
            client.close()


class PostgresqlDatabase:
    """One scratch database on it: a `Database`."""

    puts_at_once = True

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self._raw: Any = None  # the driver's connection, of env.py's making
        self._client: Client | None = None
        self._name = ""
        self._version_table = ""
        self._catalog = Catalog("")
        self._only_rows = False  # changed since the last snapshot
        self._pid = 0  # of the project's connection
        self._last: State | None = None  # where nothing was done since
        self._states: dict[str, tuple[State, list[Row]]] = {}  # with Alembic's own rows
        self.hear: Callable[[str], None] = _hear_nothing
        self.saved: dict[str, int] = {}

    @property
    def unsettled(self) -> set[str]:
        """The tables that changed since rows were last put in."""
        return self._catalog.unsettled

    @unsettled.setter
    def unsettled(self, names: set[str]) -> None:
        self._catalog.unsettled = names

    def stands_in_for(self, dialect: str | None) -> str | None:
        """Return None: on this server a failure is a failure."""
        return None

    # The connection

    def open(self, context: MigrationContext) -> None:
        """Take a new connection of env.py; raise FatalError where it leads anywhere else."""
        self._raw = driver_connection(context)
        name, self._pid = self._whereabouts() if context.dialect.name == "postgresql" else ("", 0)
        if not self._server.is_ours(name):
            raise leads_elsewhere("that does not lead to guard's scratch database")
        self._name = name
        known = f"SELECT 1 FROM pg_stat_activity WHERE pid = {self._pid}"
        if not self._ask().rows(f"{known} AND datname = {literal(name)}"):
            raise leads_elsewhere("to another server than guard's")
        self._raw.commit()  # so that what env.py did is there to be seen
        self._only_rows, self._last = False, None
        if not self._version_table:
            within = context.version_table_schema
            named = [part for part in (within, context.version_table) if part]
            self._version_table = ".".join(map(quote, named))
            self._catalog = Catalog(hidden=".".join(p for p in named if p != "public"))

    def _whereabouts(self) -> tuple[str, int]:
        cursor = self._raw.cursor()
        cursor.execute("SELECT current_database(), pg_backend_pid()")
        name, pid = cursor.fetchone()
        cursor.close()
        return str(name), int(pid)

    def _ask(self) -> Client:
        if self._client is None:
            self._client = Client(self._server.address, self._name)
            self._client.query(LOCK_TIMEOUT)
            self._catalog.prepare(self._client)
        return self._client

    def listen(self) -> None:
        """Know that what was read may not hold any more: the catalogue will be asked."""
        self._last = None

    def heard(self, sql: str) -> None:
        """Take down the statement that SQLAlchemy is about to run."""
        self.hear(sql)

    def drops_cascade(self) -> bool:
        """Return False: a table that others refer to is not dropped, or only the keys go too."""
        return False

    def reached(self) -> list[Reached]:
        """Return nothing: keys are enforced."""
        return []

    def settle(self) -> None:
        """Make what a step did lasting, also where env.py holds one transaction around all."""
        locked = self._ask().rows(queries.locked_by(self._pid))
        self._raw.commit()
        self._catalog.writes.step(locked)
        self._only_rows, self._last = False, None

    def undo(self) -> None:
        """Make the connection usable again after a statement that failed, as before the step."""
        self._raw.rollback()
        self._last = None

    def keep(self) -> None:
        """Nothing is left to do: each row was committed."""
        self._only_rows, self._last = True, None

    # What it holds

    def versions(self) -> set[str]:
        """Return the ids in Alembic's table, as another connection sees them."""
        try:
            rows = self._ask().rows(f"SELECT version_num FROM {self._version_table}")
        except ServerError:
            return set()
        return {str(row[0]) for row in rows}

    def snapshot(self) -> State:
        """Return what the database holds; what did not change stays the very same object."""
        if self._last is not None:
            return self._last
        try:
            self._last = self._catalog.read(self._ask(), self._only_rows)
            self._only_rows = False
            return self._last
        except ServerError as error:
            raise FatalError(
                f"The scratch database cannot be read: {error}.",
                "close what env.py or a revision leaves open (another connection with a lock)",
            ) from error

    def save(self, name: str, applied: int) -> None:
        """Remember what the database holds now, with `applied` revisions, under `name`."""
        self._states[name] = self.snapshot(), self._catalog.heads
        self.saved[name] = applied

    def restore(self, name: str) -> int:
        """Put back what was saved, where a rollback did so, else an empty database.

        Returns how many revisions it has.
        """
        self._last = None
        if name in self.saved:
            end_others(self._ask(), self._name)
            if (self.snapshot(), self._catalog.heads) == self._states[name]:
                return self.saved[name]
        if self._client is not None:
            self._client.close()
            self._client = None
        self._server.make(self._name)
        return 0

    @property
    def longer(self) -> set[str]:
        """The tables of which no more than the first rows were read."""
        return self._catalog.longer

    def rows_of(self, table: str) -> Rows | None:
        """Return the rows of a table at this moment, names in lower case; None without it."""
        return rows_now(self._raw, table)

    def members(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the members of each column, by (table, column), that is an enum."""
        types = self._catalog.types
        return {
            (name, column.name): types[column.type].labels
            for name, table in self.snapshot().tables.items()
            for column in table.columns
            if column.type in types and types[column.type].labels
        }

    def as_made(self, name: str, create: str) -> Table | None:
        """Return the table as the server describes it, whose words for an expression are its own.

        None where it refuses the table, such as one with a type that the database lacks.
        """
        client = self._ask()
        try:
            client.query(f"BEGIN; {create}")
            ((oid,),) = client.rows(f"SELECT {literal(quote(name))}::regclass::oid")
            return self._catalog.table(client, str(oid))
        except ServerError:
            return None
        finally:
            client.query("ROLLBACK")

    # Its rows

    def value(self, column: Column, number: int, used: Shape | None) -> Any:
        """Return a value that a column of this type may well hold, another for each number."""
        return postgresql_values.value_for(column, number, used, self._catalog.types)

    def parent_keys(self, key: ForeignKey) -> list[tuple[Any, ...]]:
        """Return values that rows of the parent have in the columns that `key` refers to."""
        parent = self._catalog.quoted.get(key.parent)
        if parent is None:
            return []
        names = ", ".join(map(quote, key.parent_columns))
        return list(self._ask().rows(f"SELECT {names} FROM {parent} LIMIT 50"))

    def holds(self, check: str, row: dict[str, Any]) -> bool | None:
        """Return whether a row passes the text of a CHECK; None where that cannot be asked."""
        values = ", ".join(f"{_constant(value)} AS {quote(name)}" for name, value in row.items())
        try:
            passed = self._ask().rows(f"SELECT ({check}) FROM (SELECT {values}) AS one")[0][0]
        except ServerError:  # a column that is left to its default, or compares as no text does
            return None
        return passed != "f"

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Insert a row of these columns; raise RowRefusedError."""
        self._catalog.writes.put(table)
        try:
            self._ask().query(self._insert(table, row))
        except ServerError as error:
            raise RowRefusedError(str(error), error.code in _REFUSED_BY_CHECK) from error

    def put_all(self, table: str, rows: list[dict[str, Any]]) -> bool:
        """Insert all the rows at once; False, and none is in, where any of them is refused."""
        self._catalog.writes.put(table)
        try:  # the statements of one message are one transaction
            self._ask().query(";".join(self._insert(table, row) for row in rows))
        except ServerError:
            return False
        return True

    def _insert(self, table: str, row: dict[str, Any]) -> str:
        name = self._catalog.quoted[table]
        if not row:
            return f"INSERT INTO {name} DEFAULT VALUES"
        columns = ", ".join(map(quote, row))
        values = ", ".join(literal(_text(value)) for value in row.values())
        return f"INSERT INTO {name} ({columns}) VALUES ({values})"


def _hear_nothing(sql: str) -> None:
    """Stand in until somebody wants to hear."""


def _constant(value: Any) -> str:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if numeric else literal(_text(value))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return str(value)
