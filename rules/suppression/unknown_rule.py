"""A suppression names a rule that does not exist.

A misspelt name silences nothing, and whoever wrote it believes that it does. A name that was right
once and is gone stands for a decision that nobody can look up any more.
"""

from collections.abc import Iterator

from guard.facts import UnknownRuleName
from guard.rule import Context, Example, Problem, rule


@rule(
    UnknownRuleName,
    unsafe=(
        Example(
            upgrade="# guard: ignore[drop-tabel] nobody reads it\n"
            "op.add_column('orders', sa.Column('note', sa.Text()))"
        ),
    ),
    safe=(
        Example(
            upgrade="# guard: ignore[update-without-where] a hundred rows at most\n"
            "op.execute(\"UPDATE settings SET theme = 'dark'\")"
        ),
    ),
)
def unknown_rule(unknown: UnknownRuleName, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{unknown.where} names {unknown.name!r}, which is no rule and silences nothing.",
        remedy=f"Did you mean {unknown.suggestion!r}? `guard rules` lists all names."
        if unknown.suggestion
        else "Take a name that `guard rules` lists, or remove it.",
    )
