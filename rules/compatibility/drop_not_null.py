"""A column that may be NULL breaks code that is still running and never expects None there.

It is also a step that cannot be taken back once a NULL is stored. Off by default, since letting
NULL in is the usual first step of giving a column up.
"""

from collections.abc import Iterator

from guard.operations import DropNotNull, ModifyColumn, Name, Operation
from guard.rule import Context, Example, Problem, rule

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('state', sa.String(20), nullable=False),
    sa.Column('total', sa.Integer()),
)
"""


@rule(
    DropNotNull,
    ModifyColumn,
    severity="off",
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', nullable=True)",
            config={"select": ["drop-not-null"]},
            says="orders.state may be NULL from now on, which code that is still running does not "
            "expect.",
            help="Deploy code that can read NULL in state first",
            at="op.alter_column",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER COLUMN state DROP NOT NULL')",
            dialect="postgresql",
            config={"select": ["drop-not-null"]},
            says="orders.state may be NULL from now on",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY state VARCHAR(20) NULL')",
            dialect="mysql",
            config={"select": ["drop-not-null"]},
            says="orders.state may be NULL from now on",
            at="ALTER TABLE orders",
        ),
    ),
    safe=(
        f"{ORDERS}op.alter_column('orders', 'state', nullable=True, existing_type=sa.String(20))",
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', nullable=True, existing_type=sa.Integer())",
            config={"select": ["drop-not-null"]},
        ),
    ),
)
def drop_not_null(operation: Operation, context: Context) -> Iterator[Problem]:
    found = _column_of(operation)
    if found is None:
        return
    table, column = found
    if context.is_unreleased(table) or context.is_new_column(table, column):
        return
    before = context.schema.column(table, column)
    if before and before.certain and before.nullable:
        return
    if context.undoes_upgrade(operation):
        return
    yield Problem(
        message=f"{table}.{column} may be NULL from now on, which code that is still running does "
        "not expect.",
        remedy=f"Deploy code that can read NULL in {column} first",
    )


def _column_of(operation: Operation) -> tuple[Name, str] | None:
    match operation:
        case DropNotNull(table=table, column=column):
            return table, column
        case ModifyColumn(table=table, column=column, meant=meant):
            if column.nullable and "nullable" in meant:
                return table, column.name
    return None
