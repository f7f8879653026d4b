"""The code of remedies that change a column: Alembic's in a revision, else SQL."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec.structs import replace

from guard.constraint_code import (
    always_runs,
    executed,
    in_autocommit_block,
    quoted,
    table_sql,
    validate,
)
from guard.context import Context
from guard.operations import AddColumn, Column, Name, Type, Update
from guard.rewrite import Afterwards, First, Instead, Rewrite
from guard.schema.model import Domain
from guard.server import Server, is_mysql
from guard.statement import Statement
from guard.type_code import sql_type, sqlalchemy_type


def without_constraints(add: AddColumn) -> AddColumn:
    """Return the making of the column without the keys and constraints that come with it."""
    column = replace(add.column, constraints=(), unique=False, primary_key=False)
    return replace(add, column=column)


def without_default(add: AddColumn) -> AddColumn:
    """Return the making of the column without default, keys and constraints."""
    column = replace(without_constraints(add).column, default=None, nullable=True)
    return replace(add, column=column)


def fills_new_columns(update: Update, context: Context) -> bool:
    """Return whether it gives values to columns that were added and have none yet."""
    return bool(update.columns) and all(
        _is_empty_column(update.table, column, context) for column in update.columns
    )


def _is_empty_column(table: Name, column: str, context: Context) -> bool:
    found = context.schema.column(table, column)
    if not found or not found.added or found.generated is not None:
        return False
    return context.is_new_column(table, column) or (found.filled is None and found.nullable)


def takes_all_without_value(update: Update) -> bool:
    """Return whether it changes every row, or every row in which one of its columns is NULL."""
    other = update.copy is not None and update.copy.source != update.table
    where = update.where
    if update.all_rows or update.but_nulls or other or where is None:
        return True
    return any(
        re.fullmatch(rf"[\w.\"`]*\b{re.escape(column)}\W+IS\s+NULL\W*", where.strip("( )"), re.I)
        for column in update.columns
    )


def domain_of(column: Column, context: Context) -> Domain | None:
    """Return the domain that is its type: one has a default, or a NOT NULL, of its own."""
    owner, _, name = (column.type.name if column.type else "").rpartition(".")
    return context.schema.domain(Name(name, owner or None)) or None


def schema_code(table: Name) -> str:
    """Return the `schema=` that a call for the table needs, with the comma before it."""
    return f", schema={table.schema!r}" if table.schema else ""


def alter_sql(table: Name, column: str, change: str, dialect: str | None) -> str:
    """Return the ALTER TABLE that changes the column: `SET NOT NULL`, `DROP DEFAULT`."""
    where = f"ALTER TABLE {table_sql(table, dialect)} ALTER COLUMN"
    return f"{where} {quoted(column, dialect)} {change}"


def set_default(table: Name, column: str, default: str, statement: Statement) -> str:
    """Return the code that gives the column a default for new rows."""
    if statement.in_sql_file:
        return f"{alter_sql(table, column, f'SET DEFAULT {default}', None)};"
    return (
        f"op.alter_column({table.name!r}, {column!r}, server_default=sa.text({default!r})"
        f"{schema_code(table)})"
    )


def set_not_null(
    table: Name, column: str, kind: Type | None, dialect: str | None, statement: Statement
) -> str:
    """Return the code that makes the column NOT NULL; on MySQL it writes the column anew."""
    if statement.in_sql_file:
        if is_mysql(dialect):
            where = f"ALTER TABLE {table_sql(table, dialect)} MODIFY COLUMN"
            return f"{where} {quoted(column, dialect)} {sql_type(kind, dialect)} NOT NULL;"
        return f"{alter_sql(table, column, 'SET NOT NULL', dialect)};"
    if dialect == "sqlite":  # has no ALTER COLUMN
        return (
            f"with op.batch_alter_table({table.name!r}{schema_code(table)}) as batch_op:\n"
            f"    batch_op.alter_column({column!r}, nullable=False)"
        )
    perhaps_mysql = is_mysql(dialect) or (dialect is None and kind is not None)
    kept = f"existing_type={sqlalchemy_type(kind, dialect)}, " if perhaps_mysql else ""
    return f"op.alter_column({table.name!r}, {column!r}, {kept}nullable=False{schema_code(table)})"


def fill_nulls(
    table: Name, column: str, kind: Type | None, dialect: str | None, statement: Statement
) -> str:
    """Return the code that gives a value to the rows that have none."""
    value = _VALUES.get(kind.name, "<value>") if kind and not kind.array else "<value>"
    name = quoted(column, dialect)
    words = ("UPDATE", table_sql(table, dialect), "SET", name, "=", value, "WHERE", name)
    sql = f"{' '.join(words)} IS NULL"
    if statement.in_sql_file:
        return f"{sql};"
    return f'op.execute("{sql}")' if "'" in sql else f"op.execute({sql!r})"


_VALUES = {
    **dict.fromkeys(("integer", "bigint", "smallint", "tinyint", "mediumint", "numeric"), "0"),
    **dict.fromkeys(("double", "float", "real"), "0"),
    **dict.fromkeys(("varchar", "text", "char"), "''"),
    "boolean": "false",
}


# Before that the model would not be what the revisions make.
MODEL_FOLLOWS = "the model says nullable=False from then on"


class Proof(NamedTuple):
    """The code that proves a column free of NULL: what to run now, and in a later release."""

    add: str
    later: str


def proof_of_not_null(table: Name, column: str, server: Server, statement: Statement) -> Proof:
    """Return how a column of PostgreSQL becomes NOT NULL while nobody waits for a scan.

    What is added reads no row; validating it lets reads and writes go on. From 18 on it is the NOT
    NULL itself, before that a CHECK, with which SET NOT NULL reads no row either.
    """
    where = f"ALTER TABLE {table_sql(table, 'postgresql')}"
    written = quoted(column, "postgresql")
    if server.at_least(18):
        label = quoted(_not_null_name(table, column), "postgresql")
        add = executed(f"{where} ADD CONSTRAINT {label} NOT NULL {written} NOT VALID", statement)
        return Proof(add, f"run {where} VALIDATE CONSTRAINT {label}")
    name = _check_name(table, column)
    label = quoted(name, "postgresql")
    if statement.in_sql_file:
        add = f"{where} ADD CONSTRAINT {label} CHECK ({written} IS NOT NULL) NOT VALID;"
    else:
        add = _add_check(table, column)
    follows = "" if statement.in_sql_file else f" ({MODEL_FOLLOWS})"
    return Proof(
        add,
        f"run {where} VALIDATE CONSTRAINT {label}, then ALTER COLUMN {written} SET NOT NULL, which "
        f"reads no row then, and drop the CHECK{follows}",
    )


def made_not_null_in_two_steps(
    table: Name, column: str, server: Server, statement: Statement
) -> Rewrite:
    """Return what an `op.alter_column()` of PostgreSQL becomes to make NOT NULL without a scan.

    What it adds reads no row, and a revision that follows validates that. Nothing for a downgrade,
    nor where the statement does more, or not always the same.
    """
    called = statement.directive
    alone = len(statement.operations) == 1 and always_runs(statement)
    if called is None or called.name != "alter_column" or called.batch or not alone:
        return ()
    if statement.direction == "downgrade" or "{" in f"{table}{column}":
        return ()
    message = f"make {table.name} {column} not null"
    if server.at_least(18):
        add = proof_of_not_null(table, column, server, statement).add
        later = validate(table, _not_null_name(table, column), statement)
        return (Instead(add), Afterwards(in_autocommit_block(later), message))
    name = _check_name(table, column)
    of, schema = f"{table.name!r}, {column!r}", schema_code(table)
    add = _add_check(table, column)
    drop = f"op.drop_constraint(op.f({name!r}), {table.name!r}, type_='check'{schema})"
    steps = (
        in_autocommit_block(validate(table, name, statement)),
        f"op.alter_column({of}, nullable=False{schema})",
        drop,
    )
    back = f"{add}\nop.alter_column({of}, nullable=True{schema})"
    return (
        Instead(add),
        First(drop, "downgrade"),
        Afterwards("\n".join(steps), message, back=back),
    )


def _add_check(table: Name, column: str) -> str:
    """Return the code that adds the CHECK: by this name, whatever a naming convention says."""
    condition = f"{quoted(column, 'postgresql')} IS NOT NULL"
    return (
        f"op.create_check_constraint(op.f({_check_name(table, column)!r}), {table.name!r}, "
        f"{condition!r}{schema_code(table)}, postgresql_not_valid=True)"
    )


def _check_name(table: Name, column: str) -> str:
    return f"ck_{table.name}_{column}_not_null"


def _not_null_name(table: Name, column: str) -> str:
    """Return the name that PostgreSQL 18 gives to a NOT NULL."""
    return f"{table.name}_{column}_not_null"
