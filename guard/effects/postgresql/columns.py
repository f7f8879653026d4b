"""What changes of columns do on PostgreSQL: those added, made NOT NULL, given defaults."""

from __future__ import annotations

from guard.effects.row import Row, row
from guard.operations import AddColumn, Default, Name, SetNotNull
from guard.schema.model import Domain, ReadOnlySchema
from guard.sql.expressions import read_expression

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"


def _alone(add: AddColumn) -> bool:
    """The column brings no constraint and no key along."""
    column = add.column
    return not (column.constraints or column.primary_key or column.unique)


def _counted_or_stored(add: AddColumn, schema: ReadOnlySchema) -> bool:
    made = add.column.generated
    return _alone(add) and made is not None and (made.by != "expression" or made.stored is True)


def _of_checked_domain(add: AddColumn, schema: ReadOnlySchema) -> bool:
    domain = schema.domain(Name(add.column.type.name)) if add.column.type else None
    return _alone(add) and isinstance(domain, Domain) and domain.constrained


def _volatile(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _has_default(add, schema) and _is_volatile(add.column.default) is True


def _not_volatile(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _has_default(add, schema) and _is_volatile(add.column.default) is False


def _has_default(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _alone(add) and add.column.generated is None and add.column.default is not None


def _is_volatile(default: Default | None) -> bool | None:
    """None where that is not known."""
    if default is None or default.sql is None:
        return None
    return read_expression(default.sql, "postgresql").is_volatile


def _without_value(add: AddColumn, schema: ReadOnlySchema) -> bool:
    column = add.column
    return _alone(add) and column.nullable and column.default is None and column.generated is None


def _proven(change: SetNotNull, schema: ReadOnlySchema) -> bool:
    return schema.has_valid_check_not_null(change.table, change.column)


ROWS: tuple[Row, ...] = (
    row(
        AddColumn,
        when=_counted_or_stored,
        lock="ACCESS EXCLUSIVE",
        rewrites=True,
        source=ALTER_TABLE,
    ),
    row(
        AddColumn,
        when=_of_checked_domain,
        lock="ACCESS EXCLUSIVE",
        rewrites=True,
        source=ALTER_TABLE,
    ),
    row(AddColumn, when=_volatile, lock="ACCESS EXCLUSIVE", rewrites=True, source=ALTER_TABLE),
    row(AddColumn, when=_not_volatile, since=(11,), lock="ACCESS EXCLUSIVE", source=ALTER_TABLE),
    row(
        AddColumn,
        when=_has_default,
        until=(11,),
        lock="ACCESS EXCLUSIVE",
        rewrites=True,
        source=ALTER_TABLE,
    ),
    row(AddColumn, when=_without_value, lock="ACCESS EXCLUSIVE", source=ALTER_TABLE),
    row(SetNotNull, when=_proven, lock="ACCESS EXCLUSIVE", since=(12,), source=ALTER_TABLE),
    row(SetNotNull, lock="ACCESS EXCLUSIVE", scans=True, source=ALTER_TABLE),
)
