"""Records what is found in a project today, so that `--all` fails only for what comes after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from guard.errors import GuardError
from guard.finding import Finding
from guard.paths import read_text
from guard.project.settings import SettingsFiles
from guard.reporters.summary import plural
from guard.run.check import run
from guard.run.outcome import Outcome
from guard.run.round_trip import Progress
from guard.run.scope import Request
from guard.suppression.baseline import Entry, dump_baseline, entry_of

MOST_SHOWN = 10
NO_BASE = "without git nothing tells what is released: what is new was recorded as well, look at it"


def record(
    request: Request, settings: SettingsFiles, on_progress: Progress | None = None
) -> list[str]:
    """Write the findings of what was there before this change; return lines for the user.

    What the change brings is left out, and named: it has to be mended or approved. Raises
    GuardError where the run could not do all its work.
    """
    outcomes = _whole_run(request, settings, on_progress)
    # What a run reports that is not asked for everything is what the change brings.
    change = msgspec.structs.replace(request, everything=False, roundtrip=False)
    has_base = any(one.service.scope.base.commit for one in outcomes)
    brought = run(change, settings).outcomes if has_base else ()
    keys = {entry_of(found, one.texts) for one in brought for found in one.findings}
    judged = {revision for one in brought for revision in one.part.revisions}
    lines = []
    for outcome in outcomes:
        entries, left_out = _today(outcome, keys, judged)
        lines += [*_write(outcome, entries), *_left_out(left_out)]
    return lines if has_base else [*lines, NO_BASE]


def prune(
    request: Request, settings: SettingsFiles, on_progress: Progress | None = None
) -> list[str]:
    """Take out the entries that no finding matches any more; return lines for the user.

    Raises GuardError where the run could not do all its work.
    """
    lines = []
    for outcome in _whole_run(request, settings, on_progress):
        gone = Counter(outcome.baseline.gone)
        kept = (Counter(outcome.baseline.entries) - gone).elements()
        lines += _write(outcome, tuple(kept))
    return lines


def _whole_run(
    request: Request, settings: SettingsFiles, on_progress: Progress | None
) -> tuple[Outcome, ...]:
    result = run(request, settings, on_progress)
    if result.report.errors:
        advice = " (--no-roundtrip leaves out what running them finds)" if request.roundtrip else ""
        raise GuardError(f"{result.report.errors[0]}{advice} No baseline was written.")
    return result.outcomes


def _today(
    outcome: Outcome, brought: Collection[Entry], judged: Collection[str]
) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    """The entries for a whole run's findings, and those findings that the change brings.

    What cannot fail needs no entry; what this run could not have found keeps the one that it has.
    """
    entries, left_out = [], []
    for finding in outcome.findings:
        own = finding.span.path == outcome.service.scope.baseline
        if own or finding.severity == "info" or finding.status not in ("open", "baseline"):
            continue
        entry = entry_of(finding, outcome.texts)
        if finding.revision in judged or entry in brought:
            left_out.append(finding)
        else:
            entries.append(entry)
    held = outcome.baseline
    unseen = Counter(held.entries) - Counter((*held.met, *held.gone))
    return (*entries, *unseen.elements()), tuple(left_out)


def _write(outcome: Outcome, entries: Sequence[Entry]) -> list[str]:
    """Write the file of a service if that changes it, and return what is said of it."""
    scope = outcome.service.scope
    path, held = scope.root / scope.baseline, Counter(outcome.baseline.entries)
    if not entries and not path.is_file():
        return [f"nothing is found that {scope.baseline} would have to hold"]
    before = read_text(path) if path.is_file() else ""
    text = dump_baseline(entries)
    if text == before:
        return [f"{scope.baseline} holds {plural(len(entries), 'finding')}: nothing changed"]
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GuardError(f"{scope.baseline} cannot be written: {error.strerror}") from None
    added, gone = Counter(entries) - held, held - Counter(entries)
    changes = [f"{added.total()} added"] * bool(added) + [f"{gone.total()} gone"] * bool(gone)
    change = f" ({', '.join(changes)})" if held else ""
    return [
        f"{scope.baseline} now holds {plural(len(entries), 'finding')}{change}:",
        *_by_rule(entries),
        "commit it: guard check --all fails only for what is not in it",
    ]


def _by_rule(entries: Iterable[Entry]) -> list[str]:
    counts = Counter(entry.rule for entry in entries).most_common()
    width = max((len(str(count)) for _, count in counts), default=0)
    return [f"  {count:>{width}}  {rule}" for rule, count in counts]


def _left_out(findings: Sequence[Finding]) -> list[str]:
    """Return what is said of the findings that no baseline may hold."""
    if not findings:
        return []
    shown = [f"  {f.rule} at {f.span.path}:{f.span.line}" for f in findings[:MOST_SHOWN]]
    more = [f"  and {len(findings) - MOST_SHOWN} more"] * (len(findings) > MOST_SHOWN)
    many = "a finding" if len(findings) == 1 else f"{len(findings)} findings"
    return [f"left out {many} that this change brings (guard check tells more):", *shown, *more]
