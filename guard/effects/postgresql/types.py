"""What a change of a column's type does on PostgreSQL, and changes of types and domains."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.postgresql.type_changes import change_of
from guard.effects.row import Row, on, row
from guard.operations import AlterDomain, ChangeColumnType, Name
from guard.schema.model import ReadOnlySchema

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
ALTER_DOMAIN = "https://www.postgresql.org/docs/current/sql-alterdomain.html"


def _rewrites(change: ChangeColumnType, schema: ReadOnlySchema) -> bool:
    """What is not known is taken for a rewrite."""
    return change_of(change, schema).work in ("rewrite", "free in utc", "unknown")


def _reads(change: ChangeColumnType, schema: ReadOnlySchema) -> bool:
    found = change_of(change, schema)
    return bool(found.checks or found.indexes)


def _with_rewrite(change: ChangeColumnType, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    for other in change_of(change, schema).keys:
        yield on(other, "ACCESS EXCLUSIVE", scans=True)
    for part in schema.partitions_of(change.table):
        yield on(part, "ACCESS EXCLUSIVE", rewrites=True)


def _without(change: ChangeColumnType, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    for other in (*change_of(change, schema).keys, *schema.partitions_of(change.table)):
        yield on(other, "ACCESS EXCLUSIVE")


def tables_with_domain(name: Name, schema: ReadOnlySchema) -> tuple[Name, ...]:
    """Return the known tables that have a column of the domain."""
    spellings = {str(name)}
    if name.schema in (None, "public"):
        spellings = {name.name, f"public.{name.name}"}
    return tuple(
        table.name
        for table in schema.tables()
        if any(column.type and column.type.name in spellings for column in table.columns)
    )


def _checks_rows(change: AlterDomain, schema: ReadOnlySchema) -> bool:
    checks = change.action in ("set-not-null", "validate-constraint") or (
        change.action == "add-constraint" and not change.not_valid
    )
    return checks and bool(tables_with_domain(change.name, schema))


def _first_table(change: AlterDomain, schema: ReadOnlySchema) -> Name:
    return tables_with_domain(change.name, schema)[0]


def _other_tables(change: AlterDomain, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    for other in tables_with_domain(change.name, schema)[1:]:
        yield on(other, "SHARE", scans=True)


ROWS: tuple[Row, ...] = (
    row(
        ChangeColumnType,
        when=_rewrites,
        lock="ACCESS EXCLUSIVE",
        rewrites=True,
        related=_with_rewrite,
        source=ALTER_TABLE,
    ),
    row(
        ChangeColumnType,
        when=_reads,
        lock="ACCESS EXCLUSIVE",
        scans=True,
        related=_without,
        source=ALTER_TABLE,
    ),
    row(ChangeColumnType, lock="ACCESS EXCLUSIVE", related=_without, source=ALTER_TABLE),
    row(
        AlterDomain,
        when=_checks_rows,
        table=_first_table,
        lock="SHARE",
        scans=True,
        related=_other_tables,
        source=ALTER_DOMAIN,
    ),
)
