"""Which tables were written to since they were read: by rows of ours, or by one step.

A step whose work was one transaction held a lock on each table that it wrote to; that there was no
other transaction shows in how many numbers the server gave away. Where this cannot be told, every
table is read again.
"""

from __future__ import annotations

from typing import Callable

# Of the project's connection: which relations its transaction wrote to, or altered.
LOCKED = (
    "SELECT DISTINCT relation::text FROM pg_locks WHERE pid = {0} AND locktype = 'relation' "
    "AND mode NOT IN ('AccessShareLock', 'RowShareLock')"
)


class Writes:
    """Those since the last reading."""

    def __init__(self) -> None:
        self._put: set[str] = set()  # names
        self._locked: set[str] = set()  # oids
        self._steps = 0

    def put(self, table: str) -> None:
        """A row of ours went, or should have gone, into the table."""
        self._put.add(table)

    def step(self, locked: set[str]) -> None:
        """A step is about to be committed that holds locks on these relations, by oid."""
        self._steps += 1
        self._locked = locked

    def tables(
        self,
        before: str | None,
        now: str,
        name_of: Callable[[str], str],
        hidden: str,
        calls: bool,
    ) -> set[str] | None:
        """Return the names of the tables, and forget them; None where any may be among them.

        `before` and `now` are snapshots as the server writes them, `name_of` gives the name of a
        relation by its oid, `hidden` is Alembic's own table; `calls`: triggers or rules may write
        to others.
        """
        put, locked, steps = self._put, self._locked, self._steps
        self.__init__()  # type: ignore[misc]
        if put and not steps:
            return None if calls else put
        found = set(map(name_of, locked))
        return found if steps == 1 and hidden in found and _is_one(before, now) else None


def _is_one(before: str | None, now: str) -> bool:
    """Return whether there was one transaction at most, and none is under way."""
    if before is None:
        return False
    first, last = (list(map(int, text.split(":")[:2])) for text in (before, now))
    return first[0] == first[1] and last[0] == last[1] and last[1] - first[1] <= 1
