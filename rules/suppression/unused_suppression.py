"""A comment, an approval or an entry of the baseline silences nothing.

What it once allowed is gone, or it never met its target. Left in place it would silence the next
problem that happens to stand there, which nobody has looked at.
"""

from collections.abc import Iterator

from guard.facts import UnusedSuppression
from guard.rule import Context, Example, Problem, rule


@rule(
    UnusedSuppression,
    severity="warning",
    unsafe=(
        Example(
            upgrade="""
            # guard: ignore[update-without-where] a hundred rows at most
            op.add_column('orders', sa.Column('note', sa.Text()))
            """,
            says="The comment `guard: ignore[update-without-where]` silences nothing: there is no "
            "update-without-where finding here.",
            help="Remove it, or point it at the statement that it is meant for.",
            at="# guard: ignore[update-without-where]",
        ),
        Example(
            upgrade="""
            # guard: ingore[update-without-where] a hundred rows at most
            op.add_column('orders', sa.Column('note', sa.Text()))
            """,
            says="guard knows no comment 'ingore', it may be meant as 'ignore'",
            at="# guard: ingore[update-without-where]",
        ),
        Example(
            approvals="""
            [[approval]]
            revision = "0001"
            rule = "drop-table"
            object = "orders"
            reason = "the shop is closed"
            approver = "ada@example.org"
            """,
            says="silences nothing: revision 0001 has no drop-table finding that it matches.",
            at="[[approval]]",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            # guard: the text below is shown to people
            op.add_column('orders', sa.Column('note', sa.Text()))
            """
        ),
    ),
)
def unused_suppression(unused: UnusedSuppression, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{unused.what} silences nothing: {unused.why}.",
        remedy=unused.remedy or "Remove it, or point it at the statement that it is meant for.",
    )
