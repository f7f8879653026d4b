"""The rows of a table in text: as the project's connection sees them, and as guard's own does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..written import Rows
from .mysql_wire import literal, quote
from .protocol import Column

WHOLE = re.compile(r"(?:tiny|small|medium|big)?int\b|year\b", re.IGNORECASE)
# What has no characters: shown as hexadecimal digits, and told by them.
BINARY = re.compile(
    r"(?:var)?binary\b|\w*blob\b|vector\b|geometry\b|\w*point\b|\w*linestring\b|\w*polygon\b"
    r"|geometrycollection\b|geomcollection\b",
    re.IGNORECASE,
)
_COLUMNS = """
SELECT c.table_name, c.column_name, c.column_type, s.seq_in_index
FROM information_schema.columns c LEFT JOIN information_schema.statistics s
  ON s.table_schema = c.table_schema AND s.table_name = c.table_name
  AND s.column_name = c.column_name AND s.index_name = 'PRIMARY'
WHERE c.table_schema = DATABASE() AND lower(c.table_name) = {0} ORDER BY c.ordinal_position"""


def selected(column: str, type_: str) -> str:
    """Return the expression that has a column's value in text, the same over every connection."""
    name = quote(column)
    if BINARY.match(type_):
        return f"HEX({name})"
    if type_.startswith("bit"):
        return f"{name} + 0"
    return name if WHOLE.match(type_) else f"CAST({name} AS CHAR)"


def written(value: Any, type_: str) -> str:
    """Return SQL for the value of a column that `selected` has given."""
    if isinstance(value, int):
        return str(value)
    if value is not None and BINARY.match(type_):
        return literal(bytes.fromhex(value))
    return value if value is not None and type_.startswith("bit") else literal(value)


def with_numbers(rows: Iterable[Any], columns: Iterable[Column]) -> list[tuple[Any, ...]]:
    """Return rows of text with whole numbers as such: so they are shown as people write them."""
    whole = [bool(WHOLE.match(column.type)) for column in columns]
    return [
        tuple(int(v) if is_whole and v is not None else v for is_whole, v in zip(whole, row))
        for row in rows
    ]


def rows_now(raw: Any, table: str) -> Rows | None:
    """Return the rows of a table, names in lower case; None without it, or where none is read.

    `raw` is the driver's connection.
    """
    cursor = raw.cursor()
    try:
        cursor.execute(_COLUMNS.format(literal(table)))
        found = [tuple(map(_text_or_null, row)) for row in cursor.fetchall()]
        if not found:
            return None
        values = ", ".join(selected(str(row[1]), str(row[2])) for row in found)
        cursor.execute(f"SELECT {values} FROM {quote(str(found[0][0]))}")
        rows = [tuple(map(_text_or_null, row)) for row in cursor.fetchall()]
    except Exception:  # noqa: BLE001 (each driver has errors of its own; a failed transaction)
        return None
    finally:
        cursor.close()
    columns = [Column(str(row[1]), str(row[2]), True, None, False) for row in found]
    keyed = sorted((row for row in found if row[3]), key=lambda row: int(row[3] or 0))
    return Rows(
        tuple(str(row[1]).lower() for row in found),
        tuple(str(row[1]).lower() for row in keyed),
        with_numbers(rows, columns),
    )


def _text_or_null(value: Any) -> str | None:
    """Return what the server wrote: some drivers hand it on as bytes, or as numbers."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)
