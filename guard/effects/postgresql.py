"""What operations do on PostgreSQL. The first row that fits counts; what none fits is not known."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import AddColumn, AddConstraint, CreateIndex, Default, Name, SetNotNull
from guard.schema.model import Domain, ReadOnlySchema
from guard.sql.expressions import read_expression

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
CREATE_INDEX = "https://www.postgresql.org/docs/current/sql-createindex.html"


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


def _concurrent(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    return create.concurrently


def _foreign_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key"


def _foreign_key_not_valid(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key" and add.constraint.not_valid


def _referenced(add: AddConstraint) -> Iterator[TableEffect]:
    if add.constraint.target is not None:
        yield on(add.constraint.target, "SHARE ROW EXCLUSIVE")


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
    row(
        CreateIndex,
        when=_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        source=f"{CREATE_INDEX}#SQL-CREATEINDEX-CONCURRENTLY",
    ),
    row(CreateIndex, lock="SHARE", scans=True, source=CREATE_INDEX),
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
