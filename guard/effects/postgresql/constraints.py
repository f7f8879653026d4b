"""What constraints do on PostgreSQL: those added, validated, dropped."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import AddConstraint
from guard.schema.model import ReadOnlySchema

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"


def _foreign_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key"


def _foreign_key_not_valid(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key" and add.constraint.not_valid


def _referenced(add: AddConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    if add.constraint.target is not None:
        yield on(add.constraint.target, "SHARE ROW EXCLUSIVE")


ROWS: tuple[Row, ...] = (
    row(
        AddConstraint,
        when=_foreign_key_not_valid,
        lock="SHARE ROW EXCLUSIVE",
        related=_referenced,
        source=ALTER_TABLE,
    ),
    row(
        AddConstraint,
        when=_foreign_key,
        lock="SHARE ROW EXCLUSIVE",
        scans=True,
        related=_referenced,
        source=ALTER_TABLE,
    ),
)
