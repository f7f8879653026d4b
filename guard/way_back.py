"""Where a downgrade leads: what is otherwise after it than before the upgrade."""

from __future__ import annotations

from guard.context import Context
from guard.facts import Migration
from guard.finding import Foretold
from guard.operations import Delete, Insert, Merge, Opaque, Operation, Truncate, Update, is_known
from guard.schema.model import Difference
from guard.statement import Statement, Steps

UNDO = "Undo in the downgrade everything that the upgrade did, in reverse order"
ENUM_TYPE = "enum type"
ROWS = (Delete, Insert, Merge, Truncate, Update)


def unrestored(migration: Migration, context: Context) -> tuple[Difference, ...]:
    """Return what the downgrade leaves, or does not bring back.

    Nothing where it declares that there is no way back, or was not understood.
    """
    if not is_judged(migration, context):
        return ()
    found = tuple(
        difference
        for change in migration.schemas
        for difference in change.before.unrestored(change.between, change.after)
    )
    if _is_read(statements_of(migration.upgrade, context)):
        return found
    return tuple(d for d in found if d.how == "left over")  # what it made is known all the same


def is_judged(migration: Migration, context: Context) -> bool:
    """Return whether there is a downgrade that claims to lead back, and all of it was read."""
    return (
        migration.irreversible is None
        and migration.downgrade.raises is None
        and migration.downgrade.changes(context.server.dialect)
        and _is_read(statements_of(migration.downgrade, context))
    )


def statements_of(steps: Steps, context: Context) -> list[Statement]:
    """Return the statements of a direction that run on this server."""
    dialect = context.server.dialect
    return [s for s in steps.statements if dialect is None or s.applies_to(dialect)]


def is_type_left(difference: Difference) -> bool:
    """Return whether it is an enum type that the downgrade leaves."""
    return difference.how == "left over" and difference.kind == ENUM_TYPE


def foretold(difference: Difference) -> Foretold:
    """Return the difference as a round trip will show it."""
    return Foretold(
        how=difference.how,
        kind=difference.kind,
        name=difference.name,
        table=difference.table,
        columns=difference.columns,
    )


def _is_read(statements: list[Statement]) -> bool:
    """Return whether all that they do to the schema was understood."""
    return all(_is_clear(o) for statement in statements for o in statement.operations)


def _is_clear(operation: Operation) -> bool:
    if isinstance(operation, Opaque):
        return False
    return isinstance(operation, ROWS) or is_known(operation.subject)
