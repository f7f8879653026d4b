"""Containers: lists, tuples, sets, dicts, their items and slices, and comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Literal, TypeAlias

from guard.reader.evaluate import classes, imports, loops, methods, unrun
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Condition, Frame, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    NONE,
    Class,
    Const,
    Construct,
    DottedName,
    GenericAlias,
    Instance,
    Item,
    Mapping,
    Marker,
    ModuleValue,
    Sequence,
    Unknown,
    Value,
    is_known,
    key_of,
    to_python,
)

MAX_ITEMS = 20_000


def make_sequence(run: Run, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    result = loops.spread(run, node.elts, frame)
    result.kind = _KINDS[type(node)]
    result.open = result.open or len(result.items) > MAX_ITEMS
    del result.items[MAX_ITEMS:]
    result.depth = len(run.conditions)
    return result


_KINDS: dict[type[ast.expr], Literal["list", "tuple", "set"]] = {
    ast.List: "list",
    ast.Tuple: "tuple",
    ast.Set: "set",
}


def make_dict(run: Run, node: ast.Dict, frame: Frame) -> Value:
    result = Mapping({}, depth=len(run.conditions))
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = run.evaluate(value_node, frame)
        if key_node is None:
            if isinstance(value, Mapping):
                result.pairs.update(value.pairs)
            result.open = result.open or not isinstance(value, Mapping) or not value.is_whole
        else:
            key = run.evaluate(key_node, frame)
            result.pairs[key_of(key)] = (key, value)
    return result


def evaluate_subscript(run: Run, node: ast.Subscript, frame: Frame) -> Value:
    owner = run.evaluate(node.value, frame)
    if isinstance(node.slice, ast.Slice):
        return _slice(run, node, owner, node.slice, frame)
    index = run.evaluate(node.slice, frame)
    key = key_of(index)
    if run.is_from_elsewhere(index) and isinstance(owner, Sequence | Mapping):
        return methods.any_item(owner, index, node)  # which one is chosen is not settled
    item = _item_at(owner, key) if isinstance(key, int) else None
    if item is not None:
        run.in_hand.choose(item, owner.items if isinstance(owner, Sequence) else ())
        return item
    match owner:
        case Mapping(pairs=pairs) if is_known(index) and key in pairs:
            run.in_hand.choose(pairs[key][1], (value for _, value in pairs.values()))
            return pairs[key][1]
        case Mapping(factory=factory) if factory is not None:
            if not is_known(index):
                owner.open = True
                methods.open_items(owner)
            if key not in owner.pairs:
                call = ast.copy_location(ast.Call(node.value, [], []), node)
                made = run.call(factory, Call(call, frame, (), {}))
                methods.store(run, owner, index, made)
            return owner.pairs[key][1]
        case Mapping() | Sequence():
            return methods.any_item(owner, index, node)
        case Class():
            return _of_class(owner, key, node)
        case Construct():
            return Item("", (index,), receiver=owner, source=node)
        case Unknown(origin=origin, inspected=inspected):
            return Unknown(node, origin, inspected)
        case Marker() | DottedName():
            return _of_names(run, node, owner, index, frame)
    return unknown(node, owner, index)


def _of_names(run: Run, node: ast.expr, owner: Value, index: Value, frame: Frame) -> Value:
    """Return an item of `globals()`, `sys.modules`, `os.environ`, or a generic alias."""
    key = key_of(index)
    match owner:
        case Marker.GLOBALS if is_known(index) and not run.is_from_elsewhere(index):
            return (
                imports.name_in(run, frame.module, str(key))
                or frame.names.get(str(key))
                or unknown(node)
            )
        case Marker.GLOBALS:
            unrun.tell_any(run, frame.module.names.values(), node, frame)
        case DottedName("sys.modules"):
            return loaded_module(run, node, index, frame)
        case DottedName("os.environ"):
            return Unknown(node)
        case DottedName(path):
            given = index.items if isinstance(index, Sequence) else [index]
            return GenericAlias(path, tuple(given))
    return unknown(node, owner, index)


def _of_class(cls: Class, key: object, node: ast.Subscript) -> Value:
    """Return the member of an enum; a generic class of some type is the class."""
    if cls.is_enum and isinstance(key, str):
        return classes.lookup(cls, key) or unknown(node)
    return cls


def loaded_module(run: Run, node: ast.expr, name: Value, frame: Frame) -> Value:
    """Return `sys.modules[name]`."""
    if not isinstance(name, Text) or not name.known:
        run.opaque("which module it takes is not known", node, frame)
        return unknown(node, name)
    is_here = name.plain == (frame.module.name or "revision")
    return ModuleValue(frame.module) if is_here else DottedName(name.plain)


def _item_at(owner: Value, place: int) -> Value | None:
    """Return the item of a sequence; None where there is none, or it is not known."""
    match owner:
        case Sequence(repeated=True, sure=sure) if not 0 <= place < sure:
            return None
        case Sequence(items=items, kind=kind) if kind != "set" and (not owner.open or place >= 0):
            return items[place] if -len(items) <= place < len(items) else None
        case Text() if owner.known and -len(owner.plain) <= place < len(owner.plain):
            start = place % len(owner.plain)
            return owner.slice(start, start + 1)
        case Instance(cls=cls, attributes=attributes) if cls.is_tuple:
            names = cls.fields
            return attributes.get(names[place]) if -len(names) <= place < len(names) else None
    return None


def _slice(run: Run, node: ast.Subscript, owner: Value, piece: ast.Slice, frame: Frame) -> Value:
    bounds = [run.evaluate(b, frame) if b else NONE for b in (piece.lower, piece.upper, piece.step)]
    if not all(isinstance(b, Const) and isinstance(b.value, int | None) for b in bounds):
        return unknown(node, owner)
    cut = slice(*(to_python(b) for b in bounds))
    if cut.step == 0:
        return unknown(node, owner)
    match owner:
        case Text() if owner.known and cut.step in (None, 1):
            start, end, _ = cut.indices(len(owner.plain))
            return owner.slice(start, max(end, start))
        case Sequence(kind=kind, items=items, open=False, repeated=False):
            return Sequence(kind, items[cut], owner.certain)
    return unknown(node, owner)


def evaluate_comprehension(run: Run, node: ast.expr, frame: Frame) -> Value:
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp)
    result = Sequence(
        "set" if isinstance(node, ast.SetComp) else "list", [], depth=len(run.conditions)
    )
    inner = Frame(frame.module, {}, (frame.names, *frame.outer), frame.function)
    item: Value = NONE

    def add(certain: bool | None) -> None:
        nonlocal item
        item = run.evaluate(node.elt, inner)
        if certain is not None:
            result.items.append(item)
            result.certain = result.certain and certain

    _generate(run, node.generators, inner, result, add)
    return result if result.items or not result.open else unknown(node, item)


def evaluate_dict_comprehension(run: Run, node: ast.DictComp, frame: Frame) -> Value:
    result = Mapping({}, depth=len(run.conditions))
    inner = Frame(frame.module, {}, (frame.names, *frame.outer), frame.function)
    key: Value = NONE
    value: Value = NONE

    def add(certain: bool | None) -> None:
        nonlocal key, value
        key = run.evaluate(node.key, inner)
        value = run.evaluate(node.value, inner)
        if certain is not None:
            result.pairs[key_of(key)] = (key, value)
            result.certain = result.certain and certain

    _generate(run, node.generators, inner, result, add)
    return result if result.pairs or not result.open else unknown(node, key, value)


# Told once for each item, its names bound: False where a condition of it is not known, None for the
# one time that stands for all the items of an unknown iterable. A callback and no generator: an
# exception in it must find the conditions of the loop still on the stack, to take them away.
Add: TypeAlias = Callable[[bool | None], None]


def _generate(
    run: Run,
    generators: list[ast.comprehension],
    frame: Frame,
    result: Sequence | Mapping,
    add: Add,
) -> None:
    """Run the loops of a comprehension, the outermost first."""
    first = generators[0]
    iterable = run.evaluate(first.iter, frame)
    item = loops.item_of(run, iterable, first.iter, first.target, frame)
    known = loops.iterate(iterable)
    more = loops.may_hold_more(run, iterable, known)
    result.open = result.open or more
    certain = not isinstance(iterable, Sequence | Mapping) or iterable.certain
    result.repeated = result.repeated or (
        isinstance(iterable, Sequence | Mapping) and iterable.repeated
    )
    with run.conditional(loops.condition_of(iterable, first.iter)):
        for one in known or ():
            _generate_item(run, generators, one, frame, result, certain, add)
    if more:
        each = Condition(first.iter, repeated=True, form="for each item of {}")
        with run.conditional(each):
            _generate_item(run, generators, item, frame, result, None, add)


def _generate_item(
    run: Run,
    generators: list[ast.comprehension],
    item: Value,
    frame: Frame,
    result: Sequence | Mapping,
    certain: bool | None,
    add: Add,
) -> None:
    run.step()
    generator, *rest = generators
    run.assign(generator.target, item, frame)
    unsettled = None
    for test in generator.ifs:
        settled = run.decision(run.evaluate(test, frame))
        if settled is False:
            return
        unsettled = test if settled is None else unsettled
    if unsettled is not None and certain:
        certain = False
    with run.conditional(Condition(unsettled) if unsettled is not None else None):
        if not rest:
            add(certain)
            return

        def add_inner(inner: bool | None) -> None:
            add(None if None in (certain, inner) else certain and inner)

        _generate(run, rest, frame, result, add_inner)
