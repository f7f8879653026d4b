"""Rows or values that were there before and that nothing declared to drop are gone or changed.

Up and down again must not cost data. SQLite's batch mode empties child tables by cascade, a
narrower type cuts values off, a rebuilt table forgets a column. What a revision drops, deletes or
updates by its own words is its declared will and judged by other rules.
"""

from collections.abc import Iterator

from guard.facts import RowsLost
from guard.phrases import ALWAYS_UP_DOWN_UP, listed
from guard.rule import Context, Example, Problem, rule

TABLE = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('name', sa.String(80)),
)
"""


@rule(
    RowsLost,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(TABLE,),
            upgrade="op.add_column('users', sa.Column('nick', sa.String(80)))",
            downgrade="""
            op.drop_column('users', 'nick')
            op.execute("UPDATE users SET name = 'unknown'")
            """,
            says="The downgrade of 0002 loses rows or values of users (- before, + after):\n"
            "  - users.name = ",
            help="Keep the rows: copy what would be lost before it goes",
            at="def downgrade()",
        ),
    ),
    safe=(
        Example(
            released=(TABLE,),
            upgrade="op.alter_column('users', 'name', new_column_name='nick')",
            downgrade="op.alter_column('users', 'nick', new_column_name='name')",
        ),
    ),
)
def rows_lost(lost: RowsLost, context: Context) -> Iterator[Problem]:
    difference = listed(lost.difference)
    yield Problem(
        message=f"The {lost.stage} of {lost.revision} loses rows or values of {lost.table} "
        f"(- before, + after):\n{difference}",
        remedy="Keep the rows: copy what would be lost before it goes and bring it back in the "
        "downgrade; on SQLite keep foreign_keys off while batch mode rebuilds a table.",
        object=lost.table,
    )
