"""Which relations were written to since they were read: by rows of ours, or by one step.

A step whose work was one transaction held a lock on each relation that it wrote to or altered; that
there was no other transaction shows in how many numbers the server gave away. Where this cannot be
told, all of them are asked for.
"""

from __future__ import annotations

from typing import Callable

from . import postgresql_queries as queries
from .postgresql_wire import Row


class Writes:
    """Those since the last reading."""

    def __init__(self) -> None:
        self._put: set[str] = set()  # names
        self._locked: dict[str, bool] = {}  # oids
        self._steps = 0

    def put(self, table: str) -> None:
        """A row of ours went, or should have gone, into the table."""
        self._put.add(table)

    def step(self, locked: list[Row]) -> None:
        """A step is about to be committed that holds these locks, as `queries.locked_by` says."""
        self._steps += 1
        self._locked = {str(oid): altered == "t" for oid, altered in locked}

    def altered(self, name_of: Callable[[str], str], hidden: str) -> set[str] | None:
        """Return the oids of relations that one step may have altered; None: any may be altered.

        Whoever writes to the catalogue by hand has locks on that. Only if `is_one` holds too.
        """
        found = {oid for oid, altered in self._locked.items() if altered}
        by_hand = any(int(oid) < queries.FIRST for oid in self._locked)
        is_whole = self._steps == 1 and hidden in map(name_of, self._locked)
        return found if is_whole and not by_hand else None

    def tables(
        self,
        alone: bool,
        name_of: Callable[[str], str],
        hidden: str,
        calls: bool,
    ) -> set[str] | None:
        """Return the names of the tables, and forget them; None where any may be among them.

        `name_of` gives the name of a relation by its oid, `hidden` is Alembic's own table; `calls`:
        triggers or rules may write to others; `alone`: `is_one` holds.
        """
        put, locked, steps = self._put, self._locked, self._steps
        self.__init__()  # type: ignore[misc]
        if put and not steps:
            return None if calls else put
        found = set(map(name_of, locked))
        return found if steps == 1 and hidden in found and alone else None


def is_one(before: str | None, now: str) -> bool:
    """Return whether there was one transaction at most, and none is under way."""
    if before is None:
        return False
    first, last = (list(map(int, text.split(":")[:2])) for text in (before, now))
    return first[0] == first[1] and last[0] == last[1] and last[1] - first[1] <= 1
