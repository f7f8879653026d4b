"""A released revision was edited: databases that ran it keep what it did before.

Alembic never runs a revision twice. Whoever deployed it has the old schema, whoever installs anew
gets the new one, and no later migration knows the difference. Put the change into a new revision.
So it is with a helper that the revision uses: what it did then is what counts.
What does nothing to a database may change: comments, formatting, imports, annotations, logs.
"""

from collections.abc import Iterator

from guard.facts import EditedRevision
from guard.phrases import ALWAYS_A_NEW_REVISION, NEVER_TOUCH_RELEASED, restored, with_edit
from guard.rule import Context, Example, Problem, revision_file, rule

CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
INDEX = 'op.create_index("ix_orders_id", "orders", ["id"])'
WAIT = """op.execute("SET lock_timeout = '2s'")"""
ORDERS = revision_file("a1", None, CREATE, 'op.drop_table("orders")')
ORDERS_WITH_INDEX = revision_file("a1", None, f"{CREATE}\n{INDEX}", 'op.drop_table("orders")')


@rule(
    EditedRevision,
    approvable=True,
    instructs=(NEVER_TOUCH_RELEASED, ALWAYS_A_NEW_REVISION),
    unsafe=(
        Example(
            base=ORDERS,
            change=revision_file(
                "a1", None, CREATE.replace("Integer", "BigInteger"), 'op.drop_table("orders")'
            ),
            says="Revision a1 is on HEAD already and now does something else "
            '(`op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))` became '
            '`op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True))`): '
            "databases that ran it will not run it again.",
            help="Restore the file and put the change into a new revision:\n"
            "git checkout HEAD -- migrations/versions/a1.py",
            at="op.create_table",
        ),
        Example(
            base=ORDERS,
            change=ORDERS_WITH_INDEX,
            says=f"now does something else (`{INDEX}` was added): databases that ran it",
            at="op.create_index",
        ),
        Example(
            base=ORDERS_WITH_INDEX,
            change=ORDERS,
            says=f"now does something else (`{INDEX}` was removed): databases that ran it",
            at="def upgrade",
        ),
        Example(
            base=ORDERS,
            change=revision_file("a1", None, f"{WAIT}\n{CREATE}", 'op.drop_table("orders")'),
            says=f"now waits otherwise (`{WAIT}` was added): it does the same",
            help="Be sure that the databases that did not run it yet can wait that long.",
            at=WAIT,
        ),
    ),
    safe=(
        Example(
            base=ORDERS,
            change=revision_file(
                "a1", None, f"# One row an order.\n{CREATE}", "op.drop_table('orders')"
            ),
        ),
    ),
)
def edited_revision(edited: EditedRevision, context: Context) -> Iterator[Problem]:
    released = f"Revision {edited.revision} is on {edited.base} already and now"
    old = edited.moved_from or edited.span.path
    if edited.moved_from:
        released = (
            f"Revision {edited.revision} was moved from {old}, where it is on {edited.base}, and"
        )
    if edited.through:
        old, released = edited.through, f"{released}, through {edited.through},"
    if edited.only_timeouts:
        effect = "it does the same, and databases that ran it will not run it again."
        yield Problem(
            message=with_edit(f"{released} waits otherwise", edited.difference, effect),
            remedy="Be sure that the databases that did not run it yet can wait that long.",
            severity="warning",
        )
        return
    effect = "databases that ran it will not run it again."
    yield Problem(
        message=with_edit(f"{released} does something else", edited.difference, effect),
        remedy="Restore the file and put the change into a new revision:\n"
        + restored(edited.base, old),
    )
