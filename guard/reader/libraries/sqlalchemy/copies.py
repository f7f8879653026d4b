"""What SQLAlchemy's insert and update take unchanged from the columns of one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guard.operations import Copy, Name
from guard.reader.evaluate.values import Construct, Mapping, Value
from guard.reader.evaluate.values import Sequence as Items
from guard.reader.libraries.sqlalchemy import clauses
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.table_objects import table_name, table_of

_CONSTANTS = {"true", "false", "null"}
_KEEPS_ROWS = {"select", "select_from", "order_by", "scalar_subquery", "as_scalar", "label"}


def chain_of(value: Construct) -> list[Construct]:
    """Return the calls of a chain, outermost first: `t.update().where(x).values(y)`."""
    links = [value]
    while isinstance(links[-1].receiver, Construct):
        links.append(links[-1].receiver)
    return links


def copied_by_select(query: Value | None, names: tuple[str, ...]) -> Copy | None:
    """Return what a `select()` takes from its one table."""
    if not isinstance(query, Construct):
        return None
    chain = chain_of(query)
    base = next((link for link in chain if last(link.path) == "select" and link.called), None)
    if base is None:
        return None
    items = [i for a in base.args for i in (a.items if isinstance(a, Items) else (a,))]
    if base.receiver is not None and not items:  # t.select()
        items = [base.receiver]
    extra = [a for link in chain if link.path == "select_from" for a in link.args]
    sources = {table for item in (*items, *extra) if (table := table_of(item))}
    if len(sources) != 1:
        return None
    return Copy(
        source=sources.pop(),
        columns=tuple(_taken(item) for item in items),
        names=names,
        all_rows=all(last(link.path) in _KEEPS_ROWS for link in chain if link.called),
    )


def _taken(item: Value) -> str | None:
    """Return the column that it is, "*" for a whole table, None for anything computed."""
    if table_name(item):
        return "*"
    if not isinstance(item, Construct):
        return None
    if last(item.path) == "label" and isinstance(item.receiver, Construct):
        return _taken(item.receiver)
    written = clauses.sql(item)
    name = written.rpartition(".")[2].strip('"`')
    return name if name.isidentifier() and name.lower() not in _CONSTANTS else None


def copied_by_values(values: Iterable[Value], table: Name, where: Sequence[Value]) -> Copy | None:
    """Return what `.values(a=t.c.b)` takes from other columns, all of them of one table."""
    found = [_source(value, table) for value in values]
    sources = {source for source, _ in filter(None, found)}
    if len(sources) != 1:
        return None
    source = sources.pop()
    columns = tuple(one[1] if one else None for one in found)
    return Copy(source=source, columns=columns, all_rows=not where or source != table)


def _source(value: Value, table: Name) -> tuple[Name, str] | None:
    if not isinstance(value, Construct):
        return None
    queried = copied_by_select(value, ())
    if queried:
        column = queried.columns[0]
        return (queried.source, column) if column and column != "*" else None
    column = _taken(value)
    return (table_of(value) or table, column) if column and column != "*" else None


def assigned(links: Iterable[Construct], last_values: Value | None) -> dict[str, Value]:
    """Return the columns that `.values()` calls give a value, each with it."""
    found: dict[str, Value] = {}
    for link in links:
        found |= link.kwargs
        for argument in link.args:
            found |= _pairs(argument)
    return found | _pairs(last_values)


def _pairs(value: Value | None) -> dict[str, Value]:
    if not isinstance(value, Mapping):
        return {}
    return {
        name if isinstance(name, str) else clauses.sql(key): item
        for name, (key, item) in value.pairs.items()
    }
