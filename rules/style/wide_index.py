"""An index on many columns is large, slows down each write, and serves few queries.

A query uses an index from its first column on: columns after the third hardly narrow down what it
finds. A unique index needs all of its columns. Off unless it is selected.
"""

from collections.abc import Iterator
from typing import Annotated

from guard.operations import CreateIndex
from guard.rule import Context, Example, Options, Problem, rule

SELECTED = {"select": ["wide-index"]}


class WideIndex(Options, frozen=True):
    """How wide an index may be."""

    most: Annotated[int, "the most columns that an index may have"] = 3


@rule(
    CreateIndex,
    severity="off",
    options=WideIndex,
    unsafe=(
        Example(
            upgrade="op.create_index('ix', 'orders', ['a', 'b', 'c', 'd'])",
            config=SELECTED,
            says="Index ix has 4 columns, and few queries use those after the third.",
            help="Leave out what queries do not look for, or make two indexes of it",
            at="op.create_index",
        ),
    ),
    safe=(
        Example(upgrade="op.create_index('ix', 'orders', ['a', 'b', 'c'])", config=SELECTED),
        Example(
            upgrade="op.create_index('ix', 'orders', ['a', 'b', 'c', 'd'], unique=True)",
            config=SELECTED,
        ),
    ),
)
def wide_index(create: CreateIndex, context: Context) -> Iterator[Problem]:
    most = context.options(WideIndex).most
    if len(create.columns) <= most or create.unique:
        return
    name = f"Index {create.name}" if create.name else "An index"
    which = "third" if most == 3 else f"first {most}"
    yield Problem(
        message=f"{name} has {len(create.columns)} columns, and few queries use those after the "
        f"{which}.",
        remedy="Leave out what queries do not look for, or make two indexes of it",
    )
