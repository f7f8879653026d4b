"""What operations do on PostgreSQL. The first row that fits counts; what none fits is not known."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import AddColumn, AddConstraint, CreateIndex, SetNotNull
from guard.schema.model import ReadOnlySchema

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
CREATE_INDEX = "https://www.postgresql.org/docs/current/sql-createindex.html"


def _without_value(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _alone(add) and add.column.nullable and add.column.default is None


def _alone(add: AddColumn) -> bool:
    """The column brings no constraint, key or generated value along."""
    column = add.column
    return not (column.constraints or column.primary_key or column.unique or column.generated)


def _proven(change: SetNotNull, schema: ReadOnlySchema) -> bool:
    return schema.has_valid_check_not_null(change.table, change.column)


def _concurrent(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    return create.concurrently


def _foreign_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key"


def _foreign_key_not_valid(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key" and add.constraint.not_valid


def _referenced(add: AddConstraint) -> Iterator[TableEffect]:
    if add.constraint.target is not None:
        yield on(add.constraint.target, "SHARE ROW EXCLUSIVE")


ROWS: tuple[Row, ...] = (
    row(AddColumn, when=_without_value, lock="ACCESS EXCLUSIVE", source=ALTER_TABLE),
    row(SetNotNull, when=_proven, lock="ACCESS EXCLUSIVE", since=(12,), source=ALTER_TABLE),
    row(SetNotNull, lock="ACCESS EXCLUSIVE", scans=True, source=ALTER_TABLE),
    row(
        CreateIndex,
        when=_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        source=f"{CREATE_INDEX}#SQL-CREATEINDEX-CONCURRENTLY",
    ),
    row(CreateIndex, lock="SHARE", scans=True, source=CREATE_INDEX),
    row(
        AddConstraint,
        when=_foreign_key_not_valid,
        lock="SHARE ROW EXCLUSIVE",
        related=_referenced,
        source=ALTER_TABLE,
    ),
    row(
        AddConstraint,
        when=_foreign_key,
        lock="SHARE ROW EXCLUSIVE",
        scans=True,
        related=_referenced,
        source=ALTER_TABLE,
    ),
)
