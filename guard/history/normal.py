"""Plain source brought to one normal form, so that code put another way is the same code.

Each step keeps what the code does, whatever that is: constants stand where their names stood,
helper functions and loops over constants are written out, local names are numbered, and arguments
have their names. Nothing here knows what a database would see, so code that nobody can read is
compared as well.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Sequence

from guard.history.arguments import Named
from guard.history.helper_calls import without_helpers
from guard.history.names import LOOKS_AROUND, Substituted, bindings, is_constant
from guard.history.plain import Plain
from guard.patterns import lazy_re

ROUNDS = 4  # of helpers that call helpers
MOST_TURNS = 50  # of a loop that is written out
MOST_NODES = 50_000  # of code that has been written out
# What runs later, or binds a name somewhere else.
_ELSEWHERE = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Global, ast.Nonlocal,
)  # fmt: skip
_NOT_PLAIN_TEXT = lazy_re(r"['\"`$\[\]\\]|--|/\*|#")  # where white space may mean something


def normal(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module, which are plain, in normal form."""
    body = [copy.deepcopy(node) for node in statements]
    if LOOKS_AROUND & {inner.id for inner in _walk(body) if isinstance(inner, ast.Name)}:
        return body
    if any(isinstance(inner, ast.alias) and inner.name == "*" for inner in _walk(body)):
        return body
    for _ in range(ROUNDS):
        before = [ast.dump(node) for node in body]
        body = _without_constants(body)
        body = [_without_local_constants(node) for node in body]
        body = [_Folded().visit(_Unrolled().visit(node)) for node in body]
        body = without_helpers(body)
        after = [ast.dump(node) for node in body]
        if before == after or sum(1 for _ in _walk(body)) > MOST_NODES:
            break
    body = Plain({}, documented=True).body([_Spaced().visit(node) for node in body])
    return [_numbered(Named().visit(node)) for node in body]


def _walk(body: Sequence[ast.AST]) -> list[ast.AST]:
    return [inner for node in body for inner in ast.walk(node)]


# Constants


def _without_constants(body: list[ast.stmt]) -> list[ast.stmt]:
    """Put constants in the place of the names that are bound once, to them."""
    bound = Counter(bindings(body))
    values: dict[str, ast.expr] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if bound[name] == 1 and is_constant(value):
                    values[name] = value
    if not values:
        return body
    kept = [node for node in body if not (_assigned(node) & values.keys())]
    return [Substituted(values).visit(node) for node in kept]


def _assigned(node: ast.stmt) -> set[str]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return {name}
    return set()


def _without_local_constants(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.FunctionDef) or _has_scopes(node):
        return node
    if {*bindings([node.args])} & {*bindings(node.body)}:
        return node
    node.body = _without_constants(node.body)
    return node


def _has_scopes(function: ast.FunctionDef) -> bool:
    return any(isinstance(inner, _ELSEWHERE) for inner in _walk(function.body))


class _Folded(ast.NodeTransformer):
    """Joins the constant pieces of texts."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        self.generic_visit(node)
        pieces: list[ast.expr] = []
        for piece in map(_filled_in, node.values):
            match pieces, piece:
                case [*_, ast.Constant(str() as text)], ast.Constant(str() as more):
                    pieces[-1] = ast.Constant(text + more)
                case _:
                    pieces.append(piece)
        if len(pieces) == 1 and isinstance(pieces[0], ast.Constant):
            return pieces[0]
        return ast.JoinedStr(pieces)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(ast.Constant(str() as left), ast.Add(), ast.Constant(str() as right)):
                return ast.Constant(left + right)
        return node


def _filled_in(piece: ast.expr) -> ast.expr:
    match piece:
        case ast.FormattedValue(ast.Constant(str() as value), -1, None):
            return ast.Constant(value)
    return piece


class _Spaced(ast.NodeTransformer):
    """Writes SQL with one blank where it has white space, as far as nothing in it is quoted."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name),
                args=[ast.Constant(str() as sql), *_],
            ) if name.rpartition(".")[2] in ("execute", "text", "DDL"):
                if not _NOT_PLAIN_TEXT.search(sql):
                    node.args[0] = ast.Constant(" ".join(sql.split()))
        return node


# Loops


class _Unrolled(ast.NodeTransformer):
    """Writes out each turn of a function's loops over constants."""

    def __init__(self) -> None:
        self._loaded: Counter[str] | None = None  # in the function around

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outer = self._loaded
        self._loaded = Counter(_loads([node]))
        self.generic_visit(node)
        self._loaded = outer
        return node

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        names = _loop_names(node)
        inside = Counter(_loads(node.body))
        stays = self._loaded is None or any(inside[n] != self._loaded[n] for n in names)
        self.generic_visit(node)
        turns = None if stays else _turns(node, names)
        if turns is None:
            return node
        made = [Substituted(turn).visit(copy.deepcopy(n)) for turn in turns for n in node.body]
        return made or ast.Pass()


def _loads(body: Sequence[ast.AST]) -> list[str]:
    names = (inner for inner in _walk(body) if isinstance(inner, ast.Name))
    return [name.id for name in names if isinstance(name.ctx, ast.Load)]


def _loop_names(loop: ast.For) -> list[str]:
    """The names that a loop binds, none where it binds something else."""
    targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else []


def _turns(loop: ast.For, names: list[str]) -> list[dict[str, ast.expr]] | None:
    """The values of the loop's names in each turn, None where they are not all constants."""
    leaves = (ast.Break, ast.Continue, ast.GeneratorExp, *_ELSEWHERE)
    if loop.orelse or not names or any(isinstance(inner, leaves) for inner in _walk(loop.body)):
        return None
    if not isinstance(loop.iter, ast.Tuple | ast.List) or len(loop.iter.elts) > MOST_TURNS:
        return None
    if {*names} & {*bindings(loop.body)} or not all(map(is_constant, loop.iter.elts)):
        return None
    single = isinstance(loop.target, ast.Name)
    values = [[item] if single else getattr(item, "elts", []) for item in loop.iter.elts]
    if any(len(items) != len(names) for items in values):
        return None
    return [dict(zip(names, items, strict=True)) for items in values]


# Local names


def _numbered(node: ast.stmt) -> ast.stmt:
    """Number the local names of a function in the order in which they appear."""
    if not isinstance(node, ast.FunctionDef) or _has_scopes(node):
        return node
    unnamed = (ast.Import, ast.ImportFrom, ast.Match)  # which bind names that are no Name
    if any(isinstance(inner, unnamed) for inner in _walk(node.body)):
        return node
    local = {*bindings(node.body)} - {*bindings([node.args])}
    _Numbered(local).generic_visit(node)
    return node


class _Numbered(ast.NodeTransformer):
    def __init__(self, local: set[str]) -> None:
        self._local = local
        self._numbers: dict[str, str] = {}

    def _number(self, name: str) -> str:
        if name not in self._local:
            return name
        return self._numbers.setdefault(name, f" {len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._number(node.id), node.ctx)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        node.name = node.name and self._number(node.name)
        self.generic_visit(node)
        return node
