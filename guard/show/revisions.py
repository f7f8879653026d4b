"""What revisions do, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    ChangeColumnType,
    CreateIndex,
    CreateTable,
    Insert,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    Query,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetOption,
    Update,
)
from guard.printable import one_line
from guard.reader import ParsedRevision, Steps
from guard.schema.describe import column_text, constraint_text
from guard.statement import Statement

Paint = Callable[..., str]
_WIDEST = 46


def as_json(readings: Sequence[ParsedRevision]) -> str:
    """Return the revisions with their statements; the shape is a contract, see the README."""
    return json.dumps({"revisions": [_revision(reading) for reading in readings]}, indent=2)


def _revision(reading: ParsedRevision) -> dict[str, Any]:
    return {
        "path": reading.path,
        "revision": reading.revision,
        "upgrade": {"statements": [*_entries(reading.upgrade)]},
        "downgrade": {"statements": [*_entries(reading.downgrade)]},
    }


def _entries(procedure: Steps) -> Iterator[dict[str, Any]]:
    for statement in procedure.statements:
        for operation in statement.operations:
            yield _entry(statement, operation)


def _entry(statement: Statement, operation: Operation) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": operation.kind}
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


def as_text(readings: Sequence[ParsedRevision], paint: Paint) -> str:
    """Return a short table for each revision; `paint` styles a text, as click.style does."""
    return "\n\n".join("\n".join(_page(reading, paint)) for reading in readings)


def _page(reading: ParsedRevision, paint: Paint) -> Iterator[str]:
    path = one_line(reading.path)
    yield paint(one_line(reading.revision or path), bold=True) + f"  {path}"
    for procedure in (reading.upgrade, reading.downgrade):
        yield ""
        yield f"  {procedure.direction}" + _ends(procedure)
        rows = [
            _row(statement, operation)
            for statement in procedure.statements
            for operation in statement.operations
        ]
        widths = [min(max((len(row[i]) for row in rows), default=0), _WIDEST) for i in range(3)]
        for line, kind, subject, remarks in rows:
            color = {"opaque": "yellow"}.get(kind) or ("red" if kind.startswith("drop") else "cyan")
            yield (
                f"    {line:>{widths[0]}}  {paint(kind.ljust(widths[1]), fg=color)}  "
                f"{subject:<{widths[2]}}  {remarks}"
            ).rstrip()


def _ends(procedure: Steps) -> str:
    if procedure.span is None:
        return ": there is none"
    if procedure.raises is not None and not procedure.statements:
        return f": raises {one_line(procedure.raises)}".rstrip()
    return "" if procedure.statements else ": does nothing"


def _row(statement: Statement, operation: Operation) -> tuple[str, str, str, str]:
    remarks = [
        _detail(operation),
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


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown}, and {len(names) - 6} more"


def _detail(operation: Operation) -> str:
    match operation:
        case AddColumn(column=column) | ModifyColumn(column=column):
            return column_text(column)
        case AddConstraint(constraint=constraint):
            return constraint_text(constraint)
        case CreateTable(columns=columns):
            return _names([column.name for column in columns])
        case CreateIndex(columns=columns, unique=unique, concurrently=concurrently):
            words = ["unique"] * unique + ["concurrently"] * concurrently
            return " ".join([*words, f"({', '.join(columns)})"])
        case ChangeColumnType(type=kind):
            return f"to {kind or 'a type that was not read'}"
        case RenameColumn(new=new) | RenameTable(new=new):
            return f"to {new}"
        case SetDefault(default=default):
            return default.sql or "to a default that was not read"
        case AlterTable(action=action, detail=detail) | AlterColumn(action=action, detail=detail):
            return f"{action} {detail or ''}".strip()
        case Update(columns=columns, where=where, all_rows=everything):
            rows = "in every row" if everything else f"where {where}"
            return f"{', '.join(columns)} {rows}".strip()
        case Insert(rows=rows) if rows:
            return f"{rows} row{'s' if rows > 1 else ''}"
        case SetOption(name=name, value=value):
            return f"{name} = {value}"
        case Query(tables=tables):
            return ", ".join(map(str, tables))
        case Opaque(reason=reason):
            return reason
    return ""
