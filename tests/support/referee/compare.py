"""Holds what the reader says of a revision against what running it showed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from guard.operations import (
    Column,
    Constraint,
    Insert,
    Name,
    Opaque,
    Operation,
    SetComment,
    TransactionControl,
    Update,
    is_known,
)
from guard.sql import read_sql
from guard.statement import Statement

# What a copied table was asked for, as kinds of operations; any of them will do.
_ASKED = {
    "add_column": ("add-column",),
    "drop_column": ("drop-column",),
    "add_constraint": ("add-constraint",),
    "drop_constraint": ("drop-constraint",),
    "create_index": ("create-index",),
    "drop_index": ("drop-index",),
    "rename_table": ("rename-table",),
    "create_table_comment": ("set-comment",),
    "drop_table_comment": ("set-comment",),
    "create_column_comment": ("set-comment",),
}
_ALTERED = {
    "type_": ("change-column-type",),
    "nullable": ("set-not-null", "drop-not-null"),
    "server_default": ("set-default", "drop-default"),
    "name": ("rename-column",),
}
_ROWS = {"insert", "update", "delete"}
# MySQL has one word for both: DROP INDEX drops a unique constraint.
_ALIKE = {"mysql": [{"drop-constraint", "drop-index"}]}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as both sides can see it: one of `kinds`, on what. None: not said."""

    kinds: tuple[str, ...]
    table: Name | None = None
    name: Name | None = None  # of an index, a constraint, a column, a type, ...

    def __str__(self) -> str:
        parts = (" or ".join(self.kinds), self.table, self.name)
        return " ".join(str(part) for part in parts if part is not None)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that running the revision sent, and what it does."""

    line: int
    acts: tuple[Act, ...]
    text: str
    via: str = ""


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """Something that only one side saw; `opaque`: the reader says that it cannot know."""

    line: int
    text: str
    opaque: bool = False


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`sent` statements, of which `found` have their operations at their line; operations that
    the reader is certain of (`said`), of which running showed `shown`."""

    sent: int = 0
    found: int = 0
    at_line: int = 0
    said: int = 0
    shown: int = 0
    missed: tuple[Miss, ...] = ()
    surplus: tuple[Miss, ...] = ()


def sent_by(record: dict[str, Any], dialect: str) -> list[Sent]:
    """Return the statements of a record, read."""
    sent = []
    for item in record["emitted"]:
        if "asked" in item:
            acts, text = _asked_acts(item["asked"]), f"batch: {item['asked']}"
        else:
            reading = read_sql(item["sql"], dialect)
            found = [op for statement in reading.statements for op in statement.operations]
            acts, text = tuple(act_of(op) for op in found), item["sql"]
        sent.append(Sent(line=item["line"], acts=acts, text=text, via=item["via"]))
    return sent


def act_of(operation: Operation) -> Act:
    """Return the operation as an act."""
    named = [getattr(operation, field, None) for field in ("name", "constraint", "column")]
    name = next((n for n in named if n is not None), None)
    if isinstance(name, Column | Constraint):
        name = name.name
    return Act(
        kinds=(operation.kind,),
        table=getattr(operation, "table", None),
        name=Name(name) if isinstance(name, str) else name,
    )


def _asked_acts(asked: dict[str, Any]) -> tuple[Act, ...]:
    table, name = Name(asked["table"]), Name(asked["label"]) if asked["label"] else None
    if asked["name"] != "alter_column":
        return (Act(kinds=_ASKED[asked["name"]], table=table, name=name),)
    return tuple(
        Act(kinds=kinds, table=table, name=name)
        for key, kinds in _ALTERED.items()
        if key in asked["keys"]
    )


def compare(
    statements: Iterable[Statement], sent: Sequence[Sent], dialect: str, *, complete: bool = True
) -> Comparison:
    """Return how the statements of one direction and what was sent agree.

    `complete` False: the run broke off, and what it did not show may still be true.
    """
    mine = [s for s in statements if s.applies_to(dialect)]
    missed, surplus = [], []
    asked = [s for s in sent if s.via not in ("copy", "reflection", "row") and _counts(s)]
    at_line = 0
    for statement in asked:
        near = [s for s in mine if statement.via == "flush" or _spans(s, statement.line)]
        at_line += bool(near)
        said = [act_of(op) for s in near for op in s.operations]
        if not all(any(_same(act, other, dialect) for other in said) for act in statement.acts):
            opaque = any(isinstance(op, Opaque) for s in near for op in s.operations)
            missed.append(Miss(line=statement.line, text=statement.text, opaque=opaque))
    said_of = list(_certain(mine, dialect)) if complete else []
    for found, operation in said_of:
        act = act_of(operation)
        shown = (
            other
            for s in sent
            if _spans(found, s.line) or (s.via == "flush" and operation.kind in _ROWS)
            for other in s.acts
        )
        if not any(_same(act, other, dialect) for other in shown):
            surplus.append(Miss(line=found.span.line, text=str(act)))
    return Comparison(
        sent=len(asked),
        found=len(asked) - len(missed),
        at_line=at_line,
        said=len(said_of),
        shown=len(said_of) - len(surplus),
        missed=tuple(missed),
        surplus=tuple(surplus),
    )


def _counts(sent: Sent) -> bool:
    """Alembic's own COMMIT and BEGIN around an autocommit block are not the revision's."""
    return any(kind != "transaction-control" for act in sent.acts for kind in act.kinds)


def _certain(
    statements: Iterable[Statement], dialect: str
) -> Iterator[tuple[Statement, Operation]]:
    """Yield the operations that running must show."""
    for statement in statements:
        if statement.condition is not None or statement.guarded or statement.repeated:
            continue
        for operation in statement.operations:
            if isinstance(operation, Opaque | TransactionControl):
                continue
            if isinstance(operation, SetComment) and dialect == "sqlite":
                continue  # it has no comments
            if isinstance(operation, Insert) and operation.rows is None and not statement.sql:
                continue  # of rows that nobody knows there may be none
            if isinstance(operation, Update) and operation.where == "{key}":
                continue  # likewise
            yield statement, operation


def _spans(statement: Statement, line: int) -> bool:
    return statement.span.line <= line <= statement.span.end_line


def _same(a: Act, b: Act, dialect: str) -> bool:
    kinds = {*a.kinds, *b.kinds}
    alike = any(kinds <= group for group in _ALIKE.get(dialect, ()))
    if not set(a.kinds) & set(b.kinds) and not alike:
        return False
    if alike and a.kinds != b.kinds:
        return True
    if "opaque" in kinds or "query" in kinds:
        return True
    return _same_name(a.table, b.table) and _same_name(a.name, b.name)


def _same_name(a: Name | None, b: Name | None) -> bool:
    if a is None or b is None or not (is_known(a) and is_known(b)):
        return True
    if a.schema and b.schema and a.schema.lower() != b.schema.lower():
        return False
    return a.name.lower() == b.name.lower()
