"""SQLAlchemy's tables, with all that is made with them."""

from __future__ import annotations

import msgspec

from guard.operations import (
    Column,
    Constraint,
    CreateIndex,
    CreateTable,
    Name,
    SetComment,
    Storage,
    Type,
)
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.values import Const, Sequence, Value
from guard.reader.libraries.sqlalchemy.clauses import flag, string, strings
from guard.reader.libraries.sqlalchemy.columns import read_column
from guard.reader.libraries.sqlalchemy.constraints import column_index, read_constraint, read_index


class ReadTable(msgspec.Struct, frozen=True):
    """A table, the indexes that are made with it, and the comments (PostgreSQL: COMMENT ON)."""

    create: CreateTable
    indexes: tuple[CreateIndex, ...]
    comments: tuple[SetComment, ...] = ()


def read_table(
    run: Run,
    label: Name,
    items: tuple[Value, ...],
    kwargs: dict[str, Value],
    complete: bool = True,
) -> ReadTable:
    """Return the table of such a name and items, with all that comes with it."""
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[CreateIndex] = []
    flat = _flatten(items)
    keys = _keys(run, flat)
    for item in flat:
        if column := read_column(run, item):
            if column.column.name in keys:
                column = read_column(run, item, lone_key=len(keys) == 1) or column
                columns.append(msgspec.structs.replace(column.column, nullable=False))
            else:
                columns.append(column.column)
            constraints += column.foreign_keys
            columns[-1] = msgspec.structs.replace(columns[-1], constraints=column.checks)
            if column.type_check and run.dialect in column.type_check.dialects:
                constraints.append(column.type_check.constraint)
            if column.index:  # which is what makes it unique, too
                indexes.append(column_index(label, column.column, run.dialect))
                columns[-1] = msgspec.structs.replace(columns[-1], unique=False)
        elif constraint := read_constraint(item):
            constraints.append(constraint)
        elif index := read_index(item, label, run.dialect):
            indexes.append(index)
        else:
            complete = False
    prefixes = {p.upper() for p in strings(kwargs.get("prefixes"))}
    create = CreateTable(
        table=label,
        columns=tuple(columns),
        constraints=tuple(constraints),
        if_not_exists=flag(kwargs.get("if_not_exists")),
        temporary=bool(prefixes & {"TEMPORARY", "TEMP"}),
        unlogged="UNLOGGED" in prefixes,
        partitioned="postgresql_partition_by" in kwargs,
        partition_by=string(kwargs.get("postgresql_partition_by")),
        storage=_storage(kwargs, run.dialect),
        complete=complete,
    )
    comments = [
        SetComment(object_type="column", name=label, column=column.name, comment=column.comment)
        for column in columns
        if column.comment is not None
    ]
    comment = string(kwargs.get("comment"))
    if comment is not None:
        comments.insert(0, SetComment(object_type="table", name=label, comment=comment))
    return ReadTable(create, tuple(indexes), tuple(comments))


def _storage(kwargs: dict[str, Value], dialect: str | None) -> Storage:
    """Return what a table's options say; SQLAlchemy reads those of the dialect of the URL."""
    if dialect not in (None, "mysql", "mariadb"):
        return Storage()

    def option(*names: str) -> str | None:
        words = (string(kwargs.get(f"{dialect or 'mysql'}_{name}")) for name in names)
        return next((word.lower() for word in words if word), None)

    return Storage(
        charset=option("charset", "default_charset", "character_set", "default_character_set"),
        collation=option("collate", "default_collate"),
        row_format=option("row_format"),
        engine=option("engine"),
    )


def _keys(run: Run, items: list[Value]) -> tuple[str, ...]:
    """Return the columns of the table's primary key."""
    constraints = (c for c in map(read_constraint, items) if c and c.type == "primary key")
    columns = (c.column for c in (read_column(run, item) for item in items) if c)
    flagged = tuple(column.name for column in columns if column.primary_key)
    return next((c.columns for c in constraints), ()) + flagged


def _flatten(items: tuple[Value, ...]) -> list[Value]:
    flat: list[Value] = []
    for item in items:
        if isinstance(item, Sequence):
            flat += _flatten(tuple(item.items))
        elif item != Const(None):
            flat.append(item)
    return flat


def enum_types(table: CreateTable) -> tuple[Type, ...]:
    """Return the named enum types that creating the table creates on PostgreSQL."""
    kinds = (c.type for c in table.columns)
    named = (t for t in kinds if t and t.enum_name and t.create_type and t.name == "enum")
    return tuple({t.enum_name: t for t in named}.values())
