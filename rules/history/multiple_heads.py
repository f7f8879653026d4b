"""The history has more heads than it has branches.

`alembic upgrade head` refuses to run while two revisions both claim to be the last. It mostly
happens when two changes were started from the same revision: each has one head, the merge has two,
so the heads of the base's tip count as well.
"""

from collections.abc import Iterator

from guard.facts import MultipleHeads
from guard.rewrite import Afterwards, Assigned, Rewrite
from guard.rule import Context, Example, Problem, revision_file, rule


@rule(
    MultipleHeads,
    instructs=(
        "ALWAYS let a new migration follow the head (`alembic heads`), so that there is one head",
    ),
    unsafe=(
        Example(
            base=revision_file("a1") | revision_file("b2", "a1"),
            change=revision_file("c3", "a1"),
            says="The history would end in 2 heads, c3 (migrations/versions/c3.py, this change), "
            "b2 (migrations/versions/b2.py, HEAD): alembic upgrade head refuses to choose.",
            help='Rebase and set down_revision = "b2" in the first revision of this change, '
            "or, where they are deployed already: alembic merge c3 b2",
            at="revision = 'c3'",
        ),
        Example(
            base=revision_file("a1"),
            change=revision_file("b2", "a1") | revision_file("c3", "a1"),
            says="The history would end in 2 heads, b2 (migrations/versions/b2.py, this change), "
            "c3 (migrations/versions/c3.py, this change)",
            help="Put one after the other by its down_revision, or, where they are deployed "
            "already: alembic merge b2 c3",
            at="revision = 'b2'",
        ),
    ),
    safe=(
        Example(
            base=revision_file("a1") | revision_file("b2", "a1"),
            change=revision_file("c3", "b2"),
        ),
        Example(
            base=revision_file("a1") | revision_file("b2", "a1"),
            change=revision_file("c3", "a1") | revision_file("d4", ("b2", "c3")),
        ),
    ),
)
def multiple_heads(fork: MultipleHeads, context: Context) -> Iterator[Problem]:
    told = ", ".join(f"{id_} ({path}, {where})" for id_, path, where in fork.heads)
    ids = " ".join(id_ for id_, _, _ in fork.heads)
    on_base = [id_ for id_, _, where in fork.heads if where != "this change"]
    order = (
        f'Rebase and set down_revision = "{on_base[0]}" in the first revision of this change'
        if len(on_base) == 1 and len(on_base) < len(fork.heads)
        else "Put one after the other by its down_revision"
    )
    yield Problem(
        message=f"The history would end in {len(fork.heads)} heads, {told}: "
        "alembic upgrade head refuses to choose.",
        remedy=f"{order}, or, where they are deployed already: alembic merge {ids}",
        rewrite=_in_order(fork, on_base),
    )


def _in_order(fork: MultipleHeads, on_base: list[str]) -> Rewrite:
    """Put this change after the base's head; where all heads are released, merge them."""
    if len(on_base) == len(fork.heads):
        return (
            Afterwards("pass", f"merge {' and '.join(sorted(on_base))}", parents=tuple(on_base)),
        )
    if fork.first is None or len(on_base) != 1:
        return ()
    return (Assigned(fork.first, "down_revision", repr(on_base[0])),)
