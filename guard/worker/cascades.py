"""Tables that a step drops where the server enforces keys, and what such a drop takes along.

SQLite deletes the rows of a table before it drops it, and its keys cascade: batch mode, which makes
a table anew, so empties or blanks what refers to it.
"""

from __future__ import annotations

import re
from typing import Any

from .backends.protocol import Database, State, Table
from .row_losses import Lines

_DROP = re.compile(r"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?[\"`\[]?(\w+)", re.IGNORECASE)


class Drops:
    """The tables that a revision dropped, in lower case, by the direction of the step."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names: dict[str, set[str]] = {}

    def hear(self, sql: str, direction: str) -> None:
        """Take down what a statement is about to drop."""
        found = _DROP.match(sql)
        if found and self._database.drops_cascade():
            self._names.setdefault(direction, set()).add(found[1].lower())

    def causes(self, found: Lines, before: State, between: State) -> list[dict[str, Any]]:
        """Return what was lost, as events say it: by step, what drops took along and the rest."""
        tables = [*before.tables.items(), *between.tables.items()]  # a rename changes the keys
        causes: dict[tuple[str, bool], dict[str, Any]] = {}
        for (table, stage), lines in found.items():
            behind = self._behind(stage, table, tables)
            empty = {"stage": stage, "difference": [], "dropped": []}
            cause = causes.setdefault((stage, bool(behind)), empty)
            cause["difference"] += lines
            cause["dropped"] = sorted({*cause["dropped"], *behind})
        return [*causes.values()]

    def _behind(self, direction: str, table: str, tables: list[tuple[str, Table]]) -> set[str]:
        """Return the dropped tables that one refers to, itself or by way of others."""
        dropped = self._names.get(direction)
        if not dropped:
            return set()
        parents: dict[str, set[str]] = {}
        for name, described in tables:
            keys = {key.parent.lower() for key in described.foreign_keys}
            parents.setdefault(name.lower(), set()).update(keys)
        return _above(table.lower(), parents) & dropped


def _above(table: str, parents: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = {table}
    while left:
        left = {parent for name in left for parent in parents.get(name, ())} - found
        found |= left
    return found
