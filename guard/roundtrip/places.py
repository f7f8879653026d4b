"""Where exactly a line of a revision points: the call that stands there, from end to end."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from guard.newer_python import NewerPythons
from guard.paths import read_bytes
from guard.patterns import lazy_re
from guard.python_source import PythonSource, SourceError
from guard.statement import Span

Frame = tuple[str, int, str]  # a file, its line, and the function
_FRAME = lazy_re(r'  File "(.+)", line (\d+) in (.+)')
_STACK = lazy_re(r"^Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$", re.MULTILINE)
_QUOTED = 5  # lines of what a process printed


def stack_in(output: str) -> tuple[str, list[Frame]]:
    """Return the last lines that a process printed, and where it stood when its time was over.

    The frames of its main thread, the innermost first; none where it wrote no stack.
    """
    printed, *stacks = _STACK.split(output)
    last = "\n".join(printed.splitlines()[-_QUOTED:])
    threads = re.split(r"^(?:Current thread|Thread) .*$", stacks[-1], flags=re.M) if stacks else []
    frames = [_FRAME.match(line) for line in threads[-1].splitlines()] if threads else []
    return last, [(found[1], int(found[2]), found[3]) for found in frames if found]


def is_own(file: Path, root: Path) -> bool:
    """Return whether a file is the project's, and no library's that is installed in it."""
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return not installed and file.is_file() and file.resolve().is_relative_to(root)


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
