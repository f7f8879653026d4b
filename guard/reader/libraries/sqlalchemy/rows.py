"""SQLAlchemy's insert, update, delete and select as operations on rows."""

from __future__ import annotations

import msgspec

from guard.operations import Delete, Insert, Name, Operation, Query, Update, unknown_name
from guard.reader.evaluate.values import (
    Class,
    Construct,
    DottedName,
    Live,
    Sequence,
    Value,
)
from guard.reader.libraries.sqlalchemy import clauses
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.copies import (
    assigned,
    chain_of,
    copied_by_select,
    copied_by_values,
)
from guard.reader.libraries.sqlalchemy.table_objects import (
    row_columns,
    row_count,
    table_name,
    table_of,
)

_FILTERS = {"where", "filter", "filter_by"}
_READS = {"select", "query", "union", "union_all", "exists"}
_STATEMENTS = {"insert", "update", "delete", *_READS}


def in_ctes(value: Value) -> list[Operation]:
    """Return what the CTEs that the construct is made of do to rows: `delete(t).cte()`.

    Each counts once, however many of its columns are taken.
    """
    found: dict[int, Operation] = {}
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, Sequence):
            waiting += inner.items
        if not isinstance(inner, Construct) or id(inner) in seen:
            continue
        seen.add(id(inner))
        waiting += [*inner.args, *inner.kwargs.values()]
        if inner.receiver is not None:
            waiting.append(inner.receiver)
            done = operation_of(inner.receiver) if inner.path == "cte" else None
            if done is not None and not isinstance(done, Query):
                found[id(inner)] = done
    return list(found.values())


def operation_of(value: Value) -> Operation | None:
    """Return the operation on rows of executing the construct; None where it is none."""
    if not isinstance(value, Construct):
        return None
    chain = chain_of(value)
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
        but = () if everything else clauses.not_null_columns(conditions)
        return Delete(table=table, where=where, all_rows=everything, but_nulls=but)
    setters = [link for link in later if last(link.path) in {"values", "update"}]
    given = assigned(setters, base.kwargs.get("values"))
    return _update(table, given, conditions, everything)


def _conditions(link: Construct) -> list[Value]:
    return [*link.args, *link.kwargs.values()]


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
        elif (found := table_of(owner)) and found not in names:
            names.append(found)
    return tuple(names)


def _insert(table: Name, base: Construct, later: list[Construct]) -> Insert:
    filled = [link for link in later if last(link.path) == "values"]
    if query := next((link for link in later if last(link.path) == "from_select"), None):
        given = query.args[0] if query.args else query.kwargs.get("names")
        names = clauses.strings(given)
        selected = query.args[1] if len(query.args) > 1 else query.kwargs.get("select")
        copy = copied_by_select(selected, names)
        return Insert(table=table, columns=names, from_query=True, copy=copy)
    rows = filled[0].args[0] if filled and filled[0].args else base.kwargs.get("values")
    names = row_columns(rows) or tuple(filled[0].kwargs if filled else ())
    return Insert(table=table, columns=names, rows=row_count(rows) or 1 if filled else None)


def _update(
    table: Name, given: dict[str, Value], conditions: list[Value], everything: bool
) -> Update:
    return Update(
        table=table,
        columns=tuple(given),
        where=None if not conditions else " AND ".join(map(clauses.sql, conditions)),
        all_rows=everything,
        but_nulls=() if everything else clauses.not_null_columns(conditions),
        copy=copied_by_values(given.values(), table, conditions),
    )


def queried(query: Construct) -> tuple[Name, ...]:
    """Return the tables of `session.query(A, B.id)`."""
    return _tables(Construct("select", query.args))


# What leaves no row of a query out, whatever else it does.
_KEEPS_ALL = _READS | {
    "all", "enable_eagerloads", "execution_options", "options", "order_by", "populate_existing",
    "scalars", "unique", "with_for_update", "yield_per",
}  # fmt: skip


class Entity(msgspec.Struct, frozen=True):
    """The table whose rows a query gives as objects.

    `whole`: it gives every row; `where`: the condition of those that it gives.
    """

    table: Name
    whole: bool
    where: str


def entity_of(query: Value) -> Entity | None:
    """Return what a query of one mapped class gives; None for another query."""
    chain = chain_of(query) if isinstance(query, Construct) else []
    base = next((link for link in chain if last(link.path) in {"query", "select"}), None)
    if base is None or len(base.args) != 1 or base.kwargs or not isinstance(base.args[0], Class):
        return None
    table = table_of(base.args[0])
    filters = [link for link in chain if last(link.path) in _FILTERS]
    conditions = [clauses.sql(given) for link in filters for given in _conditions(link)]
    named = any(last(link.path) == "filter_by" for link in filters)
    where = "{key}" if named or not conditions else " AND ".join(conditions)
    keeps = all(last(link.path) in _KEEPS_ALL for link in chain)
    return None if table is None else Entity(table, keeps, where)


def query_operation(value: Construct) -> Operation | None:
    """Return the operation of an ORM query chain: `session.query(M).filter(...).delete()`."""
    chain = chain_of(value)
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
        but = () if everything else clauses.not_null_columns(conditions)
        return Delete(table=table, where=where, all_rows=everything, but_nulls=but)
    given = assigned((), value.args[0] if value.args else value.kwargs.get("values"))
    return _update(table, given, conditions, everything)
