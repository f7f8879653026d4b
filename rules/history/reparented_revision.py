"""A released revision was given another place in the chain.

Databases that ran it went through the chain as it was: a revision that now comes before it will
never run there, and one that no longer does already has. Fresh databases go through the new chain
and end with another schema.
"""

from collections.abc import Iterator

from guard.facts import ReparentedRevision
from guard.phrases import ALWAYS_A_NEW_REVISION, NEVER_TOUCH_RELEASED
from guard.rule import Context, Example, Problem, revision_file, rule

THREE = revision_file("a1") | revision_file("b2", "a1") | revision_file("c3", "b2")


@rule(
    ReparentedRevision,
    approvable=True,
    instructs=(NEVER_TOUCH_RELEASED, ALWAYS_A_NEW_REVISION),
    unsafe=(
        Example(
            base=THREE,
            change=revision_file("c3", ("b2", "a1")),
            says="Revision c3 is on HEAD already, and its down_revision was changed from b2 to "
            "b2, a1: databases that ran it keep the old order.",
            help="Set down_revision back to b2, and put what has to be done into a new revision "
            "after the head.",
            at="down_revision = ('b2', 'a1')",
        ),
    ),
    safe=(
        Example(
            base=revision_file("a1") | revision_file("b2", "a1"),
            change=revision_file("b2", ("a1",)) | revision_file("c3", "b2"),
        ),
    ),
)
def reparented_revision(moved: ReparentedRevision, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"Revision {moved.revision} is on {moved.base} already, and its {moved.attribute} "
        f"was changed from {moved.before} to {moved.after}: databases that ran it keep the old "
        "order.",
        remedy=f"Set {moved.attribute} back to {moved.before}, and put what has to be done into a "
        "new revision after the head.",
    )
