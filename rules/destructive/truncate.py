"""TRUNCATE deletes every row of a table at once.

No downgrade brings them back. On PostgreSQL it holds an ACCESS EXCLUSIVE lock, so reads wait too,
and with CASCADE it empties every table that references this one; on MySQL and MariaDB it commits
what the transaction did so far.
"""

from collections.abc import Iterator

from guard.operations import Truncate
from guard.phrases import APPROVE, taken_away
from guard.rule import Context, Example, Problem, rule


@rule(
    Truncate,
    approvable=True,
    unsafe=(
        Example(
            upgrade="op.execute('TRUNCATE TABLE sessions')",
            says="TRUNCATE deletes every row of sessions, and no downgrade restores them.",
            help="Delete the rows of sessions that are not needed, in batches with a WHERE; if all "
            "are to go, record who agreed: guard approve",
            at="TRUNCATE TABLE",
        ),
        Example(
            upgrade="op.execute('TRUNCATE sessions RESTART IDENTITY')",
            says="TRUNCATE deletes every row of sessions",
            at="TRUNCATE sessions",
        ),
        Example(
            upgrade="""
            # guard: ignore[drop-cascade] only session_events references it
            op.execute('TRUNCATE sessions CASCADE')
            """,
            says="TRUNCATE deletes every row of sessions and of every table that references it, "
            "and no downgrade restores them.",
            at="TRUNCATE sessions",
        ),
        Example(
            downgrade="op.execute('TRUNCATE TABLE sessions')",
            says="and no upgrade restores them.",
            at="TRUNCATE TABLE",
        ),
    ),
    safe=("""op.execute("DELETE FROM sessions WHERE expires_at < '2026-01-01'")""",),
)
def truncate(operation: Truncate, context: Context) -> Iterator[Problem]:
    if context.is_unreleased(operation.table) or context.undoes_upgrade(operation):
        return
    remains = None if operation.cascade else context.remains(operation.table)
    if remains and remains.rebuilt and remains.complete:
        return  # every row is put back
    more = " and of every table that references it" if operation.cascade else ""
    rows = f"every row of {operation.table}{more}"
    rewritten = not operation.cascade and context.rewrites(operation.table)
    effect = taken_away(rows, remains, context.statement, rewritten=rewritten)
    yield Problem(
        message=f"TRUNCATE {effect}.",
        remedy=f"Delete the rows of {operation.table} that are not needed, in batches with a "
        f"WHERE; if all are to go, {APPROVE}",
    )
