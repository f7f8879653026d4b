"""SQLAlchemy-Searchable: the trigger that keeps a search vector."""

from __future__ import annotations

from guard.operations import CreateObject, DropObject, Name, Operation, Update, unknown_name
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import NONE, TRUE, Value, truth
from guard.reader.libraries.sqlalchemy import clauses


def _names(call: Call, options: Value | None, schema: Value | None) -> tuple[Name, Name, Name]:
    """Return the names of the table, the trigger and the function; options may ask for others."""
    table = clauses.name(call.get(1, "table_name"), schema)
    column = clauses.string(call.get(2, "tsvector_column")) or unknown_name("column")
    if options not in (None, NONE):
        return table, Name(unknown_name("trigger")), Name(unknown_name("function"))
    stem = f"{table.name}_{column}"
    return table, Name(f"{stem}_trigger"), Name(f"{stem}_update")


def _drops(table: Name, trigger: Name, function: Name) -> list[Operation]:
    return [
        DropObject(object_type="trigger", name=trigger, table=table, if_exists=True),
        DropObject(object_type="function", name=function, if_exists=True),
    ]


def _sync(run: Run, call: Call) -> Value:
    """`sync_trigger(connection, table, column, indexed, metadata, options, schema, update)`."""
    table, trigger, function = _names(call, call.get(5, "options"), call.get(6, "schema"))
    operations = [
        *_drops(table, trigger, function),
        CreateObject(object_type="function", name=function),
        CreateObject(object_type="trigger", name=trigger, table=table),
    ]
    if truth(call.get(7, "update_rows") or TRUE) is not False:
        first = clauses.strings(call.get(3, "indexed_columns"))[:1]
        operations.append(Update(table=table, columns=first, all_rows=True))
    for operation in operations:
        run.emit([operation], call.node, call.frame)
    return NONE


def _drop(run: Run, call: Call) -> Value:
    """`drop_trigger(connection, table, column, metadata, options, schema)`."""
    for operation in _drops(*_names(call, call.get(4, "options"), call.get(5, "schema"))):
        run.emit([operation], call.node, call.frame)
    return NONE


_TABLE = Name("t", "s")
_TRIGGER = Name("t_v_trigger")
_FUNCTION = Name("t_v_update")
_ABOVE = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy_searchable import drop_trigger, sync_trigger
metadata = sa.MetaData(schema="s")
sa.Table("t", metadata, sa.Column("v", sa.Text()), sa.Column("a", sa.Text()))
"""

LIBRARY = Library(
    names={
        "sqlalchemy_searchable.*.sync_trigger": _sync,
        "sqlalchemy_searchable.*.drop_trigger": _drop,
    },
    examples=(
        Example(
            'sync_trigger(op.get_bind(), "t", "v", ["a"], metadata, schema="s")',
            (
                *_drops(_TABLE, _TRIGGER, _FUNCTION),
                CreateObject(object_type="function", name=_FUNCTION),
                CreateObject(object_type="trigger", name=_TRIGGER, table=_TABLE),
                Update(table=_TABLE, columns=("a",), all_rows=True),
            ),
            _ABOVE,
        ),
        Example(
            'drop_trigger(op.get_bind(), "t", "v", metadata, schema="s")',
            tuple(_drops(_TABLE, _TRIGGER, _FUNCTION)),
            _ABOVE,
        ),
    ),
)
