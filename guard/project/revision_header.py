"""The head of a revision file: what it says about itself, read from its syntax tree.

Nothing is run. A value that is computed from constants of the same module is known; any other is
kept as a stand-in (`guard.operations.unknown_name`), so that "not known" is never "none".
"""

from __future__ import annotations

import ast
import re
from pathlib import PurePath
from typing import Literal

import msgspec

from guard.operations import is_known, unknown_name
from guard.patterns import lazy_re
from guard.python_source import PythonSource, SourceError

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
LEGACY_ID = lazy_re(r"([a-f0-9]+)\.py$")  # Alembic 0.1 took the id from the file's name
LIKELY_ID = lazy_re(rb"^revision\b[^=\n]*=\s*['\"](\w+)['\"]", re.MULTILINE)
NAMES = ("revision", "down_revision", "depends_on", "branch_labels")
ILLEGAL_IN_ID = "@-+:"  # alembic.script.revision, _revision_illegal_chars
ALEMBIC_WORDS = ("base", "head", "heads")  # what its commands take for a place in the history

HeaderProblem = Literal["no-revision", "unreadable", "computed"]
Value = str | None | tuple["Value", ...]


class RevisionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision file says of itself; names that are not known are stand-ins.

    `replaces`: ids of the revisions that this one was squashed from. `line` is where `revision` is
    assigned. Where Alembic could not load the file as a revision, or nobody can know which one it
    is, `problem` says so and `detail` tells why, beginning with "it"; `needs` is the version of
    Python that could read it.
    """

    revision: str | None = None
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    line: int = 1
    lines: dict[str, int] = {}  # where those of `NAMES` are assigned
    message: str = ""
    problem: HeaderProblem | None = None
    detail: str = ""
    needs: str = ""

    def attribute(self, name: str) -> tuple[str, ...]:
        """Return the value that the file gives to one of `NAMES`, as a tuple."""
        if name == "revision":
            return (self.revision,) if self.revision else ()
        value: tuple[str, ...] = getattr(self, "parents" if name == "down_revision" else name)
        return value

    def same_place(self, other: RevisionHeader) -> bool:
        """Return whether both say the same of the place that the revision has in its history."""
        return all(self.attribute(name) == other.attribute(name) for name in NAMES)


def read_file(path: PurePath, data: bytes) -> RevisionHeader:
    """Return the header of a file's bytes; what is wrong with them is its `problem`."""
    return read_header(path, PythonSource(path.name, data))


def read_header(path: PurePath, source: PythonSource) -> RevisionHeader:
    """Return what the file says; the path matters only to one that names no `revision`.

    An unreadable file keeps the id that it seems to declare, so that its children are not blamed.
    """
    header = _read(path, source)
    if header.problem == "unreadable":
        likely = LIKELY_ID.search(source.data)
        revision = likely[1].decode("ascii") if likely else None
        return msgspec.structs.replace(header, revision=revision)
    return header


def _read(path: PurePath, source: PythonSource) -> RevisionHeader:
    size = len(source.data)
    if size > MAX_BYTES:
        told = f"it is {size / 1e6:.1f} MB long, and guard reads up to {MAX_BYTES / 1e6:.0f} MB"
        return _unreadable(f"{told}: keep the data in a file beside the revision")
    try:
        tree = source.tree
    except SourceError as error:
        where = f" (line {error.line})" if error.line else ""
        return _unreadable(f"{error}{where}", error.line or 1, error.needs)
    bound = _Bound(tree)
    legacy = LEGACY_ID.fullmatch(path.name)
    names = bound.texts("revision") or (legacy.groups() if legacy else ())
    header = RevisionHeader(
        revision=names[0] if len(names) == 1 else None,
        parents=bound.texts("down_revision"),
        depends_on=bound.texts("depends_on"),
        branch_labels=bound.texts("branch_labels"),
        replaces=bound.texts("replaces"),
        line=bound.lines.get("revision", 1),
        lines={name: bound.lines[name] for name in NAMES if name in bound.lines},
        message=(ast.get_docstring(tree) or "").partition("\n")[0].strip(),
    )
    problem, detail = _problem(tree, bound, header)
    return msgspec.structs.replace(header, problem=problem, detail=detail)


def _problem(
    tree: ast.Module, bound: _Bound, head: RevisionHeader
) -> tuple[HeaderProblem | None, str]:
    for name, value in (("revision", head.attribute("revision")), ("down_revision", head.parents)):
        if name not in bound.values and _stored_anywhere(tree, name):
            return "computed", f"its {name} is not assigned at the top of the module"
        unknown = next((v for v in value if not is_known(v)), None)
        if unknown:
            return "computed", f"its {name} is computed: {unknown[1:-1]}"
    if head.revision is None:
        return "no-revision", "it declares no revision id (revision = ...)"
    if "down_revision" not in bound.values:
        return "no-revision", "it declares no down_revision (None for a first revision)"
    if head.revision in ALEMBIC_WORDS:
        return "no-revision", f"its id {head.revision!r} is a word of Alembic's own"
    illegal = sorted(set(head.revision) & set(ILLEGAL_IN_ID))
    if illegal:
        return (
            "no-revision",
            f"its id {head.revision!r} holds {illegal[0]!r}, which Alembic refuses",
        )
    return None, ""


def _unreadable(detail: str, line: int = 1, needs: str = "") -> RevisionHeader:
    return RevisionHeader(problem="unreadable", detail=detail, line=line, needs=needs)


def _stored_anywhere(tree: ast.Module, name: str) -> bool:
    """Whether the module binds the name in an `if`, a `try`, a loop or by unpacking."""
    outside_functions = (n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef))
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for statement in outside_functions
        for node in ast.walk(statement)
    )


class _Bound:
    """What the top level of a module assigns to its names, evaluated when asked for."""

    def __init__(self, tree: ast.Module) -> None:
        self.values: dict[str, ast.expr] = {}
        self.lines: dict[str, int] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and node.value is not None:
                    self.values[target.id] = node.value
                    self.lines[target.id] = node.lineno

    def texts(self, name: str) -> tuple[str, ...]:
        """The name's value as Alembic takes it: none, one or several texts."""
        if name not in self.values:
            return ()
        value = self._evaluate(self.values[name])
        parts = value if isinstance(value, tuple) else (value,)
        return tuple(part for part in parts if isinstance(part, str) and part)

    def _evaluate(self, node: ast.expr, depth: int = 0) -> Value:
        if depth < MAX_DEPTH:  # a name that is defined by itself has no end
            match node:
                case ast.Constant(value=str() | None as value):
                    return value
                case ast.Name(id=name) if name in self.values:
                    return self._evaluate(self.values[name], depth + 1)
                case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                    return tuple(self._evaluate(item, depth + 1) for item in items)
                case ast.JoinedStr(values=pieces):
                    parts = [self._evaluate(piece, depth + 1) for piece in pieces]
                    if all(isinstance(part, str) and is_known(part) for part in parts):
                        return "".join(str(part) for part in parts)
                case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                    return self._evaluate(inner, depth + 1)
                case ast.BinOp(left=left, op=ast.Add(), right=right):
                    one, other = self._evaluate(left, depth + 1), self._evaluate(right, depth + 1)
                    if isinstance(one, tuple) and isinstance(other, tuple):
                        return one + other
                    if isinstance(one, str) and isinstance(other, str) and is_known(one + other):
                        return one + other
        return unknown_name(_code(node))


def _code(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):  # ValueError: an f-string that our own Python cannot write
        return "..."
