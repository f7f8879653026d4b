"""The effect of each operation on a schema, as if it succeeded: one function an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from guard import operations as ops
from guard.operations import CreateIndex, Name, Opaque, Operation, is_known
from guard.schema import columns, constraints, other_objects, tables
from guard.schema.catalog import Draft
from guard.schema.row_versions import keep_count
from guard.server import is_mysql

Change = Callable[[Any, Draft], None]
Kind = TypeVar("Kind", bound=Operation)


def _on(kind: type[Kind], change: Callable[[Kind, Draft], None]) -> tuple[type[Operation], Change]:
    """Return an entry of the table, checked here: the table itself cannot tell its types."""
    return kind, change


# An operation that is not here (a query, a setting, upkeep) changes nothing.
CHANGES: dict[type[Operation], Change] = dict(
    [
        _on(ops.CreateTable, tables.create_table),
        _on(ops.DropTable, tables.drop_table),
        _on(ops.RenameTable, tables.rename_table),
        _on(ops.AlterTable, tables.alter_table),
        _on(ops.AttachPartition, tables.attach_partition),
        _on(ops.DetachPartition, tables.detach_partition),
        _on(ops.Insert, tables.fill),
        _on(ops.Update, tables.fill),
        _on(ops.Merge, tables.fill),
        _on(ops.Truncate, tables.empty),
        _on(ops.Delete, tables.empty),
        _on(ops.AddColumn, columns.add_column),
        _on(ops.DropColumn, columns.drop_column),
        _on(ops.RenameColumn, columns.rename_column),
        _on(ops.ModifyColumn, columns.modify_column),
        _on(ops.ChangeColumnType, columns.change_column_type),
        _on(ops.SetNotNull, columns.set_not_null),
        _on(ops.DropNotNull, columns.drop_not_null),
        _on(ops.SetDefault, columns.set_default),
        _on(ops.DropDefault, columns.drop_default),
        _on(ops.AlterColumn, columns.alter_column),
        _on(ops.SetComment, columns.set_comment),
        _on(ops.AddConstraint, constraints.add_constraint),
        _on(ops.DropConstraint, constraints.drop_constraint),
        _on(ops.ValidateConstraint, constraints.validate_constraint),
        _on(ops.AlterConstraint, constraints.alter_constraint),
        _on(ops.CreateIndex, constraints.create_index),
        _on(ops.DropIndex, constraints.drop_index),
        _on(ops.RenameIndex, constraints.rename_index),
        _on(ops.AlterObject, constraints.attach_index),
        _on(ops.CreateEnum, other_objects.create_enum),
        _on(ops.AddEnumValue, other_objects.add_enum_value),
        _on(ops.RenameEnumValue, other_objects.rename_enum_value),
        _on(ops.CreateDomain, other_objects.create_domain),
        _on(ops.AlterDomain, other_objects.alter_domain),
        _on(ops.CreateView, other_objects.create_view),
        _on(ops.RefreshMaterializedView, other_objects.refresh_view),
        _on(ops.CreateSchema, other_objects.create_schema),
        _on(ops.DropSchema, other_objects.drop_schema),
        _on(ops.DropDatabase, other_objects.drop_schema),
        _on(ops.CreateObject, other_objects.create_object),
        _on(ops.DropObject, other_objects.drop_object),
        _on(ops.RenameObject, other_objects.rename_object),
    ]
)

# The operations on a partitioned table that hold for its partitions as well.
HANDED_DOWN = (
    ops.AddColumn,
    ops.DropColumn,
    ops.RenameColumn,
    ops.ChangeColumnType,
    ops.SetNotNull,
    ops.DropNotNull,
    ops.SetDefault,
    ops.DropDefault,
    ops.AlterColumn,
    ops.AddConstraint,
    ops.DropConstraint,
    ops.ValidateConstraint,
    ops.AlterConstraint,
    ops.CreateIndex,
    ops.Truncate,
    ops.Delete,
)


def change(operation: Operation, draft: Draft) -> None:
    """Make the operation's changes in the draft."""
    if isinstance(operation, Opaque):
        draft.mark_uncertain()
        return
    if is_mysql(draft.dialect):
        keep_count(operation, draft)
    if type(operation) not in CHANGES:
        return
    names = _names(operation)
    if any(not is_known(name) for name in names):
        draft.incomplete = True  # it may be about a table that no revision names
    if all(is_known(name.name) for name in names):
        CHANGES[type(operation)](operation, draft)
        _hand_down(operation, draft)
    else:
        _unreadable(operation, draft)


def _names(operation: Operation) -> list[Name]:
    fields = msgspec.structs.asdict(operation).values()
    return [value for value in fields if isinstance(value, Name)]


def _unreadable(operation: Operation, draft: Draft) -> None:
    """Mark everything that an operation on a name that could not be read may have changed."""
    if isinstance(operation, (ops.CreateTable, ops.CreateView, ops.CreateEnum, ops.CreateSchema)):
        return
    table = getattr(operation, "table", None)
    if table is not None and is_known(table.name):
        draft.put(replace(draft.table_or_new(table), certain=False))
    else:
        draft.mark_uncertain()


def _hand_down(operation: Operation, draft: Draft) -> None:
    if not isinstance(operation, HANDED_DOWN):
        return
    table = draft.table(operation.table)
    if not table or (isinstance(operation, CreateIndex) and operation.only):
        return
    for partition in table.partitions:
        if isinstance(operation, CreateIndex):
            change(replace(operation, table=partition, name=None), draft)
            constraints.attach_last_index(table, partition, draft)
        else:
            change(replace(operation, table=partition), draft)
