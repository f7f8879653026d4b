"""What is handed to the database for execution: SQL text and SQLAlchemy constructs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guard.operations import (
    AddConstraint,
    CreateDatabase,
    CreateObject,
    CreateSchema,
    DropConstraint,
    DropDatabase,
    DropObject,
    DropSchema,
    DropTable,
    Name,
    Opaque,
    Operation,
)
from guard.reader import clauses, constraints, rows, table_objects, tables
from guard.reader.clauses import last
from guard.reader.provenance import record_built
from guard.reader.state import Call
from guard.reader.text import Text
from guard.reader.values import Construct, Sequence, Unknown, Value
from guard.sql import Hole, read_sql

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

# Queries of the server's own catalogue: what depends on their answer is guarded, not unknown.
_CATALOGUE = re.compile(
    r"information_schema|pg_catalog|\bpg_\w+|sqlite_(master|schema)|\bPRAGMA\s+\w+_(list|info)"
    r"|\bSHOW\s|\bto_regclass\b|user_(tab|constr|ind)|has_table",
    re.I,
)
SQL_COST = 40  # in steps: what reading a short text takes
_SQL_START = re.compile(
    r"\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|insert|update|delete|create|alter|drop|truncate|with"
    r"|merge|replace|pragma|grant|revoke|set|comment|vacuum|analyze|do|call|begin|commit|rollback"
    r"|reindex|refresh|lock|copy|explain|attach|rename|show|exec|use|values|cluster|reset)\b",
    re.I | re.S,
)
MYSQLS = ("mysql", "mariadb")


def looks_like_sql(value: Value) -> bool:
    """Return whether the text begins like a SQL statement."""
    return isinstance(value, Text) and begins_like_sql(value.plain)


def begins_like_sql(text: str) -> bool:
    """Return whether the text's first word is one that statements begin with."""
    return bool(_SQL_START.match(text))


def execute(run: Interpreter, value: Value, call: Call) -> Value:
    """Record what executing the value does; return its result, which only the database knows."""
    inner = sql_text(value)
    if inner is not None:
        return _execute_text(run, inner, call)
    if isinstance(value, Sequence):
        for item in value.items:
            execute(run, item, call)
        return Unknown(call.node)
    operations = _construct(run, value)
    if operations:
        run.emit(operations, call.node, call.frame)
    elif isinstance(value, Construct) and value.receiver is not None and _is_harmless(value):
        pass
    else:
        run.emit(
            [Opaque(reason="what it executes is not known", code=call.code)], call.node, call.frame
        )
    return Unknown(call.node)


def sql_text(value: Value) -> Text | None:
    """Return the SQL of a string, `text()`, `DDL()`, also behind `.bindparams()` and the like."""
    while isinstance(value, Construct):
        if last(value.path) in {"text", "DDL", "SQL"} and value.args:
            value = value.args[0]
        elif value.receiver is not None and value.path in {
            "bindparams",
            "columns",
            "execution_options",
            "execute_if",
            "params",
        }:
            value = value.receiver
        else:
            return None
    return value if isinstance(value, Text) else None


def _is_harmless(value: Construct) -> bool:
    return value.path in {"next_value"}


def _construct(run: Interpreter, value: Value) -> list[Operation]:
    """Return the operations of a SQLAlchemy construct that is executed."""
    operation = rows.operation_of(value)
    if operation is not None:
        return [operation]
    if not isinstance(value, Construct) or not value.args:
        return []
    subject = value.args[0]
    table = table_objects.table_name(subject)
    word = last(value.path)
    if word in {"CreateIndex", "DropIndex"}:
        found = constraints.index_operation(subject, drop=word == "DropIndex")
        return [found] if found is not None else []
    if word in {"AddConstraint", "DropConstraint"} and (
        constraint := constraints.read_constraint(subject)
    ):
        owner = table_objects.owning_table(subject)
        if word == "AddConstraint":
            return [AddConstraint(table=owner, constraint=constraint)]
        return [DropConstraint(table=owner, constraint=constraint.name, type=constraint.type)]
    match word:
        case "CreateTable" if isinstance(subject, Construct) and table is not None:
            made = tables.read_table(table, subject.args[1:], subject.kwargs, run.dialect)
            return [made.create, *made.indexes]
        case "DropTable" if table is not None:
            return [DropTable(table=table)]
        case "CreateSchema" | "DropSchema" if run.dialect in MYSQLS:  # a database by another word
            database = clauses.name(subject)
            if word == "DropSchema":
                return [DropDatabase(name=database)]
            return [CreateDatabase(name=database)]
        case "CreateSchema":
            return [CreateSchema(name=clauses.name(subject))]
        case "DropSchema":
            cascade = clauses.flag(value.kwargs.get("cascade"))
            return [DropSchema(name=clauses.name(subject), cascade=cascade)]
        case "CreateSequence" if isinstance(subject, Construct) and subject.args:
            return [CreateObject(object_type="sequence", name=clauses.name(subject.args[0]))]
        case "DropSequence" if isinstance(subject, Construct) and subject.args:
            return [DropObject(object_type="sequence", name=clauses.name(subject.args[0]))]
    return []


def _execute_text(run: Interpreter, text: Text, call: Call) -> Value:
    plain = text.plain
    inspected = bool(_CATALOGUE.search(plain))
    result = Unknown(call.node, "outside", inspected)
    if not plain.strip():
        return result
    if not text.has_content:
        code = text.parts[0].code
        operation = Opaque(
            reason=f"the SQL comes from `{code}`, which is not known", code=call.code
        )
        pieces = record_built(run, text, call.node, call)
        run.emit([operation], call.node, call.frame, pieces=pieces)
        return result
    run.step(SQL_COST + len(plain) // 10)
    dialect = run.sql_dialect or None
    reading = read_sql(plain, dialect, _holes(text))
    pieces = record_built(run, text, call.node, call)
    for statement in reading.statements:
        if not statement.operations:
            continue
        run.emit(
            statement.operations,
            call.node,
            call.frame,
            sql=statement.text,
            at=text.span(statement.start, statement.end),
            pieces=pieces,
        )
    return result


def emit_on(
    run: Interpreter, dialects: tuple[str, ...], operations: list[Operation], call: Call
) -> None:
    """Record what the call does on some dialects only."""
    if operations and (not run.dialect or run.dialect in dialects):
        run.emit(operations, call.node, call.frame, dialects=None if run.dialect else dialects)


def _holes(text: Text) -> tuple[Hole, ...]:
    """Return where the pieces stand that are not known."""
    holes: list[Hole] = []
    position = 0
    for part in text.parts:
        end = position + len(part.text)
        if part.hole:
            holes.append(Hole(position, end, part.code))
        position = end
    return tuple(holes)


def read_frame(run: Interpreter, call: Call) -> Value:
    """`pandas.read_sql(sql, connection)`: a query, where it is given one and no table's name."""
    value = call.get(0, "sql") or Unknown(call.node)
    if not isinstance(value, Text) or looks_like_sql(value):
        execute(run, value, call)
    return Unknown(call.node)


def name_of_rows(value: Value | None) -> Name:
    """Return the table that `bulk_insert` and the like fill."""
    found = table_objects.table_name(value)
    return found or clauses.name(value)
