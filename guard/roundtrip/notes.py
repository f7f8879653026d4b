"""What could not be run on the scratch database, and why that refuses nothing: in few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from guard.statement import Direction, Span

IF_SQLITE = ' If the project runs on SQLite, say so: dialect = "sqlite" in [tool.guard].'
MOST = 3  # revisions that are named with their reasons
SERVERS = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mssql": "SQL Server",
    "oracle": "Oracle",
}


class Unrun(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade or downgrade that was not run whole.

    `why`: SQLite cannot do what `server` (empty: nobody said which) may well do (limit); the
    scratch server lacks something (lacks); a released revision failed (released); it needs what
    `cause` would have made (follows).
    """

    why: Literal["limit", "lacks", "released", "follows"]
    revision: str
    step: Direction
    reason: str
    span: Span
    server: str = ""
    cause: str = ""

    @property
    def place(self) -> str:
        """Where it stopped, and at what."""
        return f"{self.span.path}:{self.span.line}: {self.reason}"

    @property
    def name(self) -> str:
        """What it is, in the middle of a sentence."""
        return f"the downgrade of {self.revision}" if self.step == "downgrade" else self.revision


def unrun_notes(unrun: Sequence[Unrun]) -> Iterator[str]:
    """Yield one sentence for each reason, however many revisions it holds for."""
    limits = [one for one in unrun if one.why == "limit"]
    for server in dict.fromkeys(one.server for one in limits):
        yield from _limits([one for one in limits if one.server == server], server)
    for one in unrun:
        if one.why == "lacks":
            yield f"{_capital(one.name)} was read and judged, not run whole ({one.place})."
    yield from _released([one for one in unrun if one.why == "released"])
    for one in unrun:
        if one.why == "follows":
            yield (
                f"{_capital(one.name)} could not be tested ({one.place}), since it needs what "
                f"{one.cause} does, and that could not be run here."
            )


def _limits(unrun: Sequence[Unrun], server: str) -> Iterator[str]:
    label = SERVERS.get(server, server) or "another database than SQLite"
    say = "" if server else IF_SQLITE
    if len(unrun) <= MOST:
        for one in unrun:
            yield (
                f"{_capital(one.name)} needs {label} ({one.place}): read and judged, not run.{say}"
            )
        return
    named = ", ".join(f"{one.name} ({one.place})" for one in unrun[:MOST])
    yield (
        f"{len(unrun)} steps need {label}: read and judged, not run: {named} and "
        f"{len(unrun) - MOST} more.{say}"
    )


def _released(unrun: Sequence[Unrun]) -> Iterator[str]:
    if not unrun:
        return
    first, more = unrun[0], len(unrun) - 1
    which = f"{first.revision} ({first.place})"
    if not more:
        yield (
            f"The released revision {which} does not run from an empty database: what of it runs "
            "was run, and the revisions after it were tested on that."
        )
        return
    yield (
        f"{more + 1} released revisions do not run from an empty database, first of them {which}: "
        "what of them runs was run, and the revisions after them were tested on that."
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:] if words.startswith("the ") else words
