"""`with`: batches, autocommit blocks, transactions, and context managers in sight."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.reader import branches, calls, classes, imports
from guard.reader.state import Call, Flow, Frame
from guard.reader.values import (
    BIND,
    CURSOR,
    SESSION,
    Construct,
    DottedName,
    Function,
    Instance,
    Value,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

Body = Callable[[Value], None]


def run_with(run: Interpreter, node: ast.With | ast.AsyncWith, frame: Frame) -> Flow:
    return _enter_items(run, node.items, node.body, frame)


def _enter_items(
    run: Interpreter, items: list[ast.withitem], body: list[ast.stmt], frame: Frame
) -> Flow:
    if not items:
        return run.execute(body, frame)
    item, *rest = items
    if manager := _own_manager(run, item.context_expr, frame):
        return _enter_own(run, manager, item, rest, body, frame)
    value = run.evaluate(item.context_expr, frame)
    if isinstance(value, Construct) and value.path == "contextlib.suppress":
        return branches.run_try(run, _suppressing(item, rest, body), frame)
    entered = _enter(run, value, item, frame)
    if item.optional_vars is not None:
        run.assign(item.optional_vars, entered, frame)
    in_autocommit = isinstance(value, DottedName) and value.path == "<autocommit>"
    run.autocommit += in_autocommit
    ends = _enter_items(run, rest, body, frame)
    run.autocommit -= in_autocommit
    if isinstance(value, Instance) and classes.lookup(value.cls, "__exit__") is not None:
        _call_special(run, value, "__exit__", item, frame)
    return ends


def _suppressing(item: ast.withitem, rest: list[ast.withitem], body: list[ast.stmt]) -> ast.Try:
    """Return `with suppress(X): body` as what it is short for: `try: body`, `except X: pass`."""
    call = item.context_expr
    caught = call.args if isinstance(call, ast.Call) else []
    kind = caught[0] if len(caught) == 1 else ast.Tuple(caught, ast.Load())
    inner: list[ast.stmt] = [ast.With(rest, body)] if rest else body
    handler = ast.ExceptHandler(type=kind, body=[ast.Pass()])
    return ast.Try(body=inner, handlers=[handler], orelse=[], finalbody=[])


def _own_manager(run: Interpreter, node: ast.expr, frame: Frame) -> Function | None:
    """Return the `@contextmanager` function in sight that the expression calls."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return None
    function = imports.settle(run, run.evaluate(node.func, frame))
    return function if isinstance(function, Function) and calls.is_manager(function) else None


def _enter_own(
    run: Interpreter,
    manager: Function,
    item: ast.withitem,
    rest: list[ast.withitem],
    body: list[ast.stmt],
    frame: Frame,
) -> Flow:
    ends = Flow.GOES_ON

    def inside(value: Value) -> None:
        nonlocal ends
        if item.optional_vars is not None:
            run.assign(item.optional_vars, value, frame)
        ends = _enter_items(run, rest, body, frame)

    assert isinstance(item.context_expr, ast.Call)
    calls.enter_manager(run, manager, calls.arguments(run, item.context_expr, frame), inside)
    return ends


def _enter(run: Interpreter, value: Value, item: ast.withitem, frame: Frame) -> Value:
    """Return what `as` binds."""
    match value:
        case Instance() if classes.lookup(value.cls, "__enter__") is not None:
            return _call_special(run, value, "__enter__", item, frame)
        case Construct(receiver=DottedName(path) as receiver) if path in {BIND, SESSION, CURSOR}:
            return receiver  # connection.begin(), session.begin_nested(), raw.cursor()
    return value


def _call_special(
    run: Interpreter, value: Instance, name: str, item: ast.withitem, frame: Frame
) -> Value:
    node = ast.copy_location(ast.Call(item.context_expr, [], []), item.context_expr)
    return run.call(run.attribute(value, name), Call(node, frame, (), {}))
