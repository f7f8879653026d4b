"""What all formats say alike: the order of findings, counts, what was checked, the verdict."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from guard.credentials import secrets
from guard.finding import SEVERITY_ORDER, Edit, Finding, Report, Severity, Tally, Timing
from guard.printable import one_line, safe

SILENCED = {"approved": "approved", "ignored": "ignored", "baseline": "in the baseline"}

SLOW = 1.0  # seconds of a revision's round trip, from which on it is named
MOST_SLOW = 3


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by path, place and rule, so that equal runs give equal reports."""
    return sorted(
        findings,
        key=lambda f: (
            f.span.path,
            f.span.line,
            f.span.column,
            f.rule,
            f.span.end_line,
            f.span.end_column,
            f.message,
        ),
    )


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by severity, and each severity in its order."""
    return sorted(ordered(findings), key=lambda f: SEVERITY_ORDER.index(f.severity))


def told(finding: Finding) -> str:
    """Return all that a finding says, for who shows one text: a line for each part of it."""
    return safe("\n".join([finding.message, *finding.evidence, f"help: {finding.remedy}"]))


def fix(finding: Finding) -> tuple[Edit, ...]:
    """Return the edits of the fix; none where they would show a password."""
    return () if any(secrets(edit.text) for edit in finding.fix) else finding.fix


def in_a_line(finding: Finding) -> str:
    """Return an open finding as a plain line."""
    place = f"{finding.span.path}:{finding.span.line}:{finding.span.column}"
    return one_line(f"{finding.severity}: {place}: {finding.rule}: {finding.message}")


def in_plain_lines(report: Report) -> Iterator[str]:
    """Yield what a log says after the findings, a line each that no CI service takes for more."""
    parts = (
        ("approved", approved(report)),
        ("note", [note.text for note in report.notes]),
        ("checked", checked(report)),
        ("found", [found(report), *services(report), unchanged(report)]),
        ("guard", [verdict(report)]),
    )
    for label, texts in parts:
        yield from (f"{label}: {one_line(text)}" for text in texts if text)


def approve_command(finding: Finding, *, by_file: bool = False) -> str:
    """Return the command line that approves just this finding, but for its reason.

    `by_file` where the revision's id may stand for another one elsewhere.
    """
    owner = finding.span.path if by_file else finding.revision or finding.span.path
    narrowed = ["--object", finding.object] if finding.object else []
    command = shlex.join(["guard", "approve", owner, "--rule", finding.rule, *narrowed])
    return f'{command} --reason "..."'


def plural(count: int, noun: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def severity_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings each severity has, in their order, zero included."""
    counts = dict.fromkeys(SEVERITY_ORDER, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return {str(severity): count for severity, count in counts.items()}


class RuleCount(msgspec.Struct, frozen=True):
    """How many open findings a rule has of one severity."""

    count: int
    severity: Severity
    rule: str


def by_rule(report: Report) -> list[RuleCount]:
    """Return the counts of the open findings, the most severe first, of these the most frequent."""
    counts = Counter((finding.severity, finding.rule) for finding in report.open)
    return sorted(
        (RuleCount(count, severity, rule) for (severity, rule), count in counts.items()),
        key=lambda each: (SEVERITY_ORDER.index(each.severity), -each.count, each.rule),
    )


def status_count(report: Report, status: str) -> int:
    """Return how many findings have that status."""
    return sum(finding.status == status for finding in report.findings)


def approved(report: Report) -> list[str]:
    """Return a line for each finding that was approved: what, where, why and by whom."""
    lines = []
    for finding in ordered(report.findings):
        if finding.status == "approved":
            place = f"{one_line(finding.span.path)}:{finding.span.line}"
            what = f"{finding.rule} of {safe(finding.object)}" if finding.object else finding.rule
            lines.append(f"{what} in {place}: {safe(finding.reason or '')}")
    return lines


def checked(report: Report) -> list[str]:
    """Return what the run looked at, a phrase for each part."""
    coverage = report.coverage
    parts = []
    if coverage.revisions:
        read = (
            f"{plural(coverage.revisions, 'revision')}, {plural(coverage.statements, 'statement')}"
        )
        parts.append(
            f"{read}, {coverage.opaque} of them not understood" if coverage.opaque else read
        )
    return [*parts, *map(safe, report.checked), *_slowest(report.timings)]


def _slowest(timings: Sequence[Timing]) -> list[str]:
    """Return a line on the revisions that took longest, where that is worth one."""
    slow = sorted((one for one in timings if one.seconds >= SLOW), key=lambda one: -one.seconds)
    if not slow or len(timings) == 1:
        return []
    return [f"slowest: {', '.join(map(_steps, slow[:MOST_SLOW]))}"]


def _steps(timing: Timing) -> str:
    steps = ((timing.up, "up"), (timing.down, "down"), (timing.up_again, "up again"))
    took = [f"{seconds:.1f} s {step}" for seconds, step in steps if seconds is not None]
    return f"{safe(timing.revision)} ({', '.join(took)})"


def found(report: Report) -> str:
    """Return the counts: `2 errors, 1 warning; 1 approved, 3 ignored, 300 in the baseline`."""
    counts = severity_counts(report.open)
    still = ", ".join(
        plural(count, severity) if severity != "info" else f"{count} info"
        for severity, count in counts.items()
        if count
    )
    silenced = ", ".join(
        f"{count} {said}"
        for status, said in SILENCED.items()
        if (count := status_count(report, status))
    )
    none = "no open problems" if silenced else "no problems"
    return "; ".join(filter(None, (still or none, silenced)))


def unchanged(report: Report) -> str:
    """Return what is said of the findings that the change did not bring, empty without any."""
    if not report.unchanged:
        return ""
    return f"{plural(report.unchanged, 'finding')} in unchanged code: guard check --all"


def services(report: Report) -> list[str]:
    """Return a line for each service of several: its revisions, and how many findings it has."""
    return [f"{safe(tally.name)}: {_tally(tally)}" for tally in report.services]


def _tally(tally: Tally) -> str:
    parts = [plural(tally.new, "new revision")] * bool(tally.new)
    if more := tally.judged - tally.new:
        parts.append(f"{plural(more, 'released revision')}")
    count = sum(tally.findings.values())
    parts.append(plural(count, "finding") if count else "no findings")
    if tally.unchanged:
        parts.append(f"{tally.unchanged} in unchanged code")
    return ", ".join(parts)


def verdict(report: Report) -> str:
    """Return the one sentence that the run ends with."""
    counts = severity_counts(report.open)
    errors, warnings = counts["error"], counts["warning"]
    named = [plural(errors, "error")] * bool(errors) + [plural(warnings, "warning")] * bool(
        warnings
    )
    if report.failed:
        failing = named if report.fail_on == "warning" else named[:1]
        return f"Refused: {' and '.join(failing)}."
    if report.errors:
        return "Not finished: nothing is proven by what was not done."
    if report.shard:  # what the others found is not known here
        passed = f"passed, with {plural(warnings, 'warning')}" if warnings else "passed"
        return f"Shard {safe(report.shard)} {passed}: guard merge has the verdict."
    if report.nothing_ran:
        also = f", with {plural(warnings, 'warning')}" if warnings else ""
        return f"Passed by reading alone{also}: the round trip could run no revision whole."
    if warnings:
        return f"Passed, with {plural(warnings, 'warning')}."
    if not report.findings and not checked(report):
        return "Passed: there was nothing to check."
    return "Passed."
