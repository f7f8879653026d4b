"""SARIF 2.1.0, which GitHub code scanning, Azure DevOps and editors read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from json import dumps
from typing import Any
from urllib.parse import quote

from guard import __version__
from guard.finding import Edit, Finding, Report
from guard.note import Note
from guard.printable import encodable, safe
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background
from guard.reporters.fingerprints import fingerprinted
from guard.rule import Rule
from guard.show.rule_pages import page
from guard.statement import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://example.org/migration-guard"
_ROOT = "%SRCROOT%"
_LEVELS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}
# A comment stands in the source; an approval and the baseline in files of their own.
_KINDS = {"ignored": "inSource", "approved": "external", "baseline": "external"}


def sarif(report: Report, background: Background = NOTHING) -> str:
    """Return a SARIF log of one run, in ASCII: all findings, those that are silenced as suppressed.

    Paths are relative to the repository, whose place is not told. A finding keeps its fingerprints
    when its lines move.
    """
    findings = summary.ordered(report.findings)
    names = sorted({finding.rule for finding in findings})
    run = {
        "tool": {"driver": _driver(names, background)},
        "invocations": [_invocation(report, background)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository."}},
        },
        "results": [
            _result(finding, names.index(finding.rule), fingerprint, by_file=bool(report.services))
            for finding, fingerprint in fingerprinted(findings, background.texts)
        ],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(names: Iterable[str], background: Background) -> dict[str, Any]:
    return {
        "name": "guard",
        "fullName": f"guard {__version__}",
        "semanticVersion": __version__,
        "informationUri": _HOME,
        "rules": [_rule(name, background.rules.get(name)) for name in names],
    }


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": name}
    help_ = safe(page(rule, [None] * len(rule.unsafe)))
    described = {
        "id": name,
        "shortDescription": {"text": _text(rule.title)},
        "fullDescription": {"text": _text(rule.why or rule.title)},
        "help": {"text": _text(rule.why or rule.title), "markdown": help_},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["database", "migration", rule.group]},
    }
    return described | ({"helpUri": rule.url} if rule.url else {})


def _invocation(report: Report, background: Background) -> dict[str, Any]:
    return {
        "executionSuccessful": not report.errors,
        "exitCode": background.exit_code,
        "toolExecutionNotifications": [
            *({"level": "error", "message": {"text": _text(text)}} for text in report.errors),
            *map(_notification, report.notes),
        ],
    }


def _notification(note: Note) -> dict[str, Any]:
    places = [{"physicalLocation": _place(note.span)}] if note.span else []
    return {
        "level": "note",
        "message": {"text": _text(note.text)},
        "descriptor": {"id": note.kind},
        **({"locations": places} if places else {}),
    }


def _result(finding: Finding, index: int, fingerprint: str, *, by_file: bool) -> dict[str, Any]:
    result = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(summary.told(finding))},
        "locations": [{"physicalLocation": _place(finding.span)}],
        # GitHub goes by the first name, whoever wrote it; the second says what it is.
        "partialFingerprints": {
            "primaryLocationLineHash": fingerprint,
            "guardMeaning/v1": fingerprint,
        },
        "suppressions": [*_suppressions(finding)],
        "properties": _properties(finding, by_file=by_file),
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(related.span),
                "message": {"text": _text(related.message)},
            }
            for number, related in enumerate(finding.related, 1)
        ]
    if fix := summary.fix(finding):
        result["fixes"] = [_fix(finding.remedy, fix)]
    return result


def _properties(finding: Finding, *, by_file: bool) -> dict[str, str]:
    approve = summary.approve_command(finding, by_file=by_file)
    told: Mapping[str, str | None] = {
        "revision": finding.revision,
        "direction": finding.direction,
        "object": finding.object,
        "approve": approve if finding.approvable else None,
    }
    return {name: _text(value) for name, value in told.items() if value}


def _suppressions(finding: Finding) -> Iterator[dict[str, Any]]:
    if finding.status != "open":
        yield {
            "kind": _KINDS[finding.status],
            "status": "accepted",
            "justification": _text(finding.reason or finding.status),
        }


def _fix(remedy: str, fix: Iterable[Edit]) -> dict[str, Any]:
    def path(edit: Edit) -> str:
        return edit.span.path

    return {
        "description": {"text": _text(remedy)},
        "artifactChanges": [
            {
                "artifactLocation": _file(name),
                "replacements": [
                    {
                        "deletedRegion": _region(edit.span),
                        "insertedContent": {"text": encodable(edit.text)},
                    }
                    for edit in edits
                ],
            }
            for name, edits in groupby(sorted(fix, key=path), path)
        ],
    }


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _file(span.path), "region": _region(span)}


def _file(path: str) -> dict[str, str]:
    return {"uri": quote(encodable(path)), "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _text(text: str) -> str:
    """A message; `[this](that)` would be a link in one."""
    return safe(text).replace("](", "] (")
