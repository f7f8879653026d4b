"""Tables as objects of the code: `Table`, `table()`, mapped classes, and lists of their rows."""

from __future__ import annotations

from collections.abc import Iterable

from guard.operations import Name, unknown_name
from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Class, Construct, Instance, Mapping, Sequence, Value
from guard.reader.libraries.sqlalchemy.clauses import last, name


def table_name(value: Value | None) -> Name | None:
    """Return the table that an object stands for: Table, table(), a mapped class; else None."""
    match value:
        case Construct(path=path, args=(label, *_), kwargs=kwargs) if last(path) in {
            "table",
            "Table",
        }:
            return name(label, kwargs.get("schema"))
        case Construct(path="__table__" | "alias", receiver=receiver) if receiver is not None:
            return table_name(receiver)
        case Class():
            written = classes.lookup(value, "__tablename__")
            if written is not None:
                return name(written, _schema_of(value))
            return table_name(classes.lookup(value, "__table__"))
        case Instance(cls=cls):
            return table_name(cls)
        case Construct(receiver=Class() as cls, called=True):
            return table_name(cls)
    return None


_LABELLED = {"Column", "column", "Table", "table", "Index", "Sequence"}
_COPIES = {"copy", "_copy"}


def label_of(run: Run, value: Value, name: str) -> Value | None:
    """Return the `name` or `key` of a column, table, index or constraint that is made in sight."""
    while isinstance(value, Construct) and value.path in _COPIES and value.receiver is not None:
        value = value.receiver
    if name not in {"name", "key"} or not isinstance(value, Construct) or not value.called:
        return None
    label = value.kwargs.get(name) or value.kwargs.get("name")
    if label is None and last(value.path) in _LABELLED and value.args:
        label = value.args[0]
    return label if isinstance(label, Text) else None


def _schema_of(cls: Class) -> Value | None:
    options = classes.lookup(cls, "__table_args__")
    if isinstance(options, Sequence) and options.items:
        options = options.items[-1]
    if isinstance(options, Mapping) and "schema" in options.pairs:
        return options.pairs["schema"][1]
    return None


def owning_table(value: Value) -> Name:
    """Return the table of a constraint or an index, which its columns tell: `table.c.a`."""
    for item in value.args if isinstance(value, Construct) else ():
        owner: Value | None = item
        while isinstance(owner, Construct):
            if found := table_name(owner):
                return found
            owner = owner.receiver
    return Name(unknown_name("table"))


def table_of(value: Value) -> Name | None:
    """Return the table itself, or that of a column: `t.c.id`, `Model.id`."""
    found = table_name(value)
    if found or not isinstance(value, Construct) or value.called or value.receiver is None:
        return found
    return table_of(value.receiver)


MOST_STRINGS = 1000


def strings_in(values: Iterable[Value]) -> tuple[str, ...]:
    """Return the strings in values, in rows and in what a construct is made of, each once.

    Of very many, the rest is left out.
    """
    found: dict[str, None] = {}
    ahead = list(values)
    while ahead and len(found) < MOST_STRINGS:
        match ahead.pop():
            case Text() as text if text.known:
                found[text.plain] = None
            case Sequence(items=items):
                ahead += items
            case Mapping(pairs=pairs):
                ahead += [value for _, value in pairs.values()]
            case Construct(args=args, kwargs=kwargs, receiver=receiver):
                ahead += [*args, *kwargs.values(), *([receiver] if receiver is not None else [])]
            case Instance(cls=Class(is_enum=True), attributes=attributes):
                ahead += [attributes[name] for name in ("name", "value") if name in attributes]
            case Instance(attributes=attributes):
                ahead += attributes.values()
    return tuple(found)


def row_count(value: Value | None) -> int | None:
    """Return how many rows a list of them holds, where that is known."""
    if isinstance(value, Sequence) and value.certain and not value.open:
        return len(value.items)
    return None


def row_columns(value: Value | None) -> tuple[str, ...]:
    """Return the columns that the first of a list of rows (dicts) names."""
    first = value.items[0] if isinstance(value, Sequence) and value.items else value
    return tuple(str(k) for k in first.pairs) if isinstance(first, Mapping) else ()
