"""A revision that begins, commits or rolls back by hand ends the transaction Alembic runs it in.

Alembic begins a transaction before the revision, and commits it after it wrote the new version. A
COMMIT in between makes what stands before it lasting though the rest may still fail, and the
version table does not tell; a ROLLBACK takes it back though the version is written. After
`op.execute("COMMIT")` psycopg 3 begins a new transaction by itself, psycopg2 does not. What must
not run in a transaction belongs into `op.get_context().autocommit_block()`, where a BEGIN with its
COMMIT is fine. Files of SQL that other tools run may manage their own transactions.
"""

from collections.abc import Iterable, Iterator

from guard.operations import CreateIndex, DropIndex, Operation, Reindex, TransactionControl
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

INDEX = """
op.execute('COMMIT')
op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)
"""
IN_BLOCK = """
with op.get_context().autocommit_block():
    op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)
"""
UPDATES = """
op.execute('UPDATE orders SET state = 1 WHERE state IS NULL')
op.execute('COMMIT')
op.execute('UPDATE orders SET sum = 0 WHERE sum IS NULL')
"""


@rule(
    TransactionControl,
    instructs=(
        "NEVER write `BEGIN`, `COMMIT` or `ROLLBACK` in a migration, nor call `commit()` on its "
        "connection: Alembic begins and ends the transaction",
    ),
    unsafe=(
        Example(
            upgrade=UPDATES,
            dialect="postgresql",
            says="COMMIT ends the transaction that Alembic began: what stands before it stays when "
            "something after it fails, and the version table does not tell.",
            help="Remove it; what must stand in no transaction goes into a block of its own:\n"
            "with op.get_context().autocommit_block():",
            at="COMMIT",
            fixed="""
            op.execute('UPDATE orders SET state = 1 WHERE state IS NULL')
            with op.get_context().autocommit_block():
                op.execute('UPDATE orders SET sum = 0 WHERE sum IS NULL')
            """,
        ),
        Example(
            upgrade=INDEX,
            dialect="postgresql",
            says="and under psycopg 3, which begins a new one, CONCURRENTLY fails all the same.",
            at="COMMIT",
            fixed=IN_BLOCK,
        ),
        Example(
            upgrade="op.get_bind().commit()",
            dialect="postgresql",
            says="commit() ends the transaction that Alembic began",
            at="op.get_bind().commit",
            fixed="with op.get_context().autocommit_block():\n    op.execute('ANALYZE orders')",
        ),
        Example(
            upgrade="op.execute('DELETE FROM orders WHERE id = 1')\nop.execute('ROLLBACK')",
            says="ROLLBACK takes back what stands before it, and Alembic records the revision as "
            "done.",
            help="Remove it: raise an error where the upgrade cannot go on",
            at="ROLLBACK",
        ),
        Example(
            upgrade="op.execute('BEGIN')\nop.execute('ANALYZE orders')",
            dialect="postgresql",
            says="BEGIN does nothing here, since Alembic began a transaction already.",
            help="Remove it",
            at="BEGIN",
        ),
        Example(
            upgrade="op.execute('START TRANSACTION')",
            dialect="mysql",
            says="BEGIN commits what stands before it, though the rest may still fail.",
            at="START TRANSACTION",
        ),
        Example(
            upgrade="op.execute('BEGIN')",
            dialect="sqlite",
            says="BEGIN fails where a transaction has begun already, and else begins one that "
            "Alembic knows nothing of.",
            at="BEGIN",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('BEGIN')
                op.execute('ANALYZE orders')
            """,
            dialect="postgresql",
            says="BEGIN opens a transaction that nothing commits",
            help="Commit it in the same block, or remove it",
            at="BEGIN",
        ),
        Example(
            upgrade="op.execute('SAVEPOINT s')\nop.execute('RELEASE s')",
            dialect="postgresql",
            says="SAVEPOINT by hand takes nothing back: an error ends the revision before its "
            "ROLLBACK TO runs.",
            help="Let SQLAlchemy keep it, which rolls back to it:\n"
            "with op.get_bind().begin_nested():",
            at="SAVEPOINT",
            fixed="with op.get_bind().begin_nested():\n    op.execute('ANALYZE orders')",
        ),
    ),
    safe=(
        Example(upgrade=IN_BLOCK, dialect="postgresql"),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('BEGIN; DELETE FROM orders WHERE id = 1; COMMIT')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('DO $$ BEGIN ANALYZE orders; END $$')",
            dialect="postgresql",
        ),
        Example(upgrade="op.execute('SET CONSTRAINTS ALL IMMEDIATE')", dialect="postgresql"),
        """
        with op.get_bind().begin_nested():
            op.execute('DELETE FROM orders WHERE id = 1')
        """,
    ),
)
def transaction_statement(control: TransactionControl, context: Context) -> Iterator[Problem]:
    statement = context.statement
    if statement.in_sql_file or statement.run_by is not None:
        return
    if not statement.in_transaction:
        yield from _in_autocommit(control, context)
    elif control.command == "begin":
        yield _begin(context)
    elif control.command == "commit":
        yield _commit(context)
    elif control.command == "rollback":
        yield Problem(
            message=f"{_word(statement, 'ROLLBACK')} takes back what stands before it, and Alembic "
            "records the revision as done.",
            remedy=f"Remove it: raise an error where the {statement.direction} cannot go on",
        )
    elif control.command == "savepoint":
        yield Problem(
            message="SAVEPOINT by hand takes nothing back: an error ends the revision before its "
            "ROLLBACK TO runs.",
            remedy="Let SQLAlchemy keep it, which rolls back to it:\n"
            "with op.get_bind().begin_nested():",
            severity="warning",
        )


def _commit(context: Context) -> Problem:
    concurrently = any(getattr(o, "concurrently", False) for o in _indexes(context.after))
    also = (
        ", and under psycopg 3, which begins a new one, CONCURRENTLY fails all the same"
        if concurrently and context.server.dialect in (None, "postgresql")
        else ""
    )
    return Problem(
        message=f"{_word(context.statement, 'COMMIT')} ends the transaction that Alembic began: "
        "what stands before it stays when something after it fails, and the version table does not "
        f"tell{also}.",
        remedy="Remove it; what must stand in no transaction goes into a block of its own:\n"
        "with op.get_context().autocommit_block():",
    )


def _begin(context: Context) -> Problem:
    """Return what BEGIN does in a transaction; where a COMMIT follows, that is the graver one."""
    ends = any(o.command in ("commit", "rollback") for o in _controls(context.after))
    if context.server.is_mysql:
        effect = "commits what stands before it, though the rest may still fail"
    elif context.server.dialect == "sqlite":
        effect = (
            "fails where a transaction has begun already, and else begins one that Alembic knows "
            "nothing of"
        )
    else:
        effect = "does nothing here, since Alembic began a transaction already"
    return Problem(
        message=f"BEGIN {effect}.", remedy="Remove it", severity="warning" if ends else None
    )


def _in_autocommit(control: TransactionControl, context: Context) -> Iterator[Problem]:
    """Say where a transaction of the block's own is never committed."""
    if control.command == "begin" and not any(
        o.command in ("commit", "rollback") for o in _controls(context.transaction.after)
    ):
        yield Problem(
            message="BEGIN opens a transaction that nothing commits: what follows in the block is "
            "taken back, or Alembic's own statements end in it.",
            remedy="Commit it in the same block, or remove it",
        )


def _controls(statements: Iterable[Statement]) -> Iterator[TransactionControl]:
    for statement in statements:
        yield from (o for o in statement.operations if isinstance(o, TransactionControl))


def _indexes(statements: Iterable[Statement]) -> Iterator[Operation]:
    kinds = (CreateIndex, DropIndex, Reindex)
    for statement in statements:
        yield from (o for o in statement.operations if isinstance(o, kinds))


def _word(statement: Statement, sql: str) -> str:
    """Return how the code says it: in SQL, or as a method of its connection."""
    return sql if statement.sql else f"{sql.lower()}()"
