"""What an annotation says of a value."""

from __future__ import annotations

import ast
from collections.abc import Callable

from guard.source.event_loop.database_calls import KINDS, MAKES, key_of
from guard.source.event_loop.values import (
    Alias,
    Class,
    Frame,
    Gives,
    Instance,
    Made,
    Named,
    Nothing,
    Value,
)

ValueOf = Callable[[ast.expr, Frame], Value | None]

_SAME = {"Optional", "Annotated", "Required", "NotRequired", "Final", "ClassVar", "InitVar"}
_ENTERED = {
    "Generator", "Iterator", "Iterable", "ContextManager", "AbstractContextManager",
    "AsyncGenerator", "AsyncIterator", "AsyncIterable", "AsyncContextManager",
    "AbstractAsyncContextManager",
}  # fmt: skip


def annotated(node: ast.expr, frame: Frame, value_of: ValueOf) -> Value | None:
    """Return what a value with that annotation is; `value_of` says what a name in it is."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                inside = ast.parse(text.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
            return annotated(inside, frame, value_of)
        case ast.Constant(value=None):
            return Nothing()
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return one_of([annotated(left, frame, value_of), annotated(right, frame, value_of)])
        case ast.Subscript(value=head, slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            return _subscripted(head, parts, frame, value_of)
        case ast.Name() | ast.Attribute():
            return _instance(value_of(node, frame), value_of)
    return None


def _subscripted(
    head: ast.expr, parts: list[ast.expr], frame: Frame, value_of: ValueOf
) -> Value | None:
    name = last_name(head)
    first = parts[0]
    if name in _SAME:
        found = annotated(first, frame, value_of)
        given = (value_of(part, frame) for part in parts[1:] if isinstance(part, ast.Call))
        return found if found is not None else next(given, None)  # Annotated[Any, Depends(f)]
    if name == "Union":
        return one_of([annotated(part, frame, value_of) for part in parts])
    if name in _ENTERED:
        return Gives("entered", annotated(first, frame, value_of))
    if name == "Callable":
        return Gives("called", annotated(parts[-1], frame, value_of))
    if name in ("type", "Type"):
        return value_of(first, frame)
    found = annotated(head, frame, value_of)
    if isinstance(found, Made) and KINDS[found.kind].gives.get("") == "Session":
        inside = annotated(first, frame, value_of)  # sessionmaker[AsyncSession] is another thing
        return found if inside == Made("Session") else None
    return found


def _instance(value: Value | None, value_of: ValueOf) -> Value | None:
    """Return an object of the class that the annotation names."""
    match value:
        case Named(dotted):
            key = key_of(dotted)
            kind = MAKES.get(key) if key else None
            return Made(kind) if kind is not None else None
        case Class():
            return Instance(value)
        case Alias(node, frame):
            return annotated(node, frame, value_of)
    return None


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, "" for other code."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def one_of(found: list[Value | None]) -> Value | None:
    """Return what a value is that may be any of those, None where that is not sure.

    `None` itself does not count. Of several objects of synchronous libraries it is the first.
    """
    values = list(dict.fromkeys(value for value in found if value != Nothing()))
    if found and not values:
        return Nothing()
    if len(values) == 1:
        return values[0]
    sync = (isinstance(value, Made) and not KINDS[value.kind].is_async for value in values)
    return values[0] if values and all(sync) else None
