"""The history has more heads than it has branches.

`alembic upgrade head` refuses to run while two revisions both claim to be the last. It mostly
happens when two changes were started from the same revision: each has one head, the merge has two,
so the heads of the base's tip count as well.
"""

from collections.abc import Iterator

from guard.facts import MultipleHeads
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
BASE = {
    "alembic.ini": CONFIG,
    "migrations/versions/a1_orders.py": REVISION.format(id="a1", parent=None, table="orders"),
    "migrations/versions/b2_items.py": REVISION.format(id="b2", parent='"a1"', table="items"),
}


@rule(
    MultipleHeads,
    unsafe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/c3_late.py": REVISION.format(
                    id="c3", parent='"a1"', table="late"
                )
            },
        ),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "migrations/versions/c3_late.py": REVISION.format(
                    id="c3", parent='"b2"', table="late"
                )
            },
        ),
    ),
)
def multiple_heads(fork: MultipleHeads, context: Context) -> Iterator[Problem]:
    told = ", ".join(f"{id_} ({path}, {where})" for id_, path, where in fork.heads)
    ids = " ".join(id_ for id_, _, _ in fork.heads)
    on_base = [id_ for id_, _, where in fork.heads if where != "this change"]
    rebase = (
        f'rebase and set down_revision = "{on_base[0]}" in the first revision of this change'
        if len(on_base) == 1 and len(on_base) < len(fork.heads)
        else "put one after the other by its down_revision"
    )
    yield Problem(
        message=f"The history would end in {len(fork.heads)} heads, {told}: "
        "alembic upgrade head refuses to choose.",
        remedy=f"If none of them is released yet, {rebase}; otherwise: alembic merge {ids}",
    )
