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
            upgrade="""
            # guard: ignore[drop-cascad] nobody reads it
            op.add_column('orders', sa.Column('note', sa.Text()))
            """,
            says="The comment `guard: ignore[drop-cascad]` names 'drop-cascad', which is not a "
            "rule, so it silences nothing.",
            help="Did you mean 'drop-cascade'? `guard rules` lists all names.",
            at="# guard: ignore[drop-cascad]",
        ),
        Example(
            upgrade="""
            # guard: ignore[big-table-scan] nobody reads it
            op.add_column('orders', sa.Column('note', sa.Text()))
            """,
            says="names 'big-table-scan', which is not a rule, so it silences nothing.",
            help="Take a name that `guard rules` lists, or remove it.",
            at="# guard: ignore[big-table-scan]",
        ),
        Example(
            approvals="""
            [[approval]]
            revision = "0001"
            rule = "drop-tabel"
            object = "orders"
            reason = "the shop is closed"
            approver = "ada@example.org"
            """,
            says="names 'drop-tabel', which is not a rule, so it silences nothing.",
            at="[[approval]]",
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
def unknown_rule(unknown: UnknownRuleName, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{unknown.where} names {unknown.name!r}, which is not a rule, so it silences "
        "nothing.",
        remedy=f"Did you mean {unknown.suggestion!r}? `guard rules` lists all names."
        if unknown.suggestion
        else "Take a name that `guard rules` lists, or remove it.",
    )
