"""A dropped view, function, type or the like breaks whoever still uses it.

Code that is running while the migration is deployed reads the view, calls the function and takes
numbers from the sequence until it is replaced. A trigger or policy that goes no longer does what it
was for, and says nothing. What was made in this same deployment, or is made again in this revision,
is no problem.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing, objects_named
from guard.action_words import ObjectType
from guard.operations import DropObject, RenameObject, is_known
from guard.phrases import say_so
from guard.renames import is_taken_again, same_name
from guard.rule import Context, Example, Problem, rule

READS = "running code that still reads it fails"
CALLS = "running code that still calls it fails"
# What is judged, and what its drop does.
EFFECTS: dict[ObjectType, str] = {
    "aggregate": CALLS,
    "collation": "whatever names it fails",
    "domain": "running code that still casts to it fails",
    "event": "what it did is no longer done, and nothing says so",
    "event trigger": "what it did is no longer done, and nothing says so",
    "extension": "its types, functions and operators go with it",
    "foreign table": READS,
    "function": CALLS,
    "materialized view": READS,
    "operator": "queries that still use it fail",
    "policy": "rows that it let through disappear for those it was for, or rows that it kept back "
    "appear",
    "procedure": CALLS,
    "routine": CALLS,
    "rule": "what it did is no longer done, and nothing says so",
    "sequence": "the numbers it counted to are gone, and running code that still asks it fails",
    "trigger": "what it did is no longer done, and nothing says so",
    "type": "running code that still casts to it fails",
    "view": READS,
    "virtual table": READS,
}
VIEW = "op.execute('CREATE VIEW open_orders AS SELECT 1 AS id')"
DROP = "op.execute('DROP VIEW open_orders')"


@rule(
    DropObject,
    severity="warning",
    unsafe=(
        Example(
            upgrade=DROP,
            says="Dropping view open_orders: running code that still reads it fails.",
            help="Deploy code that does without it first, and drop it in a later deployment. If "
            "that "
            "is so: # guard: ignore[drop-object] <who used it, and since when no more>",
            at="DROP VIEW",
        ),
        Example(
            upgrade="op.execute('DROP FUNCTION app.total(integer)')",
            dialect="postgresql",
            says="Dropping function app.total: running code that still calls it fails.",
            at="DROP FUNCTION",
        ),
        Example(
            upgrade="op.execute('DROP TRIGGER touched ON orders')",
            dialect="postgresql",
            says="Dropping trigger touched of orders: what it did is no longer done, and nothing "
            "says so.",
            at="DROP TRIGGER",
        ),
        Example(
            upgrade="op.execute('DROP TYPE mood')",
            dialect="postgresql",
            says="Dropping type mood: running code that still casts to it fails.",
            at="DROP TYPE",
        ),
    ),
    safe=(
        f"{VIEW}\n{DROP}",
        Example(upgrade=VIEW, downgrade=DROP),
        Example(
            upgrade="""
            op.execute('DROP TRIGGER IF EXISTS touched ON orders')
            op.create_table('orders', sa.Column('id', sa.Integer()))
            op.execute('CREATE TRIGGER touched BEFORE UPDATE ON orders EXECUTE FUNCTION touch()')
            """,
            dialect="postgresql",
        ),
        Example(released=(VIEW,), upgrade="op.execute('DROP VIEW IF EXISTS never_made')"),
    ),
)
def drop_object(drop: DropObject, context: Context) -> Iterator[Problem]:
    effect = EFFECTS.get(drop.object_type)
    if effect is None or not is_known(drop.name) or context.undoes_upgrade(drop):
        return
    if drop.table and context.is_unreleased(drop.table):
        return
    if _is_made_here(drop, context) or drops_nothing(drop, context) or _is_replaced(drop, context):
        return
    of_table = f" of {drop.table}" if drop.table else ""
    silenced = say_so(context.statement, "drop-object", "who used it, and since when no more")
    yield Problem(
        message=f"Dropping {drop.object_type} {drop.name}{of_table}: {effect}.",
        remedy="Deploy code that does without it first, and drop it in a later deployment. If that "
        f"is so: {silenced}",
    )


def _is_made_here(drop: DropObject, context: Context) -> bool:
    """Return whether this deployment made it."""
    found = objects_named(drop, context)
    return bool(found) and all(o.certain and context.is_made_here(o.created_by) for o in found)


def _is_replaced(drop: DropObject, context: Context) -> bool:
    """Return whether another takes its place in this revision, or was put aside for one before."""
    aside = (o for statement in context.before for o in statement.operations)
    return is_taken_again(drop.name, drop, context) or any(
        isinstance(o, RenameObject) and same_name(o.new, drop.name) for o in aside
    )
