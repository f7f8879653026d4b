"""One cause, one finding: what is found again and again is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

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
