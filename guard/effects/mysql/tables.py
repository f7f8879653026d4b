"""What changes of whole tables do on MySQL, as its manual says: engine, partitions, upkeep."""

from __future__ import annotations

from guard.effects.innodb_tables import is_converted, new_charset, rows
from guard.effects.row import Row, row
from guard.operations import AlterTable
from guard.schema.model import ReadOnlySchema

MANUAL = "https://dev.mysql.com/doc/refman/8.4/en/"
ONLINE_DDL = f"{MANUAL}innodb-online-ddl-operations.html"


def _keeps_text(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether no column has text in another character set."""
    table = schema.table(alter.table)
    if not is_converted(alter, schema) or not table or not table.complete:
        return False
    texts = (c.type for c in table.columns if c.type and c.type.name.endswith(("char", "text")))
    return all((t.charset or table.storage.charset) == new_charset(alter) for t in texts)


ROWS: tuple[Row, ...] = (
    *rows(
        ONLINE_DDL,
        ONLINE_DDL,
        f"{ONLINE_DDL}#online-ddl-partitioning",
        MANUAL + "{}-table.html",
    ),
    row(AlterTable, when=_keeps_text, lock="LOCK=NONE", source=ONLINE_DDL),
    row(AlterTable, when=is_converted, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
)
