"""Loops: over known items each is run, over unknown ones the body is read once."""

from __future__ import annotations

import ast

from guard.reader.evaluate import classes, text, turns
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Condition, Flow, Frame, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Construct,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    join_names,
    like,
)

MAX_ITERATIONS = 2_000
MAX_WHILE = 200


def iterate(value: Value) -> list[Value] | None:
    """Return the items of an iterable as far as they are known; None where none is."""
    match value:
        case Sequence(items=items):
            return list(items)
        case Mapping(pairs=pairs):
            return [key for key, _ in pairs.values()] if pairs or not value.open else None
        case Text() if value.known:
            cuts = text.Cuts(value)
            return [cuts.slice(i, i + 1) for i in range(len(value.plain))]
        case Construct(path="builtins.open", kwargs={"content": Text() as content}):
            return list(text.split_lines(content, keep_ends=True))
        case Instance(cls=cls, attributes=attributes) if cls.is_tuple:
            return [attributes.get(name, Unknown(name)) for name in cls.fields]
    return classes.members(value)


def item_of(run: Run, iterable: Value, node: ast.expr, target: ast.expr, frame: Frame) -> Value:
    """Tell the library of the value that its rows are gone through; return what stands for each."""
    tell = run.library.iterated.get(type(iterable))
    item = tell(run, iterable, node, frame) if tell is not None else None
    if item is not None:
        return item
    if isinstance(iterable, Unknown):
        return Unknown(target, iterable.origin, iterable.inspected)
    return unknown(target, iterable)


def spread(run: Run, nodes: list[ast.expr], frame: Frame) -> Sequence:
    """Return the values of the expressions, `*` spread; open where there may be more."""
    values: list[Value] = []
    sources: list[Value] = []
    more = False
    for node in nodes:
        if isinstance(node, ast.Starred):
            value = run.evaluate(node.value, frame)
            items = iterate(value)
            values += items or []
            more = more or items is None
            sources.append(value)
        else:
            values.append(run.evaluate(node, frame))
    made = like(values, *sources)
    made.open = made.open or more
    return made


def is_whole(value: Value) -> bool:
    """Return whether the items that are known are all and surely there."""
    return not isinstance(value, Sequence | Mapping) or value.is_whole


def is_open(value: Value) -> bool:
    """Return whether a container may hold more than is known of it."""
    return isinstance(value, Sequence | Mapping) and value.open


def may_hold_more(run: Run, iterable: Value, known: list[Value] | None) -> bool:
    """Return whether a loop over the value may have turns beside those of the known items.

    A container of the project's that is empty may be filled elsewhere, as settings are: that it is
    empty decides nothing, as in any other test.
    """
    return known is None or is_open(iterable) or (not known and run.is_from_elsewhere(iterable))


def run_for(run: Run, node: ast.For | ast.AsyncFor, frame: Frame) -> Flow:
    iterable = run.evaluate(node.iter, frame)
    each = item_of(run, iterable, node.iter, node.target, frame)
    if any(isinstance(inner, ast.Break | ast.Return) for inner in ast.walk(node)):
        each = unknown(node.target, iterable)  # it may be the first alone
    items = iterate(iterable)
    depth = len(run.conditions)
    ends = Flow.GOES_ON
    with run.conditional(condition_of(iterable, node.iter)):
        for count, item in enumerate(items or ()):
            if count >= MAX_ITERATIONS:
                run.opaque(f"the loop runs more than {MAX_ITERATIONS} times", node, frame)
                break
            ends = _iteration(run, node, item, frame)
            if ends.leaves > Flow.CONTINUES.leaves:
                break
    if may_hold_more(run, iterable, items) and ends in (Flow.GOES_ON, Flow.CONTINUES):
        _unknown_items(run, node, iterable, each, frame)
    run.leave(depth, Flow.BREAKS, Flow.CONTINUES)
    return _after(run, ends, node.orelse, frame)


def condition_of(iterable: Value, node: ast.expr) -> Condition | None:
    """Return what it takes for the known items of the iterable to be there; None for nothing."""
    if not isinstance(iterable, Sequence | Mapping) or iterable.certain:
        return None
    return Condition(node, repeated=iterable.repeated, form="for ... in {}")


def _unknown_items(
    run: Run, node: ast.For | ast.AsyncFor, iterable: Value, item: Value, frame: Frame
) -> None:
    """Run the body once with an item that is not known."""
    inspected = isinstance(iterable, Unknown) and iterable.inspected
    each = Condition(node.iter, inspected, repeated=True, form="for each item of {}")
    before = dict(frame.names)
    with run.conditional(each):
        turns.forget_changing(run, node.body, frame)
        _iteration(run, node, item, frame)
    frame.names.update(join_names(before, frame.names))


def _iteration(run: Run, node: ast.For | ast.AsyncFor, item: Value, frame: Frame) -> Flow:
    run.assign(node.target, item, frame)
    depth = len(run.conditions)
    ends = _run_body(run, node.body, frame)
    run.leave(depth, Flow.CONTINUES)
    return ends


def _run_body(run: Run, body: list[ast.stmt], frame: Frame) -> Flow:
    """Run the body once; afterwards a name is known where all ways out of it agree."""
    before = len(frame.departed)
    ends = run.execute(body, frame)
    for names in frame.departed[before:]:
        frame.names.update(join_names(names, frame.names))
    del frame.departed[before:]
    return ends


def _after(run: Run, ends: Flow, orelse: list[ast.stmt], frame: Frame) -> Flow:
    """Return how the loop as a whole ends, its `else` included."""
    if ends in (Flow.RETURNS, Flow.RAISES):
        return ends
    return Flow.GOES_ON if ends is Flow.BREAKS else run.execute(orelse, frame)


def run_while(run: Run, node: ast.While, frame: Frame) -> Flow:
    depth = len(run.conditions)
    ends = Flow.GOES_ON
    for _ in range(MAX_WHILE):
        with run.within_test():
            test = run.evaluate(node.test, frame)
        settled = run.decision(test)
        if settled is False:
            break
        if settled is None or _is_left_from_inside(node):
            form = "{}" if settled is None else "while {}"
            with run.conditional(Condition(node.test, repeated=True, form=form)):
                before = dict(frame.names)
                turns.forget_changing(run, node.body, frame)
                _run_body(run, node.body, frame)
                if settled is None:
                    frame.names.update(join_names(before, frame.names))
            break
        ends = _run_body(run, node.body, frame)
        run.leave(depth, Flow.CONTINUES)
        if ends.leaves > Flow.CONTINUES.leaves:
            break
    else:
        run.opaque(f"the loop runs more than {MAX_WHILE} times", node, frame)
    run.leave(depth, Flow.BREAKS, Flow.CONTINUES)
    return _after(run, ends, node.orelse, frame)


def _is_left_from_inside(node: ast.While) -> bool:
    """Whether it is a `while True:`: how often it runs is not known."""
    return isinstance(node.test, ast.Constant) and bool(node.test.value)
