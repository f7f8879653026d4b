"""Reviewdog's diagnostics, as one document (rdjson) or one a line (rdjsonl)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any

from guard.finding import Finding, Report
from guard.printable import encodable, safe
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background
from guard.reporters.frame import split_lines
from guard.statement import Span

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}
_SOURCE = {"name": "guard", "url": "https://example.org/migration-guard"}


def rdjson(report: Report, background: Background = NOTHING) -> str:
    """Return a DiagnosticResult in ASCII with the open findings, and what could not be done."""
    found = [*_diagnostics(report, background)]
    return dumps({"source": _SOURCE, "diagnostics": found}, indent=2) + "\n"


def rdjsonl(report: Report, background: Background = NOTHING) -> str:
    """Return a Diagnostic a line."""
    found = _diagnostics(report, background)
    return "".join(dumps(one | {"source": _SOURCE}) + "\n" for one in found)


def _diagnostics(report: Report, background: Background) -> Iterator[dict[str, Any]]:
    for error in report.errors:
        yield {"message": safe(error), "severity": "ERROR", "code": {"value": "guard"}}
    findings = summary.ordered(report.open)
    paths = {place.path for finding in findings for place in _places(finding)}
    files = {path: split_lines(text) for path, text in background.texts.items() if path in paths}
    for finding in findings:
        yield _diagnostic(finding, files)


def _places(finding: Finding) -> Iterator[Span]:
    yield finding.span
    yield from (related.span for related in finding.related)


def _diagnostic(finding: Finding, files: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    code = {"value": finding.rule} | ({"url": finding.url} if finding.url else {})
    diagnostic: dict[str, Any] = {
        "message": summary.told(finding),
        "location": _location(finding.span, files),
        "severity": _SEVERITIES[finding.severity],
        "code": code,
    }
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": safe(related.message), "location": _location(related.span, files)}
            for related in finding.related
        ]
    # Each suggestion is taken by itself there: edits that belong together are none.
    fix = summary.fix(finding)
    if len(fix) == 1 and fix[0].span.path == finding.span.path:
        suggestion = {"range": _range(fix[0].span, files), "text": encodable(fix[0].text)}
        diagnostic["suggestions"] = [suggestion]
    return diagnostic


def _location(span: Span, files: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {"path": encodable(span.path), "range": _range(span, files)}


def _range(span: Span, files: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The place with columns as reviewdog counts them: bytes of UTF-8, from 1 on."""
    lines = files.get(span.path, ())

    def position(line: int, column: int) -> dict[str, int]:
        before = lines[line - 1][: column - 1] if line <= len(lines) else ""
        more = len(before.encode("utf-8", "surrogatepass")) - len(before)
        return {"line": line, "column": column + more}

    return {
        "start": position(span.line, span.column),
        "end": position(span.end_line, span.end_column),
    }
