"""Expressions: names, operators, containers, text put together, attributes."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from guard.reader import calls, classes, formats, imports, loops, sqlalchemy_words, text
from guard.reader.literals import Literal
from guard.reader.state import Call, Condition, Frame, unknown
from guard.reader.text import Part, Text
from guard.reader.values import (
    BIND,
    CONTEXT,
    DIALECT,
    FALSE,
    NONE,
    SESSION,
    TRUE,
    BoundMethod,
    Class,
    Const,
    Function,
    Instance,
    Made,
    Many,
    Mapping,
    ModuleValue,
    Ref,
    Unknown,
    Value,
    from_python,
    is_known,
    key_of,
    to_python,
    truth,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

MAX_NUMBER_BITS = 4_000
MAX_ITEMS = 20_000


# Names and constants


def _constant(run: Interpreter, node: ast.Constant, frame: Frame) -> Value:
    if isinstance(node.value, str):
        if not node.value:
            return Text(())
        return Text(
            (Part(node.value, literal=Literal(frame.module.path, frame.module.lines, node)),)
        )
    return Const(node.value)


def _name(run: Interpreter, node: ast.Name, frame: Frame) -> Value:
    return imports.settle(run, _lookup(run, node, frame))


def _lookup(run: Interpreter, node: ast.Name, frame: Frame) -> Value:
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
    if hasattr(builtins, node.id):
        return Ref(f"builtins.{node.id}")
    return Unknown(node.id)


def _lambda(run: Interpreter, node: ast.Lambda, frame: Frame) -> Value:
    defaults = tuple(run.evaluate(d, frame) for d in node.args.defaults) + tuple(
        run.evaluate(d, frame) if d else None for d in node.args.kw_defaults
    )
    return Function(node, frame.module, frame.scopes, defaults)


def _named(run: Interpreter, node: ast.NamedExpr, frame: Frame) -> Value:
    value = run.evaluate(node.value, frame)
    run.assign(node.target, value, frame)
    return value


def _await(run: Interpreter, node: ast.Await, frame: Frame) -> Value:
    return run.evaluate(node.value, frame)


def _yield(run: Interpreter, node: ast.Yield, frame: Frame) -> Value:
    value = run.evaluate(node.value, frame) if node.value else NONE
    if frame.on_yield is not None:
        frame.on_yield(value)
    return Unknown("yield")


def _yield_from(run: Interpreter, node: ast.YieldFrom, frame: Frame) -> Value:
    iterable = run.evaluate(node.value, frame)
    for item in loops.iterate(iterable) or [unknown(node.value, iterable)]:
        if frame.on_yield is not None:
            frame.on_yield(item)
    return NONE


# Attributes


def attribute(run: Interpreter, value: Value, name: str) -> Value:
    """Return `value.name`."""
    match value:
        case Ref(path) if path.startswith("<"):
            return _database_attribute(run, path, name)
        case Ref(path):
            return Ref(f"{path}.{name}")
        case Made():
            return _made_attribute(value, name)
        case ModuleValue(module):
            return imports.name_in(run, module, name) or Unknown(name)
        case Class():
            found = classes.lookup(value, name)
            if isinstance(found, Function) and found.method == "class":
                return msgspec.structs.replace(found, receiver=value)
            return found if found is not None else Made(name, receiver=value, called=False)
        case Instance():
            return _instance_attribute(run, value, name)
        case Const(PurePath() as path):
            return _path_attribute(path, name)
        case Unknown(origin=origin, inspected=inspected):
            return Unknown(f"{value.code}.{name}", origin, inspected)
    return BoundMethod(value, name)


def _instance_attribute(run: Interpreter, instance: Instance, name: str) -> Value:
    found = bind(classes.attribute(instance, name), instance)
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


def _database_attribute(run: Interpreter, path: str, name: str) -> Value:
    if name == "dialect":
        return Ref(DIALECT)
    if path == DIALECT and name in {"name", "dialect_description"}:
        return _dialect_name(run)
    if path == BIND and name == "name":  # Engine.name
        return _dialect_name(run)
    if path in {BIND, CONTEXT, SESSION} and name in {"engine", "bind", "connection", "sync_engine"}:
        if name == "connection" and path == SESSION:
            return BoundMethod(Ref(SESSION), "connection")
        return Ref(BIND)
    if path == CONTEXT and name == "__dialect__":  # op.get_context().impl.__dialect__
        return _dialect_name(run)
    if path == CONTEXT and name == "impl":
        return Ref(CONTEXT)
    if path == CONTEXT and name == "as_sql":
        return FALSE
    return BoundMethod(Ref(path), name)


def _dialect_name(run: Interpreter) -> Value:
    name = run.ask_dialect()
    return Text.of(name, code="dialect") if name else Unknown("dialect", "constant")


def _made_attribute(value: Made, name: str) -> Value:
    if value.path == "argparse.Namespace":
        return value.kwargs.get(name, Unknown(name))
    return Made(name, receiver=value, called=False)


def _path_attribute(path: PurePath, name: str) -> Value:
    if name in {"parent", "name", "stem", "suffix", "parts"}:
        return from_python(getattr(path, name))
    if name == "parents":
        return Many("tuple", [Const(p) for p in path.parents])
    return BoundMethod(Const(path), name)


def _attribute(run: Interpreter, node: ast.Attribute, frame: Frame) -> Value:
    value = _dotted(run, node, frame)
    if isinstance(value, Unknown):
        return Unknown(node, value.origin, value.inspected)
    return imports.settle(run, value)


def _dotted(run: Interpreter, node: ast.expr, frame: Frame) -> Value:
    """Return `a.b.c` with its names as they stand: only the whole of it may be worth following."""
    match node:
        case ast.Name():
            return _lookup(run, node, frame)
        case ast.Attribute(value=owner, attr=name):
            return attribute(run, _dotted(run, owner, frame), name)
    return run.evaluate(node, frame)


# Operators

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


def _binary(run: Interpreter, node: ast.BinOp, frame: Frame) -> Value:
    """A sum of many lines of text nests as deep as it is long: it is read from the left."""
    chain = [node]
    while isinstance(inner := chain[-1].left, ast.BinOp):
        chain.append(inner)
    value = run.evaluate(chain[-1].left, frame)
    for link in reversed(chain):
        run.step()
        value = _operated(run, link, value, run.evaluate(link.right, frame))
    return value


def _operated(run: Interpreter, node: ast.BinOp, left: Value, right: Value) -> Value:
    if isinstance(node.op, ast.Mod) and isinstance(left, Text):
        return formats.percent(run, left, right, node.right)
    if isinstance(node.op, ast.Add) and Text in (type(left), type(right)):
        return _add_text(run, node, left, right)
    if isinstance(node.op, ast.Add) and isinstance(left, Many) and isinstance(right, Many):
        return _many(
            left.kind,
            [*left.items, *right.items],
            left.certain and right.certain,
            left.open or right.open,
        )
    if is_known(left) and is_known(right):
        return _compute(run, node, left, right)
    if isinstance(left, Class | Instance | Made | Ref) or isinstance(
        right, Class | Instance | Made
    ):
        return Made("<operator>", (left, right), source=node)
    return unknown(node, left, right)


def _add_text(run: Interpreter, node: ast.BinOp, left: Value, right: Value) -> Value:
    pieces = [formats.piece_of(left, node.left), formats.piece_of(right, node.right)]
    return formats.limited(run, text.concat(pieces, "+"), node)


def _many(kind: Any, items: list[Value], certain: bool, more: bool) -> Many:
    return Many(kind, items[:MAX_ITEMS], certain, more or len(items) > MAX_ITEMS)


def _compute(run: Interpreter, node: ast.BinOp, left: Value, right: Value) -> Value:
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


def _unary(run: Interpreter, node: ast.UnaryOp, frame: Frame) -> Value:
    operand = run.evaluate(node.operand, frame)
    if isinstance(node.op, ast.Not):
        settled = truth(operand)
        return unknown(node, operand) if settled is None else Const(not settled)
    if isinstance(operand, Const) and isinstance(operand.value, int | float):
        return Const(-operand.value if isinstance(node.op, ast.USub) else operand.value)
    if isinstance(operand, Made):
        return Made("<operator>", (operand,), source=node)
    return unknown(node, operand)


def _boolean(run: Interpreter, node: ast.BoolOp, frame: Frame) -> Value:
    stops_at = not isinstance(node.op, ast.And)
    depth = len(run.conditions)
    try:
        return _connected(run, node, frame, stops_at)
    finally:
        del run.conditions[depth:]


def _connected(run: Interpreter, node: ast.BoolOp, frame: Frame, stops_at: bool) -> Value:
    """Evaluate part by part: what follows a part that is not settled depends on it."""
    unsettled: list[Value] = []
    value: Value = NONE
    for part in node.values:
        value = run.evaluate(part, frame)
        settled = truth(value)
        if settled is stops_at:
            return value if not unsettled or not stops_at else _unsettled(node, unsettled)
        if settled is None:
            unsettled.append(value)
            guarded = isinstance(value, Unknown) and value.inspected
            form = "not ({})" if stops_at else "{}"
            run.conditions.append(Condition(part, guarded, form=form))
    return _unsettled(node, unsettled) if unsettled else value


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


def _compare(run: Interpreter, node: ast.Compare, frame: Frame) -> Value:
    values = [run.evaluate(node.left, frame), *(run.evaluate(c, frame) for c in node.comparators)]
    if any(isinstance(v, Made | Class) or _is_column(v) for v in values) and not _about_none(node):
        return Made("<operator>", tuple(values), source=node)
    for index, comparison in enumerate(node.ops):
        settled = _settle(comparison, values[index], values[index + 1])
        if settled is None:
            return unknown(node, *values)
        if not settled:
            return FALSE
    return TRUE


def _about_none(node: ast.Compare) -> bool:
    return all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)


def _is_column(value: Value) -> bool:
    return isinstance(value, Instance) and "<column>" in value.attributes


def _settle(comparison: ast.cmpop, left: Value, right: Value) -> bool | None:
    left, right = _enum_value(left), _enum_value(right)
    if isinstance(comparison, ast.Is | ast.IsNot) and NONE in (left, right):
        other = right if left == NONE else left
        if isinstance(other, Unknown):
            return None
        return (other == NONE) is isinstance(comparison, ast.Is)
    if isinstance(comparison, ast.In | ast.NotIn) and isinstance(right, Many | Mapping):
        return _settle_membership(comparison, left, right)
    if is_known(left) and is_known(right):
        try:
            return bool(_COMPARISONS[type(comparison)](to_python(left), to_python(right)))
        except TypeError:
            return None
    return None


def _settle_membership(comparison: ast.cmpop, left: Value, right: Many | Mapping) -> bool | None:
    if not is_known(left):
        return None
    keys = [key_of(item) for item in right.items] if isinstance(right, Many) else list(right.pairs)
    if key_of(left) in keys and right.certain:
        return isinstance(comparison, ast.In)
    if right.open or not right.certain or any(isinstance(k, tuple) for k in keys):
        return None
    return isinstance(comparison, ast.NotIn)


def _enum_value(value: Value) -> Value:
    if isinstance(value, Instance) and value.cls.is_enum:
        return value.attributes.get("value", value)
    return value


def _conditional(run: Interpreter, node: ast.IfExp, frame: Frame) -> Value:
    test = run.evaluate(node.test, frame)
    settled = truth(test)
    if settled is not None:
        return run.evaluate(node.body if settled else node.orelse, frame)
    inspected = isinstance(test, Unknown) and test.inspected
    with run.condition(Condition(node.test, inspected)):
        first = run.evaluate(node.body, frame)
    with run.condition(Condition(node.test, inspected, form="not ({})")):
        second = run.evaluate(node.orelse, frame)
    if is_known(first) and is_known(second) and to_python(first) == to_python(second):
        return first
    if isinstance(first, Made) and isinstance(second, Made):
        return first  # two spellings of a type or clause: the first stands for both
    return unknown(node, first, second)


# Containers


def _sequence(run: Interpreter, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    items: list[Value] = []
    more = False
    for element in node.elts:
        if isinstance(element, ast.Starred):
            value = run.evaluate(element.value, frame)
            spread = loops.iterate(value)
            items += spread or []
            more = more or spread is None or (isinstance(value, Many) and value.open)
        else:
            items.append(run.evaluate(element, frame))
    kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    result = _many(kind, items, True, more)
    result.depth = len(run.conditions)
    return result


def _dict(run: Interpreter, node: ast.Dict, frame: Frame) -> Value:
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


def _subscript(run: Interpreter, node: ast.Subscript, frame: Frame) -> Value:
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
        case Made():
            return Made("<item>", (index,), receiver=owner, source=node)
        case Unknown(origin=origin, inspected=inspected):
            return Unknown(node, origin, inspected)
        case Ref("<globals>") if is_known(index):
            return (
                imports.name_in(run, frame.module, str(key))
                or frame.names.get(str(key))
                or unknown(node)
            )
        case Ref("os.environ"):
            return Unknown(node)
        case Ref(path):
            return Ref(path)  # a generic alias such as Mapped[int]
    return unknown(node, owner, index)


def _item_at(owner: Value, place: int) -> Value | None:
    """Return the item of a sequence; None where there is none, or it is not known."""
    match owner:
        case Many(items=items, kind=kind) if kind != "set" and (not owner.open or place >= 0):
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
        case Many(kind=kind, items=items, open=False):
            return Many(kind, items[cut], owner.certain)
    return unknown(node, owner)


def _comprehension(run: Interpreter, node: ast.expr, frame: Frame) -> Value:
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp)
    result = Many("set" if isinstance(node, ast.SetComp) else "list", [], depth=len(run.conditions))
    inner = Frame(frame.module, {}, (frame.names, *frame.outer), frame.function)
    item: Value = NONE
    for certain in _generate(run, node.generators, inner, result):
        item = run.evaluate(node.elt, inner)
        if certain is not None:
            result.items.append(item)
            result.certain = result.certain and certain
    return result if result.items or not result.open else unknown(node, item)


def _dict_comprehension(run: Interpreter, node: ast.DictComp, frame: Frame) -> Value:
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
    result: Many | Mapping,
) -> Iterator[bool | None]:
    """Yield once for each item, its names bound: False where a condition is not known.

    None for the one time that stands for all the items of an unknown iterable.
    """
    first, *rest = generators
    iterable = run.evaluate(first.iter, frame)
    sqlalchemy_words.iterated(run, iterable, first.iter, frame)
    known = loops.iterate(iterable)
    more = known is None or (isinstance(iterable, Many | Mapping) and iterable.open)
    result.open = result.open or more
    certain = not isinstance(iterable, Many | Mapping) or iterable.certain
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
    result: Many | Mapping,
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


EXPRESSIONS: dict[type[ast.expr], Callable[[Any, Any, Frame], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: calls.evaluate,
    ast.JoinedStr: formats.join_formatted,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
