"""Text with a memory: every piece knows whether it was written in sight, computed or came from
outside, and at which place of which string literal its characters stand.
"""

from __future__ import annotations

import bisect
import itertools
import textwrap
from collections.abc import Iterable, Iterator

import msgspec

from guard.patterns import lazy_re
from guard.reader.evaluate.literals import Literal
from guard.statement import Origin, Span

_RANK: dict[Origin, int] = {"literal": 0, "constant": 1, "outside": 2}


class Part(msgspec.Struct, frozen=True):
    """A run of characters of one origin.

    `code` is the expression that gave it, for anything but a literal. `hole`: the characters are
    not known and `text` is that expression in braces; `inspected`: the database's catalogue gave
    it. `literal` and `offset` say where in the source the characters stand.
    """

    text: str
    origin: Origin = "literal"
    code: str = ""
    hole: bool = False
    inspected: bool = False
    literal: Literal | None = None
    offset: int = 0

    def slice(self, start: int, end: int) -> Part:
        """Return the part's characters from `start` to `end`; a hole cannot be cut."""
        if self.hole or (start <= 0 and end >= len(self.text)):
            return self
        start = max(start, 0)
        return msgspec.structs.replace(self, text=self.text[start:end], offset=self.offset + start)


class Text(msgspec.Struct, frozen=True):
    """A string value; `how` names the ways in which it was put together (`f-string`, `%`, ...)."""

    parts: tuple[Part, ...]
    how: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, origin: Origin = "constant", code: str = "") -> Text:
        """Return a known text of one piece."""
        return cls((Part(text, origin, code),) if text else ())

    @classmethod
    def hole(cls, code: str, origin: Origin = "outside", *, inspected: bool = False) -> Text:
        """Return a text of which nothing is known but the expression that makes it."""
        return cls((Part("{" + code + "}", origin, code, hole=True, inspected=inspected),))

    @property
    def plain(self) -> str:
        """The characters, with `{expression}` for each hole."""
        return "".join(part.text for part in self.parts)

    @property
    def known(self) -> bool:
        return not any(part.hole for part in self.parts)

    @property
    def has_content(self) -> bool:
        """Whether it is certainly not empty."""
        return any(part.text for part in self.parts if not part.hole)

    @property
    def origin(self) -> Origin:
        """The least trustworthy origin of its parts."""
        return max((p.origin for p in self.parts), key=_RANK.__getitem__, default="literal")

    def place(self, offset: int) -> Span | None:
        """Return the place in the source of the character at `offset`; None if it is computed."""
        position = 0
        for part in self.parts:
            if offset < position + len(part.text) and part.literal is not None:
                return part.literal.place(part.offset + max(offset - position, 0))
            position += len(part.text)
        last = self.parts[-1] if self.parts else None
        if last is not None and last.literal is not None:
            return last.literal.place(last.offset + len(last.text))
        return None

    def span(self, start: int, end: int) -> Span | None:
        """Return where the characters from `start` to `end` stand; None where that is computed."""
        first, last = self.place(start), self.place(end - 1)
        if first is None or last is None or first.path != last.path or end <= start:
            return first
        if (last.line, last.column) < (first.line, first.column):
            return first  # it ends with a constant that is written elsewhere
        return Span(first.path, first.line, first.column, last.line, last.column + 1)

    def embedded(self, code: str) -> Text:
        """Return the text as a piece of another one: its literal parts are now a constant's."""
        return Text(
            tuple(
                msgspec.structs.replace(part, origin="constant", code=code)
                if part.origin == "literal"
                else part
                for part in self.parts
            ),
            self.how,
        )

    def slice(self, start: int, end: int) -> Text:
        """Return the characters from `start` to `end` of `plain`; holes stay whole."""
        return Cuts(self).slice(start, end)


class Cuts:
    """Slices of one text: many of them take no longer than the text and what they give."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._starts = [0, *itertools.accumulate(len(part.text) for part in text.parts)]

    def slice(self, start: int, end: int) -> Text:
        """Return `text.slice(start, end)`."""
        starts, parts = self._starts, self._text.parts
        first = max(bisect.bisect_right(starts, start) - 1, 0)
        last = bisect.bisect_left(starts, end)
        cut = (
            parts[i].slice(start - starts[i], end - starts[i])
            for i in range(first, last)
            if i < len(parts) and starts[i + 1] > start
        )
        return Text(tuple(part for part in cut if part.text), self._text.how)


def concat(texts: Iterable[Text], how: str | None = None) -> Text:
    """Return the texts one after the other."""
    parts: list[Part] = []
    ways: dict[str, None] = {}
    for text in texts:
        parts.extend(text.parts)
        ways.update(dict.fromkeys(text.how))
    if how:
        ways[how] = None
    return Text(tuple(parts), tuple(ways))


def dedent(text: Text) -> Text:
    """Return `textwrap.dedent(text)`, keeping where each character stands."""
    plain = text.plain
    dedented = textwrap.dedent(plain)
    old_lines = plain.split("\n")
    new_lines = dedented.split("\n")
    if len(old_lines) != len(new_lines):
        return Text.of(dedented, text.origin)
    pieces: list[Text] = []
    cuts = Cuts(text)
    position = 0
    for index, (old, new) in enumerate(zip(old_lines, new_lines, strict=True)):
        start = position + len(old) - len(new)
        end = position + len(old) + (1 if index < len(old_lines) - 1 else 0)
        pieces.append(cuts.slice(start, end))
        position += len(old) + 1
    return concat(pieces)


def strip(text: Text, left: bool, right: bool, characters: str | None = None) -> Text:
    """Return `text.strip()`, `lstrip()` or `rstrip()`."""
    plain = text.plain
    start = len(plain) - len(plain.lstrip(characters)) if left else 0
    end = len(plain.rstrip(characters)) if right else len(plain)
    return text.slice(start, max(end, start))


def replace(text: Text, old: str, new: Text, limit: int = -1) -> Text:
    """Return `text.replace(old, new, limit)`; `new` is marked as embedded by the caller."""
    if not old:
        return text
    plain = text.plain
    pieces: list[Text] = []
    cuts = Cuts(text)
    position = 0
    while (found := plain.find(old, position)) >= 0 and len(pieces) // 2 != limit:
        pieces += [cuts.slice(position, found), new]
        position = found + len(old)
    if not pieces:
        return text
    pieces.append(cuts.slice(position, len(plain)))
    return concat(pieces, "replace")


def join(separator: Text, items: list[Text]) -> Text:
    """Return `separator.join(items)`."""
    pieces: list[Text] = []
    for index, item in enumerate(items):
        pieces += [separator, item] if index else [item]
    return concat(pieces, "join")


def split(text: Text, separator: str | None, limit: int = -1) -> list[Text]:
    """Return `text.split(separator, limit)`, keeping where each character stands."""
    plain = text.plain
    pieces: list[Text] = []
    cuts = Cuts(text)
    position = 0
    for word in plain.split(separator, limit):
        start = plain.index(word, position)
        pieces.append(cuts.slice(start, start + len(word)))
        position = start + len(word) + len(separator or "")
    return pieces


def split_lines(text: Text, keep_ends: bool = False) -> list[Text]:
    """Return `text.splitlines()`, keeping where each character stands."""
    pieces: list[Text] = []
    cuts = Cuts(text)
    position = 0
    for line in text.plain.splitlines(keepends=True):
        kept = line if keep_ends else line.splitlines()[0]
        pieces.append(cuts.slice(position, position + len(kept)))
        position += len(line)
    return pieces


def map_plain(text: Text, changed: str) -> Text:
    """Return the text with other characters of the same number (upper, lower, translate)."""
    if len(changed) != len(text.plain):
        return Text.of(changed, text.origin)
    parts: list[Part] = []
    position = 0
    for part in text.parts:
        new = part.text if part.hole else changed[position : position + len(part.text)]
        parts.append(msgspec.structs.replace(part, text=new))
        position += len(part.text)
    return Text(tuple(parts), text.how)


_PERCENT = lazy_re(r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.\d+)?(?P<kind>[a-zA-Z%])")
_BRACE = lazy_re(r"\{\{|\}\}|\{(?P<field>[^{}!:]*(?:![rsa])?(?::[^{}]*)?)\}")
_STEP = lazy_re(r"\.\w+|\[[^\]]*\]")
_DOLLAR = lazy_re(r"\$(?:(?P<escaped>\$)|(?P<named>\w+)|\{(?P<braced>\w+)\})")


def percent_fields(text: Text) -> Iterator[tuple[int, int, str | None, str]]:
    """Yield (start, end, key, kind) of each `%` directive."""
    for match in _PERCENT.finditer(text.plain):
        yield match.start(), match.end(), match["key"], match["kind"]


def brace_fields(text: Text) -> Iterator[tuple[int, int, str | None]]:
    """Yield (start, end, field) of each `{field!r:spec}`; the field is None for `{{` and `}}`."""
    for match in _BRACE.finditer(text.plain):
        yield match.start(), match.end(), match["field"]


def dollar_fields(text: Text) -> Iterator[tuple[int, int, str | None]]:
    """Yield (start, end, name) of each `string.Template` field; the name is None for `$$`."""
    for match in _DOLLAR.finditer(text.plain):
        yield match.start(), match.end(), match["named"] or match["braced"]


def field_path(field: str) -> tuple[str, list[str]]:
    """Return `a.b[c]` as its first name and the steps from there."""
    steps = _STEP.findall(field)
    return field[: len(field) - sum(map(len, steps))], steps
