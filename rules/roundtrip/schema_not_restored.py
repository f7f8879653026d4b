"""A downgrade does not restore the schema that was there before the upgrade.

What was left behind makes the next upgrade fail, and what was not brought back is missing to the
code that is deployed again. Names of unnamed constraints, white space, quotes and the order of
columns do not count.
"""

from collections.abc import Iterator

from guard.facts import SchemaNotRestored
from guard.phrases import listed
from guard.rule import Context, Example, Problem, rule

TABLE = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('email', sa.String(80)),
)
"""
INDEX = "op.create_index('ix_users_email', 'users', ['email'])"


@rule(
    SchemaNotRestored,
    unsafe=(
        Example(
            released=(TABLE,),
            upgrade=INDEX,
            downgrade="op.get_bind()",
            says="The downgrade of 0002 does not restore the schema (- before the upgrade, + after "
            "the downgrade):\n  + index ix_users_email on users (email)",
            help="Undo in the downgrade everything that the upgrade did, in reverse order.",
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
        remedy="Undo in the downgrade everything that the upgrade did, in reverse order.",
    )
