"""A DELETE without a WHERE deletes every row.

So does one whose condition always holds (`WHERE true`, `1 = 1`, `id IS NOT NULL` of a key). It
keeps the row locks until the transaction ends, and no downgrade brings the rows back. Code of the
application that does so each time it runs may be meant to, and is a warning.
"""

from collections.abc import Iterator

from guard.facts import DestructiveCall, Fact, RowsLost
from guard.operations import Delete, Operation
from guard.phrases import APPROVE, taken_away
from guard.rule import Context, Example, Foretold, Problem, rule


@rule(
    Delete,
    DestructiveCall,
    approvable=True,
    predicts=(RowsLost,),
    instructs=("NEVER use `DELETE` without a `WHERE`",),
    unsafe=(
        Example(
            upgrade="op.execute('DELETE FROM sessions')",
            says="A DELETE without a WHERE deletes every row of sessions, and no downgrade "
            "restores them.",
            help="Add a WHERE that says which rows of sessions are to go; if all are, record who "
            "agreed: guard approve",
            at="DELETE FROM sessions",
        ),
        Example(
            upgrade="op.execute('DELETE FROM sessions WHERE 1 = 1')",
            says="A DELETE whose WHERE 1 = 1 always holds deletes every row of sessions",
            at="DELETE FROM sessions",
        ),
        Example(
            upgrade="op.execute('DELETE FROM sessions WHERE id IS NOT NULL')",
            says="A DELETE whose WHERE id IS NOT NULL always holds deletes every row of sessions",
            at="DELETE FROM sessions",
        ),
        Example(
            upgrade="""
            sessions = sa.table('sessions', sa.column('id', sa.Integer()))
            op.execute(sessions.delete().where(sessions.c.id.is_not(None)))
            """,
            says="A DELETE whose WHERE id IS NOT NULL always holds deletes every row of sessions",
            at="op.execute(sessions",
        ),
        Example(
            upgrade="op.execute(sa.delete(sa.table('sessions')))",
            says="A DELETE without a WHERE deletes every row of sessions",
            at="op.execute(sa.delete",
        ),
        Example(
            upgrade="""
            batch = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 1000)"
            while op.get_bind().execute(sa.text(batch)).rowcount:
                pass
            """,
            says="A DELETE whose LIMIT is all that spares rows, in a loop, deletes every row of "
            "sessions",
            at="DELETE FROM sessions WHERE id IN",
        ),
        Example(
            upgrade="""
            from sqlalchemy.orm import Session, declarative_base

            class Sessions(declarative_base()):
                __tablename__ = 'sessions'
                id = sa.Column(sa.Integer(), primary_key=True)

            db = Session(op.get_bind())
            for one in db.query(Sessions):
                db.delete(one)
            """,
            says="A DELETE without a WHERE deletes every row of sessions",
            at="db.delete",
        ),
        Example(
            path="app/service.py",
            source="""
            from sqlalchemy import text

            def clear(session):
                session.execute(text("DELETE FROM sessions"))
            """,
            says="This deletes every row of sessions each time the code runs.",
            help="Add a WHERE that says which rows are to go. If the code is meant to delete all, "
            "record who agreed: guard approve",
            at="session.execute",
        ),
        Example(
            downgrade="op.execute('DELETE FROM sessions')",
            says="and no upgrade restores them.",
            at="DELETE FROM sessions",
        ),
    ),
    safe=(
        """op.execute("DELETE FROM sessions WHERE expires_at < '2026-01-01'")""",
        "op.execute('DELETE FROM sessions WHERE closed_at IS NOT NULL')",
        Example(
            upgrade="""
            batch = (
                "DELETE FROM sessions WHERE id IN "
                "(SELECT id FROM sessions WHERE expires_at < '2026-01-01' LIMIT 1000)"
            )
            while op.get_bind().execute(sa.text(batch)).rowcount:
                pass
            """,
            dialect="postgresql",
        ),
        """
        sessions = sa.table('sessions', sa.column('id', sa.Integer()))
        op.execute(sa.delete(sessions).where(sessions.c.id == 1))
        """,
    ),
)
def delete_without_where(delete: Operation | Fact, context: Context) -> Iterator[Problem]:
    if isinstance(delete, DestructiveCall) and delete.does == "delete":
        yield Problem(
            message=f"This deletes every row of {delete.tables} each time the code runs.",
            severity="warning",
            remedy="Add a WHERE that says which rows are to go. If the code is meant to delete "
            f"all, {APPROVE}",
        )
    if (
        not isinstance(delete, Delete)
        or not _takes_all(delete, context)
        or context.is_unreleased(delete.table)
        or context.undoes_upgrade(delete)
    ):
        return
    condition = f"whose WHERE {delete.where} always holds" if delete.where else "without a WHERE"
    if delete.limited:
        condition = "whose LIMIT is all that spares rows, in a loop,"
    remains = context.remains(delete.table)
    if remains and remains.rebuilt and remains.complete:
        return  # every row is put back
    rows, rewritten = f"every row of {delete.table}", context.rewrites(delete.table)
    effect = taken_away(rows, remains, context.statement, rewritten=rewritten)
    yield Problem(
        message=f"A DELETE {condition} {effect}.",
        remedy=f"Add a WHERE that says which rows of {delete.table} are to go; if all are, "
        f"{APPROVE}",
        foretells=(Foretold(how="missing", kind="rows", table=str(delete.table)),),
    )


def _takes_all(delete: Delete, context: Context) -> bool:
    """Return whether no row stays: there is no condition, or none for which it does not hold."""
    never_null = (context.is_never_null(delete.table, column) for column in delete.but_nulls)
    by_and_by = delete.limited and context.statement.repeated
    return delete.all_rows or by_and_by or (bool(delete.but_nulls) and all(never_null))
