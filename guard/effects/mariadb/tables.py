"""What changes of whole tables do on MariaDB: engine, character set, partitions, upkeep."""

from __future__ import annotations

from guard.effects.innodb_tables import is_converted, new_charset, rows
from guard.effects.mysql.type_pairs import on_beginnings
from guard.effects.row import Row, row
from guard.operations import AlterTable, Type
from guard.schema.model import ReadOnlySchema

KB = "https://mariadb.com/kb/en/"
ALTER_TABLE = f"{KB}alter-table/"
_ANY_GROWTH = 127  # bytes up to which a varchar may grow to any length
_ONE_BYTE = 255  # bytes that one byte can count


def _keeps_bytes(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether a conversion leaves each value as it is stored."""
    table = schema.table(alter.table)
    if not is_converted(alter, schema) or not table or not table.complete:
        return False
    return all(
        _is_kept(kind, kind.charset or table.storage.charset, new_charset(alter))
        and not any(on_beginnings(index, column.name) for index in table.indexes)
        for column in table.columns
        if (kind := column.type) and kind.name.endswith(("char", "text"))
    )


def _is_kept(kind: Type, old: str | None, new: str) -> bool:
    if old == new:
        return True
    grows = old in ("utf8", "utf8mb3") and new == "utf8mb4"
    if not grows or kind.name != "varchar" or kind.length is None:
        return False
    before, after = 3 * kind.length, 4 * kind.length
    return before <= _ANY_GROWTH or before > _ONE_BYTE or after <= _ONE_BYTE


def _forgets_history(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action == "drop-system-versioning"


ROWS: tuple[Row, ...] = (
    *rows(
        ALTER_TABLE,
        f"{KB}innodb-online-ddl-operations-with-the-inplace-alter-algorithm/",
        f"{KB}partition-maintenance/",
        KB + "{}-table/",
    ),
    row(AlterTable, when=_keeps_bytes, lock="LOCK=NONE", since=(10, 4, 3), source=ALTER_TABLE),
    row(AlterTable, when=is_converted, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(
        AlterTable,
        when=_forgets_history,
        lock="LOCK=SHARED",
        rewrites=True,
        source=f"{KB}system-versioned-tables/",
    ),
)
