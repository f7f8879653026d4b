"""Edits made in a file: all else stays as it is, newlines and encoding too."""

from __future__ import annotations

from collections.abc import Iterable

from guard.finding import Edit
from guard.patterns import lazy_re

_LINE_END = lazy_re(r"\r\n|\r|\n")


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made; its newlines may be of any kind, and stay of that kind.

    The edits do not overlap; of several at one place the first comes first.
    """
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    newline = found[0] if (found := _LINE_END.search(text)) else "\n"
    done, at = [], 0
    for edit in sorted(edits, key=lambda one: (one.span.line, one.span.column)):
        first = starts[edit.span.line - 1] + edit.span.column - 1
        last = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        done += [text[at:first], edit.text.replace("\n", newline)]
        at = last
    return "".join([*done, text[at:]])


def overlap(one: Edit, other: Edit) -> bool:
    """Return whether two edits touch the same characters, or insert at one place."""
    (first, last), (begin, end) = (_ends(edit) for edit in (one, other))
    return one.span.path == other.span.path and ((first < end and begin < last) or first == begin)


def _ends(edit: Edit) -> tuple[tuple[int, int], tuple[int, int]]:
    span = edit.span
    return (span.line, span.column), (span.end_line, span.end_column)
