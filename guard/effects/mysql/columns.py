"""What changes of columns do on MySQL, with InnoDB."""

from __future__ import annotations

from collections.abc import Iterator

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
from guard.schema.model import ReadOnlySchema
from guard.sql.expressions import read_expression

ONLINE_DDL = "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"
DEFAULTS = "https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html"


def _computed(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """Its default is an expression, which anything in parentheses is, but the time of now."""
    sql = add.column.default.sql if add.column.default and not add.column.generated else None
    if sql is None or _is_now(sql):
        return False
    found = read_expression(sql, "mysql")
    literal = found.is_constant and not sql.lstrip().startswith("(")
    return found.understood and not literal


def _is_now(sql: str) -> bool:
    word = sql.strip().rstrip("() 0123456789").lower()
    return word in ("now", "current_timestamp", "localtime", "localtimestamp", "true", "false")


def _last(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.position is None


def _in_a_row(drop: DropColumn, schema: ReadOnlySchema) -> bool:
    return not innodb.drops_virtual(drop, schema)


def _row_versions() -> Iterator[Row]:
    """Yield the rows of tables whose rows can have no more versions."""
    for limit, since, until in ((64, (8, 0, 29), (9, 1)), (255, (9, 1), None)):
        yield row(
            AddColumn,
            when=innodb.spent(limit),
            since=since,
            until=until,
            lock="LOCK=NONE",
            rewrites=True,
            source=f"{ONLINE_DDL}#online-ddl-column-operations",
        )


ROWS: tuple[Row, ...] = (
    row(AddColumn, when=innodb.counted, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(AddColumn, when=innodb.stored, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(AddColumn, when=innodb.virtual, lock="LOCK=NONE", source=ONLINE_DDL),
    row(
        AddColumn,
        when=_computed,
        since=(8, 0, 13),
        lock="LOCK=SHARED",
        rewrites=True,
        source=DEFAULTS,
    ),
    row(AddColumn, when=innodb.has_fulltext, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(AddColumn, when=innodb.had_fulltext, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(AddColumn, when=innodb.is_compressed, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    *_row_versions(),
    row(AddColumn, lock="LOCK=NONE", since=(8, 0, 29), source=ONLINE_DDL),
    row(AddColumn, when=_last, lock="LOCK=NONE", since=(8, 0, 12), source=ONLINE_DDL),
    row(AddColumn, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(DropColumn, when=innodb.drops_virtual, lock="LOCK=NONE", source=ONLINE_DDL),
    row(DropColumn, when=innodb.has_fulltext, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(DropColumn, when=innodb.is_compressed, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(DropColumn, lock="LOCK=NONE", since=(8, 0, 29), source=ONLINE_DDL),
    row(DropColumn, when=_in_a_row, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(ModifyColumn, when=innodb.recounts, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(
        ModifyColumn,
        when=innodb.changes_nullability_with_fulltext,
        lock="LOCK=SHARED",
        rewrites=True,
        source=ONLINE_DDL,
    ),
    row(
        ModifyColumn,
        when=innodb.changes_nullability,
        lock="LOCK=NONE",
        rewrites=True,
        source=ONLINE_DDL,
    ),
    row(ModifyColumn, when=innodb.moves, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
    row(ModifyColumn, when=innodb.keeps_type, lock="LOCK=NONE", source=ONLINE_DDL),
    row(RenameColumn, lock="LOCK=NONE", source=ONLINE_DDL),
    row(SetDefault, lock="LOCK=NONE", source=ONLINE_DDL),
    row(DropDefault, lock="LOCK=NONE", source=ONLINE_DDL),
)
