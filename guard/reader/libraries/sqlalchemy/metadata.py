"""SQLAlchemy's objects that create and drop themselves: tables, indexes, enum types, metadata."""

from __future__ import annotations

from guard.operations import CreateEnum, DropObject, DropTable, Name
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import FALSE, NONE, TRUE, Class, Construct, Sequence, Value, truth
from guard.reader.libraries.sqlalchemy import (
    clauses,
    constraints,
    execution,
    mapped,
    table_objects,
    tables,
    types,
)
from guard.reader.libraries.sqlalchemy.clauses import last


def create_or_drop(run: Run, receiver: Construct, name: str, call: Call) -> Value:
    """`Table.create(bind)`, `Enum.drop(bind)`, `Index.create(bind)`."""
    checked = truth(call.get(1, "checkfirst") or FALSE) is not False
    table = table_objects.table_name(receiver)
    kind = last(receiver.path)
    if kind == "Index":
        operation = constraints.index_operation(receiver, run.dialect, drop=name == "drop")
        run.emit([operation] if operation else [], call.node, call.frame)
    elif table is not None and isinstance(receiver, Construct):
        if name == "drop":
            run.emit([DropTable(table=table, if_exists=checked)], call.node, call.frame)
        else:
            _emit_table(run, receiver, table, call)
    elif kind in {"Enum", "ENUM", "DOMAIN"} or receiver.path in {"Enum", "ENUM"}:
        _emit_enum(run, receiver, name, call, checked)
    elif run.reaches_database(*call.args[:1]):
        run.opaque(f"it has {receiver.code or receiver.path} {name} itself", call.node, call.frame)
    return NONE


def _emit_table(run: Run, receiver: Construct, table: Name, call: Call) -> None:
    items = tuple(a for a in receiver.args[1:] if not _is_metadata(a))
    made = tables.read_table(run, table, items, receiver.kwargs)
    emit_table(run, made, call)


def emit_table(run: Run, made: tables.ReadTable, call: Call) -> None:
    """Record the table, and the enum types and comments that PostgreSQL gets with it.

    An enum type that came with a table before is made no second time.
    """
    for kind in tables.enum_types(made.create):
        if kind.enum_name is not None and kind.enum_name not in run.made:
            enum = CreateEnum(name=kind.enum_name, values=kind.values)
            execution.emit_on(run, ("postgresql",), [enum], call)
            if not run.conditions:
                run.made.add(kind.enum_name)
    run.emit([made.create, *made.indexes], call.node, call.frame)
    execution.emit_on(run, ("postgresql",), list(made.comments), call)


def _is_metadata(value: Value) -> bool:
    return isinstance(value, Construct) and last(value.path) in {"MetaData", "metadata"}


def _emit_enum(run: Run, receiver: Construct, name: str, call: Call, checked: bool) -> None:
    kind = types.read_type(run, receiver)
    if kind is None or run.dialect not in (None, "postgresql"):
        return
    label = kind.enum_name or Name("{" + (receiver.code or "enum") + "}")
    operation = (
        CreateEnum(name=label, values=kind.values, if_not_exists=checked)
        if name == "create"
        else DropObject(object_type="type", name=label, if_exists=checked)
    )
    run.emit([operation], call.node, call.frame, dialects=("postgresql",))


def create_or_drop_all(run: Run, receiver: Construct, name: str, call: Call) -> Value:
    """`metadata.create_all(bind)`: every table that the revision itself defined on it."""
    chosen = call.get(1, "tables")
    wanted: list[Value] = (
        list(chosen.items)
        if isinstance(chosen, Sequence)
        else [t for t in run.tables if _belongs(run, t, receiver)]
    )
    known = [t for t in wanted if table_objects.table_name(t) is not None]
    if not known or len(known) < len(wanted):
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
            made = mapped_table(run, table)
            if made is not None:
                emit_table(run, made, call)
        elif isinstance(table, Construct):
            _emit_table(run, table, label, call)
    return NONE


def _belongs(run: Run, table: Value, metadata: Construct) -> bool:
    if isinstance(table, Construct):
        return any(a == metadata for a in table.args[1:2])
    base = metadata.receiver
    if not isinstance(table, Class) or not (base in table.bases or base is None):
        return False
    return mapped.mapped_table(run, table) is not None


def mapped_table(run: Run, cls: Class) -> tables.ReadTable | None:
    """Return the table of a mapped class; None where it has none of its own."""
    found = mapped.mapped_table(run, cls)
    if found is None or found.extends is not None:
        return None
    label = clauses.name(found.name, found.options.get("schema"))
    return tables.read_table(run, label, found.items, found.options, found.complete)
