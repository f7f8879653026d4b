"""A shop in git whose change the HTML report shows: two heads, locks, findings, a round trip."""

from __future__ import annotations

from pathlib import Path

from branch import branch
from command_line import guard
from git_repo import Repo

REVISION = '''"""{title}"""
import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {parent!r}


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''
ORDERS = 'sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.String(200))'


def revision(
    id_: str, parent: object, upgrade: str = "pass", downgrade: str = "pass", title: str = ""
) -> dict[str, str]:
    """The file of one revision."""
    text = REVISION.format(
        id=id_, parent=parent, upgrade=upgrade, downgrade=downgrade, title=title or f"Step {id_}"
    )
    return {f"migrations/versions/{id_}.py": text}


def shop(folder: Path, dialect: str = "postgresql", released: int = 4) -> Repo:
    """Eight revisions and more on the base, with a branch and a merge; two new heads."""
    base = {
        "guard.toml": f'dialect = "{dialect}"\nignore = ["empty-revision"]\n',
        **revision("a1", None, f'op.create_table("orders", {ORDERS})', 'op.drop_table("orders")'),
        **revision("b1", "a1", title="The left branch"),
        **revision("b2", "a1", title="The right branch"),
        **revision("c1", ("b1", "b2"), title="Merge both"),
    }
    parent = "c1"
    for number in range(released):
        base |= revision(f"d{number:03}", parent)
        parent = f"d{number:03}"
    change = {
        **revision(
            "e1",
            parent,
            'op.drop_column("orders", "note")',
            'op.add_column("orders", sa.Column("note", sa.String(200)))',
            title="Drop the notes of orders",
        ),
        **revision(
            "f1",
            parent,
            'op.create_table("shipments", sa.Column("id", sa.Integer(), primary_key=True))\n'
            '    op.create_index("ix_note", "orders", ["note"])\n'
            '    op.execute("UPDATE orders SET id = id + 1")',
            'op.drop_index("ix_note", "orders")\n    op.drop_table("shipments")',
            title="Create shipments",
        ),
    }
    return branch(folder, base, change)


def report_of(root: Path, *arguments: str) -> str:
    """The HTML report of a command there, `lint` if nothing else is said."""
    return guard(root, *(arguments or ("lint",)), "--output", "html").output
