"""What changes of columns do on MariaDB, with InnoDB."""

from __future__ import annotations

import re

from guard.effects import innodb
from guard.effects.row import Row, row
from guard.operations import (
    AddColumn,
    DropColumn,
    DropDefault,
    ModifyColumn,
    RenameColumn,
    SetDefault,
)
from guard.patterns import lazy_re
from guard.schema.model import ReadOnlySchema
from guard.sql.expressions import read_expression

DOCS = "https://mariadb.com/docs/server/"
ALTER_TABLE = f"{DOCS}reference/sql-statements/data-definition/alter/alter-table"
INSTANT = (
    f"{DOCS}server-usage/storage-engines/innodb/innodb-online-ddl/"
    "innodb-online-ddl-operations-with-the-instant-alter-algorithm"
)
INPLACE = INSTANT.replace("instant", "inplace")
# Functions that are asked anew for each row: any other gives one value, which is kept once.
_FOR_EACH_ROW = lazy_re(
    r"\b((uuid(_short|_v4|_v7)?|sys_guid|random_bytes|sysdate|utc_timestamp|nextval|lastval)\s*\(|"
    r"next\s+value\s+for\b)",
    re.IGNORECASE,
)


def _for_each_row(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """Its default differs from row to row: it reads a column, or a function that is asked anew."""
    sql = add.column.default.sql if add.column.default and not add.column.generated else None
    if sql is None:
        return False
    return bool(_FOR_EACH_ROW.search(sql) or read_expression(sql, "mariadb").columns)


def _before_virtual(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """It gets a place among columns of which one keeps nothing."""
    table = schema.table(add.table)
    columns = table.columns if table else ()
    return add.position is not None and any(innodb.keeps_nothing(c.generated) for c in columns)


ROWS: tuple[Row, ...] = (
    row(AddColumn, when=innodb.counted, lock="LOCK=SHARED", rewrites=True, source=INPLACE),
    row(AddColumn, when=innodb.stored, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AddColumn, when=innodb.virtual, lock="LOCK=NONE", source=INSTANT),
    row(AddColumn, when=_for_each_row, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AddColumn, when=innodb.has_fulltext, lock="LOCK=SHARED", rewrites=True, source=INPLACE),
    row(AddColumn, when=_before_virtual, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(AddColumn, when=innodb.had_fulltext, lock="LOCK=NONE", rewrites=True, source=INPLACE),
    row(AddColumn, when=innodb.is_compressed, lock="LOCK=NONE", rewrites=True, source=INPLACE),
    row(AddColumn, lock="LOCK=NONE", source=INSTANT),
    row(DropColumn, when=innodb.drops_virtual, lock="LOCK=NONE", source=INSTANT),
    row(DropColumn, when=innodb.has_fulltext, lock="LOCK=SHARED", rewrites=True, source=INPLACE),
    row(DropColumn, when=innodb.is_compressed, lock="LOCK=NONE", rewrites=True, source=INPLACE),
    row(DropColumn, lock="LOCK=NONE", source=INSTANT),
    row(ModifyColumn, when=innodb.recounts, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(
        ModifyColumn,
        when=innodb.changes_nullability_with_fulltext,
        lock="LOCK=SHARED",
        rewrites=True,
        source=INPLACE,
    ),
    row(
        ModifyColumn,
        when=innodb.changes_nullability,
        lock="LOCK=NONE",
        rewrites=True,
        source=INPLACE,
    ),
    row(ModifyColumn, when=innodb.keeps_type, lock="LOCK=NONE", source=INSTANT),
    row(RenameColumn, lock="LOCK=NONE", source=INSTANT),
    row(SetDefault, lock="LOCK=NONE", source=INSTANT),
    row(DropDefault, lock="LOCK=NONE", source=INSTANT),
)
