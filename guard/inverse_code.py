"""The Alembic code that takes an upgrade back, where all that it does has one plain way back."""

from __future__ import annotations

from collections.abc import Iterable

from guard.batch_mode import in_batch
from guard.constraint_code import in_autocommit_block
from guard.operations import (
    AddColumn,
    AddConstraint,
    CreateEnum,
    CreateIndex,
    CreateTable,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetNotNull,
)
from guard.statement import Statement

_TYPES = {"foreign key": "foreignkey", "primary key": "primary"}


def way_back_of(statements: Iterable[Statement], dialect: str | None) -> str | None:
    """Return the body of the downgrade; None where the upgrade does more than guard is sure of.

    Nothing that it takes back had rows of its own before, or it keeps them.
    """
    lines: list[str] = []
    for statement in reversed([*statements]):
        if statement.condition is not None or statement.repeated or statement.run_by:
            return None
        done = statement.operations
        made = [one for one in reversed(done) if not _goes_along(one, done)]
        # An enum type goes after the table whose column has it.
        made.sort(key=lambda one: isinstance(one, CreateEnum))
        for operation in made:
            line = _back(operation, statement, dialect)
            if line is None:
                return None
            lines.append(line)
    return "\n".join(lines) or None


def _goes_along(operation: Operation, others: Iterable[Operation]) -> bool:
    """Return whether it goes with the table that the same statement makes."""
    tables = [other.table for other in others if isinstance(other, CreateTable)]
    part = isinstance(operation, (AddConstraint, CreateIndex))
    return part and getattr(operation, "table", None) in tables


def _back(operation: Operation, statement: Statement, dialect: str | None) -> str | None:
    match operation:
        case CreateTable(table=table, if_not_exists=False, temporary=False):
            return f"op.drop_table({table.name!r}{_schema(table)})"
        case CreateEnum(name=name):
            return f"sa.Enum(name={name.name!r}{_schema(name)}).drop(op.get_bind())"
        case AddColumn(table=table, column=column, if_not_exists=False):
            return _on_table(table, "drop_column", [repr(column.name)], statement, dialect)
        case CreateIndex(name=str(name), if_not_exists=False):
            return _without_index(operation, name)
        case AddConstraint(table=table, constraint=constraint) if constraint.name:
            kind = _TYPES.get(constraint.type, constraint.type)
            given = [repr(constraint.name), f"type_={kind!r}"]
            return _on_table(table, "drop_constraint", given, statement, dialect)
        case RenameTable(table=table, new=new):
            return f"op.rename_table({new.name!r}, {table.name!r}{_schema(table)})"
        case RenameColumn(table=table, column=column, new=new) if dialect == "postgresql":
            given = [repr(new), f"new_column_name={column!r}"]
            return _on_table(table, "alter_column", given, statement, dialect)
        case SetNotNull(table=table, column=column) if dialect == "postgresql":
            given = [repr(column), "nullable=True"]
            return _on_table(table, "alter_column", given, statement, dialect)
    return None


def _without_index(create: CreateIndex, name: str) -> str:
    concurrently = ", postgresql_concurrently=True" if create.concurrently else ""
    code = f"op.drop_index({name!r}, {create.table.name!r}{_schema(create.table)}{concurrently})"
    return in_autocommit_block(code) if concurrently else code


def _on_table(
    table: Name, call: str, given: list[str], statement: Statement, dialect: str | None
) -> str | None:
    """Return the call on a table; in a batch where the upgrade needs one, or SQLite does."""
    if statement.batch or dialect == "sqlite":
        if table.schema:
            return None
        return in_batch(table, f"{call}({', '.join(given)})")
    words = [repr(table.name), *given]
    if call == "drop_constraint":  # whose first argument is the constraint's name
        words[:2] = words[1::-1]
    return f"op.{call}({', '.join(words)}{_schema(table)})"


def _schema(name: Name) -> str:
    return f", schema={name.schema!r}" if name.schema else ""
