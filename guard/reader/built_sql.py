"""SQL that ordinary Python code (repositories, models, settings) puts together and executes."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from functools import partial

from guard.facts import BuiltSql
from guard.reader.evaluate import classes, imports
from guard.reader.evaluate.interpreter import Interpreter, Task
from guard.reader.evaluate.scopes import Held
from guard.reader.evaluate.state import Budget, Call, Frame, LimitReachedError
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Class, Function, Instance, Unknown, Value
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
    owners = {
        member.node: value
        for value in module.names.values()
        if isinstance(value, Class)
        for member in value.attributes.values()
        if isinstance(member, Function)
    }
    for node in functions:
        _within_budget(run, partial(_follow, run, module, node, owners.get(node)))
    return built_facts(run.built, None)


def _within_budget(run: Interpreter, part: Callable[[], None]) -> None:
    """Follow one part of the module; one that takes too long is left where it stands."""
    run.budget = Budget(STEPS, HELPER_STEPS)
    with contextlib.suppress(LimitReachedError):
        part()


def _follow(
    run: Interpreter,
    module: Module,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    owner: Class | None,
) -> None:
    """Follow a function; `owner` is the class that it is a method of."""
    given = _unknown_arguments(node)
    call = ast.copy_location(ast.Call(ast.Name(node.name, ast.Load()), [], []), node)
    function = Function(node, module)
    frame = Frame(module, given, (), function)
    with run.within_call(module, call, function):
        if owner is not None and given:
            first = next(iter(given))
            given[first] = _instance(run, module, owner, node, first) or given[first]
        run.execute(node.body, frame)


def _unknown_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Value]:
    spec = node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    names += [a.arg for a in (spec.vararg, spec.kwarg) if a is not None]
    return {name: Unknown(name) for name in names}


def _instance(
    run: Interpreter, module: Module, owner: Class, method: ast.AST, name: str
) -> Instance | None:
    """Return `self` of a method that uses what is put into it in sight, None for any other.

    That is what the method itself or `__init__` puts there; the rest comes from outside.
    """
    used = set(_attributes(method, ast.Load))
    texts = _texts_of(run, module, owner, used)
    if not texts and not used & set(_attributes(method, ast.Store)):
        return None
    return Instance(owner, {one: Unknown(f"{name}.{one}") for one in sorted(used)} | texts)


def _texts_of(run: Interpreter, module: Module, owner: Class, used: set[str]) -> dict[str, Value]:
    """Return those of the names that `__init__` alone puts together as a text."""
    init = classes.lookup(owner, "__init__")
    if not isinstance(init, Function) or init.module is not module:
        return {}
    assert not isinstance(init.node, ast.Lambda)
    made, stored = _attributes(init.node, ast.Store), _attributes(module.tree, ast.Store)
    alone = {one for one in used & set(made) if made.count(one) == stored.count(one)}
    if not alone:
        return {}
    instance = Instance(owner, {})
    given = dict(list(_unknown_arguments(init.node).items())[1:])
    call = ast.copy_location(ast.Call(ast.Name("__init__", ast.Load()), [], []), init.node)
    with Held(run, built=[], fragments=set()):  # it is followed by itself as well
        run.call(run.bind(init, instance), Call(call, Frame(module, {}), (), given))
    values = instance.attributes.items()
    return {one: v for one, v in values if one in alone and isinstance(v, Text) and v.how}


def _attributes(node: ast.AST, use: type[ast.expr_context]) -> list[str]:
    """Return the names of the attributes that the code reads, or sets: each as often as it does."""
    inside = (inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute))
    return [inner.attr for inner in inside if isinstance(inner.ctx, use)]
