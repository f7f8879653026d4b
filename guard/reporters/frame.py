"""A source frame: the lines that a finding speaks of, with a mark under the place."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from guard.credentials import MASK, secrets
from guard.patterns import lazy_re
from guard.printable import LOG_COMMAND, REPLACEMENT, is_printable
from guard.statement import Span

MOST_LINES = 5
_TAB = 4
_CUT = "..."
_NEAR = 5000  # characters of one line that are looked at on each side of a place
_LINE_END = lazy_re(r"\r\n|\r|\n")


class Row(msgspec.Struct, frozen=True):
    """One row of a frame: `number` is None for marks; `mark` where the text is one."""

    text: str
    number: int | None = None
    mark: bool = False


def split_lines(source: str) -> list[str]:
    """Return the lines of a file as Python and editors count them, without their ends."""
    return _LINE_END.split(source.removeprefix("\ufeff"))


def frame(span: Span, lines: Sequence[str], width: int) -> list[Row]:
    """Return the rows for a span, at most `width` columns wide; none where there is no text.

    `lines` are those of the whole file. Tabs are four columns, wide characters two; what would
    steer a terminal is replaced and passwords are masked.
    """
    last = min(span.end_line, len(lines))
    if not any(line.strip() for line in lines[span.line - 1 : last]):
        return []
    if last == span.line:
        return _one_line(span, lines[span.line - 1], width)
    return _several_lines(span, lines, last, width)


def _one_line(span: Span, line: str, width: int) -> list[Row]:
    skipped = max(0, span.column - _NEAR)
    line = line[skipped : skipped + 2 * _NEAR]
    cells, columns = _cells(line)
    start = columns[min(span.column - 1 - skipped, len(line))]
    one_line = span.end_line == span.line
    end = columns[min(span.end_column - 1 - skipped, len(line))] if one_line else len(cells)
    end = max(end, start + 1)
    left = 0
    if len(cells) > width and end > width:  # move the window to where the mark begins
        left = max(0, min(start - width // 4, len(cells) - width))
    text = _window(cells, left, width)
    marks = " " * (start - left) + "^" * (min(end, left + width) - start)
    return [Row(text, span.line), Row(marks, mark=True)]


def _several_lines(span: Span, lines: Sequence[str], last: int, width: int) -> list[Row]:
    """Draw a bar beside the lines and a mark under the last character."""
    numbers = list(range(span.line, last + 1))
    if len(numbers) > MOST_LINES:
        numbers = [*numbers[: MOST_LINES - 2], last]
    rows = []
    for number, following in pairwise([*numbers, last]):
        bar = "/ " if number == span.line else "| "
        cells, columns = _cells(lines[number - 1][:_NEAR])
        rows.append(Row(bar + _window(cells, 0, width - 2), number))
        if following > number + 1:
            rows.append(Row("| " + _CUT))
    end = columns[min(span.end_column, len(columns)) - 1] if last == span.end_line else columns[-1]
    rows.append(Row("|_" + "_" * min(max(end - 1, 0), width - 3) + "^", mark=True))
    return rows


def _cells(line: str) -> tuple[list[str], list[int]]:
    """Return one text for each column on the screen, and the column where each character begins."""
    cells: list[str] = []
    columns: list[int] = []
    line = LOG_COMMAND.sub("#" + REPLACEMENT, line)
    hidden = {index: start for start, end in secrets(line) for index in range(start, end)}
    for index, character in enumerate(line):
        columns.append(len(cells))
        if index in hidden:
            cells += MASK if hidden[index] == index else ""
        elif character == "\t":
            cells += " " * (_TAB - len(cells) % _TAB)
        elif not is_printable(character):
            cells.append(REPLACEMENT)
        elif unicodedata.category(character) in {"Mn", "Me"} and cells:
            cells[-1] += character
        elif unicodedata.east_asian_width(character) in {"W", "F"}:
            cells += [character, ""]
        else:
            cells.append(character)
    return cells, [*columns, len(cells)]


def _window(cells: list[str], left: int, width: int) -> str:
    """Return the columns from `left` on, with dots where the line goes on."""
    right = left + width
    before = _CUT if left else ""
    after = _CUT if right < len(cells) else ""
    start, end = left + len(before), min(right, len(cells)) - len(after)
    shown = cells[start:end]
    if shown and not shown[0]:
        shown[0] = " "  # its left half is cut off
    if shown and end < len(cells) and not cells[end]:
        shown[-1] = " "  # its right half is
    return before + "".join(shown).rstrip() + after
