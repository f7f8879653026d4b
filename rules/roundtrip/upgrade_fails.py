"""An upgrade fails even on an empty database.

Whoever sets the project up anew, and every test run that starts from nothing, stops here. The
revision was run on a scratch database whose tables held no rows, so no data is to blame.
"""

from collections.abc import Iterator

from guard.facts import UpgradeFailed
from guard.phrases import ALWAYS_UP_DOWN_UP, LEAVE_THE_PROCESS_ALONE, reason_of
from guard.rule import Context, Example, Problem, rule


@rule(
    UpgradeFailed,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            upgrade="op.execute('INSERT INTO nowhere VALUES (1)')",
            says="The upgrade of 0001 fails on an empty database: no such table: nowhere.",
            help="Make the upgrade run on an empty database; try it with: alembic upgrade 0001",
            at="op.execute",
        ),
        Example(
            upgrade="os._exit(7)",
            says="The upgrade of 0001 does not finish: the process ended with exit code 7",
            help=LEAVE_THE_PROCESS_ALONE,
            at="def upgrade()",
        ),
    ),
    safe=(
        Example(upgrade="op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"),
    ),
)
def upgrade_fails(failure: UpgradeFailed, context: Context) -> Iterator[Problem]:
    if failure.stopped:
        yield Problem(
            message=f"The upgrade of {failure.revision} does not finish: {failure.error}.",
            remedy=LEAVE_THE_PROCESS_ALONE,
        )
    else:
        why, instead = reason_of(failure)
        yield Problem(
            message=f"The upgrade of {failure.revision} fails on an empty database: "
            f"{failure.error}.{why}",
            remedy=instead
            or "Make the upgrade run on an empty database; try it with: alembic upgrade "
            f"{failure.revision}",
        )
