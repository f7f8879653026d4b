"""Words that set a replay up: operations in, a schema out."""

from __future__ import annotations

from typing import Any

from guard.operations import (
    AddConstraint,
    Column,
    Constraint,
    CreateIndex,
    CreateTable,
    Name,
    Operation,
    Type,
)
from guard.schema import Schema

ORDERS, USERS = Name("orders"), Name("users")
STATUS = Name("status")
INTEGER, TEXT = Type(name="integer"), Type(name="text")
DEPLOYED = frozenset({"r1", "r2", "r3"})


def replay(
    *operations: Operation, dialect: str | None = "postgresql", known: bool = True
) -> Schema:
    """Return the schema after the operations, each by a revision of its own: r1, r2, ..."""
    schema = Schema.empty(known=known, dialect=dialect)
    for number, operation in enumerate(operations, 1):
        schema = schema.apply(operation, revision=f"r{number}")
    return schema


def perhaps(schema: Schema, operation: Operation) -> Schema:
    """Return the schema after an operation that runs only under a condition."""
    return schema.apply(operation, revision="maybe", certain=False)


def col(name: str, type_: Type = TEXT, **rest: Any) -> Column:
    return Column(name=name, type=type_, **rest)


def create(table: Name = ORDERS, *columns: Column, **rest: Any) -> CreateTable:
    """Return CREATE TABLE with a primary key and the columns `a` and `b`, or with those given."""
    columns = columns or (col("id", INTEGER, primary_key=True), col("a"), col("b"))
    return CreateTable(table=table, columns=columns, **rest)


def add(*columns: str, type: Any = "unique", table: Name = ORDERS, **rest: Any) -> AddConstraint:  # noqa: A002
    constraint = Constraint(type=type, columns=columns, **rest)
    return AddConstraint(table=table, constraint=constraint)


def index(*columns: str, **rest: Any) -> CreateIndex:
    name = rest.pop("name", "ix")
    return CreateIndex(table=ORDERS, name=name, columns=columns, **rest)


def references(column: str, target: Name, *columns: str, **rest: Any) -> AddConstraint:
    return add(column, type="foreign key", target=target, target_columns=columns, **rest)


def columns(schema: Schema, table: Name = ORDERS) -> list[str]:
    found = schema.table(table)
    return [column.name for column in found.columns] if found else []


def names(schema: Schema, table: Name = ORDERS) -> list[str | None]:
    """Return the names of a table's constraints and then of its indexes."""
    found = schema.table(table)
    if not found:
        return []
    return [c.name for c in found.constraints] + [i.name for i in found.indexes]


CHECK = add(type="check", sql="a IS NOT NULL", name="ck")
