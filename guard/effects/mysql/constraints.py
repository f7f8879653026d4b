"""What constraints do on MySQL, with InnoDB; foreign keys while foreign_key_checks is on."""

from __future__ import annotations

from guard.effects.row import Row, row
from guard.operations import AddColumn, AddConstraint, AlterConstraint, DropConstraint
from guard.schema.model import ReadOnlySchema

ONLINE_DDL = "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"
# From 8.0.16 on, a CHECK is more than words; of "8.0" nobody knows, and it is taken for that.
FIRST, CHECKS = (8, 0, 0), (8, 0, 16)
ALTER_TABLE = "https://dev.mysql.com/doc/refman/8.4/en/alter-table.html"


def _foreign_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key"


def _primary_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "primary key"


def _check(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "check" and not add.constraint.not_valid


def _not_enforced(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.not_valid


def _inline_check(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return any(c.type == "check" and not c.not_valid for c in add.column.constraints)


def _inline_reference(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return any(c.type == "foreign key" for c in add.column.constraints)


def _inline_unique(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.unique and add.column.generated is None


def _enforced(alter: AlterConstraint, schema: ReadOnlySchema) -> bool:
    return alter.action == "enforced"


def _drops_primary_key(drop: DropConstraint, schema: ReadOnlySchema) -> bool:
    return drop.type == "primary key"


# Ahead of the rows of columns, which speak of a column alone.
WITH_A_COLUMN: tuple[Row, ...] = (
    row(
        AddColumn,
        when=_inline_check,
        lock="LOCK=NONE",
        source=ALTER_TABLE,
        since=FIRST,
        until=CHECKS,
    ),
    row(AddColumn, when=_inline_check, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(
        AddColumn,
        when=_inline_reference,
        since=(9,),
        lock="LOCK=SHARED",
        rewrites=True,
        source=ONLINE_DDL,
    ),
    row(AddColumn, when=_inline_unique, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
)
ROWS: tuple[Row, ...] = (
    row(AddConstraint, when=_foreign_key, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(AddConstraint, when=_primary_key, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(
        AddConstraint, when=_check, lock="LOCK=NONE", source=ALTER_TABLE, since=FIRST, until=CHECKS
    ),
    row(AddConstraint, when=_check, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AddConstraint, when=_not_enforced, lock="LOCK=NONE", source=ALTER_TABLE),
    row(AddConstraint, lock="LOCK=NONE", scans=True, source=ONLINE_DDL),
    row(AlterConstraint, when=_enforced, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AlterConstraint, lock="LOCK=NONE", source=ALTER_TABLE),
    row(
        DropConstraint,
        when=_drops_primary_key,
        lock="LOCK=SHARED",
        rewrites=True,
        source=ONLINE_DDL,
    ),
    row(DropConstraint, lock="LOCK=NONE", source=ONLINE_DDL),
)
