"""What one run tells and counts where several share the revisions of a history."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

# Events that tell of one.
_OF_A_REVISION = frozenset(["fact", "ran", "restored", "unrun", "made-up"])
COUNTED = ("upgraded", "downgraded", "seeded")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions of a run: the `passed` are another's, which proves them and tells of them.

    Of all others the run tells; it counts its `own`, None: all others.
    """

    passed: Collection[str] = frozenset()
    own: Collection[str] | None = None

    def hears(self, event: Mapping[str, object]) -> bool:
        """Return whether the event is none that another run tells."""
        return event["event"] not in _OF_A_REVISION or event["revision"] not in self.passed

    def counts(self, revision: str | None) -> bool:
        """Return whether the steps of the revision count here."""
        return revision not in self.passed and (self.own is None or revision in self.own)


EVERYTHING = Share()


class Counts:
    """The steps and rows so far, as far as they count in a share."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._now = dict.fromkeys(COUNTED, 0)
        self._all = dict(self._now)
        self._running: str | None = None

    def __getitem__(self, name: str) -> int:
        return self._now[name]

    def add(self, event: Mapping[str, int], begins: str | None) -> None:
        """Count what an event has more than the last one, which came as a step began.

        `begins` is the revision for whose sake a step does, if one does: rows were put in for that,
        and what ran was for the one before.
        """
        for name in COUNTED:
            revision = begins if name == "seeded" and begins is not None else self._running
            if self._share.counts(revision):
                self._now[name] += event[name] - self._all[name]
            self._all[name] = event[name]
        self._running = begins
