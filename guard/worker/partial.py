"""The revisions that cannot be run whole here, through no fault of the change: said, passed over.

They need another server than SQLite, they are released and fail, or they need what such a
revision would have made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from alembic.script import Script

from .channel import Channel
from .failure import Failure, failure_of, place_of
from .lenient import Lenient


class Partial:
    """Those of one track; `tested` are the revisions that the round trip is about."""

    def __init__(self, lenient: Lenient, tested: set[str], channel: Channel) -> None:
        self._lenient = lenient
        self._tested = tested
        self._channel = channel
        self.revisions: set[str] = set()

    def excuses(self, failure: Failure, server: str | None) -> bool:
        """Return whether the failure refuses nothing, and say why it does not."""
        cause = self._lenient.to_blame(failure.error)
        released = failure.revision not in self._tested
        if failure.limit and server is None:
            self._say("lacks", failure, reason=failure.limit)
        elif failure.limit:
            self._say("limit", failure, server=server, reason=failure.limit)
        elif cause and not released:
            self._say("follows", failure, cause=cause, reason=failure.error)
        elif released and not cause:
            self._say("released", failure, reason=failure.error)
        return bool(failure.limit or cause or released)

    def of_its_own(self, script: Script, direction: str, lines: list[str]) -> list[str]:
        """Return the differences of a schema that come from no revision that was not run whole."""
        causes = [self._lenient.explains(line) for line in lines]
        for line, cause in zip(lines, causes):
            if cause:
                where = {"revision": script.revision, **place_of(script, direction)}
                self._channel.send(
                    "unrun", why="follows", step=direction, cause=cause, reason=line, **where
                )
                break
        return [line for line, cause in zip(lines, causes) if not cause]

    def run(self, script: Script, run: Callable[[], None]) -> Failure | None:
        """Run what of the upgrade runs here; return what is wrong with its text, the first time."""
        again = script.revision in self.revisions
        self.revisions.add(script.revision)
        with self._lenient.run(script.revision):
            try:
                run()
            except Exception as error:  # noqa: BLE001 (it is known that not all of it runs)
                self.without(script)
                if not again and script.revision in self._tested and _is_of_the_text(error):
                    return failure_of(error, script, "upgrade", None)
        return None

    def without(self, script: Script) -> None:
        """Whatever the revision names may be missing from now on."""
        text = Path(script.path).read_text(encoding="utf-8", errors="replace")
        self._lenient.without(script.revision, text)

    def _say(self, why: str, failure: Failure, **more: Any) -> None:
        self._channel.send("unrun", why=why, step=failure.step, **failure.where(), **more)


def _is_of_the_text(error: Exception) -> bool:
    """Whether a revision's own text is wrong, however little of it could be run."""
    return isinstance(error, (NameError, ImportError)) or str(error).startswith("module '")
