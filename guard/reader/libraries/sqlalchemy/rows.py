"""SQLAlchemy's insert, update, delete and select as operations on rows."""

from __future__ import annotations

from guard.operations import Delete, Insert, Name, Operation, Query, Update, unknown_name
from guard.reader.evaluate.values import (
    Class,
    Construct,
    DottedName,
    Live,
    Mapping,
    Sequence,
    Value,
)
from guard.reader.libraries.sqlalchemy import clauses
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.table_objects import row_columns, row_count, table_name

_FILTERS = {"where", "filter", "filter_by"}
_READS = {"select", "query", "union", "union_all", "exists"}
_STATEMENTS = {"insert", "update", "delete", *_READS}


def operation_of(value: Value) -> Operation | None:
    """Return the operation on rows of executing the construct; None where it is none."""
    if not isinstance(value, Construct):
        return None
    chain = _chain(value)
    base = next((link for link in chain if last(link.path) in _STATEMENTS), None)
    if base is None or not base.called:
        return None
    word = last(base.path)
    if word in _READS:
        sources = [link for link in chain if link.path in {"select_from", "join", "outerjoin"}]
        return Query(tables=_tables(base, *sources))
    table = _table(base)
    later = [link for link in chain if link is not base]
    if word == "insert":
        return _insert(table, base, later)
    conditions = [a for link in later if last(link.path) in _FILTERS for a in _conditions(link)]
    conditions += [v for k, v in base.kwargs.items() if k == "whereclause"]
    if base.receiver is not None or len(base.args) > 1:  # t.delete(clause), sa.delete(t, clause)
        conditions += base.args[0 if base.receiver is not None else 1 :]
    everything = all(clauses.always_true(c) for c in conditions)
    where = None if not conditions else " AND ".join(clauses.sql(c) for c in conditions)
    if word == "delete":
        return Delete(table=table, where=where, all_rows=everything)
    return Update(table=table, columns=_assigned(base, later), where=where, all_rows=everything)


def _conditions(link: Construct) -> list[Value]:
    return [*link.args, *link.kwargs.values()]


def _chain(value: Construct) -> list[Construct]:
    """Return the calls of a chain, outermost first: `t.update().where(x).values(y)`."""
    links = [value]
    while isinstance(links[-1].receiver, Construct):
        links.append(links[-1].receiver)
    return links


def _table(base: Construct) -> Name:
    owner = base.receiver if base.receiver is not None else (base.args[0] if base.args else None)
    if isinstance(owner, DottedName | Live) and base.args:
        owner = base.args[0]
    found = table_name(owner)
    return found or Name(unknown_name(clauses.code_of(owner) if owner else "?"))


def _tables(base: Construct, *sources: Construct) -> tuple[Name, ...]:
    owners = [base.receiver] if isinstance(base.receiver, Construct | Class) else list(base.args)
    owners += [argument for source in sources for argument in source.args[:1]]
    names: list[Name] = []
    for owner in owners:
        if isinstance(owner, Sequence):
            owners += owner.items
        elif (found := _owning_table(owner)) and found not in names:
            names.append(found)
    return tuple(names)


def _owning_table(value: Value) -> Name | None:
    """Return the table itself, or that of a column: `t.c.id`, `Model.id`."""
    found = table_name(value)
    if found or not isinstance(value, Construct) or value.called or value.receiver is None:
        return found
    return _owning_table(value.receiver)


def _insert(table: Name, base: Construct, later: list[Construct]) -> Insert:
    filled = [link for link in later if last(link.path) == "values"]
    if query := next((link for link in later if last(link.path) == "from_select"), None):
        given = query.args[0] if query.args else query.kwargs.get("names")
        return Insert(table=table, columns=clauses.strings(given), from_query=True)
    rows = filled[0].args[0] if filled and filled[0].args else base.kwargs.get("values")
    names = row_columns(rows) or tuple(filled[0].kwargs if filled else ())
    return Insert(table=table, columns=names, rows=row_count(rows) or 1 if filled else None)


def _assigned(base: Construct, later: list[Construct]) -> tuple[str, ...]:
    names: list[str] = []
    sources = [link for link in later if last(link.path) in {"values", "update"}]
    for link in sources:
        names += link.kwargs
        names += [n for a in link.args for n in _keys(a)]
    names += _keys(base.kwargs.get("values"))
    return tuple(dict.fromkeys(names))


def _keys(value: Value | None) -> list[str]:
    if not isinstance(value, Mapping):
        return []
    return [k if isinstance(k, str) else clauses.sql(key) for k, (key, _) in value.pairs.items()]


def queried(query: Construct) -> tuple[Name, ...]:
    """Return the tables of `session.query(A, B.id)`."""
    return _tables(Construct("select", query.args))


def query_operation(value: Construct) -> Operation | None:
    """Return the operation of an ORM query chain: `session.query(M).filter(...).delete()`."""
    chain = _chain(value)
    query = next((link for link in chain if link.path == "query"), None)
    if query is None or value is query:
        return None
    word = value.path
    tables = queried(query)
    if word not in {"delete", "update"}:
        return Query(tables=tables)
    table = tables[0] if tables else Name(unknown_name(query.code))
    conditions = [a for link in chain if link.path in _FILTERS for a in _conditions(link)]
    everything = all(clauses.always_true(c) for c in conditions)
    where = None if not conditions else " AND ".join(clauses.sql(c) for c in conditions)
    if word == "delete":
        return Delete(table=table, where=where, all_rows=everything)
    return Update(
        table=table,
        columns=tuple(_keys(value.args[0] if value.args else value.kwargs.get("values"))),
        where=where,
        all_rows=everything,
    )
