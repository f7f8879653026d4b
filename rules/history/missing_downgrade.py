"""A revision changes something and its downgrade does not take it back.

When a deployment goes wrong, `alembic downgrade` is the way out. An empty downgrade is the worst:
it reports success, the schema stays as it was, and the next upgrade fails over what is already
there. Where there is no way back, say so with a reason, and nobody counts on it.
"""

from collections.abc import Iterator

from guard.facts import Downgrade
from guard.rule import Context, Example, Problem, rule

HEAD = """\
from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))
"""
CONFIG = "[alembic]\nscript_location = %(here)s/migrations\n"
DECLARED = """\


def downgrade():
    # guard: irreversible the rows of the old table are not kept
    pass
"""


def _project(downgrade: str) -> Example:
    return Example(
        base={"alembic.ini": CONFIG},
        change={"migrations/versions/a1_orders.py": HEAD + downgrade},
    )


@rule(
    Downgrade,
    unsafe=(
        _project(""),
        _project("\n\ndef downgrade():\n    pass\n"),
        _project("\n\ndef downgrade():\n    raise NotImplementedError\n"),
    ),
    safe=(
        _project('\n\ndef downgrade():\n    op.drop_table("orders")\n'),
        _project(DECLARED),
    ),
)
def missing_downgrade(downgrade: Downgrade, context: Context) -> Iterator[Problem]:
    what = {
        "missing": "has no downgrade(), so alembic downgrade stops with an error at it",
        "empty": "has an empty downgrade(), so alembic downgrade reports success and leaves all "
        "that upgrade() did",
        "raises": "refuses to be downgraded",
    }[downgrade.state]
    said = f" ({downgrade.detail})" if downgrade.detail else ""
    where = "in a comment" if downgrade.state == "missing" else "in a comment inside it"
    yield Problem(
        message=f"Revision {downgrade.revision} {what}{said}.",
        remedy="Write the downgrade() that undoes upgrade(), or say why there is none, "
        f"{where}:\n# guard: irreversible <reason>",
    )
