"""The way to sqlglot: whether rows and queries are valid, and what they read from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import permutations

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from guard.operations import Name
from guard.patterns import lazy_re
from guard.sql.cursor import SqlError, SqlText
from guard.sql.tokens import FILLER, PUNCTUATION, Token

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
    source: SqlText, tokens: Sequence[Token], kind: type[exp.Expr] | None = None
) -> exp.Expr | None:
    """Return the parsed statement, or what `kind` says, None where it is too large.

    Raises SqlError with the parser's words.
    """
    if len(tokens) > _MOST_TOKENS or _levels(tokens) > _MOST_LEVELS:
        return None
    start = tokens[0].start
    try:
        text = _plain(source, tokens)
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


def _plain(source: SqlText, tokens: Sequence[Token]) -> str:
    """Return the statement's text in what sqlglot knows, of the same length.

    A parameter is written as a name, and clauses that it does not know are left out.
    """
    start = tokens[0].start
    pieces: list[str] = []
    done = start
    blank = 0  # tokens still to leave out
    for index, token in enumerate(tokens):
        blank = blank or _unknown_words(tokens, index)
        length = token.end - token.start
        stand_in = " " * length if blank else _stand_in(source, tokens, index)
        blank = max(0, blank - 1)
        if stand_in is not None:
            pieces += (source.masked[done : token.start], stand_in)
            done = token.end
    return "".join(pieces) + source.masked[done : tokens[-1].end]


def _stand_in(source: SqlText, tokens: Sequence[Token], index: int) -> str | None:
    token = tokens[index]
    if token.kind == "param":
        if source.postgres and source.masked[token.start] == "?" and _joins(tokens, index):
            return None  # PostgreSQL's operator, data ? 'key'
        return FILLER * (token.end - token.start)
    if token.word == ":" and token.end - token.start == 2:  # SQLAlchemy's escaped colon, \:\:
        before = index > 0 and tokens[index - 1].word == ":"
        return ": " if before else " :"
    if token.kind == "number" and "_" in source.masked[token.start : token.end]:
        return source.masked[token.start : token.end].replace("_", "0")  # 1_000 is one number
    if token.word == "@" and source.postgres and not _beside_sign(tokens, index):
        return "-"  # PostgreSQL's absolute value, @ -5
    if token.word == "%" and source.masked.startswith("%", token.end):
        return " "  # the first of %%, a percent sign for the driver
    return None


def _beside_sign(tokens: Sequence[Token], index: int) -> bool:
    """Whether the sign is a part of a longer one, `@@`."""
    at = tokens[index]
    around = (tokens[index - 1] if index else None, *tokens[index + 1 : index + 2])
    return any(
        token is not None
        and token.kind == "op"
        and token.word not in PUNCTUATION
        and at.start in (token.end, token.start - 1)
        for token in around
    )


def _joins(tokens: Sequence[Token], index: int) -> bool:
    """Whether operands stand on both sides."""
    if not 0 < index < len(tokens) - 1:
        return False
    before, after = tokens[index - 1], tokens[index + 1]
    return (before.kind in ("word", "quoted", "string") or before.word in (")", "]")) and (
        after.kind in ("string", "param") or after.word == "("
    )


_UPDATE_WORDS = ("LOW_PRIORITY", "IGNORE")
_XML_CALLS = ("XMLPARSE", "XMLSERIALIZE")
# What sqlglot does not know and what changes nothing here: what stands before, what is left out.
_UNKNOWN: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), ("OVERRIDING", "*", "VALUE")),
    (("INSERT",), ("LOW_PRIORITY",)),
    (("INSERT",), ("HIGH_PRIORITY",)),
    (("INSERT",), ("DELAYED",)),
    (("UPDATE",), ("OR", "*")),
    *(
        (before, (word,))
        for verb, words in (("UPDATE", _UPDATE_WORDS), ("DELETE", ("QUICK", *_UPDATE_WORDS)))
        for word in words
        for before in ((verb,), *((verb, other) for other in words if other != word))
    ),
    *((("DELETE", *two), ("IGNORE",)) for two in permutations(("QUICK", "LOW_PRIORITY"))),
    (("CURRENT",), ("OF", "*")),
    ((")",), ("COLLATE", "*")),
    ((), ("INTO", "OUTFILE", "*")),
    ((), ("AT", "LOCAL")),
    (("COLLATION",), ("FOR",)),
    (("BIT",), ("VARYING",)),
    *(((test,), (form,)) for test in ("IS", "NOT") for form in ("NFC", "NFD", "NFKC", "NFKD")),
    *(((call, "("), (kind,)) for call in _XML_CALLS for kind in ("DOCUMENT", "CONTENT")),
)
_UNKNOWN_STARTS = frozenset(words[0] for _, words in _UNKNOWN)


def _unknown_words(tokens: Sequence[Token], index: int) -> int:
    """Return how many tokens from here on sqlglot does not know."""
    if tokens[index].word not in _UNKNOWN_STARTS:
        return 0
    for before, words in _UNKNOWN:
        around = tokens[max(index - len(before), 0) : index + len(words)]
        pattern = before + words
        if len(around) == len(pattern) and all(
            wanted in ("*", token.word) for wanted, token in zip(pattern, around, strict=True)
        ):
            return len(words)
    return 0


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
