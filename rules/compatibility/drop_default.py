"""Code that is still running leaves the column to its default, and fails or writes NULL without it.

SQLAlchemy leaves a column with a server default out of its INSERT unless it is given a value, so
processes of the release before rely on it. A default that this same release added, to fill the rows
of a new column, may go again.
"""

from collections.abc import Iterator

from guard.operations import (
    Default,
    DropDefault,
    DropNotNull,
    ModifyColumn,
    Name,
    Operation,
    SetDefault,
)
from guard.rule import Context, Example, Problem, rule

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('state', sa.String(20), server_default='new', nullable=False),
    sa.Column('note', sa.Text(), server_default=''),
    sa.Column('total', sa.Integer()),
)
"""


@rule(
    DropDefault,
    SetDefault,
    ModifyColumn,
    severity="warning",
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', server_default=None)",
            says="Without the default 'new' of orders.state, code that is still running fails when "
            "it inserts a row without a value for it.",
            help="Deploy code that always gives state a value first; drop the default in a later "
            "release",
            at="op.alter_column",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ALTER COLUMN note DROP DEFAULT')",
            dialect="postgresql",
            says="Without the default '' of orders.note, code that is still running writes NULL "
            "when it inserts a row without a value for it.",
            at="ALTER TABLE orders",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER COLUMN note SET DEFAULT NULL')",
            dialect="postgresql",
            says="Without the default of orders.note, code that is still running fails or writes "
            "NULL when it inserts a row without a value for it.",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', type_=sa.String(30), "
            "existing_type=sa.String(20), nullable=False, server_default=None)",
            dialect="mysql",
            says="Without the default 'new' of orders.state, code that is still running fails",
            at="op.alter_column",
        ),
    ),
    safe=(
        """
        op.add_column('orders', sa.Column('rank', sa.Integer(), server_default='0'))
        op.alter_column('orders', 'rank', server_default=None)
        """,
        """
        op.alter_column('orders', 'rank', server_default='0')
        op.alter_column('orders', 'rank', server_default=None)
        """,
        f"{ORDERS}op.alter_column('orders', 'state', server_default=None)",
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', server_default=None)",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', server_default='0')",
            downgrade="op.alter_column('orders', 'total', server_default=None)",
        ),
        "op.alter_column('orders', 'state', server_default='open')",
    ),
)
def drop_default(operation: Operation, context: Context) -> Iterator[Problem]:
    found = _column_of(operation, context)
    if found is None:
        return
    table, column = found
    if context.is_unreleased(table) or context.is_new_column(table, column):
        return
    if context.undoes_upgrade(DropDefault(table=table, column=column)):
        return
    before = context.schema.column(table, column)
    known = bool(before and before.certain)
    if known and before and before.default is None:
        return  # there is none
    if _is_set_before(table, column, context):
        return
    default = before.default.sql if before and before.default else None
    may_be_null = _nullable(before) or _drops_not_null(table, column, context)
    fails = "fails or writes NULL" if not known else "writes NULL" if may_be_null else "fails"
    yield Problem(
        message=f"Without the default {f'{default} ' if default else ''}of {table}.{column}, code "
        f"that is still running {fails} when it inserts a row without a value for it.",
        remedy=f"Deploy code that always gives {column} a value first; drop the default in a later "
        "release",
    )


def _column_of(operation: Operation, context: Context) -> tuple[Name, str] | None:
    """Return the column whose default is meant to go."""
    match operation:
        case DropDefault(table=table, column=column):
            return table, column
        case SetDefault(table=table, column=column, default=Default(sql=str() as sql)):
            return (table, column) if context.expression(sql).is_null else None
        case ModifyColumn(table=table, column=column, meant=meant):
            goes = column.default is None and "default" in meant and column.generated is None
            return (table, column.name) if goes else None
    return None


def _nullable(column: object) -> bool:
    return bool(getattr(column, "nullable", True))


def _drops_not_null(table: Name, column: str, context: Context) -> bool:
    """Return whether the revision lets the column be NULL as well."""
    around = (*context.before, context.statement, *context.after)
    return any(
        isinstance(operation, DropNotNull)
        and (operation.table, operation.column) == (table, column)
        for statement in around
        for operation in statement.operations
    )


def _is_set_before(table: Name, column: str, context: Context) -> bool:
    """Return whether this revision gave the column the default."""
    return any(
        isinstance(operation, SetDefault) and (operation.table, operation.column) == (table, column)
        for statement in context.before
        for operation in statement.operations
    )
