"""What a change of a column's type does on MySQL, with InnoDB."""

from __future__ import annotations

from guard.effects.innodb import turns_nullability
from guard.effects.mysql.type_changes import change_of
from guard.effects.row import Row, row
from guard.operations import ModifyColumn
from guard.schema.model import ReadOnlySchema

ONLINE_DDL = (
    "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"
    "#online-ddl-column-operations"
)


def copies(modify: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """Return whether the table is copied; what is not known is taken for that."""
    return change_of(modify, schema).work in ("rewrite", "unknown")


def in_place(modify: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """Return whether the type changes, and nothing that is stored."""
    return change_of(modify, schema).work == "free"


def in_place_and_rebuilt(modify: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """Return whether the type changes as `in_place`, and NULL becomes NOT NULL or the reverse."""
    before = schema.column(modify.table, modify.column.name)
    known = before and before.certain and in_place(modify, schema)
    return bool(known and before and turns_nullability(modify, before, schema))


ROWS: tuple[Row, ...] = (
    row(ModifyColumn, when=copies, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(
        ModifyColumn, when=in_place_and_rebuilt, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL
    ),
    row(ModifyColumn, when=in_place, lock="LOCK=NONE", source=ONLINE_DDL),
)
