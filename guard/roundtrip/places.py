"""Where exactly a line of a revision points: the call that stands there, from end to end."""

from __future__ import annotations

import ast
import tokenize
from pathlib import Path

from guard.statement import Span


def span_at(file: Path, shown: str, line: int) -> Span:
    """Return the place of the code on `line` of `file`, whose path is shown as `shown`.

    The outermost call, else the text of the line; the line alone where `file` cannot be read.
    """
    try:
        with tokenize.open(file) as opened:
            text = opened.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return Span(shown, line)
    lines = text.split("\n")
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno == line)
    call = next(calls, None)  # ast.walk meets the outer one before the inner
    if call is None:
        words = lines[line - 1] if line <= len(lines) else ""
        begin = len(words) - len(words.lstrip())
        return Span(shown, line, begin + 1, line, max(begin, len(words.rstrip())) + 1)
    last = call.end_lineno or line
    return Span(
        shown,
        line,
        _column(lines[line - 1], call.col_offset),
        last,
        _column(lines[last - 1], call.end_col_offset or 0),
    )


def _column(text: str, offset: int) -> int:
    """Return the 1-based column in characters of a UTF-8 byte offset."""
    return len(text.encode()[:offset].decode(errors="replace")) + 1
