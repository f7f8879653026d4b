"""`with`: context managers of libraries, and those in sight."""

from __future__ import annotations

import ast

from guard.reader.evaluate import branches, calls, classes, imports
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Flow, Frame
from guard.reader.evaluate.values import (
    Construct,
    Function,
    Instance,
    Unknown,
    Value,
    unparse,
)


def run_with(run: Run, node: ast.With | ast.AsyncWith, frame: Frame) -> Flow:
    return _enter_items(run, node.items, node.body, frame)


def _enter_items(run: Run, items: list[ast.withitem], body: list[ast.stmt], frame: Frame) -> Flow:
    if not items:
        return run.execute(body, frame)
    item, *rest = items
    if own := _own_manager(run, item.context_expr, frame):
        return _enter_own(run, own, item, rest, body, frame)
    value = run.evaluate(item.context_expr, frame)
    if isinstance(value, Construct) and value.path == "contextlib.suppress":
        return branches.run_try(run, _suppressing(item, rest, body), frame)
    if isinstance(value, Construct) and value.path in _STACKS and item.optional_vars is not None:
        body = _unstacked(unparse(item.optional_vars), body)
    enter = run.library.entered.get(type(value))
    manager = enter(run, value) if enter is not None else None
    if manager is not None:
        with manager as bound:
            return _run_entered(run, bound or value, item, rest, body, frame)
    ends = _run_entered(run, _enter(run, value, item, frame), item, rest, body, frame)
    if isinstance(value, Instance) and classes.lookup(value.cls, "__exit__") is not None:
        _call_special(run, value, "__exit__", item, frame)
    return Flow.GOES_ON if ends is Flow.RAISES and _may_swallow(run, value) else ends


def _may_swallow(run: Run, value: Value) -> bool:
    """Return whether the manager may end an exception: the code after the `with` runs then."""
    if isinstance(value, Instance):
        leave = classes.lookup(value.cls, "__exit__")
        code = ast.walk(leave.node) if isinstance(leave, Function) else ()
        return any(isinstance(node, ast.Return) and node.value is not None for node in code)
    if isinstance(value, Construct):
        return value.path.partition(".")[0] not in run.library.packages and value.receiver is None
    return isinstance(value, Unknown)


def _catches(manager: Function) -> bool:
    """Return whether the function has handlers around what may be its yield."""
    return any(isinstance(node, ast.Try) and node.handlers for node in ast.walk(manager.node))


def _run_entered(
    run: Run,
    bound: Value,
    item: ast.withitem,
    rest: list[ast.withitem],
    body: list[ast.stmt],
    frame: Frame,
) -> Flow:
    if item.optional_vars is not None:
        run.assign(item.optional_vars, bound, frame)
    return _enter_items(run, rest, body, frame)


def _suppressing(item: ast.withitem, rest: list[ast.withitem], body: list[ast.stmt]) -> ast.Try:
    """Return `with suppress(X): body` as the `try: body`, `except X: pass` it is short for."""
    call = item.context_expr
    caught = call.args if isinstance(call, ast.Call) else []
    kind = caught[0] if len(caught) == 1 else ast.Tuple(caught, ast.Load())
    inner: list[ast.stmt] = [ast.With(rest, body)] if rest else body
    handler = ast.ExceptHandler(type=kind, body=[ast.Pass()])
    return ast.Try(body=inner, handlers=[handler], orelse=[], finalbody=[])


_STACKS = {"contextlib.ExitStack", "contextlib.AsyncExitStack"}


def _unstacked(stack: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body with `name = stack.enter_context(manager)` as the `with` around its rest.

    One that stands deeper, or is made in a loop, stays what it is.
    """
    enters = {f"{stack}.enter_context", f"{stack}.enter_async_context"}
    for place, statement in enumerate(body):
        call = getattr(statement, "value", None)
        call = call.value if isinstance(call, ast.Await) else call
        if not isinstance(call, ast.Call) or len(call.args) != 1 or call.keywords:
            continue
        if unparse(call.func) in enters and isinstance(statement, ast.Expr | ast.Assign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [None]
            rest = _unstacked(stack, body[place + 1 :]) or [ast.Pass()]
            item = ast.withitem(call.args[0], targets[0])
            entered = ast.With([item], rest)
            return [*body[:place], ast.copy_location(entered, statement)]
    return body


def _own_manager(run: Run, node: ast.expr, frame: Frame) -> Function | None:
    """Return the `@contextmanager` function in sight that the expression calls."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return None
    function = imports.settle(run, run.evaluate(node.func, frame))
    return function if isinstance(function, Function) and calls.is_manager(function) else None


def _enter_own(
    run: Run,
    manager: Function,
    item: ast.withitem,
    rest: list[ast.withitem],
    body: list[ast.stmt],
    frame: Frame,
) -> Flow:
    ends = Flow.GOES_ON

    def inside(value: Value) -> None:
        nonlocal ends
        ends = _run_entered(run, value, item, rest, body, frame)

    assert isinstance(item.context_expr, ast.Call)
    calls.enter_manager(run, manager, calls.arguments(run, item.context_expr, frame), inside)
    return Flow.GOES_ON if ends is Flow.RAISES and _catches(manager) else ends


def _enter(run: Run, value: Value, item: ast.withitem, frame: Frame) -> Value:
    """Return the value that `as` binds."""
    if isinstance(value, Instance) and classes.lookup(value.cls, "__enter__") is not None:
        return _call_special(run, value, "__enter__", item, frame)
    return value


def _call_special(run: Run, value: Instance, name: str, item: ast.withitem, frame: Frame) -> Value:
    node = ast.copy_location(ast.Call(item.context_expr, [], []), item.context_expr)
    return run.call(run.attribute(value, name), Call(node, frame, (), {}))
