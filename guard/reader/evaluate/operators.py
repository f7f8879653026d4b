"""Operators: arithmetic, sums of text, comparisons, `and` and `or`, conditional expressions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from guard.reader.evaluate import formats, text
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Condition, Frame, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    NONE,
    TRUE,
    Class,
    Const,
    Construct,
    DottedName,
    Instance,
    Mapping,
    Operator,
    Sequence,
    Unknown,
    Value,
    from_python,
    is_known,
    key_of,
    like,
    to_python,
    truth,
)

MAX_NUMBER_BITS = 4_000
MAX_ITEMS = 20_000


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.Pow: operator.pow,
}


def evaluate_binary(run: Run, node: ast.BinOp, frame: Frame) -> Value:
    """A sum of many lines of text nests as deep as it is long: it is read from the left."""
    chain = [node]
    while isinstance(inner := chain[-1].left, ast.BinOp):
        chain.append(inner)
    value = run.evaluate(chain[-1].left, frame)
    for link in reversed(chain):
        run.step()
        value = _operated(run, link, value, run.evaluate(link.right, frame))
    return value


def _operated(run: Run, node: ast.BinOp, left: Value, right: Value) -> Value:
    if isinstance(node.op, ast.Mod) and isinstance(left, Text):
        return formats.percent(run, left, right, node.right)
    if isinstance(node.op, ast.Add) and Text in (type(left), type(right)):
        return _add_text(run, node, left, right)
    if isinstance(node.op, ast.Add) and isinstance(left, Sequence) and isinstance(right, Sequence):
        result = like([*left.items, *right.items][:MAX_ITEMS], left, right)
        result.kind = left.kind
        result.open = result.open or len(left.items) + len(right.items) > MAX_ITEMS
        result.sure = len(left.items) if left.certain else left.sure
        return result
    if is_known(left) and is_known(right):
        return _compute(run, node, left, right)
    if isinstance(left, Class | Instance | Construct | DottedName) or isinstance(
        right, Class | Instance | Construct
    ):
        return Operator("", (left, right), source=node)
    return unknown(node, left, right)


def _add_text(run: Run, node: ast.BinOp, left: Value, right: Value) -> Value:
    pieces = [formats.piece_of(run, left, node.left), formats.piece_of(run, right, node.right)]
    return formats.limited(run, text.concat(pieces, "+"), node)


def _weigh(run: Run, *values: Value) -> None:
    """Count the steps of looking at all of a long list."""
    run.step(sum(len(v.items) for v in values if isinstance(v, Sequence)) // 20)


def _compute(run: Run, node: ast.BinOp, left: Value, right: Value) -> Value:
    _weigh(run, left, right)
    a, b = to_python(left), to_python(right)
    compute = _ARITHMETIC.get(type(node.op))
    if isinstance(node.op, ast.Mult):
        sizes = [len(x) for x in (a, b) if hasattr(x, "__len__")]
        counts = [x for x in (a, b) if isinstance(x, int)]
        if sizes and counts and sizes[0] * counts[0] > MAX_ITEMS:
            return unknown(node, left, right)
    if any(isinstance(x, int) and x.bit_length() > MAX_NUMBER_BITS for x in (a, b)):
        return unknown(node, left, right)
    if isinstance(node.op, ast.Pow) and not (isinstance(b, int) and abs(b) < 64):
        return unknown(node, left, right)
    try:
        return from_python(compute(a, b)) if compute else unknown(node, left, right)
    except (TypeError, ValueError, ArithmeticError):
        return unknown(node, left, right)


def evaluate_unary(run: Run, node: ast.UnaryOp, frame: Frame) -> Value:
    operand = run.evaluate(node.operand, frame)
    if isinstance(node.op, ast.Not):
        settled = truth(operand)
        return unknown(node, operand) if settled is None else Const(not settled)
    if isinstance(operand, Const) and isinstance(operand.value, int | float):
        return Const(-operand.value if isinstance(node.op, ast.USub) else operand.value)
    if isinstance(operand, Construct):
        return Operator("", (operand,), source=node)
    return unknown(node, operand)


def evaluate_boolean(run: Run, node: ast.BoolOp, frame: Frame) -> Value:
    stops_at = not isinstance(node.op, ast.And)
    with run.conditional(None), run.reading_apart():
        return _connected(run, node, frame, stops_at)


def _connected(run: Run, node: ast.BoolOp, frame: Frame, stops_at: bool) -> Value:
    """Evaluate part by part: the parts after one that is not settled depend on it.

    A part that another file settles gives the value, but the parts after it are read as well.
    """
    unsettled: list[Value] = []
    elsewhere = False
    given: Value | None = None
    value: Value = NONE
    for part in node.values:
        value = run.evaluate(part, frame)
        settled = truth(value)
        decided = run.decision(value) is not None
        if decided and settled is stops_at and (given is None or value in (TRUE, FALSE)):
            return value if not unsettled or not stops_at else _unsettled(node, unsettled)
        if settled is None:
            unsettled.append(value)
        elif settled is stops_at and given is None:
            given = value
        elsewhere = elsewhere or run.is_from_elsewhere(value)
        if not decided:
            guarded = isinstance(value, Unknown) and value.inspected
            form = "not ({})" if stops_at else "{}"
            run.assume(Condition(part, guarded, form=form))
    value = _unsettled(node, unsettled) if unsettled else given or value
    return run.from_elsewhere(value) if elsewhere else value


def _unsettled(node: ast.BoolOp, values: list[Value]) -> Unknown:
    """A guard stays a guard only where every unsettled test of it asks the database."""
    inspected = all(isinstance(v, Unknown) and v.inspected for v in values)
    origin = unknown(node, *values).origin
    return Unknown(node, origin, inspected)


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def evaluate_compare(run: Run, node: ast.Compare, frame: Frame) -> Value:
    with run.reading_apart():
        values = [run.evaluate(side, frame) for side in (node.left, *node.comparators)]
    _weigh(run, *values)
    value = _compared(node, values)
    elsewhere = any(map(run.is_from_elsewhere, values)) and not any(map(run.is_trusted, values))
    return run.from_elsewhere(value) if elsewhere else value


def _compared(node: ast.Compare, values: list[Value]) -> Value:
    if any(isinstance(v, Construct | Class) for v in values) and not _about_none(node):
        return Operator("", tuple(values), source=node)
    for index, comparison in enumerate(node.ops):
        settled = _settle(comparison, values[index], values[index + 1])
        if settled is None:
            return unknown(node, *values)
        if not settled:
            return FALSE
    return TRUE


def _about_none(node: ast.Compare) -> bool:
    return all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)


def _settle(comparison: ast.cmpop, left: Value, right: Value) -> bool | None:
    left, right = _enum_value(left), _enum_value(right)
    if isinstance(comparison, ast.Is | ast.IsNot) and NONE in (left, right):
        other = right if left == NONE else left
        if isinstance(other, Unknown) or _may_be_none(other):
            return None
        return (other == NONE) is isinstance(comparison, ast.Is)
    if isinstance(comparison, ast.In | ast.NotIn) and isinstance(right, Sequence | Mapping):
        return _settle_membership(comparison, left, right)
    if is_known(left) and is_known(right):
        try:
            return bool(_COMPARISONS[type(comparison)](to_python(left), to_python(right)))
        except (TypeError, ValueError):
            return None
    return None


def _may_be_none(value: Value) -> bool:
    """Whether a call gave it that may give None as well: of a function, and of no class."""
    root = value
    while isinstance(root, Construct) and root.receiver is not None and root.called:
        root = root.receiver
    name = root.path.rpartition(".")[2] if isinstance(root, Construct) else ""
    return isinstance(root, Construct) and root.called and name[:1].islower()


def _settle_membership(
    comparison: ast.cmpop, left: Value, right: Sequence | Mapping
) -> bool | None:
    if not is_known(left):
        return None
    keys = (
        [key_of(item) for item in right.items] if isinstance(right, Sequence) else list(right.pairs)
    )
    if key_of(left) in keys and right.certain:
        return isinstance(comparison, ast.In)
    if not right.is_whole or any(isinstance(k, tuple) for k in keys):
        return None
    return isinstance(comparison, ast.NotIn)


def _enum_value(value: Value) -> Value:
    if isinstance(value, Instance) and value.cls.is_enum:
        return value.attributes.get("value", value)
    return value


def evaluate_conditional(run: Run, node: ast.IfExp, frame: Frame) -> Value:
    test = run.evaluate(node.test, frame)
    settled = run.decision(test)
    if settled is not None:
        return run.evaluate(node.body if settled else node.orelse, frame)
    inspected = isinstance(test, Unknown) and test.inspected
    with run.conditional(Condition(node.test, inspected)):
        first = run.evaluate(node.body, frame)
    with run.conditional(Condition(node.test, inspected, form="not ({})")):
        second = run.evaluate(node.orelse, frame)
    if is_known(first) and is_known(second) and to_python(first) == to_python(second):
        return first
    if isinstance(first, Construct) and isinstance(second, Construct):
        return first  # two spellings of a type or clause: the first stands for both
    return unknown(node, first, second)
