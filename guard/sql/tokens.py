"""Cut SQL text into statements of tokens.

One pass that knows what ends a statement and what only looks like it: strings and comments of each
dialect, dollar quotes, routine bodies with BEGIN ... END, `DELIMITER`, data after `COPY ... FROM
stdin`, psql's backslash lines. Offsets are those of the text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from guard.patterns import lazy_re
from guard.server import is_mysql

# A hole is masked, so that any lexer takes it for a letter: one code point that numbers it, then
# filler up to the length of the text it stands in. Both are private to applications.
HOLE_BASE = 0xF0000
HOLE_LIMIT = 0xFFFD
FILLER = "\uf8ff"
HOLE = lazy_re(f"[{chr(HOLE_BASE)}-{chr(HOLE_BASE + HOLE_LIMIT)}]{FILLER}*")


def words(text: str) -> frozenset[str]:
    """Return the words of a text that blanks part, as a set."""
    return frozenset(text.split())


PUNCTUATION = words("( ) [ ] , ; .")


class Token(NamedTuple):
    """`word` is the upper-case text of a bare word or an operator, empty for anything else.

    Kinds: word, quoted (an identifier), string, dollar, number, param, op, error, end.
    """

    kind: str
    word: str
    start: int
    end: int


_BACKSLASH_STRING = r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_PLAIN_STRING = r"'[^']*(?:''[^']*)*'"
_DOUBLE = r'"[^"]*(?:""[^"]*)*"'
_BACKTICK = r"`[^`]*(?:``[^`]*)*`"
_DIGITS = r"\d+(?:_\d+)*"
_NUMBER = (
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    rf"|(?:{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
# Letters, digits and what is not ASCII, said by what they are not: a range up to the last code
# point takes ten times as long to compile.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_WORD_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_OPERATOR = r"<=>|<>|<=|>=|!=|\|\||::|:=|=>|->>|->|#>>|#>|@>|<@|&&|\\:|."


@cache
def _scanner(dialect: str) -> re.Pattern[str]:
    mysql = is_mysql(dialect)
    postgres = dialect == "postgresql"
    if mysql:
        string = rf"{_BACKSLASH_STRING}|\"[^\"\\]*(?:(?:\\.|\"\")[^\"\\]*)*\""
        quoted = _BACKTICK
    elif postgres:
        string = rf"[eE]{_BACKSLASH_STRING}|(?:[bBxXnN]|[uU]&)?{_PLAIN_STRING}"
        quoted = rf"(?:[uU]&)?{_DOUBLE}"
    else:
        string = rf"[xX]?{_PLAIN_STRING}"
        quoted = rf"{_DOUBLE}|{_BACKTICK}|\[[^\]]*\]"
    param = r"%\(\w+\)s|%s(?!\w)|(?<![:\w]):[A-Za-z_]\w*"
    param += r"|\$\d+|\?(?![|&?])" if postgres else r"|\?\d*|@{1,2}[A-Za-z_][\w.$]*"
    groups = [
        ("space", r"\s+|\ufeff" + (r"|/\*M?!\d*|\*/" if mysql else "")),
        ("comment", r"--(?=\s|$)[^\n]*|\#[^\n]*" if mysql else r"--[^\n]*"),
        ("block", r"/\*"),
        *([("dollar", rf"\$(?:{_LETTER}(?:(?!\$){_WORD_PART})*)?\$")] if postgres else []),
        ("string", string),
        ("quoted", quoted),
        ("number", rf"(?:{_NUMBER})" + (r"(?![\w$])" if mysql else "")),
        ("param", param),
        ("word", (r"\d*" if mysql else "") + rf"{_LETTER}{_WORD_PART}*"),
        ("open", "['\"`]" if not postgres else "['\"]"),
        ("op", _OPERATOR),
    ]
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in groups), re.DOTALL)


_LINE = lazy_re(r"[^\n]*\n?")
_DELIMITER = lazy_re(r"[ \t]*(\S+)[^\n]*")
_COPY_END = lazy_re(r"^\\\.[ \t\r]*$", re.MULTILINE)
_ROUTINES = frozenset({"TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"})
_LOOPS = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})


class _Statement:
    """The tokens so far, and how deep in a routine's BEGIN ... END they are."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.depth = 0
        self.parens = 0
        self.routine = False

    def add(self, token: Token) -> None:
        tokens = self.tokens
        tokens.append(token)
        word = token.word
        if token.kind == "op":
            self.parens += (word == "(") - (word == ")")
        elif tokens[0].word == "CREATE" and word:
            if self.routine:
                self._nest(word, tokens[-2].word)
            elif word in _ROUTINES and self.parens == 0:
                self.routine = True

    def _nest(self, word: str, before: str) -> None:
        if (
            before == "END"
        ):  # END IF, END LOOP ... close what was never counted; END CASE closes one
            self.depth += word in _LOOPS
        elif word == "BEGIN" or (word == "CASE" and self.depth):
            self.depth += 1
        elif word == "END" and self.depth:
            self.depth -= 1

    @property
    def holds(self) -> bool:
        """Whether a semicolon here belongs to the statement."""
        if self.depth > 0:
            return True
        return self.parens > 0 and self._is_rule

    @property
    def _is_rule(self) -> bool:
        return bool(self.tokens) and "RULE" in [token.word for token in self.tokens[1:4]]

    @property
    def copies_from_stdin(self) -> bool:
        if not self.tokens or self.tokens[0].word != "COPY":
            return False
        spelled = [token.word for token in self.tokens]
        return ("FROM", "STDIN") in itertools.pairwise(spelled)


def split(text: str, dialect: str) -> Iterator[list[Token]]:
    """Yield the tokens of each statement; an `error` token ends the last where it cannot go on."""
    scan = _scanner(dialect).match
    statement = _Statement()
    delimiter = ""
    position, end = 0, len(text)
    while position < end:
        if delimiter and text.startswith(delimiter, position):
            yield statement.tokens
            statement = _Statement()
            position += len(delimiter)
            continue
        found = scan(text, position)
        kind = found.lastgroup if found else None
        if found is None or kind is None:  # the last alternative takes any character
            break
        start, position = position, found.end()
        if delimiter and kind == "word":  # END$$: a dollar sign is a letter, save in a delimiter
            cut = text.find(delimiter, start, position)
            position = cut if cut > 0 else position
        if kind in ("space", "comment"):
            continue
        if kind in ("block", "dollar", "open"):
            token, position = _enclosed(text, kind, found[0], start, dialect)
            if token is None:
                continue
            statement.add(token)
            continue
        word = text[start:position]
        if not statement.tokens:
            if word in ("\\", "\\:"):
                position = _line_end(text, start)
                if _RUNS.match(text, start):
                    yield [Token("client", "", start, position)]
                continue
            if kind == "word" and word.upper() == "DELIMITER" and dialect != "postgresql":
                delimiter, position = _new_delimiter(text, position)
                continue
        if word == ";" and not delimiter and not statement.holds:
            if statement.copies_from_stdin:
                position = _after_copy_data(text, position)
            yield statement.tokens
            statement = _Statement()
            continue
        named = word.upper() if kind in ("word", "op") else ""
        statement.add(Token(kind, ":" if word == "\\:" else named, start, position))
    yield statement.tokens


def _enclosed(
    text: str, kind: str, opening: str, start: int, dialect: str
) -> tuple[Token | None, int]:
    """Return the token that `opening` begins (None: a comment) and where it ends."""
    if kind == "dollar":
        close = text.find(opening, start + len(opening))
        if close >= 0:
            return Token("dollar", "", start, close + len(opening)), close + len(opening)
        what = f"dollar quote {opening} is never closed"
    elif kind == "block":
        after = _comment_end(text, start, nested=dialect == "postgresql")
        if after is not None:
            return None, after
        what = "comment is never closed"
    else:
        what = f"quote {opening} is never closed"
    return Token("error", what, start, len(text)), len(text)


# What psql then runs: a file, a shell, the rows of a query; or where it is connected to from there.
_RUNS = lazy_re(
    r"\\(!|i|ir|include|include_relative|copy|c|connect|g\w*|o|out|w|write|watch)(?!\w)"
)
_COMMENT_MARK = lazy_re(r"/\*|\*/")


def _comment_end(text: str, start: int, nested: bool) -> int | None:
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, start):
        if mark[0] == "*/":
            depth -= 1
        elif nested or depth == 0:
            depth += 1
        if depth == 0:
            return mark.end()
    return None


def _line_end(text: str, position: int) -> int:
    found = _LINE.match(text, position)
    return found.end() if found else len(text)


def _new_delimiter(text: str, position: int) -> tuple[str, int]:
    found = _DELIMITER.match(text, position)
    if not found:
        return "", position
    return ("" if found[1] == ";" else found[1]), found.end()


def _after_copy_data(text: str, position: int) -> int:
    """Return where the rows after COPY ... FROM stdin end; without an end mark there are none."""
    stop = _COPY_END.search(text, position)
    return stop.end() if stop else position


def stands_in(words: list[str], pattern: list[str]) -> bool:
    """Return whether the words of the pattern stand there one after the other; `*` is any."""
    return any(
        all(wanted in ("*", word) for wanted, word in zip(pattern, words[at:], strict=False))
        for at in range(len(words) - len(pattern) + 1)
        if words[at] == pattern[0]
    )
