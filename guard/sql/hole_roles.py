"""The role of a hole, told by its neighbours, where no reader has said it already."""

from __future__ import annotations

from collections.abc import Sequence

from guard.sql.cursor import SqlText
from guard.sql.result import Role
from guard.sql.tokens import HOLE, Token, words

_COMPARES = words("= <> != < > <= >= <=> LIKE ILIKE IN BETWEEN IS RLIKE REGEXP")
_BEFORE_VALUE = _COMPARES | words(
    "VALUES LIMIT OFFSET FETCH INTERVAL THEN ELSE DEFAULT + - / || % := TO -> ->> RETURN ESCAPE"
)
_BEFORE_NAME = words(
    "FROM JOIN INTO UPDATE TABLE ONLY BY EXISTS COLUMN INDEX CONSTRAINT SCHEMA VIEW ON "
    "REFERENCES TRUNCATE AS RETURNING USING SEQUENCE TYPE"
)
_BEFORE_CONDITION = frozenset(["WHERE", "AND", "OR", "HAVING", "NOT", "WHEN"])


def assign_roles(source: SqlText, tokens: Sequence[Token]) -> None:
    """Give each hole among the tokens its role, unless it has one."""
    if not source.holes:
        return
    for index, token in enumerate(tokens):
        for number in source.holes_in(token.start, token.end):
            if number not in source.roles:
                # A PRAGMA takes no parameter, wherever a value stands.
                setting = tokens[0].word == "PRAGMA"
                source.roles[number] = "identifier" if setting else _role(source, tokens, index)


def _role(source: SqlText, tokens: Sequence[Token], index: int) -> Role:
    token = tokens[index]
    if token.kind in ("string", "dollar", "number", "error"):
        return "value"
    if token.kind == "quoted":
        return "identifier"
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    next_word = after.word if after else ""
    if not HOLE.fullmatch(source.masked, token.start, token.end):
        return "identifier"  # a part of a name: ix_{table}_id
    if before is None:
        return "syntax"
    if next_word == "." or before.word == ".":
        return "identifier"
    if before.word in ("(", ","):
        return _role_in_list(tokens, index, next_word)
    if before.word in _BEFORE_VALUE:
        return "value"
    if before.word in _BEFORE_NAME:
        return "identifier"
    if next_word in _COMPARES or next_word == "(":
        return "identifier"
    if before.word == "AND" and _between(tokens, index):
        return "value"
    if before.word in _BEFORE_CONDITION:
        return "syntax"
    if before.word == "SELECT":
        return "identifier" if any(t.word == "FROM" for t in tokens[index:]) else "value"
    return "syntax"


def _role_in_list(tokens: Sequence[Token], index: int, next_word: str) -> Role:
    """Return the role inside a list, which the word that opened it decides."""
    if next_word in _COMPARES:
        return "identifier"
    depth = 0
    for at in range(index - 1, -1, -1):
        word = tokens[at].word
        if word == ")":
            depth += 1
        elif word == "(":
            if depth == 0:
                opener = tokens[at - 1] if at else None
                if opener is None or opener.word in _COMPARES or opener.word in _BEFORE_VALUE:
                    return "value"
                if opener.word == ",":  # a further row of VALUES
                    return "value"
                return "value" if opener.kind in ("word", "quoted", "op") else "syntax"
            depth -= 1
        elif depth == 0 and word in ("FROM", "BY", "TABLE", "RETURNING", "INTO", "JOIN"):
            return "identifier"
        elif depth == 0 and word == "SELECT":
            return "identifier" if any(t.word == "FROM" for t in tokens[index:]) else "value"
        elif depth == 0 and word in ("VALUES", "IN"):
            return "value"
    return "syntax"


def _between(tokens: Sequence[Token], index: int) -> bool:
    words = [token.word for token in tokens[max(0, index - 8) : index - 1]]
    return "BETWEEN" in words and "AND" not in words[words.index("BETWEEN") :]
