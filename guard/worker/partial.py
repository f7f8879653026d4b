"""The revisions that cannot be run whole here, through no fault of the change: said, passed over.

They need another server than SQLite, tables that no revision makes, they are released and fail, or
they need what such a revision would have made.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from pathlib import Path
from typing import Any, Callable

from alembic.script import Script

from .channel import Channel
from .failure import Failure, failure_of, place_of
from .lenient import Lenient, missing_index, missing_table

ALMOST = 0.85  # how much of two names is alike where one is a slip of the other
_TABLE_MADE = re.compile(
    r"""create_table\(\s*["'](\w+)|CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["`\[]?(\w+)""",
    re.IGNORECASE,
)
_FILLS = re.compile(r"\s*(?:INSERT|REPLACE)\b", re.IGNORECASE)


class Partial:
    """Those of one track; of its `plan`, the round trip is about the `tested`."""

    def __init__(
        self, lenient: Lenient, plan: list[Script], tested: set[str], channel: Channel
    ) -> None:
        self._lenient = lenient
        self._plan = plan
        self._tested = tested
        self._channel = channel
        self.models: set[str] = set()  # tables of theirs, in lower case
        self.there: set[str] = set()  # tables that were there after an upgrade, in lower case
        self.starts_elsewhere = False  # from tables that no revision makes
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
        elif not cause and self._misses_a_table(failure):
            tables = [table] if (table := missing_table(failure.error)) else []
            self._say("initial", failure, reason=failure.error, tables=tables)
        elif released and not cause:
            self._say("released", failure, reason=failure.error)
        else:
            return bool(cause)
        return True

    def _misses_a_table(self, failure: Failure) -> bool:
        """Whether a step misses a table that is none of the revisions' to make.

        One that the models have, or that is altered before any is made: any other is a mistake.
        """
        table = missing_table(failure.error)
        if self.starts_elsewhere and (index := missing_index(failure.error)):
            before = self._before(failure.revision)
            return not any(index.lower() in _text(script).lower() for script in before)
        modelled = table is not None and table.lower() in self.models
        if not table or (
            failure.step == "downgrade" and not self.starts_elsewhere and not modelled
        ):
            return False
        if not modelled and self._is_misspelt(table, failure.revision):
            return False
        known = self.starts_elsewhere or modelled
        # A downgrade may fail alone, where the upgrade has caught what it met.
        caught = failure.step == "downgrade" and not self.starts_elsewhere
        before = self._plan if caught else self._before(failure.revision)
        if len(self._plan) > 1 and not _FILLS.match(failure.sql or ""):
            known = known or not any(_makes(r"\w+", script) for script in before)
        on_a_condition = modelled and self._was_never_there(table.lower(), before)
        found = known and (on_a_condition or not any(_makes(table, script) for script in before))
        self.starts_elsewhere = self.starts_elsewhere or found
        return found

    def _was_never_there(self, table: str, before: list[Script]) -> bool:
        """Return whether these ran and did not make it, whatever their text says."""
        return table not in self.there and all(s.revision in self._tested for s in before)

    def _is_misspelt(self, table: str, revision: str) -> bool:
        """Return whether the revisions up to this one make a table of almost this name."""
        upto = [*self._before(revision), *(s for s in self._plan if s.revision == revision)]
        made = {name.lower() for script in upto for name in _made(script)} - {table.lower()}
        return bool(difflib.get_close_matches(table.lower(), made, n=1, cutoff=ALMOST))

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
        if self._lenient.absent:
            before = self._before(script.revision)
            tables = [t for t in self._lenient.absent if not any(_makes(t, s) for s in before)]
            self._channel.send("absent", tables=tables)
        return None

    def _before(self, revision: str) -> list[Script]:
        return [*itertools.takewhile(lambda script: script.revision != revision, self._plan)]

    def without(self, script: Script) -> None:
        """Whatever the revision names may be missing from now on."""
        self._lenient.without(script.revision, _text(script))

    def _say(self, why: str, failure: Failure, **more: Any) -> None:
        self._channel.send("unrun", why=why, step=failure.step, **failure.where(), **more)


def _text(script: Script) -> str:
    return Path(script.path).read_text(encoding="utf-8", errors="replace")


@functools.cache
def _makes(table: str, script: Script) -> bool:
    """Whether a revision's text seems to make a table of a name that this expression matches."""
    text = _text(script)
    name = rf"""["'`\[]?{table}\b"""
    made = rf"create_table\(\s*{name}|CREATE\s+TABLE\s[^(]*?{name}"
    named = rf"rename_table\([^)]*?{name}|RENAME\s+TO\s+{name}|create_all|(?-i:\bTable)\(\s*{name}"
    return bool(re.search(f"{made}|{named}", text, re.IGNORECASE))


@functools.cache
def _made(script: Script) -> tuple[str, ...]:
    """Return the names of the tables that a revision's text seems to make."""
    text = _text(script)
    return tuple(first or second for first, second in _TABLE_MADE.findall(text))


def _is_of_the_text(error: Exception) -> bool:
    """Whether a revision's own text is wrong, however little of it could be run."""
    return isinstance(error, (NameError, ImportError)) or str(error).startswith("module '")
