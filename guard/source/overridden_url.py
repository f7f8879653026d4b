"""Whether an env.py always sets the URL, so that the one in its ini file is never used."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from guard.reader.evaluate.values import unparse

URL = "sqlalchemy.url"
_SETTERS = {"set_main_option", "set_section_option"}


def always_sets_url(tree: ast.Module) -> bool:
    """Return whether every way through the file sets `sqlalchemy.url` to something else.

    It does at the top of the module, or in each function that makes an engine of the settings.
    Whatever still reads the setting, as a default or elsewhere, may use what the ini file says.
    """
    top = list(_unconditional(tree.body))
    if any(_sets(statement) for statement in top):
        return True
    if any(_reads(node) for node in ast.walk(tree)):
        return False
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    using = [body for body in (tree.body, *(f.body for f in functions)) if _makes_engine(body)]
    return bool(using) and all(any(map(_sets, _unconditional(body))) for body in using)


def _unconditional(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run whenever the block does."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith):
            yield from _unconditional(statement.body)


def _sets(statement: ast.stmt) -> bool:
    """Whether it sets the option, or the key of a dict that an engine is made of."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=arguments)):
            names_it = name in _SETTERS and any(map(_is_url, arguments[:-1]))
            return names_it and not _reads_inside(arguments[-1])
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            return _is_url(key) and not _reads_inside(value)
    return False


def _is_url(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == URL


def _reads(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=arguments):
            return name.startswith("get") and any(map(_is_url, arguments))
        case ast.Subscript(slice=key, ctx=ast.Load()):
            return _is_url(key)
    return False


def _reads_inside(node: ast.AST) -> bool:
    return any(map(_reads, ast.walk(node)))


def _makes_engine(body: Iterable[ast.stmt]) -> bool:
    """Whether a block itself, not the functions in it, makes an engine of the settings."""
    nodes: list[ast.AST] = list(body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call) and unparse(node.func).endswith("engine_from_config"):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes += ast.iter_child_nodes(node)
    return False
