"""What stands on the page, in the order of its templates; nothing here is HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from guard.finding import Finding, Report, Timing
from guard.reporters import summary
from guard.reporters.background import Background
from guard.reporters.chronicle import Chapter, Chronicle, Way
from guard.reporters.frame import Row as SourceRow
from guard.reporters.frame import frame, split_lines
from guard.reporters.html.graph import LANE, Node, Row, newest_first, rows_of
from guard.reporters.html.schema import Block, blocks_of
from guard.reporters.html.words import (
    Lock,
    locks_of,
    nothing_text,
    remarks_of,
    seconds_text,
    server_text,
    steps_text,
    worst_lock,
)
from guard.show.operations import operation_text
from guard.show.sql import sql_of

_WIDTH = 110  # columns of a frame of source
_AROUND = 8  # released revisions below the last one that is judged
_MANY = 30  # findings; more than these are grouped by rule


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A finding: `anchor` is its own, `revision` that of the revision that it stands in."""

    anchor: str
    finding: Finding
    more: str  # of the message, after its first line
    frame: tuple[SourceRow, ...]
    approve: str
    revision: str
    new: bool  # in a revision that the change brings, or in none


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one rule and severity, with the rule's title and its page."""

    rule: str
    severity: str
    title: str
    url: str | None
    cards: tuple[Card, ...]


class DeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of a revision, with what it locks."""

    line: int
    kind: str
    subject: str
    text: str
    remarks: str
    locks: tuple[Lock, ...]


class WayTable(msgspec.Struct, frozen=True, kw_only=True):
    """One direction: its operations, or why there are none, and the SQL that it sends."""

    title: str
    nothing: str
    rows: tuple[DeedRow, ...]
    sql: str = ""  # of what is new

    @property
    def locks(self) -> bool:
        """Whether any of them is known to lock anything."""
        return any(row.locks for row in self.rows)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A revision, with its row of the graph; `trip` says how its round trip went."""

    anchor: str
    chapter: Chapter
    row: Row
    parents: tuple[tuple[str, str], ...]  # id and anchor
    cards: tuple[Card, ...]
    ways: tuple[WayTable, ...]
    worst: Lock | None
    schema: tuple[Block, ...]
    trip: str
    trip_failed: bool
    time: str

    @property
    def severities(self) -> str:
        """The severities of its findings, the worst first."""
        found = dict.fromkeys(card.finding.severity for card in self.cards)
        return " ".join(name for name in ("error", "warning", "info") if name in found)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many findings it has of each severity that it has any of."""
        counted = summary.severity_counts(card.finding for card in self.cards)
        return [(name, count) for name, count in counted.items() if count]


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A history: its revisions, the newest first, and what the new ones make of the schema."""

    name: str
    server: str
    entries: tuple[Entry, ...]
    width: int  # of the graph, in pixels
    change: tuple[Block, ...]
    new: int
    edited: int
    shown: int  # rows that are worth being seen before anybody asks for all


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page."""

    project: str
    report: Report
    verdict: str
    base: str
    counts: Mapping[str, int]
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]  # of the cards, where there are many
    silenced: tuple[Finding, ...]
    rules: tuple[str, ...]
    histories: tuple[HistoryView, ...]
    checked: tuple[str, ...]
    said: tuple[str, ...]
    compared: bool


def page_of(report: Report, background: Background) -> PageView:
    """Return what stands on the page of this report."""
    chronicles = background.chronicles
    anchors = [_anchors(number, one) for number, one in enumerate(chronicles, 1)]
    owners = _owners(chronicles, anchors)
    cards = tuple(
        _card(report, background, finding, f"f{number}", owners)
        for number, finding in enumerate(summary.worst_first(report.open), 1)
    )
    return PageView(
        project=report.root.resolve().name,
        report=report,
        verdict=summary.verdict(report),
        base=background.base,
        counts=summary.severity_counts(report.open),
        cards=cards,
        groups=tuple(_groups(report, background, cards)) if len(cards) > _MANY else (),
        silenced=tuple(f for f in summary.ordered(report.findings) if f.status != "open"),
        rules=tuple(sorted({card.finding.rule for card in cards})),
        histories=tuple(
            _history(report, background, chronicle, names, cards)
            for chronicle, names in zip(chronicles, anchors, strict=True)
        ),
        checked=tuple(summary.checked(report)),
        said=tuple(
            filter(
                None,
                (summary.found(report), *summary.services(report), summary.unchanged(report)),
            )
        ),
        compared=any(chapter.state != "unknown" for one in chronicles for chapter in one.chapters),
    )


def _anchors(number: int, chronicle: Chronicle) -> dict[str, str]:
    """Return what leads to each revision of a history on the page, by its id."""
    return {one.id: f"r{number}-{place}" for place, one in enumerate(chronicle.chapters, 1)}


def _owners(
    chronicles: Sequence[Chronicle], anchors: Sequence[Mapping[str, str]]
) -> dict[str, tuple[str, Chapter]]:
    """Return the revision of each file and of each id, with its anchor; the first one of several.

    A finding in code that a revision calls has only its id.
    """
    found: dict[str, tuple[str, Chapter]] = {}
    for chronicle, names in zip(chronicles, anchors, strict=True):
        for chapter in chronicle.chapters:
            found.setdefault(chapter.path, (names[chapter.id], chapter))
            found.setdefault(chapter.id, (names[chapter.id], chapter))
    return found


def _card(
    report: Report,
    background: Background,
    finding: Finding,
    anchor: str,
    owners: Mapping[str, tuple[str, Chapter]],
) -> Card:
    path = finding.span.path
    owner = owners.get(path) or owners.get(finding.revision or "")
    lines = split_lines(background.texts.get(path, ""))
    by_file = bool(report.services)
    return Card(
        anchor=anchor,
        finding=finding,
        more=finding.message.partition("\n")[2],
        frame=tuple(frame(finding.span, lines, _WIDTH)),
        approve=summary.approve_command(finding, by_file=by_file) if finding.approvable else "",
        revision=owner[0] if owner else "",
        new=owner is None or owner[1].state in ("new", "edited"),
    )


def _groups(report: Report, background: Background, cards: Sequence[Card]) -> Iterator[Group]:
    """Yield the cards by rule, the most severe first, of these the most frequent."""
    found = defaultdict(list)
    for card in cards:
        found[card.finding.severity, card.finding.rule].append(card)
    for one in summary.by_rule(report):
        known = background.rules.get(one.rule)
        those = found[one.severity, one.rule]
        yield Group(
            rule=one.rule,
            severity=one.severity,
            title=known.title if known else "",
            url=those[0].finding.url,
            cards=tuple(those),
        )


def _history(
    report: Report,
    background: Background,
    chronicle: Chronicle,
    anchors: Mapping[str, str],
    cards: Sequence[Card],
) -> HistoryView:
    cards_of = defaultdict(list)
    for card in cards:
        cards_of[card.revision].append(card)
    chapters = {chapter.id: chapter for chapter in chronicle.chapters}
    nodes = newest_first(
        [
            Node(id=one.id, before=(*one.parents, *one.depends_on), first=one.state == "new")
            for one in chronicle.chapters
        ]
    )
    rows = rows_of(nodes)
    timings = {timing.path: timing for timing in report.timings}
    of_trip = frozenset(one.name for one in background.rules.values() if one.group == "roundtrip")
    entries = tuple(
        _entry(
            chapters[row.id],
            row,
            anchors,
            cards_of[anchors[row.id]],
            timings,
            of_trip,
            chronicle.server.dialect,
        )
        for row in rows
    )
    states = [chapter.state for chapter in chronicle.chapters]
    return HistoryView(
        name=chronicle.name,
        server=server_text(chronicle.server),
        entries=entries,
        width=LANE * (1 + max((_widest(row) for row in rows), default=0)),
        change=blocks_of(chronicle.change, context=True),
        new=states.count("new"),
        edited=states.count("edited"),
        shown=_shown(entries),
    )


def _shown(entries: Sequence[Entry]) -> int:
    """Return how many rows to show at first: up to the last that says something, and a few more."""
    told = [place for place, one in enumerate(entries, 1) if one.ways or one.cards]
    shown = max(told, default=0) + _AROUND
    return shown if shown + _AROUND < len(entries) else len(entries)


def _widest(row: Row) -> int:
    return max(row.lane, *row.below, 0)


def _entry(
    chapter: Chapter,
    row: Row,
    anchors: Mapping[str, str],
    cards: Sequence[Card],
    timings: Mapping[str, Timing],
    of_trip: frozenset[str],
    dialect: str | None,
) -> Entry:
    ways = [*_ways(chapter, dialect)]
    timing = timings.get(chapter.path)
    failed = any(_went_wrong(card.finding, of_trip) for card in cards)
    locks = [lock for way in ways[:1] for deed in way.rows for lock in deed.locks]
    return Entry(
        anchor=anchors[chapter.id],
        chapter=chapter,
        row=row,
        parents=tuple((id_, anchors[id_]) for id_ in (*chapter.parents, *chapter.depends_on)),
        cards=tuple(cards),
        ways=tuple(ways),
        worst=worst_lock(locks),
        schema=blocks_of(chapter.schemas, context=False),
        trip=_trip(timing, failed=failed) if timing else "",
        trip_failed=failed,
        time=seconds_text(timing.seconds) if timing else "",
    )


def _went_wrong(finding: Finding, of_trip: frozenset[str]) -> bool:
    """Return whether the round trip found it, or proved it."""
    return bool(finding.evidence) or (finding.rule in of_trip and finding.severity == "error")


def _trip(timing: Timing, *, failed: bool) -> str:
    if failed:
        verdict = "It ran, and something went wrong: see its findings"
    elif timing.up_again is not None:
        verdict = "Ran up, down and up again"
    else:
        verdict = "Ran up and down" if timing.down is not None else "Ran up only"
    return f"{verdict} ({steps_text(timing)})."


def _ways(chapter: Chapter, dialect: str | None) -> Iterator[WayTable]:
    fresh = chapter.state in ("new", "edited")
    for title, way in (("Upgrade", chapter.upgrade), ("Downgrade", chapter.downgrade)):
        if way is not None:
            rows = tuple(_deeds(way))
            yield WayTable(
                title=title,
                nothing="" if rows else nothing_text(way.steps),
                rows=rows,
                sql=sql_of(way.steps, dialect) if fresh else "",
            )


def _deeds(way: Way) -> Iterator[DeedRow]:
    for deed in way.deeds:
        yield DeedRow(
            line=deed.statement.span.line,
            kind=deed.operation.kind,
            subject=deed.operation.subject,
            text=operation_text(deed.operation),
            remarks=remarks_of(deed.statement),
            locks=tuple(locks_of(deed)),
        )
