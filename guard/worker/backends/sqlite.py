"""A scratch database in a file of SQLite's: stands in for any server, and is always at hand."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any, Callable, Protocol

from alembic.runtime.migration import MigrationContext

from ..json_shapes import Shape
from ..seed import value_for
from ..written import Rows
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
from .sqlite_catalog import Catalog, fetched, quote
from .sqlite_connection import Connection, hear_nothing
from .sqlite_keys import UnenforcedKeys


class Files(Protocol):
    """What makes the connections to the scratch files."""

    watch: Callable[[int, Any, Any], None]

    def backend_of(self, path: str) -> str | None:
        """Return what kind of database a file stands for; None where nobody said."""

    def connect(self, path: str) -> sqlite3.Connection:
        """Return a new connection to a file."""

    def listen(self, connection: sqlite3.Connection) -> None:
        """Hear what `connection` prepares from now on."""

    def is_ours(self, connection: Any) -> bool:
        """Return whether the driver's `connection` was made here."""

    def close_all(self) -> None:
        """Close every connection."""


class SqliteDatabase:
    """One file, and copies in memory of what it held: a `Database`."""

    puts_at_once = False

    def __init__(self, scratch: Files) -> None:
        self._scratch = scratch
        self._catalog = Catalog("")
        self._raw = sqlite3.connect(":memory:")  # until there is one
        self._file = ""
        self._version_table = ""
        self._enforces = 0  # foreign keys, as env.py left the connection
        self._keys = UnenforcedKeys()
        self._sql = ""  # what runs just now
        self.hear: Callable[[str], None] = hear_nothing
        self._copies: dict[str, sqlite3.Connection] = {}
        self.saved: dict[str, int] = {}

    @property
    def unsettled(self) -> set[str]:
        """The tables that changed since rows were last put in."""
        return self._catalog.unsettled

    @unsettled.setter
    def unsettled(self, names: set[str]) -> None:
        self._catalog.unsettled = names

    def stands_in_for(self, dialect: str | None) -> str | None:
        """Return the kind of server that it stands in for, "" where that is not known."""
        dialect = dialect or self._scratch.backend_of(self._file) or ""
        return None if dialect == "sqlite" else dialect

    @property
    def longer(self) -> set[str]:
        """The tables of which no more than the first rows were read."""
        return self._catalog.longer

    # The connection

    def open(self, context: MigrationContext) -> None:
        """Take a new connection of env.py; raise FatalError where it leads anywhere else."""
        raw = driver_connection(context)
        if not isinstance(raw, sqlite3.Connection) or not self._scratch.is_ours(raw):
            raise leads_elsewhere("that does not lead to guard's scratch database")
        self.take(raw, context.version_table)

    def take(self, raw: sqlite3.Connection, version_table: str) -> None:
        """Use the driver's connection `raw` from now on; `version_table` is Alembic's own."""
        self._raw = raw
        self._file = raw.execute("PRAGMA database_list").fetchall()[0][2]
        self._enforces = raw.execute("PRAGMA foreign_keys").fetchall()[0][0]
        if not self._version_table:
            self._version_table = version_table
            self._catalog = Catalog(hidden=version_table)
        self._catalog.forget()

    def listen(self) -> None:
        """Hear, from now on, what the connection does."""
        self._keys = UnenforcedKeys()
        self._scratch.watch = self._touched
        if isinstance(self._raw, Connection):
            self._raw.hear = self._hear
        self._scratch.listen(self._raw)

    def heard(self, sql: str) -> None:
        """Hear nothing here: the driver's cursors tell of every statement."""

    def _hear(self, sql: str) -> None:
        self._sql = sql
        if not self._enforces:
            self._keys.hear(self._raw, sql)
        self.hear(sql)

    def _touched(self, action: int, first: Any, second: Any) -> None:
        self._catalog.touched(action, first, second, self._sql)

    def drops_cascade(self) -> bool:
        """Return whether foreign keys are enforced just now."""
        return bool(self._cursor().execute("PRAGMA foreign_keys").fetchone()[0])

    def reached(self) -> list[Reached]:
        """Return what the step would have done to children of tables that it made anew."""
        return self._keys.of_tables_anew(self._raw)

    def settle(self) -> None:
        """Make what a step did lasting, also where env.py holds one transaction around all.

        What it set of the session is gone: the next is deployed over a connection of its own.
        """
        if isinstance(self._raw, Connection):
            self._raw.hear = hear_nothing
        self.keep()
        self._raw.execute(f"PRAGMA foreign_keys = {self._enforces}")

    def undo(self) -> None:
        """Nothing has to be done: what ran before the statement stays."""

    def keep(self) -> None:
        """Make lasting what was done so far."""
        if self._raw.in_transaction:
            self._raw.execute("COMMIT")

    # What it holds

    def versions(self) -> set[str]:
        """Return the ids in Alembic's table, as another connection sees them."""
        other = sqlite3.connect(self._file)
        try:
            query = f"SELECT version_num FROM {quote(self._version_table)}"
            return {row[0] for row in other.execute(query).fetchall()}
        except sqlite3.Error:
            return set()
        finally:
            other.close()

    def snapshot(self) -> State:
        """Return what the database holds; what did not change stays the very same object."""
        return self._catalog.read(self._raw)

    def rows_of(self, table: str) -> Rows | None:
        """Return the rows of a table at this moment, names in lower case; None without it."""
        cursor = self._cursor()
        columns = cursor.execute(f"PRAGMA table_info({quote(table)})").fetchall()
        keyed = sorted((row for row in columns if row[5]), key=lambda row: row[5])
        if not columns:
            return None
        names = ", ".join(quote(row[1]) for row in columns)
        try:
            rows = fetched(cursor, f"SELECT {names} FROM {quote(table)}")
        except sqlite3.Error:  # a view that cannot be read
            return None
        return Rows(
            tuple(row[1].lower() for row in columns), tuple(row[1].lower() for row in keyed), rows
        )

    def save(self, name: str, applied: int) -> None:
        """Keep what the database holds now, with `applied` revisions, under `name`."""
        if name not in self._copies:
            self._copies[name] = sqlite3.connect(":memory:")
        self.keep()  # a copy would wait for its own transaction forever
        self._raw.backup(self._copies[name])
        self.saved[name] = applied

    def restore(self, name: str) -> int:
        """Put back what was saved, else an empty file; return how many revisions it has."""
        self._scratch.close_all()
        Path(self._file).unlink(missing_ok=True)
        if name in self.saved:
            connection = self._scratch.connect(self._file)
            self._copies[name].backup(connection)
            connection.close()
        return self.saved.get(name, 0)

    def members(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return nothing: there are no enums."""
        return {}

    # Its rows

    def as_made(self, name: str, create: str) -> Table | None:
        """Return None: the file keeps definitions as they are written."""
        return None

    def value(self, column: Column, number: int, used: Shape | None) -> Any:
        """Return a value that a column of this type may well hold, another for each number."""
        return value_for(column, number, used)

    def parent_keys(self, key: ForeignKey) -> list[tuple[Any, ...]]:
        """Return values that rows of the parent have in the columns that `key` refers to."""
        cursor, columns = self._cursor(), key.parent_columns
        if not columns:
            found = cursor.execute(f"PRAGMA table_info({quote(key.parent)})").fetchall()
            columns = tuple(row[1] for row in sorted(found, key=lambda row: row[5]) if row[5])
        names = ", ".join(quote(column) for column in columns)
        try:
            return cursor.execute(f"SELECT {names} FROM {quote(key.parent)} LIMIT 50").fetchall()
        except sqlite3.Error:  # the parent is not there (yet)
            return []

    def holds(self, check: str, row: dict[str, Any]) -> bool | None:
        """Return whether a row passes the text of a CHECK; None where that cannot be asked."""
        values = ", ".join(f"? AS {quote(column)}" for column in row)
        try:
            found = self._cursor().execute(
                f"SELECT ({check}) FROM (SELECT {values})", [*row.values()]
            )
            value = found.fetchone()[0]
        except sqlite3.Error:  # a name that wants quotes, a column that is left to its default
            return None
        return value is None or bool(value)

    def put_all(self, table: str, rows: list[dict[str, Any]]) -> bool:
        """Return False: many rows take as long as each by itself."""
        return False

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Insert a row of these columns; raise RowRefusedError."""
        columns = ", ".join(quote(column) for column in row)
        sql = f"INSERT INTO {quote(table)} ({columns}) VALUES ({', '.join('?' * len(row))})"
        if not row:
            sql = f"INSERT INTO {quote(table)} DEFAULT VALUES"
        deferred = self._enforces and self._is_deferred(table)
        try:
            if deferred:
                self.keep()  # what is there already
            self._cursor().execute(sql, tuple(row.values()))
            if deferred:
                self.keep()  # which is when its keys are checked
        except sqlite3.Error as error:
            if deferred and self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            by_check = isinstance(error, sqlite3.IntegrityError) and "CHECK" in str(error)
            raise RowRefusedError(str(error), by_check) from error
        self._catalog.rows_changed(table)

    def _is_deferred(self, table: str) -> bool:
        """Return whether keys of the table are checked no sooner than by COMMIT."""
        asked = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        found = self._cursor().execute(asked, (table,)).fetchone()
        return bool(found and re.search(r"INITIALLY\s+DEFERRED", str(found[0]), re.IGNORECASE))

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._raw.cursor(sqlite3.Cursor)
        cursor.row_factory = None
        return cursor
