"""Logging commands of Azure Pipelines, which shows them on the page of the run."""

from __future__ import annotations

from collections.abc import Iterator

from guard.finding import Finding, Report
from guard.printable import encodable, one_line, safe
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background


def azure(report: Report, background: Background = NOTHING) -> str:
    """Return a command for each open error and warning, the worst first; the rest as plain lines.

    Azure Pipelines knows no third severity.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for error in report.errors:
        yield f"##vso[task.logissue type=error;]{_data(safe(error))}"
    for finding in summary.worst_first(report.open):
        yield summary.in_a_line(finding) if finding.severity == "info" else _issue(finding)
    yield from summary.in_plain_lines(report)


def _issue(finding: Finding) -> str:
    places = {
        "type": finding.severity,
        "sourcepath": encodable(finding.span.path),
        "linenumber": finding.span.line,
        "columnnumber": finding.span.column,
        "code": finding.rule,
    }
    properties = "".join(f"{name}={_property(str(value))};" for name, value in places.items())
    return f"##vso[task.logissue {properties}]{_data(summary.told(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(";", "%3B").replace("]", "%5D")
