"""The rows of a table as the connection of the project sees them, uncommitted ones included."""

from __future__ import annotations

from typing import Any

from ..written import Rows
from .postgresql_wire import literal, quote

WHOLE = ("smallint", "integer", "bigint")  # types that are shown as numbers
_COLUMNS = """
SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, NULL),
       array_position(k.conkey, a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.oid = (
    SELECT o.oid FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE lower(o.relname) = {0} AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    ORDER BY pg_table_is_visible(o.oid) DESC, n.nspname LIMIT 1)
ORDER BY a.attnum"""


def rows_now(raw: Any, table: str) -> Rows | None:
    """Return the rows of a table, names in lower case; None without it, or where none is read.

    `raw` is the driver's connection; each value is what PostgreSQL writes for it.
    """
    cursor = raw.cursor()
    try:
        cursor.execute(_COLUMNS.format(literal(table)))
        found = cursor.fetchall()
        if not found:
            return None
        values = ", ".join(_as_text(str(row[1])) for row in found)
        cursor.execute(f"SELECT {values} FROM {found[0][0]}")
        rows = cursor.fetchall()
    except Exception:  # noqa: BLE001 (each driver has errors of its own; a failed transaction)
        return None
    finally:
        cursor.close()
    keyed = sorted((row for row in found if row[3] is not None), key=lambda row: int(row[3]))
    return Rows(
        tuple(str(row[1]).lower() for row in found),
        tuple(str(row[1]).lower() for row in keyed),
        with_numbers(rows, [str(row[2]) for row in found]),
    )


def with_numbers(rows: Any, types: list[str]) -> list[tuple[Any, ...]]:
    """Return rows of text with whole numbers as such: so they are shown as people write them."""
    whole = [type_ in WHOLE for type_ in types]
    return [
        tuple(int(v) if is_whole and v is not None else v for is_whole, v in zip(whole, row))
        for row in rows
    ]


def _as_text(column: str) -> str:
    name = quote(column)
    return f"CASE WHEN {name} IS NOT NULL THEN concat({name}) END"
