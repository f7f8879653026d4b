"""One cause, one finding: what is found again and again is said once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import msgspec

from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    ModelsDiffer,
    RowsLost,
    RowsReachable,
    RunFailure,
    SchemaNotRepeatable,
    SchemaNotRestored,
    SecondUpgradeFailed,
)
from guard.finding import Finding
from guard.patterns import lazy_re

_CODE = lazy_re(r"`[^`]*`")


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, each cause once: the turns of a loop find the same at the same place.

    What differs only in the code that the messages quote is listed. Another object is another
    cause, and so is what needs an approval of its own.
    """
    causes: dict[object, list[Finding]] = {}
    for finding in findings:
        agreed = (finding.deed or finding.fingerprint) if finding.approvable else ""
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


_OF_THE_WAY_BACK = (
    DeclaredIrreversible, DowngradeFailed, SchemaNotRepeatable, SchemaNotRestored,
    SecondUpgradeFailed,
)  # fmt: skip


def as_declared(facts: Iterable[Fact], reasons: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the facts of a run, and for a revision that says there is no way back that it does.

    `reasons` are those that revisions give in a comment. What the run met on a way that is none is
    then nothing else; that it did not come to an end stays what it is.
    """
    told: set[str] = set()
    for fact in facts:
        reason = reasons.get(fact.revision or "")
        if reason is None or not _is_of_the_way_back(fact):
            yield fact
        elif fact.revision not in told:
            told.add(fact.revision or "")
            yield DeclaredIrreversible(span=fact.span, revision=fact.revision, message=reason)


def _is_of_the_way_back(fact: Fact) -> bool:
    if isinstance(fact, RunFailure) and fact.stopped:
        return False
    back = isinstance(fact, RowsLost | RowsReachable) and fact.stage == "downgrade"
    return back or isinstance(fact, _OF_THE_WAY_BACK)


def told_before(
    findings: Iterable[Finding],
    facts: Iterable[Fact],
    rules: Container[str],
    drops: Container[str] = (),
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Return the facts, and apart from them what the run shows of models that reading has told.

    `rules` are those whose findings tell of the table that is their object, `drops` those that tell
    what a revision drops: of what the models still have it is said so.
    """
    findings = tuple(findings)
    tables = {finding.object for finding in findings if finding.rule in rules}
    gone = {finding.object for finding in findings if finding.rule in drops}
    new: list[Fact] = []
    told: list[Fact] = []
    for fact in facts:
        if not isinstance(fact, ModelsDiffer):
            new.append(fact)
            continue
        known = tuple(line for line in fact.difference if _table_of(line) in tables)
        left = tuple(line for line in fact.difference if _table_of(line) not in tables)
        dropped = tuple(line for line in left if _lacks(line) in gone)
        if known:
            told.append(msgspec.structs.replace(fact, difference=known, told=True))
        if left or not known:
            new.append(msgspec.structs.replace(fact, difference=left, dropped=dropped))
    return tuple(new), tuple(told)


def _lacks(line: str) -> str:
    """Return the table or column that a line says only the models have."""
    sign, kind, name, *_ = line.split()
    return name if sign == "+" and kind in ("table", "column") else ""


def _table_of(line: str) -> str:
    """Return the table of a line such as `+ column t.a`, `- index x on t`, `+ table t`."""
    kind, name, *rest = line.split()[1:]
    if kind == "column":
        return name.rpartition(".")[0]
    if kind == "table":
        return name
    return rest[rest.index("on") + 1].rstrip(":") if "on" in rest else rest[0] if rest else ""
