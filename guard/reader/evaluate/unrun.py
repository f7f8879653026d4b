"""Code that acts on the database, was taken in hand, and was never seen to run.

It may be called by what could not be followed, or by Python itself: an operator, a `with`, the end
of an object. So it is said, once for each.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Iterator

import msgspec

from guard.reader.evaluate import classes, imports
from guard.reader.evaluate.run import Run, find
from guard.reader.evaluate.state import Frame
from guard.reader.evaluate.values import (
    BoundMethod,
    Class,
    Construct,
    DottedName,
    Function,
    Instance,
    Live,
    Value,
)

_RUNS_CODE = {"exec", "eval", "__import__"}
_PLAIN = ("staticmethod", "classmethod", "property", "abstractmethod", "overload", "wraps")


def tell(run: Run) -> None:
    """Record what acts on the database, was named by the revision, and never ran in sight."""
    for value, node, frame in list(run.in_hand.named.values()):
        if isinstance(value, Class):
            for method in _called_by_python(run, value):
                whole = msgspec.structs.replace(method, receiver=Instance(value, {}))
                if not run.in_hand.is_run(method) and acts(run, whole):
                    name = getattr(method.node, "name", "lambda")
                    run.opaque(f"nothing shows when {value.name}.{name} runs", node, frame)
        elif run.in_hand.is_run(value):
            continue
        elif (isinstance(value, Function) and acts(run, value)) or is_operation(run, value):
            run.opaque("nothing shows when it is called", node, frame)


def tell_any(run: Run, values: Iterable[Value], node: ast.AST, frame: Frame) -> None:
    """Record that any of the values may be called at the node, where one acts on the database."""
    functions = [value for value in values if isinstance(value, Function)]
    if any(acts(run, function) for function in functions):
        run.opaque("which function it takes is not known", node, frame)


def methods_of(cls: Class) -> Iterator[Value]:
    """Yield what the class and its bases in sight have."""
    for one in classes.order(cls):
        yield from one.attributes.values()


def is_operation(run: Run, value: Value) -> bool:
    """Return whether the value is `op.drop_table`, `connection.execute`: what acts once called."""
    match value:
        case DottedName(path) if path.rpartition(".")[0] in run.library.handles:
            return _acts_by_name(run, path)
        case BoundMethod(Live() as owner, name):
            return owner.reaches_database and name in run.library.acts
    return False


def acts(run: Run, function: Function) -> bool:
    """Return whether the function may act on a database, or calls one in sight that may."""
    return _acts(run, function, set())


def _acts(run: Run, function: Function, seen: set[Hashable]) -> bool:
    if function.identity in seen:
        return False
    seen.add(function.identity)
    asked: set[int] = set()  # the `op` of `op.f(...)`
    for node in ast.walk(function.node):
        if isinstance(node, ast.Attribute):
            if node.attr in run.library.acts:
                return True
            own = _own_method(function, node)
            if own is not None and _acts(run, own, seen):
                return True
            if isinstance(node.value, ast.Name):
                asked.add(id(node.value))
                if _name_acts(run, function, f"{node.value.id}.{node.attr}", seen):
                    return True
        elif (
            isinstance(node, ast.Name)
            and id(node) not in asked
            and (node.id in _RUNS_CODE or _name_acts(run, function, node.id, seen))
        ):
            return True
    return False


def _own_method(function: Function, node: ast.Attribute) -> Function | None:
    """Return the method that `self.name` or `super().name` is in the function, None for others."""
    receiver: Value | None = None
    args = function.node.args
    match node.value:
        case ast.Call(func=ast.Name("super")):
            receiver = classes.parent_view(function)
        case ast.Name(name) if name in {a.arg for a in (*args.posonlyargs, *args.args)[:1]}:
            receiver = function.receiver
    owner = receiver.cls if isinstance(receiver, Instance) else receiver
    found = classes.lookup(owner, node.attr) if isinstance(owner, Class) else None
    if not isinstance(found, Function):
        return None
    return msgspec.structs.replace(found, receiver=function.receiver)


def _name_acts(run: Run, function: Function, name: str, seen: set[Hashable]) -> bool:
    first, _, rest = name.partition(".")
    value = _value_of(run, function, first)
    if isinstance(value, DottedName):
        value = imports.settle(run, DottedName(f"{value.path}.{rest}") if rest else value)
    match value:
        case DottedName(path) if path in run.library.handles:
            return True
        case DottedName(path) if path.rpartition(".")[0] in run.library.handles:
            return _acts_by_name(run, path)
        case Function():
            return _acts(run, value, seen)
    return False


def _value_of(run: Run, function: Function, name: str) -> Value | None:
    for names in function.scopes:
        if name in names:
            return names[name]
    module = function.module
    known = name in module.names or name in module.bindings
    return imports.name_in(run, module, name) if known else None


def _acts_by_name(run: Run, path: str) -> bool:
    """Whether it is no function of `op` that only asks, such as `op.get_bind`."""
    return path.rpartition(".")[2] in run.library.acts or find(run.library.names, path) is None


# Methods that no code calls by their names


def _called_by_python(run: Run, cls: Class) -> Iterator[Function]:
    """Yield the methods that run without being called: of operators, of a base out of sight.

    Those of the class's class stand behind all that is done with it.
    """
    seen: set[int] = set()
    waiting: list[Value] = [cls]
    metaclasses: set[int] = set()
    while waiting:
        owner = waiting.pop()
        if not isinstance(owner, Class) or id(owner) in seen:
            continue
        seen.add(id(owner))
        unseen = id(owner) in metaclasses or (
            owner.module is run.module and any(_is_unseen(run, b) for b in owner.bases)
        )
        if isinstance(metaclass := owner.keywords.get("metaclass"), Class):
            metaclasses.add(id(metaclass))
            waiting.append(metaclass)
        for name, value in owner.attributes.items():
            if isinstance(value, Instance):
                waiting.append(value.cls)  # a descriptor
            elif isinstance(value, Function) and (
                unseen or (name[:2] == name[-2:] == "__") or _is_decorated(value)
            ):
                yield value
        waiting += owner.bases


def _is_unseen(run: Run, base: Value) -> bool:
    """Whether the base may call methods of the class, and reach a database so."""
    if isinstance(base, DottedName | Construct):
        package = base.path.partition(".")[0]
        return package not in run.library.packages or base.path in run.library.callers
    return not isinstance(base, Class)


def _is_decorated(function: Function) -> bool:
    decorators = getattr(function.node, "decorator_list", ())
    return any(not ast.unparse(d).partition("(")[0].endswith(_PLAIN) for d in decorators)
