"""json keeps the text as it was written, and has no equality.

SELECT DISTINCT, GROUP BY and UNION fail over a json column, and no index helps to look into it.
jsonb has all of that. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["json-type"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.JSON()))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is json: DISTINCT, GROUP BY and UNION over it fail.",
            help="Make it jsonb: postgresql.JSONB()",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', postgresql.JSONB()))",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a json')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is json",
            help="Make it jsonb",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE t ADD COLUMN a jsonb')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', postgresql.JSONB()))",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a jsonb')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def json_type(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name == "json":
            yield Problem(
                message=f"Column {table}.{column} is json: DISTINCT, GROUP BY and UNION "
                "over it fail.",
                remedy="Make it jsonb: postgresql.JSONB()"
                if not context.statement.in_sql_file
                else "Make it jsonb",
            )
