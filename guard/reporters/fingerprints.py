"""What a finding is known by from one run to the next, whatever line it has moved to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from guard.finding import Finding
from guard.suppression.baseline import entry_of


def fingerprinted(
    findings: Iterable[Finding], texts: Mapping[str, str]
) -> Iterator[tuple[Finding, str]]:
    """Yield each finding with its fingerprint, 32 hexadecimal digits, which no other one has.

    It is made as an entry of the baseline is. Of several that say the same of the same code, the
    order tells which is which; `texts` are the files by path.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        entry = entry_of(finding, texts)
        said = json.dumps([entry.where, entry.rule, entry.object, entry.id])
        seen[said] += 1
        yield finding, digest(f"{said}{seen[said]}")


def digest(text: str) -> str:
    """Return 32 hexadecimal digits that stand for the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
