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
    the tables that the first revision finds, `rows` which the project has of its own. `passed` are
    those of the tested that another run takes up, down and up again, and `whole`: this one goes to
    the end of the plan, where the models are compared.
    """

    scripts: ScriptDirectory
    plan: list[Script]
    tested: set[str]
    dialect: str | None
    members: Members | None
    initial: str | None
    rows: Rows | None
    verify: bool = False  # guard's reader, by the schema after each step
    passed: frozenset[str] = frozenset()
    whole: bool = True

    @property
    def end(self) -> int:
        """How many revisions of the plan are run."""
        own = (n for n, one in enumerate(self.plan, 1) if self.tests(one.revision))
        return len(self.plan) if self.whole else max(own, default=0)

    def tests(self, revision: str) -> bool:
        """Whether this run takes the revision up, down and up again."""
        return revision in self.tested and revision not in self.passed


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
