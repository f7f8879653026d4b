"""Just enough of SQLite's grammar to compare two texts and to find the parts of a definition."""

from __future__ import annotations

import functools
import re

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
