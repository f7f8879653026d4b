"""Names: which are the same, which columns a CHECK or an index expression mentions, what it says
after a rename, what PostgreSQL makes up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

from guard.operations import Name
from guard.server import fold, is_mysql
from guard.sql.cursor import SqlText
from guard.sql.tokens import Token, split

Taken = Callable[[str], bool]
Key = tuple[str, str]  # schema and name, folded: two names of one table give one key

_DEFAULT_SCHEMAS = {"postgresql": ("public",), "sqlite": ("main",), None: ("public", "main")}


def key_of(name: Name, dialect: str | None) -> Key:
    """Return the key of a table or any other object that lives in a schema."""
    schema = fold(name.schema or "", dialect)
    if schema in _DEFAULT_SCHEMAS.get(dialect, ()):
        schema = ""
    return schema, fold(name.name, dialect)


class _Mention(NamedTuple):
    """A name in SQL text that may be a column's: where it stands and what it is, folded."""

    start: int
    end: int
    name: str


def _tokens(sql: str, dialect: str | None) -> tuple[SqlText, list[Token]]:
    """Return the text of an expression and its tokens, in an unknown dialect as PostgreSQL's."""
    source = SqlText(sql, dialect or "postgresql", (), known=dialect is not None)
    return source, [token for found in split(sql, source.dialect) for token in found]


def _mentions(sql: str, dialect: str | None) -> Iterator[_Mention]:
    """Yield the names in SQL text, but those of functions, types and tables."""
    source, tokens = _tokens(sql, dialect)
    before = ""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        follows = after.word if after else ""
        called = token.kind == "word" and follows == "("
        if token.kind in ("word", "quoted") and not called and follows != "." and before != "::":
            yield _Mention(token.start, token.end, fold(source.identifier(token), dialect))
        before = token.word


def mentioned(sql: str, columns: Iterable[str], dialect: str | None) -> tuple[str, ...]:
    """Return those columns that the SQL names, in their own order."""
    names = {mention.name for mention in _mentions(sql, dialect)}
    return tuple(column for column in columns if fold(column, dialect) in names)


_ORDER = frozenset(["ASC", "DESC", "NULLS", "FIRST", "LAST"])


def indexed_column(part: str, dialect: str | None) -> str:
    """Return the folded column that a part of an index is on, however it is sorted."""
    source, tokens = _tokens(part, dialect)
    sorts = len(tokens) > 1 and all(token.word in _ORDER for token in tokens[1:])
    if sorts and tokens[0].kind in ("word", "quoted"):
        return fold(source.identifier(tokens[0]), dialect)
    return fold(part, dialect)


def renamed(sql: str, old: str, new: str, dialect: str | None) -> str:
    """Return the SQL with every use of the name `old` written as `new`."""
    quote = "`" if is_mysql(dialect) else '"'
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", new)
    written = new if plain else quote + new.replace(quote, quote * 2) + quote
    pieces: list[str] = []
    done = 0
    for mention in _mentions(sql, dialect):
        if mention.name == fold(old, dialect):
            pieces += (sql[done : mention.start], written)
            done = mention.end
    return "".join(pieces) + sql[done:]


def mysql_name(first: str, taken: Iterable[str]) -> str:
    """Return the name that MySQL makes up for an index, of its first column: `note`, `note_2`."""
    names = {name.lower() for name in taken}
    tries = (first if number == 1 else f"{first}_{number}" for number in count(1))
    return next(name for name in tries if name.lower() not in names)


def postgres_name(table: str, columns: Iterable[str], label: str, taken: Taken) -> str:
    """Return the name that PostgreSQL makes up: `orders_customer_id_fkey`, at most 63 bytes.

    Source: makeObjectName, ChooseRelationName and ChooseIndexColumnNames in
    src/backend/commands/indexcmds.c.
    """
    words: list[str] = []
    for column in columns:
        call = re.fullmatch(r"(\w+)\s*\(.*\)", column, re.DOTALL)
        word = call[1] if call else column if re.fullmatch(r"[\w$]+", column) else "expr"
        same = sum(re.fullmatch(re.escape(word) + r"\d*", other) is not None for other in words)
        words.append(f"{word}{same or ''}")
    addition = "_".join(words)
    number = 0
    while True:
        ending = f"_{label}{number or ''}"
        room = 63 - len(ending) - (1 if addition else 0)
        first, second = table.encode(), addition.encode()
        while len(first) + len(second) > room:
            if len(first) > len(second):
                first = first[:-1]
            else:
                second = second[:-1]
        parts = [part.decode(errors="ignore") for part in (first, second) if part]
        name = "_".join(parts) + ending
        if not taken(name):
            return name
        number += 1
