"""Binary fractions do not hold decimal ones: 0.1 + 0.2 is not 0.3.

real and double precision are for measurements; sums of money and other decimals belong in numeric.
Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["float-type"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.Float()))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is a binary fraction, which does not hold decimal ones exactly.",
            help="Make it numeric",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', sa.Numeric()))",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a double precision')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is a binary fraction",
            help="Make it numeric",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE t ADD COLUMN a numeric')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.Numeric()))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def float_type(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name in ("real", "double", "float"):
            yield Problem(
                message=f"Column {table}.{column} is a binary fraction, which does not hold "
                "decimal ones exactly.",
                remedy="Make it numeric where the decimals matter",
            )
