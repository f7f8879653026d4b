"""What a change of a column's type does to the rest of its table on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.effects.narrowing import loses
from guard.effects.postgresql.type_pairs import (
    as_postgresql,
    keeps_plain_indexes,
    work_of,
)
from guard.effects.type_change import TypeChange, Work
from guard.operations import ChangeColumnType, Name, Type
from guard.schema.model import Index, ReadOnlySchema, Table, View
from guard.schema.names import indexed_column
from guard.sql.expressions import read_expression

DIALECT = "postgresql"


def change_of(change: ChangeColumnType, schema: ReadOnlySchema) -> TypeChange:
    """Return what becomes of the column, and of all that stands on it."""
    table = schema.table(change.table)
    old, new = old_type(change, schema), change.type
    work = _work(change, old, schema)
    free = work in ("none", "free", "free in utc")
    plain = old is not None and new is not None and keeps_plain_indexes(old, new, schema)
    return TypeChange(
        table=change.table,
        column=change.column,
        old=old,
        new=new,
        back=work_of(new, old, schema) if old and new else "unknown",
        work="free" if work == "none" and _is_recollated(old, new) else work,
        checks=tuple(_checks(table, change.column)) if free and table else (),
        indexes=tuple(_rebuilt(schema, change, plain=plain)) if free else (),
        keys=tuple(_keys(schema, change)),
        refused_by=tuple(_dependents(schema, table or None, change)),
        loses=loses(as_postgresql(old), as_postgresql(new), DIALECT) if old and new else None,
    )


def old_type(change: ChangeColumnType, schema: ReadOnlySchema) -> Type | None:
    """Return the type that the column has, None where neither revision says it."""
    column = schema.column(change.table, change.column)
    if column and column.certain and column.type:
        return column.type
    return change.existing_type


def _is_recollated(old: Type | None, new: Type | None) -> bool:
    return old is not None and new is not None and old.collation != new.collation


def _work(change: ChangeColumnType, old: Type | None, schema: ReadOnlySchema) -> Work:
    new = change.type
    if new is None:
        return "unknown"
    steps = _converted_through(change, new)
    if steps is None:
        return "rewrite"
    if old is None:
        return "unknown"
    works = [work_of(a, b, schema) for a, b in zip((old, *steps), steps, strict=False)]
    for worst in ("rewrite", "unknown", "free in utc", "free"):
        if worst in works:
            return worst
    return "none"


def _converted_through(change: ChangeColumnType, new: Type) -> tuple[Type, ...] | None:
    """Return the types that USING takes the column through, None where it does anything else."""
    if change.using is None:
        return (new,)
    using = read_expression(change.using, DIALECT)
    if using.cast and using.is_cast_of(change.column):
        return (using.cast.type, new)
    return (new,) if change.using.strip('() "') == change.column else None


def _checks(table: Table, column: str) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.type == "check" and column in constraint.columns and not constraint.not_valid:
            yield constraint.name or "CHECK"


def _rebuilt(schema: ReadOnlySchema, change: ChangeColumnType, *, plain: bool) -> Iterator[str]:
    """Yield the indexes that are built anew although no row changes."""
    for index in schema.indexes(change.table):
        columns = {indexed_column(part, DIALECT) for part in index.columns}
        if _has_expression(index, change.column) or (not plain and change.column in columns):
            yield index.name or "index"


def _has_expression(index: Index, column: str) -> bool:
    """Return whether it is partial, or on an expression, and has to do with the column."""
    plain = {indexed_column(part, DIALECT) for part in index.columns}
    mentioned = any(read_expression(part, DIALECT).mentions(column) for part in plain - {column})
    if index.where is None:
        return mentioned
    read = read_expression(index.where, DIALECT).mentions(column) is True
    return mentioned or column in plain or read


def _keys(schema: ReadOnlySchema, change: ChangeColumnType) -> Iterator[Name]:
    """Yield the other tables of foreign keys that the column is part of, on either side."""
    table = schema.table(change.table)
    for constraint in table.constraints if table else ():
        if constraint.target and change.column in constraint.columns:
            yield constraint.target
    for reference in schema.references_to(change.table):
        if change.column in reference.constraint.target_columns:
            yield reference.table


def _dependents(
    schema: ReadOnlySchema, table: Table | None, change: ChangeColumnType
) -> Iterator[str]:
    """Yield what the server refuses the change for: generated columns, triggers, views."""
    for column in table.columns if table else ():
        made = column.generated
        if made and made.sql and read_expression(made.sql, DIALECT).mentions(change.column):
            yield f"the generated column {column.name}"
    for part in table.objects if table else ():
        if part.certain and change.column in part.columns:
            yield f"{part.object_type} {part.name}"
    for item in schema.objects():
        if isinstance(item, View) and item.certain and _shows(item.query or "", change):
            yield f"view {item.name}"


def _shows(query: str, change: ChangeColumnType) -> bool:
    """Return whether a view reads the column, going by the names in its text."""
    found = read_expression(f"({query.rstrip('; ')})", DIALECT)
    if not found.understood:
        return False
    reads = re.search(rf"(?i)(?<!\w){re.escape(change.table.name)}(?!\w)", query)
    every = re.search(r"(?i)(\bselect|,|\.)\s*\*", query)
    return bool(reads) and (bool(every) or change.column in found.columns)
