"""Calls inside an `async def` that wait for a database, however deep the call that does."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator

import msgspec

from guard.facts import BlockingCall, LazyLoad
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.reader.modules import Module, Resolver
from guard.source.event_loop.annotations import last_name
from guard.source.event_loop.call_shapes import is_in_memory
from guard.source.event_loop.database_calls import ITERATED, KINDS, WAITS, key_of
from guard.source.event_loop.functions import PROPERTIES, Site, Sites, decorators, definitions_in
from guard.source.event_loop.inference import Inference, TooMuchError
from guard.source.event_loop.lazy_loading import lazy_loads
from guard.source.event_loop.modules import Modules
from guard.source.event_loop.values import (
    Arguments,
    Class,
    Flag,
    Frame,
    Function,
    Instance,
    Made,
    Method,
    Named,
    Nothing,
    Value,
    label_of,
)
from guard.source.source_file import Waits
from guard.statement import Span

MAX_CALLS = 8  # deep: what is called by what is called
_ELSEWHERE = lazy_re(r"async|thread|executor|background|greenlet|run_sync", re.I)


class Step(msgspec.Struct, frozen=True):
    """What is called, and where; `library` of a call that waits itself."""

    called: str
    span: Span
    library: str = ""


def has_coroutines(source: PythonSource) -> bool:
    """Return whether the file may hold an `async def`, at a cheap look."""
    return b"async def" in source.data


class EventLoop:
    """Finds what waits on the event loop. One serves many files, whose helpers it reads once."""

    def __init__(self, resolver: Resolver):
        self._modules = Modules(resolver)

    def waits(self, module: Module) -> Waits:
        """Return what the module's coroutines do that waits for a database, or tries to."""
        if not has_coroutines(module.source):
            return Waits()
        inference = Inference(self._modules)
        calls: list[BlockingCall] = []
        lazy: list[LazyLoad] = []
        try:
            follower = _Follower(inference, self._modules)
            frame = inference.frames.of_module(module)
            for function, inside in _coroutines(inference, frame, module.tree, None):
                with contextlib.suppress(RecursionError):  # of one that is nested too deeply
                    calls += follower.blocking_calls(function, inside)
                    lazy += lazy_loads(function, inside, inference)
        except TooMuchError:
            pass  # what was found until then is so
        return Waits(tuple(calls), tuple(lazy))


def _coroutines(
    inference: Inference, frame: Frame, block: ast.AST, owner: Class | None
) -> Iterator[tuple[Function, Frame]]:
    """Yield each `async def` of a block, with the frame in which it runs."""
    for node in definitions_in(block):
        if isinstance(node, ast.ClassDef):
            yield from _coroutines(inference, frame, node, Class(node, frame))
            continue
        bound = Instance(owner) if owner and "staticmethod" not in decorators(node) else None
        function = Function(node, frame, owner, bound)
        inside = inference.frames.of_call(function)
        if isinstance(node, ast.AsyncFunctionDef):
            yield function, inside
        yield from _coroutines(inference, inside, node, None)


class _Follower:
    """Follows calls into the project's functions, each with the same arguments once."""

    def __init__(self, inference: Inference, modules: Modules):
        self._inference = inference
        self._modules = modules
        self._known: dict[Value | tuple[object, ...], tuple[Step, ...]] = {}
        self._depth = 0

    def blocking_calls(self, function: Function, frame: Frame) -> Iterator[BlockingCall]:
        for site in self._sites(function, frame):
            steps = self._steps(site, frame)
            if steps:
                yield BlockingCall(
                    span=steps[0].span,
                    caller=label_of(function),
                    chain=tuple(step.called for step in steps),
                    places=tuple(step.span for step in steps[1:]),
                    library=steps[-1].library,
                    handed=_handed(site),
                )

    def _steps(self, site: Site, frame: Frame) -> tuple[Step, ...]:
        """The calls from that site on to the one that waits; none where nothing does."""
        if site.awaited:
            return ()  # else it would fail: something made it asynchronous
        for node in site.inside:
            frame = self._inference.frames.inside(node, frame)
        span = frame.scope.module.source.span(site.node)
        found: tuple[Step, ...] = ()
        if isinstance(site.node, ast.Call):
            found = self._called(site.node, site, span, frame)
        elif site.how == "read" and isinstance(site.node, ast.Attribute):
            found = self._read(site.node, span, frame)
        if not found and site.how == "iterated":
            value = self._inference.value(site.node, frame)
            if isinstance(value, Made) and value.kind in ITERATED:
                found = (Step(ITERATED[value.kind], span, KINDS[value.kind].library),)
            elif isinstance(value, Instance):
                found = self._gone_through(value, span, frame)
        return found

    def _gone_through(self, this: Instance, span: Span, frame: Frame) -> tuple[Step, ...]:
        """What a loop over an object of the project runs."""
        for name in ("__iter__", "__next__"):
            method = self._inference.attribute(this, name, frame)
            steps = self._inside(method, ()) if isinstance(method, Function) else ()
            if isinstance(method, Function) and steps:
                return (Step(label_of(method), span), *steps)
        return ()

    def _called(self, call: ast.Call, site: Site, span: Span, frame: Frame) -> tuple[Step, ...]:
        inference = self._inference
        callee = inference.value(call.func, frame)
        if callee is None and site.how == "iterated" and call.args and _is_lazy(call):
            callee = inference.value(call.args[0], frame)  # called for each item
            call = ast.copy_location(ast.Call(call.args[0], [], []), call)
        match callee:
            case Method(kind, name):
                known = KINDS[kind]
                if name in known.waits or (site.how == "entered" and name in known.waits_entered):
                    own = self._depth > 0 and _is_own(call, frame)
                    return (Step(f"{known.name}.{name}()", span, "" if own else known.library),)
            case Named(dotted) if not is_in_memory(call):
                key = key_of(dotted)
                opened = inference.value(call, frame) == Made("Inspector")
                if key in WAITS or (opened and key == ("sqlalchemy", "inspect")):
                    return (Step(f"{dotted}()", span, dotted.partition(".")[0]),)
            case Class():
                return self._made(callee, call, site, span, frame)
            case Function():
                return self._followed(callee, call, site, span, frame)
            case Instance():
                method = inference.attribute(callee, "__call__", frame)
                if isinstance(method, Function):
                    return self._followed(method, call, site, span, frame)
            case None:
                return self._by_shape(call, span, frame)
        return ()

    def _by_shape(self, call: ast.Call, span: Span, frame: Frame) -> tuple[Step, ...]:
        """What only synchronous objects do: `Base.metadata.create_all(engine)`."""
        match call.func:
            case ast.Attribute(value=value, attr="create_all" | "drop_all" as name):
                if last_name(value) == "metadata" and (call.args or call.keywords):
                    return (Step(f"MetaData.{name}()", span),)
            case ast.Attribute(attr="to_sql"):
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                values = [self._inference.value(each, frame) for each in given]
                if any(isinstance(value, Made) for value in values):
                    return (Step("DataFrame.to_sql()", span),)
        return ()

    # The project's own code

    def _made(
        self, of: Class, call: ast.Call, site: Site, span: Span, frame: Frame
    ) -> tuple[Step, ...]:
        """What making an object runs, and entering it."""
        inference = self._inference
        this = inference.instance(of, call, frame)
        for name in ("__init__", "__enter__", "__exit__")[: 3 if site.how == "entered" else 1]:
            method = inference.attribute(this, name, frame)
            if isinstance(method, Function):
                given = inference.arguments(method, call, frame) if name == "__init__" else ()
                steps = self._inside(method, given)
                if steps:
                    return (Step(f"{of.node.name}()", span), *steps)
        return ()

    def _followed(
        self, function: Function, call: ast.Call, site: Site, span: Span, frame: Frame
    ) -> tuple[Step, ...]:
        if isinstance(function.node, ast.AsyncFunctionDef) or not self._runs_here(function):
            return ()
        if self._modules.body(function.node).yields and site.how == "called":
            return ()  # its body runs when it is entered or iterated
        steps = self._inside(function, self._inference.arguments(function, call, frame))
        return (Step(label_of(function), span), *steps) if steps else ()

    def _read(self, node: ast.Attribute, span: Span, frame: Frame) -> tuple[Step, ...]:
        """What reading a property runs."""
        this = self._inference.value(node.value, frame)
        if not isinstance(this, Instance):
            return ()
        member = self._inference.member(this.of, node.attr, this.above)
        if not isinstance(member, Function) or not PROPERTIES & decorators(member.node):
            return ()
        function = Function(member.node, member.frame, member.owner, Instance(this.of, this.given))
        steps = self._inside(function, ())
        return (Step(label_of(function).removesuffix("()"), span), *steps) if steps else ()

    def _inside(self, function: Function, given: Arguments) -> tuple[Step, ...]:
        """The first of a function's calls that waits, and those that lead to it."""
        key = function, given
        if key not in self._known and self._depth < MAX_CALLS:
            self._known[key] = ()  # a function that calls itself
            self._depth += 1
            try:
                frame = self._inference.frames.of_call(function, given)
                chains = (self._steps(site, frame) for site in self._sites(function, frame))
                self._known[key] = next(filter(None, chains), ())
            finally:
                self._depth -= 1
        return self._known.get(key, ())

    def _sites(self, function: Function, frame: Frame) -> Iterator[Site]:
        return Sites(lambda test: self._decided(test, frame)).of(function.node.body)

    def _decided(self, test: ast.expr, frame: Frame) -> bool | None:
        """Whether a condition holds, where the arguments of the call decide that."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                decided = self._decided(operand, frame)
                return None if decided is None else not decided
            case ast.BoolOp(op=op, values=values):
                each = [self._decided(value, frame) for value in values]
                ends = isinstance(op, ast.Or)
                return ends if ends in each else None if None in each else not ends
            case ast.Compare(
                left=ast.Name() as name,
                ops=[ast.Is() | ast.IsNot() as op],
                comparators=[ast.Constant(value=None)],
            ):
                given = self._given(name, frame)
                said = None if given is None else given == Nothing()
                return said if said is None or isinstance(op, ast.Is) else not said
            case ast.Name():
                given = self._given(test, frame)
                return (
                    given.value
                    if isinstance(given, Flag)
                    else False
                    if given == Nothing()
                    else None
                )
        return None

    def _given(self, node: ast.Name, frame: Frame) -> Value | None:
        """What the call gave for an argument that the function has not set by then."""
        lines = (getattr(b.node, "lineno", 0) for b in frame.scope.bindings.get(node.id, ())[1:])
        return frame.given.get(node.id) if all(line > node.lineno for line in lines) else None

    def _runs_here(self, function: Function) -> bool:
        """Whether calling it runs it where it is called: no decorator hands it to a thread."""
        for mark in function.node.decorator_list:
            node = mark.func if isinstance(mark, ast.Call) else mark
            if _ELSEWHERE.search(last_name(node)):
                return False
            wrapper = self._inference.value(node, function.frame)
            if isinstance(wrapper, Function) and _ELSEWHERE.search(ast.unparse(wrapper.node)):
                return False
        return True


def _is_own(call: ast.Call, frame: Frame) -> bool:
    """Whether the function has opened the object itself whose method it calls."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    bindings = frame.scope.bindings.get(node.id, []) if isinstance(node, ast.Name) else []
    return any(binding.how in ("value", "entered") for binding in bindings)


def _is_lazy(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in {"map", "filter"}


def _handed(site: Site) -> str:
    """The arguments with which `asyncio.to_thread` does the same, "" where it cannot."""
    match site.node, site.how:
        case ast.Call(func=function, args=args, keywords=keywords), "called":
            given = [ast.unparse(each) for each in (function, *args, *keywords)]
            return ", ".join(given)
        case node, "iterated":
            return f"lambda: list({ast.unparse(node)})"
        case node, "read":
            return f"lambda: {ast.unparse(node)}"
    return ""
