"""char(n) pads values with blanks, and saves no room for it.

PostgreSQL stores the blanks, ignores them where it compares, and drops them where it casts to text;
varchar and text are as fast. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule
from guard.type_code import typed_columns

SELECTED = {"select": ["char-type"]}


@rule(
    CreateTable,
    AddColumn,
    ChangeColumnType,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.CHAR(3)))",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is char(3): its values are padded with blanks.",
            help="Make it text",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('a', sa.Text()))",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a bpchar')",
            dialect="postgresql",
            config=SELECTED,
            says="Column t.a is char(1)",
            help="Make it text",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE t ADD COLUMN a text')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('a', sa.String(3)))",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE t ADD COLUMN a text')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def char_type(operation: Operation, context: Context) -> Iterator[Problem]:
    for table, column, kind in typed_columns(operation):
        if kind.name == "char":
            yield Problem(
                message=f"Column {table}.{column} is char({kind.length or 1}): its values are "
                "padded with blanks.",
                remedy="Make it text, or varchar(n) where the length matters",
            )
