"""A downgrade does not restore the schema that was there before the upgrade.

What was left behind makes the next upgrade fail, and what was not brought back is missing to the
code that is deployed again. Names of unnamed constraints, white space, quotes and the order of
columns do not count.
"""

import re
from collections.abc import Iterator, Sequence

from guard.facts import SchemaNotRestored
from guard.phrases import ALWAYS_UP_DOWN_UP, listed
from guard.rule import Context, Example, Problem, rule

TABLE = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('email', sa.String(80)),
)
"""
INDEX = "op.create_index('ix_users_email', 'users', ['email'])"
NOCASE = """
op.execute('CREATE INDEX ix_nocase ON users (email COLLATE NOCASE)')
"""
UNDO = "Undo in the downgrade everything that the upgrade did, in reverse order."


@rule(
    SchemaNotRestored,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(TABLE,),
            upgrade=INDEX,
            downgrade="op.get_bind()",
            says="The downgrade of 0002 does not restore the schema (- before the upgrade, + after "
            "the downgrade):\n  + index ix_users_email on users (email)",
            help=UNDO,
            at="def downgrade()",
        ),
        Example(
            released=(TABLE, NOCASE),
            upgrade="op.add_column('users', sa.Column('nick', sa.Text()))",
            downgrade="""
            with op.batch_alter_table('users', recreate='always') as users:
                users.drop_column('nick')
            """,
            dialect="sqlite",
            says="  - index ix_nocase on users (email COLLATE NOCASE)\n"
            "  + index ix_nocase on users (email)",
            help="Make index ix_nocase as it was: where batch mode copies a table, it leaves out "
            "collations and expressions of its indexes, so drop and create it after the batch.",
            at="def downgrade()",
        ),
    ),
    safe=(
        Example(
            released=(TABLE,), upgrade=INDEX, downgrade="op.drop_index('ix_users_email', 'users')"
        ),
    ),
)
def schema_not_restored(drift: SchemaNotRestored, context: Context) -> Iterator[Problem]:
    difference = listed(drift.difference)
    yield Problem(
        message=f"The downgrade of {drift.revision} does not restore the schema "
        f"(- before the upgrade, + after the downgrade):\n{difference}",
        remedy=_remedy(drift.difference),
    )


def _remedy(difference: Sequence[str]) -> str:
    """Return what to do; of indexes that are there again, and otherwise, it is known why."""
    changed = [re.findall(rf"^\{sign} index (\S+)", "\n".join(difference), re.M) for sign in "-+"]
    again = [name for name in changed[0] if name in changed[1]]
    if 2 * len(again) < len(difference):
        return UNDO
    return (
        f"Make index {', '.join(again)} as it was: where batch mode copies a table, it leaves out "
        "collations and expressions of its indexes, so drop and create it after the batch."
    )
