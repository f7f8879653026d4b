"""Expressions: names, attributes, and which function reads which kind of expression."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import msgspec

from guard.reader.evaluate import calls, classes, containers, formats, imports, loops, operators
from guard.reader.evaluate.literals import Literal
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame, unknown
from guard.reader.evaluate.text import Part, Text
from guard.reader.evaluate.values import (
    NONE,
    BoundMethod,
    Class,
    Const,
    Construct,
    DottedName,
    Function,
    Instance,
    Live,
    Marker,
    ModuleValue,
    Sequence,
    Unknown,
    Value,
    from_python,
)

# Names and constants


def _constant(run: Run, node: ast.Constant, frame: Frame) -> Value:
    if isinstance(node.value, str):
        if not node.value:
            return Text(())
        return Text((Part(node.value, literal=Literal(frame.module.source, node)),))
    return Const(node.value)


def _name(run: Run, node: ast.Name, frame: Frame) -> Value:
    return _taken(run, imports.settle(run, _lookup(run, node, frame)), node, frame)


def _taken(run: Run, value: Value, node: ast.expr, frame: Frame) -> Value:
    if frame.module is run.module:
        run.in_hand.take(value, node, frame)
    return value


def _lookup(run: Run, node: ast.Name, frame: Frame) -> Value:
    if frame.module is run.module:
        run.in_hand.take_lent(node.id)
    for names in (frame.names, *frame.outer):
        if node.id in names:
            return names[node.id]
    value = imports.name_in(run, frame.module, node.id)
    if value is not None:
        return value
    if node.id == "__file__":
        return Text.of(str(frame.module.file or frame.module.path))
    if node.id == "__name__":
        return Text.of(frame.module.name or "revision")
    if hasattr(builtins, node.id) and node.id not in _OF_MODULES:
        return DottedName(f"builtins.{node.id}")
    return Unknown(node.id)


_OF_MODULES = {"__doc__", "__loader__", "__package__", "__spec__"}
_NAMES_AROUND = {"f_globals", "f_locals", "__globals__"}


def _lambda(run: Run, node: ast.Lambda, frame: Frame) -> Value:
    defaults = tuple(run.evaluate(d, frame) for d in node.args.defaults) + tuple(
        run.evaluate(d, frame) if d else None for d in node.args.kw_defaults
    )
    return _taken(run, Function(node, frame.module, frame.scopes, defaults), node, frame)


def _named(run: Run, node: ast.NamedExpr, frame: Frame) -> Value:
    value = run.evaluate(node.value, frame)
    run.assign(node.target, value, frame)
    return value


def _await(run: Run, node: ast.Await, frame: Frame) -> Value:
    return run.evaluate(node.value, frame)


def _yield(run: Run, node: ast.Yield, frame: Frame) -> Value:
    value = run.evaluate(node.value, frame) if node.value else NONE
    if frame.on_yield is not None:
        frame.on_yield(value)
    return Unknown("yield")


def _yield_from(run: Run, node: ast.YieldFrom, frame: Frame) -> Value:
    iterable = run.evaluate(node.value, frame)
    for item in loops.iterate(iterable) or [unknown(node.value, iterable)]:
        if frame.on_yield is not None:
            frame.on_yield(item)
    return NONE


# Attributes


def attribute(run: Run, value: Value, name: str) -> Value:
    """Return `value.name`."""
    found = _attribute_of(run, value, name)
    return run.from_elsewhere(found) if run.is_from_elsewhere(value) else found


def _attribute_of(run: Run, value: Value, name: str) -> Value:
    if name in _NAMES_AROUND:
        return Marker.GLOBALS
    match value:
        case Live():
            return _of_library(run, value, name) or BoundMethod(value, name)
        case DottedName(path):
            return DottedName(f"{path}.{name}")
        case Construct():
            return _of_library(run, value, name) or _made_attribute(value, name)
        case ModuleValue(module):
            return imports.attribute_of(run, module, name) or Unknown(name)
        case Class():
            found = classes.lookup(value, name)
            if isinstance(found, Function) and found.method == "class":
                return msgspec.structs.replace(found, receiver=value)
            if found is None and name == "__name__":
                return Text.of(value.name)
            if found is None:
                return Construct(name, receiver=value, called=False)
            return found if value.module is run.module else run.from_elsewhere(found)
        case Instance():
            return _instance_attribute(run, value, name)
        case Const(PurePath() as path):
            return _path_attribute(path, name)
        case Unknown(origin=origin, inspected=inspected):
            unknown = Unknown(f"{value.code}.{name}", origin, inspected)
            return _of_library(run, value, name) or unknown
        case Function() if name in _INSIDES:
            _take_insides(run, value)
    return BoundMethod(value, name)


def _of_library(run: Run, value: Value, name: str) -> Value | None:
    """Return the attribute as a library knows it, None where none does."""
    rule = run.library.attributes.get(type(value))
    return rule(run, value, name) if rule is not None else None


# Where a function holds what its head names.
_INSIDES = {"__annotations__", "__defaults__", "__dict__", "__kwdefaults__"}


def _take_insides(run: Run, function: Function) -> None:
    """Note that what the head of the function names is taken out of it."""
    frame = Frame(function.module, {}, function.scopes)
    for part in ast.walk(function.node.args):
        if isinstance(part, ast.Name | ast.Attribute):
            run.evaluate(part, frame)


def _instance_attribute(run: Run, instance: Instance, name: str) -> Value:
    if (answer := classes.answers(instance, name)) is not None:
        node = ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [], []), answer.node)
        call = Call(node, Frame(answer.module, {}), (Text.of(name),), {})
        return run.call(bind(answer, instance), call)
    found = bind(classes.attribute(instance, name), instance)
    if name not in instance.attributes and instance.cls.module is not run.module:
        found = run.from_elsewhere(found)  # what its class says of every instance
    if isinstance(found, Function) and found.method == "property":
        node = ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [], []), found.node)
        return run.call(found, Call(node, Frame(found.module, {}), (), {}))
    return found


def bind(value: Value, receiver: Instance) -> Value:
    """Return a function as the instance's method."""
    if not isinstance(value, Function) or value.method == "static":
        return value
    owner = receiver.cls if value.method == "class" else receiver
    return msgspec.structs.replace(value, receiver=owner)


def _made_attribute(value: Construct, name: str) -> Value:
    if value.path == "argparse.Namespace":
        return value.kwargs.get(name, Unknown(name))
    return Construct(name, receiver=value, called=False)


def _path_attribute(path: PurePath, name: str) -> Value:
    if name in {"parent", "name", "stem", "suffix", "parts"}:
        return from_python(getattr(path, name))
    if name == "parents":
        return Sequence("tuple", [Const(p) for p in path.parents])
    return BoundMethod(Const(path), name)


def _attribute(run: Run, node: ast.Attribute, frame: Frame) -> Value:
    value = _dotted(run, node, frame)
    if type(value) is Unknown:
        return Unknown(node, value.origin, value.inspected)
    return _taken(run, imports.settle(run, value), node, frame)


def _dotted(run: Run, node: ast.expr, frame: Frame) -> Value:
    """Return `a.b.c` with its names as they stand: only the whole of it may be worth following."""
    match node:
        case ast.Name():
            return _lookup(run, node, frame)
        case ast.Attribute(value=owner, attr=name):
            return attribute(run, _dotted(run, owner, frame), name)
    return run.evaluate(node, frame)


EXPRESSIONS: dict[type[ast.expr], Callable[[Any, Any, Frame], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: calls.evaluate,
    ast.JoinedStr: formats.join_formatted,
    ast.BinOp: operators.evaluate_binary,
    ast.UnaryOp: operators.evaluate_unary,
    ast.BoolOp: operators.evaluate_boolean,
    ast.Compare: operators.evaluate_compare,
    ast.IfExp: operators.evaluate_conditional,
    ast.List: containers.make_sequence,
    ast.Tuple: containers.make_sequence,
    ast.Set: containers.make_sequence,
    ast.Dict: containers.make_dict,
    ast.Subscript: containers.evaluate_subscript,
    ast.ListComp: containers.evaluate_comprehension,
    ast.SetComp: containers.evaluate_comprehension,
    ast.GeneratorExp: containers.evaluate_comprehension,
    ast.DictComp: containers.evaluate_dict_comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
