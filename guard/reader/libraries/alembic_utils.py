"""alembic_utils: views, functions, triggers and policies as objects that are given to `op`."""

from __future__ import annotations

from guard.action_words import ObjectType
from guard.operations import (
    Body,
    CreateObject,
    DropObject,
    Name,
    Opaque,
    Operation,
    Query,
    is_known,
)
from guard.reader.evaluate.run import Example, Known, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Construct, Unknown, Value
from guard.reader.libraries.sqlalchemy import clauses
from guard.sql import read_sql

_TYPES: dict[str, ObjectType] = {
    "PGExtension": "extension",
    "PGFunction": "function",
    "PGGrantTable": "grant",
    "PGMaterializedView": "materialized view",
    "PGPolicy": "policy",
    "PGTrigger": "trigger",
    "PGView": "view",
}
_PARAMETERS = ("schema", "signature", "definition")


def _entity(operation: str) -> Known:
    def record(run: Run, call: Call) -> Value:
        _record(run, operation, call)
        return Unknown(call.node)

    return record


def _record(run: Run, operation: str, call: Call) -> None:
    entity = call.args[0] if call.args else None
    kind = clauses.last(entity.path) if isinstance(entity, Construct) else ""
    given: dict[str, Value] = {}
    object_type = _TYPES.get(kind)
    if isinstance(entity, Construct) and object_type:
        given = {**dict(zip(_PARAMETERS, entity.args, strict=False)), **entity.kwargs}
    if object_type is None or "signature" not in given:
        run.opaque(f"op.{operation} is given an object that is not in sight", call.node, call.frame)
        return
    target = clauses.name(given["signature"], given.get("schema"))
    if is_known(target.name):
        target = Name(target.name.partition("(")[0], target.schema)  # `f(x integer)`
    made: Operation = (
        DropObject(object_type=object_type, name=target)
        if operation == "drop_entity"
        else CreateObject(
            object_type=object_type,
            name=target,
            replace=operation == "replace_entity",
            body=_body(object_type, given),
        )
    )
    text = given.get("definition") if isinstance(made, CreateObject) else None
    run.emit([made], call.node, call.frame, sql=clauses.string(text))


def _body(object_type: ObjectType, given: dict[str, Value]) -> Body | None:
    """Return what a function does when it runs; None for anything else."""
    signature, definition = given.get("signature"), given.get("definition")
    if object_type != "function" or not isinstance(signature, Text):
        return None
    if not isinstance(definition, Text):
        return Body(operations=(Opaque(reason="its body is not in sight", code=signature.plain),))
    reading = read_sql(f"CREATE FUNCTION {signature.plain} {definition.plain}", "postgresql")
    made = [o for statement in reading.statements for o in statement.operations]
    return next((o.body for o in made if isinstance(o, CreateObject)), None)


_ABOVE = """
from alembic import op
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView
"""
_FUNCTION = 'PGFunction("s", "f()", "RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql")'

LIBRARY = Library(
    names={
        f"alembic.op.{name}": _entity(name)
        for name in ("create_entity", "replace_entity", "drop_entity")
    },
    examples=(
        Example(
            f"op.create_entity({_FUNCTION})",
            (
                CreateObject(
                    object_type="function", name=Name("f", "s"), body=Body(operations=(Query(),))
                ),
            ),
            _ABOVE,
        ),
        Example(
            'op.drop_entity(PGView("s", "v", "SELECT 1"))',
            (DropObject(object_type="view", name=Name("v", "s")),),
            _ABOVE,
        ),
    ),
)
