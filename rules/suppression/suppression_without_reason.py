"""A suppression gives no reason, so it does not count.

Who reads it later cannot tell a decision from a shortcut, and the reviewer has nothing to agree to.
"""

from collections.abc import Iterator

from guard.facts import MissingReason
from guard.rule import Context, Example, Problem, rule


@rule(
    MissingReason,
    instructs=(
        "ALWAYS give the reason where a finding is no problem: `# guard: ignore[RULE] REASON`",
    ),
    unsafe=(
        Example(
            upgrade="""
            # guard: ignore[update-without-where]
            op.execute("UPDATE settings SET theme = 'dark'")
            """,
            says="The comment `guard: ignore[update-without-where]` gives no reason, so it does "
            "not count.",
            help="Write the reason after it, on the same line",
            at="# guard: ignore[update-without-where]",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            # guard: ignore[update-without-where] a hundred rows at most
            op.execute("UPDATE settings SET theme = 'dark'")
            """
        ),
    ),
)
def suppression_without_reason(missing: MissingReason, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{missing.what} gives no reason, so it does not count.",
        remedy="Write the reason after it, on the same line: why is this safe here?",
    )
