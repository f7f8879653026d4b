"""What an expression is: by imports, annotations and constructors, never by how it is called.

The project's own functions and classes are looked into and never imported. What is not surely
known is None.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guard.reader.modules import Module
from guard.source.bindings import Binding
from guard.source.event_loop.annotations import annotated, last_name, one_of
from guard.source.event_loop.call_shapes import (
    all_entities,
    defaults_of,
    depth_of,
    given_to,
    is_in_memory,
)
from guard.source.event_loop.database_calls import KINDS, MAKES, key_of
from guard.source.event_loop.frames import Frames
from guard.source.event_loop.functions import (
    PROPERTIES,
    decorators,
    self_name,
)
from guard.source.event_loop.modules import Modules
from guard.source.event_loop.values import (
    Alias,
    Arguments,
    Class,
    File,
    Flag,
    Frame,
    Function,
    FunctionNode,
    Gives,
    Instance,
    Made,
    Method,
    Named,
    Nothing,
    Value,
)

MAX_DEPTH = 60  # of expressions inside expressions, and of what they lead to
MAX_STEPS = 100_000  # expressions for one file, which is some seconds
# What stands for its argument, for what is asked here.
_SAME = ("closing", "contextmanager", "asynccontextmanager", "partial")
_DEPENDS = ("Depends", "Security")
_ELSEWHERE = (ast.Global, ast.Nonlocal)


class TooMuchError(Exception):
    """A file leads to more code than is looked into."""


class Inference:
    """Answers for one file, and for what it leads to."""

    def __init__(self, modules: Modules):
        self._modules = modules
        self.frames = Frames(modules)
        self._returns: dict[tuple[object, ...], Value | None] = {}
        self._active: set[tuple[int | str, int]] = set()
        self._cut = 0  # how often an answer needed itself
        self._steps = 0

    # Expressions

    def value(self, node: ast.expr, frame: Frame) -> Value | None:
        """Return what the expression is; raises TooMuchError."""
        if id(node) in frame.known:
            return frame.known[id(node)]
        mark = id(node), id(frame)
        if mark in self._active:
            self._cut += 1
            return Nothing()  # `query = query.filter(...)`: what it was before decides
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooMuchError
        if len(self._active) > MAX_DEPTH:
            self._cut += 1
            return None
        cut = self._cut
        self._active.add(mark)
        try:
            found = self._value(node, frame)
        finally:
            self._active.discard(mark)
        if cut == self._cut or found != Nothing():
            frame.known[id(node)] = found
        return found

    def _value(self, node: ast.expr, frame: Frame) -> Value | None:
        match node:
            case ast.Constant(value=None):
                return Nothing()
            case ast.Constant(value=bool(flag)):
                return Flag(flag)
            case ast.Name(id=name):
                return self.name(name, frame)
            case ast.Attribute(value=value, attr=name):
                return self.attribute(self.value(value, frame), name, frame)
            case ast.Call():
                return self._result(node, frame)
            case ast.Await(value=ast.Call() as call):
                return self._awaited(call, frame)
            case ast.NamedExpr(value=value):
                return self.value(value, frame)
            case ast.IfExp(body=body, orelse=other):
                return one_of([self.value(body, frame), self.value(other, frame)])
            case ast.BoolOp(op=ast.Or(), values=values):
                return one_of([self.value(value, frame) for value in values])
            case ast.Subscript(value=head):
                return self._subscripted(node, head, frame)
            case ast.BinOp(op=ast.BitOr()):
                return Alias(node, frame)
            case ast.Lambda():
                return Function(self._modules.function_of(node), frame)
        return None

    def _subscripted(self, node: ast.expr, head: ast.expr, frame: Frame) -> Value | None:
        """`Repository[User]` is the class, `Annotated[Session, ...]` an annotation with a name."""
        value = self.value(head, frame)
        if isinstance(value, Class):
            return value
        if not isinstance(value, Named):
            return None
        return value if key_of(value.dotted) in MAKES else Alias(node, frame)

    def name(self, name: str, frame: Frame) -> Value | None:
        """Return what a name is that code in the frame uses."""
        at: Frame | None = frame
        while at is not None:
            bindings = at.scope.bindings.get(name, [])
            known = at.given.get(name)
            if known is not None:
                set_here = [b for b in bindings if not isinstance(b.node, ast.arg)]
                return one_of([known, *(self._bound(name, binding, at) for binding in set_here)])
            if at.outer is None:
                return self._of_module(name, at)
            if bindings and not any(isinstance(b.node, _ELSEWHERE) for b in bindings):
                return one_of([self._bound(name, binding, at) for binding in bindings])
            at = at.outer
        return None

    def _of_module(self, name: str, frame: Frame) -> Value | None:
        mark = name, id(frame)
        if mark in self._active or len(self._active) > MAX_DEPTH:
            self._cut += 1
            return Nothing()  # modules that import each other
        self._active.add(mark)
        try:
            found = [self._bound(name, b, frame) for b in frame.scope.bindings.get(name, ())]
            found += self._set_by_functions(name, frame)
            return one_of(found) if found else self._starred(name, frame)
        finally:
            self._active.discard(mark)

    def _set_by_functions(self, name: str, frame: Frame) -> list[Value | None]:
        """What functions of a module assign to a name that they declare to be `global`."""
        if frame.set_elsewhere is None:
            frame.set_elsewhere = {}
            for node in self._modules.setting_globals(frame.scope.module):
                inside = self.frames.inside(node, frame)
                for each, bindings in inside.scope.bindings.items():
                    if any(isinstance(binding.node, ast.Global) for binding in bindings):
                        frame.set_elsewhere.setdefault(each, []).append((inside, bindings))
        return [
            self._bound(name, binding, inside)
            for inside, bindings in frame.set_elsewhere.get(name, ())
            for binding in bindings
            if not isinstance(binding.node, ast.Global)
        ]

    def _bound(self, name: str, binding: Binding, frame: Frame) -> Value | None:
        outside = frame.outer or frame
        if binding.annotation is not None:
            at = outside if isinstance(binding.node, ast.arg) else frame
            found = annotated(binding.annotation, at, self.value)
            if found is not None:
                return found
        match binding.how:
            case "import":
                return self._imported(name, binding.node, frame)
            case "defined":
                return self._defined(binding.node, frame)
            case "value" if binding.value is not None:
                return self.value(binding.value, frame)
            case "entered" if binding.value is not None:
                return self.entered(self.value(binding.value, frame))
            case "each" if binding.value is not None:
                return _inside(self.value(binding.value, frame))
            case "argument" if binding.value is not None:
                default = self.value(binding.value, outside)
                return None if isinstance(default, Flag) else default
        return None

    def _defined(self, node: ast.AST, frame: Frame) -> Value | None:
        if isinstance(node, ast.ClassDef):
            return Class(node, frame)
        if isinstance(node, FunctionNode):
            return Function(node, frame)
        return None

    # Imports

    def _imported(self, name: str, node: ast.AST, frame: Frame) -> Value | None:
        module = frame.scope.module
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    return self.frames.dotted(alias.name if alias.asname else name, module)
        if isinstance(node, ast.ImportFrom):
            wanted = next(a.name for a in node.names if (a.asname or a.name) == name)
            return self._from(node, wanted, module)
        return None

    def _from(self, node: ast.ImportFrom, name: str, near: Module) -> Value | None:
        """What `from module import name` gives: a name of the module, or a module below it."""
        value = self.frames.source(node, near)
        if isinstance(value, File):
            inside = self._of_file(value.frame, name)
            if inside is not None:
                return inside
        if node.level:
            below = f"{node.module}.{name}" if node.module else name
            return self.frames.relative(node.level, below, near)
        return self.frames.dotted(f"{node.module}.{name}", near)

    def _of_file(self, frame: Frame, name: str) -> Value | None:
        if name in frame.scope.bindings:
            return self.name(name, frame)
        return self._starred(name, frame)

    def _starred(self, name: str, frame: Frame) -> Value | None:
        """What a star import of the module gives for the name."""
        for binding in frame.scope.bindings.get("*", ()):
            mark = id(binding), id(frame)
            if isinstance(binding.node, ast.ImportFrom) and mark not in self._active:
                self._active.add(mark)
                try:
                    found = self._of_star(binding.node, name, frame.scope.module)
                finally:
                    self._active.discard(mark)
                if found is not None:
                    return found
        return None

    def _of_star(self, node: ast.ImportFrom, name: str, near: Module) -> Value | None:
        match self.frames.source(node, near):
            case File(frame):
                return self._of_file(frame, name)
            case Named(dotted) if key_of(f"{dotted}.{name}") in MAKES:
                return Named(f"{dotted}.{name}")
        return None

    # Attributes

    def attribute(self, value: Value | None, name: str, frame: Frame) -> Value | None:
        """Return what `value.name` is."""
        match value:
            case Nothing():
                return value
            case Named(dotted):
                return self.frames.dotted(f"{dotted}.{name}", frame.scope.module)
            case File(inside):
                found = self._of_file(inside, name)
                file = inside.scope.module.file
                if found is None and file is not None and file.name == "__init__.py":
                    found = self.frames.relative(1, name, inside.scope.module)
                return found
            case Made(kind):
                return _of_kind(kind, name)
            case Instance():
                return self._of_instance(value, name)
            case Class():
                return self._of_class(value, name)
        return None

    def member(self, of: Class, name: str, above: Class | None = None) -> Value | None:
        """Return what the class or one of its bases binds to the name: a function is not bound."""
        for each in self.lineage(of, above):
            if isinstance(each, Made):
                return _of_kind(each.kind, name)
            frame = self.frames.inside(each.node, each.frame)
            if name in frame.scope.bindings:
                found = one_of([self._bound(name, b, frame) for b in frame.scope.bindings[name]])
                if isinstance(found, Function) and found.frame is frame:
                    return Function(found.node, each.frame, each)
                if found is not None and found != Nothing():
                    return found
        return None

    def _of_instance(self, value: Instance, name: str) -> Value | None:
        found = self.member(value.of, name, value.above)
        if isinstance(found, Function) and found.owner is not None and found.bound is None:
            marks = decorators(found.node)
            if "staticmethod" in marks:
                return found
            this = Instance(value.of, value.given)
            bound = Function(
                found.node, found.frame, found.owner, value.of if "classmethod" in marks else this
            )
            return self._returned(bound, ()) if PROPERTIES & marks else bound
        if found is not None and not isinstance(found, Method):
            return found
        assigned = self._assigned(value, name)
        return assigned if assigned is not None else found

    def _assigned(self, value: Instance, name: str) -> Value | None:
        """What the methods of the class assign to `self.name`."""
        for each in self.lineage(value.of, value.above):
            if isinstance(each, Made):
                continue
            found: list[Value | None] = []
            for method, binding in self._modules.attributes(each.node).get(name, ()):
                function = Function(method, each.frame, each, Instance(value.of, value.given))
                given = value.given if method.name == "__init__" else ()
                frame = self.frames.of_call(function, given)
                found.append(self._bound(name, binding, frame))
            if found:
                return one_of(found)
        return None

    def _of_class(self, value: Class, name: str) -> Value | None:
        found = self.member(value, name)
        if not isinstance(found, Function) or found.owner is None or found.bound is not None:
            return found
        bound = value if "classmethod" in decorators(found.node) else None
        return Function(found.node, found.frame, found.owner, bound)

    def lineage(self, of: Class, above: Class | None = None) -> Iterator[Class | Made]:
        """Yield the class and its bases, nearest first, as far as they are known."""
        waiting: list[Class | Made] = [of]
        seen: set[ast.AST] = set()
        passed = above is None
        while waiting and len(seen) < MAX_DEPTH:
            each = waiting.pop(0)
            if isinstance(each, Made):
                yield each
                continue
            if each.node in seen:
                continue
            seen.add(each.node)
            if passed:
                yield each
            passed = passed or each == above
            waiting += [b for node in each.node.bases if (b := self._base(node, each.frame))]

    def _base(self, node: ast.expr, frame: Frame) -> Class | Made | None:
        value = self.value(node, frame)
        if isinstance(value, Named):
            key = key_of(value.dotted)
            return Made(MAKES[key]) if key in MAKES else None
        return value if isinstance(value, Class | Made) else None

    # Calls

    def _result(self, call: ast.Call, frame: Frame) -> Value | None:
        """What a call gives."""
        called = last_name(call.func)
        if called == "super" and not call.args and frame.owner is not None:
            this = self.name(self_name(frame.scope.block), frame)
            return (
                Instance(this.of, this.given, frame.owner) if isinstance(this, Instance) else None
            )
        callee = self.value(call.func, frame)
        match callee:
            case Named(dotted):
                return self._of_library(dotted, call, frame)
            case Class():
                return self.instance(callee, call, frame)
            case Function(node=node) if (
                isinstance(node, ast.FunctionDef) or self._modules.body(node).yields
            ):
                return self._returned(callee, self.arguments(callee, call, frame))
            case Method(kind, name):
                gives = KINDS[kind].gives.get(name)
                return Made(gives) if gives else None
            case Made(kind):
                gives = KINDS[kind].gives.get("")
                return Made(gives) if gives else None
            case Gives(how="called", value=value):
                return value
            case Instance():
                method = self._of_instance(callee, "__call__")
                if isinstance(method, Function) and isinstance(method.node, ast.FunctionDef):
                    return self._returned(method, self.arguments(method, call, frame))
            case None | Nothing():
                return self._by_shape(call, called, frame) or callee
        return None

    def _by_shape(self, call: ast.Call, called: str, frame: Frame) -> Value | None:
        """What only a synchronous object has, whoever holds it: `session.query(User)`."""
        if called == "next" and call.args:
            return _inside(self.value(call.args[0], frame))
        queries = called == "query" and isinstance(call.func, ast.Attribute) and call.args
        return Made("Query") if queries and not call.keywords and all_entities(call.args) else None

    def _of_library(self, dotted: str, call: ast.Call, frame: Frame) -> Value | None:
        last = dotted.rpartition(".")[2]
        if last == "cast" and call.args:
            return annotated(call.args[0], frame, self.value)
        if last in (*_DEPENDS, *_SAME) and call.args:
            given = self.value(call.args[0], frame)
            return given if last in _SAME else self._provided(given)
        key = key_of(dotted)
        if key == ("sqlalchemy", "inspect") and call.args:
            of = self.value(call.args[0], frame)
            return Made("Inspector") if of in (Made("Engine"), Made("Connection")) else None
        if key not in MAKES or is_in_memory(call):
            return None
        if MAKES[key] in ("sessionmaker", "scoped_session"):
            return self._maker(MAKES[key], call, frame)
        return Made(MAKES[key])

    def _provided(self, dependency: Value | None) -> Value | None:
        """What FastAPI's `Depends(f)` gives."""
        if isinstance(dependency, Class):
            return Instance(dependency)
        if not isinstance(dependency, Function):
            return None
        given = self._returned(dependency, ())
        return _inside(given) if self._modules.body(dependency.node).yields else given

    def _maker(self, kind: str, call: ast.Call, frame: Frame) -> Value | None:
        """A maker of sessions, None where they are asynchronous."""
        classes = [k.value for k in call.keywords if k.arg == "class_"]
        if kind == "scoped_session" and call.args:
            maker = self.value(call.args[0], frame)
            return Made(kind) if maker == Made("sessionmaker") else None
        bases = (self._base(node, frame) for node in classes)
        made = {self._of_a_library(base) for base in bases} or {Made("Session")}
        if made == {Made("AsyncSession")}:
            return Made("async_sessionmaker")
        return Made(kind) if made == {Made("Session")} else None

    def _of_a_library(self, of: Class | Made | None) -> Made | None:
        """The class of a library that a class inherits from."""
        lineage = self.lineage(of) if isinstance(of, Class) else [of]
        return next((each for each in lineage if isinstance(each, Made)), None)

    def instance(self, of: Class, call: ast.Call, frame: Frame) -> Value | None:
        """Return what calling the class with those arguments makes."""
        init = self.member(of, "__init__")
        if isinstance(init, Function) and isinstance(init.node, ast.FunctionDef):
            bound = Function(init.node, init.frame, init.owner, Instance(of))
            given = self.arguments(bound, call, frame)
            return Instance(of, given if depth_of(given) < 4 else ())
        return Instance(of)

    def arguments(self, function: Function, call: ast.Call, frame: Frame) -> Arguments:
        """Return the arguments of a call that are known, by the function's names for them."""
        given = given_to(function, call)
        found = {**defaults_of(function, call)}
        found |= {name: self.value(node, frame) for name, node in given.items()}
        return tuple((name, value) for name, value in found.items() if value is not None)

    def _returned(self, function: Function, given: Arguments) -> Value | None:
        """What a function returns; what it yields, for whoever enters it."""
        key = function, given
        if key not in self._returns:
            self._returns[key] = Nothing()  # of a function that calls itself
            self._returns[key] = self._returning(function, given)
        return self._returns[key]

    def _returning(self, function: Function, given: Arguments) -> Value | None:
        node = function.node
        found = annotated(node.returns, function.frame, self.value) if node.returns else None
        if found is not None and found not in (Nothing(), Gives("entered", None)):
            return found
        frame = self.frames.of_call(function, given)
        body = self._modules.body(node)
        found = one_of([self.value(each, frame) for each in body.exits])
        return Gives("entered", found) if body.yields and found is not None else found

    def _awaited(self, call: ast.Call, frame: Frame) -> Value | None:
        callee = self.value(call.func, frame)
        if isinstance(callee, Function) and isinstance(callee.node, ast.AsyncFunctionDef):
            return self._returned(callee, self.arguments(callee, call, frame))
        return None

    def entered(self, value: Value | None) -> Value | None:
        """Return what `with value as name` gives."""
        match value:
            case Gives(how="entered", value=inside):
                return inside
            case Instance():
                for name in ("__enter__", "__aenter__"):
                    method = self._of_instance(value, name)
                    if isinstance(method, Function):
                        return self._returned(method, ())
        return value


def _of_kind(kind: str, name: str) -> Value:
    held = KINDS[kind].holds.get(name)
    return Made(held) if held is not None else Method(kind, name)


def _inside(value: Value | None) -> Value | None:
    """What iterating over the value gives."""
    return value.value if isinstance(value, Gives) and value.how == "entered" else None
