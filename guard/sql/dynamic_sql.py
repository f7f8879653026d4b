"""The text that PL/pgSQL's EXECUTE runs, of `format()` or `||` and what is in sight of the pieces.

What `%I` or `%L` stands for may be unknown and is a hole, which can only be a name or a value. Of
`%s` it must be known, since it may be any piece of SQL. The same is so of `quote_ident(...)`,
`quote_literal(...)` and any other operand of `||`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guard.patterns import lazy_re
from guard.sql.cursor import Cursor, SqlText
from guard.sql.result import Hole
from guard.sql.tokens import Token

_PLACEHOLDER = lazy_re(r"%(?:(?P<number>\d+)\$)?(?:-?\d+)?(?P<kind>[sIL%])", re.A)
_PLAIN = lazy_re(r"[a-z_][a-z0-9_$]*", re.A)


class _Text:
    """A text that grows, and its holes."""

    def __init__(self) -> None:
        self.text = ""
        self.holes: list[Hole] = []

    def add(self, piece: str) -> None:
        self.text += piece

    def add_hole(self, code: str) -> None:
        start = len(self.text)
        self.text += "{" + code + "}"
        self.holes.append(Hole(start, len(self.text), code))

    def sql_of(self, source: SqlText) -> SqlText:
        """Return it as what a block in `source` executes."""
        return SqlText(self.text, "postgresql", tuple(self.holes), source.known, source.depth + 1)


def formatted(c: Cursor) -> SqlText | None:
    """Return what `format(...)` makes, `c` being between its parentheses; None: not known."""
    source = c.source
    template, *arguments = _split(c)
    pattern = _literal(source, template)
    if pattern is None:
        return None
    made, position, used = _Text(), 0, 0
    for found in _PLACEHOLDER.finditer(pattern):
        made.add(pattern[position : found.start()])
        position = found.end()
        if found["kind"] == "%":
            made.add("%")
            continue
        used = int(found["number"]) if found["number"] else used + 1
        if not 1 <= used <= len(arguments) or not _put(made, found["kind"], arguments[used - 1], c):
            return None
    made.add(pattern[position:])
    return made.sql_of(source)


_QUOTING = {"QUOTE_IDENT": "I", "QUOTE_LITERAL": "L", "QUOTE_NULLABLE": "L"}


def concatenated(c: Cursor) -> SqlText | None:
    """Return what `'...' || quote_ident(a) || '...'` makes; None: not known."""
    made = _Text()
    for operand in _split(c, "||"):
        match [token.word for token in operand]:
            case [call, "(", *_, ")"] if call in _QUOTING:
                is_known = _put(made, _QUOTING[call], operand[2:-1], c)
            case _:
                value = _literal(c.source, operand)
                made.add(value or "")
                is_known = value is not None
        if not is_known:
            return None
    return made.sql_of(c.source)


def _put(made: _Text, kind: str, argument: Sequence[Token], c: Cursor) -> bool:
    """Add what a placeholder stands for; return False where that cannot be told."""
    source = c.source
    value = _literal(source, argument)
    if value is None and (kind == "s" or not argument):
        return False
    code = source.text[argument[0].start : argument[-1].end] if value is None else ""
    if "\n" in code or "{" in code:
        return False
    if kind == "L":
        made.add("'")
        made.add_hole(code) if value is None else made.add(value.replace("'", "''"))
        made.add("'")
    elif value is None:
        made.add_hole(code)
    elif kind == "s" or _PLAIN.fullmatch(value):
        made.add(value)
    else:
        made.add('"' + value.replace('"', '""') + '"')
    return True


def _literal(source: SqlText, tokens: Sequence[Token]) -> str | None:
    """Return the value of a string that is written there, without holes and alone."""
    if len(tokens) != 1 or tokens[0].kind not in ("string", "dollar"):
        return None
    if next(source.holes_in(tokens[0].start, tokens[0].end), None) is not None:
        return None
    return source.string(tokens[0])


def _split(c: Cursor, separator: str = ",") -> Iterator[list[Token]]:
    """Yield the tokens of each argument, or of each operand."""
    depth, argument = 0, list[Token]()
    for token in c.tokens[c.index : c.stop]:
        if token.word == separator and depth == 0:
            yield argument
            argument = []
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.word, 0)
        argument.append(token)
    yield argument
