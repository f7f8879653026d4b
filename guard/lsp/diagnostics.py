"""Findings as the diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from guard.finding import Finding, Severity
from guard.lsp.checking import Problem
from guard.lsp.places import Lines, uri_of
from guard.printable import encodable, safe
from guard.statement import Span

SOURCE = "guard"
_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}
_TAGS = {
    "legacy-sqlalchemy": types.DiagnosticTag.Deprecated,
    "unused-suppression": types.DiagnosticTag.Unnecessary,
}
LinesOf = Callable[[Path], Lines]


def diagnostic_of(finding: Finding, root: Path, lines_of: LinesOf) -> types.Diagnostic:
    """Return the diagnostic of a finding; `lines_of` knows the lines of any file."""
    help_ = f"\nhelp: {finding.remedy}" if finding.remedy else ""
    return types.Diagnostic(
        range=lines_of(root / finding.span.path).range_of(finding.span),
        message=_text(finding.message + help_),
        severity=_SEVERITIES.get(finding.severity, types.DiagnosticSeverity.Hint),
        code=finding.rule,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source=SOURCE,
        tags=[_TAGS[finding.rule]] if finding.rule in _TAGS else None,
        related_information=[
            types.DiagnosticRelatedInformation(
                _location(related.span, root, lines_of), _text(related.message)
            )
            for related in finding.related
        ]
        or None,
    )


def diagnostic_of_problem(problem: Problem, lines: Lines, line: int = 1) -> types.Diagnostic:
    """Return the diagnostic that says why a file could not be judged."""
    return types.Diagnostic(
        range=lines.range_of(Span("", line)),
        message=_text(problem.message),
        severity=types.DiagnosticSeverity.Error,
        source=SOURCE,
    )


def _location(span: Span, root: Path, lines_of: LinesOf) -> types.Location:
    path = root / span.path
    return types.Location(uri_of(path), lines_of(path).range_of(span))


def _text(text: str) -> str:
    return encodable(safe(text))
