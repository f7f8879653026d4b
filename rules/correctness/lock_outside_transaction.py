"""PostgreSQL refuses LOCK TABLE outside of a transaction.

In an autocommit block each statement is a transaction of its own, so that a lock would be gone
before the next one begins. Lock the table in the transaction that needs it.
"""

from collections.abc import Iterator

from guard.facts import DowngradeFailed, UpgradeFailed
from guard.operations import LockTable
from guard.rule import Context, Example, Problem, rule


@rule(
    LockTable,
    dialects=("postgresql",),
    predicts=(UpgradeFailed, DowngradeFailed),
    unsafe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('LOCK TABLE logs IN SHARE MODE')
            """,
            released=("op.execute('CREATE TABLE others (id int PRIMARY KEY)')",),
            dialect="postgresql",
            says="LOCK TABLE logs fails in an autocommit block, where no transaction would hold "
            "the lock.",
            help="Move it out of the block, to the statements that need it",
            at="LOCK TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            op.execute('CREATE TABLE logs (id int PRIMARY KEY)')
            op.execute('LOCK TABLE logs IN ACCESS EXCLUSIVE MODE')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.execute('CREATE TABLE logs (id int PRIMARY KEY)')
            with op.get_context().autocommit_block():
                op.execute('BEGIN')
                op.execute('LOCK TABLE logs IN SHARE MODE')
                op.execute('COMMIT')
            """,
            dialect="postgresql",
        ),
    ),
)
def lock_outside_transaction(lock: LockTable, context: Context) -> Iterator[Problem]:
    if context.transaction.begun:
        return
    statement = context.statement
    if statement.in_sql_file:
        where, remedy = "outside of a transaction, which", "Run the migration in a transaction"
    elif statement.in_transaction:
        where = "outside of a transaction, which"
        remedy = "Run it, and what needs the lock, before the transaction is ended"
    else:
        where = "in an autocommit block, where no transaction"
        remedy = "Move it out of the block, to the statements that need it"
    yield Problem(
        message=f"LOCK TABLE {lock.table} fails {where} would hold the lock.", remedy=remedy
    )
