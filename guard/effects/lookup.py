"""Looks up what an operation does on a server."""

from __future__ import annotations

from guard.effects import mysql, postgresql
from guard.effects.effect import Effect
from guard.effects.row import Row
from guard.operations import Operation
from guard.schema.model import ReadOnlySchema
from guard.server import Server

ROWS: dict[str, tuple[Row, ...]] = {"postgresql": postgresql.ROWS, "mysql": mysql.ROWS}
_BY_OPERATION: dict[tuple[str, type[Operation]], tuple[Row, ...]] = {
    (dialect, kind): tuple(row for row in rows if row.operation is kind)
    for dialect, rows in ROWS.items()
    for kind in {row.operation for row in rows}
}


def effect_of(operation: Operation, schema: ReadOnlySchema, server: Server) -> Effect | None:
    """Return what the operation does on a table of that schema, None where no row says it."""
    rows = _BY_OPERATION.get((server.dialect or "", type(operation)), ())
    version = server.effective_version
    fitting = (row for row in rows if row.fits(operation, schema, version))
    found = next(fitting, None)
    return found.effect(operation) if found else None
