"""A dropped schema takes all its tables with it.

On MySQL and MariaDB, and with CASCADE on PostgreSQL, nothing asks what is in it. Drop the objects
one by one, so that each drop is seen and approved, and the empty schema last.
"""

from collections.abc import Iterator

from guard.operations import DropSchema
from guard.phrases import APPROVE
from guard.rule import Context, Example, Problem, rule


@rule(
    DropSchema,
    approvable=True,
    unsafe=(
        Example(
            upgrade="op.execute('DROP SCHEMA reporting')",
            says="Dropping schema reporting is final, whatever it still holds, and no downgrade "
            "restores it.",
            help="Drop the objects of reporting one by one, then the empty schema, and record who "
            "agreed: guard approve",
            at="DROP SCHEMA",
        ),
        Example(
            upgrade="op.execute(sa.schema.DropSchema('reporting'))",
            says="Dropping schema reporting is final",
            at="op.execute",
        ),
        Example(
            upgrade="""
            # guard: ignore[drop-cascade] nothing outside of the schema uses it
            op.execute('DROP SCHEMA reporting CASCADE')
            """,
            says="Dropping schema reporting deletes every table in it, and no downgrade restores "
            "it.",
            at="DROP SCHEMA",
        ),
        Example(
            downgrade="op.execute('DROP SCHEMA reporting')",
            says="and no upgrade restores it.",
            at="DROP SCHEMA",
        ),
    ),
    safe=(
        "op.execute('CREATE SCHEMA reporting')",
        Example(
            upgrade="op.execute('CREATE SCHEMA reporting')",
            downgrade="op.execute('DROP SCHEMA reporting')",
        ),
    ),
)
def drop_schema(drop: DropSchema, context: Context) -> Iterator[Problem]:
    if context.undoes_upgrade(drop):
        return
    effect = "deletes every table in it" if drop.cascade else "is final, whatever it still holds"
    yield Problem(
        message=f"Dropping schema {drop.name} {effect}, "
        f"and no {context.statement.opposite_direction} restores it.",
        remedy=f"Drop the objects of {drop.name} one by one, then the empty schema, and {APPROVE}",
    )
