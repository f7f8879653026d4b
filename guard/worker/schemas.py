"""Schemas on a database that has none: their tables all live in the one scratch file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_WRITTEN = re.compile(
    r"""schema\s*=\s*["'](\w+)["']|\bCREATE\s+SCHEMA\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)"""
)
_OF_A_SERVER = re.compile(
    r"\s*(?:(?:CREATE|DROP)\s+SCHEMA\b|SET\s+(?:LOCAL\s+|SESSION\s+)?"
    r"(?:lock_timeout|statement_timeout|search_path)\b)",
    re.IGNORECASE,
)


class Schemas:
    """The names of schemas that are in use, and SQL without them."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._prefix: re.Pattern[str] | None = None

    def add(self, names: Iterable[str]) -> None:
        """Fold these schemas too."""
        self.names |= {name for name in names if name not in ("main", "temp")}
        if self.names:
            known = "|".join(sorted(map(re.escape, self.names)))
            quoted = rf'"(?:{known})"|`(?:{known})`'
            self._prefix = re.compile(rf"""(?<![\w.'"`])(?:{quoted}|(?:{known}))\.(?=["`\w])""")

    def add_written(self, files: Iterable[Path]) -> None:
        """Fold the schemas that revision files name."""
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace")
            self.add(one or other for one, other in _WRITTEN.findall(text))

    def fold(self, sql: str, server: bool) -> str:
        """Return `sql` without schemas; `server`: and nothing where only a server has the thing."""
        if (server or self._prefix) and _OF_A_SERVER.match(sql):
            return "SELECT 1"
        return self._prefix.sub("", sql) if self._prefix else sql
