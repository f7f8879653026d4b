"""The one place that knows sqlglot: whether rows and queries are valid, and what they read from."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from guard.operations import Name
from guard.sql.cursor import Source, SqlError
from guard.sql.tokens import FILLER, Token

logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)  # it warns of what it cannot parse

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
_MOST_TOKENS = 50_000  # of a statement worth parsing: about a second


def parse(source: Source, tokens: Sequence[Token]) -> exp.Expr | None:
    """Return the parsed statement, None where it is too large; raise SqlError with its words."""
    if len(tokens) > _MOST_TOKENS:
        return None
    start = tokens[0].start
    try:
        return sqlglot.parse_one(_plain(source, tokens), dialect=_DIALECTS[source.dialect])
    except ParseError as error:
        raise _explained(error, source, start, tokens[-1].end) from None
    except SqlglotError as error:
        raise SqlError(str(error).partition("\n")[0], start) from None


def read_tables(tree: exp.Expr, source: Source) -> tuple[Name, ...]:
    """Return the tables that a query names, without those it defines itself (WITH)."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    found: dict[Name, None] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            schema = table.args.get("db")
            name = Name(
                _name(table.this, source), _name(schema, source) if schema is not None else None
            )
            if name.schema or table.name not in own:
                found[name] = None
    return tuple(found)


def _name(identifier: exp.Expr, source: Source) -> str:
    text = identifier.name
    if source.folds and not identifier.args.get("quoted"):
        text = text.lower()
    return source.restore(text)


def _plain(source: Source, tokens: Sequence[Token]) -> str:
    """Return the statement's text of the same length, each parameter written as a name."""
    start, end = tokens[0].start, tokens[-1].end
    text = source.masked[start:end]
    pieces: list[str] = []
    done = start
    for index, token in enumerate(tokens):
        stand_in = _stand_in(source, tokens, index, token)
        if stand_in is not None:
            pieces += (text[done - start : token.start - start], stand_in)
            done = token.end
    if not pieces:
        return text
    return "".join(pieces) + text[done - start :]


def _stand_in(source: Source, tokens: Sequence[Token], index: int, token: Token) -> str | None:
    if token.kind == "param":
        return FILLER * (token.end - token.start)
    if token.word == ":" and token.end - token.start == 2:  # SQLAlchemy's escaped colon, \:\:
        before = index > 0 and tokens[index - 1].word == ":"
        return " :" if not before else ": "
    if token.word == "%" and source.masked.startswith("%", token.end):
        return " "  # the first of %%, a percent sign for the driver
    return None


def _explained(error: ParseError, source: Source, start: int, end: int) -> SqlError:
    first = error.errors[0] if error.errors else {}
    message = str(first.get("description") or error).partition(" but got <Token")[0].rstrip(".")
    near = first.get("highlight") or ""
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    position = start
    for _ in range(line - 1):
        position = source.text.find("\n", position) + 1
    position = min(position + max(column - len(near), 0), end)
    shown = source.restore(near).strip()
    return SqlError(f"{message} at {shown!r}" if shown else message, position)
