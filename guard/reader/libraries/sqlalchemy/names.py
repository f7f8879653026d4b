"""Calls of SQLAlchemy's names that reach the database. All other names stay as they are written."""

from __future__ import annotations

from guard.reader.evaluate import calls
from guard.reader.evaluate.run import Known, Run
from guard.reader.evaluate.state import Call, Condition, Frame
from guard.reader.evaluate.values import Class, Construct, DottedName, Unknown, Value
from guard.reader.libraries.sqlalchemy import clauses, execution, provenance
from guard.reader.libraries.sqlalchemy.live import Connection, Inspector, Session


def _inspect(run: Run, call: Call) -> Value:
    given = call.args[0] if call.args else None
    if given is not None and (isinstance(given, Unknown) or run.reaches_database(given)):
        return Inspector()
    return Construct("sqlalchemy.inspect", call.args, call.kwargs, call.node)


def session(run: Run, call: Call) -> Value:
    """Return the session that any package makes of a connection."""
    return Session()


def _session_factory(run: Run, call: Call) -> Value:
    return Construct("sqlalchemy.orm.sessionmaker", call.args, call.kwargs, call.node)


def make_session(run: Run, made: Construct, call: Call) -> Value:
    """Return the session of `sessionmaker(...)()`."""
    return Session()


def _table(run: Run, call: Call) -> Value:
    return make_table(call, None)


def make_table(call: Call, receiver: Value | None) -> Construct:
    """Return the table, noted in its module; `receiver` is the extension whose method made it."""
    args = (*call.args, Unknown("...")) if call.open else call.args
    path = "Table" if receiver is not None else "sqlalchemy.Table"
    made = Construct(path, args, call.kwargs, call.node, receiver)
    call.frame.module.tables.append(made)
    return made


def _index(run: Run, call: Call) -> Value:
    """An index may stand by itself: the columns tell its table."""
    made = Construct("sqlalchemy.Index", call.args, call.kwargs, call.node)
    call.frame.module.tables.append(made)
    return made


def note_table(run: Run, cls: Class, frame: Frame) -> None:
    """Note a class that may be mapped as a table of its module."""
    if cls.bases or (cls.node and cls.node.decorator_list):
        frame.module.tables.append(cls)


def _engine(run: Run, call: Call) -> Value:
    if clauses.is_autocommit(call.kwargs):
        return Connection(own=True, autocommit=True)
    return Unknown(call.node)


def _listen(run: Run, call: Call) -> Value:
    """`event.listen(table, "after_create", DDL("..."))`: a text is executed on the event."""
    _tell_rewriting(run, call)
    given = call.get(2, "fn")
    text = execution.sql_text(given) if given is not None else None
    if text is None:
        calls.call_handed_on(run, "sqlalchemy.event.listen", call)
        return Construct("sqlalchemy.event.listen", call.args, call.kwargs, call.node)
    with run.conditional(Condition(call.node, form="an event executes it")):
        return execution.execute(run, text, call)


def _listens_for(run: Run, call: Call) -> Value:
    """`@event.listens_for(Engine, "begin")`: the function is called on the event."""
    _tell_rewriting(run, call)
    return Construct("sqlalchemy.event.listens_for", call.args, call.kwargs, call.node)


_BEFORE = ("before_execute", "before_cursor_execute")


def _tell_rewriting(run: Run, call: Call) -> None:
    event = clauses.string(call.get(1, "identifier"))
    if clauses.flag(call.kwargs.get("retval")) and event in (*_BEFORE, None):
        run.opaque("what is executed is what its listener returns", call.node, call.frame)


def _compiles(run: Run, call: Call) -> Value:
    """`@compiles(CreateTable)`: from here on the name means what the function says."""
    given = call.get(0)
    if isinstance(given, DottedName) and given.path.partition(".")[0] == "sqlalchemy":
        run.opaque(f"it changes what {given.path} means", call.node, call.frame)
    return Construct("sqlalchemy.ext.compiler.compiles", call.args, call.kwargs, call.node)


def _visits(run: Run, call: Call) -> Value:
    """`SchemaDropper(dialect, connection)` drops whatever it is then led to."""
    run.opaque("which tables it makes or drops is not in sight", call.node, call.frame)
    return Unknown(call.node)


# By their last name, which may stand in any module of the package.
NAMES: dict[str, Known] = {
    "inspect": _inspect,
    "from_engine": _inspect,
    "Inspector": _inspect,
    "AsyncSession": session,
    "Session": session,
    "sessionmaker": _session_factory,
    "Table": _table,
    "Index": _index,
    "text": provenance.sql_maker("text"),
    "literal_column": provenance.sql_maker("literal_column"),
    "create_engine": _engine,
    "listen": _listen,
    "listens_for": _listens_for,
    "compiles": _compiles,
    "SchemaDropper": _visits,
    "SchemaGenerator": _visits,
}


def in_package(package: str) -> dict[str, Known]:
    """Return the names as a package offers them that hands SQLAlchemy's on."""
    return {f"{package}.*.{name}": known for name, known in NAMES.items()}
