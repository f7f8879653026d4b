"""Which functions of ordinary code may execute a text that was put together: the others are many.

Told from the syntax alone, so that nothing is followed in vain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from guard.reader.libraries import executes, gives_no_text, is_executing
from guard.reader.modules import Module
from guard.reader.sql_text import begins_like_sql, may_hold_sql

Function = ast.FunctionDef | ast.AsyncFunctionDef


def concerned(module: Module) -> Iterator[Function]:
    """Yield the functions and methods that hold SQL, or execute what may be a built text."""
    statements = list(_statements(module.tree))
    imported: dict[str, str] = {}
    for node in statements:
        if isinstance(node, ast.Import):
            imported |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in statements:
        if isinstance(node, Function) and _concerns_sql(module, node, imported):
            yield node


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """The statements of a block and of those inside; their expressions are not looked at."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for node in getattr(block, field, ()):
            yield node
            yield from _statements(node)


def _concerns_sql(module: Module, node: Function, imported: dict[str, str]) -> bool:
    lines = module.lines[node.lineno - 1 : node.end_lineno]
    acts, holds = executes(lines), may_hold_sql("".join(lines))
    if not acts and not holds:
        return False
    inside = list(ast.walk(node))
    calls = [n for n in inside if isinstance(n, ast.Call) and is_executing(_name(n.func))]
    said = {id(n.value) for n in inside if isinstance(n, ast.Expr)}  # docstrings
    said |= {id(argument) for call in calls for argument in call.args[:1]}  # executed as written
    if holds and any(_is_sql(n) and id(n) not in said for n in inside):
        return True
    names = _Names(inside, imported)
    return any(not names.are_plain(_statement(call)) for call in calls)


def _is_sql(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and begins_like_sql(node.value)
    )


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _statement(call: ast.Call) -> list[ast.expr]:
    """What a call executes: its first argument, or any that is given by name."""
    return call.args[:1] or [keyword.value for keyword in call.keywords]


def _is_bound(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


class _Names:
    """What the names in a function may hold: texts as written and a library's objects, or more."""

    def __init__(self, inside: list[ast.AST], imported: dict[str, str]):
        self._imported = imported
        self._values: dict[str, list[ast.expr]] = {}
        self._unknown: set[str] = set()
        self._asked: set[tuple[str, bool]] = set()
        assigned = {id(t) for n in inside for t in self._assign(n)}
        for node in inside:
            if isinstance(node, ast.arg):
                self._unknown.add(node.arg)
            elif _is_bound(node) and id(node) not in assigned:  # by a loop, a `with`, unpacking
                self._unknown.add(node.id)

    def _assign(self, node: ast.AST) -> Iterator[ast.Name]:
        if isinstance(node, ast.AugAssign):
            return
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)  # a loop has none
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                self._values.setdefault(target.id, []).append(value)
                yield target

    def are_plain(self, values: list[ast.expr], *, written: bool = True) -> bool:
        """Whether none can be a text that was put together; nor one as `written`, if so asked."""
        return all(self._is_plain(value, written) for value in values)

    def _is_plain(self, node: ast.expr, written: bool) -> bool:
        if isinstance(node, ast.Constant):
            return written
        called = False
        while isinstance(node, ast.Call | ast.Attribute):
            called = called or isinstance(node, ast.Call)
            written = False  # methods of a text give another one
            node = node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(node, ast.Name) or node.id in self._unknown:
            return False
        if node.id not in self._values:
            return called and gives_no_text(self._imported.get(node.id, ""))
        if (node.id, written) in self._asked:
            return True  # `query = query.where(...)`: what it was before decides
        self._asked.add((node.id, written))
        return self.are_plain(self._values[node.id], written=written)
