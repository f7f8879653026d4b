"""Pieces of SQL that an operation is given (a default, a condition): whether one is a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from guard.patterns import lazy_re
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Construct, Sequence, Value
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.server import DIALECTS

_SQL = {"text", "literal_column", "Computed", "CheckConstraint", "quoted_name"}
_QUOTED = lazy_re(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`")


def more_than_a_piece(call: Call, named: Mapping[str, Value]) -> str | None:
    """Return a piece that ends the statement, so that what follows in it is another one.

    `named` are the arguments by their names.
    """
    options = (value for name, value in named.items() if _is_sql(name))
    pieces = (*_pieces((*call.args, *call.kwargs.values())), *_texts(options))
    return next((piece for piece in pieces if ";" in _QUOTED.sub("", piece)), None)


def _is_sql(name: str) -> bool:
    return name in ("condition", "prefixes") or name.startswith(tuple(f"{d}_" for d in DIALECTS))


def _pieces(values: tuple[Value, ...]) -> Iterator[str]:
    """Yield the SQL in the values, and in what they hold; what is held twice is looked at once."""
    waiting, seen = [*reversed(values)], set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Construct):
            if last(value.path) in _SQL:
                yield from _texts(value.args[:1])
            waiting += reversed((*value.args, *value.kwargs.values()))
        elif isinstance(value, Sequence):
            waiting += reversed(value.items)


def _texts(values: Iterable[Value]) -> Iterator[str]:
    """Yield the texts among the values, and in their sequences."""
    for value in values:
        if isinstance(value, Text):
            yield value.plain
        elif isinstance(value, Sequence):
            yield from (item.plain for item in value.items if isinstance(item, Text))
