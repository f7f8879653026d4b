"""SQL that ordinary Python code (repositories, models, settings) puts together and executes."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from functools import partial

from guard.facts import BuiltSql
from guard.reader.evaluate import imports
from guard.reader.evaluate.interpreter import Interpreter, Task
from guard.reader.evaluate.state import Budget, Frame, LimitReachedError
from guard.reader.evaluate.values import Function, Unknown, Value
from guard.reader.libraries import executes
from guard.reader.modules import Module, Resolver
from guard.reader.revision import LIBRARY, built_facts
from guard.reader.text_users import concerned

STEPS = 10_000  # of one function: more than any that queries a database takes
HELPER_STEPS = 1_000  # of what it calls elsewhere: more than putting a text together takes


def read_source(module: Module, resolver: Resolver) -> tuple[BuiltSql, ...]:
    """Return the built SQL of the module: of its body, its functions and its methods.

    Each function is followed by itself, its arguments unknown: they come from outside.
    Those that surely execute no text but what is written there are left out.
    """
    functions = list(concerned(module))
    if not functions and not executes(module.lines):
        return ()
    task = Task(module=module, resolver=resolver, library=LIBRARY, direction="upgrade")
    run = Interpreter(task, Budget(STEPS, HELPER_STEPS))
    _within_budget(run, lambda: imports.load(run, module))
    for node in functions:
        _within_budget(run, partial(_follow, run, module, node))
    return built_facts(run.built, None)


def _within_budget(run: Interpreter, part: Callable[[], None]) -> None:
    """Follow one part of the module; one that takes too long is left where it stands."""
    run.budget = Budget(STEPS, HELPER_STEPS)
    with contextlib.suppress(LimitReachedError):
        part()


def _follow(run: Interpreter, module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    spec = node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    names += [a.arg for a in (spec.vararg, spec.kwarg) if a is not None]
    given: dict[str, Value] = {name: Unknown(name) for name in names}
    call = ast.copy_location(ast.Call(ast.Name(node.name, ast.Load()), [], []), node)
    function = Function(node, module)
    frame = Frame(module, given, (), function)
    with run.within_call(module, call, function):
        run.execute(node.body, frame)
