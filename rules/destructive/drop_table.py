"""A dropped table takes its rows with it.

No downgrade brings the rows back, and code that is still running fails on the next query. On
PostgreSQL the drop also waits for an ACCESS EXCLUSIVE lock on the table and on every table that its
foreign keys reference. Stop using the table first, keep a copy for as long as you might want it,
and have the drop approved by somebody who knows that the rows are not needed.
"""

from collections.abc import Iterator

from guard.operations import DropTable
from guard.rule import Context, Problem, rule


@rule(
    DropTable,
    approvable=True,
    unsafe=(
        "op.drop_table('orders')",
        "op.execute('DROP TABLE IF EXISTS orders')",
    ),
    safe=(
        "op.add_column('orders', sa.Column('note', sa.Text()))",
        """
        op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
        op.drop_table('scratch')
        """,
    ),
)
def drop_table(drop: DropTable, context: Context) -> Iterator[Problem]:
    if context.is_unreleased(drop.table) or context.undoes_upgrade(drop):
        return
    back = context.statement.opposite_direction
    remedy = (
        f"Deploy code that no longer uses {drop.table}, keep a copy of its rows, "
        "then record who agreed: guard approve"
        if back == "downgrade"
        else "Let downgrade() take back what upgrade() did and no more, or record who agreed: "
        "guard approve"
    )
    yield Problem(
        message=f"Dropping table {drop.table} deletes its rows, and no {back} restores them.",
        remedy=remedy,
    )
