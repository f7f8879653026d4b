"""What a statement does by way of routines: those that it calls, and the triggers that it fires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from guard.action_words import RowChange
from guard.operations import (
    CallRoutine,
    CreateObject,
    Delete,
    Insert,
    Merge,
    Opaque,
    Operation,
    Query,
    TransactionControl,
    Truncate,
    Update,
)
from guard.schema import Schema
from guard.statement import RunBy, Statement

_FIRES: dict[type[Operation], tuple[RowChange, ...]] = {
    Insert: ("insert",),
    Update: ("update",),
    Delete: ("delete",),
    Merge: ("insert", "update", "delete"),
    Truncate: ("truncate",),
}


class Part(msgspec.Struct, frozen=True):
    """A statement, or one operation that a routine does for it.

    `sure`: it runs whenever the statement does; a trigger may not fire, a routine has branches.
    """

    statement: Statement
    sure: bool = True


class _Ran(msgspec.Struct, frozen=True):
    """An operation, and who runs it for the statement: None where it is the statement's own."""

    operation: Operation
    by: RunBy | None = None
    sure: bool = True

    def within(self, name: str, how: str, *, fired: bool = False, sure: bool = False) -> _Ran:
        """Return the way on into a routine."""
        words = f"{self.by.words}, by way of {name}" if self.by else f"{name}, {how}"
        by = RunBy(words, fired or (self.by is not None and self.by.fired))
        return replace(self, by=by, sure=self.sure and sure)


def unfolded(statement: Statement, schema: Schema) -> Iterator[Part]:
    """Yield the statement without its calls, and a part for each operation that these do.

    A call whose routine no revision that was read has made becomes opaque.
    """
    ran = list(_run(statement.operations, schema, _Ran(Query()), set()))
    own = [each.operation for each in ran if each.by is None]
    calls = [o for o in own if isinstance(o, CallRoutine)]
    kept = tuple(o for o in own if not isinstance(o, CallRoutine))
    if kept or not calls:
        same = len(kept) == len(statement.operations)
        yield Part(statement if same else replace(statement, operations=kept or (Query(),)))
    if calls:
        unseen = replace(statement, operations=(_unseen(calls),))
        yield Part(unseen, sure=not all(call.within for call in calls))
    for each in ran:
        if each.by is not None:
            done = each.operation
            done = _unseen([done]) if isinstance(done, CallRoutine) else done
            yield Part(replace(statement, operations=(done,), run_by=each.by), each.sure)


def _unseen(calls: Sequence[CallRoutine]) -> Operation:
    names = ", ".join(dict.fromkeys(str(call.name) for call in calls))
    return Opaque(reason=f"what the routine {names} does is not in sight", code=calls[0].code)


def _run(
    operations: Sequence[Operation], schema: Schema, way: _Ran, entered: set[str]
) -> Iterator[_Ran]:
    """Yield the operations and what is run for them; each routine counts once a statement.

    `way` is how one came here.
    """
    for operation in operations:
        if isinstance(operation, CallRoutine):
            body, name = schema.routine(operation.name), f"{operation.name}()"
            if body is None:
                yield replace(way, operation=operation)
            elif name not in entered:
                entered.add(name)
                inside = way.within(name, "called here", sure=not body.branches)
                yield from _run(body.operations, schema, inside, entered)
            continue
        if way.by is None or not isinstance(operation, Query | TransactionControl):
            yield replace(way, operation=operation)
        yield from _fired(operation, schema, way, entered)


def _fired(operation: Operation, schema: Schema, way: _Ran, entered: set[str]) -> Iterator[_Ran]:
    """Yield what runs because of the operation, though it calls nothing."""
    if isinstance(operation, CreateObject):
        if operation.object_type == "event" and operation.body:
            event = way.within(f"Event {operation.name}", "which runs by itself", fired=True)
            yield from _run(operation.body.operations, schema, event, entered)
        return
    if not isinstance(operation, Insert | Update | Delete | Merge | Truncate):
        return
    table = operation.table
    for change in _FIRES[type(operation)]:
        for item in schema.fired_by(change, table):
            name = f"{item.object_type.capitalize()} {item.name} of {table}"
            if item.body and name not in entered:
                entered.add(name)
                inside = way.within(name, "fired here", fired=True)
                yield from _run(item.body.operations, schema, inside, entered)


def is_repeated(statement: Statement, told: set[tuple[str, str]]) -> bool:
    """Return whether the same was told before in this direction of the revision; note it.

    That is so of what a trigger does, and of what cannot be read in a routine: the cause is there.
    """
    by = statement.run_by
    if by is None or not (by.fired or isinstance(statement.operations[0], Opaque)):
        return False
    key = (by.words, repr(statement.operations[0]))
    if key in told:
        return True
    told.add(key)
    return False
