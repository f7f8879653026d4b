"""The way to sqlglot: whether rows and queries are valid, and what they read from."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from guard.operations import Name
from guard.patterns import lazy_re
from guard.sql.cursor import SqlError, SqlText
from guard.sql.stand_ins import loosened, plain
from guard.sql.tokens import FILLER, Token

logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)  # it warns of what it cannot parse

DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
_CLASS = lazy_re(r"<class '(?:\w+\.)*(\w+)'>")  # in its messages
_MOST_TOKENS = 50_000  # of a statement worth parsing: about a second
# The compiled parser calls itself for each level, and overflows the C stack at a few thousand
# levels where Python does not count them (3.12 and later). Written SQL has a dozen.
_MOST_LEVELS = 200
_OPENS = {"(", "[", "{", "CASE"}
_CLOSES = {")", "]", "}", "END"}
_PREFIXES = {"NOT", "-", "+", "~", "@"}


def parse(
    source: SqlText,
    tokens: Sequence[Token],
    kind: type[exp.Expr] | None = None,
    *,
    loosely: bool = False,
) -> exp.Expr | None:
    """Return the parsed statement, or what `kind` says, None where it is too large.

    `loosely`: without what servers know and sqlglot does not, so only its tables are right.
    Raises SqlError with the parser's words.
    """
    if len(tokens) > _MOST_TOKENS or _levels(tokens) > _MOST_LEVELS:
        return None
    start = tokens[0].start
    try:
        text = (loosened if loosely else plain)(source, tokens)
        if tokens[0].end == start:  # a SELECT that stands for another word
            text = f"{tokens[0].word} {text}"
        return sqlglot.parse_one(text, dialect=DIALECTS[source.dialect], into=kind)
    except ParseError as error:
        raise _explained(error, source, start, tokens[-1].end) from None
    except SqlglotError as error:
        raise SqlError(str(error).partition("\n")[0], start) from None
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        # Its builders trip over operands that are missing, `a ->>`.
        raise SqlError("an expression is not understood", start) from None


def _levels(tokens: Sequence[Token]) -> int:
    """Return how deep the statement nests: brackets, CASE, prefix operators, subscripts."""
    deepest = level = run = 0
    before = ""
    for token in tokens:
        prefixed = token.word in _PREFIXES or (token.word == "[" and before == "]")
        run = run + 1 if prefixed else run if token.word == "]" or before == "[" else 0
        before = token.word
        if token.word in _OPENS:
            level += 1
        elif token.word in _CLOSES:
            level -= 1
        deepest = max(deepest, level + run)
    return deepest


def read_tables(tree: exp.Expr, source: SqlText) -> tuple[Name, ...]:
    """Return the tables that a query names, without those it defines itself (WITH)."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    found: dict[Name, None] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and table.name[:1] != FILLER:
            schema = table.args.get("db")
            written = name_of(schema, source) if isinstance(schema, exp.Identifier) else None
            name = Name(name_of(table.this, source), written)
            if name.schema or table.name not in own:
                found[name] = None
    return tuple(found)


def name_of(identifier: exp.Expr, source: SqlText) -> str:
    """Return the name that an identifier spells, as the server stores it."""
    text = identifier.name
    if source.folds and not identifier.args.get("quoted"):
        text = text.lower()
    return source.restore(text)


def _explained(error: ParseError, source: SqlText, start: int, end: int) -> SqlError:
    first = error.errors[0] if error.errors else {}
    message = str(first.get("description") or error).partition(" but got <Token")[0].rstrip(".")
    message = _CLASS.sub(r"\1", message)
    near = first.get("highlight") or ""
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    position = start
    for _ in range(line - 1):
        position = source.text.find("\n", position) + 1
    position = min(position + max(column - len(near), 0), end)
    shown = source.restore(near).strip()
    return SqlError(f"{message} at {shown!r}" if shown else message, position)
