"""What stands on the page, in the order of its templates; nothing here is HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from guard.finding import Finding, Report
from guard.reporters import summary
from guard.reporters.background import Background
from guard.reporters.chronicle import Chapter, Chronicle
from guard.reporters.html.cards import Card, Group, cards_of, groups_of
from guard.reporters.html.history import HistoryView, Known, history_of

_MANY = 30  # findings; more than these are grouped by rule


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
    cards = cards_of(report, background, _owners(chronicles, anchors))
    said = (summary.found(report), *summary.services(report), summary.unchanged(report))
    return PageView(
        project=report.root.resolve().name,
        report=report,
        verdict=summary.verdict(report),
        base=background.base,
        counts=summary.severity_counts(report.open),
        cards=cards,
        groups=tuple(groups_of(report, background, cards)) if len(cards) > _MANY else (),
        silenced=tuple(f for f in summary.ordered(report.findings) if f.status != "open"),
        rules=tuple(sorted({card.finding.rule for card in cards})),
        histories=_histories(report, background, anchors, cards),
        checked=tuple(summary.checked(report)),
        said=tuple(filter(None, said)),
        compared=any(chapter.state != "unknown" for one in chronicles for chapter in one.chapters),
    )


def _histories(
    report: Report,
    background: Background,
    anchors: Sequence[Mapping[str, str]],
    cards: Sequence[Card],
) -> tuple[HistoryView, ...]:
    by_anchor = defaultdict(list)
    for card in cards:
        by_anchor[card.revision].append(card)
    timings = {timing.path: timing for timing in report.timings}
    of_trip = frozenset(one.name for one in background.rules.values() if one.group == "roundtrip")
    return tuple(
        history_of(
            chronicle, Known(anchors=names, cards=by_anchor, timings=timings, of_trip=of_trip)
        )
        for chronicle, names in zip(background.chronicles, anchors, strict=True)
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
