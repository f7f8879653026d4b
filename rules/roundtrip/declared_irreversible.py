"""A downgrade says itself that it cannot be done.

It is shown, not failed: an honest error is better than a downgrade that pretends. Whoever deploys
the revision should know that there is no way back.
"""

from collections.abc import Iterator

from guard.facts import DeclaredIrreversible
from guard.rule import Context, Example, Problem, rule

CREATE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"


@rule(
    DeclaredIrreversible,
    severity="info",
    unsafe=(
        Example(
            upgrade=CREATE,
            downgrade="raise NotImplementedError('rows would be lost')",
            says="The downgrade of 0001 declares that it cannot be done: rows would be lost.",
            help="Have a copy of the database at hand when the revision is deployed.",
            at="NotImplementedError('rows",
        ),
    ),
    safe=(Example(upgrade=CREATE, downgrade="op.drop_table('t')"),),
)
def declared_irreversible(declared: DeclaredIrreversible, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"The downgrade of {declared.revision} declares that it cannot be done: "
        f"{declared.message}.",
        remedy="Have a copy of the database at hand when the revision is deployed.",
    )
