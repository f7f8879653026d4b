"""Whether an edit of a revision changes what it does, and where.

Comments, formatting, docstrings and the annotations of the revision's own variables do not count,
nor do those variables themselves: what they say is compared as values, which its header holds.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeVar

import msgspec

from guard.project.revision_header import NAMES
from guard.python_source import PythonSource

SHOWN = 120  # characters of a line


class Difference(msgspec.Struct, frozen=True):
    """What differs first: its line in the new text, and both lines as written.

    That is the line where the statement begins or, where both begin alike, the line inside it. A
    line is empty where what stands there is only on the other side.
    """

    line: int
    before: str
    after: str


def first_difference(before: PythonSource, after: PythonSource) -> Difference | None:
    """Return where two sources first do something else, None where they are the same program.

    Raises SourceError for a source that does not parse.
    """
    try:
        pair = _first_pair(_program(before.tree), _program(after.tree))
        return _located(_split(before.text), _split(after.text), *pair) if pair else None
    except RecursionError:  # an expression of a thousand terms: then the text decides
        return first_line(before.text, after.text)


def first_line(before: str, after: str) -> Difference | None:
    """Return the first line that differs but for the blanks around it, None where none does."""
    pairs = zip_longest(_split(before), _split(after), fillvalue="")
    for number, (was, now) in enumerate(pairs, start=1):
        if was.strip() != now.strip():
            return Difference(number, _short(was), _short(now))
    return None


def _split(text: str) -> list[str]:
    """The lines as Python counts them: a form feed ends none."""
    return text.removesuffix("\n").split("\n")


def content_hash(text: str) -> str:
    """Return the SHA-256 of a text in hex; line endings do not count."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _program(tree: ast.Module) -> list[ast.stmt]:
    """The module's statements but for what does nothing and the revision's own variables."""
    return [node for node in _bare(tree).body if not _is_header(node)]


Node = TypeVar("Node", bound=ast.AST)
_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)


def _bare(node: Node) -> Node:
    """A copy of statements without what does nothing; the expressions are those of the tree."""
    bare = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            setattr(bare, name, [_bare(i) if isinstance(i, _STATEMENTS) else i for i in value])
    if isinstance(bare, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        documented = ast.get_docstring(bare, clean=False) is not None
        body = bare.body[1:] if documented else bare.body
        bare.body = [inner for inner in body if not isinstance(inner, ast.Pass)]
    return bare


def _is_header(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return all(isinstance(target, ast.Name) and target.id in NAMES for target in targets)


Pair = tuple[ast.stmt | None, ast.stmt | None]


def _first_pair(old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Pair | None:
    """The first statements that differ, as deep inside blocks as they can be told apart."""
    for was, now in zip_longest(old, new):
        if was is None or now is None:
            return was, now
        if ast.dump(was) != ast.dump(now):
            return _deeper(was, now) or (was, now)
    return None


def _deeper(was: ast.stmt, now: ast.stmt) -> Pair | None:
    if type(was) is not type(now) or _dump_without_body(was) != _dump_without_body(now):
        return None
    return _first_pair(getattr(was, "body", ()), getattr(now, "body", ()))


def _dump_without_body(node: ast.stmt) -> list[str]:
    rest = ((name, value) for name, value in ast.iter_fields(node) if name != "body")
    return [f"{name}={_dump(value)}" for name, value in rest]


def _dump(value: object) -> str:
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, list):
        return ", ".join(map(_dump, value))
    return repr(value)


Located = ast.stmt | ast.expr | ast.keyword
Part = Located | None


def _located(old: list[str], new: list[str], was: Part, now: Part) -> Difference:
    """Look inside a statement of several lines until the lines to show differ."""
    line = now.lineno if now else max(1, len(new))
    while was and now and _line(old, was) == _line(new, now):
        line = now.lineno
        inner = _first_inner(was, now)
        if inner is None:  # a text of several lines
            found = first_line(_lines(old, was), _lines(new, now))
            if found is None:  # only blanks in it
                break
            return Difference(line + found.line - 1, found.before, found.after)
        was, now = inner
    return Difference(now.lineno if now else line, _line(old, was), _line(new, now))


def _first_inner(was: Located, now: Located) -> tuple[Part, Part] | None:
    if isinstance(was, ast.JoinedStr):  # before Python 3.12 nobody knows where its pieces stand
        return None
    for old, new in zip_longest(_children(was), _children(now)):
        if old is None or new is None or ast.dump(old) != ast.dump(new):
            return old, new
    return None


def _children(node: Located) -> list[Located]:
    return [
        c for c in ast.iter_child_nodes(node) if isinstance(c, ast.stmt | ast.expr | ast.keyword)
    ]


def _lines(text: list[str], node: Located) -> str:
    return "\n".join(text[node.lineno - 1 : node.end_lineno])


def _line(text: list[str], node: Part) -> str:
    return _short(text[node.lineno - 1]) if node else ""


def _short(line: str) -> str:
    line = line.strip()
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."
