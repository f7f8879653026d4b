"""Whether a revision's code does anything at all, be it to a database or to something else."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import get_args

from guard.history.program import program
from guard.patterns import lazy_re
from guard.statement import Direction

# What only looks, or sets something up for code that is not there: by the name's last part.
LOOKS = {
    "get_bind", "get_context", "inspect", "get_x_argument", "get", "is_offline_mode", "lower",
    "globals", "Session", "sessionmaker", "MetaData", "declarative_base", "getLogger",
}  # fmt: skip
ENGINE_FUNCTION = lazy_re(r"(up|down)grade_\w+")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_idle(tree: ast.Module) -> bool:
    """Return whether neither direction of a revision does anything.

    Code that is not known to do nothing does something: a `raise`, an unknown call.
    """
    programs = [program(tree, direction) for direction in get_args(Direction)]
    return all(one.imported is None and _is_idle(one.statements) for one in programs)


def _is_idle(statements: Sequence[ast.stmt]) -> bool:
    functions = {node.name: node for node in statements if isinstance(node, Function)}
    idle = {
        name
        for name, node in functions.items()
        if not node.decorator_list and not any(map(_acts, node.body))
    }
    while more := {
        name
        for name, node in functions.items()
        if name not in idle
        and not node.decorator_list
        and not any(_acts(statement, idle) for statement in node.body)
    }:
        idle |= more
    return all(
        node.name in idle if isinstance(node, Function) else not _acts(node) for node in statements
    )


def _acts(node: ast.stmt, idle: Collection[str] = ()) -> bool:
    """Whether a statement may do something; calls of the `idle` functions do not."""
    match node:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.Expr(value=value):
            return _calls(value, idle)
        case ast.Return(value=value):
            return value is not None and _calls(value, idle)
        case ast.If(test=test, body=body, orelse=orelse):
            return _calls(test, idle) or any(_acts(inner, idle) for inner in (*body, *orelse))
        case ast.With(items=items, body=body):
            batches = all(_is_batch(item.context_expr) for item in items)
            return not batches or any(_acts(inner, idle) for inner in body)
        case ast.Pass():
            return False
    return True


def _calls(node: ast.expr, idle: Collection[str]) -> bool:
    """Whether an expression calls something that is not known to do nothing."""
    return any(
        (isinstance(inner, ast.Call) and not _is_quiet(inner, idle))
        or isinstance(inner, ast.Await | ast.Yield | ast.YieldFrom)
        for inner in ast.walk(node)
    )


def _is_quiet(call: ast.Call, idle: Collection[str]) -> bool:
    match call.func:
        case ast.Name(id=name) if name in idle:
            return True
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals"))):
            # Each database has its own, by name: all of them are idle, or none counts as such.
            return any(ENGINE_FUNCTION.fullmatch(name) for name in idle)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.rpartition(".")[2] in LOOKS
    return False


def _is_batch(node: ast.expr) -> bool:
    """Whether it is a batch that sends what stands in it, and nothing of its own."""
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            own = {"recreate", "table_args", "partial_reordering", "copy_from"}
            return name.endswith(".batch_alter_table") and not own & {k.arg for k in keywords}
    return False
