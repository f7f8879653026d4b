"""alembic-postgresql-enum and alembic_autogenerate_enums: they keep an enum type in step."""

from __future__ import annotations

from guard.operations import AddEnumValue, Name, Opaque, Operation
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Sequence, Unknown, Value
from guard.reader.libraries.sqlalchemy import clauses, execution


def _sync_enum_values(run: Run, call: Call) -> Value:
    """alembic_autogenerate_enums tells the old values; alembic-postgresql-enum the new ones alone.

    The latter makes a new type and rewrites the columns of the old one.
    """
    enum = clauses.name(call.get(1, "name", "enum_name"), call.get(0, "schema", "enum_schema"))
    old, new = _words(call.get(2, "old_values")), _words(call.get(3, "new_values"))
    if old is None or new is None:
        operations: list[Operation] = []
        reason = f"the call does not say which values {enum} gains or loses"
    else:
        operations = [AddEnumValue(name=enum, value=value) for value in new if value not in old]
        gone = ", ".join(value for value in old if value not in new)
        reason = f"it takes values from the type {enum}: {gone}" if gone else ""
        if not gone and clauses.flag(call.get(5, "should_reverse")):
            reason = f"it recreates the type {enum} and rewrites the columns that have it"
    if reason:
        operations.append(Opaque(reason=reason, code=call.code))
    execution.emit_on(run, ("postgresql",), operations, call)
    return Unknown(call.node)


def _words(value: Value | None) -> tuple[str, ...] | None:
    """Return the texts of a list; None where it is none, or not all of it is known."""
    if not isinstance(value, Sequence) or value.open or not value.certain:
        return None
    texts = [item.plain for item in value.items if isinstance(item, Text) and item.known]
    return tuple(texts) if len(texts) == len(value.items) else None


LIBRARY = Library(
    names={"alembic.op.sync_enum_values": _sync_enum_values},
    examples=(
        Example(
            "op.sync_enum_values('s', 'e', ['a'], ['a', 'b'])",
            (AddEnumValue(name=Name("e", "s"), value="b"),),
            "from alembic import op",
            runs=False,  # each of the two reads the values anew from a database
        ),
    ),
)
