"""A domain with a constraint is checked in every table that uses it, and is hard to change.

A column that is added with such a domain writes the whole table anew, even with a constant default,
and a changed constraint reads every table that has it. A CHECK of the table can be changed table by
table. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import CreateDomain
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["constrained-domain"]}


@rule(
    CreateDomain,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.execute('CREATE DOMAIN positive AS integer CHECK (VALUE > 0)')",
            dialect="postgresql",
            config=SELECTED,
            says="Domain positive has a constraint, which every table that uses it must pass.",
            help="Use the type itself, with a CHECK in the tables",
            at="CREATE DOMAIN",
        ),
    ),
    safe=(
        Example(
            upgrade="op.execute('CREATE DOMAIN word AS text')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def constrained_domain(create: CreateDomain, context: Context) -> Iterator[Problem]:
    if create.constrained:
        yield Problem(
            message=f"Domain {create.name} has a constraint, which every table that uses it must "
            "pass.",
            remedy="Use the type itself, with a CHECK in the tables",
        )
