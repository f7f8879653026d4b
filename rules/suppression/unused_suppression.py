"""A comment or an approval silences nothing.

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
            upgrade="# guard: ignore[update-without-where] a hundred rows at most\n"
            "op.add_column('orders', sa.Column('note', sa.Text()))"
        ),
        Example(
            upgrade="# guard: ingore[update-without-where] nobody reads it\n"
            "op.add_column('orders', sa.Column('note', sa.Text()))"
        ),
    ),
    safe=(
        Example(
            upgrade="# guard: the text below is shown to people\n"
            "op.add_column('orders', sa.Column('note', sa.Text()))"
        ),
    ),
)
def unused_suppression(unused: UnusedSuppression, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{unused.what} silences nothing: {unused.why}.",
        remedy="Remove it, or point it at the statement that it is meant for.",
    )
