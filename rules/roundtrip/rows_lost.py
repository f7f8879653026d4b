"""Rows or values that were there before and that nothing declared to drop are gone or changed.

Up and down again must not cost data. SQLite's batch mode empties child tables by cascade, a
narrower type cuts values off, a rebuilt table forgets a column. What a revision drops, deletes or
updates by its own words is its declared will and judged by other rules.

Where env.py does not turn `PRAGMA foreign_keys` on and the application does, what that would change
is tried too: an error where env.py is handed a connection, else a warning.
"""

from collections.abc import Iterator

from guard.constraint_code import in_autocommit_block
from guard.facts import RowsLost, RowsReachable
from guard.phrases import ALWAYS_UP_DOWN_UP, listed
from guard.rule import Context, Example, Problem, rule

MOST_LINES = 20
OFF = "op.execute('PRAGMA foreign_keys=OFF')"
TURN_OFF = (
    "Turn the enforcement off first, outside of a transaction, in which the PRAGMA does nothing:\n"
    + in_autocommit_block(OFF)
)
TABLE = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('name', sa.String(80)),
)
"""
POSTS = """
op.create_table(
    'posts',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id', ondelete='CASCADE')),
)
"""
ANEW = """
with op.batch_alter_table('users', recreate='always') as users:
    users.add_column(sa.Column('nick', sa.String(80)))
"""


APP = """
from sqlalchemy import create_engine, event

engine = create_engine('sqlite://')


@event.listens_for(engine, 'connect')
def enforce(connection, record):
    connection.execute('PRAGMA foreign_keys=ON')
"""


@rule(
    RowsLost,
    RowsReachable,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(TABLE, POSTS),
            upgrade="op.get_bind().connection.execute('PRAGMA foreign_keys=ON')\n" + ANEW,
            dialect="sqlite",
            says="The upgrade of 0003 drops users, and since foreign keys are enforced "
            "(PRAGMA foreign_keys=ON) that takes along what refers to it (- before, + after):\n"
            "  - 7 rows in posts\n"
            "  + 2 rows in posts",
            help="Turn the enforcement off first, outside of a transaction, in which the PRAGMA "
            "does nothing:\nwith op.get_context().autocommit_block():\n"
            "    op.execute('PRAGMA foreign_keys=OFF')",
            at="def upgrade()",
            fixed=f"{in_autocommit_block(OFF)}\n{ANEW}",
        ),
        Example(
            base={"app/db.py": APP},
            released=(TABLE, POSTS),
            upgrade=ANEW,
            dialect="sqlite",
            says="The upgrade of 0003 drops users to make it anew. It ran without foreign keys "
            "enforced; over a connection that enforces them (PRAGMA foreign_keys=ON), as at "
            "app/db.py:9, that takes along what refers to it (- before, + after):\n"
            "  - 7 rows in posts\n"
            "  + 2 rows in posts",
            help="Turn the enforcement off first, outside of a transaction, in which the PRAGMA "
            "does nothing:\nwith op.get_context().autocommit_block():\n"
            "    op.execute('PRAGMA foreign_keys=OFF')",
            at="def upgrade()",
            fixed=f"{in_autocommit_block(OFF)}\n{ANEW}",
        ),
        Example(
            base={"app/db.py": APP},
            released=(TABLE, POSTS.replace(", ondelete='CASCADE'", "")),
            upgrade=ANEW,
            dialect="sqlite",
            says="as at app/db.py:9, that fails: FOREIGN KEY constraint failed.",
            at="def upgrade()",
            fixed=f"{in_autocommit_block(OFF)}\n{ANEW}",
        ),
        Example(
            released=(TABLE,),
            upgrade="op.add_column('users', sa.Column('nick', sa.String(80)))",
            downgrade="""
            op.drop_column('users', 'nick')
            op.execute("UPDATE users SET name = 'unknown'")
            """,
            says="The downgrade of 0002 loses rows or values (- before, + after):\n"
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
def rows_lost(lost: RowsLost | RowsReachable, context: Context) -> Iterator[Problem]:
    shown, more = lost.difference[:MOST_LINES], len(lost.difference) - MOST_LINES
    difference = listed([*shown, f"and {more} lines more"] if more > 0 else shown)
    if isinstance(lost, RowsReachable):
        harm = "takes along what refers to it (- before, + after):\n" + difference
        yield Problem(
            message=f"The {lost.stage} of {lost.revision} drops {lost.table} to make it anew. It "
            "ran without foreign keys enforced; over a connection that enforces them (PRAGMA "
            f"foreign_keys=ON), as at {lost.enforced}, that "
            f"{f'fails: {lost.error}.' if lost.error else harm}",
            remedy=TURN_OFF,
            severity=None if lost.handed_over else "warning",
        )
        return
    if lost.dropped:
        yield Problem(
            message=f"The {lost.stage} of {lost.revision} drops {', '.join(lost.dropped)}, and "
            "since foreign keys are enforced (PRAGMA foreign_keys=ON) that takes along what refers "
            f"to it (- before, + after):\n{difference}",
            remedy=TURN_OFF,
        )
        return
    yield Problem(
        message=f"The {lost.stage} of {lost.revision} loses rows or values (- before, + after):\n"
        f"{difference}",
        remedy="Keep the rows: copy what would be lost before it goes and bring it back in the "
        "downgrade.",
    )
