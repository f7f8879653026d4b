"""What an operation does to the tables of a running server: locks, scans, rewrites."""

from __future__ import annotations

from typing import Literal

import msgspec

from guard.operations import Name

Blocked = Literal["reads", "writes", "ddl"]


class TableEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one table.

    `lock` is the mode in the server's own words ("ACCESS EXCLUSIVE", "LOCK=NONE"), `blocks` what
    others cannot do meanwhile. `scans`: it reads every row, `rewrites`: it writes every row anew,
    both while the lock is held.
    """

    table: Name
    lock: str
    blocks: frozenset[Blocked]
    scans: bool = False
    rewrites: bool = False


class Effect(TableEffect, frozen=True, kw_only=True):
    """What happens to the operation's own table, and to `related` ones.

    It is so from the version `since` on (None: always was) and before `until` (None: still is);
    `source` is the page of the server's manual that says so.
    """

    source: str
    related: tuple[TableEffect, ...] = ()
    since: tuple[int, ...] | None = None
    until: tuple[int, ...] | None = None


def as_rewrite(effect: Effect, *, lock: str, blocks: frozenset[Blocked]) -> Effect:
    """Return what happens where the table is written anew instead, under that lock."""
    return msgspec.structs.replace(effect, rewrites=True, lock=lock, blocks=blocks)
