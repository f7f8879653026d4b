"""Claims about servers: statements whose effects, as guard states them, a live server must show.

A claim is a statement, and the SQL that makes its tables. What guard says of it is never written
down: `told` asks guard, an observer (`observe_postgresql`, `observe_mariadb`) asks the server.
"""

from __future__ import annotations

import msgspec

from guard.effects import Blocked, TableEffect, effect_of
from guard.effects.row import BLOCKS
from guard.schema import Schema
from guard.server import Server
from guard.sql import read_sql

Version = tuple[int, ...]
STRENGTH = list(BLOCKS)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A statement after some others, on servers `since` that version and before `until`."""

    setup: str
    statement: str
    since: Version | None = None
    until: Version | None = None

    def holds_for(self, version: Version) -> bool:
        """Return whether a server of that version knows the statements."""
        return (self.since or ()) <= version and (self.until is None or version < self.until)


def after(
    setup: str, *statements: str, since: Version | None = None, until: Version | None = None
) -> tuple[Claim, ...]:
    """Return the claims that each of the statements makes where the setup ran before."""
    return tuple(
        Claim(setup=setup, statement=statement, since=since, until=until)
        for statement in statements
    )


class Seen(msgspec.Struct, frozen=True):
    """What happens to one table: None is a lock too weak to speak of."""

    lock: str | None = None
    blocks: frozenset[Blocked] = frozenset()
    scans: bool = False
    rewrites: bool = False

    def __or__(self, other: Seen) -> Seen:
        """Return what happens where both do."""
        locks = [lock for lock in (self.lock, other.lock) if lock]
        return Seen(
            lock=max(locks, key=STRENGTH.index, default=None),
            blocks=self.blocks | other.blocks,
            scans=self.scans or other.scans,
            rewrites=self.rewrites or other.rewrites,
        )


def told(claim: Claim, server: Server) -> dict[str, Seen] | None:
    """Return what guard says of the statement, table by table, None where it says nothing."""
    schema = Schema.empty(dialect=server.dialect)
    for statement in read_sql(claim.setup, server.dialect).statements:
        for operation in statement.operations:
            schema = schema.apply(operation)
    found: dict[str, Seen] = {}
    for statement in read_sql(claim.statement, server.dialect).statements:
        for operation in statement.operations:
            effect = effect_of(operation, schema, server)
            if effect is None:
                return None
            for one in (effect, *effect.related):
                table = str(one.table).removeprefix("public.")
                found[table] = found.get(table, Seen()) | seen_in(one)
            schema = schema.apply(operation)
    return found


def seen_in(effect: TableEffect) -> Seen:
    """Return what the effect says of its table. Who writes every row anew has read it."""
    scans = effect.scans or effect.rewrites
    return Seen(effect.lock, effect.blocks, scans, effect.rewrites)
