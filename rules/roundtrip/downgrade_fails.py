"""A downgrade fails.

When a release has to be taken back in a hurry, this is the step that does not work. The tables
held a few rows; a downgrade that brings back a NOT NULL column without a default fails over them.
"""

from collections.abc import Iterator

from guard.facts import DowngradeFailed
from guard.phrases import ALWAYS_UP_DOWN_UP, LEAVE_THE_PROCESS_ALONE, reason_of
from guard.rule import Context, Example, Problem, rule

CREATE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"


@rule(
    DowngradeFailed,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            upgrade=CREATE,
            downgrade="op.drop_table('another')",
            says="The downgrade of 0001 fails right after its own upgrade: no such table: another.",
            help="Write the downgrade so that it undoes the upgrade, with rows in the tables",
            at="op.drop_table('another')",
        ),
        Example(
            upgrade=CREATE,
            downgrade="op.drop_table('t')\nos._exit(7)",
            says="The downgrade of 0001 does not finish: the process ended with exit code 7",
            help=LEAVE_THE_PROCESS_ALONE,
            at="def downgrade",
        ),
    ),
    safe=(Example(upgrade=CREATE, downgrade="op.drop_table('t')"),),
)
def downgrade_fails(failure: DowngradeFailed, context: Context) -> Iterator[Problem]:
    if failure.stopped:
        yield Problem(
            message=f"The downgrade of {failure.revision} does not finish: {failure.error}.",
            remedy=LEAVE_THE_PROCESS_ALONE,
        )
    else:
        why, instead = reason_of(failure)
        yield Problem(
            message=f"The downgrade of {failure.revision} fails right after its own upgrade: "
            f"{failure.error}.{why}",
            remedy=instead
            or "Write the downgrade so that it undoes the upgrade, with rows in the tables; "
            "where that cannot be done, raise NotImplementedError with the reason.",
        )
