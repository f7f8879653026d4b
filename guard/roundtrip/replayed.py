"""What SQLite holds once the statements of a replayed schema ran, in the worker's own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing

from guard.worker.backends.sqlite_catalog import Catalog

Lines = Mapping[str, Mapping[str, str]]  # of each table: what must be equal, as it is shown


def made_of(statements: Iterable[str]) -> tuple[Lines, str]:
    """Return the tables, and the first statement that SQLite refuses with its reason."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        refused = ""
        for statement in statements:
            try:
                database.execute(statement)
            except sqlite3.Error as error:
                refused = refused or f"{error}: {statement.strip()}"
        state = Catalog(hidden="alembic_version").read(database)
    return {name: table.lines for name, table in state.tables.items()}, refused
