"""Whether an edit of a revision changes what it does, how far, and in which lines."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Literal

import msgspec

from guard.history.program import Program, program
from guard.python_source import PythonSource
from guard.statement import Direction

SHOWN = 120  # characters of a line

Reach = Literal["upgrade", "timeout", "downgrade"]
Line = tuple[int, str]


class Difference(msgspec.Struct, frozen=True):
    """What an edit changed, and the lines that tell: `- ` before those gone, `+ ` before new ones.

    `reach`: what the upgrade does, only how long it waits, or only the downgrade. `line` is where
    to point in the new text: the first new line, or the function that lost some.
    """

    reach: Reach
    line: int
    lines: tuple[str, ...]


def difference_of(before: PythonSource, after: PythonSource) -> Difference | None:
    """Return how two sources of a revision differ, None where they do the same.

    Raises SourceError for a source that does not parse.
    """
    try:
        return _of_programs(before, after)
    except RecursionError:  # an expression of a thousand terms: then the text decides
        return text_difference(before.text, after.text)


def _of_programs(before: PythonSource, after: PythonSource) -> Difference | None:
    directions: tuple[Direction, ...] = ("upgrade", "downgrade")
    for direction in directions:
        was, now = (program(side.tree, direction) for side in (before, after))
        if was.does_the_same(now):
            continue
        reach: Reach = direction
        if direction == "upgrade" and _same_but_for_timeouts(before, after):
            reach = "timeout"
        line, lines = _lines(before, after, was, now)
        return Difference(reach, line, lines)
    return None


def _same_but_for_timeouts(before: PythonSource, after: PythonSource) -> bool:
    was, now = (program(side.tree, "upgrade", timeouts=False) for side in (before, after))
    return was.does_the_same(now)


def text_difference(before: str, after: str) -> Difference | None:
    """Return the lines that differ but for the blanks around them, None where none does."""
    old, new = (_numbered(text.removesuffix("\n").split("\n")) for text in (before, after))
    if [text.strip() for _, text in old] == [text.strip() for _, text in new]:
        return None
    gone, come = _differing(old, new)
    line = come[0][0] if come else min(gone[0][0], max(1, len(new)))
    return Difference("upgrade", line, _told(gone, come))


def content_hash(text: str) -> str:
    """Return the SHA-256 of a text in hex; line endings do not count."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def meaning_hash(source: PythonSource) -> str:
    """Return a SHA-256 in hex of what a revision's source does, up and down.

    It is the same however the source is written, and for each version of Python that reads it.
    Raises SourceError for a source that does not parse.
    """
    directions: tuple[Direction, ...] = ("upgrade", "downgrade")
    try:
        done = [_plainly(program(source.tree, direction).statements) for direction in directions]
    except RecursionError:
        return content_hash(source.text)
    return content_hash(repr(done))


def _plainly(value: object) -> object:
    """A piece of code without its places, and without what is empty: newer Pythons add fields."""
    if isinstance(value, ast.Constant):
        return ("Constant", repr(value.value))
    if isinstance(value, ast.AST):
        fields = ((name, _plainly(inner)) for name, inner in ast.iter_fields(value))
        kept = tuple((name, inner) for name, inner in fields if inner not in (None, ()))
        return (type(value).__name__, *kept)
    if isinstance(value, list | tuple):
        return tuple(map(_plainly, value))
    return None if value is None else repr(value)


# The lines that tell


class _Unit(msgspec.Struct, frozen=True):
    """A statement, or the head of a block: what it says, where it stands, and in which function."""

    key: str
    first: int
    last: int
    function: str


def _lines(
    before: PythonSource, after: PythonSource, was: Program, now: Program
) -> tuple[int, tuple[str, ...]]:
    old_text, new_text = before.lines, after.lines
    old, new = ([*_units(side.statements)] for side in (was, now))
    matcher = SequenceMatcher(None, [u.key for u in old], [u.key for u in new], autojunk=False)
    told: list[str] = []
    line = 0
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, come = _differing(_written(old_text, old[i:j]), _written(new_text, new[k:m]))
        if [text for _, text in gone] == [text for _, text in come]:
            continue  # the same words, which mean something else
        told += _told(gone, come)
        line = line or (come[0][0] if come else 0)
        if not come and not line:
            line = _function_line(new, old[i].function)
    if not told:
        gone, come = _differing(_imports(before), _imports(after))
        told, line = [*_told(gone, come)], come[0][0] if come else 0
    return line or 1, tuple(told)


def _imports(source: PythonSource) -> list[Line]:
    found = (n for n in ast.walk(source.tree) if isinstance(n, ast.Import | ast.ImportFrom))
    return [
        (number, source.lines[number - 1])
        for node in sorted(found, key=lambda node: node.lineno)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    ]


def _function_line(units: Iterable[_Unit], function: str) -> int:
    return next((unit.first for unit in units if unit.function == function), 0)


def _units(nodes: Iterable[ast.AST], function: str = "", depth: int = 0) -> Iterator[_Unit]:
    for node in nodes:
        if not depth:
            function = getattr(node, "name", "")
        blocks = [*_blocks(node)]
        inner = [child for _, block in blocks for child in block]
        own = [node, *(n for n in ast.iter_child_nodes(node) if n not in inner)]
        start, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        if blocks:
            ends = (getattr(part, "end_lineno", start) for part in own[1:])
            end = max(start, *ends, start)
        yield _Unit(f"{depth} {_head(node)}", start, end, function)
        for name, block in blocks:
            if block:
                yield _Unit(f"{depth} {name}", 0, -1, function)
            yield from _units(block, function, depth + 1)


def _blocks(node: ast.AST) -> Iterator[tuple[str, list[ast.AST]]]:
    """The fields of a statement that hold statements."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield name, block


def _head(node: ast.AST) -> str:
    """What a statement says but for the statements in it."""
    names = {name for name, _ in _blocks(node)}
    rest = ((name, value) for name, value in ast.iter_fields(node) if name not in names)
    return f"{type(node).__name__}({', '.join(f'{n}={_dump(value)}' for n, value in rest)})"


def _dump(value: object) -> str:
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, list):
        return ", ".join(map(_dump, value))
    return repr(value)


def _written(text: Sequence[str], units: Iterable[_Unit]) -> list[Line]:
    """The lines of the units as they are written, but for blank ones and comments."""
    found: dict[int, str] = {}
    for unit in units:
        for number in range(unit.first, unit.last + 1):
            found[number] = text[number - 1]
    return [(n, line) for n, line in found.items() if line.strip() and line.strip()[0] != "#"]


def _differing(old: list[Line], new: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines that only one side has; where only blanks differ, those that differ in them."""
    for strip in (str.strip, str):
        was, now = ([strip(text) for _, text in side] for side in (old, new))
        matcher = SequenceMatcher(None, was, now, autojunk=False)
        changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
        gone = [line for _, i, j, _, _ in changes for line in old[i:j]]
        come = [line for _, _, _, k, m in changes for line in new[k:m]]
        if gone or come:
            return gone, come
    return old, new  # the same lines, in other blocks


def _numbered(lines: Iterable[str]) -> list[Line]:
    return [*enumerate(lines, start=1)]


def _told(gone: Sequence[Line], come: Sequence[Line]) -> tuple[str, ...]:
    old, new = [text.strip() for _, text in gone], [text.strip() for _, text in come]
    starts = [0] * max(len(old), len(new))
    if len(old) == len(new):  # long lines are shown from where they begin to differ
        starts = [len(commonprefix([*pair])) for pair in zip(old, new, strict=True)]  # noqa: RUF071
    lines = [f"- {_short(text, start)}" for text, start in zip(old, starts, strict=False)]
    lines += [f"+ {_short(text, start)}" for text, start in zip(new, starts, strict=False)]
    return tuple(lines)


def _short(line: str, start: int) -> str:
    """The line, or so much of it as a message can hold, a little of what is before `start` too."""
    if len(line) <= SHOWN:
        return line
    begin = max(0, start - SHOWN // 3) if start > SHOWN * 2 // 3 else 0
    end = begin + SHOWN
    return ("..." if begin else "") + line[begin:end] + ("..." if end < len(line) else "")
