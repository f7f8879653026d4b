"""A NOT NULL column without a default cannot be added to a table that has rows.

PostgreSQL and SQLite refuse it as soon as there is one row, so it passes on an empty test database
and fails in production. MySQL and MariaDB fill the rows with 0, '' or the first member of an enum,
which nobody chose. Add the column nullable or with a server default, fill it, then make it NOT
NULL.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, Column
from guard.rule import Context, Problem, rule


@rule(
    AddColumn,
    unsafe=(
        "op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False))",
        "op.execute('ALTER TABLE orders ADD COLUMN total integer NOT NULL')",
    ),
    safe=(
        "op.add_column('orders', sa.Column('total', sa.Integer(), nullable=True))",
        "op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False, "
        "server_default='0'))",
        """
        op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
        op.add_column('scratch', sa.Column('total', sa.Integer(), nullable=False))
        """,
    ),
)
def add_required_column(add: AddColumn, context: Context) -> Iterator[Problem]:
    column = add.column
    if column.nullable or column.has_value_for_existing_rows or context.is_empty(add.table):
        return
    if context.server.dialect in {"mysql", "mariadb"}:
        effect = f"fills existing rows of {add.table} with {_implicit(column)}, which nobody chose"
    else:
        effect = f"fails as soon as {add.table} has one row"
    yield Problem(
        message=f"Adding {column.name} as NOT NULL without a default {effect}.",
        remedy=_remedy(add, context),
    )


def _remedy(add: AddColumn, context: Context) -> str:
    if context.statement.direction == "downgrade":
        return "Add it with nullable=True or a server_default, so that the way back works too."
    name, schema = add.table.name, add.table.schema
    where = f", schema={schema!r}" if schema else ""
    return (
        "Add it with nullable=True (or a server_default), fill it, then "
        f"op.alter_column({name!r}, {add.column.name!r}, nullable=False{where}) in a later "
        "revision."
    )


def _implicit(column: Column) -> str:
    """Return the value that MySQL takes for the type."""
    kind = column.type.name if column.type else ""
    if kind in {"integer", "bigint", "smallint", "tinyint", "numeric", "double", "boolean"}:
        return "0"
    return "the type's zero value"
