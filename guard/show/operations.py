"""An operation in a few words, to stand beside its name and its object."""

from __future__ import annotations

from collections.abc import Sequence

from guard.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    AlterConstraint,
    AlterDomain,
    AlterObject,
    AlterSystem,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    CreateDomain,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    Delete,
    DetachPartition,
    DropObject,
    Insert,
    LockTable,
    Maintenance,
    ModifyColumn,
    Opaque,
    Operation,
    Permission,
    Query,
    Reindex,
    RenameColumn,
    RenameEnumValue,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetComment,
    SetDefault,
    SetOption,
    TransactionControl,
    Update,
)
from guard.schema.describe import column_text, constraint_text


def operation_text(operation: Operation) -> str:
    """Return the part that the operation's name and its object leave out; often nothing."""
    return (
        _definition(operation)
        or _change(operation)
        or _rows(operation)
        or _kind(operation)
        or _session(operation)
    )


def _definition(operation: Operation) -> str:
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
        case CreateEnum(values=values):
            return "values that were not read" if values is None else f"({_names(values)})"
        case CreateDomain(type=kind):
            return str(kind or "a type that was not read")
        case CreateView(materialized=materialized):
            return "materialized" if materialized else ""
    return ""


def _change(operation: Operation) -> str:
    match operation:
        case (
            AlterTable(action="other", detail=detail)
            | AlterConstraint(action="other", detail=detail)
            | AlterObject(action="other", detail=detail)
        ):
            return detail or ""
        case AlterTable(action=action, detail=detail) | AlterColumn(action=action, detail=detail):
            return f"{action} {detail or ''}".strip()
        case AlterConstraint(action=action, detail=detail):
            return f"{action} to {detail}" if action == "rename" else action
        case AlterObject(action=action) | AlterDomain(action=action):
            return action
        case ChangeColumnType(type=kind):
            return f"to {kind or 'a type that was not read'}"
        case SetDefault(default=default):
            return default.sql or "to a default that was not read"
        case AddEnumValue(value=value, position=position):
            return f"{value} {position or ''}".strip()
        case RenameEnumValue(value=value, new=new):
            return f"{value} to {new}"
        case RenameColumn(new=new) | RenameIndex(new=new):
            return f"to {new}"
        case RenameTable(new=name) | RenameObject(new=name):
            return f"to {name}"
        case AttachPartition(partition=name) | DetachPartition(partition=name):
            return str(name)
    return ""


def _rows(operation: Operation) -> str:
    match operation:
        case Update(columns=columns, where=where, all_rows=everything):
            rows = "in every row" if everything else f"where {where}"
            return f"{', '.join(columns)} {rows}".strip()
        case Delete(where=where, all_rows=everything):
            return "every row" if everything else f"where {where}" if where else ""
        case Insert(rows=rows) if rows:
            return f"{rows} row{'s' if rows > 1 else ''}"
        case Query(tables=tables):
            return ", ".join(map(str, tables))
    return ""


def _kind(operation: Operation) -> str:
    match operation:
        case CreateObject(object_type=kind) | DropObject(object_type=kind):
            return kind
        case SetComment(object_type=kind, column=column):
            return f"{kind} {column or ''}".strip()
        case Reindex(target=target):
            return target
    return ""


def _session(operation: Operation) -> str:
    match operation:
        case SetOption(name=name, value=value):
            return f"{name} = {value}"
        case TransactionControl(command=command) | Maintenance(command=command):
            return command
        case Permission(command=command, target=target):
            return f"{command} {target or ''}".strip()
        case LockTable(mode=mode):
            return mode or ""
        case AlterSystem(detail=detail):
            return detail
        case Opaque(reason=reason):
            return reason
    return ""


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown}, and {len(names) - 6} more"
