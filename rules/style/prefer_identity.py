"""serial is a sequence beside the column, with rights and an owner of its own.

An identity column has its sequence inside: grants on the table are enough, nobody overwrites it by
accident (GENERATED ALWAYS), and a copy of the table's definition gets one of its own. SQLAlchemy
makes a serial of every integer primary key unless it has an sa.Identity(). Off unless it is
selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["prefer-identity"]}


@rule(
    CreateTable,
    AddColumn,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.BigInteger(), primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.id is a serial.",
            help="Make it an identity column: sa.Identity(always=True)",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('id', sa.BigInteger(), sa.Identity(always=True), "
            "primary_key=True))",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE t (id bigserial PRIMARY KEY)')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.id is a serial.",
            help="Make it an identity column: GENERATED ALWAYS AS IDENTITY",
            at="CREATE TABLE",
            fixed="op.execute('CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY "
            "KEY)')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.BigInteger(), sa.Identity(), "
            "primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.Uuid(), primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def prefer_identity(operation: Operation, context: Context) -> Iterator[Problem]:
    match operation:
        case CreateTable(table=table, columns=columns):
            pass
        case AddColumn(table=table, column=column):
            columns = (column,)
        case _:
            return
    identity = (
        "GENERATED ALWAYS AS IDENTITY" if context.statement.sql else "sa.Identity(always=True)"
    )
    for column in columns:
        if column.generated and column.generated.by == "serial":
            yield Problem(
                message=f"Column {table}.{column.name} is a serial.",
                remedy=f"Make it an identity column: {identity}",
            )
