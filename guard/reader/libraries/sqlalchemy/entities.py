"""The objects that a query gives of a mapped class: what is done to them is done to its rows."""

from __future__ import annotations

import ast

from guard.operations import Delete, Name, Update, unknown_name
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame
from guard.reader.evaluate.values import Sequence, Unknown, Value
from guard.reader.libraries.sqlalchemy import clauses, table_objects
from guard.reader.libraries.sqlalchemy.live import Related, Row, Rows
from guard.reader.libraries.sqlalchemy.rows import Entity

ONE = {
    "first", "get", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none",
}  # fmt: skip


def answer(name: str, entity: Entity, call: Call) -> Value:
    """Return the object or the objects that a query gives."""
    if name in ONE:
        return Row(call.node, table=entity.table, where=entity.where)
    return Rows(call.node, table=entity.table, whole=entity.whole, where=entity.where)


def assigned(run: Run, row: Row, name: str, node: ast.expr, frame: Frame) -> None:
    """Record the UPDATE that an assignment to an object of a query becomes."""
    update = Update(table=row.table, columns=(name,), where=row.where)
    run.emit([update], node, frame)


def row_attribute(run: Run, row: Row, name: str) -> Value:
    """Return what an attribute of an object holds."""
    return Related(f"{row.code}.{name}")


_CHANGES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "update"}


def related_method(run: Run, receiver: Related, name: str, call: Call) -> Value | None:
    """Record that objects are put into, or taken out of, what belongs to an object of a query."""
    if name in _CHANGES:
        table = Name(unknown_name(receiver.code))  # theirs, or one between the two
        run.emit([Update(table=table, where="{key}")], call.node, call.frame)
    return None


def deleted(run: Run, value: Value | None) -> Delete:
    """Return what `session.delete(value)` deletes: every row, where it is each in turn."""
    if not isinstance(value, Row):
        return Delete(table=table_of(value), where="{key}")
    every = len(run.conditions) <= value.depth
    return Delete(table=value.table, where=None if every else "{key}", all_rows=every)


def rows_method(run: Run, receiver: Rows, name: str, call: Call) -> Value:
    """Return what `result.scalars()`, `.all()` gives of the rows."""
    if name in ONE:
        return Row(call.node, table=receiver.table, where=receiver.where)
    keeps = name in {"all", "fetchall", "scalars", "unique", "yield_per"}
    return receiver if keeps and not call.args[1:] else Unknown(call.node)


def table_of(value: Value | None) -> Name:
    """Return the table of an object, or of the first of several."""
    if isinstance(value, Sequence) and value.items:
        value = value.items[0]
    return table_objects.table_name(value) or clauses.name(value)


def iterated(run: Run, value: Value, node: ast.expr, frame: Frame) -> Value | None:
    """Return one of the objects, in turn: `for row in query.all()`."""
    if not isinstance(value, Rows):
        return None
    return each(run, Entity(value.table, value.whole, value.where), node)


def each(run: Run, entity: Entity, node: ast.expr) -> Row:
    """Return an object of the body of a loop: it is every one of them, under no more conditions."""
    depth = len(run.conditions) + 1 if entity.whole else -1
    return Row(node, table=entity.table, depth=depth, where=entity.where)
