"""What InnoDB remembers in its rows of columns that were added or dropped at once."""

from __future__ import annotations

from msgspec.structs import replace

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterTable,
    Column,
    CreateIndex,
    DropColumn,
    Maintenance,
    ModifyColumn,
    Operation,
    Truncate,
)
from guard.schema.catalog import Draft
from guard.schema.model import Table

_REBUILDING = (
    *("convert-to-character-set", "engine", "force", "key-block-size", "order-by"),
    *("partition-by", "remove-partitioning", "row-format", "tablespace"),
)


def keep_count(operation: Operation, draft: Draft) -> None:
    """Count the row versions that an operation adds, before it is applied; a rebuild ends them."""
    name = getattr(operation, "table", None)
    table = draft.table(name) if name is not None else None
    if not table:
        return
    if _rebuilds(operation, table, draft):
        has_fulltext = any(index.method == "fulltext" for index in table.indexes)
        draft.put(replace(table, row_versions=0, numbers_documents=has_fulltext))
    elif isinstance(operation, CreateIndex) and operation.method == "fulltext":
        draft.put(replace(table, row_versions=0, numbers_documents=True))
    elif isinstance(operation, AddColumn | DropColumn):
        column = _column(operation, table, draft)
        if column is None or not _is_virtual(column):
            draft.put(replace(table, row_versions=table.row_versions + 1))


def _rebuilds(operation: Operation, table: Table, draft: Draft) -> bool:
    """Return whether all rows are surely written anew."""
    match operation:
        case AlterTable(action=action):
            return action in _REBUILDING
        case Truncate() | Maintenance(command="optimize"):
            return True
        case AddConstraint(constraint=constraint):
            return constraint.type in ("primary key", "check")
        case ModifyColumn(column=new):
            old = next((c for c in table.columns if draft.same(c.name, new.name)), None)
            changed = old and old.type and new.type and old.type.name != new.type.name
            return bool(changed) or (old is not None and old.nullable != new.nullable)
    return False


def _column(operation: AddColumn | DropColumn, table: Table, draft: Draft) -> Column | None:
    if isinstance(operation, AddColumn):
        return operation.column
    return next((c for c in table.columns if draft.same(c.name, operation.column)), None)


def _is_virtual(column: Column) -> bool:
    made = column.generated
    return made is not None and made.by == "expression" and made.stored is not True
