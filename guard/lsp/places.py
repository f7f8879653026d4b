"""Places in files as the protocol has them: URIs, and columns in the client's units."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris

from guard.patterns import lazy_re
from guard.statement import Span

_LINE_END = lazy_re(r"\r\n|\r|\n")  # no other character ends a line of the protocol


class Lines:
    """The lines of a text, whose columns guard counts in characters from 1 on.

    `encoding` is what the client counts: "utf-16" mostly.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self._lines = _LINE_END.split(text)
        self._encoding = encoding

    def range_of(self, span: Span) -> types.Range:
        """Return where a span is; one of no width reaches to the end of its line."""
        start = self._position(span.line, span.column)
        end = self._position(span.end_line, span.end_column)
        if end == start:
            end = self._position(span.line, len(self.line(span.line)) + 1)
        return types.Range(start, end)

    def exactly(self, span: Span) -> types.Range:
        """Return where a span is, though it may have no width: where something is put in."""
        start = self._position(span.line, span.column)
        return types.Range(start, self._position(span.end_line, span.end_column))

    def line(self, number: int) -> str:
        """Return a line by its number, empty where there is none."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def _position(self, line: int, column: int) -> types.Position:
        number = max(1, min(line, len(self._lines)))
        before = self.line(number)[: max(column - 1, 0)]
        return types.Position(number - 1, self._units(before))

    def _units(self, text: str) -> int:
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        if self._encoding == "utf-32":
            return len(text)
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


def overlap(one: types.Range, other: types.Range) -> bool:
    """Return whether two ranges touch; a cursor is a range of no width."""
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def path_of(uri: str) -> Path | None:
    """Return the file of a URI; None where it is none on disk (a diff, an untitled text)."""
    if uris.uri_scheme(uri) != "file":
        return None
    path = uris.to_fs_path(uri)
    return Path(path) if path else None


def uri_of(path: Path) -> str:
    """Return the URI of a file."""
    return uris.from_fs_path(str(path)) or path.as_uri()
