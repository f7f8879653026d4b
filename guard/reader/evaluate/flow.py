"""Statements of Python: assignments, definitions, and the ends of blocks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from guard.reader.evaluate import (
    branches,
    calls,
    classes,
    formats,
    imports,
    loops,
    managers,
    methods,
    turns,
    unrun,
)
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Condition, Flow, Frame, unknown
from guard.reader.evaluate.text import Text, concat
from guard.reader.evaluate.values import (
    EXIT,
    NONE,
    Alias,
    BoundMethod,
    Class,
    Construct,
    DottedName,
    Function,
    Instance,
    Mapping,
    Marker,
    Sequence,
    Unknown,
    Value,
    key_of,
    unparse,
)


def execute(run: Run, body: list[ast.stmt], frame: Frame) -> Flow:
    """Run the statements one after the other; return how they end."""
    for statement in body:
        run.step()
        ends = _STATEMENTS.get(type(statement), _ignore)(run, statement, frame)
        if ends is not Flow.GOES_ON:
            return ends
    return Flow.GOES_ON


# Simple statements


def _ignore(run: Run, node: ast.stmt, frame: Frame) -> Flow:
    return Flow.GOES_ON


def _expression(run: Run, node: ast.Expr, frame: Frame) -> Flow:
    value = run.evaluate(node.value, frame)
    if value is EXIT:
        return Flow.RAISES
    if isinstance(node.value, ast.Call) and isinstance(value, Construct):
        calls.report_unfollowed(run, value, node.value, frame)
    return Flow.GOES_ON


def _assign(run: Run, node: ast.Assign, frame: Frame) -> Flow:
    value = run.evaluate(node.value, frame)
    if value is EXIT:
        return Flow.RAISES
    for target in node.targets:
        assign(run, target, value, frame)
    return Flow.GOES_ON


def _annotated(run: Run, node: ast.AnnAssign, frame: Frame) -> Flow:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value, frame), frame)
    return Flow.GOES_ON


def _augmented(run: Run, node: ast.AugAssign, frame: Frame) -> Flow:
    if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
        before = run.evaluate(node.target, frame)
        if isinstance(before, Text):  # `sql += ...`: the text before it stays as it was written
            added = formats.piece_of(run, run.evaluate(node.value, frame), node.value)
            grown = formats.limited(run, concat([before, added], "+"), node.value)
            assign(run, node.target, grown, frame)
            return Flow.GOES_ON
    if _grow(run, node, frame):
        return Flow.GOES_ON
    left: ast.expr = node.target
    sum_node = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
    assign(run, node.target, run.evaluate(sum_node, frame), frame)
    return Flow.GOES_ON


def _grow(run: Run, node: ast.AugAssign, frame: Frame) -> bool:
    """Do `items += more` or `found |= more` in place, as Python does: others may hold the same."""
    if not isinstance(node.op, ast.Add | ast.BitOr):
        return False
    holder = run.evaluate(node.target, frame)
    name = "extend" if isinstance(node.op, ast.Add) else "update"
    if not isinstance(holder, Mapping | Sequence | Alias):
        return False
    if isinstance(holder, Sequence) and holder.kind == "tuple":
        return False
    target = ast.copy_location(ast.Attribute(node.target, name, ast.Load()), node)
    call = ast.copy_location(ast.Call(target, [node.value], []), node)
    given = Call(call, frame, (run.evaluate(node.value, frame),), {})
    methods.method(run, holder, name, given)
    return True


def _bind_global(run: Run, key: Value, value: Value, node: ast.expr, frame: Frame) -> None:
    """Do `globals()["name"] = value`; under a name that is not known it may be any function."""
    if isinstance(key, Text) and key.known:
        frame.module.names[key.plain] = value
    else:
        unrun.tell_any(run, [value], node, frame)


def assign(run: Run, target: ast.expr, value: Value, frame: Frame) -> None:
    """Bind the value to a name, attribute, item or tuple of targets."""
    match target:
        case ast.Name(id=name):
            frame.elsewhere.get(name, frame.names)[name] = value
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, targets, value, frame)
        case ast.Starred(value=inner):
            assign(run, inner, value, frame)
        case ast.Attribute(value=owner, attr=name):
            holder = run.evaluate(owner, frame)
            if isinstance(holder, Instance | Class):
                holder.attributes[name] = value
            elif (rule := run.library.assigned.get(type(holder))) is not None:
                rule(run, holder, name, target, frame)
            elif _replaces_code(run, holder, name, value):
                run.in_hand.run(value)
                run.opaque("it puts other code in the place of an operation", target, frame)
            else:
                unrun.tell_any(run, [value], target, frame)  # it may be this module
        case ast.Subscript(value=owner, slice=index):
            holder = run.evaluate(owner, frame)
            key = run.evaluate(index, frame)
            if isinstance(holder, Mapping | Sequence):
                methods.store(run, holder, key, value)
            elif isinstance(holder, Alias):
                holder.holder.open = True
                methods.open_items(holder.holder)
            elif holder == DottedName("sys.modules"):
                run.opaque("it puts something else in the place of a module", target, frame)
            elif holder is Marker.GLOBALS:
                _bind_global(run, key, value, target, frame)


def _replaces_code(run: Run, holder: Value, name: str, value: Value) -> bool:
    """Return whether the assignment has something else run than what its name says."""
    if isinstance(holder, Function):
        return name in {"__code__", "__defaults__", "__kwdefaults__"}
    is_ours = isinstance(holder, DottedName) and (
        holder.path.partition(".")[0] in run.library.trusted
    )
    return (is_ours or run.reaches_database(holder)) and isinstance(
        value, DottedName | Function | BoundMethod | Class
    )


def _unpack(run: Run, targets: list[ast.expr], value: Value, frame: Frame) -> None:
    items = None if isinstance(value, Sequence | Mapping) and value.open else loops.iterate(value)
    starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
    if items is not None and starred is None and len(items) == len(targets):
        for target, item in zip(targets, items, strict=True):
            assign(run, target, item, frame)
    elif items is not None and starred is not None and len(items) >= len(targets) - 1:
        after = len(targets) - starred - 1
        middle = items[starred : len(items) - after]
        spread = [*items[:starred], Sequence("list", middle), *items[len(items) - after :]]
        for target, item in zip(targets, spread, strict=True):
            assign(run, target, item, frame)
    else:
        for target in targets:
            assign(run, target, unknown(target, value), frame)


def _delete(run: Run, node: ast.Delete, frame: Frame) -> Flow:
    for target in node.targets:
        match target:
            case ast.Name(id=name):
                frame.names.pop(name, None)
            case ast.Subscript(value=owner, slice=index):
                holder = run.evaluate(owner, frame)
                key = key_of(run.evaluate(index, frame))
                if isinstance(holder, Mapping):
                    turns.touch(run, holder)
                    if holder.certain:
                        holder.pairs.pop(key, None)
                elif isinstance(holder, Sequence):
                    holder.certain = False
    return Flow.GOES_ON


def _global(run: Run, node: ast.Global, frame: Frame) -> Flow:
    frame.elsewhere.update(dict.fromkeys(node.names, frame.module.names))
    return Flow.GOES_ON


def _nonlocal(run: Run, node: ast.Nonlocal, frame: Frame) -> Flow:
    for name in node.names:
        owner = next((names for names in frame.outer if name in names), frame.names)
        frame.elsewhere[name] = owner
    return Flow.GOES_ON


def _define(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> Flow:
    defaults = tuple(run.evaluate(d, frame) for d in node.args.defaults) + tuple(
        run.evaluate(d, frame) if d else None for d in node.args.kw_defaults
    )
    for annotation in _annotations(node):
        run.evaluate(annotation, frame)
    function: Value = Function(node, frame.module, frame.scopes, defaults)
    for decorator in reversed(node.decorator_list):
        function = _decorated(run, function, decorator, frame)
    frame.names[node.name] = function
    return Flow.GOES_ON


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """Yield those annotations that Python runs code for."""
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    for annotation in (*(a.annotation for a in every if a is not None), node.returns):
        if annotation is not None and any(isinstance(n, ast.Call) for n in ast.walk(annotation)):
            yield annotation


_METHODS: dict[str, Literal["property", "static", "class"]] = {
    "property": "property",
    "cached_property": "property",
    "staticmethod": "static",
    "classmethod": "class",
}


def _decorated(run: Run, function: Value, decorator: ast.expr, frame: Frame) -> Value:
    """Return the decorated function; itself for a decorator that is not in sight."""
    name = unparse(decorator).rpartition(".")[2]
    if isinstance(function, Function) and name in _METHODS:
        return msgspec.structs.replace(function, method=_METHODS[name])
    wrapper = run.evaluate(decorator, frame)
    if not isinstance(wrapper, Function):
        if isinstance(wrapper, Construct) and wrapper.path in run.library.hooks:
            calls.read_hook(run, function, decorator, frame)
        elif isinstance(wrapper, Unknown | BoundMethod):
            run.in_hand.take(function, decorator, frame)  # `@other.register`
        _lend(run, function, decorator, frame)
        return function
    made = run.call(wrapper, Call(_call_of(decorator), frame, (function,), {}))
    return made if isinstance(made, Function) else function


def _lend(run: Run, function: Value, decorator: ast.expr, frame: Frame) -> None:
    """Note that an object of the file is given the function: `@go.register`, `@commands.add(1)`."""
    root = decorator
    while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    if isinstance(root, ast.Name) and not isinstance(run.evaluate(root, frame), DottedName):
        run.in_hand.lend(root.id, function, decorator, frame)


def _call_of(decorator: ast.expr) -> ast.Call:
    call = ast.Call(decorator, [ast.Name("function", ast.Load())], [])
    return ast.copy_location(call, decorator)


def _class(run: Run, node: ast.ClassDef, frame: Frame) -> Flow:
    cls = classes.define(run, node, frame)
    frame.names[node.name] = cls
    for keyword in node.keywords:
        run.evaluate(keyword.value, frame)
    for decorator in reversed(node.decorator_list):
        if isinstance(wrapper := run.evaluate(decorator, frame), Function):
            run.call(wrapper, Call(_call_of(decorator), frame, (cls,), {}))
    for tell in run.library.defined:
        tell(run, cls, frame)
    return Flow.GOES_ON


def _import(run: Run, node: ast.Import, frame: Frame) -> Flow:
    imports.bind_import(run, node, frame)
    return Flow.GOES_ON


def _import_from(run: Run, node: ast.ImportFrom, frame: Frame) -> Flow:
    imports.bind_import_from(run, node, frame)
    return Flow.GOES_ON


# Ends


def _return(run: Run, node: ast.Return, frame: Frame) -> Flow:
    value = run.evaluate(node.value, frame) if node.value else NONE
    if value is EXIT:
        return Flow.RAISES
    frame.returned.append(value)
    frame.return_tests += run.conditions[frame.depth :]
    return Flow.RETURNS


def _raise(run: Run, node: ast.Raise, frame: Frame) -> Flow:
    raised = run.evaluate(node.exc, frame) if node.exc is not None else NONE
    if node.cause is not None:
        run.evaluate(node.cause, frame)
    message: Value = Text(())
    if isinstance(raised, Construct) and raised.args:
        message = raised.args[0]
    elif isinstance(raised, Instance) and isinstance(node.exc, ast.Call) and node.exc.args:
        message = run.evaluate(node.exc.args[0], frame)  # of an exception class in sight
    run.raised.append(formats.as_text(run, message, unparse(node.exc or node)).plain)
    return Flow.RAISES


def _break(run: Run, node: ast.Break, frame: Frame) -> Flow:
    return Flow.BREAKS


def _continue(run: Run, node: ast.Continue, frame: Frame) -> Flow:
    return Flow.CONTINUES


def _assert(run: Run, node: ast.Assert, frame: Frame) -> Flow:
    run.evaluate(node.test, frame)
    if node.msg is not None:
        with run.conditional(Condition(node.test).negated):
            run.evaluate(node.msg, frame)
    return Flow.GOES_ON


_STATEMENTS: dict[type[ast.stmt], Callable[[Any, Any, Frame], Flow]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Assert: _assert,
    ast.If: branches.run_if,
    ast.Match: branches.run_match,
    ast.Try: branches.run_try,
    ast.TryStar: branches.run_try,
    ast.For: loops.run_for,
    ast.AsyncFor: loops.run_for,
    ast.While: loops.run_while,
    ast.With: managers.run_with,
    ast.AsyncWith: managers.run_with,
}
