"""Statements of an upgrade that may take something away, with the lines that they come from."""

from __future__ import annotations

import re
import sys
import traceback
from types import FrameType
from typing import Any

from alembic.operations.batch import ApplyBatchImpl

from .failure import is_same

MOST = 100  # statements of one revision
MOST_TEXT = 4000  # characters of one
# What of Alembic copies a table, drops it and renames the copy: nothing goes by that.
_COPIES = ApplyBatchImpl._create.__code__
_TAKES = re.compile(
    r"(?:\s|/\*.*?\*/|--[^\n]*\n)*"
    r"(?:DROP|ALTER|TRUNCATE|DELETE|UPDATE|REPLACE|MERGE|WITH|DO|CALL|RENAME)\b",
    re.IGNORECASE | re.DOTALL,
)


class Ran:
    """What one upgrade ran; each text once for each place."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: dict[tuple[str, tuple[int, ...]], None] = {}

    def hear(self, sql: str) -> None:
        """Take down the statement that is about to run."""
        if _TAKES.match(sql) and len(self._found) < MOST:
            frames = [*traceback.walk_stack(sys._getframe(1))]
            if not any(frame.f_code is _COPIES for frame, _ in frames):
                self._found[sql[:MOST_TEXT], self._lines(frames)] = None

    def hear_of_column(self, table: str, column: str) -> None:
        """Take down a column that a batch leaves out of its copy."""
        self.hear(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')

    def statements(self) -> list[dict[str, Any]]:
        """Return them as events carry them; the last line is where the call is."""
        return [{"sql": sql, "lines": [*lines]} for sql, lines in self._found if lines]

    def _lines(self, frames: list[tuple[FrameType, int]]) -> tuple[int, ...]:
        """Return the lines of the revision that are running, the outermost first."""
        found = (line for frame, line in frames if is_same(frame.f_code.co_filename, self._path))
        return tuple(reversed([*found]))
