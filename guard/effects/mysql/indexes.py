"""What indexes do on MySQL, with InnoDB."""

from __future__ import annotations

from guard.effects.innodb_indexes import index_rows
from guard.effects.row import Row, row
from guard.operations import CreateIndex
from guard.schema.model import ReadOnlySchema

MANUAL = "https://dev.mysql.com/doc/refman/8.4/en"
ONLINE_DDL = f"{MANUAL}/innodb-online-ddl-operations.html"
CREATE_INDEX = f"{MANUAL}/create-index.html#create-index-multi-valued"


def _multi_valued(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    """It is on `CAST(... AS UNSIGNED ARRAY)`, and cannot be made in place."""
    return any(part.rstrip(" )").upper().endswith(" ARRAY") for part in create.columns)


ROWS: tuple[Row, ...] = (
    row(
        CreateIndex,
        when=_multi_valued,
        lock="LOCK=SHARED",
        scans=True,
        rewrites=True,
        source=CREATE_INDEX,
    ),
    *index_rows(ONLINE_DDL),
)
