"""One cause, one finding: what is found again and again, or proven by the run, is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from guard.facts import DowngradeFailed, Fact, RunFailure
from guard.finding import Finding

_CODE = re.compile(r"`[^`]*`")


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, each cause once: the turns of a loop find the same at the same place.

    What differs only in the code that the messages quote is listed. Another object is another
    cause, and so is what needs an approval of its own.
    """
    causes: dict[object, list[Finding]] = {}
    for finding in findings:
        agreed = finding.fingerprint if finding.approvable else ""
        shape = _CODE.sub("", finding.message)
        place = (finding.span, finding.revision, finding.direction)
        key = (finding.rule, place, finding.object, agreed, shape)
        causes.setdefault(key, []).append(finding)
    return tuple(_joined(same) for same in causes.values())


def _joined(same: Sequence[Finding]) -> Finding:
    first = same[0]
    quoted = dict.fromkeys(code for finding in same for code in _CODE.findall(finding.message))
    others = [code for code in quoted if code not in first.message]
    if not others:
        return first
    message = f"{first.message} So it is with {', '.join(others)}."
    return msgspec.structs.replace(first, message=message)


def proven(
    findings: Sequence[Finding], facts: Iterable[Fact], predicts: Mapping[str, Sequence[type]]
) -> tuple[tuple[Finding, ...], tuple[Fact, ...]]:
    """Return the findings with what the run proves of them, and the facts that prove none.

    `predicts` are the kinds of facts that the findings of a rule foretell.
    """
    told = list(findings)
    rest = []
    for fact in facts:
        index = _foretold(told, fact, predicts)
        if index is None or not isinstance(fact, RunFailure):
            rest.append(fact)
            continue
        evidence = f"proven in the scratch run: {fact.error}"
        if evidence not in told[index].evidence:
            both = (*told[index].evidence, evidence)
            told[index] = msgspec.structs.replace(told[index], evidence=both)
    return tuple(told), tuple(rest)


def _foretold(
    findings: Sequence[Finding], fact: Fact, predicts: Mapping[str, Sequence[type]]
) -> int | None:
    """The finding that said before what the run met, None where none did or several may have."""
    if not isinstance(fact, RunFailure) or fact.stopped:
        return None
    direction = "downgrade" if isinstance(fact, DowngradeFailed) else "upgrade"
    here = [
        index
        for index, finding in enumerate(findings)
        if finding.severity == "error"  # a failure is no warning, whatever foretold it
        and (finding.revision, finding.direction) == (fact.revision, direction)
        and type(fact) in predicts.get(finding.rule, ())
        and _met(finding, fact)
    ]
    named = [i for i in here if findings[i].object.rpartition(".")[2] in fact.error]
    exact = named if len(named) == 1 else here
    return exact[0] if len(exact) == 1 else None


def _met(finding: Finding, fact: Fact) -> bool:
    """Whether the run failed in the statement, or where the batch sends what stands in it."""
    statement = finding.statement_span or finding.span
    if statement.path != fact.span.path:
        return False
    if statement.line <= fact.span.line <= statement.end_line:
        return True
    return finding.batch_span is not None and finding.batch_span.line == fact.span.line
