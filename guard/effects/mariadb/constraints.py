"""What constraints do on MariaDB, with InnoDB; foreign keys while foreign_key_checks is on."""

from __future__ import annotations

from guard.effects.row import Row, row
from guard.operations import AddColumn, AddConstraint, Constraint, DropConstraint, Name
from guard.schema.model import ReadOnlySchema

DOCS = "https://mariadb.com/docs/server/"
ALTER_TABLE = f"{DOCS}reference/sql-statements/data-definition/alter/alter-table"
ONLINE_COPY = f"{ALTER_TABLE}/online-schema-change"
ONLINE_DDL = (
    f"{DOCS}server-usage/storage-engines/innodb/innodb-online-ddl/"
    "innodb-online-ddl-operations-with-the-inplace-alter-algorithm"
)


def _copied(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type in ("check", "foreign key")


def _copied_online(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return (
        _copied(add, schema) and not _acts(add.constraint) and not _has_actions(add.table, schema)
    )


def _acts(constraint: Constraint) -> bool:
    """Rows change by themselves when those do that they refer to."""
    acts = {constraint.on_delete, constraint.on_update} - {None, "NO ACTION", "RESTRICT"}
    return constraint.type == "foreign key" and bool(acts)


def _has_actions(table: Name, schema: ReadOnlySchema) -> bool:
    found = schema.table(table)
    return any(_acts(constraint) for constraint in (found.constraints if found else ()))


def _primary_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "primary key"


def _inline_reference(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return any(c.type == "foreign key" for c in add.column.constraints)


def _inline_reference_online(add: AddColumn, schema: ReadOnlySchema) -> bool:
    keys = [c for c in add.column.constraints if c.type == "foreign key"]
    return bool(keys) and not any(map(_acts, keys)) and not _has_actions(add.table, schema)


def _inline_unique(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.unique and add.column.generated is None


def _drops_primary_key(drop: DropConstraint, schema: ReadOnlySchema) -> bool:
    return drop.type == "primary key"


# Ahead of the rows of columns, which speak of a column alone.
WITH_A_COLUMN: tuple[Row, ...] = (
    row(
        AddColumn,
        when=_inline_reference_online,
        since=(11, 2),
        lock="LOCK=NONE",
        rewrites=True,
        source=ONLINE_COPY,
    ),
    row(
        AddColumn,
        when=_inline_reference,
        since=(10, 5),
        lock="LOCK=SHARED",
        rewrites=True,
        source=ALTER_TABLE,
    ),
    row(AddColumn, when=_inline_unique, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
)
ROWS: tuple[Row, ...] = (
    row(
        AddConstraint,
        when=_copied_online,
        since=(11, 2),
        lock="LOCK=NONE",
        rewrites=True,
        source=ONLINE_COPY,
    ),
    row(AddConstraint, when=_copied, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AddConstraint, when=_primary_key, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(AddConstraint, lock="LOCK=NONE", scans=True, source=ONLINE_DDL),
    row(
        DropConstraint,
        when=_drops_primary_key,
        lock="LOCK=SHARED",
        rewrites=True,
        source=ALTER_TABLE,
    ),
    row(DropConstraint, lock="LOCK=NONE", source=ONLINE_DDL),
)
