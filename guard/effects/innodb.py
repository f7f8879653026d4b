"""What MySQL and MariaDB have in common: how InnoDB keeps a table, and what a column is there."""

from __future__ import annotations

from collections.abc import Callable

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterTable,
    CreateIndex,
    DropColumn,
    Generated,
    ModifyColumn,
)
from guard.schema.model import ReadOnlySchema, StoredColumn


def counted(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """The new column is AUTO_INCREMENT."""
    return add.column.generated is not None and add.column.generated.by == "autoincrement"


def stored(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """The new column keeps what its expression gives."""
    made = add.column.generated
    return made is not None and made.by == "expression" and made.stored is True


def virtual(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """The new column keeps nothing."""
    return keeps_nothing(add.column.generated)


def keeps_nothing(made: Generated | None) -> bool:
    """Return whether a column is computed as it is read."""
    return made is not None and made.by == "expression" and made.stored is not True


def has_fulltext(operation: AddColumn | AlterTable | DropColumn, schema: ReadOnlySchema) -> bool:
    """The table has a FULLTEXT index, and no change of its rows is instant."""
    return any((i.method or "").lower() == "fulltext" for i in schema.indexes(operation.table))


def had_fulltext(operation: AddColumn, schema: ReadOnlySchema) -> bool:
    """It had one since it was last built anew, whose numbers its rows still have."""
    table = schema.table(operation.table)
    if not table:
        return False
    return table.numbers_documents and not has_fulltext(operation, schema)


def spent(limit: int) -> Callable[[AddColumn, ReadOnlySchema], bool]:
    """Its rows have so many versions that the next change is not instant."""

    def holds(operation: AddColumn, schema: ReadOnlySchema) -> bool:
        table = schema.table(operation.table)
        return table.row_versions >= limit if table else False

    return holds


def is_elsewhere(
    operation: AddColumn | AddConstraint | CreateIndex | DropColumn | ModifyColumn,
    schema: ReadOnlySchema,
) -> bool:
    """Another engine than InnoDB keeps the table."""
    table = schema.table(operation.table)
    return table.storage.engine not in (None, "innodb") if table else False


def is_compressed(operation: AddColumn | DropColumn, schema: ReadOnlySchema) -> bool:
    """The table's rows are compressed, and no change of them is instant."""
    table = schema.table(operation.table)
    return table.storage.row_format == "compressed" if table else False


def drops_virtual(drop: DropColumn, schema: ReadOnlySchema) -> bool:
    """The dropped column keeps nothing."""
    column = schema.column(drop.table, drop.column)
    return keeps_nothing(column.generated if column else None)


# MODIFY and CHANGE that leave the type as it is


def _before(change: ModifyColumn, schema: ReadOnlySchema) -> StoredColumn | None:
    """Return the column as it stands, where its type surely stays."""
    column, kind = schema.column(change.table, change.column.name), change.column.type
    known = column and column.certain and column.type is not None and column.type == kind
    return column if column and known else None


def recounts(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """The column becomes AUTO_INCREMENT, or is computed and stored in another way."""
    before = _before(change, schema)
    if before is None or before.generated == change.column.generated:
        return False
    made = [g for g in (before.generated, change.column.generated) if g]
    return any(g.by == "expression" and g.stored for g in made) or (
        change.column.generated is not None and change.column.generated.by == "autoincrement"
    )


def computes(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """The column has to do with an expression, which the rows below do not speak of."""
    before = _before(change, schema)
    made = [g for g in (before and before.generated, change.column.generated) if g]
    return any(g.by == "expression" for g in made)


def changes_nullability(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """NULL becomes NOT NULL or the other way round, and the type stays."""
    before = _before(change, schema)
    return before is not None and turns_nullability(change, before, schema)


def turns_nullability(change: ModifyColumn, before: StoredColumn, schema: ReadOnlySchema) -> bool:
    """NULL becomes NOT NULL or the other way round, whatever the type."""
    table = schema.table(change.table)
    if computes(change, schema):
        return False
    key = [name.lower() for name in table.primary_key] if table else []
    return before.nullable != change.column.nullable and change.column.name.lower() not in key


def changes_nullability_with_fulltext(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """As `changes_nullability`, and the table has a FULLTEXT index."""
    indexes = schema.indexes(change.table)
    fulltext = any((index.method or "").lower() == "fulltext" for index in indexes)
    return fulltext and changes_nullability(change, schema)


def changes_nullability_elsewhere(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """As `changes_nullability`, and another engine than InnoDB keeps the table."""
    return is_elsewhere(change, schema) and changes_nullability(change, schema)


def keeps_type(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """Its default, comment or name changes, its place, or nothing at all."""
    return _before(change, schema) is not None and not computes(change, schema)


def moves(change: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """As `keeps_type`, and the column gets another place."""
    return change.position is not None and keeps_type(change, schema)
