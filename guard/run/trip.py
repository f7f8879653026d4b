"""What the run of a history's revisions brought, before anything of it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from guard.facts import UnreadStatement

if TYPE_CHECKING:
    from guard.roundtrip.run import RoundTrip  # what only lints starts without it


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """The run of an environment's `revisions`; there is no `result` where nothing could be run.

    `errors` say why that is. `unread` is what it executed and reading had not shown.
    """

    environment: str
    revisions: tuple[str, ...] = ()
    result: RoundTrip | None = None
    unread: tuple[UnreadStatement, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def told(self) -> frozenset[str]:
        """The revisions that it tells something of: its own, and one that ended it before these."""
        facts = self.result.facts if self.result else ()
        return frozenset(self.revisions) | {fact.revision for fact in facts if fact.revision}

    @property
    def nothing_ran(self) -> bool:
        """Whether it could run the upgrade of none of its revisions whole."""
        if self.result is None or not self.revisions:
            return False
        return {one.revision for one in self.result.unrun if one.step == "upgrade"}.issuperset(
            self.revisions
        )
