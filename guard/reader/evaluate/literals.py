"""Where the characters of a string literal stand in the source."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.statement import Span

_OPENING = lazy_re(r"(?P<prefix>[rRbBuUfF]{0,2})(?P<quote>'''|\"\"\"|'|\")")
_ESCAPE = lazy_re(
    r"\\(?:\r?\n|N\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}"
    r"|[0-7]{1,3}|.)",
    re.S,
)


class Literal:
    """The plain text of a string node, or of one constant piece of an f-string.

    Places are found when asked for: few strings are ever pointed into.
    """

    def __init__(self, source: PythonSource, node: ast.expr, piece: int | None = None):
        self._source = source
        self._node = node
        self._piece = piece  # which run of plain text, for an f-string

    @property
    def path(self) -> str:
        """The file that the string is written in."""
        return self._source.path

    def place(self, offset: int) -> Span:
        """Return the place of the character at `offset` of the value."""
        runs = self._runs
        places = runs[self._piece or 0] if (self._piece or 0) < len(runs) else []
        if not places:
            span = self._source.span(self._node)
            return Span(span.path, span.line, span.column)
        if offset < len(places):
            line, column = places[offset]
        else:
            line, column = places[-1]
            column += 1
        return Span(self._source.path, line, column)

    @cached_property
    def _runs(self) -> list[list[tuple[int, int]]]:
        """Places (1-based line and column) of the characters of each run of plain text."""
        node = self._node
        source, starts = _segment(self._source, node)
        begins = [begin for begin, _ in starts]
        runs: list[list[tuple[int, int]]] = [[]]

        def at(index: int) -> tuple[int, int]:
            line = bisect_right(begins, index) - 1
            begin, column = starts[line]
            return node.lineno + line, index - begin + column + 1

        position = 0
        while opening := _next_string(source, position):
            prefix, quote = opening["prefix"].lower(), opening["quote"]
            position = _scan(source, opening.end(), quote, prefix, runs, at)
        return runs


def _segment(source: PythonSource, node: ast.expr) -> tuple[str, list[tuple[int, int]]]:
    """Return the node's source, and for each of its lines (index in it, column it starts at)."""
    span = source.span(node)
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    total = 0
    for number in range(span.line, min(span.end_line, len(source.lines)) + 1):
        line = source.lines[number - 1]
        begin = span.column - 1 if number == span.line else 0
        end = span.end_column - 1 if number == span.end_line else len(line)
        starts.append((total, begin))
        pieces.append(line[begin:end])
        total += len(pieces[-1])
    return "".join(pieces), starts


def _next_string(source: str, position: int) -> re.Match[str] | None:
    """Return the opening of the next string of an implicit concatenation, past comments."""
    while position < len(source):
        if source[position] == "#":
            end = source.find("\n", position)
            position = len(source) if end < 0 else end
        elif match := _OPENING.match(source, position):
            return match
        else:
            position += 1
    return None


def _scan(
    source: str,
    position: int,
    quote: str,
    prefix: str,
    runs: list[list[tuple[int, int]]],
    at: Callable[[int], tuple[int, int]],
) -> int:
    """Add the places of one string token's characters to `runs`; return where the token ends."""
    raw, formatted = "r" in prefix, "f" in prefix
    while position < len(source):
        if source.startswith(quote, position):
            return position + len(quote)
        character = source[position]
        if character == "\\" and not raw and (escape := _ESCAPE.match(source, position)):
            if not escape[0].endswith("\n"):
                runs[-1].append(at(position))
            position = escape.end()
        elif formatted and character in "{}":
            if source[position + 1 : position + 2] == character:
                runs[-1].append(at(position))
                position += 2
            else:
                position = _after_field(source, position)
                runs.append([])
        else:
            if raw and character == "\\":
                runs[-1].append(at(position))
                position += 1
                if position < len(source):
                    runs[-1].append(at(position))
            else:
                runs[-1].append(at(position))
            position += 1
    return position


def _after_field(source: str, position: int) -> int:
    """Return the index after the `}` that closes the replacement field at `position`."""
    depth = 0
    while position < len(source):
        character = source[position]
        if character in "{[(":
            depth += 1
        elif character in "}])":
            depth -= 1
            if depth == 0:
                return position + 1
        elif character in "'\"" and depth:
            closing = source.find(character, position + 1)
            position = closing if closing > 0 else position
        position += 1
    return position
