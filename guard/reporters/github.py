"""The report as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from guard.finding import Finding, Report
from guard.printable import encodable, one_line, safe
from guard.reporters import summary

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def github(report: Report) -> str:
    """Return a workflow command for each open finding and each part that could not be done.

    Notes and the summary follow as plain lines.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for finding in summary.ordered(report.open):
        yield _annotation(finding)
    for error in report.errors:
        yield f"::error title=guard::{_data(safe(error))}"
    for told in summary.approved(report):
        yield _line("approved", told)
    for note in report.notes:
        yield _line("note", note)
    for part in summary.checked(report):
        yield _line("checked", part)
    yield _line("found", summary.found(report))
    for service in summary.services(report):
        yield _line("found", service)
    if unchanged := summary.unchanged(report):
        yield _line("found", unchanged)
    yield _line("guard", summary.verdict(report))


def _annotation(finding: Finding) -> str:
    span = finding.span
    places = {"file": encodable(span.path), "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:  # GitHub takes columns within one line only
        places |= {"col": span.column, "endColumn": span.end_column}
    places["title"] = f"guard {finding.rule}"
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items())
    notes = "".join(f"\nnote: {evidence}" for evidence in finding.evidence)
    page = f"\n\nsee: {finding.url}" if finding.url else ""
    message = f"{finding.message}{notes}\n\nhelp: {finding.remedy}{page}"
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(safe(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _line(label: str, text: str) -> str:
    """A line that GitHub cannot take for a command, whatever a file of the project put into it."""
    return f"{label}: {one_line(text)}"
