"""Read a SQL expression: what is plain to see here, the rest with sqlglot."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from guard.expression import Expression
from guard.operations import Type
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.tokens import Token, split
from guard.sql.types import read_type
from guard.sql.volatility import KEYWORDS, volatility_of

_ATTEMPTS = ("postgresql", "mysql", "sqlite")  # where nobody says the dialect
_LITERALS = ("string", "dollar", "number")


@lru_cache(maxsize=4096)
def read_expression(sql: str, dialect: str | None = None) -> Expression:
    """Return what the expression says; `dialect` None: as the first dialect that understands it.

    Never raises. Where a piece of it is not known, `{code}` outside a string, it is not understood.
    """
    for attempt in (dialect,) if dialect else _ATTEMPTS:
        found = _read(SqlText(sql, attempt, (), known=dialect is not None))
        if found:
            return msgspec.structs.replace(found, sql=sql, dialect=dialect)
    return Expression(sql=sql, dialect=dialect, understood=False)


def _read(source: SqlText) -> Expression | None:
    statements = [tokens for tokens in split(source.text, source.dialect) if tokens]
    if len(statements) != 1:
        return None
    [tokens] = statements
    if tokens[-1].kind == "error" or any(token.word in ("{", "}") for token in tokens):
        return None
    plain = _read_plain(source, tokens)
    if plain:
        return plain
    from guard.sql.expression_tree import read_tree  # imports sqlglot

    return read_tree(source, tokens)


# What needs no parser: it costs 0.2 s to import, and most defaults are a literal or a call.


def _read_plain(source: SqlText, tokens: list[Token]) -> Expression | None:
    """Return what a literal, its cast, a column, a call without arguments or `1 = 1` says."""
    first, words = tokens[0], [token.word for token in tokens]
    if first.kind in _LITERALS:
        return _read_literal(source, tokens)
    if first.word in ("-", "+") and len(tokens) == 2 and tokens[1].kind == "number":
        return _constant()
    if first.kind not in ("word", "quoted"):
        return None
    if len(tokens) == 1:
        return _read_name(source, first)
    if words[1:] == ["(", ")"] and first.kind == "word":
        return _called(first.word.lower(), source.dialect)
    return None


def _read_literal(source: SqlText, tokens: list[Token]) -> Expression | None:
    if len(tokens) == 1:
        value = source.text[tokens[0].start : tokens[0].end].strip("'").lower()
        return _constant(always_true=value in ("1", "t", "true"))
    if len(tokens) == 3 and tokens[1].word == "=" and tokens[2].kind in _LITERALS:
        one, other = (source.text[token.start : token.end] for token in (tokens[0], tokens[2]))
        return _constant(always_true=one == other)
    return _constant() if _is_type(source, tokens, after="::") else None


def _is_type(source: SqlText, tokens: list[Token], after: str) -> bool:
    """Whether the rest of the tokens is this sign and a type."""
    c = Cursor(source, tokens, 1)
    try:
        return c.take(after) and isinstance(read_type(c)[0], Type) and c.at_end()
    except SqlError:
        return False


def _read_name(source: SqlText, token: Token) -> Expression | None:
    word = token.word.lower()
    if word in ("true", "false"):
        return _constant(always_true=word == "true")
    if word == "null":
        return _constant(is_null=True)
    if word in KEYWORDS and volatility_of(word, source.dialect):
        return _called(word, source.dialect)
    if not Cursor(source, [token]).is_name():
        return None
    return Expression(
        sql="",
        columns=(source.identifier(token),),
        is_constant=False,
        is_volatile=False,
        always_true=False,
    )


def _constant(is_null: bool = False, always_true: bool = False) -> Expression:
    return Expression(
        sql="", is_constant=True, is_volatile=False, is_null=is_null, always_true=always_true
    )


def _called(function: str, dialect: str) -> Expression:
    """Return what the call of a function without arguments says."""
    volatility = volatility_of(function, dialect)
    known = volatility is not None
    return Expression(
        sql="",
        is_constant=volatility == "immutable" if known else None,
        is_volatile=volatility == "volatile" if known else None,
        unknown_functions=() if known else (function,),
        is_null=False if known else None,
        always_true=False,
    )
