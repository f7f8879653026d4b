"""The report for programs. Its shape is a contract: fields may be added, none changes or goes."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from guard import __version__
from guard.credentials import mask_credentials
from guard.effects.effect import Effect, TableEffect
from guard.finding import Finding, Report, Tally, Timing
from guard.note import Note
from guard.printable import encodable
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background, JudgedFor
from guard.statement import Span

VERSION = 1


def json(report: Report, background: Background = NOTHING) -> str:
    """Return the report as JSON in ASCII, one finding a line, ordered by place.

    Lines and columns are 1-based, the end column is one past the last character; paths are
    relative to the repository. `errors` are parts of the work that could not be done, `timings`
    those of the revisions that ran. `shard` is what guard merge reads. A fix that would show
    a password is left out.
    """
    findings = ",\n".join(
        f"    {dumps(_finding(finding, by_file=bool(report.services)))}"
        for finding in summary.ordered(report.findings)
    )
    base = {"ref": _text(background.base), "commit": background.commit}
    parts = {
        "version": str(VERSION),
        "tool": dumps({"name": "guard", "version": __version__}),
        "base": dumps(base if background.base else None),
        "servers": dumps([_server(judged) for judged in background.servers]),
        "findings": f"[\n{findings}\n  ]" if findings else "[]",
        "notes": dumps([_note(note) for note in report.notes]),
        "errors": dumps([_text(error) for error in report.errors]),
        "summary": dumps(_summary(report), indent=2).replace("\n", "\n  "),
    }
    if report.timings:
        timings = ",\n".join(f"    {dumps(_timing(timing))}" for timing in report.timings)
        parts["timings"] = f"[\n{timings}\n  ]"
    if background.shard is not None:
        parts["shard"] = dumps(_written(background.shard))
    fields = ",\n".join(f'  "{name}": {value}' for name, value in parts.items())
    return f"{{\n{fields}\n}}\n"


def _finding(finding: Finding, *, by_file: bool) -> dict[str, Any]:
    fields = {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": _text(finding.message),
        "remedy": _text(finding.remedy),
        **_place(finding.span),
        "revision": finding.revision,
        "status": finding.status,
    }
    if finding.direction:
        fields["direction"] = finding.direction
    if finding.object:
        fields["object"] = _text(finding.object)
    if finding.approvable:
        fields["approve"] = _text(summary.approve_command(finding, by_file=by_file))
    if finding.url is not None:
        fields["url"] = finding.url
    if finding.reason is not None:
        fields["reason"] = _text(finding.reason)
    if finding.approvers:
        fields["approvers"] = [_text(name) for name in finding.approvers]
    if finding.effect is not None:
        fields["effect"] = _effect(finding.effect)
    if fix := summary.fix(finding):
        fields["fix"] = [_place(edit.span) | {"text": encodable(edit.text)} for edit in fix]
    if finding.evidence:
        fields["evidence"] = [_text(evidence) for evidence in finding.evidence]
    if finding.related:
        fields["related"] = [
            _place(related.span) | {"message": _text(related.message)}
            for related in finding.related
        ]
    return fields


def _server(judged: JudgedFor) -> dict[str, Any]:
    version = judged.server.version
    return {
        "environment": _text(judged.environment),
        "dialect": judged.server.dialect,
        "version": ".".join(map(str, version)) if version else None,
        "reason": _text(judged.reason) or None,
    }


def _note(note: Note) -> dict[str, Any]:
    place = _place(note.span) if note.span else {}
    return {"kind": note.kind, "text": _text(note.text), **place}


def _effect(effect: Effect) -> dict[str, Any]:
    """What the statement does to a running server: of its own table, and of related ones."""
    return {
        **_table_effect(effect),
        "related": [_table_effect(related) for related in effect.related],
        "source": effect.source,
    }


def _table_effect(effect: TableEffect) -> dict[str, Any]:
    grows = "rows" if effect.scans or effect.rewrites else None
    return {
        "table": _text(str(effect.table)),
        "lock": effect.lock,
        "blocks": sorted(effect.blocks),
        "scans": effect.scans,
        "rewrites": effect.rewrites,
        "grows_with": grows,
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "path": encodable(span.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _summary(report: Report) -> dict[str, Any]:
    counts = summary.severity_counts(report.open)
    services = {"services": [_tally(tally) for tally in report.services]}
    return {
        "errors": counts["error"],
        "warnings": counts["warning"],
        "infos": counts["info"],
        "approved": summary.status_count(report, "approved"),
        "ignored": summary.status_count(report, "ignored"),
        "baseline": summary.status_count(report, "baseline"),
        "unchanged": report.unchanged,
        "revisions": report.coverage.revisions,
        "statements": report.coverage.statements,
        "opaque": report.coverage.opaque,
        "checked": [_text(part) for part in report.checked],
        "notes": [_text(note.text) for note in report.notes],
        "failed": report.failed or bool(report.errors),
        **(services if report.services else {}),
    }


def _timing(timing: Timing) -> dict[str, Any]:
    steps = {"up": timing.up, "down": timing.down, "up_again": timing.up_again}
    return {
        "revision": encodable(timing.revision),
        "path": encodable(timing.path),
        **{name: None if took is None else round(took, 4) for name, took in steps.items()},
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "name": encodable(tally.name),
        "new_revisions": tally.new,
        "released_revisions": tally.judged - tally.new,
        "errors": tally.findings["error"],
        "warnings": tally.findings["warning"],
        "infos": tally.findings["info"],
        "unchanged": tally.unchanged,
    }


def _written(value: Any) -> Any:
    """Return a value of a record with every text in it as it may be shown."""
    match value:
        case str():
            return _text(value)
        case list() | tuple():
            return [_written(one) for one in value]
        case Mapping():
            return {_text(name): _written(one) for name, one in value.items()}
    return value


def _text(text: str) -> str:
    return encodable(mask_credentials(text))
