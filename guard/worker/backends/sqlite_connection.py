"""SQLite's connection whose cursors tell each statement, whoever uses them."""

from __future__ import annotations

import sqlite3
from typing import Any, Callable

from ..sqltext import statements


def hear_nothing(sql: str) -> None:
    """Stand in while no migration runs."""


class _Cursor(sqlite3.Cursor):
    """A cursor that tells what it is about to run."""

    connection: Connection

    def execute(self, sql: str, *arguments: Any) -> Any:
        self.connection.hear(sql)
        return super().execute(sql, *arguments)

    def executemany(self, sql: str, *arguments: Any) -> Any:
        self.connection.hear(sql)
        return super().executemany(sql, *arguments)

    def executescript(self, sql_script: str) -> Any:
        for sql in statements(sql_script):
            self.connection.hear(sql)
            super().executescript(sql)
        return self


class Connection(sqlite3.Connection):
    """A connection that can be held weakly on every Python, with cursors that tell."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.hear: Callable[[str], None] = hear_nothing

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)
