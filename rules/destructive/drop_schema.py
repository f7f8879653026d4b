"""A dropped schema takes all its tables with it.

On MySQL and MariaDB, and with CASCADE on PostgreSQL, nothing asks what is in it. Without CASCADE
PostgreSQL refuses to drop it while it holds anything. Drop the objects one by one, so that each
drop is seen and approved, and the empty schema last.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing
from guard.facts import DestructiveCall
from guard.operations import DropSchema, Name
from guard.phrases import APPROVE, dropped_by_code
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import ABSENT

HOLDING = """
op.execute('CREATE SCHEMA reporting')
op.create_table('days', sa.Column('day', sa.Date(), primary_key=True), schema='reporting')
"""


@rule(
    DropSchema,
    DestructiveCall,
    approvable=True,
    instructs=("NEVER use `DROP SCHEMA`",),
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
            upgrade="op.execute('DROP SCHEMA reporting')",
            dialect="postgresql",
            says="Dropping schema reporting fails as long as it holds anything.",
            help="Drop the objects of reporting one by one, then the empty schema",
            at="DROP SCHEMA",
        ),
        Example(
            released=(HOLDING,),
            upgrade="op.execute('DROP SCHEMA reporting')",
            dialect="postgresql",
            says="Dropping schema reporting fails, since it still holds table reporting.days.",
            at="DROP SCHEMA",
        ),
        Example(
            downgrade="op.execute('DROP SCHEMA reporting')",
            says="and no upgrade restores it.",
            at="DROP SCHEMA",
        ),
        Example(
            path="app/service.py",
            source="""
            def forget(cursor):
                cursor.execute("DROP SCHEMA reporting CASCADE")
            """,
            says="This drops schema reporting with all its tables each time the code runs",
            help="Drop it in a revision, where a downgrade and a review belong to it. If the code "
            "is meant to, record who agreed",
            at="cursor.execute",
        ),
    ),
    safe=(
        Example(
            released=(HOLDING,),
            upgrade="op.execute('DROP SCHEMA IF EXISTS never_made CASCADE')",
            dialect="postgresql",
        ),
        Example(
            released=("op.execute('CREATE SCHEMA reporting')",),
            upgrade="op.execute('DROP SCHEMA reporting')",
            dialect="postgresql",
        ),
        Example(upgrade="op.execute('CREATE SCHEMA reporting')", dialect="mysql"),
        Example(
            upgrade="op.execute('CREATE SCHEMA reporting')",
            downgrade="op.execute('DROP SCHEMA reporting')",
            dialect="postgresql",
        ),
    ),
)
def drop_schema(drop: DropSchema | DestructiveCall, context: Context) -> Iterator[Problem]:
    if isinstance(drop, DestructiveCall):
        if drop.does == "drop schema":
            message, remedy = dropped_by_code(f"schema {drop.tables} with all its tables", "")
            yield Problem(message=message, remedy=remedy)
        return
    if context.undoes_upgrade(drop) or drops_nothing(drop, context):
        return
    effect = _effect(drop, context)
    if effect is None:
        return
    yield Problem(
        message=f"Dropping schema {drop.name} {effect}.",
        remedy=f"Drop the objects of {drop.name} one by one, then the empty schema, and {APPROVE}",
    )


def _effect(drop: DropSchema, context: Context) -> str | None:
    """Return what becomes of what is in it, None where that is surely nothing."""
    final = f"and no {context.statement.opposite_direction} restores it"
    if drop.cascade:
        return f"deletes every table in it, {final}"
    if context.server.dialect != "postgresql":
        return f"is final, whatever it still holds, {final}"
    held = [*_held(drop.name, context)]
    if held:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        return f"fails, since it still holds {held[0]}{more}"
    objects = context.schema.objects()
    made = any(o.object_type == "schema" and o.certain and o.name == drop.name for o in objects)
    is_empty = made and context.schema.unlisted() is ABSENT
    return None if is_empty else "fails as long as it holds anything"


def _held(schema: Name, context: Context) -> Iterator[str]:
    """Yield what is surely in the schema, in words."""
    for table in context.schema.tables():
        if table.certain and table.name.schema == schema.name:
            yield f"table {table.name}"
    for item in context.schema.objects():
        if item.certain and item.name.schema == schema.name:
            yield f"{item.object_type} {item.name}"
