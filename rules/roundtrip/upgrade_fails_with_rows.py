"""An upgrade passes on empty tables and fails once they hold rows.

Tests that migrate an empty database never see it; production is where it fails, half-way through
on servers whose DDL is not transactional. The tables held a few made-up rows that satisfy their
own constraints: nullable columns filled and NULL, equal values where nothing forbids them.
"""

from collections.abc import Iterator

from guard.facts import UpgradeFailedWithRows
from guard.phrases import ALWAYS_UP_DOWN_UP, reason_of
from guard.rule import Context, Example, Problem, rule

TABLE = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('email', sa.String(80)),
)
"""


@rule(
    UpgradeFailedWithRows,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(TABLE,),
            upgrade="""
            with op.batch_alter_table('users') as users:
                users.alter_column('email', existing_type=sa.String(80), nullable=False)
            """,
            says="The upgrade of 0002 passes on empty tables and fails once they hold rows: NOT "
            "NULL constraint failed: ",
            help="Bring the existing rows into shape first",
            at="op.batch_alter_table",
        ),
    ),
    safe=(
        Example(
            released=(TABLE,),
            upgrade="""
            op.execute("UPDATE users SET email = '' WHERE email IS NULL")
            with op.batch_alter_table('users') as users:
                users.alter_column('email', existing_type=sa.String(80), nullable=False)
            """,
        ),
    ),
)
def upgrade_fails_with_rows(failure: UpgradeFailedWithRows, context: Context) -> Iterator[Problem]:
    why, instead = reason_of(failure)
    yield Problem(
        message=f"The upgrade of {failure.revision} passes on empty tables and fails "
        f"once they hold rows: {failure.error}.{why}",
        remedy=instead
        or "Bring the existing rows into shape first, in this upgrade or in an earlier "
        "revision: fill NULLs, merge duplicates, give new NOT NULL columns a server_default.",
    )
