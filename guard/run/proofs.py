"""What the run shows of findings: a failure, a schema or rows that a rule foretold prove them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    RowsLost,
    RunFailure,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UnreadStatement,
    UpgradeFailed,
    UpgradeFailedWithRows,
)
from guard.finding import Finding
from guard.patterns import lazy_re
from guard.phrases import listed
from guard.run.drift import has_word, names, split
from guard.statement import Span

Predicts = Mapping[str, Sequence[type]]
_PROVEN = "proven in the scratch run"
_EXISTS = lazy_re(r"already exists|duplicate column name", re.IGNORECASE)


def proven(
    findings: Sequence[Finding],
    facts: Iterable[Fact],
    predicts: Predicts,
    fixed: Collection[str] = (),
) -> tuple[tuple[Finding, ...], tuple[Fact, ...], tuple[Fact, ...]]:
    """Return the findings with what the run proves of them, and the facts that prove none.

    `predicts` are the kinds of facts that the findings of a rule foretell, `fixed` the rules whose
    severity the settings say, which no run makes an error. Of a difference in schema or rows only
    what no finding foretold is left. What is the likely reason of a failure is told with that, and
    no finding of its own. Apart come the facts that prove one and say more than a rule can: that an
    upgrade fails wherever it runs, even where there are no rows.
    """
    facts = tuple(facts)
    reasons = {f.likely.span for f in facts if isinstance(f, RunFailure) and f.likely}
    told = [finding for finding in findings if finding.direction or finding.span not in reasons]
    rest: list[Fact] = []
    foretold: list[Fact] = []
    for fact in facts:
        # A failure is no warning: what was one since rows or the way back decide, is one no longer.
        able = [
            index
            for index, finding in enumerate(told)
            if (
                finding.severity == "error"
                or (finding.rule not in fixed and _is_unsure(finding, fact))
            )
            and finding.revision == fact.revision
            and type(fact) in predicts.get(finding.rule, ())
        ]
        evidence, left = _proof(told, able, fact)
        for index, words in evidence.items():
            if words not in told[index].evidence:
                both = (*told[index].evidence, words)
                told[index] = msgspec.structs.replace(told[index], evidence=both, severity="error")
        rest += [left] if left is not None else []
        foretold += [fact] if left is None and isinstance(fact, UpgradeFailed) else []
    return tuple(told), tuple(rest), tuple(foretold)


def with_way_back(
    findings: Iterable[Finding], restored: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield the findings, those of what a run saw come back with a message that says so."""
    for finding in findings:
        seen = (finding.revision or "", finding.object.lower()) in restored
        if seen and finding.if_restored and finding.direction == "upgrade":
            yield msgspec.structs.replace(finding, message=finding.if_restored)
        else:
            yield finding


def _is_unsure(finding: Finding, fact: Fact) -> bool:
    """Return whether it is a warning only since rows, or a way back, decide what has failed now."""
    decided = isinstance(fact, (DowngradeFailed, RowsLost, UpgradeFailedWithRows, UnreadStatement))
    return finding.severity == "warning" and decided


def _proof(
    findings: Sequence[Finding], able: Sequence[int], fact: Fact
) -> tuple[dict[int, str], Fact | None]:
    """The evidence that the fact is, by the index of the finding, and what of it is left."""
    index = None
    match fact:
        case SchemaNotRestored():
            return _difference(findings, able, fact, "before the upgrade, + after the downgrade")
        case RowsLost():
            here = [index for index in able if findings[index].direction == fact.stage]
            return _difference(findings, here, fact, "before, + after")
        case DeclaredIrreversible():
            index = next((i for i in able if _stops_the_downgrade(findings[i])), None)
            return ({}, fact) if index is None else ({index: f"{_PROVEN}: {fact.message}"}, None)
        case UnreadStatement():
            told = [i for i in able if any(_met(one, fact.span) for one in _places(findings[i]))]
            ran = f"in the scratch run it executed {fact.sql}: {fact.says}"
            return ({told[0]: ran}, None) if told else ({}, fact)
        case RunFailure():
            index = None if fact.stopped else _foretold(findings, able, fact)
            return ({}, fact) if index is None else ({index: f"{_PROVEN}: {fact.error}"}, None)
    return {}, fact


# Failures


def _foretold(findings: Sequence[Finding], able: Iterable[int], fact: RunFailure) -> int | None:
    """The finding that said before what the run met: the one that it names, of several here."""
    here = [index for index in able if _foretells(findings[index], fact)]
    for text in (fact.error, fact.sql or ""):
        named = [i for i in here if has_word(text, findings[i].object.rpartition(".")[2])]
        if named:
            return named[0]
    return here[0] if len({findings[index].rule for index in here}) == 1 else None


def _foretells(finding: Finding, fact: RunFailure) -> bool:
    if isinstance(fact, SecondUpgradeFailed):
        stays = (thing for thing in finding.foretells if thing.how == "left over")
        there = _EXISTS.search(fact.error)
        return any(t.everything or (there and names(t, fact.error)) for t in stays)
    if isinstance(fact, DowngradeFailed) and _stops_the_downgrade(finding):
        return True
    direction = "downgrade" if isinstance(fact, DowngradeFailed) else "upgrade"
    if finding.direction != direction and (finding.direction or finding.foretells):
        return False  # what a whole revision foretells is no failure at the place it points to
    return any(_met(place, fact.span) for place in _places(finding))


def _stops_the_downgrade(finding: Finding) -> bool:
    return any(thing.how == "raises" for thing in finding.foretells)


def _places(finding: Finding) -> Iterator[Span]:
    yield finding.statement_span or finding.span
    yield from (one.span for one in finding.related)
    if finding.batch_span is not None:  # it sends what stands in it from where it begins
        yield Span(finding.batch_span.path, finding.batch_span.line)


def _met(statement: Span, failed: Span) -> bool:
    return statement.path == failed.path and statement.line <= failed.line <= statement.end_line


# Differences


def _difference(
    findings: Sequence[Finding],
    able: Sequence[int],
    fact: SchemaNotRestored | RowsLost,
    legend: str,
) -> tuple[dict[int, str], Fact | None]:
    shown: dict[int, list[str]] = {}
    left: Sequence[str] = fact.difference
    for index in able:
        mine, left = split(findings[index].foretells, left)
        if mine:
            shown[index] = mine
    evidence = {i: f"{_PROVEN} (- {legend}):\n{listed(lines)}" for i, lines in shown.items()}
    if not left:
        return evidence, None
    return evidence, msgspec.structs.replace(fact, difference=tuple(left))
