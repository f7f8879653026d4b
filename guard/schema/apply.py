"""What each operation does to a schema, as if it succeeded: one function an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from guard import operations as ops
from guard.operations import CreateIndex, Name, Opaque, Operation, is_known
from guard.schema import columns, constraints, other_objects, tables
from guard.schema.catalog import Draft

# An operation that is not here (a query, a setting, upkeep) changes nothing.
_CHANGES: dict[type[Operation], Callable[[Any, Draft], None]] = {
    ops.CreateTable: tables.create_table,
    ops.DropTable: tables.drop_table,
    ops.RenameTable: tables.rename_table,
    ops.AlterTable: tables.alter_table,
    ops.AttachPartition: tables.attach_partition,
    ops.DetachPartition: tables.detach_partition,
    ops.Insert: tables.fill,
    ops.Update: tables.fill,
    ops.Merge: tables.fill,
    ops.Truncate: tables.empty,
    ops.Delete: tables.empty,
    ops.AddColumn: columns.add_column,
    ops.DropColumn: columns.drop_column,
    ops.RenameColumn: columns.rename_column,
    ops.ModifyColumn: columns.modify_column,
    ops.ChangeColumnType: columns.change_column_type,
    ops.SetNotNull: columns.set_not_null,
    ops.DropNotNull: columns.drop_not_null,
    ops.SetDefault: columns.set_default,
    ops.DropDefault: columns.drop_default,
    ops.AlterColumn: columns.alter_column,
    ops.AddConstraint: constraints.add_constraint,
    ops.DropConstraint: constraints.drop_constraint,
    ops.ValidateConstraint: constraints.validate_constraint,
    ops.AlterConstraint: constraints.alter_constraint,
    ops.CreateIndex: constraints.create_index,
    ops.DropIndex: constraints.drop_index,
    ops.RenameIndex: constraints.rename_index,
    ops.CreateEnum: other_objects.create_enum,
    ops.AddEnumValue: other_objects.add_enum_value,
    ops.RenameEnumValue: other_objects.rename_enum_value,
    ops.CreateDomain: other_objects.create_domain,
    ops.AlterDomain: other_objects.alter_domain,
    ops.CreateView: other_objects.create_view,
    ops.CreateSchema: other_objects.create_schema,
    ops.DropSchema: other_objects.drop_schema,
    ops.DropDatabase: other_objects.drop_schema,
    ops.CreateObject: other_objects.create_object,
    ops.DropObject: other_objects.drop_object,
    ops.RenameObject: other_objects.rename_object,
}

# What a partitioned table hands down to its partitions.
_HANDED_DOWN = (
    ops.AddColumn,
    ops.DropColumn,
    ops.RenameColumn,
    ops.ChangeColumnType,
    ops.SetNotNull,
    ops.DropNotNull,
    ops.SetDefault,
    ops.DropDefault,
    ops.AddConstraint,
    ops.DropConstraint,
    ops.ValidateConstraint,
    ops.CreateIndex,
)


def change(operation: Operation, draft: Draft) -> None:
    """Make in the draft what the operation changes."""
    if isinstance(operation, Opaque):
        draft.mark_uncertain()
        return
    if type(operation) not in _CHANGES:
        return
    names = _names(operation)
    if any(not is_known(name) for name in names):
        draft.incomplete = True  # it may be about a table that no revision names
    if all(is_known(name.name) for name in names):
        _CHANGES[type(operation)](operation, draft)
        _hand_down(operation, draft)
    else:
        _unreadable(operation, draft)


def _names(operation: Operation) -> list[Name]:
    fields = msgspec.structs.asdict(operation).values()
    return [value for value in fields if isinstance(value, Name)]


def _unreadable(operation: Operation, draft: Draft) -> None:
    """Note what an operation on a name that could not be read may have touched."""
    if isinstance(operation, (ops.CreateTable, ops.CreateView, ops.CreateEnum, ops.CreateSchema)):
        return
    table = getattr(operation, "table", None)
    if table is not None and is_known(table.name):
        draft.put(replace(draft.table_or_new(table), certain=False))
    else:
        draft.mark_uncertain()


def _hand_down(operation: Operation, draft: Draft) -> None:
    if not isinstance(operation, _HANDED_DOWN):
        return
    table = draft.table(operation.table)
    if not table or (isinstance(operation, CreateIndex) and operation.only):
        return
    for partition in table.partitions:
        down = replace(operation, table=partition)
        if isinstance(down, CreateIndex):
            down = replace(down, name=None)
        change(down, draft)
