"""Containers: lists, tuples, sets, dicts, their items and slices, and comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from guard.reader import classes, imports, loops, sqlalchemy_words
from guard.reader.state import Call, Condition, Frame, unknown
from guard.reader.text import Text
from guard.reader.values import (
    NONE,
    Class,
    Const,
    Construct,
    DottedName,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    is_known,
    key_of,
    to_python,
    truth,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter


MAX_ITEMS = 20_000


def make_sequence(run: Interpreter, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    items, more = loops.spread(run, node.elts, frame)
    result = Sequence(_KINDS[type(node)], items[:MAX_ITEMS], True, more or len(items) > MAX_ITEMS)
    result.depth = len(run.conditions)
    return result


_KINDS: dict[type[ast.expr], Literal["list", "tuple", "set"]] = {
    ast.List: "list",
    ast.Tuple: "tuple",
    ast.Set: "set",
}


def make_dict(run: Interpreter, node: ast.Dict, frame: Frame) -> Value:
    result = Mapping({}, depth=len(run.conditions))
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = run.evaluate(value_node, frame)
        if key_node is None:
            if isinstance(value, Mapping):
                result.pairs.update(value.pairs)
            result.open = result.open or not isinstance(value, Mapping) or value.open
        else:
            key = run.evaluate(key_node, frame)
            result.pairs[key_of(key)] = (key, value)
    return result


def evaluate_subscript(run: Interpreter, node: ast.Subscript, frame: Frame) -> Value:
    owner = run.evaluate(node.value, frame)
    if isinstance(node.slice, ast.Slice):
        return _slice(run, node, owner, node.slice, frame)
    index = run.evaluate(node.slice, frame)
    key = key_of(index)
    item = _item_at(owner, key) if isinstance(key, int) else None
    if item is not None:
        return item
    match owner:
        case Mapping(pairs=pairs) if is_known(index) and key in pairs:
            return pairs[key][1]
        case Mapping(factory=factory) if factory is not None:
            owner.open = owner.open or not is_known(index)
            call = ast.copy_location(ast.Call(node.value, [], []), node)
            owner.pairs[key] = (index, run.call(factory, Call(call, frame, (), {})))
            return owner.pairs[key][1]
        case Class() if owner.is_enum and isinstance(key, str):
            return classes.lookup(owner, key) or unknown(node)
        case Construct():
            return Construct("<item>", (index,), receiver=owner, source=node)
        case Unknown(origin=origin, inspected=inspected):
            return Unknown(node, origin, inspected)
        case DottedName("<globals>") if is_known(index):
            return (
                imports.name_in(run, frame.module, str(key))
                or frame.names.get(str(key))
                or unknown(node)
            )
        case DottedName("os.environ"):
            return Unknown(node)
        case DottedName(path):
            return DottedName(path)  # a generic alias such as Mapped[int]
    return unknown(node, owner, index)


def _item_at(owner: Value, place: int) -> Value | None:
    """Return the item of a sequence; None where there is none, or it is not known."""
    match owner:
        case Sequence(items=items, kind=kind) if kind != "set" and (not owner.open or place >= 0):
            return items[place] if -len(items) <= place < len(items) else None
        case Text() if owner.known and -len(owner.plain) <= place < len(owner.plain):
            start = place % len(owner.plain)
            return owner.slice(start, start + 1)
        case Instance(cls=cls, attributes=attributes) if cls.is_tuple:
            names = cls.fields
            return attributes.get(names[place]) if -len(names) <= place < len(names) else None
    return None


def _slice(
    run: Interpreter, node: ast.Subscript, owner: Value, piece: ast.Slice, frame: Frame
) -> Value:
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
        case Sequence(kind=kind, items=items, open=False):
            return Sequence(kind, items[cut], owner.certain)
    return unknown(node, owner)


def evaluate_comprehension(run: Interpreter, node: ast.expr, frame: Frame) -> Value:
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp)
    result = Sequence(
        "set" if isinstance(node, ast.SetComp) else "list", [], depth=len(run.conditions)
    )
    inner = Frame(frame.module, {}, (frame.names, *frame.outer), frame.function)
    item: Value = NONE
    for certain in _generate(run, node.generators, inner, result):
        item = run.evaluate(node.elt, inner)
        if certain is not None:
            result.items.append(item)
            result.certain = result.certain and certain
    return result if result.items or not result.open else unknown(node, item)


def evaluate_dict_comprehension(run: Interpreter, node: ast.DictComp, frame: Frame) -> Value:
    result = Mapping({}, depth=len(run.conditions))
    key: Value = NONE
    value: Value = NONE
    inner = Frame(frame.module, {}, (frame.names, *frame.outer), frame.function)
    for certain in _generate(run, node.generators, inner, result):
        key = run.evaluate(node.key, inner)
        value = run.evaluate(node.value, inner)
        if certain is not None:
            result.pairs[key_of(key)] = (key, value)
            result.certain = result.certain and certain
    return result if result.pairs or not result.open else unknown(node, key, value)


def _generate(
    run: Interpreter,
    generators: list[ast.comprehension],
    frame: Frame,
    result: Sequence | Mapping,
) -> Iterator[bool | None]:
    """Yield once for each item, its names bound: False where a condition is not known.

    None for the one time that stands for all the items of an unknown iterable.
    """
    first, *rest = generators
    iterable = run.evaluate(first.iter, frame)
    sqlalchemy_words.iterated(run, iterable, first.iter, frame)
    known = loops.iterate(iterable)
    more = known is None or (isinstance(iterable, Sequence | Mapping) and iterable.open)
    result.open = result.open or more
    certain = not isinstance(iterable, Sequence | Mapping) or iterable.certain
    unsettled = None if certain else Condition(first.iter, form="for ... in {}")
    with run.condition(unsettled):
        for item in known or ():
            yield from _generate_item(run, first, item, rest, frame, result, certain)
    if more:
        each = Condition(first.iter, repeated=True, form="for each item of {}")
        with run.condition(each):
            item = unknown(first.target, iterable)
            yield from _generate_item(run, first, item, rest, frame, result, None)


def _generate_item(
    run: Interpreter,
    generator: ast.comprehension,
    item: Value,
    rest: list[ast.comprehension],
    frame: Frame,
    result: Sequence | Mapping,
    certain: bool | None,
) -> Iterator[bool | None]:
    run.step()
    run.assign(generator.target, item, frame)
    unsettled = None
    for test in generator.ifs:
        settled = truth(run.evaluate(test, frame))
        if settled is False:
            return
        unsettled = test if settled is None else unsettled
    with run.condition(Condition(unsettled) if unsettled is not None else None):
        if unsettled is not None and certain:
            certain = False
        if not rest:
            yield certain
        for inner in _generate(run, rest, frame, result) if rest else ():
            yield None if None in (certain, inner) else certain and inner
