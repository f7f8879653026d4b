"""Execution: of SQL text and of SQLAlchemy's constructs."""

from __future__ import annotations

import ast
import re

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
from guard.patterns import lazy_re
from guard.reader.evaluate import formats
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import NONE, Construct, Sequence, Unknown, Value
from guard.reader.libraries.sqlalchemy import (
    clauses,
    constraints,
    routines,
    rows,
    table_objects,
    tables,
)
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.provenance import record_built
from guard.reader.sql_text import begins_like_sql
from guard.sql import Hole, read_sql

# Queries of the server's own catalogue: a test of their answer is a guard, not unknown.
_CATALOGUE = lazy_re(
    r"information_schema|pg_catalog|\bpg_\w+|sqlite_(master|schema)|\bPRAGMA\s+\w+_(list|info)"
    r"|\bSHOW\s|\bto_regclass\b|user_(tab|constr|ind)|has_table",
    re.I,
)
_BLOCK = lazy_re(r"DO\b", re.I)
SQL_COST = 40  # in steps, for reading a short text
MYSQLS = ("mysql", "mariadb")


def looks_like_sql(value: Value) -> bool:
    """Return whether the text begins like a SQL statement."""
    return isinstance(value, Text) and begins_like_sql(value.plain)


def execute(run: Run, value: Value, call: Call) -> Value:
    """Record the execution of the value; return its result, which only the database knows."""
    inner = sql_text(value)
    if inner is not None:
        return _execute_text(run, _filled(run, inner, value), call, value)
    if isinstance(value, Sequence):
        for item in value.items:
            execute(run, item, call)
        return Unknown(call.node)
    done = [*rows.in_ctes(value), *_construct(run, value)]
    operations = routines.with_calls(done, value, run.dialect)
    if operations:
        values = table_objects.strings_in([value, *call.args[1:], *call.kwargs.values()])
        run.emit(operations, call.node, call.frame, values=values)
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


def _filled(run: Run, inner: Text, value: Value) -> Text:
    """Return the text of a `DDL(text, context={...})` with its fields filled, `%%` as `%`."""
    while isinstance(value, Construct) and value.receiver is not None:
        value = value.receiver
    if (
        not isinstance(value, Construct)
        or last(value.path) != "DDL"
        or not isinstance(value.source, ast.expr)
    ):
        return inner
    given = value.kwargs.get("context", value.args[1] if len(value.args) > 1 else NONE)
    filled = formats.percent(run, inner, given, value.source)
    return filled if isinstance(filled, Text) else inner


def _is_harmless(value: Construct) -> bool:
    return value.path in {"next_value"}


def _construct(run: Run, value: Value) -> list[Operation]:
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
        found = constraints.index_operation(subject, run.dialect, drop=word == "DropIndex")
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
            made = tables.read_table(run, table, subject.args[1:], subject.kwargs)
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


def _execute_text(run: Run, text: Text, call: Call, value: Value) -> Value:
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
    reading = read_sql(plain, run.dialect, _holes(text))
    pieces = record_built(run, text, call.node, call)
    statements = [statement for statement in reading.statements if statement.operations]
    bound = table_objects.strings_in([value, *call.args[1:], *call.kwargs.values()])
    values = tuple(string for string in bound if string != plain)
    for statement in statements:
        run.emit(
            statement.operations,
            call.node,
            call.frame,
            sql=statement.text,
            at=text.span(statement.start, statement.end),
            pieces=pieces,
            values=values,
            joined=len(statements) > 1 or _BLOCK.match(statement.text) is not None,
        )
    return result


def emit_on(run: Run, dialects: tuple[str, ...], operations: list[Operation], call: Call) -> None:
    """Record operations of the call on some dialects only."""
    if operations and run.dialect is None:
        run.emit(operations, call.node, call.frame, dialects=dialects)
    elif operations and run.dialect in dialects:
        run.emit(operations, call.node, call.frame)


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


def name_of_rows(value: Value | None) -> Name:
    """Return the table that `bulk_insert` and the like fill."""
    found = table_objects.table_name(value)
    return found or clauses.name(value)
