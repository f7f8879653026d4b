"""What a round trip runs, and how much of it is done."""

from __future__ import annotations

from typing import NamedTuple

from alembic.script import Script, ScriptDirectory

from .channel import Channel
from .enums import Members
from .from_project import Rows


class Course(NamedTuple):
    """What a track runs: all of `plan`, of which `tested` go up, down and up again.

    `dialect` is the configured one, else None; `members` are what revisions give their enums, for
    the models to be compared with, and None where they are not compared. `initial` says what makes
    the tables that the first revision finds, `rows` which the project has of its own.
    """

    scripts: ScriptDirectory
    plan: list[Script]
    tested: set[str]
    dialect: str | None
    members: Members | None
    initial: str | None
    rows: Rows | None
    verify: bool = False  # guard's reader, by the schema after each step


class Progress:
    """What was done, for all databases together."""

    def __init__(self, channel: Channel, total: int) -> None:
        self.channel = channel
        self.total = total
        self.done = self.upgraded = self.downgraded = self.seeded = 0

    def counts(self) -> dict[str, int]:
        """Return them as events carry them."""
        return {
            "done": self.done,
            "total": self.total,
            "upgraded": self.upgraded,
            "downgraded": self.downgraded,
            "seeded": self.seeded,
        }
