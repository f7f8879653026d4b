"""A table without its schema is made wherever the search_path of the session points.

With another user, or another search_path, the same migration makes or changes another table. Off
unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddColumn, CreateTable, CreateView, DropTable, Name, Operation
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["unqualified-name"]}


@rule(
    CreateTable,
    DropTable,
    AddColumn,
    CreateView,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
            says="logs has no schema: which one it is depends on the search_path.",
            help="Name the schema: schema='public', or public.logs in SQL",
            at="op.create_table",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            op.create_table(
                'logs', sa.Column('id', sa.Integer(), primary_key=True), schema='public'
            )
            """,
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.execute('CREATE TEMPORARY TABLE ids (id int PRIMARY KEY)')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def unqualified_name(operation: Operation, context: Context) -> Iterator[Problem]:
    name = getattr(operation, "table", None) or getattr(operation, "name", None)
    temporary = isinstance(operation, CreateTable) and operation.temporary
    if not isinstance(name, Name) or name.schema or temporary:
        return
    table = context.schema.table(name)
    if table and table.temporary:
        return
    yield Problem(
        message=f"{name} has no schema: which one it is depends on the search_path.",
        remedy=f"Name the schema: schema='public', or public.{name} in SQL",
    )
