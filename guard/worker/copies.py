"""Copies in memory of a scratch database, to put it back after a failed step."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .engines import Scratch

EMPTY, BEFORE, AFTER = "empty", "before", "after"


class Copies:
    """The named copies of one database; `saved` is how many revisions each of them has."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._copies: dict[str, sqlite3.Connection] = {}
        self.saved: dict[str, int] = {}

    def save(self, name: str, raw: sqlite3.Connection, applied: int) -> None:
        """Keep a copy of what the database holds now."""
        if name not in self._copies:
            self._copies[name] = sqlite3.connect(":memory:")
        raw.backup(self._copies[name])
        self.saved[name] = applied

    def restore(self, name: str, file: str) -> int:
        """Put a copy back and return how many revisions it has; without one, the file goes."""
        self._scratch.close_all()
        Path(file).unlink(missing_ok=True)
        if name in self.saved:
            connection = self._scratch.connect(file)
            self._copies[name].backup(connection)
            connection.close()
        return self.saved.get(name, 0)
