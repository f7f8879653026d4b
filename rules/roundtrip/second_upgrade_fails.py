"""An upgrade cannot be repeated after its downgrade.

The downgrade leaves something behind that the schema does not show, mostly rows that the upgrade
inserts again, so a release that was taken back can never be deployed again.
"""

from collections.abc import Iterator

from guard.facts import SecondUpgradeFailed
from guard.phrases import ALWAYS_UP_DOWN_UP, LEAVE_THE_PROCESS_ALONE, reason_of
from guard.rule import Context, Example, Problem, rule

TABLE = "op.create_table('roles', sa.Column('id', sa.Integer(), primary_key=True))"
INSERT = "op.execute('INSERT INTO roles (id) VALUES (1)')"


@rule(
    SecondUpgradeFailed,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(TABLE,),
            upgrade=INSERT,
            downgrade="op.get_bind()",
            says="The upgrade of 0002 fails when it is repeated after its downgrade: UNIQUE "
            "constraint failed: roles.id.",
            help="Let the downgrade remove everything that the upgrade made, rows included.",
            at="op.execute",
        ),
        Example(
            released=(TABLE,),
            upgrade="""
            if op.get_bind().execute(sa.text('SELECT 1 FROM roles WHERE id = 1')).first():
                os._exit(7)
            op.execute('INSERT INTO roles (id) VALUES (1)')
            """,
            downgrade="op.get_bind()",
            says="The upgrade of 0002 does not finish when it is repeated: the process ended",
            help=LEAVE_THE_PROCESS_ALONE,
            at="def upgrade()",
        ),
    ),
    safe=(
        Example(
            released=(TABLE,),
            upgrade=INSERT,
            downgrade="op.execute('DELETE FROM roles WHERE id = 1')",
        ),
    ),
)
def second_upgrade_fails(failure: SecondUpgradeFailed, context: Context) -> Iterator[Problem]:
    if failure.stopped:
        yield Problem(
            message=f"The upgrade of {failure.revision} does not finish when it is "
            f"repeated: {failure.error}.",
            remedy=LEAVE_THE_PROCESS_ALONE,
        )
    else:
        why, instead = reason_of(failure)
        yield Problem(
            message=f"The upgrade of {failure.revision} fails when it is repeated after its "
            f"downgrade: {failure.error}.{why}",
            remedy=instead
            or "Let the downgrade remove everything that the upgrade made, rows included.",
        )
