"""SQLAlchemy's words that reach the database: connections, sessions, tables that create themselves.

Everything else of SQLAlchemy stays as written (`Construct`) and is read where it is used.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.operations import (
    CreateEnum,
    Delete,
    DropObject,
    DropTable,
    Insert,
    Name,
    Query,
    TransactionControl,
    Update,
)
from guard.reader import (
    classes,
    clauses,
    columns,
    constraints,
    execution,
    provenance,
    rows,
    table_objects,
    tables,
    types,
)
from guard.reader.clauses import last
from guard.reader.state import Call, Frame, unknown
from guard.reader.text import Text, concat
from guard.reader.values import (
    BIND,
    CONTEXT,
    CURSOR,
    DIALECT,
    FALSE,
    INSPECTOR,
    NONE,
    SESSION,
    TRUE,
    BoundMethod,
    Class,
    Construct,
    DottedName,
    Sequence,
    Unknown,
    Value,
    touches_database,
    truth,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

Known = Callable[["Interpreter", Call], Value]

_EXECUTE = {"execute", "exec_driver_sql", "scalar", "scalars", "executemany", "exec", "stream"}
_SCRIPT = {"executescript"}
_DATABASE = {BIND, SESSION, CURSOR, CONTEXT}
_QUERY_ENDS = {"delete", "update", "all", "first", "one", "one_or_none", "scalar", "count", "get"}
_MADE_BASES = {
    "TypeDecorator",
    "UserDefinedType",
    "TypeEngine",
    "ColumnElement",
    "Executable",
    "ClauseElement",
    "DDLElement",
    "FunctionElement",
}
_TYPE_WORDS = {"String", "Integer", "Text", "JSON", "Enum", "ENUM", "VARCHAR", "CHAR", "DateTime"}


def is_made(cls: Class) -> bool:
    """Return whether the class is a column type or clause of its own: kept as written."""
    return any(last(base) in _MADE_BASES | _TYPE_WORDS for base in classes.bases_of(cls))


def word(path: str) -> Known | None:
    """Return what the dotted name does when called; None where it only makes a construct."""
    if not path.startswith(("sqlalchemy", "sqlmodel", "flask", "sqlite3.")):
        return _OTHERS.get(path)
    return _WORDS.get(last(path))


def _inspect(run: Interpreter, call: Call) -> Value:
    if call.args and (touches_database(call.args[0]) or isinstance(call.args[0], Unknown)):
        return DottedName(INSPECTOR)
    return Construct("sqlalchemy.inspect", call.args, call.kwargs, call.node)


def _session(run: Interpreter, call: Call) -> Value:
    return DottedName(SESSION)


def _session_factory(run: Interpreter, call: Call) -> Value:
    return Construct("sqlalchemy.orm.sessionmaker", call.args, call.kwargs, call.node)


def _table(run: Interpreter, call: Call) -> Value:
    made = Construct("sqlalchemy.Table", call.args, call.kwargs, call.node)
    call.frame.module.tables.append(made)
    return made


def _engine(run: Interpreter, call: Call) -> Value:
    return Unknown(call.node)


_WORDS: dict[str, Known] = {
    "inspect": _inspect,
    "from_engine": _inspect,
    "Inspector": _inspect,
    "Session": _session,
    "scoped_session": _session_factory,
    "sessionmaker": _session_factory,
    "Table": _table,
    "text": provenance.make_text,
    "create_engine": _engine,
}
_OTHERS: dict[str, Known] = {
    "sqlmodel.Session": _session,
    "pandas.read_sql": execution.read_frame,
    "pandas.read_sql_query": execution.read_frame,
    "polars.read_database": execution.read_frame,
}


# Methods


def method(run: Interpreter, receiver: Value, name: str, call: Call) -> Value | None:
    """Return what `receiver.name(...)` gives and record what it does; None for no such word."""
    match receiver:
        case DottedName(path) if path in {DIALECT, INSPECTOR}:
            return Unknown(call.node, "outside", inspected=True)
        case DottedName(path) if path == SESSION:
            return _session_method(run, name, call)
        case DottedName(path) if path in _DATABASE:
            return _connection_method(run, path, name, call)
        case Construct():
            return _made_method(run, receiver, name, call)
        case Class():
            return _class_method(run, receiver, name, call)
        case BoundMethod():
            return _method_of_method(run, receiver, name, call)
        case Unknown() if name in _EXECUTE | _SCRIPT and call.args:
            return _unknown_execute(run, receiver, name, call)
        case Unknown(inspected=True):
            return Unknown(call.node, "outside", inspected=True)
    return None


def _method_of_method(run: Interpreter, receiver: BoundMethod, name: str, call: Call) -> Value:
    """`dialect.identifier_preparer.quote(x)` gives its text, quoted as a known dialect does."""
    if name.startswith(("quote", "format_")) and call.args and isinstance(call.args[0], Text):
        quote = "`" if run.dialect in execution.MYSQLS else '"' if run.dialect else ""
        mark = Text.of(quote, origin="literal")
        return concat([mark, call.args[0], mark]) if quote else call.args[0]
    if isinstance(receiver.receiver, DottedName) and receiver.receiver.path in {DIALECT, INSPECTOR}:
        return Unknown(call.node, "outside", inspected=True)
    return unknown(call.node, *call.args)


def _unknown_execute(run: Interpreter, receiver: Unknown, name: str, call: Call) -> Value | None:
    """`x.execute(...)` of something unknown is the database's where it is given SQL."""
    value = call.args[0]
    inner = execution.sql_text(value)
    if inner is not None and (isinstance(value, Construct) or execution.looks_like_sql(inner)):
        return execution.execute(run, value, call)
    if isinstance(value, Construct) and rows.operation_of(value) is not None:
        return execution.execute(run, value, call)
    return None


def _connection_method(run: Interpreter, path: str, name: str, call: Call) -> Value:
    if name in _EXECUTE | _SCRIPT and call.args:
        return execution.execute(run, call.args[0], call)
    match name:
        case "connect" | "execution_options" | "get_bind" | "run_callable":
            return DottedName(BIND)
        case "get_context":
            return DottedName(CONTEXT)
        case "cursor" | "raw_connection" | "get_raw_connection":
            return DottedName(CURSOR)
        case "begin" | "begin_nested" | "begin_transaction":
            return Construct(name, call.args, call.kwargs, call.node, receiver=DottedName(path))
        case "commit" | "rollback":
            run.emit([TransactionControl(command=name)], call.node, call.frame)
            return NONE
        case "autocommit_block":
            return DottedName("<autocommit>")
        case "has_table" | "table_names" | "has_index":
            return Unknown(call.node, "outside", inspected=True)
        case "run_sync" | "run_async" if call.args:
            given = Call(call.node, call.frame, (DottedName(BIND), *call.args[1:]), call.kwargs)
            return run.call(call.args[0], given)
        case "copy_from" | "copy_expert":
            run.opaque("it copies rows in", call.node, call.frame)
    return Unknown(call.node)


def _session_method(run: Interpreter, name: str, call: Call) -> Value:
    value = call.args[0] if call.args else None
    match name:
        case _ if name in _EXECUTE and value is not None:
            return execution.execute(run, value, call)
        case "query":
            return Construct(
                "query", call.args, call.kwargs, call.node, receiver=DottedName(SESSION)
            )
        case "connection" | "get_bind":
            return DottedName(BIND)
        case "commit" | "rollback":
            run.emit([TransactionControl(command=name)], call.node, call.frame)
        case "begin" | "begin_nested":
            return Construct(name, call.args, call.kwargs, call.node, receiver=DottedName(SESSION))
        case "add" | "merge" | "add_all" | "bulk_save_objects" | "bulk_insert_mappings":
            table = _table_of_rows(value)
            count = table_objects.row_count(call.args[-1]) if call.args else None
            run.emit([Insert(table=table, rows=count)], call.node, call.frame)
        case "bulk_update_mappings":
            run.emit([Update(table=_table_of_rows(value), where="{key}")], call.node, call.frame)
        case "delete":
            run.emit([Delete(table=_table_of_rows(value), where="{key}")], call.node, call.frame)
        case "get":
            run.emit([Query(tables=(_table_of_rows(value),))], call.node, call.frame)
    return Unknown(call.node)


def _table_of_rows(value: Value | None) -> Name:
    if isinstance(value, Sequence) and value.items:
        value = value.items[0]
    return table_objects.table_name(value) or clauses.name(value)


def _class_method(run: Interpreter, receiver: Class, name: str, call: Call) -> Value | None:
    """`Model.metadata.create_all()` is a Made's; a class knows its own functions."""
    found = classes.lookup(receiver, name)
    return run.call(found, call) if found is not None else None


def _made_method(run: Interpreter, receiver: Construct, name: str, call: Call) -> Value | None:
    here = Construct(name, call.args, call.kwargs, call.node, receiver=receiver)
    if name in _QUERY_ENDS and _query_root(here):
        operation = rows.query_operation(here)
        if operation is not None:
            run.emit([operation], call.node, call.frame)
            return Unknown(call.node)
    if name in {"create", "drop"}:
        return _create_or_drop(run, receiver, name, call)
    if name in {"create_all", "drop_all"}:
        return _create_or_drop_all(run, receiver, name, call)
    if name == "execute" and _reaches(receiver):  # update(t).execute(), select().execute()
        return execution.execute(run, receiver, call)
    if receiver.path.endswith("sessionmaker"):
        return DottedName(SESSION)
    if name in _EXECUTE and call.args:
        return _unknown_execute(run, Unknown(receiver.source), name, call)
    if name == "connect" or (name == "cursor" and receiver.path.startswith("sqlite3")):
        return DottedName(CURSOR) if "sqlite3" in receiver.path else DottedName(BIND)
    return None


def _reaches(receiver: Construct) -> bool:
    return rows.operation_of(receiver) is not None


def iterated(run: Interpreter, value: Value, node: ast.expr, frame: Frame) -> None:
    """Record that a query is run by going through its rows: `for row in session.query(Row)`."""
    if isinstance(value, Construct) and _query_root(value):
        operation = rows.query_operation(value) or Query(tables=rows.queried(value))
        run.emit([operation], node, frame)


def _query_root(value: Construct) -> bool:
    link: Value | None = value
    while isinstance(link, Construct):
        if link.path == "query" and isinstance(link.receiver, DottedName | Unknown):
            return True
        link = link.receiver
    return False


def _create_or_drop(run: Interpreter, receiver: Construct, name: str, call: Call) -> Value:
    """`Table.create(bind)`, `Enum.drop(bind)`, `Index.create(bind)`."""
    checked = truth(call.get(1, "checkfirst") or FALSE) is not False
    table = table_objects.table_name(receiver)
    kind = last(receiver.path)
    if kind == "Index":
        operation = constraints.index_operation(receiver, drop=name == "drop")
        run.emit([operation] if operation else [], call.node, call.frame)
    elif table is not None and isinstance(receiver, Construct):
        if name == "drop":
            run.emit([DropTable(table=table, if_exists=checked)], call.node, call.frame)
        else:
            _emit_table(run, receiver, table, call)
    elif kind in {"Enum", "ENUM", "DOMAIN"} or receiver.path in {"Enum", "ENUM"}:
        _emit_enum(run, receiver, name, call, checked)
    elif touches_database(call.args[0] if call.args else NONE):
        run.opaque(f"it lets {receiver.code or receiver.path} {name} itself", call.node, call.frame)
    return NONE


def _emit_table(run: Interpreter, receiver: Construct, table: Name, call: Call) -> None:
    items = tuple(a for a in receiver.args[1:] if not _is_metadata(a))
    made = tables.read_table(table, items, receiver.kwargs, run.dialect)
    emit_table(run, made, call)


def emit_table(run: Interpreter, made: tables.ReadTable, call: Call) -> None:
    """Record the table, and the enum types and comments that PostgreSQL gets with it.

    An enum type that came with a table before is made no second time.
    """
    for kind in tables.enum_types(made.create):
        if kind.enum_name is not None and kind.enum_name not in run.enums_of_tables:
            enum = CreateEnum(name=kind.enum_name, values=kind.values)
            execution.emit_on(run, ("postgresql",), [enum], call)
            if not run.conditions:
                run.enums_of_tables.add(kind.enum_name)
    run.emit([made.create, *made.indexes], call.node, call.frame)
    execution.emit_on(run, ("postgresql",), list(made.comments), call)


def _is_metadata(value: Value) -> bool:
    return isinstance(value, Construct) and last(value.path) in {"MetaData", "metadata"}


def _emit_enum(run: Interpreter, receiver: Construct, name: str, call: Call, checked: bool) -> None:
    kind = types.read_type(receiver, "postgresql")
    if kind is None or run.dialect not in (None, "", "postgresql"):
        return
    label = kind.enum_name or Name("{" + (receiver.code or "enum") + "}")
    operation = (
        CreateEnum(name=label, values=kind.values)
        if name == "create"
        else DropObject(object_type="type", name=label, if_exists=checked)
    )
    run.emit([operation], call.node, call.frame, dialects=("postgresql",))


def _create_or_drop_all(run: Interpreter, receiver: Construct, name: str, call: Call) -> Value:
    """`metadata.create_all(bind)`: every table that the revision itself defined on it."""
    chosen = call.get(1, "tables")
    tables: list[Value] = (
        list(chosen.items)
        if isinstance(chosen, Sequence)
        else [t for t in run.tables if _belongs(t, receiver)]
    )
    known = [t for t in tables if table_objects.table_name(t) is not None]
    if not known or len(known) < len(tables):
        verb = "creates" if name == "create_all" else "drops"
        run.opaque(
            f"it {verb} every table of {receiver.code or 'a metadata'}, which only importing "
            "the application would show",
            call.node,
            call.frame,
        )
    for table in known:
        label = table_objects.table_name(table)
        assert label is not None
        if name == "drop_all":
            checked = truth(call.get(2, "checkfirst") or TRUE) is not False
            run.emit([DropTable(table=label, if_exists=checked)], call.node, call.frame)
        elif isinstance(table, Class):
            emit_table(run, _mapped_table(run, table, label), call)
        elif isinstance(table, Construct):
            _emit_table(run, table, label, call)
    return NONE


def _belongs(table: Value, metadata: Construct) -> bool:
    if isinstance(table, Construct):
        return any(a == metadata for a in table.args[1:2])
    base = metadata.receiver
    return isinstance(table, Class) and (base in table.bases or base is None)


def _mapped_table(run: Interpreter, cls: Class, label: Name) -> tables.ReadTable:
    items: list[Value] = []
    for key, value in cls.attributes.items():
        if not columns.is_column(value) or not isinstance(value, Construct):
            continue
        named = value.args and isinstance(value.args[0], Text)
        args = value.args if named else (Text.of(key), *value.args)
        items.append(Construct(value.path, args, value.kwargs, value.source))
    return tables.read_table(label, tuple(items), {}, run.dialect)
