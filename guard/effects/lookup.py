"""Looks up what an operation does on a server."""

from __future__ import annotations

import importlib
from functools import cache

import msgspec

from guard.effects.effect import Effect
from guard.effects.row import Row
from guard.operations import AddColumn, Column, Operation
from guard.schema.model import ReadOnlySchema
from guard.server import Server

SERVERS = ("postgresql", "mysql", "mariadb")


@cache
def rows_of(dialect: str) -> dict[type[Operation], tuple[Row, ...]]:
    """Return what is known of a server, by the operation; it is read when first asked."""
    if dialect not in SERVERS:
        return {}
    rows: tuple[Row, ...] = importlib.import_module(f"guard.effects.{dialect}").ROWS
    return {
        kind: tuple(row for row in rows if row.operation is kind)
        for kind in {row.operation for row in rows}
    }


def effect_of(operation: Operation, schema: ReadOnlySchema, server: Server) -> Effect | None:
    """Return what the operation does on a table of that schema, None where no row says it."""
    rows = rows_of(server.dialect or "").get(type(operation), ())
    operation = _as_run(operation, schema)
    version = server.release
    fitting = (row for row in rows if row.fits(operation, schema, version))
    found = next(fitting, None)
    if found is None:
        return None
    effect = found.effect(operation, schema)
    page = _of_version(effect.source, server.dialect, version)
    return msgspec.structs.replace(effect, source=page)


def _as_run(operation: Operation, schema: ReadOnlySchema) -> Operation:
    """Return ADD COLUMN IF NOT EXISTS of a column that is there as one that does no work."""
    if not isinstance(operation, AddColumn) or not operation.if_not_exists:
        return operation
    found = schema.column(operation.table, operation.column.name)
    if not found or not found.certain:
        return operation
    return AddColumn(table=operation.table, column=Column(name=found.name, type=found.type))


def _of_version(page: str, dialect: str | None, version: tuple[int, ...]) -> str:
    """Return the manual's page for that version of the server."""
    if dialect == "postgresql":
        return page.replace("/docs/current/", f"/docs/{version[0]}/")
    if dialect == "mysql" and version < (8, 1):
        return page.replace("/refman/8.4/", "/refman/8.0/")
    return page
