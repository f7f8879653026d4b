"""guard-baseline.toml: the findings that were there when guard came, by what they say.

An entry belongs to one released revision or one file, so that nothing new can hide behind it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from guard.config import explain_invalid
from guard.errors import GuardError
from guard.facts import UnusedSuppression
from guard.finding import Finding
from guard.patterns import lazy_re
from guard.statement import Span
from guard.suppression.decide import Covered
from guard.suppression.meaning import meaning_of
from guard.toml import parse_toml

_HEADER = """\
# What guard found before it was the gate: `guard check --all` fails only for what is not here.
# `guard baseline` writes this file, and `guard baseline --prune` takes out what is gone.
"""
_LINE = lazy_re(r"\s*\{")
_REASON = "found before guard was the gate"


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, rename={"where": "in"}, forbid_unknown_fields=True
):
    """One finding: `where` is its revision, or its file if it has none; `id` is what it says."""

    where: str
    rule: str
    object: str = ""
    id: str


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of a file with what this run made of them.

    `met` are those that a finding matched, `gone` those that none does any more.
    """

    entries: tuple[Entry, ...] = ()
    met: tuple[Entry, ...] = ()
    gone: tuple[Entry, ...] = ()


def entry_of(finding: Finding, texts: Mapping[str, str]) -> Entry:
    """Return the entry that stands for this finding.

    What a rule says of a statement of a released revision is told by the code alone, so that the
    entry survives a version of guard that puts it better.
    """
    meaning = meaning_of(finding, texts)
    of_statement = finding.revision and meaning.fingerprint and meaning.code
    said = [meaning.code] if of_statement else [meaning.message, meaning.code]
    digest = hashlib.blake2s(json.dumps(said).encode(), digest_size=6).hexdigest()
    where = finding.revision or finding.span.path
    return Entry(where=where, rule=meaning.rule, object=meaning.object, id=digest)


def load_baseline(path: str, text: str) -> tuple[Entry, ...]:
    """Return the entries in their order; raise GuardError for anything else in the file."""
    try:
        document = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise GuardError(f"{path}: not valid TOML: {error}") from None
    for key in document:
        if key != "findings":
            raise GuardError(f"{path}: unknown key {key!r}: all it holds is the list `findings`")
    try:
        return msgspec.convert(document.get("findings", []), tuple[Entry, ...])
    except msgspec.ValidationError as error:
        said = explain_invalid(error, ["in", "rule", "object", "id"], "an entry")
        raise GuardError(f"{path}: {said}: write it again with guard baseline") from None


def dump_baseline(entries: Iterable[Entry]) -> str:
    """Return the text of a file with these entries, one a line and in order."""
    ordered = sorted(entries, key=lambda e: (e.where, e.rule, e.object, e.id))
    lines = "".join(f"    {_inline(entry)},\n" for entry in ordered)
    return f"{_HEADER}findings = [\n{lines}]\n"


def _inline(entry: Entry) -> str:
    said = ((key, value) for key, value in msgspec.to_builtins(entry).items() if value)
    parts = (f"{key} = {json.dumps(value)}".replace("\x7f", "\\u007f") for key, value in said)
    return f"{{ {', '.join(parts)} }}"


def set_aside(
    findings: Sequence[Finding],
    entries: Sequence[Entry],
    texts: Mapping[str, str],
    covered: Covered,
    new: Collection[str],
) -> tuple[tuple[Finding, ...], Baseline]:
    """Return the findings, those in the baseline with that status, and the entries that they met.

    Nothing of a `new` revision is in a baseline, whatever the file says. An entry stands for one
    finding: a second one like it is open.
    """
    left = Counter(entries)
    kinds = {(entry.where, entry.rule) for entry in entries}
    decided = []
    for finding in findings:
        kind = (finding.revision or finding.span.path, finding.rule)
        if finding.status == "open" and kind in kinds and finding.revision not in new:
            entry = entry_of(finding, texts)
            if left[entry] > 0:
                left[entry] -= 1
                finding = msgspec.structs.replace(finding, status="baseline", reason=_REASON)  # noqa: PLW2901
        decided.append(finding)
    gone = Counter({e: n for e, n in left.items() if n and _could_be_met(e, covered)})
    met = Counter(entries) - left
    return tuple(decided), Baseline(
        entries=tuple(entries), met=tuple(met.elements()), gone=tuple(gone.elements())
    )


def _could_be_met(entry: Entry, covered: Covered) -> bool:
    """Whether the run would have met it: its rule judged its revision or its file, or is gone."""
    place = covered.has_revision(entry.where) or covered.has_path(entry.where)
    return entry.rule not in covered.known or (entry.rule in covered.ran and place)


def unused(path: str, text: str, baseline: Baseline) -> tuple[UnusedSuppression, ...]:
    """Return one fact for all entries that are gone, at the first of them."""
    gone = baseline.gone
    if not gone:
        return ()
    first = baseline.entries.index(gone[0])
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _LINE.match(line)]
    line = lines[first] if len(lines) == len(baseline.entries) else 1
    named = f"{gone[0].rule} in {gone[0].where}"
    more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
    return (
        UnusedSuppression(
            span=Span(path, line, 5),
            what=f"The entry of the baseline for {named}{more}",
            why="what it stands for is gone",
            remedy="Take out all that is gone: guard baseline --prune",
        ),
    )
