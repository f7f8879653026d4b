"""A dropped database is everything gone at once.

A migration runs inside the database that it changes; one that drops a database is a mistake, or
belongs in an operator's hands.
"""

from collections.abc import Iterator

from guard.operations import DropDatabase
from guard.phrases import APPROVE
from guard.rule import Context, Example, Problem, rule


@rule(
    DropDatabase,
    approvable=True,
    instructs=("NEVER use `DROP DATABASE`",),
    unsafe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('DROP DATABASE reporting')
            """,
            says="Dropping database reporting deletes everything in it, for good.",
            help="Take it out of the migration and let an operator drop it by a reviewed "
            "procedure; if it must be here, record who agreed: guard approve",
            at="DROP DATABASE",
        ),
    ),
    safe=(
        "op.execute('SELECT 1')",
        Example(
            upgrade="op.execute('CREATE DATABASE reporting')",
            downgrade="op.execute('DROP DATABASE reporting')",
            dialect="mysql",
        ),
    ),
)
def drop_database(drop: DropDatabase, context: Context) -> Iterator[Problem]:
    if context.undoes_upgrade(drop):
        return
    yield Problem(
        message=f"Dropping database {drop.name} deletes everything in it, for good.",
        remedy="Take it out of the migration and let an operator drop it by a reviewed procedure; "
        f"if it must be here, {APPROVE}",
    )
