"""A dropped schema takes all its tables with it.

With CASCADE nothing asks what is in it. Drop the objects one by one, so that each drop is seen and
approved, and the empty schema last.
"""

from collections.abc import Iterator

from guard.operations import DropSchema
from guard.rule import Context, Problem, rule


@rule(
    DropSchema,
    approvable=True,
    unsafe=(
        "op.execute('DROP SCHEMA reporting')",
        "op.execute(sa.schema.DropSchema('reporting'))",
    ),
    safe=("op.execute('CREATE SCHEMA reporting')",),
)
def drop_schema(drop: DropSchema, context: Context) -> Iterator[Problem]:
    if context.undoes_upgrade(drop):
        return
    effect = "deletes every table in it" if drop.cascade else "is final, whatever it still holds"
    yield Problem(
        message=f"Dropping schema {drop.name} {effect}, "
        f"and no {context.statement.opposite_direction} restores it.",
        remedy=f"Drop the objects of {drop.name} one by one, then the empty schema, and record "
        "who agreed: guard approve",
    )
