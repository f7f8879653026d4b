"""How long each step of each revision took."""

from __future__ import annotations

import msgspec

from guard.finding import Timing

STAGES = {"upgrade": "up", "downgrade": "down", "second-upgrade": "up_again"}


class Timings:
    """The steps so far; what ran more than once, on several databases, counts by the slowest."""

    def __init__(self) -> None:
        self._known: dict[str, Timing] = {}

    def add(self, revision: str, path: str, stage: str, seconds: float) -> None:
        """Take down a step of a revision."""
        known, name = self._known.get(revision), STAGES[stage]
        known = known or Timing(revision=revision, path=path)
        slowest = max(seconds, getattr(known, name) or 0)
        self._known[revision] = msgspec.structs.replace(known, **{name: slowest})

    def all(self) -> tuple[Timing, ...]:
        """Return them in the order in which the revisions first ran."""
        return tuple(self._known.values())
