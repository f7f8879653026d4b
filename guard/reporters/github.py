"""The report as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from guard.finding import Finding, Report
from guard.printable import safe
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
MOST_SHOWN = 10  # annotations of a kind that GitHub keeps of one step


def github(report: Report, background: Background = NOTHING) -> str:
    """Return a workflow command for each part that could not be done and each open finding.

    The worst come first, and of each severity as many as GitHub shows. The others, notes and the
    summary follow as plain lines.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    """The annotations, then what GitHub would not show of them as plain lines, then the rest."""
    shown = Counter({"error": len(report.errors)})
    yield from (f"::error title=guard::{_data(safe(error))}" for error in report.errors)
    more = []
    for finding in summary.worst_first(report.open):
        shown[finding.severity] += 1
        if shown[finding.severity] > MOST_SHOWN:
            more.append(finding)
        else:
            yield _annotation(finding, by_file=bool(report.services))
    yield from map(summary.in_a_line, more)
    yield from summary.in_plain_lines(report)
    if more:
        yield (
            f"{summary.plural(len(more), 'finding')} more without an annotation, as GitHub shows "
            f"{MOST_SHOWN} of a kind for each step: the lines above have them, and so has the job "
            "summary (--output github-summary)"
        )


def _annotation(finding: Finding, *, by_file: bool) -> str:
    span = finding.span
    places = {"file": safe(span.path), "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:  # GitHub takes columns within one line only
        places |= {"col": span.column, "endColumn": span.end_column}
    places["title"] = f"guard {finding.rule}"
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items())
    notes = "".join(f"\nnote: {evidence}" for evidence in finding.evidence)
    page = f"\n\nsee: {finding.url}" if finding.url else ""
    command = summary.approve_command(finding, by_file=by_file)
    approve = f"\n\napprove: {command}" if finding.approvable else ""
    message = f"{finding.message}{notes}\n\nhelp: {finding.remedy}{approve}{page}"
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(safe(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
