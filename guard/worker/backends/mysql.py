"""A scratch database on a MariaDB or MySQL server that guard started, or whose URL the user gave.

There DDL commits, so a failed step leaves what it did so far: what differs from the saved state is
made anew, from what SHOW CREATE and the rows said as it was saved. A copy in a database beside it
(CREATE TABLE LIKE, INSERT SELECT) takes 2 ms a table at every revision, and forgets foreign keys;
this costs nothing but where a step fails.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Callable

from alembic.runtime.migration import MigrationContext

from ..channel import FatalError
from ..json_shapes import Shape
from ..written import Rows
from . import mysql_values
from .mysql_catalog import Catalog, Holdings
from .mysql_definition import definition_of
from .mysql_restore import put_back
from .mysql_rows import BINARY, rows_now, selected
from .mysql_wire import Address, Client, ServerError, end_others, literal, quote
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

_PATIENCE = "SET lock_wait_timeout = 20, innodb_lock_wait_timeout = 20"
# CHECKs, and what does not fit: out of range, wrong, too long, no member, no JSON.
_REFUSED_BY_CHECK = (3819, 4025, 1264, 1265, 1292, 1366, 1406, 3140)
# What a migration sets of its session and does not always set back.
_SESSION = ("foreign_key_checks", "unique_checks", "sql_mode")


class MysqlServer(Server):
    """The scratch databases of a run on a MariaDB or MySQL server."""

    def __init__(
        self, address: Address, prefix: str, product: str, made: Collection[str] = ()
    ) -> None:
        super().__init__(prefix, made)
        self.address = address
        self.product = product

    def make(self, name: str) -> None:
        """Make an empty database of the name, instead of one that is there."""
        client = Client(self.address)
        try:
            end_others(client, name)
            client.query(f"DROP DATABASE IF EXISTS {quote(name)}")
            client.query(f"CREATE DATABASE {quote(name)} CHARACTER SET utf8mb4")
        except ServerError as error:
            raise FatalError(
                f"No scratch database can be made on the {self.product} server: {error}.",
                "give the URL of a role that may create databases, or leave --url out",
            ) from None
        finally:
            client.close()


class MysqlDatabase:
    """One scratch database on it: a `Database`."""

    puts_at_once = False

    def __init__(self, server: MysqlServer) -> None:
        self._server = server
        self._raw: Any = None  # the driver's connection, of env.py's making
        self._client: Client | None = None
        self._name = ""
        self._catalog = Catalog("", "")
        self._session = ""  # sets it as env.py left it
        self._changed = "all"  # since the last snapshot: "all", "rows" or nothing
        self._kept: dict[str, Holdings] = {}
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
        ours = context.dialect.name in ("mysql", "mariadb")
        name, number = self._asked("SELECT DATABASE(), CONNECTION_ID()") if ours else ("", 0)
        if not self._server.is_ours(str(name)):
            raise leads_elsewhere("that does not lead to guard's scratch database")
        self._name = str(name)
        known = (
            f"SELECT 1 FROM information_schema.processlist WHERE id = {int(number)} "
            f"AND db = {literal(self._name)}"
        )
        if not self._ask().rows(known):
            raise leads_elsewhere("to another server than guard's")
        self._raw.commit()  # so that what env.py did is there to be seen
        self._changed = "all"
        values = self._asked("SELECT " + ", ".join(f"@@{name}" for name in _SESSION))
        sets = ", ".join(f"{n} = {_plain(value)}" for n, value in zip(_SESSION, values))
        self._session = f"SET {sets}"
        if not self._kept:
            self._catalog = Catalog(self._name, context.version_table)

    def _asked(self, sql: str) -> tuple[Any, ...]:
        """Return what the project's connection has for a question of one row."""
        cursor = self._raw.cursor()
        cursor.execute(sql)
        row = tuple(cursor.fetchone())
        cursor.close()
        return row

    def _ask(self) -> Client:
        if self._client is None:
            self._client = Client(self._server.address, self._name)
            self._client.query(_PATIENCE)
        return self._client

    def listen(self) -> None:
        """From now on anything may change."""
        self._changed = "all"

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
        """Make what a step did lasting, also where env.py holds one transaction around all.

        What it set of the session is gone: the next is deployed over a connection of its own.
        """
        self._raw.commit()
        cursor = self._raw.cursor()
        cursor.execute(self._session)
        cursor.close()
        self._changed = "all"

    def undo(self) -> None:
        """Make the connection usable again after a statement that failed; its DDL stays."""
        self._raw.rollback()

    def keep(self) -> None:
        """Nothing is left to do: each row was committed."""

    # What it holds

    def versions(self) -> set[str]:
        """Return the ids in Alembic's table, as another connection sees them."""
        return {str(row[0]) for row in self._catalog.versions(self._ask())}

    def snapshot(self) -> State:
        """Return what the database holds; what did not change stays the very same object."""
        if self._changed:
            try:
                self._catalog.read(self._ask(), only_rows=self._changed == "rows")
            except ServerError as error:
                raise FatalError(
                    f"The scratch database cannot be read: {error}.",
                    "close what env.py or a revision leaves open (another connection with a lock)",
                ) from error
            self._changed = ""
        return self._catalog.holds.state

    def save(self, name: str, applied: int) -> None:
        """Remember what the database holds now, with `applied` revisions, under `name`."""
        self.snapshot()
        self._kept[name] = self._catalog.holds
        self.saved[name] = applied

    def restore(self, name: str) -> int:
        """Put back what was saved, else an empty database; return how many revisions it has."""
        self._changed = "all"
        saved = self._kept.get(name)
        if saved is not None:
            end_others(self._ask(), self._name)
            now = self._catalog.read(self._ask())
            client = Client(self._server.address, self._name)
            try:
                if put_back(client, now, saved, self._catalog.longer):
                    return self.saved[name]
            except ServerError:  # a view of a view, say: all of it is made anew
                pass
            finally:
                client.close()
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
        return {
            (name, column.name): mysql_values.members_of(column.type)
            for name, table in self.snapshot().tables.items()
            for column in table.columns
            if column.type.startswith("enum(")
        }

    def as_made(self, name: str, create: str) -> Table | None:
        """Return the table as the server describes it, whose words for an expression are its own.

        None where it refuses the table.
        """
        client = self._ask()
        try:
            client.query(create)
            shown = client.rows(f"SHOW CREATE TABLE {quote(name)}")[0][1]
            return definition_of(name, str(shown)).table
        except ServerError:
            return None
        finally:
            client.query(f"DROP TABLE IF EXISTS {quote(name)}")

    # Its rows

    def value(self, column: Column, number: int, used: Shape | None) -> Any:
        """Return a value that a column of this type may well hold, another for each number."""
        return mysql_values.value_for(column, number, used)

    def parent_keys(self, key: ForeignKey) -> list[tuple[Any, ...]]:
        """Return values that rows of the parent have in the columns that `key` refers to."""
        if key.parent not in self._catalog.holds.state.tables:
            return []
        columns = self._catalog.columns_of(key.parent, key.parent_columns)
        values = ", ".join(selected(column.name, column.type) for column in columns)
        rows = self._ask().rows(f"SELECT {values} FROM {quote(key.parent)} LIMIT 50")
        binary = [bool(BINARY.match(column.type)) for column in columns]
        return [
            tuple(bytes.fromhex(v) if is_ and v is not None else v for is_, v in zip(binary, row))
            for row in rows
        ]

    def holds(self, check: str, row: dict[str, Any]) -> bool | None:
        """Return whether a row passes the text of a CHECK; None where that cannot be asked."""
        values = ", ".join(f"{_sql(value)} AS {quote(column)}" for column, value in row.items())
        try:
            passed = self._ask().rows(f"SELECT ({check}) FROM (SELECT {values}) AS one")[0][0]
        except ServerError:  # a column that is left to its default
            return None
        return passed != "0"

    def put_all(self, table: str, rows: list[dict[str, Any]]) -> bool:
        """Return False: many rows take as long as each by itself."""
        return False

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Insert a row of these columns; raise RowRefusedError."""
        columns, values = ", ".join(map(quote, row)), ", ".join(map(_sql, row.values()))
        try:
            self._ask().query(f"INSERT INTO {quote(table)} ({columns}) VALUES ({values})")
        except ServerError as error:
            raise RowRefusedError(str(error), error.code in _REFUSED_BY_CHECK) from error
        self._changed = self._changed or "rows"


def _hear_nothing(sql: str) -> None:
    """Stand in until somebody wants to hear."""


def _sql(value: Any) -> str:
    if value is None or isinstance(value, (str, bytes)):
        return literal(value)
    return str(value)


def _plain(value: Any) -> str:
    """Return the value of a variable as SQL writes it, whatever type its driver gave it."""
    text = value.decode() if isinstance(value, (bytes, bytearray)) else str(value)
    return text if re.fullmatch(r"\d+", text) else literal(text)
