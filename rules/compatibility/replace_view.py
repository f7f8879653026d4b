"""A view that is replaced gives other columns, or other rows, to code that is running.

PostgreSQL takes ACCESS EXCLUSIVE on the view for a moment, and lets a replacement add columns at
the end only; MySQL and MariaDB let it drop and rename them as well. A view that is dropped and made
again also loses its privileges. Options of views and functions change who may see what, or as whom
it runs.
"""

from collections.abc import Iterator

from guard.operations import AlterObject, CreateView, DropObject, Operation
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import ABSENT

VIEW = "op.execute('CREATE VIEW open_orders AS SELECT 1 AS id')"
REPLACE = "op.execute('CREATE OR REPLACE VIEW open_orders AS SELECT 2 AS id')"
COMPATIBLE = (
    "Let it give every column that running code reads, under the same name and of the same type; "
    "what is to go, goes in a later deployment."
)


@rule(
    CreateView,
    AlterObject,
    severity="warning",
    unsafe=(
        Example(
            released=(VIEW,),
            upgrade=REPLACE,
            dialect="postgresql",
            says="Replacing view open_orders changes what running code reads from it.",
            help="Let it give every column that running code reads, under the same name and of the "
            "same type",
            at="CREATE OR REPLACE",
        ),
        Example(
            released=(VIEW,),
            upgrade="""
            op.execute('DROP VIEW open_orders')
            op.execute('CREATE VIEW open_orders AS SELECT 2 AS id')
            """,
            says="Making view open_orders again changes what running code reads from it, and its "
            "privileges are gone.",
            help="Grant them again in this revision.",
            at="CREATE VIEW",
        ),
        Example(
            upgrade="op.execute('ALTER VIEW open_orders SET (security_invoker = true)')",
            dialect="postgresql",
            says="Options of view open_orders decide what running code gets from it.",
            at="ALTER VIEW",
        ),
    ),
    safe=(
        Example(upgrade=REPLACE, dialect="postgresql"),
        Example(upgrade=f"{VIEW}\n{REPLACE}", dialect="postgresql"),
    ),
)
def replace_view(change: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(change, AlterObject):
        yield from _options(change, context)
    if not isinstance(change, CreateView):
        return
    view = context.schema.view(change.name)
    if change.replace:
        if view is ABSENT or (view and context.is_made_here(view.created_by)):
            return
        yield Problem(
            message=f"Replacing view {change.name} changes what running code reads from it.",
            remedy=COMPATIBLE,
        )
    elif _was_dropped(change, context):
        yield Problem(
            message=f"Making view {change.name} again changes what running code reads from it, and "
            "its privileges are gone.",
            remedy=f"{COMPATIBLE} Grant them again in this revision.",
        )


def _was_dropped(create: CreateView, context: Context) -> bool:
    """Return whether an earlier statement of the upgrade dropped a view that code may read."""
    if context.statement.direction == "downgrade":
        return False
    before = [o for statement in context.before for o in statement.operations]
    dropped = any(isinstance(o, DropObject) and o.name == create.name for o in before)
    return dropped and not any(isinstance(o, CreateView) and o.name == create.name for o in before)


def _options(change: AlterObject, context: Context) -> Iterator[Problem]:
    if change.object_type not in ("view", "function", "procedure"):
        return
    if change.action not in ("set-option", "reset-option", "alter-column", "other"):
        return
    known = [o for o in context.schema.objects() if o.name == change.name]
    if known and all(context.is_made_here(o.created_by) for o in known):
        return
    yield Problem(
        message=f"Options of {change.object_type} {change.name} decide what running code gets from "
        "it.",
        remedy="Try running code against it, under the roles that use it, before you deploy.",
    )
