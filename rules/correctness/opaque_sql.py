"""A statement could not be understood, so no rule has judged it.

SQL whose text is known only at run time, the body of a routine, a helper whose code is not in
sight: whatever it does to the data, no rule has seen it. Write it so that it can be read (literal
SQL, `op` calls, helpers in the repository), or look at it yourself and say so in a comment.
"""

from collections.abc import Iterator

from guard.facts import Fact, UnreadStatement, UpgradeFailed
from guard.operations import Insert, Merge, Opaque, Operation
from guard.phrases import NO_SUCH_OPERATION, say_so
from guard.rule import Context, Example, Problem, rule


@rule(
    Opaque,
    Insert,
    Merge,
    UnreadStatement,
    severity="warning",
    predicts=(UpgradeFailed, UnreadStatement),
    instructs=(
        "ALWAYS write a migration so that it can be read: literal SQL, `op` calls, helpers of this "
        "repository",
    ),
    unsafe=(
        Example(
            upgrade="op.execute(sys.argv[1])",
            says="This could not be judged: what it executes is not known.",
            help="Write it so that it can be read (literal SQL or op calls), or check it by hand "
            "and add: # guard: ignore[opaque-sql] <what it does>",
            at="op.execute",
        ),
        Example(
            upgrade="""
            op.execute("DO $$ BEGIN EXECUTE 'DROP TABLE ' || tab; END $$")
            """,
            says="This could not be judged: the SQL is put together while the block runs.",
            at="DO $$",
        ),
        Example(
            upgrade="op.execute('REPLACE INTO rates (id, rate) VALUES (1, 2)')",
            dialect="mysql",
            says="This could not be judged: rows of rates are deleted where they match, and which "
            "those are depends on the data.",
            help="Say which rows of rates are to go (DELETE with a WHERE), and change the others "
            "(UPDATE); or check it by hand and add: # guard: ignore[opaque-sql] <what it does>",
            at="REPLACE INTO",
        ),
        Example(
            upgrade="op.drop_colum('orders', 'total')",
            says="Alembic has no operation drop_colum, so the upgrade stops here with an error.",
            help="Call one of Alembic's operations (op.alter_column() also renames a column)",
            at="op.drop_colum",
        ),
    ),
    safe=(
        Example(upgrade="op.execute('ANALYZE orders')", dialect="postgresql"),
        Example(
            upgrade="""
            op.create_table('rates', sa.Column('id', sa.Integer(), primary_key=True))
            op.execute('REPLACE INTO rates (id) VALUES (1)')
            """,
            downgrade="op.drop_table('rates')",
            dialect="mysql",
        ),
    ),
)
def opaque_sql(opaque: Operation | Fact, context: Context) -> Iterator[Problem]:
    if isinstance(opaque, UnreadStatement):
        yield _unread(opaque)
        return
    if isinstance(opaque, Insert | Merge):
        yield from _replaced(opaque, context)
    directive = context.statement.directive
    if not isinstance(opaque, Opaque) or opaque.invalid:
        return
    if directive and directive.misnamed:
        if context.statement.direction == "upgrade":  # else it is an incomplete downgrade
            yield Problem(
                message=f"Alembic has no operation {directive.name}, so the upgrade stops here "
                "with an error.",
                remedy=NO_SUCH_OPERATION,
                severity="error",
            )
        return
    readable = "plain SQL" if context.statement.in_sql_file else "literal SQL or op calls"
    comment = say_so(context.statement, "opaque-sql", "what it does")
    yield Problem(
        message=f"This could not be judged: {opaque.reason}.",
        remedy=f"Write it so that it can be read ({readable}), or check it by hand and add: "
        f"{comment}",
    )


def _unread(ran: UnreadStatement) -> Problem:
    return Problem(
        message=f"The upgrade ran a statement that reading it did not show: {ran.sql}. {ran.says}",
        remedy="Write it so that it can be read (literal SQL or op calls), where it can be "
        "approved; or check it by hand and add: # guard: ignore[opaque-sql] <what it does>",
        severity="error",
    )


def _replaced(rows: Insert | Merge, context: Context) -> Iterator[Problem]:
    """Say that rows go of which the statement names none."""
    deletes = rows.deletes if isinstance(rows, Merge) else rows.replaces
    if not deletes or context.is_unreleased(rows.table) or context.is_empty(rows.table):
        return
    comment = say_so(context.statement, "opaque-sql", "what it does")
    yield Problem(
        message=f"This could not be judged: rows of {rows.table} are deleted where they match, and "
        "which those are depends on the data.",
        remedy=f"Say which rows of {rows.table} are to go (DELETE with a WHERE), and change the "
        f"others (UPDATE); or check it by hand and add: {comment}",
    )
