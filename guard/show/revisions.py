"""The steps of revisions, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from guard.operations import Name, Opaque, Operation
from guard.printable import one_line
from guard.reader import ParsedRevision
from guard.show.operations import operation_text
from guard.statement import Statement, Steps

Paint = Callable[..., str]
_WIDEST = 46


def as_json(revisions: Sequence[ParsedRevision]) -> str:
    """Return the revisions with their statements; the shape is a contract, see the README."""
    return json.dumps({"revisions": [_revision(revision) for revision in revisions]}, indent=2)


def _revision(parsed: ParsedRevision) -> dict[str, object]:
    return {
        "path": parsed.path,
        "revision": parsed.revision,
        "upgrade": {"statements": [*_entries(parsed.upgrade)]},
        "downgrade": {"statements": [*_entries(parsed.downgrade)]},
    }


def _entries(steps: Steps) -> Iterator[dict[str, object]]:
    for statement in steps.statements:
        for operation in statement.operations:
            yield _entry(statement, operation)


def _entry(statement: Statement, operation: Operation) -> dict[str, object]:
    entry: dict[str, object] = {"kind": operation.kind}
    table = getattr(operation, "table", None)
    if isinstance(table, Name):
        entry["table"] = str(table)
    if operation.subject:
        entry["object"] = operation.subject
    entry |= {
        "line": statement.span.line,
        "end_line": statement.span.end_line,
        "column": statement.span.column,
        "conditional": statement.condition is not None,
        "in_transaction": statement.in_transaction,
    }
    if statement.condition is not None:
        entry["condition"] = statement.condition
    if statement.dialects is not None:
        entry["dialects"] = list(statement.dialects)
    if statement.database is not None:
        entry["database"] = statement.database
    if statement.sql is not None:
        entry["sql"] = statement.sql
    if isinstance(operation, Opaque):
        entry["reason"] = operation.reason
    return entry


def as_text(revisions: Sequence[ParsedRevision], paint: Paint) -> str:
    """Return a short table for each revision; `paint` styles a text, as click.style does."""
    return "\n\n".join("\n".join(_page(revision, paint)) for revision in revisions)


def _page(parsed: ParsedRevision, paint: Paint) -> Iterator[str]:
    path = one_line(parsed.path)
    yield paint(one_line(parsed.revision or path), bold=True) + f"  {path}"
    for steps in (parsed.upgrade, parsed.downgrade):
        yield ""
        yield f"  {steps.direction}" + ends_of(steps)
        rows = [
            _row(statement, operation)
            for statement in steps.statements
            for operation in statement.operations
        ]
        widths = [min(max((len(row[i]) for row in rows), default=0), _WIDEST) for i in range(3)]
        for line, kind, subject, remarks in rows:
            color = {"opaque": "yellow"}.get(kind) or ("red" if kind.startswith("drop") else "cyan")
            yield (
                f"    {line:>{widths[0]}}  {paint(kind.ljust(widths[1]), fg=color)}  "
                f"{subject:<{widths[2]}}  {remarks}"
            ).rstrip()


def ends_of(steps: Steps) -> str:
    """Return what is said of steps that do nothing, behind their direction; else nothing."""
    if steps.span is None:
        return ": there is none"
    if steps.raises is not None and not steps.statements:
        return f": raises {one_line(steps.raises)}".rstrip()
    return "" if steps.statements else ": does nothing"


def _row(statement: Statement, operation: Operation) -> tuple[str, str, str, str]:
    remarks = [
        operation_text(operation),
        f"[{', '.join(statement.dialects)}]" if statement.dialects else "",
        f"database {statement.database}" if statement.database else "",
        _condition(statement),
        "" if statement.in_transaction else "outside the transaction",
    ]
    shown = "  ".join(one_line(remark) for remark in remarks if remark)
    return str(statement.span.line), operation.kind, one_line(operation.subject), shown


def _condition(statement: Statement) -> str:
    if statement.condition is None:
        return ""
    word = "guarded by" if statement.guarded else "if"
    return f"{word} {statement.condition}"
