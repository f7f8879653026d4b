"""Where exactly a line of a revision points: the call that stands there, from end to end."""

from __future__ import annotations

import ast
from pathlib import Path

from guard.newer_python import NewerPythons
from guard.paths import read_bytes
from guard.python_source import PythonSource, SourceError
from guard.statement import Span


def span_at(file: Path, shown: str, line: int, newer: NewerPythons | None = None) -> Span:
    """Return the place of the code on `line` of `file`, whose path is shown as `shown`.

    The outermost call, else the text of the line; the line alone where `file` cannot be read.
    """
    try:
        source = PythonSource(shown, read_bytes(file), newer)
        nodes = ast.walk(source.tree)
    except (OSError, SourceError):
        return Span(shown, line)
    calls = (node for node in nodes if isinstance(node, ast.Call) and node.lineno == line)
    call = next(calls, None)  # ast.walk meets the outer one before the inner
    if call is not None:
        return source.span(call)
    words = source.lines[line - 1] if line <= len(source.lines) else ""
    begin = len(words) - len(words.lstrip())
    return Span(shown, line, begin + 1, line, max(begin, len(words.rstrip())) + 1)
