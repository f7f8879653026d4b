"""One row of the table of effects: an operation, when the row holds, and what happens then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from guard.effects.effect import Blocked, Effect, TableEffect
from guard.operations import Name, Operation
from guard.schema.model import ReadOnlySchema

Op = TypeVar("Op", bound=Operation)
Version = tuple[int, ...]

# What others cannot do while a lock is held, by its name; "ddl" counts where only that waits too.
BLOCKS: dict[str, tuple[Blocked, ...]] = {
    # https://www.postgresql.org/docs/current/explicit-locking.html
    "ACCESS SHARE": ("ddl",),
    "ROW SHARE": ("ddl",),
    "ROW EXCLUSIVE": ("ddl",),
    "SHARE UPDATE EXCLUSIVE": ("ddl",),
    "SHARE": ("writes", "ddl"),
    "SHARE ROW EXCLUSIVE": ("writes", "ddl"),
    "EXCLUSIVE": ("writes", "ddl"),
    "ACCESS EXCLUSIVE": ("reads", "writes", "ddl"),
    # https://dev.mysql.com/doc/refman/8.4/en/alter-table.html#alter-table-concurrency
    "LOCK=NONE": ("ddl",),
    "LOCK=SHARED": ("writes", "ddl"),
    "LOCK=EXCLUSIVE": ("reads", "writes", "ddl"),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table; make one with `row`."""

    operation: type[Operation]
    since: Version | None
    until: Version | None
    holds: Callable[[Operation, ReadOnlySchema], bool]
    effect: Callable[[Operation, ReadOnlySchema], Effect]

    def fits(self, operation: Operation, schema: ReadOnlySchema, version: Version) -> bool:
        """Return whether the row speaks of this operation on a server of that version."""
        in_time = (self.since or ()) <= version and (self.until is None or version < self.until)
        return in_time and self.holds(operation, schema)


def row(
    operation: type[Op],
    *,
    when: Callable[[Op, ReadOnlySchema], bool] = lambda operation, schema: True,
    lock: str,
    blocks: tuple[Blocked, ...] = (),
    scans: bool = False,
    rewrites: bool = False,
    table: Callable[[Op, ReadOnlySchema], Name] = lambda operation, schema: table_of(operation),
    related: Callable[[Op, ReadOnlySchema], Iterable[TableEffect]] = lambda operation, schema: (),
    since: Version | None = None,
    until: Version | None = None,
    source: str,
) -> Row:
    """Return the row that says what `operation` does where `when` holds, in these versions.

    `table` is where the operation's own table stands, where that is not `table` or `name`. What
    cannot be done besides what the lock `blocks` waits for locks on its indexes.
    """

    def effect(asked: Operation, schema: ReadOnlySchema) -> Effect:
        assert isinstance(asked, operation)
        return Effect(
            table=table(asked, schema),
            lock=lock,
            blocks=frozenset({*BLOCKS[lock], *blocks}),
            scans=scans,
            rewrites=rewrites,
            related=tuple(related(asked, schema)),
            since=since,
            until=until,
            source=source,
        )

    assert lock in BLOCKS, f"no server has a lock {lock}"
    return Row(
        operation=operation,
        since=since,
        until=until,
        holds=lambda asked, schema: isinstance(asked, operation) and when(asked, schema),
        effect=effect,
    )


def on(table: Name, lock: str, *, scans: bool = False, rewrites: bool = False) -> TableEffect:
    """Return what happens to another table than the operation's own."""
    return TableEffect(
        table=table, lock=lock, blocks=frozenset(BLOCKS[lock]), scans=scans, rewrites=rewrites
    )


def table_of(operation: Operation) -> Name:
    """Return the table that the operation names as its own."""
    found = getattr(operation, "table", None) or getattr(operation, "name", None)
    assert isinstance(found, Name), f"{operation.kind} is about no table"
    return found
