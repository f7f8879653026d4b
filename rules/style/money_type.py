"""money rounds to the fraction of the locale that the server happens to have.

Its values change their meaning with lc_monetary, and it has no currency. numeric keeps what is
written. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["money-type"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', postgresql.MONEY()))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is money, whose fraction and sign depend on lc_monetary.",
            help="Make it numeric",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', sa.Numeric(12, 2)))",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.Numeric(12, 2)))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def money_type(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name == "money":
            yield Problem(
                message=f"Column {table}.{column} is money, whose fraction and sign "
                "depend on lc_monetary.",
                remedy="Make it numeric, with the currency in a column of its own",
            )
