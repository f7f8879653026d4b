"""The revision that follows one whose fix is done in two steps."""

from __future__ import annotations

import datetime
import hashlib
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path, PurePath

from guard.rewrite import Afterwards

_REVISION = '''\
"""{message}

Revision ID: {id_}
Revises: {told}
Create Date: {date}
"""

from alembic import op

revision = "{id_}"
down_revision = {parents}
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''
_SLUG_LENGTH = 40  # as Alembic cuts it


def follow_up(
    beside: Path,
    beside_id: str,
    parents: Sequence[str],
    afterwards: Afterwards,
    today: datetime.date,
) -> tuple[Path, str]:
    """Return the path and the text of a revision that follows `parents` and does what it should.

    It lies beside the revision `beside_id` and is called in the same way. Its id is always the same
    for the same parents and message.
    """
    message, code = afterwards.message, afterwards.code
    id_ = hashlib.sha256("\0".join([*parents, message]).encode()).hexdigest()[:12]
    told = tuple(parents) if len(parents) > 1 else parents[0]
    text = _REVISION.format(
        message=message,
        id_=id_,
        told=", ".join(parents),
        date=today.isoformat(),
        parents=str(told).replace("'", '"') if len(parents) > 1 else f'"{told}"',
        upgrade=textwrap.indent(code, "    "),
        downgrade=textwrap.indent(afterwards.back, "    "),
    ).replace("from alembic import op\n\n", "from alembic import op\n\n" if "op." in code else "")
    return beside.with_name(_name(beside, beside_id, id_, message)), text


def _name(beside: PurePath, beside_id: str, id_: str, message: str) -> str:
    slug = "_".join(re.findall(r"\w+", message)).lower()[:_SLUG_LENGTH].rstrip("_")
    before, found, _ = beside.stem.partition(beside_id)
    return f"{before if found else ''}{id_}_{slug}{beside.suffix}"
