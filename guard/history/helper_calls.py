"""Helper functions written out where they are called, in plain code."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Sequence

from guard.history.names import Substituted, bindings, is_constant

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# What a function may not hold to be written out, besides what binds names without a Name.
_NOT_HERE = (
    *_SCOPES, ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal,
    ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.Match,
)  # fmt: skip
Helpers = dict[str, ast.FunctionDef]


def without_helpers(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the module with the code of its helpers where they were called.

    A helper whose every use was a call that could be written out is gone.
    """
    bound = Counter(bindings(body))
    helpers = {
        node.name: node
        for node in body
        if isinstance(node, ast.FunctionDef) and bound[node.name] == 1 and _is_helper(node)
    }
    if not helpers:
        return [*body]
    inlined = _Inlined(helpers)
    made = [inlined.visit(node) for node in body]
    used = {n.id for node in made for n in ast.walk(node) if isinstance(n, ast.Name)}
    gone = inlined.done - used
    return [node for node in made if getattr(node, "name", None) not in gone]


def _is_helper(node: ast.FunctionDef) -> bool:
    parameters = node.args
    if node.name.startswith(("upgrade", "downgrade")) or node.decorator_list:
        return False  # Alembic calls it
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs:
        return False
    if not all(map(is_constant, parameters.defaults)):
        return False
    inside = [inner for part in _code(node) for inner in ast.walk(part)]
    own = {inner.id for inner in inside if isinstance(inner, ast.Name)}
    return node.name not in own and not any(isinstance(inner, _NOT_HERE) for inner in inside)


def _code(node: ast.FunctionDef) -> list[ast.stmt] | list[ast.expr]:
    """The statements of a helper, or the expression that is all it returns."""
    match node.body:
        case [ast.Return(value=ast.expr() as value)]:
            return [value]
    return node.body


class _Inlined(ast.NodeTransformer):
    """Writes out calls of helpers; `done` are those that it met."""

    def __init__(self, helpers: Helpers) -> None:
        self._helpers = helpers
        self._around: set[str] | None = None  # the names that the function around binds
        self._calls = 0
        self.done: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outer = self._around
        if outer is None:
            self._around = {*bindings([node.args, *node.body])}
        self.generic_visit(node)
        self._around = outer
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        code = self._written_out(node.value)
        if code is None or not all(isinstance(part, ast.stmt) for part in code):
            self.generic_visit(node)
            return node
        return code  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        code = self._written_out(node)
        return code[0] if code and isinstance(code[0], ast.expr) else node

    def _written_out(self, node: ast.expr) -> list[ast.AST] | None:
        """The code of the helper that is called, None where it cannot stand here."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            return None
        helper = self._helpers.get(node.func.id)
        given = _given(helper, node) if helper is not None else None
        if helper is None or given is None or self._around is None:
            return None
        code = _code(helper)
        own = {*bindings(code)}
        free = {n.id for part in code for n in ast.walk(part) if isinstance(n, ast.Name)}
        free -= own | given.keys()
        passed = {value.id for value in given.values() if isinstance(value, ast.Name)}
        local = {name for name in passed if "." not in name}
        if own & given.keys() or free & self._around or not local <= self._around:
            return None
        if own and code is not helper.body:
            return None
        self._calls += 1
        self.done.add(helper.name)
        renamed = {name: f"{helper.name} {self._calls} {name}" for name in own}
        return [
            Substituted(given).visit(_Renamed(renamed).visit(copy.deepcopy(part))) for part in code
        ]


def _given(helper: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr] | None:
    """The parameters and what is passed for each; None where that is more than names."""
    parameters = [arg.arg for arg in (*helper.args.posonlyargs, *helper.args.args)]
    defaults = helper.args.defaults
    given = dict(zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True))
    if len(call.args) > len(parameters):
        return None
    passed = dict(zip(parameters, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in parameters or keyword.arg in passed:
            return None
        passed[keyword.arg] = keyword.value
    given |= passed
    simple = all(is_constant(v) or isinstance(v, ast.Name) for v in given.values())
    return given if simple and len(given) == len(parameters) else None


class _Renamed(ast.NodeTransformer):
    """Gives names other names."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)
