"""Changes in the constraints and indexes of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from guard.action_words import ConstraintType
from guard.operations import (
    AddConstraint,
    AlterConstraint,
    AlterObject,
    Constraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Name,
    RenameIndex,
    ValidateConstraint,
)
from guard.schema.catalog import Draft
from guard.schema.model import Index, Other, StoredColumn, StoredConstraint, Table
from guard.schema.names import Taken, mentioned, mysql_name, postgres_name, renamed
from guard.server import as_stored, is_mysql

_LABELS: dict[ConstraintType, str] = {
    "primary key": "pkey",
    "unique": "key",
    "foreign key": "fkey",
    "check": "check",
    "exclude": "excl",
    "not null": "not_null",
}


# Constraints


def add_constraint(operation: AddConstraint, draft: Draft) -> None:
    table, constraint = draft.table_or_new(operation.table), operation.constraint
    if operation.using_index:
        used = [i for i in table.indexes if draft.same(i.name, operation.using_index)]
        if used:
            constraint = replace(
                constraint,
                columns=used[0].columns,
                name=constraint.name or used[0].name,
            )
            table = replace(table, indexes=tuple(i for i in table.indexes if i not in used))
    draft.put(with_constraint(draft, table, constraint))


def with_constraint(
    draft: Draft, table: Table, constraint: Constraint, *, inline: bool = False
) -> Table:
    """Return the table with one more constraint, and its columns as that makes them."""
    name, columns = constraint.name, [c.name for c in table.columns]
    if constraint.type == "check" and constraint.sql:
        constraint = replace(constraint, columns=mentioned(constraint.sql, columns, draft.dialect))
    made_up = name is None
    name = name and as_stored(name, draft.dialect)
    if made_up and draft.dialect == "postgresql":
        name = _made_up_name(draft, table, constraint)
    target_columns = constraint.target_columns
    if constraint.target and not target_columns:
        target = table if draft.same_table(constraint.target, table.name) else None
        found = target or draft.table(constraint.target)
        target_columns = found.primary_key if found else ()
    stored = StoredConstraint(
        **{
            **msgspec.structs.asdict(constraint),
            "name": name,
            "target_columns": target_columns,
        },
        made_up=made_up,
        inline=inline,
        created_by=draft.revision,
    )
    others = [
        c
        for c in table.constraints
        if not draft.same(c.name, name) and not c.type == constraint.type == "primary key"
    ]
    table = replace(table, constraints=(*others, stored))
    return _enforced(draft, table, stored)


def _made_up_name(draft: Draft, table: Table, constraint: Constraint) -> str:
    columns = constraint.columns
    if constraint.type == "primary key" or (constraint.type == "check" and len(columns) != 1):
        columns = ()
    label = _LABELS[constraint.type]
    return postgres_name(table.name.name, columns, label, _taken(draft, table))


def _taken(draft: Draft, table: Table) -> Taken:
    """Return a test whether a name is in use; the table itself may not be kept yet."""
    own = table.part_names
    return lambda name: name in own or draft.taken(Name(name, table.name.schema))


def _enforced(draft: Draft, table: Table, constraint: StoredConstraint) -> Table:
    """Return the table without NULLs in the columns of a primary key or a valid NOT NULL."""
    if constraint.type not in ("primary key", "not null") or constraint.not_valid:
        return table
    columns = []
    for column in table.columns:
        named = any(draft.same(column.name, name) for name in constraint.columns)
        # Of SQLite's primary keys only the rowid itself refuses NULL.
        rowid = column.type is not None and column.type.name == "integer"
        lax = draft.dialect == "sqlite" and constraint.type == "primary key" and not rowid
        columns.append(replace(column, nullable=False) if named and not lax else column)
    return replace(table, columns=tuple(columns))


def drop_constraint(operation: DropConstraint, draft: Draft) -> None:
    table = draft.table_or_new(operation.table)
    gone = _meant(draft, table, operation)
    indexes = table.indexes
    if not gone:  # MySQL's unique constraints and unique indexes are the same thing
        indexes = tuple(i for i in indexes if not draft.same(i.name, operation.constraint))
    if not gone and len(indexes) == len(table.indexes):
        draft.put(_perhaps_dropped(table, operation))
        return
    table = replace(
        table, constraints=tuple(c for c in table.constraints if c not in gone), indexes=indexes
    )
    for constraint in gone:
        if constraint.type == "not null":
            table = replace(
                table,
                columns=tuple(
                    replace(c, nullable=True) if c.name in constraint.columns else c
                    for c in table.columns
                ),
            )
    draft.put(table)
    if operation.cascade:
        for constraint in gone:
            _drop_dependents(draft, table, constraint)


def _drop_dependents(draft: Draft, table: Table, key: StoredConstraint) -> None:
    """Take away the foreign keys that need a key; with another one like it nobody knows which."""
    if key.type not in ("primary key", "unique"):
        return
    left = [set(c.columns) for c in table.constraints if c.type in ("primary key", "unique")]
    left += [set(i.columns) for i in table.indexes if i.unique]
    for other in draft.referrers(table.name):
        constraints = []
        for constraint in other.constraints:
            needs = draft.same_table(constraint.target, table.name)
            if not needs or set(constraint.target_columns) != set(key.columns):
                constraints.append(constraint)
            elif set(key.columns) in left:
                constraints.append(replace(constraint, certain=False))
        draft.put(replace(other, constraints=tuple(constraints)))


def _meant(draft: Draft, table: Table, operation: DropConstraint) -> list[StoredConstraint]:
    """Return the constraints that are dropped: by name, else the only unnamed one it can be."""
    named = [c for c in table.constraints if draft.same(c.name, operation.constraint)]
    if named:
        return named
    unnamed = [
        c
        for c in table.constraints
        if (c.name is None or c.type == operation.type == "primary key")
        and operation.type in (None, c.type)
    ]
    return unnamed if len(unnamed) == 1 and (operation.type or operation.constraint) else []


def _perhaps_dropped(table: Table, operation: DropConstraint) -> Table:
    """Return the table after the drop of a constraint that is none of those known by name."""
    return replace(
        table,
        constraints=tuple(
            replace(c, certain=False)
            if operation.type in (None, c.type) and _perhaps_named(c, operation.constraint)
            else c
            for c in table.constraints
        ),
    )


def _perhaps_named(constraint: StoredConstraint, name: str | None) -> bool:
    """Return whether a naming convention may have made that name of what was written, or lacked."""
    return constraint.made_up or name is None or (constraint.name or "") in name


def validate_constraint(operation: ValidateConstraint, draft: Draft) -> None:
    table = draft.table_or_new(operation.table)
    found = [c for c in table.constraints if draft.same(c.name, operation.constraint)]
    for constraint in found:
        valid = replace(constraint, not_valid=False)
        constraints = tuple(valid if c is constraint else c for c in table.constraints)
        table = _enforced(draft, replace(table, constraints=constraints), valid)
    draft.put(table)


def alter_constraint(operation: AlterConstraint, draft: Draft) -> None:
    table = draft.table_or_new(operation.table)
    changes: dict[str, object] = {}
    if operation.action == "rename" and operation.detail:
        changes = {"name": as_stored(operation.detail, draft.dialect), "made_up": False}
    elif operation.action == "deferrable":
        changes = {"deferrable": True}
    elif operation.action == "not-deferrable":
        changes = {"deferrable": False, "initially_deferred": False}
    elif operation.action == "initially-deferred":
        changes = {"deferrable": True, "initially_deferred": True}
    elif operation.action == "initially-immediate":
        changes = {"initially_deferred": False}
    elif operation.action in ("enforced", "not-enforced"):
        changes = {"not_valid": operation.action == "not-enforced"}
    draft.put(
        replace(
            table,
            constraints=tuple(
                replace(c, **changes) if draft.same(c.name, operation.constraint) else c
                for c in table.constraints
            ),
        )
    )


# Indexes


def create_index(operation: CreateIndex, draft: Draft) -> None:
    table, name = draft.table_or_new(operation.table), operation.name
    present = [i for i in table.indexes if draft.same(i.name, name)]
    if present and (operation.if_not_exists or not draft.certain):
        return
    if name is None and draft.dialect == "postgresql":
        name = postgres_name(table.name.name, operation.columns, "idx", _taken(draft, table))
    elif name is None and is_mysql(draft.dialect) and operation.columns:
        name = mysql_name(operation.columns[0], table.part_names)
    index = Index(
        name=name and as_stored(name, draft.dialect),
        columns=operation.columns,
        unique=operation.unique,
        where=operation.where,
        method=operation.method,
        detail=operation.detail,
        valid=not operation.only,
        created_by=draft.revision,
    )
    others = tuple(i for i in table.indexes if i not in present)
    draft.put(replace(table, indexes=(*others, index)))


def _index_table(draft: Draft, name: Name, table: Name | None) -> Table | None:
    """Return the table that has the index, wherever the statement says it is."""
    if table is None:
        return draft.owner("index", name) or None
    found = draft.table_or_new(table)
    if any(draft.same(i.name, name.name) for i in found.indexes):
        return found
    elsewhere = draft.owner("index", name)
    if elsewhere and any(draft.same(i.name, name.name) for i in elsewhere.indexes):
        return elsewhere
    return found


def drop_index(operation: DropIndex, draft: Draft) -> None:
    table = _index_table(draft, operation.name, operation.table)
    if table is None:
        return
    name = operation.name.name
    kept = tuple(i for i in table.indexes if not draft.same(i.name, name))
    constraints = table.constraints
    if len(kept) == len(table.indexes):
        named = [c for c in constraints if c.type == "unique" and draft.same(c.name, name)]
        constraints = tuple(
            replace(c, certain=False) if not named and c.made_up and c.type == "unique" else c
            for c in constraints
            if c not in named
        )
        if not named and not operation.if_exists:  # a naming convention may call one of them so
            kept = tuple(replace(i, certain=False) for i in kept)
    draft.put(replace(table, indexes=kept, constraints=constraints))
    for partition in table.partitions:
        part = draft.table(partition)
        own = tuple(i for i in part.indexes if not draft.same(i.part_of, name)) if part else ()
        if part and len(own) < len(part.indexes):
            draft.put(replace(part, indexes=own))


def attach_index(operation: AlterObject, draft: Draft) -> None:
    """Make an index of a partition a part of its whole's, which is valid once it has all parts."""
    if operation.object_type != "index" or operation.action != "attach-partition":
        return
    schema, _, label = (operation.detail or "").rpartition(".")
    part = draft.owner("index", Name(label, schema or None))
    whole = draft.owner("index", operation.name)
    if not part or not whole:
        return
    name = operation.name.name
    indexes = (replace(i, part_of=name) if draft.same(i.name, label) else i for i in part.indexes)
    draft.put(replace(part, indexes=tuple(indexes)))
    parts = [table for table in map(draft.table, whole.partitions) if table]
    if all(any(draft.same(i.part_of, name) for i in table.indexes) for table in parts):
        valid = (replace(i, valid=True) if draft.same(i.name, name) else i for i in whole.indexes)
        draft.put(replace(whole, indexes=tuple(valid)))


def attach_last_index(whole: Table, partition: Name, draft: Draft) -> None:
    """Make the index that the partition got last a part of the one that its whole did."""
    part = draft.table(partition)
    if part and part.indexes and whole.indexes:
        last = replace(part.indexes[-1], part_of=whole.indexes[-1].name)
        draft.put(replace(part, indexes=(*part.indexes[:-1], last)))


def rename_index(operation: RenameIndex, draft: Draft) -> None:
    table = _index_table(draft, operation.name, operation.table)
    if table is None:
        return
    old, new = operation.name.name, as_stored(operation.new, draft.dialect)

    def called(index: Index) -> Index:
        index = replace(index, name=new) if draft.same(index.name, old) else index
        return replace(index, part_of=new) if draft.same(index.part_of, old) else index

    draft.put(
        replace(
            table,
            indexes=tuple(map(called, table.indexes)),
            constraints=tuple(
                replace(c, name=new) if draft.same(c.name, old) else c for c in table.constraints
            ),
        )
    )
    for part in map(draft.table, table.partitions):
        if part:
            draft.put(replace(part, indexes=tuple(map(called, part.indexes))))


# Changes of a column, as both see them


def _uses(draft: Draft, table: Table, text: str | None, column: str) -> bool:
    """Return whether a column name or a piece of SQL is, or speaks of, the column."""
    if text is None or draft.same(text, column):
        return text is not None
    if any(draft.same(text, other.name) for other in table.columns):
        return False
    return bool(mentioned(text, (column,), draft.dialect))


def without_column(draft: Draft, table: Table, column: str) -> Table:
    """Return the table without a column and all that contains it; MySQL's indexes only shrink."""
    constraints = []
    for constraint in table.constraints:
        kept = tuple(c for c in constraint.columns if not draft.same(c, column))
        shrinks = is_mysql(draft.dialect) and constraint.type in ("primary key", "unique")
        if len(kept) == len(constraint.columns):
            if not _uses(draft, table, constraint.sql, column):
                constraints.append(constraint)
        elif shrinks and kept:
            constraints.append(replace(constraint, columns=kept))
    indexes = []
    for index in table.indexes:
        kept = tuple(part for part in index.columns if not _uses(draft, table, part, column))
        if len(kept) == len(index.columns):
            if not _uses(draft, table, index.where, column):
                indexes.append(index)
        elif is_mysql(draft.dialect) and kept:
            indexes.append(replace(index, columns=kept))
    return replace(
        table,
        columns=tuple(c for c in table.columns if not draft.same(c.name, column)),
        constraints=tuple(constraints),
        indexes=tuple(indexes),
    )


def with_renamed_column(draft: Draft, table: Table, old: str, new: str) -> Table:
    """Return the table with the column under its new name, in all that speaks of it too."""

    def name(text: str) -> str:
        return new if draft.same(text, old) else text

    def part(text: str) -> str:
        if draft.same(text, old) or not _uses(draft, table, text, old):
            return name(text)
        return renamed(text, old, new, draft.dialect)

    def sql(text: str | None) -> str | None:
        return renamed(text, old, new, draft.dialect) if text else text

    def column(c: StoredColumn) -> StoredColumn:
        made = c.generated and replace(c.generated, sql=sql(c.generated.sql))
        return replace(c, name=name(c.name), generated=made)

    def constraint(c: StoredConstraint) -> StoredConstraint:
        return replace(c, columns=tuple(name(n) for n in c.columns), sql=sql(c.sql))

    def index(i: Index) -> Index:
        return replace(i, columns=tuple(part(c) for c in i.columns), where=sql(i.where))

    def item(o: Other) -> Other:
        return replace(o, columns=tuple(name(n) for n in o.columns))

    return replace(
        table,
        columns=_changed(table.columns, column),
        constraints=_changed(table.constraints, constraint),
        indexes=_changed(table.indexes, index),
        objects=_changed(table.objects, item),
    )


Part = TypeVar("Part", StoredColumn, StoredConstraint, Index)


def _changed(parts: tuple[Part, ...], change: Callable[[Part], Part]) -> tuple[Part, ...]:
    """Return the parts as changed; one that stays as it was is the very same."""
    return tuple(part if (new := change(part)) == part else new for part in parts)
