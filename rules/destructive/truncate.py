"""TRUNCATE deletes every row of a table at once.

So do DROP PARTITION, TRUNCATE PARTITION and DISCARD TABLESPACE on MySQL and MariaDB, with the rows
of a part or of all of the table. No downgrade brings them back. On PostgreSQL TRUNCATE holds an
ACCESS EXCLUSIVE lock, so reads wait too, and with CASCADE it empties every table that references
this one; on MySQL and MariaDB it commits what the transaction did so far.
"""

from collections.abc import Iterator

from guard.action_words import TableAction
from guard.facts import DestructiveCall, Fact, RowsLost
from guard.operations import AlterTable, Operation, Truncate
from guard.phrases import APPROVE, taken_away
from guard.rule import Context, Example, Foretold, Problem, rule

PARTS: dict[TableAction, str] = {
    "drop-partition": "DROP PARTITION",
    "truncate-partition": "TRUNCATE PARTITION",
    "discard-partition": "DISCARD PARTITION",
    "discard-tablespace": "DISCARD TABLESPACE",
}


@rule(
    Truncate,
    AlterTable,
    DestructiveCall,
    approvable=True,
    predicts=(RowsLost,),
    instructs=("NEVER use `TRUNCATE`",),
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
            upgrade="op.execute('ALTER TABLE sessions DROP PARTITION p2025, p2026')",
            dialect="mysql",
            says="DROP PARTITION deletes every row of sessions in p2025, p2026, and no downgrade "
            "restores them.",
            help="Delete the rows of sessions that are not needed, in batches with a WHERE; if all "
            "are to go, record who agreed: guard approve",
            at="ALTER TABLE sessions",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE sessions DISCARD TABLESPACE')",
            dialect="mysql",
            says="DISCARD TABLESPACE deletes every row of sessions, and no downgrade restores "
            "them.",
            at="ALTER TABLE sessions",
        ),
        Example(
            downgrade="op.execute('TRUNCATE TABLE sessions')",
            says="and no upgrade restores them.",
            at="TRUNCATE TABLE",
        ),
        Example(
            path="app/service.py",
            source="""
            def clear(cursor):
                cursor.execute("TRUNCATE TABLE klines")
            """,
            says="This deletes every row of klines each time the code runs.",
            help="Delete the rows that are not needed, with a WHERE. If the code is meant to, "
            "record who agreed: guard approve",
            at="cursor.execute",
        ),
    ),
    safe=(
        Example(upgrade="""op.execute("DELETE FROM sessions WHERE expires_at < '2026-01-01'")"""),
        Example(
            released=(
                "op.execute('CREATE TABLE sessions (id int NOT NULL) PARTITION BY LIST (id) "
                "(PARTITION o VALUES IN (1001, 1002, 1003))')",
            ),
            upgrade="op.execute('ALTER TABLE sessions ADD PARTITION (PARTITION p VALUES IN (7))')",
            downgrade="raise NotImplementedError('no way back')",
            dialect="mysql",
        ),
    ),
)
def truncate(operation: Operation | Fact, context: Context) -> Iterator[Problem]:
    if isinstance(operation, DestructiveCall):
        if operation.does == "truncate":
            yield Problem(
                message=f"This deletes every row of {operation.tables} each time the code runs.",
                remedy="Delete the rows that are not needed, with a WHERE. If the code is meant "
                f"to, {APPROVE}",
            )
        return
    if not isinstance(operation, Truncate | AlterTable) or not (said := _said(operation)):
        return
    if context.is_unreleased(operation.table) or context.undoes_upgrade(operation):
        return
    word, more = said
    cascade = isinstance(operation, Truncate) and operation.cascade
    remains = None if cascade else context.remains(operation.table)
    if remains and remains.rebuilt and remains.complete:
        return  # every row is put back
    rows = f"every row of {operation.table}{more}"
    rewritten = not cascade and context.rewrites(operation.table)
    effect = taken_away(rows, remains, context.statement, rewritten=rewritten)
    yield Problem(
        message=f"{word} {effect}.",
        remedy=f"Delete the rows of {operation.table} that are not needed, in batches with a "
        f"WHERE; if all are to go, {APPROVE}",
        foretells=(Foretold(how="missing", kind="rows", table=str(operation.table)),),
    )


def _said(operation: Truncate | AlterTable) -> tuple[str, str] | None:
    """Return the statement's word, and which rows of the table or of others it deletes."""
    if isinstance(operation, Truncate):
        return "TRUNCATE", " and of every table that references it" if operation.cascade else ""
    word = PARTS.get(operation.action)
    return (word, f" in {operation.detail}" if operation.detail else "") if word else None
