"""Calls: of functions in sight, of classes, of names that a library knows, of anything else."""

from __future__ import annotations

import ast
from collections.abc import Callable

from guard.reader.evaluate import classes, imports, loops, methods, unrun
from guard.reader.evaluate.run import Run, find
from guard.reader.evaluate.state import (
    Call,
    Condition,
    Flow,
    Frame,
    LimitReachedError,
    unknown,
)
from guard.reader.evaluate.values import (
    EXIT,
    NONE,
    Alias,
    BoundMethod,
    Class,
    Const,
    Construct,
    DottedName,
    Function,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    inner_values,
    join,
    unparse,
)


def evaluate(run: Run, node: ast.Call, frame: Frame) -> Value:
    """Return the value of the call, and record its operations."""
    if isinstance(node.func, ast.Attribute):
        owner = run.evaluate(node.func.value, frame)
        function = _method(run, owner, node.func.attr)
    else:
        function = run.evaluate(node.func, frame)
    given = arguments(run, node, frame)
    if EXIT in given.args or EXIT in given.kwargs.values():
        return EXIT  # the code that would make the argument raises: the call is never made
    return call(run, function, given)


def arguments(run: Run, node: ast.Call, frame: Frame) -> Call:
    """Return the call with its arguments evaluated, `*` and `**` spread where they are known."""
    args = loops.spread(run, node.args, frame)
    more = not args.is_whole
    kwargs: dict[str, Value] = {}
    for keyword in node.keywords:
        value = run.evaluate(keyword.value, frame)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, Mapping):
            kwargs.update({k: v for k, (_, v) in value.pairs.items() if isinstance(k, str)})
            more = more or not value.is_whole
        else:
            more = True
    return Call(node, frame, tuple(args.items), kwargs, more)


def _method(run: Run, owner: Value, name: str) -> Value:
    """Return `owner.name`, which is about to be called."""
    if isinstance(owner, Unknown | Construct):
        return BoundMethod(owner, name)
    return run.attribute(owner, name)


def call(run: Run, function: Value, call: Call) -> Value:
    """Return the result of calling the value."""
    match function:
        case Function():
            return call_function(run, function, call)
        case Class():
            return _instantiate(run, function, call)
        case DottedName(path):
            return _call_name(run, path, call)
        case BoundMethod(receiver, name):
            return _call_method(run, receiver, name, call)
        case Construct(receiver=receiver, called=False, path=name) if receiver is not None:
            return _call_method(run, receiver, name, call)
        case Instance() if (method := classes.lookup(function.cls, "__call__")) is not None:
            return run.call(run.bind(method, function), call)
        case Construct(called=True) if (made := _call_result(run, function, call)) is not None:
            return made
        case _ if _reaches_database(run, call):
            _cannot_follow(run, "it calls something that could not be followed", call)
    return unknown(call.node, *call.args, *call.kwargs.values(), Unknown(call.node))


def _call_result(run: Run, made: Construct, call: Call) -> Value | None:
    """Return the result of calling that of an earlier call, None where no library knows."""
    rule = run.library.called.get(made.path.rpartition(".")[2])
    return rule(run, made, call) if rule is not None else None


def _instantiate(run: Run, cls: Class, call: Call) -> Value:
    """Return an instance; a class that stands for a thing of a library is kept by name."""
    kept = run.library.kept
    if any(base.rpartition(".")[2] in kept for base in classes.bases_of(cls)):
        for method in unrun.methods_of(cls):
            run.in_hand.take(method, call.node, call.frame)  # the library calls them
        return Construct(cls.name, call.args, call.kwargs, call.node, receiver=cls)
    return classes.instantiate(run, cls, call)


def _call_name(run: Run, path: str, call: Call) -> Value:
    run.in_hand.run(DottedName(path))
    known = find(run.library.names, path)
    if known is not None:
        return known(run, call)
    settled = imports.settle(run, DottedName(path))
    if not isinstance(settled, DottedName):
        return run.call(settled, call)
    unlisted = run.library.unlisted.get(path.rpartition(".")[0])
    if unlisted is not None:
        return unlisted(run, path, call)
    reaches = _reaches_database(run, call)
    named = run.library.handed.get(path.rpartition(".")[2]) if reaches else None
    if named is not None:
        return named(run, call)
    is_harmless = path.partition(".")[0] in run.library.harmless
    handed = _hands_on_operation(run, call) or (path not in _ONLY_ASK and _hands_on_all(run, call))
    if (not is_harmless and reaches) or handed:
        _cannot_follow(run, f"it calls {path}, whose code is not in sight", call)
    call_handed_on(run, path, call)
    return Construct(path, call.args, call.kwargs, call.node)


# What is given `op` itself and takes no operation out of it.
_ONLY_ASK = frozenset(
    f"builtins.{name}" for name in ("callable", "dir", "format", "hasattr", "hash", "id")
)


def report_unfollowed(run: Run, value: Construct, node: ast.Call, frame: Frame) -> None:
    """Record a call made for its effect whose code is not in sight: it may use `op` itself."""
    package = value.path.partition(".")[0]
    if (
        value.receiver is None
        and (frame.function is not None or frame.module is not run.module)  # an import does as much
        and "." in value.path
        and package not in run.library.harmless
        and not run.reaches_database(*value.args, *value.kwargs.values())
        and "log" not in value.path.lower()
    ):
        run.opaque(f"it calls {value.path}, whose code is not in sight", node, frame)


def _call_method(run: Run, receiver: Value, name: str, call: Call) -> Value:
    run.in_hand.run(BoundMethod(receiver, name))
    if isinstance(receiver, Alias):
        _take_methods(run, receiver.holder, name, call)
        methods.method(run, receiver, name, call)
        receiver = Unknown(receiver.source, receiver.origin, receiver.inspected)
    rule = run.library.methods.get(type(receiver))
    result = rule(run, receiver, name, call) if rule is not None else None
    if result is None:
        result = methods.method(run, receiver, name, call)
    if result is not None:
        return result
    reaches = _reaches_database(run, call)
    if reaches and (named := run.library.handed.get(name)) is not None:
        return named(run, call)
    if isinstance(receiver, Construct):
        if reaches and not _is_harmless(run, receiver):
            _cannot_follow(run, f"it calls {name}, whose code is not in sight", call)
        elif _hands_on_operation(run, call):
            reason = f"it hands an operation to {name}, whose code is not in sight"
            _cannot_follow(run, reason, call)
        call_handed_on(run, name, call)
        return Construct(name, call.args, call.kwargs, call.node, receiver=receiver)
    if reaches:
        _cannot_follow(run, "it calls something that could not be followed", call)
    if isinstance(receiver, Unknown):
        made = unknown(call.node, receiver)
        return Unknown(made.source, receiver.origin, receiver.inspected)
    return unknown(call.node, receiver, *call.args, *call.kwargs.values())


def _is_harmless(run: Run, made: Construct) -> bool:
    """Return whether it was made by a package whose names never reach a database by themselves."""
    root: Value = made
    while isinstance(root, Construct) and root.receiver is not None:
        root = root.receiver
    path = root.path if isinstance(root, Construct | DottedName) else ""
    return path.partition(".")[0] in run.library.harmless


def _take_methods(run: Run, holder: Value, name: str, call: Call) -> None:
    """Note that the method of any object in the container may be called."""
    for inner in inner_values(holder):
        if isinstance(inner, Instance) and (method := classes.lookup(inner.cls, name)):
            run.in_hand.take(method, call.node, call.frame)


def _cannot_follow(run: Run, reason: str, call: Call) -> None:
    """Record that the call may act on the database, with all that it is given."""
    run.opaque(reason, call.node, call.frame)
    for value in (*call.args, *call.kwargs.values()):
        run.in_hand.run(value)
        for inner in value.args if isinstance(value, Construct) else ():
            run.in_hand.run(inner)


def _reaches_database(run: Run, call: Call) -> bool:
    return run.reaches_database(*call.args, *call.kwargs.values())


def _hands_on_operation(run: Run, call: Call) -> bool:
    """Return whether an argument is `op.drop_table`, `connection.execute`: to be called by others.

    Something that only asks, such as a module of the standard library, may be given a connection.
    """
    for value in (*call.args, *call.kwargs.values()):
        match value:
            case DottedName(path) if path.rpartition(".")[0] in run.library.handles:
                return True
            case BoundMethod(receiver, name) if name in run.library.acts:
                return run.reaches_database(receiver)
            case Construct(args=args) if any(isinstance(a, DottedName | BoundMethod) for a in args):
                inner = Call(call.node, call.frame, args, {})
                return _hands_on_operation(run, inner)
    return False


def _hands_on_all(run: Run, call: Call) -> bool:
    """Return whether an argument is `op` itself, with all its operations."""
    given = (*call.args, *call.kwargs.values())
    return any(isinstance(one, DottedName) and one.path in run.library.handles for one in given)


def call_handed_on(run: Run, path: str, call: Call) -> None:
    """Read the functions that code out of sight is given: it may call them.

    It may also call the methods of objects, and put something into lists.
    """
    package = path.partition(".")[0]
    for value in (*call.args, *call.kwargs.values()):
        if isinstance(value, Instance) and "log" not in path.lower():
            for method in unrun.methods_of(value.cls):
                run.in_hand.take(method, call.node, call.frame)
        elif isinstance(value, Sequence | Mapping) and (
            path in run.library.fills or package not in run.library.packages
        ):
            value.open, value.certain = True, False
        if isinstance(value, Function) and not run.goes_too_deep(value):
            with run.conditional(Condition(call.node, form=f"{path} calls it")):
                call_function(run, value, Call(call.node, call.frame, (), {}))


def read_hook(run: Run, function: Value, node: ast.expr, frame: Frame) -> None:
    """Read a function that is called on an event, whenever that is."""
    call = ast.copy_location(ast.Call(node, [], []), node)
    call_handed_on(run, "an event", Call(call, frame, (function,), {}))


# Functions in sight


def call_function(run: Run, function: Function, call: Call) -> Value:
    """Run the function's body with the arguments; return its value."""
    if run.goes_too_deep(function):
        if _may_act(run, function, call):
            run.opaque("the recursion goes too deep to follow", call.node, call.frame)
        return unknown(call.node)
    run.in_hand.run(function)
    depth = len(run.conditions)
    names = bind_arguments(function, call)
    frame = Frame(function.module, names, function.scopes, function, depth=depth)
    with run.within_call(call.frame.module, call.node, function), run.reading_apart():
        try:
            if function.module is run.module:
                return _run_body(run, function, frame, call)
            with run.share():
                return _run_body(run, function, frame, call)
        except LimitReachedError:
            if run.is_exhausted:
                raise
            if _reaches_database(run, call):
                reason = "it calls code of the application that is longer than guard follows"
                run.opaque(reason, call.node, call.frame)
            path = f"{function.module.path}:{call.code}"
            return Construct(path, call.args, call.kwargs, call.node)


def _may_act(run: Run, function: Function, call: Call) -> bool:
    handed = any(isinstance(value, Function) and unrun.acts(run, value) for value in call.args)
    return (
        handed
        or _reaches_database(run, call)
        or _hands_on_operation(run, call)
        or unrun.acts(run, function)
    )


def _run_body(run: Run, function: Function, frame: Frame, call: Call) -> Value:
    if isinstance(function.node, ast.Lambda):
        return run.evaluate(function.node.body, frame)
    yielded = Sequence("list", [])

    def on_yield(value: Value) -> None:
        yielded.items.append(value)
        since = run.conditions[frame.depth :]
        yielded.certain = yielded.certain and not since
        yielded.repeated = yielded.repeated or any(c.repeated for c in since)

    frame.on_yield = on_yield
    ends = run.execute(function.node.body, frame)
    if yielded.items:
        return yielded
    if ends is Flow.RAISES and not frame.returned:
        return EXIT
    return joined_returns(frame, ends, call)


def joined_returns(frame: Frame, ends: Flow, call: Call) -> Value:
    values = list(frame.returned)
    if not values:
        return NONE
    if ends is Flow.GOES_ON:
        values.append(NONE)
    result = values[0]
    for value in values[1:]:
        result = join(result, value, call.node)
    if isinstance(result, Unknown) and frame.return_tests:
        asked = all(test.guarded for test in frame.return_tests)  # `if table in inspector: return`
        return Unknown(result.source, result.origin, result.inspected or asked)
    return result


def bind_arguments(function: Function, call: Call) -> dict[str, Value]:
    """Return the function's names at its start; arguments that are not given stay unknown."""
    spec = function.node.args
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    names: dict[str, Value] = {}
    args = call.args if function.receiver is None else (function.receiver, *call.args)
    kwargs = dict(call.kwargs)
    for name, value in zip(positional, args, strict=False):
        names[name] = value
    if spec.vararg is not None:
        names[spec.vararg.arg] = Sequence("tuple", list(args[len(positional) :]), open=call.open)
    by_position = function.defaults[: len(spec.defaults)]
    for name, default in zip(reversed(positional), reversed(by_position), strict=False):
        if name not in names and default is not None:
            names[name] = default
    for argument, default in zip(
        spec.kwonlyargs, function.defaults[len(spec.defaults) :], strict=False
    ):
        names[argument.arg] = default if default is not None else Unknown(argument.arg)
    wanted = {*positional, *(a.arg for a in spec.kwonlyargs)}
    names.update({k: kwargs.pop(k) for k in list(kwargs) if k in wanted})
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = Mapping(
            {k: (Const(k), v) for k, v in kwargs.items()}, open=call.open
        )
    for name in positional:
        names.setdefault(name, Unknown(name))
    return names


def enter_manager(run: Run, function: Function, call: Call, body: Callable[[Value], None]) -> None:
    """Run a `@contextmanager` function around the body of its `with`: at its yield."""
    run.in_hand.run(function)
    frame = Frame(function.module, bind_arguments(function, call), function.scopes, function)
    entered: list[Value] = []

    def on_yield(value: Value) -> None:
        if not entered:
            entered.append(value)
            body(value)

    frame.on_yield = on_yield
    assert not isinstance(function.node, ast.Lambda)
    with run.within_call(call.frame.module, call.node, None):
        run.execute(function.node.body, frame)
    if not entered:
        body(Unknown(call.node))


def is_manager(function: Value) -> bool:
    """Return whether the function is decorated as a context manager."""
    return (
        isinstance(function, Function)
        and not isinstance(function.node, ast.Lambda)
        and any(
            unparse(d).rpartition(".")[2] in {"contextmanager", "asynccontextmanager"}
            for d in function.node.decorator_list
        )
    )
