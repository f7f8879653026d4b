"""The routines of the database that SQLAlchemy's `func` calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from guard.operations import CallRoutine, Name, Operation, Query
from guard.reader.evaluate import values
from guard.reader.evaluate.values import Construct, Value
from guard.server import Dialect
from guard.sql.builtin import is_builtin

MOST_LEVELS = 20  # of constructs within constructs


def with_calls(
    operations: Sequence[Operation], value: Value, dialect: Dialect | None
) -> list[Operation]:
    """Return the operations of executing the construct, with the routines that it calls."""
    within = any(not isinstance(o, Query) or o.tables for o in operations)
    calls = _called_in(value, dialect, within)
    return [*(operations if within or not calls else ()), *calls]


def _called_in(value: Value, dialect: Dialect | None, within: bool) -> tuple[CallRoutine, ...]:
    """Return a call for each routine in the construct that is not the server's own.

    `dialect` None: of no server.
    """
    dialects = (dialect,) if dialect else get_args(Dialect)
    found: dict[Name, CallRoutine] = {}
    for construct in _constructs(value):
        _, dot, path = f".{construct.path}".rpartition(".func.")
        if dot and construct.called:
            schema, _, name = path.rpartition(".")
            if not any(is_builtin(name.lower(), each) for each in dialects):
                routine = Name(name, schema or None)
                found[routine] = CallRoutine(name=routine, code=construct.code, within=within)
    return tuple(found.values())


def _constructs(value: Value | None, level: int = 0) -> Iterator[Construct]:
    """Yield the construct and those that it is made of."""
    if level > MOST_LEVELS:
        return
    if isinstance(value, Construct):
        yield value
        parts: tuple[Value | None, ...] = (value.receiver, *value.args, *value.kwargs.values())
    elif isinstance(value, values.Sequence):
        parts = tuple(value.items)
    elif isinstance(value, values.Mapping):
        parts = tuple(item for _, item in value.pairs.values())
    else:
        return
    for part in parts:
        yield from _constructs(part, level + 1)
