"""A dropped database is everything gone at once.

A migration runs inside the database that it changes; one that drops a database is a mistake, or
belongs in an operator's hands.
"""

from collections.abc import Iterator

from guard.facts import DestructiveCall
from guard.operations import DropDatabase
from guard.phrases import APPROVE
from guard.rule import Context, Example, Problem, rule


@rule(
    DropDatabase,
    DestructiveCall,
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
        Example(
            path="app/service.py",
            source="""
            def forget(cursor):
                cursor.execute("DROP DATABASE reporting")
            """,
            says="This drops database reporting with all that is in it each time the code runs.",
            help="Let an operator drop it by a reviewed procedure; if the code is meant to, record "
            "who agreed",
            at="cursor.execute",
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
def drop_database(drop: DropDatabase | DestructiveCall, context: Context) -> Iterator[Problem]:
    if isinstance(drop, DestructiveCall):
        if drop.does == "drop database":
            yield Problem(
                message=f"This drops database {drop.tables} with all that is in it each time the "
                "code runs.",
                remedy="Let an operator drop it by a reviewed procedure; if the code is meant to, "
                f"{APPROVE}",
            )
        return
    if context.undoes_upgrade(drop):
        return
    yield Problem(
        message=f"Dropping database {drop.name} deletes everything in it, for good.",
        remedy="Take it out of the migration and let an operator drop it by a reviewed procedure; "
        f"if it must be here, {APPROVE}",
    )
