"""What a check tells, as its items need it: who fails, who passes, in guard's own words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

import msgspec

from guard.api import check
from guard.finding import Finding, Report
from guard.reporters.summary import verdict
from guard.reporters.text import findings_text

Outcome = Literal["failed", "passed", "skipped"]
WIDTH = 100


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one rule in one file. They fail if one of them stops the gate.

    They are skipped if all of them are silenced; then the text says by what, and why.
    """

    file: str
    rule: str
    outcome: Outcome
    text: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One check. Files (absolute) are those of the revisions judged, to be run, and that ran."""

    groups: tuple[Group, ...] = ()
    judged: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: str = ""

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return what a report tells."""
        return cls(
            groups=tuple(_groups(report)),
            judged=tuple(_absolute(report, path) for path in report.judged),
            runs=tuple(_absolute(report, path) for path in report.runs),
            ran=tuple(_absolute(report, timing.path) for timing in report.timings),
            errors=tuple(map(as_asked_here, report.errors)),
            notes=tuple(as_asked_here(note.text) for note in report.notes),
            verdict=verdict(report),
        )


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be checked: the project around a folder."""

    root: Path
    everything: bool
    base: str | None

    def told(self, *, roundtrip: bool) -> Told:
        """Check it, and return what that tells; raise GuardError where it cannot be checked."""
        report = check(
            root=self.root,
            roundtrip=roundtrip,
            everything=self.everything,
            base=self.base,
            url=os.environ.get("GUARD_SCRATCH_URL"),
        )
        return Told.of(report)


def as_asked_here(text: str) -> str:
    """Return a sentence with the options as pytest has them, which the commands call otherwise."""
    return re.sub(r"--(?=(all|base)\b)", "--guard-", text)


def _groups(report: Report) -> Iterator[Group]:
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        by_place.setdefault((finding.span.path, finding.rule), []).append(finding)
    for (path, rule), findings in by_place.items():
        opened = tuple(finding for finding in findings if finding.status == "open")
        fails = any(map(report.fails, findings))
        yield Group(
            file=_absolute(report, path),
            rule=rule,
            outcome="failed" if fails else "passed" if opened else "skipped",
            text=_shown(report, opened) if opened else "; ".join(map(_silenced, findings)),
        )


def _shown(report: Report, findings: tuple[Finding, ...]) -> str:
    sources = {}
    for path in {finding.span.path for finding in findings}:
        file = report.root / path
        if file.is_file():
            sources[path] = file.read_text(encoding="utf-8", errors="replace")
    return findings_text(findings, sources, width=WIDTH)


def _silenced(finding: Finding) -> str:
    return f"{finding.status}: {finding.reason or 'it was there before guard'}"


def _absolute(report: Report, path: str) -> str:
    return os.path.normpath(report.root / path)
