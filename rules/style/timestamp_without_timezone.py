"""A timestamp without a time zone does not say which moment it means.

timestamp keeps what a clock on the wall showed, and compares it with whatever the session's zone
is; timestamptz keeps the moment, in as many bytes. timestamp(0) rounds up to the next second, which
may lie in the future. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["timestamp-without-timezone"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.DateTime()))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is a timestamp without time zone: nobody knows which moment it means.",
            help="Make it sa.DateTime(timezone=True)",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', sa.DateTime(timezone=True)))",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a timestamptz(0)')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a rounds to whole seconds, up as well as down.",
            help="Leave the precision out",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE t ADD COLUMN a timestamptz')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.DateTime(timezone=True)))",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.Date()))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def timestamp_without_timezone(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name not in ("timestamp", "datetime"):
            continue
        if not kind.timezone:
            zoned = "timestamptz" if context.statement.in_sql_file else "sa.DateTime(timezone=True)"
            yield Problem(
                message=f"Column {table}.{column} is a timestamp without time zone: nobody knows "
                "which moment it means.",
                remedy=f"Make it {zoned}",
            )
        elif kind.precision == 0:
            yield Problem(
                message=f"Column {table}.{column} rounds to whole seconds, up as well as down.",
                remedy="Leave the precision out, and cut off with date_trunc() where it matters",
            )
