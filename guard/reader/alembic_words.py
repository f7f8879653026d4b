"""Alembic's words: every operation of `alembic.operations`, as functions of `op` and of a batch.

What they emit is what Alembic emits, not what they seem to say: `add_column(primary_key=True)` adds
no key, MySQL's `alter_column` writes the whole column anew, `index=True` makes an index.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    ChangeColumnType,
    Column,
    Constraint,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropTable,
    Generated,
    Insert,
    ModifyColumn,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetComment,
    SetDefault,
    SetNotNull,
    unknown_name,
)
from guard.reader import (
    clauses,
    columns,
    constraints,
    execution,
    sqlalchemy_words,
    table_objects,
    tables,
    types,
)
from guard.reader.clauses import flag, name, string, strings
from guard.reader.state import Call, unknown
from guard.reader.text import Text
from guard.reader.values import (
    BIND,
    CONTEXT,
    FALSE,
    NONE,
    TRUE,
    Batch,
    Const,
    Made,
    Ref,
    Unknown,
    Value,
    truth,
)
from guard.server import DIALECTS

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

Word = Callable[["Interpreter", Call], Value]
Arguments = dict[str, Value]

# The parameters of each operation, in order; `*` takes the rest. Batch forms leave out the table.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name", "nullable"),
    "bulk_insert": ("table", "rows"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_exclude_constraint": ("constraint_name", "table_name", "*elements"),
    "create_foreign_key": (
        "constraint_name",
        "table_name",
        "referent_table",
        "local_cols",
        "remote_cols",
    ),
    "create_index": ("index_name", "table_name", "columns"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_table": ("table_name", "*columns"),
    "create_table_comment": ("table_name", "comment"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "drop_column": ("table_name", "column_name"),
    "drop_constraint": ("constraint_name", "table_name", "type_"),
    "drop_index": ("index_name", "table_name"),
    "drop_table": ("table_name",),
    "drop_table_comment": ("table_name",),
    "execute": ("sqltext",),
    "rename_table": ("old_table_name", "new_table_name"),
}
# Spellings of older Alembic versions.
_SPELLINGS = {
    "name": "constraint_name",
    "source": "table_name",
    "source_table": "table_name",
    "tablename": "table_name",
    "referent": "referent_table",
    "type": "type_",
    "cols": "columns",
    "local_columns": "columns",
    "source_schema": "schema",
}
_BY_INDEX_NAME = {"create_index", "drop_index"}


def word(path: str) -> Word | None:
    """Return what the dotted name does when called; None for what Alembic does not offer."""
    if path.startswith("alembic.op."):
        return _OPERATIONS.get(path.removeprefix("alembic.op."))
    return _CONTEXT.get(path)


def batch_method(run: Interpreter, batch: Batch, method: str, call: Call) -> Value:
    """Record what `batch_op.method(...)` does; return what it gives."""
    if method == "f":
        return call.args[0] if call.args else unknown(call.node)
    if method in {"get_bind", "get_context"}:
        return Ref(BIND if method == "get_bind" else CONTEXT)
    if method == "batch_alter_table":
        return batch
    if method not in _RECORDERS and method != "execute":
        run.opaque(f"batch_op.{method} is no operation that guard knows", call.node, call.frame)
        return Unknown(call.node)
    if method == "execute":
        return _execute(run, call)
    given = _arguments(method, call, in_batch=True)
    given.setdefault("table_name", batch.table)
    if batch.schema is not None:
        given.setdefault("schema", batch.schema)
    given["in_batch"] = TRUE
    return _record(run, method, given, call)


# Arguments


def _arguments(operation: str, call: Call, in_batch: bool = False) -> Arguments:
    """Return the call's arguments under the names of the newest Alembic."""
    parameters = _PARAMETERS[operation]
    if in_batch:
        parameters = tuple(p for p in parameters if p not in {"table_name"})
    given: Arguments = {}
    for position, parameter in enumerate(parameters):
        if parameter.startswith("*"):
            break
        if position < len(call.args):
            given[parameter] = call.args[position]
    for key, value in call.kwargs.items():
        given[_modern(operation, key, given)] = value
    return given


def _modern(operation: str, key: str, given: Arguments) -> str:
    if key == "name" and operation in _BY_INDEX_NAME:
        return "index_name"
    if key == "name" and operation in {"create_table", "drop_table"}:
        return "table_name"
    new = _SPELLINGS.get(key, key)
    return new if new in _PARAMETERS[operation] or new == "schema" else key


def _operation(operation: str) -> Word:
    def record(run: Interpreter, call: Call) -> Value:
        given = _arguments(operation, call)
        if call.open and not given:
            run.opaque(f"the arguments of op.{operation} are not known", call.node, call.frame)
            return Unknown(call.node)
        return _record(run, operation, given, call)

    return record


def _record(run: Interpreter, operation: str, given: Arguments, call: Call) -> Value:
    given = _of_dialect(given, run.dialect)
    if operation == "create_table":
        return _create_table(run, given, call)
    operations = _RECORDERS[operation](run, given, call)
    if operations:
        run.emit(operations, call.node, call.frame)
    return Unknown(call.node)


def _of_dialect(given: Arguments, dialect: str | None) -> Arguments:
    """Return the arguments without those for other dialects: `postgresql_concurrently=True`."""
    others = {*DIALECTS} - {dialect or "", "mysql" if dialect == "mariadb" else ""}
    foreign = tuple(f"{other}_" for other in others)
    return {k: v for k, v in given.items() if not dialect or not k.startswith(foreign)}


def _table(given: Arguments) -> Name:
    return name(given.get("table_name"), given.get("schema"))


# Tables


def _create_table(run: Interpreter, given: Arguments, call: Call) -> Value:
    items = call.args[1:] if "table_name" not in call.kwargs else call.args
    made = tables.read_table(_table(given), items, given, run.dialect, complete=not call.open)
    sqlalchemy_words.emit_table(run, made, call)
    label = given.get("table_name") or Text.of("?")
    return Made(
        "sqlalchemy.Table",
        (label, *items),
        {k: v for k, v in given.items() if k == "schema"},
        call.node,
    )


def _drop_table(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    return [DropTable(table=_table(given), if_exists=flag(given.get("if_exists")))]


def _rename_table(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    schema = given.get("schema")
    return [
        RenameTable(
            table=name(given.get("old_table_name"), schema),
            new=name(given.get("new_table_name"), schema),
        )
    ]


def _table_comment(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    if run.dialect in execution.MYSQLS:
        return [AlterTable(table=_table(given), action="comment")]
    return [SetComment(object_type="table", name=_table(given))]


def _bulk_insert(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    rows = given.get("rows")
    return [
        Insert(
            table=execution.name_of_rows(given.get("table")),
            columns=table_objects.row_columns(rows),
            rows=table_objects.row_count(rows),
        )
    ]


# Columns


def _add_column(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    table = _table(given)
    read = columns.read_column(given.get("column") or Unknown("column"), run.dialect)
    if read is None:
        label = clauses.code_of(given.get("column") or Unknown("column"))
        column = Column(name=unknown_name(label))
        return [AddColumn(table=table, column=column)]
    # Alembic writes a CHECK into the column, and leaves the primary key out unless it is asked to.
    inline = [*read.checks]
    foreign_keys = list(read.foreign_keys)
    if flag(given.get("inline_references")) and len(foreign_keys) == 1:
        inline.append(foreign_keys.pop())
    column = msgspec.structs.replace(
        read.column,
        primary_key=read.column.primary_key and flag(given.get("inline_primary_key")),
        unique=False,
        constraints=tuple(inline),
    )
    operations: list[Operation] = [
        AddColumn(table=table, column=column, if_not_exists=flag(given.get("if_not_exists")))
    ]
    operations += [AddConstraint(table=table, constraint=c) for c in foreign_keys]
    if read.index:
        operations.append(constraints.column_index(table, read.column))
    elif read.column.unique:
        unique = Constraint(type="unique", columns=(column.name,))
        operations.append(AddConstraint(table=table, constraint=unique))
    run.emit(operations, call.node, call.frame)
    if read.type_check is not None:
        added = AddConstraint(table=table, constraint=read.type_check.constraint)
        execution.emit_on(run, _altered(given, read.type_check), [added], call)
    if column.comment is not None:
        comment = SetComment(object_type="column", name=table, column=column.name)
        execution.emit_on(run, ("postgresql",), [comment], call)
    return []


def _altered(given: Arguments, check: types.TypeCheck) -> tuple[str, ...]:
    """Return the dialects that add the CHECK of a type later; on SQLite only a copied table can."""
    return check.dialects if "in_batch" in given else tuple({*check.dialects} - {"sqlite"})


def _drop_column(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    label = string(given.get("column_name")) or unknown_name("column")
    return [DropColumn(table=_table(given), column=label, if_exists=flag(given.get("if_exists")))]


def _alter_column(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    table, column = _table(given), string(given.get("column_name")) or unknown_name("column")
    kind, existing = given.get("type_", NONE), given.get("existing_type", NONE)
    old = types.type_check(existing, column)
    if old is not None and old.constraint.name is not None and kind != NONE:
        drop = DropConstraint(table=table, constraint=old.constraint.name, type="check")
        dialects = tuple({*_altered(given, old)} - {*execution.MYSQLS})  # those leave it in place
        execution.emit_on(run, dialects, [drop], call)
    modified = _modify(run, table, column, given) if run.dialect in execution.MYSQLS else None
    operations = [modified] if modified else _alterations(run, table, column, given)
    if operations:
        run.emit(operations, call.node, call.frame)
    if (new := types.type_check(kind, column)) is not None:
        added = AddConstraint(table=table, constraint=new.constraint)
        execution.emit_on(run, _altered(given, new), [added], call)
    return []


def _alterations(run: Interpreter, table: Name, column: str, given: Arguments) -> list[Operation]:
    """Return one operation for each thing that is altered."""
    operations: list[Operation] = []
    if given.get("type_", NONE) != NONE:
        operations.append(
            ChangeColumnType(
                table=table,
                column=column,
                type=types.read_type(given["type_"], run.dialect),
                using=string(given.get("postgresql_using")),
            )
        )
    operations += _nullability(table, column, given)
    if given.get("server_default", FALSE) != FALSE:
        operations.append(_changed_default(table, column, given))
    if given.get("comment", FALSE) != FALSE:
        operations.append(SetComment(object_type="column", name=table, column=column))
    new = string(given.get("new_column_name"))
    if new is not None:
        operations.append(RenameColumn(table=table, column=column, new=new))
    return operations


def _changed_default(table: Name, column: str, given: Arguments) -> Operation:
    """Return the change of the default, or of what stands in its place as an identity."""
    new, old = (_is_identity(given.get(k)) for k in ("server_default", "existing_server_default"))
    if new or old:
        action = "set-identity" if new and old else "add-identity" if new else "drop-identity"
        return AlterColumn(table=table, column=column, action=action)
    default = columns.read_default(given["server_default"])
    if default is None:
        return DropDefault(table=table, column=column)
    return SetDefault(table=table, column=column, default=default)


def _is_identity(value: Value | None) -> bool:
    return isinstance(value, Made) and clauses.last(value.path) == "Identity"


def _nullability(table: Name, column: str, given: Arguments) -> list[Operation]:
    nullable = given.get("nullable")
    if nullable is None or nullable == Const(None):
        return []
    settled = truth(nullable)
    if settled is None:  # not known: the dangerous one is assumed
        return [SetNotNull(table=table, column=column)]
    kind = DropNotNull if settled else SetNotNull
    return [kind(table=table, column=column)]


def _modify(run: Interpreter, table: Name, column: str, given: Arguments) -> Operation | None:
    """MySQL: any change but a lone default writes the column anew from what the call says.

    Of a column of dates and times, a change of its default does too.
    """
    unset = {"comment": FALSE}
    words = ("type_", "nullable", "new_column_name", "autoincrement", "comment")
    asked = any(given.get(w, unset.get(w, NONE)) != unset.get(w, NONE) for w in words)
    kind = _given(given, "type_") or _given(given, "existing_type")
    type_ = types.read_type(kind, run.dialect) if kind else None
    moment = type_ is not None and type_.name in {"timestamp", "datetime"}
    if not asked and not (moment and _given(given, "server_default")):
        return None
    nullable = _given(given, "nullable") or _given(given, "existing_nullable")
    default = given.get("server_default", FALSE)
    default = given.get("existing_server_default", FALSE) if default == FALSE else default
    counted = flag(_given(given, "autoincrement") or _given(given, "existing_autoincrement"))
    comment = given.get("comment", FALSE)
    comment = given.get("existing_comment", NONE) if comment == FALSE else comment
    return ModifyColumn(
        table=table,
        column=Column(
            name=column,
            type=type_,
            nullable=truth(nullable) is not False if nullable is not None else True,
            default=columns.read_default(default) if default != FALSE else None,
            generated=Generated(by="autoincrement") if counted else None,
            comment=string(comment),
        ),
        new=string(given.get("new_column_name")),
    )


def _given(given: Arguments, word: str) -> Value | None:
    value = given.get(word)
    return None if value == NONE else value


# Constraints and indexes


def _create_constraint(type_: Any) -> Callable[..., list[Operation]]:
    def create(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
        constraint = Constraint(
            type=type_,
            name=string(given.get("constraint_name")),
            columns=strings(given.get("columns")),
            deferrable=flag(given.get("deferrable")),
            initially_deferred=(string(given.get("initially")) or "").upper() == "DEFERRED",
        )
        using = string(given.get("postgresql_using_index") or given.get("postgresql_using"))
        return [AddConstraint(table=_table(given), constraint=constraint, using_index=using)]

    return create


def _create_check(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    constraint = Constraint(
        type="check",
        name=string(given.get("constraint_name")),
        sql=clauses.sql(given.get("condition")),
        not_valid=flag(given.get("postgresql_not_valid")),
    )
    return [AddConstraint(table=_table(given), constraint=constraint)]


def _create_exclude(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    constraint = Constraint(
        type="exclude", name=string(given.get("constraint_name")), sql=call.code
    )
    return [AddConstraint(table=_table(given), constraint=constraint)]


def _create_foreign_key(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    constraint = Constraint(
        type="foreign key",
        name=string(given.get("constraint_name")),
        columns=strings(given.get("local_cols")),
        target=name(given.get("referent_table"), given.get("referent_schema")),
        target_columns=strings(given.get("remote_cols")),
        on_delete=string(given.get("ondelete")),
        on_update=string(given.get("onupdate")),
        not_valid=flag(given.get("postgresql_not_valid")),
        deferrable=flag(given.get("deferrable")),
        initially_deferred=(string(given.get("initially")) or "").upper() == "DEFERRED",
    )
    return [AddConstraint(table=_table(given), constraint=constraint)]


_CONSTRAINT_TYPES = {
    "foreignkey": "foreign key",
    "primary": "primary key",
    "unique": "unique",
    "check": "check",
}


def _drop_constraint(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    return [
        DropConstraint(
            table=_table(given),
            constraint=string(given.get("constraint_name")),
            type=_CONSTRAINT_TYPES.get(string(given.get("type_")) or ""),
            if_exists=flag(given.get("if_exists")),
        )
    ]


def _create_index(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    label = given.get("index_name")
    return [constraints.make_index(label, _table(given), strings(given.get("columns")), given)]


def _drop_index(run: Interpreter, given: Arguments, call: Call) -> list[Operation]:
    table = _table(given) if given.get("table_name") not in (None, Const(None)) else None
    return [
        DropIndex(
            name=name(given.get("index_name"), given.get("schema")),
            table=table,
            concurrently=flag(given.get("postgresql_concurrently")),
            if_exists=flag(given.get("if_exists")),
        )
    ]


# Everything else


def _execute(run: Interpreter, call: Call) -> Value:
    value = call.get(0, "sqltext", "sql")
    return execution.execute(run, value, call) if value is not None else Unknown(call.node)


def _batch(run: Interpreter, call: Call) -> Value:
    return Batch(
        call.get(0, "table_name") or Unknown("table_name"),
        call.get(1, "schema") if call.get(1, "schema") != Const(None) else None,
        call.get(2, "recreate"),
    )


def _same_text(run: Interpreter, call: Call) -> Value:
    return call.args[0] if call.args else next(iter(call.kwargs.values()), unknown(call.node))


def _inline(run: Interpreter, call: Call) -> Value:
    return Made("inline_literal", call.args, call.kwargs, call.node)


def _run_async(run: Interpreter, call: Call) -> Value:
    if not call.args:
        return unknown(call.node)
    given = Call(call.node, call.frame, (Ref(BIND), *call.args[1:]), call.kwargs)
    return run.call(call.args[0], given)


def _invoke(run: Interpreter, call: Call) -> Value:
    """`op.invoke(ops.DropTableOp(...))`: the object's name says which operation it is."""
    given = call.args[0] if call.args else None
    if isinstance(given, Made) and given.path.endswith("Op"):
        operation = _snake(clauses.last(given.path).removesuffix("Op"))
        if operation in _PARAMETERS and isinstance(call.node, ast.Call):
            inner = Call(call.node, call.frame, given.args, given.kwargs)
            recorder = _operation(operation)
            return recorder(run, inner)
    run.opaque("op.invoke is given an operation that is not in sight", call.node, call.frame)
    return Unknown(call.node)


def _snake(camel: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in camel).lstrip("_")


def _constant(value: Value) -> Word:
    def give(run: Interpreter, call: Call) -> Value:
        return value

    return give


def _offline(run: Interpreter, call: Call) -> Value:
    return FALSE  # judged as it runs against a server


_RECORDERS: dict[str, Callable[[Any, Arguments, Call], list[Operation]]] = {
    "add_column": _add_column,
    "alter_column": _alter_column,
    "bulk_insert": _bulk_insert,
    "create_check_constraint": _create_check,
    "create_exclude_constraint": _create_exclude,
    "create_foreign_key": _create_foreign_key,
    "create_index": _create_index,
    "create_primary_key": _create_constraint("primary key"),
    "create_table": lambda run, given, call: [],
    "create_table_comment": _table_comment,
    "create_unique_constraint": _create_constraint("unique"),
    "drop_column": _drop_column,
    "drop_constraint": _drop_constraint,
    "drop_index": _drop_index,
    "drop_table": _drop_table,
    "drop_table_comment": _table_comment,
    "rename_table": _rename_table,
}
_OPERATIONS: dict[str, Word] = {
    **{operation: _operation(operation) for operation in _RECORDERS},
    "execute": _execute,
    "batch_alter_table": _batch,
    "f": _same_text,
    "inline_literal": _inline,
    "invoke": _invoke,
    "run_async": _run_async,
    "get_bind": _constant(Ref(BIND)),
    "get_context": _constant(Ref(CONTEXT)),
}
_CONTEXT: dict[str, Word] = {
    "alembic.context.get_context": _constant(Ref(CONTEXT)),
    "alembic.context.get_bind": _constant(Ref(BIND)),
    "alembic.context.is_offline_mode": _offline,
    "alembic.context.execute": _execute,
}
