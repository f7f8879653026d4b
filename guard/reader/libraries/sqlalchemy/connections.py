"""SQLAlchemy's connections, sessions, cursors and queries: their methods and attributes."""

from __future__ import annotations

import ast
from contextlib import AbstractContextManager, nullcontext

from guard.operations import (
    CallRoutine,
    Insert,
    Name,
    Query,
    TransactionControl,
    Update,
)
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame, unknown
from guard.reader.evaluate.text import Text, concat
from guard.reader.evaluate.values import (
    NONE,
    BoundMethod,
    Const,
    Construct,
    DottedName,
    Live,
    Unknown,
    Value,
)
from guard.reader.libraries.sqlalchemy import (
    clauses,
    entities,
    execution,
    metadata,
    names,
    rows,
    table_objects,
)
from guard.reader.libraries.sqlalchemy.live import (
    Connection,
    Cursor,
    DialectObject,
    Inspector,
    Row,
    Session,
)

_EXECUTE = {"execute", "exec_driver_sql", "scalar", "scalars", "executemany", "exec", "stream"}
# What asyncpg and `databases` call it where rows are wanted.
_FETCH = {"fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val"}
_SCRIPT = {"executescript"}
# The argument's name in SQLAlchemy, Alembic and the drivers.
_STATEMENT = ("statement", "sqltext", "sql", "query", "operation", "sql_script", "script")
_QUERY_ENDS = {"delete", "update", "all", "first", "one", "one_or_none", "scalar", "count", "get"}


# Methods


def catalogue_method(run: Run, receiver: Live, name: str, call: Call) -> Value:
    """Return the answer of an inspector or a dialect: the database's own."""
    if name.startswith("do_execute"):  # of a dialect: what a connection has the driver do
        execution.execute(run, call.args[1] if len(call.args) > 1 else Unknown(call.node), call)
    if name == "type_descriptor" and call.args:
        return call.args[0]  # the type, as the dialect writes it
    return Unknown(call.node, "outside", inspected=True)


def unknown_method(run: Run, receiver: Unknown, name: str, call: Call) -> Value | None:
    """Return the result of `x.execute(...)` of something unknown, None for no such method."""
    if name in _EXECUTE | _SCRIPT | _FETCH and (value := executed(call)) is not None:
        return _unknown_execute(run, receiver, name, value, call)
    return Unknown(call.node, "outside", inspected=True) if receiver.inspected else None


def method_of_method(run: Run, receiver: BoundMethod, name: str, call: Call) -> Value:
    """`dialect.identifier_preparer.quote(x)` gives its text, quoted as a known dialect does."""
    if name.startswith(("quote", "format_")) and call.args and isinstance(call.args[0], Text):
        quote = "`" if run.dialect in execution.MYSQLS else '"' if run.dialect else ""
        mark = Text.of(quote, origin="literal")
        return concat([mark, call.args[0], mark]) if quote else call.args[0]
    if name in _EXECUTE | _SCRIPT and run.reaches_database(receiver.receiver):
        return _execute(run, call)
    if isinstance(receiver.receiver, DialectObject | Inspector):
        return Unknown(call.node, "outside", inspected=True)
    return unknown(call.node, *call.args)


def executed(call: Call) -> Value | None:
    """Return what `execute()` is given, whatever SQLAlchemy or a driver calls that argument."""
    return call.get(0, *_STATEMENT)


def _execute(run: Run, call: Call) -> Value:
    value = executed(call)
    if value is not None:
        return execution.execute(run, value, call)
    if call.open or call.kwargs:
        run.opaque("what it executes is not known", call.node, call.frame)
    return Unknown(call.node)


def _unknown_execute(
    run: Run, receiver: Unknown, name: str, value: Value, call: Call
) -> Value | None:
    """`x.execute(...)` of something unknown is the database's where it is given SQL."""
    inner = execution.sql_text(value)
    if inner is not None and (isinstance(value, Construct) or execution.looks_like_sql(inner)):
        return execution.execute(run, value, call)
    if isinstance(value, Construct) and rows.operation_of(value) is not None:
        return execution.execute(run, value, call)
    if name in _SCRIPT or (name == "execute" and isinstance(value, Unknown | Construct)):
        run.opaque("what it executes is not known", call.node, call.frame)
        return Unknown(call.node)
    return None


def connection_method(run: Run, receiver: Live, name: str, call: Call) -> Value:
    own = isinstance(receiver, Connection) and receiver.own
    autocommit = isinstance(receiver, Connection) and receiver.autocommit
    if name in _EXECUTE | _SCRIPT | (_FETCH if call.args else set()):
        with run.within_autocommit() if autocommit else nullcontext():
            return _execute(run, call)
    match name:
        case "connect":
            return Connection(own=True, autocommit=autocommit)
        case "execution_options":  # the level of a connection that is in use cannot be set
            return Connection(
                own=own, autocommit=autocommit or (own and clauses.is_autocommit(call.kwargs))
            )
        case "get_bind" | "run_callable":
            return Connection()
        case "cursor" | "raw_connection" | "get_raw_connection":
            return Cursor()
        case "begin" | "begin_nested":
            return Construct(name, call.args, call.kwargs, call.node, receiver=receiver)
        case "commit" | "rollback":
            if not own:
                run.emit([_transaction_end(name)], call.node, call.frame)
            return NONE
        case "has_table" | "table_names" | "has_index":
            return Unknown(call.node, "outside", inspected=True)
        case "run_sync" | "run_async" if call.args:
            given = Call(call.node, call.frame, (Connection(), *call.args[1:]), call.kwargs)
            return run.call(call.args[0], given)
        case "copy_from" | "copy_expert" | "copy":
            run.opaque("it copies rows in", call.node, call.frame)
        case "callproc" if call.args and isinstance(call.args[0], Text):
            called = CallRoutine(name=Name(call.args[0].plain), code=call.code)
            run.emit([called], call.node, call.frame)
        case _ if name in ("callproc", "load_extension", "deserialize") or name[0] == "_":
            run.opaque(f"what {name} does is not in sight", call.node, call.frame)
    return Unknown(call.node)


def session_method(run: Run, receiver: Session, name: str, call: Call) -> Value:
    """Record the operation. What a session commits is not the transaction of its connection."""
    value = call.args[0] if call.args else None
    match name:
        case _ if name in _EXECUTE:
            result, entity = _execute(run, call), rows.entity_of(value) if value else None
            return result if entity is None else entities.answer(name, entity, call)
        case _ if name[0] == "_":
            run.opaque(f"what {name} does is not in sight", call.node, call.frame)
        case "run_sync" if call.args:
            given = Call(call.node, call.frame, (receiver, *call.args[1:]), call.kwargs)
            return run.call(call.args[0], given)
        case "query":
            return Construct("query", call.args, call.kwargs, call.node, receiver=receiver)
        case "connection" | "get_bind":
            return Connection()
        case "begin" | "begin_nested":
            return Construct(name, call.args, call.kwargs, call.node, receiver=receiver)
        case "add" | "merge" if isinstance(value, Row):
            return value  # it was there: what is assigned to it is an UPDATE of its own
        case "add" | "merge" | "add_all" | "bulk_save_objects" | "bulk_insert_mappings":
            table = entities.table_of(value)
            count = table_objects.row_count(call.args[-1]) if call.args else None
            values = table_objects.strings_in(call.args)
            run.emit([Insert(table=table, rows=count)], call.node, call.frame, values=values)
        case "bulk_update_mappings":
            update = Update(table=entities.table_of(value), where="{key}")
            values = table_objects.strings_in(call.args)
            run.emit([update], call.node, call.frame, values=values)
        case "delete":
            run.emit([entities.deleted(run, value)], call.node, call.frame)
        case "get":
            table = entities.table_of(value)
            run.emit([Query(tables=(table,))], call.node, call.frame)
            return Row(call.node, table=table)
    return Unknown(call.node)


def construct_method(run: Run, receiver: Construct, name: str, call: Call) -> Value | None:
    here = Construct(name, call.args, call.kwargs, call.node, receiver=receiver)
    if name in _QUERY_ENDS and _query_root(here):
        operation = rows.query_operation(here)
        if operation is not None:
            values = table_objects.strings_in([here])
            run.emit([operation], call.node, call.frame, values=values)
            entity = rows.entity_of(receiver)
            gives = entity is not None and name in {"all", *entities.ONE}
            return entities.answer(name, entity, call) if entity and gives else Unknown(call.node)
    if name == "Table":  # of Flask-SQLAlchemy's extension
        return names.make_table(call, receiver)
    if name in {"create", "drop"}:
        return metadata.create_or_drop(run, receiver, name, call)
    if name in {"create_all", "drop_all"}:
        return metadata.create_or_drop_all(run, receiver, name, call)
    if name == "execute" and _reaches(receiver):  # update(t).execute(), select().execute()
        return execution.execute(run, receiver, call)
    if receiver.path.endswith("sessionmaker"):
        return Session()
    if receiver.path.endswith("scoped_session"):  # it hands on to the session of the thread
        makes_one = name in {"registry", "session_factory"}
        return Session() if makes_one else session_method(run, Session(), name, call)
    if name in _EXECUTE | _SCRIPT | _FETCH and (value := executed(call)) is not None:
        return _unknown_execute(run, Unknown(receiver.source), name, value, call)
    return Connection(own=True) if name == "connect" else None


def _reaches(receiver: Construct) -> bool:
    return rows.operation_of(receiver) is not None


def iterated(run: Run, value: Value, node: ast.expr, frame: Frame) -> Value | None:
    """Record that a query is run by going through its rows: `for row in session.query(Row)`."""
    if isinstance(value, Construct) and _query_root(value):
        operation = rows.query_operation(value) or Query(tables=rows.queried(value))
        run.emit([operation], node, frame)
        if (entity := rows.entity_of(value)) is not None:
            return entities.each(run, entity, node)
    return None


def _query_root(value: Construct) -> bool:
    link: Value | None = value
    while isinstance(link, Construct):
        if link.path == "query" and isinstance(link.receiver, DottedName | Live | Unknown):
            return True
        link = link.receiver
    return False


# Attributes


def connection_attribute(run: Run, receiver: Connection, name: str) -> Value | None:
    """Return an attribute of a connection or an engine."""
    if name == "name":  # of an engine
        return dialect_name(run)
    if name in _RAW:
        return Cursor()
    if name in {"engine", "sync_engine"}:
        return Connection(own=True, autocommit=receiver.autocommit)
    return Connection() if name in _CONNECTIONS else of_dialect(run, receiver, name)


def session_attribute(run: Run, receiver: Session, name: str) -> Value | None:
    """Return an attribute of a session; its `connection` is a method."""
    if name in _CONNECTIONS and name != "connection":
        return Connection()
    return of_dialect(run, receiver, name)


def dialect_attribute(run: Run, receiver: DialectObject, name: str) -> Value | None:
    """Return an attribute of a dialect: its name is known, and whether it has sequences."""
    if name in {"name", "dialect_description"}:
        return dialect_name(run)
    if name == "supports_sequences":
        asked = run.ask_dialect()
        return run.trust(Const(asked in _WITH_SEQUENCES)) if asked else Unknown(name, "constant")
    return of_dialect(run, receiver, name)


_WITH_SEQUENCES = ("postgresql", "mariadb")


def of_dialect(run: Run, receiver: Live, name: str) -> Value | None:
    """Return the dialect, which each of these objects has; None for other attributes."""
    return DialectObject() if name == "dialect" else None


_RAW = {"dbapi_connection", "driver_connection"}
_CONNECTIONS = {"engine", "bind", "connection", "sync_engine"}


def dialect_name(run: Run) -> Value:
    """Return the name of the dialect that is read for."""
    name = run.ask_dialect()
    return run.trust(Text.of(name, code="dialect")) if name else Unknown("dialect", "constant")


def is_dialect(run: Run, receiver: DialectObject, kind: DottedName) -> Value:
    """Return whether the dialect is of a class, such as `PGDialect`, by the class's module."""
    name = run.ask_dialect()
    if name is None:
        return Unknown(f"isinstance(dialect, {kind.path})", "constant")
    return Const(name in kind.path.lower())


# Transactions


def _transaction_end(name: str) -> TransactionControl:
    return TransactionControl(command="commit" if name == "commit" else "rollback")


def enter_transaction(run: Run, value: Construct) -> AbstractContextManager[Value] | None:
    """`with connection.begin() as c`, `with session.begin_nested()`, `with raw.cursor()`."""
    owner = value.receiver
    return nullcontext(owner) if isinstance(owner, Connection | Session | Cursor) else None
