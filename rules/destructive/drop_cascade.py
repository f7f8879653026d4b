"""CASCADE drops what depends on the object, whatever that is on the day it runs.

On another server, or a month later, it may be a view, a foreign key or a column default that nobody
listed. Drop the dependants by name first: then the migration says what it does, and fails where
something unexpected still depends on the object.
"""

from collections.abc import Iterator

from guard.operations import (
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropSchema,
    DropTable,
    Operation,
    Truncate,
)
from guard.rule import Context, Problem, rule

CASCADING = (DropTable, DropColumn, DropSchema, DropConstraint, DropIndex, DropObject, Truncate)


@rule(
    *CASCADING,
    unsafe=(
        "op.execute('ALTER TABLE orders DROP CONSTRAINT orders_customer_fk CASCADE')",
        "op.execute('DROP VIEW open_orders CASCADE')",
    ),
    safe=("op.execute('DROP VIEW IF EXISTS open_orders')",),
)
def drop_cascade(drop: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(drop, CASCADING) or not drop.cascade:
        return
    if isinstance(drop, Truncate):
        what = "empties every table that references it"
        remedy = "Name the tables that are to be emptied with it, and leave out CASCADE."
    else:
        what = "drops everything that depends on it"
        remedy = "Drop the dependants by name in this revision, then leave out CASCADE."
    yield Problem(
        message=f"CASCADE on {drop.subject} also {what}, without naming it.", remedy=remedy
    )
