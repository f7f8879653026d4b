"""An UPDATE without a WHERE changes every row, and the old values are gone.

It also locks every row until the transaction ends, for as long as the table is large. A WHERE that
leaves out rows that are right already makes it smaller, and safe to repeat.
"""

from collections.abc import Iterator

from guard.operations import Update
from guard.rule import Context, Problem, rule


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
    if not update.all_rows or context.is_new(update.table):
        return
    columns = ", ".join(update.columns) or "its columns"
    yield Problem(
        message=f"It overwrites {columns} in every row of {update.table} and locks each row until "
        "the transaction ends; the longer the table, the longer.",
        remedy="Add a WHERE that leaves out the rows that need no change"
        + (f": WHERE {update.columns[0]} IS NULL" if update.columns else ""),
    )
