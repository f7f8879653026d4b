"""The code of remedies that change a column: Alembic's in a revision, else SQL."""

from __future__ import annotations

from msgspec.structs import replace

from guard.constraint_code import executed, quoted, table_sql
from guard.operations import AddColumn, Name, Type
from guard.server import is_mysql
from guard.statement import Statement

TYPES = {
    "bigint": "BigInteger",
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "DateTime",
    "double": "Double",
    "integer": "Integer",
    "json": "JSON",
    "numeric": "Numeric",
    "smallint": "SmallInteger",
    "text": "Text",
    "timestamp": "DateTime",
    "varchar": "String",
}


def without_constraints(add: AddColumn) -> AddColumn:
    """Return the making of the column without the keys and constraints that come with it."""
    column = replace(add.column, constraints=(), unique=False, primary_key=False)
    return replace(add, column=column)


def without_default(add: AddColumn) -> AddColumn:
    """Return the making of the column without default, keys and constraints."""
    column = replace(without_constraints(add).column, default=None, nullable=True)
    return replace(add, column=column)


def type_code(kind: Type | None) -> str:
    """Return SQLAlchemy's type as code, where it is a plain one."""
    if kind is None or kind.name not in TYPES or kind.array or kind.unsigned or kind.collation:
        return "<its type>"
    if kind.timezone:
        return f"sa.{TYPES[kind.name]}(timezone=True)"
    numbers = [str(n) for n in (kind.length, kind.precision, kind.scale) if n is not None]
    return f"sa.{TYPES[kind.name]}({', '.join(numbers)})"


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
            return f"{where} {quoted(column, dialect)} {kind or '<its type>'} NOT NULL;"
        return f"{alter_sql(table, column, 'SET NOT NULL', dialect)};"
    if dialect == "sqlite":  # has no ALTER COLUMN
        return (
            f"with op.batch_alter_table({table.name!r}{schema_code(table)}) as batch_op:\n"
            f"    batch_op.alter_column({column!r}, nullable=False)"
        )
    kept = f"existing_type={type_code(kind)}, " if is_mysql(dialect) else ""
    return f"op.alter_column({table.name!r}, {column!r}, {kept}nullable=False{schema_code(table)})"


def not_null_check(table: Name, column: str, statement: Statement) -> tuple[str, str, str]:
    """Return the code that proves a column of PostgreSQL free of NULL: add, validate, drop.

    The CHECK is added without reading a row, and validated while reads and writes go on; with it
    SET NOT NULL reads no row either.
    """
    name = f"{table.name}_{column}_not_null"
    where = f"ALTER TABLE {table_sql(table, 'postgresql')}"
    label = quoted(name, "postgresql")
    condition = f"{quoted(column, 'postgresql')} IS NOT NULL"
    if statement.in_sql_file:
        add = f"{where} ADD CONSTRAINT {label} CHECK ({condition}) NOT VALID;"
        drop = f"{where} DROP CONSTRAINT {label};"
    else:
        schema = schema_code(table)
        add = (
            f"op.create_check_constraint({name!r}, {table.name!r}, {condition!r}{schema}, "
            "postgresql_not_valid=True)"
        )
        drop = f"op.drop_constraint({name!r}, {table.name!r}{schema})"
    return add, executed(f"{where} VALIDATE CONSTRAINT {label}", statement), drop
