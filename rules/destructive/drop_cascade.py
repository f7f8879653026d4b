"""CASCADE drops what depends on the object, whatever that is on the day it runs.

On another server, or a month later, it may be a view, a foreign key or a column default that nobody
listed. Drop the dependants by name first: then the migration says what it does, and fails where
something unexpected still depends on the object.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing
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
from guard.renames import same_name
from guard.rule import Context, Example, Problem, rule

CASCADING = (DropTable, DropColumn, DropSchema, DropConstraint, DropIndex, DropObject, Truncate)


@rule(
    *CASCADING,
    instructs=("NEVER use `CASCADE`: first drop what depends on the object, by its name",),
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders DROP CONSTRAINT orders_customer_fk CASCADE')",
            says="CASCADE drops whatever depends on orders.orders_customer_fk, without naming it.",
            help="Drop the dependants by name in this revision, then leave out CASCADE.",
            at="ALTER TABLE orders DROP CONSTRAINT",
        ),
        Example(
            upgrade="op.execute('DROP VIEW open_orders CASCADE')",
            says="CASCADE drops whatever depends on open_orders, without naming it.",
            at="DROP VIEW",
        ),
        Example(
            upgrade="""
            op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
            op.execute('TRUNCATE scratch CASCADE')
            """,
            says="CASCADE empties every table that references scratch, without naming any.",
            help="Name the tables that are to be emptied with it, and leave out CASCADE.",
            at="TRUNCATE",
        ),
    ),
    safe=(
        "op.execute('CREATE VIEW open_orders AS SELECT 1')\nop.execute('DROP VIEW open_orders')",
        Example(
            upgrade="""
            op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
            op.execute('DROP TABLE scratch CASCADE')
            """,
            dialect="postgresql",
        ),
    ),
)
def drop_cascade(drop: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(drop, CASCADING) or not drop.cascade or _made_here(drop, context):
        return
    if not isinstance(drop, Truncate) and drops_nothing(drop, context):
        return
    if isinstance(drop, Truncate):
        yield Problem(
            message=f"CASCADE empties every table that references {drop.table}, without naming "
            "any.",
            remedy="Name the tables that are to be emptied with it, and leave out CASCADE.",
        )
    else:
        yield Problem(
            message=f"CASCADE drops whatever depends on {drop.subject}, without naming it.",
            remedy="Drop the dependants by name in this revision, then leave out CASCADE.",
        )


def _made_here(drop: Operation, context: Context) -> bool:
    """Return whether it is of this deployment: nothing that was there before depends on it."""
    if context.undoes_upgrade(drop):
        return True
    match drop:
        case DropTable(table=table):
            return context.is_unreleased(table)
        case DropColumn(table=table, column=column):
            return context.is_unreleased(table) or context.is_new_column(table, column)
        case DropObject(name=name):
            found = [o for o in context.schema.objects() if same_name(o.name, name)]
            return bool(found) and all(context.is_made_here(item.created_by) for item in found)
    return False
