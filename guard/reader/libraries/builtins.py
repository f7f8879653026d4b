"""Python's builtins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from guard.operations import DropTable, Name
from guard.reader.evaluate import classes, formats, imports, loops, methods, turns, unrun
from guard.reader.evaluate.run import Example, Known, Library, Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    EXIT,
    NONE,
    Class,
    Const,
    DottedName,
    Instance,
    Mapping,
    Marker,
    ModuleValue,
    Sequence,
    Unknown,
    Value,
    from_python,
    is_known,
    key_of,
    like,
    to_python,
    truth,
    unparse,
)

MAX_RANGE = 10_000


def str_(run: Run, call: Call) -> Value:
    if not call.args or not call.node.args:
        return Text(())
    return formats.as_text(run, call.args[0], unparse(call.node.args[0]))


def plain(function: Callable[..., Any]) -> Known:
    """Return the word that computes with plain Python values, where all are known."""

    def compute(run: Run, call: Call) -> Value:
        values = (*call.args, *call.kwargs.values())
        if call.open or not all(is_known(v) for v in values):
            return unknown(call.node, *values)
        try:
            result = function(
                *(to_python(a) for a in call.args),
                **{k: to_python(v) for k, v in call.kwargs.items()},
            )
        except Exception:  # noqa: BLE001  whatever it is, the project's own run would show it
            return unknown(call.node, *values)
        return from_python(result, code=call.code)

    return compute


def _len(run: Run, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Sequence) and value.is_whole:
        return Const(len(value.items))
    if isinstance(value, Mapping) and value.is_whole:
        return Const(len(value.pairs))
    if isinstance(value, Text) and value.known:
        return Const(len(value.plain))
    return Unknown(call.node, "constant")  # a number, whatever it counts


def _container(kind: Any) -> Known:
    def make(run: Run, call: Call) -> Value:
        if not call.args:
            return Sequence(kind, [], depth=len(run.conditions))
        value = call.args[0]
        items = loops.iterate(value)
        if items is None:
            return unknown(call.node, value)
        if kind == "set":
            items = list({repr(key_of(i)): i for i in items}.values())
        made = like(items, value, depth=len(run.conditions))
        made.kind = kind
        made.sure = value.sure if isinstance(value, Sequence) and kind != "set" else 0
        return made

    return make


def dict_(run: Run, call: Call) -> Value:
    result = Mapping({}, open=call.open, depth=len(run.conditions))
    if call.args:
        methods.update(result, call.args[0])
    for name, value in call.kwargs.items():
        result.pairs[name] = (Text.of(name), value)
    return result


def _from_keys(run: Run, call: Call) -> Value:
    keys = loops.iterate(call.args[0]) if call.args else None
    value = call.get(1) or NONE
    if keys is None:
        return unknown(call.node, *call.args)
    flags = like([], call.args[0])
    pairs = {key_of(k): (k, value) for k in keys}
    return Mapping(pairs, flags.certain, flags.open, len(run.conditions), flags.repeated)


def _enumerate(run: Run, call: Call) -> Value:
    items = loops.iterate(call.args[0]) if call.args else None
    start = call.get(1, "start")
    if items is None:
        row: list[Value] = [Unknown(call.node, "constant"), unknown(call.node, *call.args)]
        return Sequence("list", [Sequence("tuple", row)], certain=False, repeated=True)
    first = start.value if isinstance(start, Const) and isinstance(start.value, int) else 0
    whole = loops.is_whole(call.args[0])
    number = Unknown(call.node, "constant")
    rows = [(Const(first + i) if whole else number, v) for i, v in enumerate(items)]
    return like([Sequence("tuple", list(row)) for row in rows], call.args[0])


def _zip(run: Run, call: Call) -> Value:
    columns = [loops.iterate(argument) for argument in call.args]
    if any(column is None for column in columns) or call.open:
        return unknown(call.node, *call.args)
    rows = zip(*(c for c in columns if c is not None), strict=False)
    return like([Sequence("tuple", list(row)) for row in rows], *call.args)


def _range(run: Run, call: Call) -> Value:
    if not call.args or not all(
        isinstance(a, Const) and isinstance(a.value, int) for a in call.args
    ):
        return Unknown(call.node, "constant")
    numbers = itertools.islice(range(*(to_python(a) for a in call.args)), MAX_RANGE + 1)
    items: list[Value] = [Const(n) for n in numbers]
    run.step(len(items) // 10)
    return Sequence("list", items[:MAX_RANGE], open=len(items) > MAX_RANGE)


def _reversed(run: Run, call: Call) -> Value:
    items = loops.iterate(call.args[0]) if call.args else None
    return unknown(call.node, *call.args) if items is None else like(items[::-1], *call.args)


def _sorted(run: Run, call: Call) -> Value:
    value = call.args[0] if call.args else NONE
    items = loops.iterate(value)
    if items is None:
        return unknown(call.node, *call.args)
    return like(methods.ordered(run, items, call), value)


def _map(run: Run, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) == 2 else None
    if items is None:
        return unknown(call.node, *call.args)
    inner = [run.call(call.args[0], Call(call.node, call.frame, (i,), {})) for i in items]
    return like(inner, call.args[1])


def _filter(run: Run, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) == 2 else None
    if items is None:
        return unknown(call.node, *call.args)
    kept: list[Value] = []
    certain = True
    for item in items:
        test = run.call(call.args[0], Call(call.node, call.frame, (item,), {}))
        settled = run.decision(item if call.args[0] == NONE else test)
        certain = certain and settled is not None
        kept += [item] if settled is not False else []
    found = like(kept, call.args[1])
    found.certain = found.certain and certain
    return found


def _isinstance(run: Run, call: Call) -> Value:
    value, kind = call.get(0), call.get(1)
    test = run.library.type_tests.get(type(value))
    if test is not None and isinstance(kind, DottedName):
        return test(run, value, kind)
    if isinstance(value, Instance) and isinstance(kind, Class):
        settled = classes.derives(value.cls, kind)
        return unknown(call.node, value) if settled is None else Const(settled)
    if isinstance(value, Text | Sequence | Mapping) and isinstance(kind, DottedName):
        plain = {Text: "str", Mapping: "dict"}
        name = value.kind if isinstance(value, Sequence) else plain[type(value)]
        if kind.path in _PLAIN_TYPES:  # not of `object`, `Iterable`: it may be one as well
            return Const(kind.path == f"builtins.{name}")
    return unknown(call.node, *(v for v in (value,) if v))


_PLAIN_TYPES = {
    f"builtins.{one.__name__}" for one in (str, bytes, int, float, bool, list, tuple, set, dict)
}


def _getattr(run: Run, call: Call) -> Value:
    owner, name = call.get(0), call.get(1)
    chosen = isinstance(name, Text) and name.known and not run.is_from_elsewhere(name)
    if owner is None or not isinstance(name, Text) or not chosen:
        _tell_any_of(run, owner, call)
        if owner is not None and run.reaches_database(owner):
            run.opaque("which operation it asks for is not known", call.node, call.frame)
        return unknown(call.node, *call.args)
    found = run.attribute(owner, name.plain)
    if len(call.args) > 2 and isinstance(owner, ModuleValue) and isinstance(found, Unknown):
        return call.args[2]
    return found


def _tell_any_of(run: Run, owner: Value | None, call: Call) -> None:
    """Record that any function of a module or class in sight may be asked for."""
    values: Iterable[Value] = ()
    if isinstance(owner, Instance):
        values = unrun.methods_of(owner.cls)
    elif isinstance(owner, Class):
        values = unrun.methods_of(owner)
    elif isinstance(owner, ModuleValue) or (
        isinstance(owner, DottedName) and owner.path.partition(".")[0] not in run.library.packages
    ):
        module = owner.module if isinstance(owner, ModuleValue) else run.resolver.find(owner.path)
        if module is not None:
            imports.load(run, module)
            values = module.names.values()
    unrun.tell_any(run, values, call.node, call.frame)


def _vars(run: Run, call: Call) -> Value:
    owner = call.get(0)
    if owner is not None and run.reaches_database(owner):
        run.opaque("which operation it takes is not known", call.node, call.frame)
    elif owner is not None:
        _tell_any_of(run, owner, call)
    return Marker.GLOBALS if owner is None else unknown(call.node, *call.args)


def _type(run: Run, call: Call) -> Value:
    if len(call.args) == 1 and isinstance(call.args[0], Instance):
        return call.args[0].cls
    return unknown(call.node, *call.args)


def _setattr(run: Run, call: Call) -> Value:
    owner, name, value = call.get(0), call.get(1), call.get(2)
    is_known = isinstance(name, Text) and name.known
    if isinstance(owner, Instance | Class) and isinstance(name, Text) and is_known and value:
        owner.attributes[name.plain] = value
    elif owner is not None and run.reaches_database(owner):
        run.in_hand.run(value or NONE)
        run.opaque("it puts other code in the place of an operation", call.node, call.frame)
    elif value is not None:
        unrun.tell_any(run, [value], call.node, call.frame)  # the owner may be this module
    return NONE


def code_from_elsewhere(run: Run, call: Call) -> Value:
    """Record that code is run which the reader does not follow: it may do anything."""
    run.opaque("it runs code that is not in sight", call.node, call.frame)
    return Unknown(call.node)


def import_module(run: Run, call: Call) -> Value:
    """Return the module of a name that is written in sight."""
    name = call.get(0, "name")
    if isinstance(name, Text) and name.known and not name.plain.startswith("."):
        return DottedName(name.plain)
    if call.frame.module is not run.module:  # what an application loads is mostly its settings
        return Unknown(call.node)
    return code_from_elsewhere(run, call)


def _next(run: Run, call: Call) -> Value:
    """The first item, which is then gone from the iterator."""
    value = call.args[0] if call.args else NONE
    items = loops.iterate(value)
    if not items or not isinstance(value, Sequence) or not value.certain:
        return unknown(call.node, *call.args)
    first = items[0]
    turns.touch(run, value)
    if value.certain:
        del value.items[0]
    return first


def _iter(run: Run, call: Call) -> Value:
    value = same(run, call)
    items = loops.iterate(value) if len(call.args) == 1 else None
    return value if items is None else like(list(items), value, depth=len(run.conditions))


def _settled_over(quantifier: Callable[[Any], bool]) -> Known:
    """any() and all()."""

    def settle(run: Run, call: Call) -> Value:
        value = call.args[0] if call.args else NONE
        items = loops.iterate(value)
        tests = [truth(item) for item in items or []]
        deciding = quantifier is any
        whole = loops.is_whole(value)
        if items is not None and deciding in tests and whole:
            return Const(deciding)
        if items is None or None in tests or not whole:
            return unknown(call.node, value, *(items or []))
        return Const(not deciding)

    return settle


def _globals(run: Run, call: Call) -> Value:
    return Marker.GLOBALS


def _super(run: Run, call: Call) -> Value:
    return classes.parent_view(call.frame.function) or unknown(call.node)


def stop(run: Run, call: Call) -> Value:
    run.raised.append(formats.as_text(run, call.args[0], call.code).plain if call.args else "")
    return EXIT


def _nothing(run: Run, call: Call) -> Value:
    return NONE


def outside(run: Run, call: Call) -> Value:
    return Unknown(call.node)


def same(run: Run, call: Call) -> Value:
    return call.args[0] if call.args else unknown(call.node)


def open_(run: Run, call: Call) -> Value:
    return methods.open_file(run, call.get(0, "file") or NONE, call)


def _unbound(name: str) -> Known:
    """`str.join(" ", words)`."""

    def call_method(run: Run, call: Call) -> Value:
        if not call.args:
            return unknown(call.node)
        inner = Call(call.node, call.frame, call.args[1:], call.kwargs, call.open)
        return methods.method(run, call.args[0], name, inner) or unknown(call.node, *call.args)

    return call_method


_NAMES: dict[str, Known] = {
    **{
        f"{owner.__name__}.{name}": _unbound(name)
        for owner in (str, list, dict, set)
        for name in dir(owner)
    },
    "str": str_,
    "repr": plain(repr),
    "int": plain(int),
    "float": plain(float),
    "bool": plain(bool),
    "abs": plain(abs),
    "min": plain(min),
    "max": plain(max),
    "sum": plain(sum),
    "round": plain(round),
    "len": _len,
    "list": _container("list"),
    "tuple": _container("tuple"),
    "set": _container("set"),
    "frozenset": _container("set"),
    "iter": _iter,
    "dict": dict_,
    "enumerate": _enumerate,
    "zip": _zip,
    "range": _range,
    "reversed": _reversed,
    "sorted": _sorted,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "dict.fromkeys": _from_keys,
    "isinstance": _isinstance,
    "getattr": _getattr,
    "setattr": _setattr,
    "type": _type,
    "vars": _vars,
    "exec": code_from_elsewhere,
    "eval": code_from_elsewhere,
    "__import__": import_module,
    "any": _settled_over(any),
    "all": _settled_over(all),
    "globals": _globals,
    "locals": _globals,
    "print": _nothing,
    "input": outside,
    "open": open_,
    "super": _super,
    "exit": stop,
    "quit": stop,
}

LIBRARY = Library(
    packages=frozenset({"builtins"}),
    harmless=frozenset({"builtins"}),
    trusted=frozenset({"builtins"}),
    names={f"builtins.{name}": known for name, known in _NAMES.items()},
    examples=(
        Example(
            'for number, letter in enumerate(sorted(["b", "a"])):\n'
            "    op.drop_table(letter + str(number))",
            (DropTable(table=Name("a0")), DropTable(table=Name("b1"))),
            "from alembic import op",
        ),
    ),
)
