"""How tables are kept: of MySQL engine, row format and character set, which columns follow."""

from __future__ import annotations

from msgspec.structs import replace

from guard.operations import AlterTable, Storage
from guard.schema.model import StoredColumn, Table

STORED_AS = (
    *("character-set", "convert-to-character-set", "collate", "row-format", "engine"),
    *("set-access-method", "set-tablespace"),
)


def stored_as(table: Table, operation: AlterTable) -> Table:
    """Return the table with what the operation says, one of `STORED_AS`.

    A new default leaves the columns that are there as they are; a conversion takes them along.
    """
    words = (operation.detail or "").lower().replace("=", " ").split() or [""]
    value = words[0].strip("'\"`") or None
    collation = words[words.index("collate") + 1] if "collate" in words[:-1] else None
    before = table.storage
    match operation.action:
        case "row-format":
            return replace(table, storage=replace(before, row_format=value))
        case "engine":
            return replace(table, storage=replace(before, engine=value))
        case "set-access-method":
            return replace(table, storage=replace(before, access_method=value))
        case "set-tablespace":
            return replace(table, storage=replace(before, tablespace=value))
        case "collate":
            after = replace(before, collation=value)
        case _:
            after = replace(before, charset=value, collation=collation)
    pinned = after if operation.action == "convert-to-character-set" else before
    columns = tuple(
        _pinned(c, pinned, always=pinned is after) if c.type else c for c in table.columns
    )
    return replace(table, storage=after, columns=columns)


def _pinned(column: StoredColumn, storage: Storage, *, always: bool) -> StoredColumn:
    """Return the column with the table's character set as its own, unless it has one."""
    kind = column.type
    if kind is None or not _is_text(kind.name) or (not always and (kind.charset or kind.collation)):
        return column
    return replace(column, type=replace(kind, charset=storage.charset, collation=storage.collation))


def _is_text(name: str) -> bool:
    return name.endswith(("char", "text")) or name in ("enum", "set")
