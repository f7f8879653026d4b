"""Whether the constraints of a table imply the bounds of a partition, so that no row is read.

PostgreSQL proves it from validated CHECKs and NOT NULL. What is not proven here, such as bounds of
several columns or of a hash, is taken to be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.expression import Expression, Range
from guard.operations import Name
from guard.partition_bounds import as_condition, key_column
from guard.schema.model import ReadOnlySchema
from guard.server import fold
from guard.sql.expressions import read_expression


def implies_bounds(table: Name, parent: Name, bounds: str | None, schema: ReadOnlySchema) -> bool:
    """Return whether each row of the table surely lies within the bounds."""
    return any(
        _is_within(check, column, bounds) and _is_not_null(table, column, schema)
        for column in _keys(table, parent, schema)
        for check in _checks(table, schema)
    )


def excludes_bounds(table: Name, parent: Name, bounds: str | None, schema: ReadOnlySchema) -> bool:
    """Return whether each row of the table, a default partition, surely lies outside of them."""
    return any(
        _is_outside(check, column, bounds)
        for column in _keys(table, parent, schema)
        for check in _checks(table, schema)
    )


def _keys(table: Name, parent: Name, schema: ReadOnlySchema) -> tuple[str, ...]:
    """Return the column that the parent is partitioned by; of one not known, all that may be."""
    whole = schema.table(parent)
    by = whole.partition_by if whole else None
    if by is not None:
        column = key_column(by)
        return (column.strip('"'),) if column else ()
    checks = [*_checks(table, schema)]
    return tuple({column for check in checks for column in (*check.ranges, *check.values)})


def _checks(table: Name, schema: ReadOnlySchema) -> Iterator[Expression]:
    found = schema.table(table)
    for constraint in found.constraints if found else ():
        settled = constraint.certain and not constraint.not_valid
        if constraint.type == "check" and constraint.sql and settled:
            yield read_expression(constraint.sql, "postgresql")


def _is_not_null(table: Name, column: str, schema: ReadOnlySchema) -> bool:
    """Return whether the column has no NULL, as far as anybody says that it may."""
    found = schema.column(table, column)
    return not found or not found.nullable or schema.has_valid_check_not_null(table, column)


def _is_within(check: Expression, column: str, bounds: str | None) -> bool:
    wanted = _as_condition(column, bounds)
    if wanted is None:
        return False
    allowed, values = wanted.allowed_values(column), check.allowed_values(column)
    if allowed is not None:
        return values is not None and {*values} <= {*allowed}
    inner, outer = _range(check.ranges, column), _range(wanted.ranges, column)
    return inner is not None and outer is not None and inner.is_within(outer)


def _is_outside(check: Expression, column: str, bounds: str | None) -> bool:
    wanted = _as_condition(column, bounds)
    if wanted is None:
        return False
    allowed, values = wanted.allowed_values(column), check.allowed_values(column)
    if allowed is not None:
        return values is not None and not {*values} & {*allowed}
    new = _range(wanted.ranges, column)
    if new is None:
        return False
    kept, barred = _range(check.ranges, column), _range(check.outside, column)
    return (kept is not None and kept.is_apart_from(new)) or (
        barred is not None and new.is_within(barred)
    )


def _range(ranges: dict[str, Range], column: str) -> Range | None:
    names = (name for name in ranges if fold(name, "postgresql") == fold(column, "postgresql"))
    return next((ranges[name] for name in names), None)


def _as_condition(column: str, bounds: str | None) -> Expression | None:
    """Return the bounds of one column as a condition; None where they are others."""
    written = as_condition(f'"{column}"', bounds)
    return read_expression(written, "postgresql") if written else None
