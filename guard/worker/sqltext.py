"""Just enough of SQLite's grammar to compare two texts and to find the parts of a definition."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>[xX]?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
  | (?P<word>[^\W\d]\w*|\d[\w.]*|\.\d[\w.]*)
  | (?P<other>\|\||[<>=!]=|<>|->>?|.)
    """,
    re.VERBOSE | re.DOTALL,
)

_SAME = {"!=": "<>", "==": "="}
_BEFORE_AN_EXPRESSION = {"(", "where", ":", "as"}


def tokens(sql: str) -> list[str]:
    """Return the tokens of `sql` without white space, comments and the quotes of names."""
    return [
        match[0][1:-1] if match.lastgroup == "quoted" else match[0]
        for match in _TOKEN.finditer(sql)
        if match.lastgroup != "space"
    ]


@functools.lru_cache(maxsize=4096)
def plain(sql: str | None) -> str:
    """Return `sql` as its tokens with single spaces: what may differ means nothing."""
    text = " ".join(tokens(sql or ""))
    return re.sub(r"(?<=\() | (?=[),.])|(?<=\.) | (?=\()", "", text)


@functools.lru_cache(maxsize=4096)
def same(line: str) -> str:
    """Return what is equal for two texts that mean the same: case, spelling, idle parentheses."""
    words = [
        word if word.startswith("'") else _SAME.get(word.lower(), word.lower())
        for word in tokens(line)
        if word != ";"
    ]
    for place in range(len(words) - 1, -1, -1):
        if words[place] == "(" and (place == 0 or words[place - 1] in _BEFORE_AN_EXPRESSION):
            _unwrap(words, place)
    text = plain(" ".join(words))
    return re.sub(r"\bdefault (true|false)\b", lambda m: f"default {int(m[1] == 'true')}", text)


def _unwrap(words: list[str], place: int) -> None:
    """Take away parentheses, from `place` on, that are around all that follows or in others."""
    depth = 0
    for end in range(place, len(words)):
        depth += {"(": 1, ")": -1}.get(words[end], 0)
        if not depth:
            if end == len(words) - 1 or (words[place - 1] == "(" and words[end + 1] == ")"):
                del words[end], words[place]
            return


def unwrapped(text: str) -> str:
    """Return an expression without parentheses around all of it."""
    words = tokens(text)
    while words[:1] == ["("] and words[-1] == ")":
        count = len(words)
        _unwrap(words, 0)
        if len(words) == count:
            break
        text = plain(" ".join(words))
    return text


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, each with its semicolon."""
    piece = ""
    for part in re.split(r"(?<=;)", script):
        piece += part
        if piece.strip() and sqlite3.complete_statement(piece):
            yield piece
            piece = ""
    if piece.strip():
        yield piece


def parts(definition: str) -> list[list[str]]:
    """Return what stands between the parentheses of a CREATE TABLE, split at its commas."""
    found: list[list[str]] = []
    depth = 0
    for word in tokens(definition):
        if word == ")":
            depth -= 1
            if not depth:
                break
        if depth == 1 and word == ",":
            found.append([])
        elif depth:
            found[-1].append(word)
        if word == "(":
            depth += 1
            if depth == 1:
                found.append([])
    return found


def after(words: list[str], *keywords: str) -> list[str]:
    """Return each piece in parentheses that follows one of `keywords`, without them."""
    found = []
    for place, word in enumerate(words[:-1]):
        if word.upper() in keywords and words[place + 1] == "(":
            depth, end = 0, place + 1
            for end in range(place + 1, len(words)):
                depth += {"(": 1, ")": -1}.get(words[end], 0)
                if not depth:
                    break
            found.append(plain(" ".join(words[place + 2 : end])))
    return found
