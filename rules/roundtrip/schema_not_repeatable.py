"""An upgrade gives another schema when it is repeated after its downgrade.

Two databases of the same revision then differ, depending on whether a release was ever taken back.
The upgrade decides by something that its downgrade left behind: a row, a flag, a file.
"""

from collections.abc import Iterator

from guard.facts import SchemaNotRepeatable
from guard.phrases import ALWAYS_UP_DOWN_UP, listed
from guard.rule import Context, Example, Problem, rule

LOG = "op.create_table('log', sa.Column('id', sa.Integer(), primary_key=True))"
UNSAFE = """
bind = op.get_bind()
if bind.execute(sa.text('SELECT 1 FROM log WHERE id = 1')).first() is None:
    op.add_column('log', sa.Column('note', sa.Text()))
else:
    op.add_column('log', sa.Column('remark', sa.Text()))
op.execute('INSERT OR IGNORE INTO log (id) VALUES (1)')
"""
UNDO = """
for column in sa.inspect(op.get_bind()).get_columns('log'):
    if column['name'] != 'id':
        op.drop_column('log', column['name'])
"""


@rule(
    SchemaNotRepeatable,
    instructs=(ALWAYS_UP_DOWN_UP,),
    unsafe=(
        Example(
            released=(LOG,),
            upgrade=UNSAFE,
            downgrade=UNDO,
            says="The upgrade of 0002 gives another schema the second time (- first, + second):\n"
            "  - column log.note TEXT\n  + column log.remark TEXT",
            help="Let the upgrade do the same whatever it finds",
            at="def upgrade()",
        ),
    ),
    safe=(
        Example(
            released=(LOG,),
            upgrade="op.add_column('log', sa.Column('note', sa.Text()))",
            downgrade="op.drop_column('log', 'note')",
        ),
    ),
)
def schema_not_repeatable(drift: SchemaNotRepeatable, context: Context) -> Iterator[Problem]:
    difference = listed(drift.difference)
    yield Problem(
        message=f"The upgrade of {drift.revision} gives another schema the second time "
        f"(- first, + second):\n{difference}",
        remedy="Let the upgrade do the same whatever it finds, and let the downgrade remove "
        "what the upgrade looks at.",
    )
