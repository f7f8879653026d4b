"""SQL that ordinary Python code (repositories, models, settings) puts together and executes."""

from __future__ import annotations

import ast

from guard.facts import BuiltSql
from guard.reader import imports
from guard.reader.interpreter import Interpreter
from guard.reader.modules import Module, Resolver
from guard.reader.revision import built_fact
from guard.reader.state import Frame, LimitReachedError
from guard.reader.values import Function, Unknown, Value

NO_DIALECT = ""  # asked for, it stays unknown


def read_source(module: Module, resolver: Resolver) -> tuple[BuiltSql, ...]:
    """Return the built SQL of the module: of its body, its functions and its methods.

    Each function is followed by itself, its arguments unknown: what they hold comes from outside.
    """
    run = Interpreter(module, resolver, NO_DIALECT, "upgrade")
    facts: dict[tuple[object, ...], BuiltSql] = {}
    try:
        imports.load(run, module)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                _follow(run, module, node)
    except LimitReachedError:
        pass  # what was found so far is true; a file this long is no repository of queries
    for built in run.built:
        fact = built_fact(built, None)
        facts.setdefault((fact.span, fact.pieces), fact)
    return tuple(facts.values())


def _follow(run: Interpreter, module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    spec = node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    names += [a.arg for a in (spec.vararg, spec.kwarg) if a is not None]
    given: dict[str, Value] = {name: Unknown(name) for name in names}
    call = ast.copy_location(ast.Call(ast.Name(node.name, ast.Load()), [], []), node)
    frame = Frame(module, given, (), Function(node, module))
    run.calls.append((module, call))
    run.active.append(node)
    try:
        run.execute(node.body, frame)
    finally:
        run.calls.pop()
        run.active.pop()
        run.conditions.clear()
