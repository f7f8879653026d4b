"""Alembic cannot walk the history: a parent is missing, an id stands twice, a file is none.

Every Alembic command stops at such a history, also on the server during a deployment. And what
cannot be walked cannot be judged: a gate that skipped it would pass it.
"""

from collections.abc import Iterator

from guard.facts import BrokenChain
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
BASE = {"alembic.ini": CONFIG, "migrations/versions/a1_orders.py": FIRST}
REMEDY = {
    "missing-parent": "Add the revision that is missing, or name the one that really comes before.",
    "cycle": "Let one of them come after a revision that stands outside of the cycle.",
    "duplicate": "Give one of them a name of its own: alembic revision makes a fresh id.",
    "no-revision": "Move the file out of the versions folder, or give it revision and "
    "down_revision as alembic revision writes them.",
    "unreadable": "Mend the file, so that Alembic and guard can read it.",
    "computed": "Write the ids as plain strings: tools that do not run the code read them.",
}


@rule(
    BrokenChain,
    unsafe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/b2_items.py": REVISION.format(
                    id="b2", parent='"zz"', table="items"
                )
            },
        ),
        Example(base=BASE, change={"migrations/versions/helpers.py": "LIMIT = 10\n"}),
        Example(base=BASE, change={"migrations/versions/b2_items.py": "def upgrade(:\n"}),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/b2_items.py": REVISION.format(
                    id="b2", parent='"a1"', table="items"
                )
            },
        ),
    ),
)
def broken_chain(broken: BrokenChain, context: Context) -> Iterator[Problem]:
    yield Problem(message=broken.detail, remedy=REMEDY[broken.problem])
