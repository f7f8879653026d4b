"""An UPDATE without a WHERE changes every row, and the old values are gone.

It also locks every row until the transaction ends, and on a large table that takes long. A WHERE
that leaves out rows that are right already makes it smaller, and safe to repeat. Where it fills a
column that was added, nothing is gone: see backfill.
"""

from collections.abc import Iterator

from guard.column_code import fills_new_columns
from guard.operations import Update
from guard.phrases import say_so
from guard.rule import Context, Example, Problem, rule

SMALL = "where the table is small, say so: "
IN_PYTHON = f"{SMALL}# guard: ignore[update-without-where] <how many rows>"


@rule(
    Update,
    severity="warning",
    instructs=("NEVER use `UPDATE` without a `WHERE`: leave out the rows that are right already",),
    unsafe=(
        Example(
            upgrade="""
            op.execute("UPDATE orders SET status = 'open'")
            """,
            says="The UPDATE overwrites `status` in every row of orders and locks them all until "
            "the transaction ends: the larger the table, the longer other writers wait.",
            help=f"Add a WHERE that leaves out the rows that need no change; {IN_PYTHON}",
            at="UPDATE orders",
        ),
        Example(
            upgrade="""
            op.execute("UPDATE orders SET status = 'open' WHERE id IS NOT NULL")
            """,
            says="The UPDATE overwrites `status` in every row of orders",
            at="UPDATE orders",
        ),
        Example(
            upgrade="op.execute(sa.table('orders', sa.column('status')).update()"
            ".values(status='open'))",
            says="The UPDATE overwrites `status` in every row of orders",
            at="op.execute",
        ),
        Example(
            upgrade="op.execute('UPDATE orders SET status = status')",
            says="The UPDATE writes every row of orders anew without changing a value, and locks",
            help=f"Do it in batches, outside the migration's transaction; {IN_PYTHON}",
            at="UPDATE orders",
        ),
    ),
    safe=("""op.execute("UPDATE orders SET status = 'open' WHERE status IS NULL")""",),
)
def update_without_where(update: Update, context: Context) -> Iterator[Problem]:
    never_null = [context.is_never_null(update.table, column) for column in update.but_nulls]
    if not (update.all_rows or (never_null and all(never_null))):
        return
    if context.is_unreleased(update.table):
        return
    if context.is_empty(update.table) or fills_new_columns(update, context):
        return
    small = SMALL + say_so(context.statement, "update-without-where", "how many rows")
    if update.changes_nothing:
        yield Problem(
            message=f"The UPDATE writes every row of {update.table} anew without changing a value, "
            "and locks them all until the transaction ends: the larger the table, the longer other "
            "writers wait.",
            remedy=f"Do it in batches, outside the migration's transaction; {small}",
        )
        return
    columns = ", ".join(f"`{column}`" for column in update.columns) or "its columns"
    yield Problem(
        message=f"The UPDATE overwrites {columns} in every row of {update.table} and locks them "
        "all until the transaction ends: the larger the table, the longer other writers wait.",
        remedy=f"Add a WHERE that leaves out the rows that need no change; {small}",
    )
