"""A DELETE without a WHERE deletes every row.

So does one whose condition always holds (`WHERE true`, `1 = 1`). It keeps the row locks until the
transaction ends, and no downgrade brings the rows back.
"""

from collections.abc import Iterator

from guard.operations import Delete
from guard.rule import Context, Problem, rule


@rule(
    Delete,
    approvable=True,
    unsafe=(
        "op.execute('DELETE FROM sessions')",
        "op.execute('DELETE FROM sessions WHERE 1 = 1')",
        "op.execute(sa.delete(sa.table('sessions')))",
    ),
    safe=(
        """op.execute("DELETE FROM sessions WHERE expires_at < '2026-01-01'")""",
        """
        sessions = sa.table('sessions', sa.column('id', sa.Integer()))
        op.execute(sa.delete(sessions).where(sessions.c.id == 1))
        """,
    ),
)
def delete_without_where(delete: Delete, context: Context) -> Iterator[Problem]:
    if not delete.all_rows or context.is_unreleased(delete.table) or context.undoes_upgrade(delete):
        return
    condition = f"WHERE {delete.where} always holds: it" if delete.where else "Without a WHERE it"
    yield Problem(
        message=f"{condition} deletes every row of {delete.table}, and no "
        f"{context.statement.opposite_direction} restores them.",
        remedy=f"Say which rows of {delete.table} must go; if all must, record who agreed: "
        "guard approve",
    )
