"""Looks up what a change of a column's type means on a server."""

from __future__ import annotations

from guard.effects.type_change import TypeChange
from guard.operations import ChangeColumnType, ModifyColumn
from guard.schema.model import ReadOnlySchema


def type_change_of(
    operation: ChangeColumnType | ModifyColumn, schema: ReadOnlySchema
) -> TypeChange:
    """Return what becomes of the column; no server but PostgreSQL changes a type by itself."""
    if isinstance(operation, ModifyColumn):
        from guard.effects.mysql import type_changes as mysql  # either is large

        return mysql.change_of(operation, schema)
    from guard.effects.postgresql import type_changes as postgresql

    return postgresql.change_of(operation, schema)
