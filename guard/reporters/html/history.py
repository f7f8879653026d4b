"""The histories of the page: each revision with its row of the graph and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from guard.finding import Finding, Timing
from guard.reporters import summary
from guard.reporters.chronicle import Chapter, Chronicle, Deed, Way
from guard.reporters.html.cards import Card
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

_AROUND = 8  # released revisions below the last one that is judged


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


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of revisions besides what they do.

    `anchors` are by id, `cards` by anchor, `timings` by path; `of_trip` are the rules on what a
    round trip meets.
    """

    anchors: Mapping[str, str]
    cards: Mapping[str, Sequence[Card]]
    timings: Mapping[str, Timing]
    of_trip: frozenset[str]


def history_of(chronicle: Chronicle, known: Known) -> HistoryView:
    """Return what the page shows of a history."""
    rows = _rows(chronicle)
    chapters = {chapter.id: chapter for chapter in chronicle.chapters}
    dialect = chronicle.server.dialect
    entries = tuple(_entry(chapters[row.id], row, known, dialect) for row in rows)
    states = [chapter.state for chapter in chronicle.chapters]
    return HistoryView(
        name=chronicle.name,
        server=server_text(chronicle.server),
        entries=entries,
        width=LANE * (1 + max((max(row.lane, *row.below, 0) for row in rows), default=0)),
        change=blocks_of(chronicle.change, _done_by_new_ones(chronicle), context=True),
        new=states.count("new"),
        edited=states.count("edited"),
        shown=_shown(entries),
    )


def _done_by_new_ones(chronicle: Chronicle) -> Iterator[Deed]:
    for chapter in chronicle.chapters:
        if chapter.state == "new":
            yield from _done_by(chapter)


def _done_by(chapter: Chapter) -> tuple[Deed, ...]:
    return chapter.upgrade.deeds if chapter.upgrade else ()


def _rows(chronicle: Chronicle) -> list[Row]:
    nodes = [
        Node(id=one.id, before=(*one.parents, *one.depends_on), first=one.state == "new")
        for one in chronicle.chapters
    ]
    return rows_of(newest_first(nodes))


def _shown(entries: Sequence[Entry]) -> int:
    """Return how many rows to show at first: up to the last that says something, and a few more."""
    told = [place for place, one in enumerate(entries, 1) if one.ways or one.cards]
    shown = max(told, default=0) + _AROUND
    return shown if shown + _AROUND < len(entries) else len(entries)


def _entry(chapter: Chapter, row: Row, known: Known, dialect: str | None) -> Entry:
    anchor = known.anchors[chapter.id]
    cards, timing = known.cards.get(anchor, ()), known.timings.get(chapter.path)
    ways = tuple(_ways(chapter, dialect))
    failed = any(_went_wrong(card.finding, known.of_trip) for card in cards)
    before = (*chapter.parents, *chapter.depends_on)
    return Entry(
        anchor=anchor,
        chapter=chapter,
        row=row,
        parents=tuple((id_, known.anchors[id_]) for id_ in before),
        cards=tuple(cards),
        ways=ways,
        # Of the upgrade, which comes first.
        worst=worst_lock([lock for way in ways[:1] for deed in way.rows for lock in deed.locks]),
        schema=blocks_of(chapter.schemas, _done_by(chapter), context=False),
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
