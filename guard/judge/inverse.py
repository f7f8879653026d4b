"""Operations that take each other back: one removes what another made, or renames it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

import msgspec

from guard.action_words import ConstraintType, ObjectType, TableAction
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    CreateDatabase,
    CreateDomain,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateSchema,
    CreateTable,
    CreateView,
    Delete,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDatabase,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropObject,
    DropSchema,
    DropTable,
    Insert,
    Merge,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    RenameColumn,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetDefault,
    SetNotNull,
    Truncate,
    is_known,
)

Kind = (
    ObjectType
    | ConstraintType
    | Literal["enum", "unique index", "rows", "default", "not null", "null"]
)


class Made(msgspec.Struct, frozen=True):
    """A thing that an operation makes. `table` is the one that it belongs to, where it is known."""

    kind: Kind
    name: Name | None
    table: Name | None = None


class Removed(msgspec.Struct, frozen=True):
    """A thing that an operation removes: one of these kinds."""

    kinds: frozenset[Kind]
    name: Name | None
    table: Name | None = None


_KINDS: dict[type[Operation], Kind] = {
    CreateEnum: "enum",
    CreateDomain: "domain",
    CreateSchema: "schema",
    CreateDatabase: "database",
    SetDefault: "default",
    SetNotNull: "not null",
    DropNotNull: "null",
}
_TAKES_BACK: dict[type[Operation], Kind] = {
    DropDefault: "default",
    DropNotNull: "not null",
    SetNotNull: "null",
}
# Kinds that DROP x removes besides an x.
_ALSO: dict[ObjectType, tuple[Kind, ...]] = {
    "group": ("role", "user"),
    "package": ("package body",),
    "role": ("group", "user"),
    "routine": ("aggregate", "function", "procedure"),
    "table": ("virtual table",),
    "type": ("domain", "enum"),
    "user": ("group", "role"),
}
# MySQL's unique constraints and unique indexes are the same thing.
_INDEX: tuple[Kind, ...] = ("index", "unique index", "unique")


def undoes(operation: Operation, upgrade: Iterable[Operation]) -> bool:
    """Return whether `operation` takes back one of the upgrade's: what it made, or a switch."""
    removed = _removed(operation)
    if removed is None:
        return any(_takes_back(operation, before) for before in upgrade)
    return any(_is_it(removed, made) for before in upgrade for made in made_by(before))


# Actions that lead back and forth.
_OPPOSITES: dict[TableAction, TableAction] = {
    "add-system-versioning": "drop-system-versioning",
    "disable-row-level-security": "enable-row-level-security",
    "disable-trigger": "enable-trigger",
    "no-force-row-level-security": "force-row-level-security",
    "set-logged": "set-unlogged",
}
_BOTH_WAYS = {**_OPPOSITES, **{there: back for back, there in _OPPOSITES.items()}}


def _takes_back(operation: Operation, before: Operation) -> bool:
    """Return whether a name, a partition or a switch is as it was before the other operation."""
    match operation, before:
        case (
            RenameTable(table=old, new=new) | RenameObject(name=old, new=new),
            RenameTable(table=first, new=second) | RenameObject(name=first, new=second),
        ):
            return _same(old, second) and _same(new, first)
        case RenameIndex(name=index, new=label), RenameIndex(name=other, new=renamed):
            return (index.name.lower(), label.lower()) == (renamed.lower(), other.name.lower())
        case RenameColumn(column=column, new=name), RenameColumn(column=one, new=two):
            return (column.lower(), name.lower()) == (two.lower(), one.lower())
        case ChangeColumnType(), ChangeColumnType():
            return _same(operation.table, before.table) and operation.column == before.column
        case ModifyColumn(column=column), ModifyColumn(column=other):
            names = (column.name.lower(), (before.new or other.name).lower())
            return _same(operation.table, before.table) and names[0] == names[1]
        case DetachPartition(partition=part), AttachPartition(partition=other):
            return _same(part, other)
        case AttachPartition(partition=part), DetachPartition(partition=other):
            return _same(part, other)
        case DetachPartition(partition=part), CreateTable(table=other, partition_of=Name()):
            return _same(part, other)
        case AlterTable(table=table, action=action), AlterTable(table=other, action=done):
            return _same(table, other) and _BOTH_WAYS.get(action) == done
    return False


def made_by(operation: Operation) -> Iterator[Made]:
    """Yield the things that the operation makes."""
    match operation:
        case CreateTable(table=table, columns=columns):
            yield Made("table", table)
            for kind in (column.type for column in columns if column.type):
                if kind.enum_name and kind.create_type:  # SQLAlchemy makes it with the table
                    yield Made("enum", kind.enum_name)
        case AddColumn(table=table, column=column):
            yield Made("column", Name(column.name), table)
            for constraint in column.constraints:
                yield Made(constraint.type, _label(constraint.name), table)
        case AddConstraint(table=table, constraint=constraint):
            yield Made(constraint.type, _label(constraint.name), table)
        case CreateIndex(table=table, name=name, unique=unique):
            yield Made("unique index" if unique else "index", _label(name, table.schema), table)
        case CreateView(name=name, materialized=materialized):
            yield Made("materialized view" if materialized else "view", name)
        case CreateEnum() | CreateDomain() | CreateSchema() | CreateDatabase():
            yield Made(_KINDS[type(operation)], operation.name)
        case CreateObject(object_type=object_type, name=name, table=owner):
            yield Made(object_type, name, owner)
        case Insert(table=table):
            yield Made("rows", table, table)
        case SetDefault() | SetNotNull() | DropNotNull():
            yield Made(_KINDS[type(operation)], Name(operation.column), operation.table)


def _removed(operation: Operation) -> Removed | None:
    match operation:
        case DropTable(table=table):
            return _drop("table", table)
        case DropColumn(table=table, column=column):
            return Removed(frozenset(["column"]), Name(column), table)
        case DropConstraint(table=table, constraint=name, type=kind):
            kinds: tuple[Kind, ...] = (kind,) if kind else get_args(ConstraintType)
            if "unique" in kinds:
                kinds = (*kinds, "unique index")
            return Removed(frozenset(kinds), _label(name), table)
        case DropIndex(name=name, table=owner):
            return Removed(frozenset(_INDEX), name, owner)
        case DropDefault() | DropNotNull() | SetNotNull():
            gone = _TAKES_BACK[type(operation)]
            return Removed(frozenset([gone]), Name(operation.column), operation.table)
        case DropSchema(name=name):
            return _drop("schema", name)
        case DropDatabase(name=name):
            return _drop("database", name)
        case DropObject(object_type=kind, name=name, table=owner):
            return _drop(kind, name, owner)
        case Truncate(table=table) | Delete(table=table):
            return Removed(frozenset(["rows"]), table, table)
    return None


def _label(name: str | None, schema: str | None = None) -> Name | None:
    return Name(name, schema) if name else None


def _drop(kind: ObjectType, name: Name, table: Name | None = None) -> Removed:
    return Removed(frozenset([kind, *_ALSO.get(kind, ())]), name, table)


def _is_it(removed: Removed, made: Made) -> bool:
    """Return whether it is the same thing, or belongs to a table that was made."""
    if made.kind == "table" and removed.table and made.name:
        return _same(removed.table, made.name)
    if made.kind not in removed.kinds:
        return False
    if removed.table and made.table and not _same(removed.table, made.table):
        return False
    if removed.kinds == {"primary key"}:  # a table has but one, whatever it is called
        return True
    if removed.name is None or made.name is None:
        return removed.name is made.name
    return _same(removed.name, made.name)


def is_emptied(table: Name, back: Iterable[Operation]) -> bool:
    """Return whether the operations, from the last one back, left no rows in the table."""
    for operation in back:
        match operation:
            case Truncate(table=other) | Delete(table=other, all_rows=True) if _same(table, other):
                return True
            case Insert(table=other) | Merge(table=other) if _same(table, other):
                return False
            case RenameTable(table=old, new=new) if _same(table, new):
                table = old
            case RenameTable(table=old) if _same(table, old):
                return False  # what had the name before is another table now
            case Opaque():
                return False
    return False


def _same(one: Name, other: Name) -> bool:
    """Names are compared without case; a schema counts only where both have one that is known."""
    schemas = {name.schema for name in (one, other) if name.schema and is_known(name.schema)}
    return len(schemas) < 2 and one.name.lower() == other.name.lower()
