"""An UPDATE without a WHERE changes every row, and the old values are gone.

It also locks every row until the transaction ends, for as long as the table is large. A WHERE that
leaves out rows that are right already makes it smaller, and safe to repeat.
"""

from collections.abc import Iterator

from guard.operations import Update
from guard.rule import Context, Problem, rule

REMEDY_FOR_SMALL_TABLES = (
    "where the table is small, say so: # guard: ignore[update-without-where] <how many rows>"
)


@rule(
    Update,
    severity="warning",
    unsafe=(
        """op.execute("UPDATE orders SET status = 'open'")""",
        "op.execute(sa.table('orders', sa.column('status')).update().values(status='open'))",
    ),
    safe=("""op.execute("UPDATE orders SET status = 'open' WHERE status IS NULL")""",),
)
def update_without_where(update: Update, context: Context) -> Iterator[Problem]:
    if not update.all_rows or context.is_unreleased(update.table):
        return
    if context.is_empty(update.table):
        return
    columns = ", ".join(update.columns) or "its columns"
    fills = update.columns and all(context.is_new_column(update.table, c) for c in update.columns)
    yield Problem(
        message=f"It {'fills' if fills else 'overwrites'} {columns} in every row of {update.table} "
        "at once and locks each row until the transaction ends; the longer the table, the longer.",
        remedy="Fill it in batches, outside of the migration's transaction; "
        + REMEDY_FOR_SMALL_TABLES
        if fills
        else "Add a WHERE that leaves out the rows that need no change; " + REMEDY_FOR_SMALL_TABLES,
    )
