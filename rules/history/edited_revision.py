"""A released revision was edited: databases that ran it keep what it did before.

Alembic never runs a revision twice. Whoever deployed it has the old schema, whoever installs anew
gets the new one, and no later migration knows the difference. Put the change into a new revision.
Comments, formatting and docstrings may change, since they do nothing.
"""

from collections.abc import Iterator

from guard.facts import EditedRevision
from guard.rule import Context, Example, Problem, rule

CONFIG = "[alembic]\nscript_location = %(here)s/migrations\n"
FIRST = '''\
"""Create orders."""
from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("orders")
'''
BASE = {"alembic.ini": CONFIG, "migrations/versions/a1_orders.py": FIRST}


@rule(
    EditedRevision,
    approvable=True,
    unsafe=(
        Example(
            base=BASE,
            change={"migrations/versions/a1_orders.py": FIRST.replace("Integer", "BigInteger")},
        ),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/a1_orders.py": FIRST.replace("Create orders", "Make orders")
            },
        ),
    ),
)
def edited_revision(edit: EditedRevision, context: Context) -> Iterator[Problem]:
    was = f"`{edit.before}`" if edit.before else "nothing"
    now = f"`{edit.after}`" if edit.after else "nothing"
    became = f" ({was} became {now})" if was != now else ""
    yield Problem(
        message=f"Revision {edit.revision} is on {edit.base} already and now does something else"
        f"{became}: databases that ran it will not run it again.",
        remedy="Restore the file and put the change into a new revision:\n"
        f"git checkout {edit.base} -- {edit.span.path}",
    )
