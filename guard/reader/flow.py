"""Statements of Python: assignments, branches, loops, and how a block ends."""

from __future__ import annotations

import ast
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from guard.reader import calls, classes, imports, methods, text
from guard.reader.state import Call, Condition, Frame, unknown
from guard.reader.text import Text
from guard.reader.values import (
    BIND,
    CONTEXT,
    CURSOR,
    INSPECTOR,
    NONE,
    SESSION,
    Batch,
    Function,
    Instance,
    Made,
    Many,
    Mapping,
    Ref,
    Unknown,
    Value,
    join,
    key_of,
    truth,
    unparse,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

MAX_ITERATIONS = 2_000
MAX_WHILE = 200


class Flow(Enum):
    """How a block ends. MAY_STOP: on some paths; what follows is conditional."""

    GOES_ON = "goes on"
    RETURNS = "returns"
    RAISES = "raises"
    BREAKS = "breaks"
    CONTINUES = "continues"
    MAY_STOP = "may stop"

    @property
    def stops(self) -> bool:
        return self not in (Flow.GOES_ON, Flow.MAY_STOP)


def execute(run: Interpreter, body: list[ast.stmt], frame: Frame) -> Flow:
    """Run the statements one after the other.

    Conditions that an uncertain stop adds stay on the run's stack until the caller (a function, a
    loop, a branch) takes them off.
    """
    ends = Flow.GOES_ON
    for statement in body:
        run.step()
        result = _STATEMENTS.get(type(statement), _ignore)(run, statement, frame)
        if result.stops:
            return result
        if result is Flow.MAY_STOP:
            ends = Flow.MAY_STOP
    return ends


# Simple statements


def _ignore(run: Interpreter, node: ast.stmt, frame: Frame) -> Flow:
    return Flow.GOES_ON


def _expression(run: Interpreter, node: ast.Expr, frame: Frame) -> Flow:
    value = run.evaluate(node.value, frame)
    if isinstance(value, Ref) and value.path == "<exit>":
        return Flow.RAISES
    if isinstance(node.value, ast.Call) and isinstance(value, Made):
        calls.report_unfollowed(run, value, node.value, frame)
    return Flow.GOES_ON


def _assign(run: Interpreter, node: ast.Assign, frame: Frame) -> Flow:
    value = run.evaluate(node.value, frame)
    for target in node.targets:
        assign(run, target, value, frame)
    return Flow.GOES_ON


def _annotated(run: Interpreter, node: ast.AnnAssign, frame: Frame) -> Flow:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value, frame), frame)
    return Flow.GOES_ON


def _augmented(run: Interpreter, node: ast.AugAssign, frame: Frame) -> Flow:
    left: ast.expr = node.target
    sum_node = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
    assign(run, node.target, run.evaluate(sum_node, frame), frame)
    return Flow.GOES_ON


def assign(run: Interpreter, target: ast.expr, value: Value, frame: Frame) -> None:
    """Bind the value to a name, attribute, item or tuple of targets."""
    match target:
        case ast.Name(id=name):
            frame.names[name] = value
            if name in frame.globals_written:
                frame.module.names[name] = value
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, targets, value, frame)
        case ast.Starred(value=inner):
            assign(run, inner, value, frame)
        case ast.Attribute(value=owner, attr=name):
            holder = run.evaluate(owner, frame)
            if isinstance(holder, Instance):
                holder.attributes[name] = value
        case ast.Subscript(value=owner, slice=index):
            holder = run.evaluate(owner, frame)
            key = run.evaluate(index, frame)
            if isinstance(holder, Mapping | Many):
                _set_item(run, holder, key, value)


def _set_item(run: Interpreter, holder: Many | Mapping, key: Value, value: Value) -> None:
    holder.certain = holder.certain and len(run.conditions) <= holder.depth
    place = key_of(key)
    if methods.holds(value, holder):
        holder.open = True
    elif isinstance(holder, Mapping):
        holder.pairs[place] = (key, value)
    elif isinstance(place, int) and -len(holder.items) <= place < len(holder.items):
        holder.items[place] = value
    else:
        holder.open = True


def _unpack(run: Interpreter, targets: list[ast.expr], value: Value, frame: Frame) -> None:
    items = None if isinstance(value, Many | Mapping) and value.open else iterate(value)
    starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
    if items is not None and starred is None and len(items) == len(targets):
        for target, item in zip(targets, items, strict=True):
            assign(run, target, item, frame)
    elif items is not None and starred is not None and len(items) >= len(targets) - 1:
        after = len(targets) - starred - 1
        middle = items[starred : len(items) - after]
        spread = [*items[:starred], Many("list", middle), *items[len(items) - after :]]
        for target, item in zip(targets, spread, strict=True):
            assign(run, target, item, frame)
    else:
        for target in targets:
            assign(run, target, unknown(target, value), frame)


def _delete(run: Interpreter, node: ast.Delete, frame: Frame) -> Flow:
    for target in node.targets:
        match target:
            case ast.Name(id=name):
                frame.names.pop(name, None)
            case ast.Subscript(value=owner, slice=index):
                holder = run.evaluate(owner, frame)
                key = key_of(run.evaluate(index, frame))
                if isinstance(holder, Mapping):
                    holder.certain = holder.certain and len(run.conditions) <= holder.depth
                    if holder.certain:
                        holder.pairs.pop(key, None)
                elif isinstance(holder, Many):
                    holder.certain = False
    return Flow.GOES_ON


def _global(run: Interpreter, node: ast.Global, frame: Frame) -> Flow:
    frame.globals_written.update(node.names)
    return Flow.GOES_ON


def _define(run: Interpreter, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> Flow:
    defaults = tuple(run.evaluate(d, frame) for d in node.args.defaults) + tuple(
        run.evaluate(d, frame) if d else None for d in node.args.kw_defaults
    )
    function: Value = Function(node, frame.module, frame.scopes, defaults)
    for decorator in reversed(node.decorator_list):
        function = _decorated(run, function, decorator, frame)
    frame.names[node.name] = function
    return Flow.GOES_ON


_METHODS: dict[str, Literal["property", "static", "class"]] = {
    "property": "property",
    "cached_property": "property",
    "staticmethod": "static",
    "classmethod": "class",
}


def _decorated(run: Interpreter, function: Value, decorator: ast.expr, frame: Frame) -> Value:
    """Return what the decorator makes of the function; itself for one that is not in sight."""
    name = unparse(decorator).rpartition(".")[2]
    if isinstance(function, Function) and name in _METHODS:
        return msgspec.structs.replace(function, method=_METHODS[name])
    wrapper = run.evaluate(decorator, frame)
    if not isinstance(wrapper, Function):
        return function
    call = ast.copy_location(ast.Call(decorator, [ast.Name("function", ast.Load())], []), decorator)
    made = run.call(wrapper, Call(call, frame, (function,), {}))
    return made if isinstance(made, Function) else function


def _class(run: Interpreter, node: ast.ClassDef, frame: Frame) -> Flow:
    cls = classes.define(run, node, frame)
    frame.names[node.name] = cls
    if "__tablename__" in cls.attributes:
        frame.module.tables.append(cls)
    return Flow.GOES_ON


def _import(run: Interpreter, node: ast.Import, frame: Frame) -> Flow:
    imports.bind_import(run, node, frame)
    return Flow.GOES_ON


def _import_from(run: Interpreter, node: ast.ImportFrom, frame: Frame) -> Flow:
    imports.bind_import_from(run, node, frame)
    return Flow.GOES_ON


# Ends


def _return(run: Interpreter, node: ast.Return, frame: Frame) -> Flow:
    frame.returned.append(run.evaluate(node.value, frame) if node.value else NONE)
    frame.return_tests += run.conditions[frame.depth :]
    return Flow.RETURNS


def _raise(run: Interpreter, node: ast.Raise, frame: Frame) -> Flow:
    if node.exc is not None:
        run.evaluate(node.exc, frame)
    return Flow.RAISES


def _break(run: Interpreter, node: ast.Break, frame: Frame) -> Flow:
    return Flow.BREAKS


def _continue(run: Interpreter, node: ast.Continue, frame: Frame) -> Flow:
    return Flow.CONTINUES


def _assert(run: Interpreter, node: ast.Assert, frame: Frame) -> Flow:
    run.evaluate(node.test, frame)
    return Flow.GOES_ON


# Branches


def _if(run: Interpreter, node: ast.If, frame: Frame) -> Flow:
    test = run.evaluate(node.test, frame)
    settled = truth(test)
    if settled is not None:
        return execute(run, node.body if settled else node.orelse, frame)
    guarded = isinstance(test, Unknown) and test.inspected
    condition = Condition(node.test, guarded)
    negated = Condition(node.test, guarded, form="not ({})")
    return branch(run, frame, (node.body, condition), (node.orelse, negated))


def branch(
    run: Interpreter,
    frame: Frame,
    first: tuple[list[ast.stmt], Condition],
    second: tuple[list[ast.stmt], Condition],
) -> Flow:
    """Run both blocks, each from the same names, and join what they leave behind."""
    before = dict(frame.names)
    with run.condition(first[1]):
        ends_first = execute(run, first[0], frame)
    after_first = dict(frame.names)
    frame.names.clear()
    frame.names.update(before)
    with run.condition(second[1]):
        ends_second = execute(run, second[0], frame)
    if ends_first.stops and ends_second.stops:
        return ends_first if ends_first is ends_second else Flow.RETURNS
    if ends_first.stops:  # what follows runs only where the second block did
        run.conditions.append(second[1])
        return Flow.MAY_STOP
    if ends_second.stops:
        frame.names.clear()
        frame.names.update(after_first)
        run.conditions.append(first[1])
        return Flow.MAY_STOP
    for name in {*after_first, *frame.names}:
        frame.names[name] = join(after_first.get(name), frame.names.get(name), name)
    return Flow.MAY_STOP if Flow.MAY_STOP in (ends_first, ends_second) else Flow.GOES_ON


def _match(run: Interpreter, node: ast.Match, frame: Frame) -> Flow:
    """Read `match` as a chain of tests of equality; other patterns are unknown tests."""
    subject = run.evaluate(node.subject, frame)
    chain: list[ast.stmt] = []
    for case in reversed(node.cases):
        test = _pattern_test(node.subject, case)
        body = case.body
        if isinstance(case.pattern, ast.MatchAs) and case.pattern.name:
            frame.names[case.pattern.name] = subject
        chain = body if test is None else [ast.copy_location(ast.If(test, body, chain), node)]
    return execute(run, chain, frame)


def _pattern_test(subject: ast.expr, case: ast.match_case) -> ast.expr | None:
    """Return the test of a case; None for the wildcard."""
    match case.pattern:
        case ast.MatchValue(value=value):
            options = [value]
        case ast.MatchSingleton(value=value):
            options = [ast.Constant(value)]
        case ast.MatchOr(patterns=patterns) if all(isinstance(p, ast.MatchValue) for p in patterns):
            options = [p.value for p in patterns if isinstance(p, ast.MatchValue)]
        case ast.MatchAs(pattern=None):
            return case.guard
        case _:
            options = []
    test: ast.expr = (
        ast.Compare(subject, [ast.In()], [ast.Tuple(options, ast.Load())])
        if options
        else ast.Name("<pattern>", ast.Load())
    )
    if case.guard is not None:
        test = ast.BoolOp(ast.And(), [test, case.guard])
    return ast.fix_missing_locations(ast.copy_location(test, case.pattern))


def _try(run: Interpreter, node: ast.Try, frame: Frame) -> Flow:
    depth = len(run.conditions)
    before = dict(frame.names)
    ends = execute(run, node.body, frame)
    del run.conditions[depth:]
    if ends is Flow.RAISES and node.handlers:
        ends = Flow.MAY_STOP
    if not ends.stops:
        with run.condition(None):
            result = execute(run, node.orelse, frame)
        ends = result if result is not Flow.GOES_ON else ends
    handled = [_handle(run, handler, before, frame) for handler in node.handlers]
    if ends is Flow.MAY_STOP or (ends is Flow.RETURNS and not all(h.stops for h in handled)):
        ends = Flow.MAY_STOP if not ends.stops or handled else ends
    with run.condition(None):
        finally_ends = execute(run, node.finalbody, frame)
    return finally_ends if finally_ends.stops else ends


def _handle(
    run: Interpreter, handler: ast.ExceptHandler, before: dict[str, Value], frame: Frame
) -> Flow:
    """Run a handler under the condition that its exception was raised."""
    kind = unparse(handler.type) if handler.type else "any exception"
    after = dict(frame.names)
    if _imports_only(handler.body):
        # `except ImportError: x = None`: what was imported before stands.
        frame.names.update({k: v for k, v in before.items() if k not in after})
    with run.condition(Condition(f"except {kind}")):
        if handler.name:
            frame.names[handler.name] = Unknown(handler.name)
        ends = execute(run, handler.body, frame)
    if ends.stops:
        frame.names.clear()
        frame.names.update(after)
    else:
        for name in {*after, *frame.names}:
            kept = after.get(name)
            frame.names[name] = kept if kept is not None else frame.names[name]
    return ends


def _imports_only(body: list[ast.stmt]) -> bool:
    return all(isinstance(s, ast.Import | ast.ImportFrom | ast.Assign | ast.Pass) for s in body)


# Loops


def _for(run: Interpreter, node: ast.For | ast.AsyncFor, frame: Frame) -> Flow:
    iterable = run.evaluate(node.iter, frame)
    items = iterate(iterable)
    depth = len(run.conditions)
    ends = Flow.GOES_ON
    if items is None or (isinstance(iterable, Many) and iterable.open):
        known = items or []
    else:
        known = items
        if isinstance(iterable, Many | Mapping) and not iterable.certain:
            run.conditions.append(Condition(node.iter, form="for ... in {}"))
    for count, item in enumerate(known):
        if count >= MAX_ITERATIONS:
            run.opaque(f"the loop runs more than {MAX_ITERATIONS} times", node, frame)
            break
        ends = _iteration(run, node, item, frame)
        if ends in (Flow.BREAKS, Flow.RETURNS, Flow.RAISES):
            break
    if items is None or (isinstance(iterable, Many) and iterable.open):
        seen = isinstance(iterable, Unknown) and iterable.inspected
        condition = Condition(node.iter, seen, repeated=True, form="for each item of {}")
        before = dict(frame.names)
        with run.condition(condition):
            item = _unknown_item(node, iterable)
            _iteration(run, node, item, frame)
        for name in {*before, *frame.names}:
            frame.names[name] = join(before.get(name), frame.names.get(name), name)
        ends = Flow.GOES_ON
    del run.conditions[depth:]
    if ends in (Flow.RETURNS, Flow.RAISES):
        return ends
    if ends is not Flow.BREAKS and node.orelse:
        return execute(run, node.orelse, frame)
    return Flow.GOES_ON


def _unknown_item(node: ast.For | ast.AsyncFor, iterable: Value) -> Value:
    item = unknown(node.target, iterable)
    if isinstance(iterable, Unknown):
        return Unknown(node.target, iterable.origin, iterable.inspected)
    return item


def _iteration(run: Interpreter, node: ast.For | ast.AsyncFor, item: Value, frame: Frame) -> Flow:
    assign(run, node.target, item, frame)
    with run.condition(None):
        return execute(run, node.body, frame)


def iterate(value: Value) -> list[Value] | None:
    """Return the items of a known iterable, None where it is not known."""
    match value:
        case Many(items=items):
            return list(items)
        case Mapping(pairs=pairs, open=False):
            return [key for key, _ in pairs.values()]
        case Text() if value.known:
            return [value.slice(i, i + 1) for i in range(len(value.plain))]
        case Made(path="builtins.open", kwargs={"content": Text() as content}):
            return list(text.split_lines(content, keep_ends=True))
        case Instance(cls=cls, attributes=attributes) if cls.is_tuple:
            return [attributes.get(name, Unknown(name)) for name in cls.fields]
    return classes.members(value)


def _while(run: Interpreter, node: ast.While, frame: Frame) -> Flow:
    depth = len(run.conditions)
    ends = Flow.GOES_ON
    for _ in range(MAX_WHILE):
        test = run.evaluate(node.test, frame)
        settled = truth(test)
        if settled is False:
            break
        if settled is None:
            with run.condition(Condition(node.test, repeated=True)):
                execute(run, node.body, frame)
            break
        if any(isinstance(n, ast.Break | ast.Return) for n in ast.walk(node)) and isinstance(
            node.test, ast.Constant
        ):  # `while True:` left from inside: how often is not known
            with run.condition(Condition("while True", repeated=True)):
                ends = execute(run, node.body, frame)
            ends = Flow.GOES_ON if ends is not Flow.RETURNS else ends
            break
        with run.condition(None):
            ends = execute(run, node.body, frame)
        if ends.stops and ends is not Flow.CONTINUES:
            break
    del run.conditions[depth:]
    return ends if ends in (Flow.RETURNS, Flow.RAISES) else Flow.GOES_ON


# With


Body = Callable[[Value], None]


def _with(run: Interpreter, node: ast.With | ast.AsyncWith, frame: Frame) -> Flow:
    return _enter_items(run, node.items, node.body, frame)


def _enter_items(
    run: Interpreter, items: list[ast.withitem], body: list[ast.stmt], frame: Frame
) -> Flow:
    if not items:
        return execute(run, body, frame)
    item, *rest = items
    if manager := _own_manager(run, item.context_expr, frame):
        return _enter_own(run, manager, item, rest, body, frame)
    value = run.evaluate(item.context_expr, frame)
    if item.optional_vars is not None:
        assign(run, item.optional_vars, _enter(value), frame)
    in_autocommit = isinstance(value, Ref) and value.path == "<autocommit>"
    run.autocommit += in_autocommit
    ends = _enter_items(run, rest, body, frame)
    run.autocommit -= in_autocommit
    if ends is Flow.RAISES and isinstance(value, Made) and value.path == "contextlib.suppress":
        return Flow.GOES_ON
    return ends


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
            assign(run, item.optional_vars, value, frame)
        ends = _enter_items(run, rest, body, frame)

    assert isinstance(item.context_expr, ast.Call)
    calls.enter_manager(run, manager, calls.arguments(run, item.context_expr, frame), inside)
    return ends


def _enter(value: Value) -> Value:
    """Return what `as` binds."""
    match value:
        case Batch() | Instance() | Unknown():
            return value
        case Ref(path) if path in {BIND, SESSION, CURSOR, CONTEXT, INSPECTOR}:
            return value
        case Made(receiver=Ref(path) as receiver) if path in {BIND, SESSION, CURSOR}:
            return receiver  # connection.begin(), session.begin_nested(), raw.cursor()
    return value


_STATEMENTS: dict[type[ast.stmt], Callable[[Any, Any, Frame], Flow]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.Global: _global,
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
    ast.If: _if,
    ast.Match: _match,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
}
