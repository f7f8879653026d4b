"""What of a revision's source acts on a database: each function with all that it reaches.

Two sources with equal programs do the same. Comments, docstrings, annotations, imports, the texts
of logs and prints, and what no function reaches do not count; what is only put another way is the
same in its `normal` form. Whatever else is written differently does: nothing here guesses what code
means.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from guard.history.names import LOOKS_AROUND
from guard.history.normal import normal
from guard.history.plain import Plain, origins
from guard.patterns import lazy_re
from guard.project.revision_header import NAMES
from guard.statement import Direction

TIMEOUT = lazy_re(
    r"\s*(SET\s+((LOCAL|SESSION|GLOBAL)\s+|@@(session|global)\.)?|RESET\s+)"
    r"(lock_timeout|statement_timeout|idle_in_transaction_session_timeout|transaction_timeout"
    r"|(innodb_)?lock_wait_timeout|max_execution_time|max_statement_time)\b[^;]*;?\s*"
    r"|\s*SELECT\s+(pg_catalog\.)?set_config\(\s*'(lock|statement)_timeout'[^;]*;?\s*"
    r"|\s*PRAGMA\s+busy_timeout\b[^;]*;?\s*",
    re.IGNORECASE,
)


class Program(msgspec.Struct, frozen=True):
    """The plain statements of a module that a direction reaches, in the order of the source.

    `imported` is what the direction's function stands for, where it is from another module.
    """

    statements: tuple[ast.stmt, ...]
    imported: str | None = None

    def does_the_same(self, other: Program) -> bool:
        """Return whether both are the same program, however each is put."""
        if self.imported != other.imported:
            return False
        was, now = self.statements, other.statements
        return _meaning(was) == _meaning(now) or _meaning(normal(was)) == _meaning(normal(now))


def program(tree: ast.Module, direction: Direction, *, timeouts: bool = True) -> Program:
    """Return what one direction of a revision does; `timeouts` False leaves out what sets those."""
    imported = origins(tree)
    plain = Plain(imported, documented=_names_its_docstring(tree)).body(copy.deepcopy(tree.body))
    statements = [node for node in plain if not _is_header(node)]
    if not timeouts:
        kept = (_Without(_sets_timeout).visit(node) for node in statements)
        statements = [node for node in kept if node is not None]
    reached = _reached(statements, direction)
    return Program(tuple(reached), imported.get(direction))


def _meaning(statements: Sequence[ast.stmt]) -> dict[str, tuple[str, ...]]:
    """The statements by the name that they bind; "": they just run."""
    meaning: dict[str, tuple[str, ...]] = {}
    for node in statements:
        name = _bound(node) or ""
        meaning[name] = (*meaning.get(name, ()), ast.dump(node))
    return meaning


def _names_its_docstring(tree: ast.Module) -> bool:
    return any(
        getattr(node, "id", getattr(node, "attr", "")) == "__doc__" for node in ast.walk(tree)
    )


def _is_header(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return all(isinstance(target, ast.Name) and target.id in NAMES for target in targets)


def _reached(statements: list[ast.stmt], direction: Direction) -> list[ast.stmt]:
    """The statements that run at import, and those that the direction's function uses."""
    other = "downgrade" if direction == "upgrade" else "upgrade"
    mentions = {id(node): {*_mentioned(node)} for node in statements}
    made_here = {_bound(node) for node in statements if isinstance(node, ast.Assign | ast.ClassDef)}
    names: set[str] = {direction}
    reached: set[int] = set()
    grown = True
    while grown:
        grown = False
        for node in statements:
            name = _bound(node)
            aside = name is not None and name.startswith(other) and name not in names
            uses = mentions[id(node)] & names
            if id(node) in reached or aside or not _takes_part(node, names, uses & made_here):
                continue
            reached.add(id(node))
            names |= mentions[id(node)]
            grown = True
    return [node for node in statements if id(node) in reached]


def _takes_part(node: ast.stmt, names: set[str], uses: set[str]) -> bool:
    """Whether a statement runs, binds one of the names, or may change what `uses` it makes of."""
    name = _bound(node)
    if name is None or name in names or names & LOOKS_AROUND:
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return bool(node.decorator_list)
    if isinstance(node, ast.ClassDef):  # a mapped class joins the metadata of its base
        return any(names & {*_mentioned(base)} for base in node.bases)
    return bool(uses) and any(isinstance(inner, ast.Call) for inner in ast.walk(node))


def _bound(node: ast.stmt) -> str | None:
    """The one name that a statement binds, None for one that may do more."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _mentioned(node: ast.AST) -> Iterator[str]:
    """The names in a piece of code; of a dotted one also what stands before each dot."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            parts = inner.id.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _sets_timeout(node: ast.stmt) -> bool:
    """Whether it is one call that executes the setting of a lock or statement timeout."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name() | ast.Attribute(), args=[sql])):
            text = _text(sql)
            return text is not None and TIMEOUT.fullmatch(text) is not None
    return False


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Call(args=[inner], keywords=[]):  # text("...")
            return _text(inner)
        case ast.JoinedStr(values=pieces):
            parts = (_text(piece) for piece in pieces)
            return "".join("1" if part is None else part for part in parts)
    return None


class _Without(ast.NodeTransformer):
    """Takes out the statements that a test names."""

    def __init__(self, test: Callable[[ast.stmt], bool]) -> None:
        self._test = test

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if self._test(node) else node
