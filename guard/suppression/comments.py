"""Comments to guard in a file: `# guard: ignore[rule] reason` and its kin.

Comments are found by tokens, so that a text which merely holds such words is none. Within the
SQL text of a revision, `-- guard: ...` counts as well: there is the statement that it speaks of.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from guard.patterns import lazy_re
from guard.statement import Span

Kind = Literal["ignore", "ignore-file", "irreversible", "unknown"]
SHOWN = 10  # names of a comment in a message
KINDS: tuple[Kind, ...] = get_args(Kind)[:-1]

_MARK = lazy_re(r"(?:#|--)\s*guard:\s*", re.IGNORECASE)
_BODY = lazy_re(r"(?P<word>[\w-]+)\s*(?P<list>\[(?P<rules>[^\]]*)\])?[\s:–—-]*(?P<reason>.*)")
# Another tool's comment on the same line is not part of the reason, `see #42` is.
_REASON_END = lazy_re(r"\s#\s|\\n")
_COMMENT_STARTS = ("#", "--")

# A backslash escapes a quote in some databases only; before a letter (it\'s) it surely does.
_SQL_TOKEN = lazy_re(
    r"""
      (?P<comment> --[^\n]* )
    | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ (?P<body>.*?) (?: \$(?P=tag)\$ | \Z )
    | [eE]'(?: [^'\\]++ | \\. | '' )*'
    | '(?: [^'\\]++ | '' | \\'(?=\w) | \\ )*'
    | "(?: [^"]++ | "" )*"
    | `[^`]*`
    | /\*(?: .*?\*/ | .* )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = lazy_re(r"[a-zA-Z]*('''|\"\"\"|'|\")")
_DEPTH = 3  # how deep dollar quotes are followed into each other


def _tokens(*names: str) -> frozenset[int]:
    """The numbers of those token types that this Python knows."""
    return frozenset(number for name in names if (number := getattr(tokenize, name, None)))


_STRING_START = _tokens("STRING", "FSTRING_START", "TSTRING_START")
_STRING_END = _tokens("STRING", "FSTRING_END", "TSTRING_END")
_LINE_START = _tokens("NEWLINE", "INDENT", "DEDENT")
_IGNORED = _tokens("NL", "COMMENT")


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment to guard.

    `rules` are the names as written, `reason` is empty where none was given. `lines` are the first
    and the last line that it covers: its own and, where it stands alone, those to the next code.
    `kind` is `unknown` where the `word` should have been one of KINDS; such a comment does nothing.
    """

    kind: Kind
    word: str
    span: Span
    lines: tuple[int, int]
    rules: tuple[str, ...] = ()
    reason: str = ""

    @property
    def written(self) -> str:
        """The comment as messages name it, without its reason."""
        rules = [*self.rules[:SHOWN], "..."] if len(self.rules) > SHOWN else self.rules
        names = f"[{', '.join(rules)}]" if rules else ""
        return f"guard: {self.word}{names}"

    def covers(self, first: int, last: int) -> bool:
        """Return whether it speaks of these lines (of its file)."""
        return self.kind == "ignore-file" or (self.lines[0] <= last and self.lines[1] >= first)


def read_comments(path: str, text: str) -> tuple[Comment, ...]:
    """Return the comments to guard in a file, in their order.

    `path` decides the language: `.sql` or Python (`.ini` and `.toml` files are read as lines).
    A Python file that does not parse gives those before the place that stops the tokenizer.
    """
    if not _MARK.search(text):
        return ()
    text = text.removeprefix("\ufeff")
    suffix = path.rpartition(".")[2].lower()
    if suffix == "sql":
        places = _sql_places(text, 0, len(text))
    elif suffix in {"py", "pyi", "mako"}:
        places = _python_places(text)
    else:
        places = ((match.start(), match.end()) for match in re.finditer(r"^\s*#.*", text, re.M))
    file = _File(path, text)
    return tuple(comment for place in places if (comment := file.comment(*place)))


class _File:
    """Turns offsets into comments; knows where the lines of one text begin."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.starts = _line_starts(text)

    def comment(self, start: int, end: int) -> Comment | None:
        mark = _MARK.search(self.text, start, end)
        body = mark and _BODY.match(self.text, mark.end(), end)
        if not mark or not body:
            return None
        word = body["word"].lower()
        kind: Kind = next((kind for kind in KINDS if kind == word), "unknown")
        if kind == "unknown" and not body["list"]:
            return None  # prose: "# guard: not on replicas"
        line = self.text.count("\n", 0, mark.start()) + 1
        column = mark.start() - self.starts[line - 1] + 1
        names = body["rules"] or ""
        stop = len(self.text[mark.start() : end].rstrip())
        return Comment(
            kind=kind,
            word=word,
            span=Span(self.path, line, column, line, column + stop),
            lines=(line, self._last_line(line, column)),
            rules=tuple(dict.fromkeys(r.strip() for r in names.split(",") if r.strip())),
            reason=_REASON_END.split(body["reason"])[0].strip(),
        )

    def _last_line(self, line: int, column: int) -> int:
        """The line of the next code where the comment stands alone, else its own."""
        before = self.lines[line - 1][: column - 1].strip()
        if before.strip("rRbBfF\"'") and not before.startswith(_COMMENT_STARTS):
            return line
        for number in range(line + 1, len(self.lines) + 1):
            code = self.lines[number - 1].strip()
            if not code.startswith(_COMMENT_STARTS):
                return number if code else line
        return line


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _sql_places(text: str, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Yield start and end of each `--` comment; a dollar-quoted body is code as well."""
    for token in _SQL_TOKEN.finditer(text, start, end):
        if token["comment"]:
            yield token.span("comment")
        elif token["body"] and depth < _DEPTH:
            yield from _sql_places(text, *token.span("body"), depth + 1)


def _python_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each comment, and of those in strings that are no docstrings."""
    starts = _line_starts(text)
    opened: list[tuple[int, int]] = []  # f-strings: their pieces are tokens since Python 3.12
    documents = True  # a string that begins a logical line is documentation
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = token.type
            if kind == tokenize.COMMENT and not opened:
                begin = starts[token.start[0] - 1] + token.start[1]
                yield begin, begin + len(token.string)
            if kind in _STRING_START:
                opened.append(token.start)
            if kind in _STRING_END:
                line, column = opened.pop()
                if not opened and not documents:
                    end = starts[token.end[0] - 1] + token.end[1]
                    yield from _string_places(text, starts[line - 1] + column, end)
            if not opened and kind not in _IGNORED:
                documents = kind in _LINE_START
    except (tokenize.TokenError, SyntaxError):
        return


def _string_places(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    quotes = _QUOTES.match(text, start, end)
    if quotes and "guard:" in text[start:end].lower():
        yield from _sql_places(text, quotes.end(), end - len(quotes[1]))
