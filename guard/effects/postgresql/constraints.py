"""What constraints do on PostgreSQL: those added, validated, altered, dropped."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterConstraint,
    Constraint,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropTable,
    Name,
    ValidateConstraint,
)
from guard.schema.model import ReadOnlySchema, StoredConstraint

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
CREATE_TABLE = "https://www.postgresql.org/docs/current/sql-createtable.html"
ALL_WAIT = "ACCESS EXCLUSIVE"
NO_WRITES = "SHARE ROW EXCLUSIVE"


# The tables that foreign keys lead to


def _referenced_by(
    table: Name, schema: ReadOnlySchema, column: str | None = None
) -> Iterator[TableEffect]:
    """Yield what happens to the tables that dropped foreign keys lead to.

    Those keys are all of the table's, or those of the column.
    """
    found = schema.table(table)
    keys = found.constraints if found else ()
    gone = {key.target for key in keys if column is None or column in key.columns}
    yield from (on(target, ALL_WAIT) for target in _others(table, gone))


def _others(table: Name, targets: set[Name | None]) -> list[Name]:
    """Return the tables that are not the one itself, in order."""
    return sorted((t for t in targets if t is not None and t != table), key=str)


def _of_column(drop: DropColumn, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from _referenced_by(drop.table, schema, drop.column)


def _of_table(drop: DropTable, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from _referenced_by(drop.table, schema)
    if drop.cascade:
        yield from _referring(drop.table, schema)


def _leads_elsewhere(drop: DropColumn, schema: ReadOnlySchema) -> bool:
    return any(_of_column(drop, schema))


def _concerns_others(drop: DropTable, schema: ReadOnlySchema) -> bool:
    return any(_of_table(drop, schema))


def _referring(table: Name, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    """Yield what CASCADE does to the tables whose foreign keys go."""
    tables: set[Name | None] = {reference.table for reference in schema.references_to(table)}
    yield from (on(other, ALL_WAIT) for other in _others(table, tables))


def _of_constraint(drop: DropConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    found = _stored(drop.table, drop.constraint, schema)
    if found is not None and found.target is not None:
        yield from (on(target, ALL_WAIT) for target in _others(drop.table, {found.target}))
    if drop.cascade:
        yield from _referring(drop.table, schema)


def _stored(table: Name, name: str | None, schema: ReadOnlySchema) -> StoredConstraint | None:
    found = schema.table(table)
    constraints = found.constraints if found else ()
    return next((c for c in constraints if c.name is not None and c.name == name), None)


def _made_with(create: CreateTable) -> set[Name | None]:
    """Return the tables that the foreign keys of a new table lead to."""
    inline = [c for column in create.columns for c in column.constraints]
    return {constraint.target for constraint in (*create.constraints, *inline)}


def _makes_references(create: CreateTable, schema: ReadOnlySchema) -> bool:
    return create.partition_of is None and bool(_others(create.table, _made_with(create)))


def _referenced_by_new(create: CreateTable, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from (on(target, NO_WRITES) for target in _others(create.table, _made_with(create)))


# Constraints that are added


def _foreign_key(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key"


def _foreign_key_not_valid(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "foreign key" and add.constraint.not_valid


def _not_valid(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.not_valid


def _referenced(add: AddConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    scans = not add.constraint.not_valid
    yield from _both(add.table, add.constraint, schema, scans=scans)
    yield from (on(part, NO_WRITES, scans=scans) for part in schema.partitions_of(add.table))


def _key_of_parts(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return _foreign_key(add, schema) and _has_parts(add, schema)


def _has_parts(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    """The rows are in other tables, which are read instead."""
    return bool(schema.partitions_of(add.table))


def _both(
    table: Name, key: Constraint, schema: ReadOnlySchema, *, scans: bool
) -> Iterator[TableEffect]:
    yield from (on(target, NO_WRITES, scans=scans) for target in _others(table, {key.target}))


def _parts(add: AddConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from (on(part, ALL_WAIT) for part in schema.partitions_of(add.table))


def _read_parts(add: AddConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from (on(part, ALL_WAIT, scans=True) for part in schema.partitions_of(add.table))


def _readable_parts(add: AddConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield from (on(part, "SHARE", scans=True) for part in schema.partitions_of(add.table))


def _of_index(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type == "unique" and add.using_index is not None


def _of_index_without_nulls(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    """A primary key over a finished index whose columns are known to hold no NULL."""
    if add.constraint.type != "primary key" or add.using_index is None:
        return False
    indexes = [i for i in schema.indexes(add.table) if i.name == add.using_index]
    return bool(indexes) and all(_no_null(add.table, c, schema) for c in indexes[0].columns)


def _key_of_index(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.using_index is not None


def _never_null(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    columns = add.constraint.columns
    return add.constraint.type == "not null" and all(
        _no_null(add.table, c, schema) for c in columns
    )


def _no_null(table: Name, column: str, schema: ReadOnlySchema) -> bool:
    found = schema.column(table, column)
    return schema.has_valid_check_not_null(table, column) or bool(
        found and found.certain and not found.nullable
    )


def _index_of_parts(add: AddConstraint, schema: ReadOnlySchema) -> bool:
    return add.constraint.type in ("unique", "primary key") and _has_parts(add, schema)


# Constraints that come with a column


def _with_reference_and_value(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _refers(add.column.constraints) and add.column.default is not None


def _with_key_or_check(add: AddColumn, schema: ReadOnlySchema) -> bool:
    column = add.column
    checked = any(c.type in ("check", "not null") for c in column.constraints)
    return column.unique or column.primary_key or checked


def _with_reference(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _refers(add.column.constraints)


def _refers(constraints: tuple[Constraint, ...]) -> bool:
    return any(c.type == "foreign key" for c in constraints)


def _referenced_by_column(add: AddColumn, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    targets = {c.target for c in add.column.constraints}
    read = add.column.default is not None
    yield from (on(target, NO_WRITES, scans=read) for target in _others(add.table, targets))


# Constraints that are there


def _is_reference(validate: ValidateConstraint, schema: ReadOnlySchema) -> bool:
    found = _stored(validate.table, validate.constraint, schema)
    return found is not None and found.type == "foreign key"


def _is_valid(validate: ValidateConstraint, schema: ReadOnlySchema) -> bool:
    found = _stored(validate.table, validate.constraint, schema)
    return found is not None and found.certain and not found.not_valid


def _read_besides(validate: ValidateConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    found = _stored(validate.table, validate.constraint, schema)
    target = found.target if found else None
    yield from (on(other, "ROW SHARE", scans=True) for other in _others(validate.table, {target}))


def _enforced(alter: AlterConstraint, schema: ReadOnlySchema) -> bool:
    return alter.action == "enforced"


def _no_longer_enforced(alter: AlterConstraint, schema: ReadOnlySchema) -> bool:
    return alter.action == "not-enforced"


def _checked_against(alter: AlterConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    found = _stored(alter.table, alter.constraint, schema)
    if found is not None:
        yield from _both(alter.table, found, schema, scans=True)


def _freed(alter: AlterConstraint, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    found = _stored(alter.table, alter.constraint, schema)
    if found is not None:
        yield from (on(target, ALL_WAIT) for target in _others(alter.table, {found.target}))


ADDED: tuple[Row, ...] = (
    row(
        AddConstraint,
        when=_foreign_key_not_valid,
        lock=NO_WRITES,
        related=_referenced,
        source=ALTER_TABLE,
    ),
    row(
        AddConstraint,
        when=_key_of_parts,
        lock=NO_WRITES,
        related=_referenced,
        source=ALTER_TABLE,
    ),
    row(
        AddConstraint,
        when=_foreign_key,
        lock=NO_WRITES,
        scans=True,
        related=_referenced,
        source=ALTER_TABLE,
    ),
    row(AddConstraint, when=_not_valid, lock=ALL_WAIT, related=_parts, source=ALTER_TABLE),
    row(AddConstraint, when=_of_index, lock=ALL_WAIT, source=ALTER_TABLE),
    row(AddConstraint, when=_of_index_without_nulls, lock=ALL_WAIT, source=ALTER_TABLE),
    row(AddConstraint, when=_key_of_index, lock=ALL_WAIT, scans=True, source=ALTER_TABLE),
    row(AddConstraint, when=_never_null, lock=ALL_WAIT, related=_parts, source=ALTER_TABLE),
    row(
        AddConstraint,
        when=_index_of_parts,
        lock=ALL_WAIT,
        related=_readable_parts,
        until=(18,),
        source=ALTER_TABLE,
    ),
    row(AddConstraint, when=_has_parts, lock=ALL_WAIT, related=_read_parts, source=ALTER_TABLE),
    row(AddConstraint, lock=ALL_WAIT, scans=True, source=ALTER_TABLE),
)
WITH_A_COLUMN: tuple[Row, ...] = (
    row(
        AddColumn,
        when=_with_key_or_check,
        lock=ALL_WAIT,
        scans=True,
        related=_referenced_by_column,
        source=ALTER_TABLE,
    ),
    row(
        AddColumn,
        when=_with_reference_and_value,
        lock=ALL_WAIT,
        scans=True,
        related=_referenced_by_column,
        source=ALTER_TABLE,
    ),
    row(
        AddColumn,
        when=_with_reference,
        lock=ALL_WAIT,
        related=_referenced_by_column,
        source=ALTER_TABLE,
    ),
)
# Drops of other things, which take foreign keys along: ahead of the rows of columns and tables.
DROPS: tuple[Row, ...] = (
    row(
        DropColumn,
        when=_leads_elsewhere,
        lock=ALL_WAIT,
        related=_of_column,
        source=ALTER_TABLE,
    ),
    row(
        DropTable,
        when=_concerns_others,
        lock=ALL_WAIT,
        related=_of_table,
        source="https://www.postgresql.org/docs/current/sql-droptable.html",
    ),
)
THERE: tuple[Row, ...] = (
    row(ValidateConstraint, when=_is_valid, lock="SHARE UPDATE EXCLUSIVE", source=ALTER_TABLE),
    row(
        ValidateConstraint,
        when=_is_reference,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        related=_read_besides,
        source=ALTER_TABLE,
    ),
    row(ValidateConstraint, lock="SHARE UPDATE EXCLUSIVE", scans=True, source=ALTER_TABLE),
    row(
        AlterConstraint,
        when=_enforced,
        lock=ALL_WAIT,
        scans=True,
        related=_checked_against,
        source=ALTER_TABLE,
    ),
    row(
        AlterConstraint,
        when=_no_longer_enforced,
        lock=ALL_WAIT,
        related=_freed,
        source=ALTER_TABLE,
    ),
    row(AlterConstraint, lock=ALL_WAIT, source=ALTER_TABLE),
    row(DropConstraint, lock=ALL_WAIT, related=_of_constraint, source=ALTER_TABLE),
)
WITH_A_TABLE: tuple[Row, ...] = (
    row(
        CreateTable,
        when=_makes_references,
        lock=ALL_WAIT,
        related=_referenced_by_new,
        source=CREATE_TABLE,
    ),
)
ROWS: tuple[Row, ...] = ADDED + THERE + WITH_A_TABLE
