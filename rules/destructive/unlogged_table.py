"""An UNLOGGED table is empty after a crash.

PostgreSQL writes no log for it: it is faster to fill, it is emptied when the server was not shut
down cleanly, and replicas and backups from the log never have its rows. That fits caches and tables
that are loaded anew; a table that is set LOGGED later in the same revision is no problem.
"""

from collections.abc import Iterator

from guard.operations import AlterTable, CreateTable, Operation
from guard.phrases import say_so
from guard.rule import Context, Example, Problem, rule

CREATE = "op.execute('CREATE UNLOGGED TABLE sessions (id integer)')"


@rule(
    CreateTable,
    AlterTable,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade=CREATE,
            dialect="postgresql",
            says="sessions is UNLOGGED: after a crash it is empty, and no replica has its rows.",
            help="Leave out UNLOGGED, unless losing the rows does no harm: # guard: "
            "ignore[unlogged-table] <how they are made anew>",
            at="CREATE UNLOGGED",
        ),
        Example(
            upgrade="""
            op.create_table('sessions', sa.Column('id', sa.Integer()), prefixes=['UNLOGGED'])
            """,
            dialect="postgresql",
            says="sessions is UNLOGGED",
            at="op.create_table",
        ),
        Example(
            upgrade="""
            op.create_table('sessions', sa.Column('id', sa.Integer()))
            op.execute('ALTER TABLE sessions SET UNLOGGED')
            """,
            dialect="postgresql",
            says="sessions is UNLOGGED",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade=f"{CREATE}\nop.execute('ALTER TABLE sessions SET LOGGED')", dialect="postgresql"
        ),
        Example(
            upgrade="op.execute('CREATE TEMPORARY TABLE fresh (id integer)')", dialect="postgresql"
        ),
    ),
)
def unlogged_table(change: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(change, CreateTable):
        unlogged = change.unlogged and not change.temporary
    else:
        unlogged = isinstance(change, AlterTable) and change.action == "set-unlogged"
    if not unlogged or not isinstance(change, CreateTable | AlterTable):
        return
    if context.undoes_upgrade(change) or _is_logged_later(change, context):
        return
    silenced = say_so(context.statement, "unlogged-table", "how they are made anew")
    yield Problem(
        message=f"{change.table} is UNLOGGED: after a crash it is empty, and no replica has its "
        "rows.",
        remedy=f"Leave out UNLOGGED, unless losing the rows does no harm: {silenced}",
    )


def _is_logged_later(change: CreateTable | AlterTable, context: Context) -> bool:
    return any(
        isinstance(o, AlterTable) and o.action == "set-logged" and o.table == change.table
        for statement in context.after
        for o in statement.operations
    )
