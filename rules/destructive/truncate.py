"""TRUNCATE deletes every row of a table at once.

No downgrade brings them back. On PostgreSQL it holds an ACCESS EXCLUSIVE lock, so reads wait too,
and with CASCADE it empties every table that references this one; on MySQL and MariaDB it commits
what the transaction did so far.
"""

from collections.abc import Iterator

from guard.operations import Truncate
from guard.rule import Context, Problem, rule


@rule(
    Truncate,
    approvable=True,
    unsafe=(
        "op.execute('TRUNCATE TABLE sessions')",
        "op.execute('TRUNCATE sessions RESTART IDENTITY')",
    ),
    safe=("""op.execute("DELETE FROM sessions WHERE expires_at < '2026-01-01'")""",),
)
def truncate(operation: Truncate, context: Context) -> Iterator[Problem]:
    if context.is_unreleased(operation.table) or context.undoes_upgrade(operation):
        return
    more = " and of every table that references it" if operation.cascade else ""
    yield Problem(
        message=f"TRUNCATE deletes every row of {operation.table}{more}, and no "
        f"{context.statement.opposite_direction} restores them.",
        remedy=f"Delete the rows of {operation.table} that are not needed, in batches with a "
        "WHERE; if all must go, record who agreed: guard approve",
    )
