"""A released revision was edited: databases that ran it keep what it did before.

Alembic never runs a revision twice. Whoever deployed it has the old schema, whoever installs anew
gets the new one, and no later migration knows the difference. Put the change into a new revision.
Comments, formatting and docstrings may change, since they do nothing.
"""

from collections.abc import Iterator

from guard.facts import EditedRevision
from guard.rule import Context, Example, Problem, revision_file, rule

CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
INDEX = 'op.create_index("ix_orders_id", "orders", ["id"])'
ORDERS = revision_file("a1", None, CREATE, 'op.drop_table("orders")')
ORDERS_WITH_INDEX = revision_file("a1", None, f"{CREATE}\n{INDEX}", 'op.drop_table("orders")')


@rule(
    EditedRevision,
    approvable=True,
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
            at="op.drop_table",
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
def edited_revision(edit: EditedRevision, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"Revision {edit.revision} is on {edit.base} already and now does something else"
        f"{_change(edit)}: databases that ran it will not run it again.",
        remedy="Restore the file and put the change into a new revision:\n"
        f"git checkout {edit.base} -- {edit.span.path}",
    )


def _change(edit: EditedRevision) -> str:
    """Return what became of the first line that differs, in parentheses."""
    if edit.before == edit.after:
        return ""
    if not edit.before:
        return f" (`{edit.after}` was added)"
    if not edit.after:
        return f" (`{edit.before}` was removed)"
    return f" (`{edit.before}` became `{edit.after}`)"
