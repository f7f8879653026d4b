"""A released revision is gone, or stands in another file.

A database whose alembic_version names the missing revision cannot be upgraded: Alembic stops with
"Can't locate revision". A moved file still upgrades, but hides its history from git and from
everybody who looks for it. A squash names what it replaces, with `replaces = ("id", ...)` in the
new revision, and is then allowed.
"""

from collections.abc import Iterator

from guard.facts import DeletedRevision
from guard.rule import Context, Example, Problem, rule

CONFIG = "[alembic]\nscript_location = %(here)s/migrations\n"
FIRST = """\
from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("orders")
"""
SECOND = """\
from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"


def upgrade():
    op.add_column("orders", sa.Column("note", sa.Text()))


def downgrade():
    op.drop_column("orders", "note")
"""
SQUASHED = FIRST.replace('"a1"', '"c3"').replace(
    "down_revision", 'replaces = ("a1", "b2")\ndown_revision'
)
BASE = {
    "alembic.ini": CONFIG,
    "migrations/versions/a1_orders.py": FIRST,
    "migrations/versions/b2_note.py": SECOND,
}


@rule(
    DeletedRevision,
    approvable=True,
    unsafe=(
        Example(base=BASE, change={"migrations/versions/b2_note.py": None}),
        Example(
            base=BASE,
            change={
                "migrations/versions/b2_note.py": None,
                "migrations/versions/b2_add_note.py": SECOND,
            },
        ),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/a1_orders.py": None,
                "migrations/versions/b2_note.py": None,
                "migrations/versions/c3_squashed.py": SQUASHED,
            },
        ),
    ),
)
def deleted_revision(gone: DeletedRevision, context: Context) -> Iterator[Problem]:
    restore = f"git checkout {gone.base} -- {gone.span.path}"
    if gone.moved_to:
        yield Problem(
            message=f"Revision {gone.revision}, on {gone.base} in {gone.span.path}, was moved to "
            f"{gone.moved_to}: a released file keeps its name.",
            remedy=f"Move it back: git mv {gone.moved_to} {gone.span.path}",
        )
        return
    yield Problem(
        message=f"Revision {gone.revision} is on {gone.base} and gone here: a database that stands "
        "at it can be neither upgraded nor downgraded.",
        remedy=f"Restore it ({restore}) and undo it in a new revision, or, if this is a squash, "
        f'name it in the new revision: replaces = ("{gone.revision}", ...)',
    )
