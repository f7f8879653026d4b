"""Alembic's operations: all of `alembic.operations`, as functions of `op` and of a batch.

They emit the statements that Alembic emits, not those that they seem to say:
`add_column(primary_key=True)` adds no key, MySQL's `alter_column` writes the whole column anew,
`index=True` makes an index.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from guard.alembic_parameters import PARAMETERS
from guard.operations import AlterTable, DropTable, Insert, Operation, RenameTable, SetComment
from guard.reader.evaluate.run import Known, Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import TRUE, Construct, DottedName, Unknown, Value
from guard.reader.libraries.alembic import context, plugins
from guard.reader.libraries.alembic.arguments import (
    Arguments,
    arguments,
    of_dialect,
    table_of,
)
from guard.reader.libraries.alembic.columns import add_column, alter_column, drop_column
from guard.reader.libraries.alembic.constraints import (
    create_check,
    create_constraint,
    create_exclude,
    create_foreign_key,
    create_index,
    drop_constraint,
    drop_index,
)
from guard.reader.libraries.alembic.directive import directive, no_directive, read_batch
from guard.reader.libraries.alembic.fragments import more_than_a_piece
from guard.reader.libraries.alembic.live import Batch, MigrationContext
from guard.reader.libraries.sqlalchemy import clauses, execution, metadata, table_objects, tables
from guard.reader.libraries.sqlalchemy.clauses import flag, name, string
from guard.reader.libraries.sqlalchemy.live import Connection


def batch_method(run: Run, batch: Batch, method: str, call: Call) -> Value:
    """Record the operation of `batch_op.method(...)`; return the value that it gives."""
    if method == "f":
        return _made_name(run, call)
    if method in {"get_bind", "get_context"}:
        return Connection() if method == "get_bind" else MigrationContext()
    if method == "batch_alter_table":
        return batch
    if method not in _RECORDERS and method != "execute":
        reason = f"batch_op.{method} is not an operation that guard knows"
        with run.within_directive(no_directive(method, batch)):
            run.opaque(reason, call.node, call.frame)
        return Unknown(call.node)
    if method == "execute":
        return _execute(run, call, batch)
    given = arguments(method, call, in_batch=True)
    given.setdefault("table_name", batch.table)
    if batch.schema is not None:
        given.setdefault("schema", batch.schema)
    given["in_batch"] = TRUE
    return _record(run, method, given, call, batch)


def unknown_operation(run: Run, path: str, call: Call) -> Value:
    """Record that guard does not know the operation."""
    operation = path.rpartition(".")[2]
    reason = f"op.{operation} is not an operation that guard knows"
    with run.within_directive(no_directive(operation)):
        run.opaque(reason, call.node, call.frame)
    return Unknown(call.node)


def method_of_unknown(run: Run, receiver: Unknown, method: str, call: Call) -> Value | None:
    """Record that something unknown may be `op`: it is asked for one of its operations."""
    if method not in TELLING:
        return None
    run.opaque(f"it calls {method} of something that is not known", call.node, call.frame)
    return Unknown(call.node)


def method_of_made(run: Run, receiver: Construct, method: str, call: Call) -> Value | None:
    """Record the same of what a call gave that is not in sight; a query has such methods too."""
    root: Value = receiver
    while isinstance(root, Construct) and root.receiver is not None:
        root = root.receiver
    path = root.path if isinstance(root, Construct | DottedName) else ""
    known = not path or path.partition(".")[0] in run.library.harmless
    return None if known else method_of_unknown(run, Unknown(receiver.source), method, call)


def make_operations(run: Run, call: Call) -> Value:
    """`Operations(context)` is another `op`."""
    return DottedName("alembic.op")


def _operation(operation: str) -> Known:
    def record(run: Run, call: Call) -> Value:
        given = arguments(operation, call)
        if call.open and not given:
            run.opaque(f"the arguments of op.{operation} are not known", call.node, call.frame)
            return Unknown(call.node)
        return _record(run, operation, given, call)

    return record


def _record(
    run: Run, operation: str, given: Arguments, call: Call, batch: Batch | None = None
) -> Value:
    given = of_dialect(given, run.dialect)
    with run.within_directive(directive(operation, given, run.dialect, batch)):
        if piece := more_than_a_piece(call, given | call.kwargs):
            run.opaque(f"`{piece}` ends the statement and begins another", call.node, call.frame)
        if operation == "create_table":
            return _create_table(run, given, call)
        operations = _RECORDERS[operation](run, given, call)
        if operations:
            rows = [given["rows"]] if "rows" in given else []
            values = table_objects.strings_in(rows)
            run.emit(operations, call.node, call.frame, values=values)
    return Unknown(call.node)


# Tables


def _create_table(run: Run, given: Arguments, call: Call) -> Value:
    items = call.args[1:] if "table_name" not in call.kwargs else call.args
    made = tables.read_table(run, table_of(given), items, given, complete=not call.open)
    metadata.emit_table(run, made, call)
    label = given.get("table_name") or Text.of("?")
    return Construct(
        "sqlalchemy.Table",
        (label, *items),
        {k: v for k, v in given.items() if k == "schema"},
        call.node,
    )


def _drop_table(run: Run, given: Arguments, call: Call) -> list[Operation]:
    return [DropTable(table=table_of(given), if_exists=flag(given.get("if_exists")))]


def _rename_table(run: Run, given: Arguments, call: Call) -> list[Operation]:
    schema = given.get("schema")
    return [
        RenameTable(
            table=name(given.get("old_table_name"), schema),
            new=name(given.get("new_table_name"), schema),
        )
    ]


def _table_comment(run: Run, given: Arguments, call: Call) -> list[Operation]:
    if run.dialect in execution.MYSQLS:
        return [AlterTable(table=table_of(given), action="comment")]
    comment = string(given.get("comment"))
    return [SetComment(object_type="table", name=table_of(given), comment=comment)]


def _bulk_insert(run: Run, given: Arguments, call: Call) -> list[Operation]:
    rows = given.get("rows")
    return [
        Insert(
            table=execution.name_of_rows(given.get("table")),
            columns=table_objects.row_columns(rows),
            rows=table_objects.row_count(rows),
        )
    ]


# Everything else


def _execute(run: Run, call: Call, batch: Batch | None = None) -> Value:
    with run.within_directive(directive("execute", {}, run.dialect, batch)):
        return _run_sql(run, call)


def _run_sql(run: Run, call: Call) -> Value:
    value = call.get(0, "sqltext", "sql")
    return execution.execute(run, value, call) if value is not None else Unknown(call.node)


def _batch(run: Run, call: Call) -> Value:
    return read_batch(call, run.span_in_revision(call.node, call.frame))


def _made_name(run: Run, call: Call) -> Value:
    """`op.f("ix_t_a")`: a name that a convention made, which SQLAlchemy shortens as its own."""
    given = call.args[0] if call.args else next(iter(call.kwargs.values()), unknown(call.node))
    if not isinstance(given, Text) or not given.known:
        return given
    short = clauses.shortened(given.plain, run.dialect)
    return given if short == given.plain else Text.of(short, origin="literal")


def _inline(run: Run, call: Call) -> Value:
    return Construct("inline_literal", call.args, call.kwargs, call.node)


def _run_async(run: Run, call: Call) -> Value:
    if not call.args:
        return unknown(call.node)
    given = Call(call.node, call.frame, (Connection(), *call.args[1:]), call.kwargs)
    return run.call(call.args[0], given)


def _invoke(run: Run, call: Call) -> Value:
    """`op.invoke(ops.DropTableOp(...))`: the object's name says which operation it is."""
    given = call.args[0] if call.args else None
    if isinstance(given, Construct) and given.path.endswith("Op"):
        operation = _snake(clauses.last(given.path).removesuffix("Op"))
        if operation in PARAMETERS and isinstance(call.node, ast.Call):
            inner = Call(call.node, call.frame, given.args, given.kwargs)
            recorder = _operation(operation)
            return recorder(run, inner)
    run.opaque("op.invoke is given an operation that is not in sight", call.node, call.frame)
    return Unknown(call.node)


def _snake(camel: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in camel).lstrip("_")


def _constant(value: Value) -> Known:
    def give(run: Run, call: Call) -> Value:
        return value

    return give


_RECORDERS: dict[str, Callable[[Any, Arguments, Call], list[Operation]]] = {
    "add_column": add_column,
    "alter_column": alter_column,
    "bulk_insert": _bulk_insert,
    "create_check_constraint": create_check,
    "create_exclude_constraint": create_exclude,
    "create_foreign_key": create_foreign_key,
    "create_index": create_index,
    "create_primary_key": create_constraint("primary key"),
    "create_table": lambda run, given, call: [],
    "create_table_comment": _table_comment,
    "create_unique_constraint": create_constraint("unique"),
    "drop_column": drop_column,
    "drop_constraint": drop_constraint,
    "drop_index": drop_index,
    "drop_table": _drop_table,
    "drop_table_comment": _table_comment,
    "rename_table": _rename_table,
}
# Operations by names that nothing else has.
TELLING = frozenset({*_RECORDERS, "batch_alter_table"})
_NAMES: dict[str, Known] = {
    **{operation: _operation(operation) for operation in _RECORDERS},
    "execute": _execute,
    "batch_alter_table": _batch,
    "f": _made_name,
    "inline_literal": _inline,
    "invoke": _invoke,
    "run_async": _run_async,
    "get_bind": _constant(Connection()),
    "get_context": _constant(MigrationContext()),
}
NAMES: dict[str, Known] = {
    **{f"alembic.op.{name}": known for name, known in _NAMES.items()},
    "alembic.*.Operations": make_operations,
    "alembic.*.register_operation": plugins.register_operation,
    "alembic.*.implementation_for": plugins.implementation_for,
    "alembic.operations.Operations.context": make_operations,
    "alembic.migration.MigrationContext.configure": _constant(MigrationContext()),
    "alembic.runtime.migration.MigrationContext.configure": _constant(MigrationContext()),
    "alembic.context.get_context": _constant(MigrationContext()),
    "alembic.context.get_bind": _constant(Connection()),
    "alembic.context.is_offline_mode": context.is_offline,
    "alembic.context.execute": _run_sql,
}
