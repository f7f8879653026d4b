"""GitLab's Code Quality report, which a merge request shows beside the lines."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

from guard.finding import Report
from guard.printable import encodable, one_line
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background
from guard.reporters.fingerprints import digest, fingerprinted

_SEVERITIES = {"error": "critical", "warning": "minor", "info": "info"}


def gitlab(report: Report, background: Background = NOTHING) -> str:
    """Return a JSON array in ASCII with the open findings and the parts that could not be done."""
    return dumps([*_issues(report, background)], indent=2) + "\n"


def _issues(report: Report, background: Background) -> Iterator[dict[str, Any]]:
    for error in report.errors:  # GitLab wants a place, and there is none
        yield _issue("guard", error, digest(error), "blocker", ".", 1, 1)
    for finding, fingerprint in fingerprinted(summary.ordered(report.open), background.texts):
        yield _issue(
            finding.rule,
            finding.message,
            fingerprint,
            _SEVERITIES[finding.severity],
            finding.span.path,
            finding.span.line,
            finding.span.end_line,
        )


def _issue(
    check: str, message: str, fingerprint: str, severity: str, path: str, begin: int, end: int
) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": check,
        "description": one_line(message),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": encodable(path), "lines": {"begin": begin, "end": end}},
    }
