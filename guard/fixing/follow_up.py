"""The revision that follows one whose fix is done in two steps."""

from __future__ import annotations

import datetime
import hashlib
import textwrap
from collections.abc import Sequence
from pathlib import PurePath

import msgspec

from guard.project.file_names import FileNames
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


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """A revision to be written: its id, where it lies in the folder of the others, and its text."""

    revision: str
    path: PurePath
    text: str


def follow_up(
    parents: Sequence[str], afterwards: Afterwards, names: FileNames, now: datetime.datetime
) -> FollowUp:
    """Return the revision that follows `parents` and does what it should.

    Its file is called as `alembic revision` would call it now. Its id is always the same for the
    same parents and message. Raises GuardError where the settings for names are of no use.
    """
    message, code = afterwards.message, afterwards.code
    id_ = hashlib.sha256("\0".join([*parents, message]).encode()).hexdigest()[:12]
    told = tuple(parents) if len(parents) > 1 else parents[0]
    created = names.created(now)
    text = _REVISION.format(
        message=message,
        id_=id_,
        told=", ".join(parents),
        date=created,
        parents=str(told).replace("'", '"') if len(parents) > 1 else f'"{told}"',
        upgrade=textwrap.indent(code, "    "),
        downgrade=textwrap.indent(afterwards.back, "    "),
    ).replace("from alembic import op\n\n", "from alembic import op\n\n" if "op." in code else "")
    return FollowUp(revision=id_, path=names.path(id_, message, created), text=text)
