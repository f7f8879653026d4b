"""The names in a piece of code: which are bound, and other code in their place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping

# What reaches names that stand nowhere in the code.
LOOKS_AROUND = {"globals", "locals", "vars", "dir", "eval", "exec", "sys.modules", "__import__"}


def bindings(code: Iterable[ast.AST]) -> Iterator[str]:
    """Yield every name that the code binds, in whatever scope, once for each time."""
    for inner in (inner for node in code for inner in ast.walk(node)):
        match inner:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from (*names, *names)
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                yield name
            case ast.MatchMapping(rest=str() as name):
                yield name


def is_constant(node: ast.expr) -> bool:
    """Return whether the code is a constant, or a tuple of some."""
    match node:
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.Tuple(elts=items):
            return all(map(is_constant, items))
    return False


class Substituted(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return copy.deepcopy(self._values[node.id])
        return node
