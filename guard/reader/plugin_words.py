"""Operations that plugins add to Alembic's `op`: alembic_utils, and two that keep enums in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.operations import AddEnumValue, CreateObject, DropObject, Opaque, Operation
from guard.reader import clauses, execution
from guard.reader.clauses import name
from guard.reader.state import Call
from guard.reader.text import Text
from guard.reader.values import Construct, Sequence, Unknown, Value

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

_ENTITIES = {"create_entity", "replace_entity", "drop_entity"}


def record(run: Interpreter, path: str, call: Call) -> Value:
    """Record an operation that is not Alembic's own, by name; return what it gives."""
    operation = path.removeprefix("alembic.op.")
    if operation in _ENTITIES:
        _entity(run, operation, call)
    elif operation == "sync_enum_values":
        _sync_enum_values(run, call)
    else:
        run.opaque(f"op.{operation} is no operation that guard knows", call.node, call.frame)
    return Unknown(call.node)


def _entity(run: Interpreter, operation: str, call: Call) -> None:
    """alembic_utils: a view, function, trigger or policy given as an object."""
    entity = call.args[0] if call.args else None
    kind = clauses.last(entity.path) if isinstance(entity, Construct) else ""
    given: dict[str, Value] = {}
    if isinstance(entity, Construct) and kind.startswith("PG"):
        given = {**dict(zip(("schema", "signature"), entity.args, strict=False)), **entity.kwargs}
    if "signature" not in given:
        run.opaque(f"op.{operation} is given an object that is not in sight", call.node, call.frame)
        return
    target = name(given["signature"], given.get("schema"))
    object_type = {"PGMaterializedView": "materialized view", "PGGrantTable": "grant"}.get(
        kind, kind.removeprefix("PG").lower()
    )
    made: Operation = (
        DropObject(object_type=object_type, name=target)
        if operation == "drop_entity"
        else CreateObject(
            object_type=object_type, name=target, replace=operation == "replace_entity"
        )
    )
    run.emit([made], call.node, call.frame)


def _sync_enum_values(run: Interpreter, call: Call) -> None:
    """alembic_autogenerate_enums tells the old values; alembic-postgresql-enum the new ones alone.

    The latter makes a new type and rewrites the columns of the old one.
    """
    enum = name(call.get(1, "name", "enum_name"), call.get(0, "schema", "enum_schema"))
    old, new = _words(call.get(2, "old_values")), _words(call.get(3, "new_values"))
    if old is None or new is None:
        operations: list[Operation] = []
        reason = f"which values it adds to the type {enum} or takes from it is not in the call"
    else:
        operations = [AddEnumValue(name=enum, value=value) for value in new if value not in old]
        gone = ", ".join(value for value in old if value not in new)
        reason = f"it takes values from the type {enum}: {gone}" if gone else ""
        if not gone and clauses.flag(call.get(5, "should_reverse")):
            reason = f"it makes the type {enum} anew and rewrites the columns that are of it"
    if reason:
        operations.append(Opaque(reason=reason, code=call.code))
    execution.emit_on(run, ("postgresql",), operations, call)


def _words(value: Value | None) -> tuple[str, ...] | None:
    """Return the texts of a list; None where it is none, or not all of it is known."""
    if not isinstance(value, Sequence) or value.open or not value.certain:
        return None
    texts = [item.plain for item in value.items if isinstance(item, Text) and item.known]
    return tuple(texts) if len(texts) == len(value.items) else None
