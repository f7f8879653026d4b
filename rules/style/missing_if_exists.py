"""What runs outside of a transaction can stop half-way, and IF EXISTS lets it run once more.

Inside a transaction nothing of a failed migration stays, and IF NOT EXISTS would only hide that
something else stands there. Outside of it (in an autocommit block) the second run meets what the
first one has done. CREATE INDEX CONCURRENTLY is left alone: there IF NOT EXISTS hides an invalid
index. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import (
    AddColumn,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
    Operation,
)
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["missing-if-exists"]}


@rule(
    CreateTable,
    AddColumn,
    DropTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.drop_index('ix', 'orders', postgresql_concurrently=True)
            """,
            dialect="postgresql",
            config=SELECTED,
            says="Dropping ix outside of a transaction fails when the migration runs once more "
            "after it stopped half-way.",
            help="Add if_exists=True, or IF EXISTS in SQL",
            at="op.drop_index",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('CREATE TABLE logs (id int PRIMARY KEY)')
            """,
            dialect="postgresql",
            config=SELECTED,
            says="Making logs outside of a transaction fails",
            help="Add if_not_exists=True, or IF NOT EXISTS in SQL",
            at="CREATE TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.drop_index('ix', 'orders', postgresql_concurrently=True, if_exists=True)
                op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)
            """,
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def missing_if_exists(operation: Operation, context: Context) -> Iterator[Problem]:
    if context.transaction.begun or context.statement.condition is not None:
        return
    match operation:
        case CreateTable(if_not_exists=False) | AddColumn(if_not_exists=False):
            verb, word = "Making", "not_exists"
        case (
            DropTable(if_exists=False)
            | DropColumn(if_exists=False)
            | DropConstraint(if_exists=False)
            | DropIndex(if_exists=False)
            | DropObject(if_exists=False)
        ):
            verb, word = "Dropping", "exists"
        case _:
            return
    sql = word.replace("_", " ").upper()
    yield Problem(
        message=f"{verb} {operation.subject} outside of a transaction fails when the migration "
        "runs once more after it stopped half-way.",
        remedy=f"Add if_{word}=True, or IF {sql} in SQL",
    )
