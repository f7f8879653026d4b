"""What operations do to each other: one removes what another made, or empties a table."""

from __future__ import annotations

from collections.abc import Iterable

from guard.operations import (
    AddColumn,
    AddConstraint,
    CreateDatabase,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateSchema,
    CreateTable,
    CreateView,
    Delete,
    DropColumn,
    DropConstraint,
    DropDatabase,
    DropIndex,
    DropObject,
    DropSchema,
    DropTable,
    Insert,
    Merge,
    Name,
    Opaque,
    Operation,
    RenameTable,
    Truncate,
    is_known,
)


def undoes(operation: Operation, upgrade: Iterable[Operation]) -> bool:
    """Return whether one of the upgrade's operations made what `operation` removes."""
    return any(_undoes(operation, made) for made in upgrade)


def is_emptied(table: Name, before: Iterable[Operation]) -> bool:
    """Return whether the operations left no rows in the table."""
    empty: list[Name] = []
    for operation in before:
        match operation:
            case Truncate(table=other) | Delete(table=other, all_rows=True):
                empty.append(other)
            case Insert(table=other) | Merge(table=other):
                empty = [name for name in empty if not _same(name, other)]
            case RenameTable(table=old, new=new):
                empty = [new if _same(name, old) else name for name in empty]
            case Opaque():
                empty = []
    return any(_same(table, name) for name in empty)


def _undoes(operation: Operation, made: Operation) -> bool:
    match operation, made:
        case DropTable(table=table), CreateTable(table=new):
            return _same(table, new)
        case DropColumn(table=table, column=name), AddColumn(table=new, column=column):
            return _same(table, new) and name.lower() == column.name.lower()
        case (
            DropColumn(table=table)
            | DropConstraint(table=table)
            | Truncate(table=table)
            | Delete(table=table)
            | DropIndex(table=Name() as table),
            CreateTable(table=new),
        ):
            return _same(table, new)
        case Delete(table=table) | Truncate(table=table), Insert(table=new):
            return _same(table, new)
        case DropConstraint(table=table, constraint=name), AddConstraint(
            table=new, constraint=added
        ):
            return _same(table, new) and name == added.name
        case DropIndex(name=name), CreateIndex(name=new_name):
            return name.name == new_name
        case DropSchema(name=name), CreateSchema(name=new):
            return _same(name, new)
        case DropDatabase(name=name), CreateDatabase(name=new):
            return _same(name, new)
        case DropObject(name=name), CreateObject(name=new) | CreateEnum(name=new) | CreateView(
            name=new
        ):
            return _same(name, new)
    return False


def _same(one: Name, other: Name) -> bool:
    """Names are compared without case; a schema counts only where both have one that is known."""
    schemas = {name.schema for name in (one, other) if name.schema and is_known(name.schema)}
    return len(schemas) < 2 and one.name.lower() == other.name.lower()
