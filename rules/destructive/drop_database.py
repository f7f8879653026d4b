"""A dropped database is everything gone at once.

A migration runs inside the database that it changes; one that drops a database is a mistake, or
belongs into an operator's hands.
"""

from collections.abc import Iterator

from guard.operations import DropDatabase
from guard.rule import Context, Problem, rule


@rule(
    DropDatabase,
    approvable=True,
    unsafe=(
        """
        with op.get_context().autocommit_block():
            op.execute('DROP DATABASE reporting')
        """,
    ),
    safe=("op.execute('SELECT 1')",),
)
def drop_database(drop: DropDatabase, context: Context) -> Iterator[Problem]:
    if context.undoes_upgrade(drop):
        return
    yield Problem(
        message=f"Dropping database {drop.name} deletes everything in it, for good.",
        remedy="Take it out of the migration and let an operator do it from a reviewed procedure; "
        "if it must be here, record who agreed: guard approve",
    )
