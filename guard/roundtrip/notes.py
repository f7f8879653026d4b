"""What could not be run on the scratch database, and why that refuses nothing: in few notes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from guard.note import Note
from guard.statement import Direction, Span

IF_SQLITE = ' If the project runs on SQLite, say so: dialect = "sqlite" in [tool.guard].'
MOST_TABLES = 10  # that are named
MOST_NAMED = 6  # steps that are named without a reason
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
    scratch server lacks something (lacks); it needs `tables` that no revision makes (initial); a
    released revision failed (released); it needs what `cause` would have made (follows).
    """

    why: Literal["limit", "lacks", "initial", "released", "follows"]
    revision: str
    step: Direction
    reason: str
    span: Span
    server: str = ""
    cause: str = ""
    tables: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it stopped, and at what."""
        return f"{self.span.path}:{self.span.line}: {self.reason}"

    @property
    def name(self) -> str:
        """What it is, in the middle of a sentence."""
        return f"the downgrade of {self.revision}" if self.step == "downgrade" else self.revision


class MadeUp(msgspec.Struct, frozen=True, kw_only=True):
    """A step that failed over rows that guard made up, so that it ran over other `rows`."""

    revision: str
    step: Direction
    reason: str
    rows: Literal["plain", "none", "all"]


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not tested, or on less than there should be: a revision or table, why.

    "long" are tables of which only so many rows were compared, "skipped" revisions of which nothing
    ran, "broken" those of which something did.
    """

    what: Literal["no way back", "unseeded", "long", "skipped", "broken"]
    name: str
    why: str = ""


def met_notes(met: Collection[Met]) -> Iterator[Note]:
    """Yield one note for all that was met alike."""

    def names(what: str, why: str | None = None) -> list[str]:
        return [one.name for one in met if one.what == what and why in (None, one.why)]

    if revisions := names("no way back"):
        yield Note("no-downgrade", f"No downgrade() to test in {_listed(revisions)}.")
    for why in sorted({one.why for one in met if one.what == "unseeded"}):
        tables = sorted(names("unseeded", why))
        what = f"Table {tables[0]}" if len(tables) == 1 else f"{len(tables)} tables"
        named = "" if len(tables) == 1 else f": {_listed(tables)}"
        yield Note(
            "rows-not-made",
            f"{what} could not be given rows ({why}), so revisions were tested without{named}.",
        )
    for limit in dict.fromkeys(one.why for one in met if one.what == "long"):
        tables = sorted(names("long", limit))
        text = f"Only the first {limit} rows of {_listed(tables)} were compared."
        yield Note("rows-not-compared", text)
    for what, how in (("skipped", "a schema without it"), ("broken", "what of it does")):
        if passed := names(what):
            yield Note(
                "incomplete-schema",
                f"Every revision after {_listed(passed)} was tested on {how}, since its upgrade "
                "does not run.",
            )


def unrun_notes(unrun: Sequence[Unrun], absent: Iterable[str] = ()) -> Iterator[Note]:
    """Yield one note for each reason, however many revisions it holds for.

    `absent` are the tables that statements looked for and that no revision makes.
    """
    roots = {one.revision for one in unrun if one.why == "initial"}
    for one in unrun:  # in the order of the run: what follows comes after its cause
        if one.cause in roots:
            roots.add(one.revision)
    yield from _initial([one for one in unrun if one.revision in roots], absent)
    unrun = [one for one in unrun if one.revision not in roots]
    limits = [one for one in unrun if one.why == "limit"]
    for server in dict.fromkeys(one.server for one in limits):
        yield from _limits([one for one in limits if one.server == server], server)
    for one in unrun:
        if one.why == "lacks":
            text = f"{_capital(one.name)} was read and judged, not run whole ({one.place})."
            yield Note("not-run", text, one.span)
    yield from _released([one for one in unrun if one.why == "released"])
    following = [one for one in unrun if one.why == "follows"]
    for cause in dict.fromkeys(one.cause for one in following):
        yield from _following([one for one in following if one.cause == cause], cause)


def made_up_notes(steps: Collection[MadeUp]) -> Iterator[Note]:
    """Yield a note for each kind of rows with which revisions had to be run instead."""
    for rows, how in (("plain", "over plainer rows"), ("none", "without rows")):
        met = [one for one in steps if one.rows == rows]
        if not met:
            continue
        named = [
            f"{'the downgrade of ' * (one.step == 'downgrade')}{one.revision} ({one.reason})"
            for one in met[:MOST]
        ]
        more = f" and {len(met) - MOST} more" if len(met) > MOST else ""
        yield Note(
            "rows-replaced",
            f"Tested {how}, since code of their own does not understand made-up values: "
            f"{', '.join(named)}{more}.",
        )


def _limits(unrun: Sequence[Unrun], server: str) -> Iterator[Note]:
    label = SERVERS.get(server, server) or "another database than SQLite"
    say = "" if server else IF_SQLITE
    if len(unrun) <= MOST:
        for one in unrun:
            text = (
                f"{_capital(one.name)} needs {label} ({one.place}): read and judged, not run.{say}"
            )
            yield Note("not-run", text, one.span)
        return
    named = ", ".join(f"{one.name} ({one.place})" for one in unrun[:MOST])
    yield Note(
        "not-run",
        f"{len(unrun)} steps need {label}: read and judged, not run: {named} and "
        f"{len(unrun) - MOST} more.{say}",
        unrun[0].span,
    )


def _following(unrun: Sequence[Unrun], cause: str) -> Iterator[Note]:
    """Yield one note for what needs the same revision that could not be run, with one place."""
    first, names = unrun[0], list(dict.fromkeys(one.name for one in unrun))
    needs = "it needs" if len(names) == 1 else "they need"
    yield Note(
        "not-run",
        f"{_capital(first.name)}{_and_others(names[1:])} could not be tested ({first.place}), "
        f"since {needs} what {cause} does, and that could not be run here.",
        first.span,
    )


def _and_others(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f" and {len(names)} other steps"
    return f", {', '.join(names)}" if names else ""


def _initial(unrun: Sequence[Unrun], absent: Iterable[str]) -> Iterator[Note]:
    if not unrun:
        return
    tables = dict.fromkeys([name for one in unrun for name in one.tables] + [*absent])
    first = next(one for one in unrun if one.why == "initial")
    steps = len({(one.revision, one.step) for one in unrun})
    yield Note(
        "initial-schema",
        f"The revisions start from tables that none of them makes: {_listed(list(tables))} "
        f"({first.revision}, {first.place}). So {_counted(steps, 'step')} could not be run whole. "
        "Say what makes those tables as they were before the first revision: "
        'initial-schema = "schema.sql" in [tool.guard], or "package.module:function".',
        first.span,
    )


def _listed(names: Sequence[str]) -> str:
    named = ", ".join(names[:MOST_TABLES])
    more = len(names) - MOST_TABLES
    return f"{named} and {more} more" if more > 0 else named


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _released(unrun: Sequence[Unrun]) -> Iterator[Note]:
    if not unrun:
        return
    first, more = unrun[0], len(unrun) - 1
    which = f"{first.revision} ({first.place})"
    if not more:
        yield Note(
            "incomplete-schema",
            f"The released revision {which} does not run from an empty database: what of it runs "
            "was run, and the revisions after it were tested on that.",
            first.span,
        )
        return
    yield Note(
        "incomplete-schema",
        f"{more + 1} released revisions do not run from an empty database, first of them {which}: "
        "what of them runs was run, and the revisions after them were tested on that.",
        first.span,
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:] if words.startswith("the ") else words
