"""The findings of the page: each with its source, its remedy and its revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from guard.finding import Finding, Report
from guard.reporters import summary
from guard.reporters.background import Background
from guard.reporters.chronicle import Chapter
from guard.reporters.frame import Row as SourceRow
from guard.reporters.frame import frame, split_lines

_WIDTH = 110  # columns of a frame of source
Owners = Mapping[str, tuple[str, Chapter]]


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


def cards_of(report: Report, background: Background, owners: Owners) -> tuple[Card, ...]:
    """Return the open findings, the worst first.

    `owners` are the revisions by path and by id, each with its anchor.
    """
    return tuple(
        _card(report, background, finding, f"f{number}", owners)
        for number, finding in enumerate(summary.worst_first(report.open), 1)
    )


def _card(
    report: Report,
    background: Background,
    finding: Finding,
    anchor: str,
    owners: Owners,
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


def groups_of(report: Report, background: Background, cards: Sequence[Card]) -> Iterator[Group]:
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
