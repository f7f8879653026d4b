"""The result of reading a revision."""

from __future__ import annotations

import msgspec

from guard.facts import BuiltSql
from guard.statement import Direction, Span, Statement


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a revision. `span` is its function, None where there is none.

    `raises` is the message of a raise that every path meets, "" where it has none.
    """

    direction: Direction
    statements: tuple[Statement, ...] = ()
    span: Span | None = None
    raises: str | None = None


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
