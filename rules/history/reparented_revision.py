"""A released revision was given another place in the chain.

Databases that ran it took the old way: a revision that now comes before it will never run there,
and one that no longer does already has. Fresh databases take the new way and end elsewhere.
"""

from collections.abc import Iterator

from guard.facts import ReparentedRevision
from guard.rule import Context, Example, Problem, rule

CONFIG = "[alembic]\nscript_location = %(here)s/migrations\n"
REVISION = """\
from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {parent}


def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("{table}")
"""
FIRST = REVISION.format(id="a1", parent=None, table="orders")
SECOND = REVISION.format(id="b2", parent='"a1"', table="items")
BASE = {
    "alembic.ini": CONFIG,
    "migrations/versions/a1_orders.py": FIRST,
    "migrations/versions/b2_items.py": SECOND,
}


@rule(
    ReparentedRevision,
    approvable=True,
    unsafe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/c3_early.py": REVISION.format(
                    id="c3", parent='"a1"', table="early"
                ),
                "migrations/versions/b2_items.py": SECOND.replace('"a1"', '"c3"'),
            },
        ),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/b2_items.py": SECOND.replace('= "a1"', ': str = ("a1",)'),
                "migrations/versions/c3_late.py": REVISION.format(
                    id="c3", parent='"b2"', table="late"
                ),
            },
        ),
    ),
)
def reparented_revision(moved: ReparentedRevision, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"Revision {moved.revision} is on {moved.base} already, and its {moved.attribute} "
        f"was changed from {moved.before} to {moved.after}: older databases came the old way.",
        remedy=f"Set {moved.attribute} back to {moved.before} and let the new revision come after "
        "the head instead.",
    )
