"""A length in the type is a rule of the data that is hard to change.

text and varchar are the same to PostgreSQL. A longer varchar is free, but a shorter one writes the
table anew; a CHECK on the length can be added NOT VALID and changed at any time. Off unless it is
selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["varchar-limit"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.String(50)))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is limited to 50 characters by its type.",
            help="Make it text, with a CHECK (char_length(a) <= 50)",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', sa.Text()))",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a varchar(9)')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is limited to 9 characters",
            help="Make it text",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE t ADD COLUMN a text')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.Text()))",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a varchar')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def varchar_limit(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name == "varchar" and kind.length is not None and not kind.enum_name:
            yield Problem(
                message=f"Column {table}.{column} is limited to {kind.length} characters "
                "by its type.",
                remedy=f"Make it text, with a CHECK (char_length({column}) <= {kind.length}) "
                "where the limit matters",
            )
