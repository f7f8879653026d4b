"""Which findings the base had already: told by what they say and the code, not by the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from guard.finding import Finding
from guard.suppression.meaning import meaning_of


def told_apart(
    now: Iterable[Finding],
    texts: Mapping[str, str],
    then: Iterable[Finding],
    texts_then: Mapping[str, str],
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that the base did not have, and those it had.

    The texts are those of the files that the findings point into, by path. A second copy of what
    the base had once is new.
    """
    had = Counter(meaning_of(finding, texts_then) for finding in then)
    new, known = [], []
    for finding in now:
        meaning = meaning_of(finding, texts) if had else None
        if meaning is not None and had[meaning] > 0:
            had[meaning] -= 1
            known.append(finding)
        else:
            new.append(finding)
    return tuple(new), tuple(known)
