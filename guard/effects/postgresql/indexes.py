"""What indexes do on PostgreSQL: those made, dropped, built anew."""

from __future__ import annotations

from guard.effects.row import Row, row
from guard.operations import CreateIndex
from guard.schema.model import ReadOnlySchema

CREATE_INDEX = "https://www.postgresql.org/docs/current/sql-createindex.html"


def _concurrent(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    return create.concurrently


ROWS: tuple[Row, ...] = (
    row(
        CreateIndex,
        when=_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        source=f"{CREATE_INDEX}#SQL-CREATEINDEX-CONCURRENTLY",
    ),
    row(CreateIndex, lock="SHARE", scans=True, source=CREATE_INDEX),
)
