"""The result of reading a revision."""

from __future__ import annotations

import msgspec

from guard.facts import BuiltSql
from guard.statement import Statement, Steps


class ParsedRevision(msgspec.Struct, frozen=True, kw_only=True):
    """The operations of a revision file, by direction."""

    path: str
    revision: str | None
    upgrade: Steps
    downgrade: Steps
    built: tuple[BuiltSql, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.upgrade.statements + self.downgrade.statements
