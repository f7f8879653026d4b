"""The words of Python itself: builtins, and what of the standard library builds SQL."""

from __future__ import annotations

import inspect
import itertools
import json
import math
import os.path
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from guard.reader import classes, loops, methods, text
from guard.reader.state import Call, unknown
from guard.reader.text import Text
from guard.reader.values import (
    DIALECT,
    EXIT,
    NONE,
    Class,
    Const,
    Construct,
    DottedName,
    Instance,
    Mapping,
    ModuleValue,
    Sequence,
    Unknown,
    Value,
    as_text,
    from_python,
    is_known,
    key_of,
    to_python,
    truth,
    unparse,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

Known = Callable[["Interpreter", Call], Value]
GLOBALS = DottedName("<globals>")
MAX_RANGE = 10_000


def word(path: str) -> Known | None:
    """Return what the dotted name does when called; None where Python has no such word."""
    name = path.removeprefix("builtins.")
    owner, _, method = name.partition(".")
    if owner in _OWNERS and method and name not in _WORDS:
        return _unbound(method)
    return _WORDS.get(name)


_OWNERS = {"str", "list", "dict", "set"}


def _unbound(name: str) -> Known:
    """`str.join(" ", words)`."""

    def call_method(run: Interpreter, call: Call) -> Value:
        if not call.args:
            return unknown(call.node)
        inner = Call(call.node, call.frame, call.args[1:], call.kwargs, call.open)
        return methods.method(run, call.args[0], name, inner) or unknown(call.node, *call.args)

    return call_method


# Builtins


def _str(run: Interpreter, call: Call) -> Value:
    if not call.args:
        return Text(())
    return as_text(call.args[0], unparse(call.node.args[0])) if call.node.args else Text(())


def _plain(function: Callable[..., Any]) -> Known:
    """Return the word that computes with plain Python values, where all are known."""

    def compute(run: Interpreter, call: Call) -> Value:
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


def _len(run: Interpreter, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Sequence) and value.certain and not value.open:
        return Const(len(value.items))
    if isinstance(value, Mapping) and value.certain and not value.open:
        return Const(len(value.pairs))
    if isinstance(value, Text) and value.known:
        return Const(len(value.plain))
    return unknown(call.node, *call.args)


def _container(kind: Any) -> Known:
    def make(run: Interpreter, call: Call) -> Value:
        if not call.args:
            return Sequence(kind, [], depth=len(run.conditions))
        value = call.args[0]
        items = loops.iterate(value)
        if items is None:
            return unknown(call.node, value)
        if kind == "set":
            items = list({repr(key_of(i)): i for i in items}.values())
        certain = not isinstance(value, Sequence | Mapping) or value.certain
        return Sequence(
            kind,
            items,
            certain,
            isinstance(value, Sequence) and value.open,
            depth=len(run.conditions),
        )

    return make


def _dict(run: Interpreter, call: Call) -> Value:
    result = Mapping({}, open=call.open, depth=len(run.conditions))
    if call.args:
        methods.update(result, call.args[0])
    for name, value in call.kwargs.items():
        result.pairs[name] = (Text.of(name), value)
    return result


def _default_dict(run: Interpreter, call: Call) -> Value:
    factory = call.args[0] if call.args else None
    return Mapping({}, depth=len(run.conditions), factory=factory)


def _from_keys(run: Interpreter, call: Call) -> Value:
    keys = loops.iterate(call.args[0]) if call.args else None
    value = call.get(1) or NONE
    if keys is None:
        return unknown(call.node, *call.args)
    return Mapping({key_of(k): (k, value) for k in keys}, depth=len(run.conditions))


def _enumerate(run: Interpreter, call: Call) -> Value:
    items = loops.iterate(call.args[0]) if call.args else None
    start = call.get(1, "start")
    if items is None:
        return unknown(call.node, *call.args)
    first = start.value if isinstance(start, Const) and isinstance(start.value, int) else 0
    return Sequence("list", [Sequence("tuple", [Const(first + i), v]) for i, v in enumerate(items)])


def _zip(run: Interpreter, call: Call) -> Value:
    columns = [loops.iterate(argument) for argument in call.args]
    if any(column is None for column in columns) or call.open:
        return unknown(call.node, *call.args)
    rows = zip(*(c for c in columns if c is not None), strict=False)
    return Sequence("list", [Sequence("tuple", list(row)) for row in rows])


def _range(run: Interpreter, call: Call) -> Value:
    if not call.args or not all(
        isinstance(a, Const) and isinstance(a.value, int) for a in call.args
    ):
        return unknown(call.node, *call.args)
    numbers = itertools.islice(range(*(to_python(a) for a in call.args)), MAX_RANGE + 1)
    items: list[Value] = [Const(n) for n in numbers]
    run.step(len(items) // 10)
    return Sequence("list", items[:MAX_RANGE], open=len(items) > MAX_RANGE)


def _reversed(run: Interpreter, call: Call) -> Value:
    items = loops.iterate(call.args[0]) if call.args else None
    return unknown(call.node, *call.args) if items is None else Sequence("list", items[::-1])


def _sorted(run: Interpreter, call: Call) -> Value:
    value = call.args[0] if call.args else NONE
    items = loops.iterate(value)
    if items is None:
        return unknown(call.node, *call.args)
    certain = not isinstance(value, Sequence | Mapping) or value.certain
    more = isinstance(value, Sequence | Mapping) and value.open
    return Sequence("list", methods.ordered(run, items, call), certain, more)


def _map(run: Interpreter, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) == 2 else None
    if items is None:
        return unknown(call.node, *call.args)
    inner = [run.call(call.args[0], Call(call.node, call.frame, (i,), {})) for i in items]
    return Sequence("list", inner)


def _filter(run: Interpreter, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) == 2 else None
    if items is None:
        return unknown(call.node, *call.args)
    kept: list[Value] = []
    certain = True
    for item in items:
        test = run.call(call.args[0], Call(call.node, call.frame, (item,), {}))
        settled = truth(item if call.args[0] == NONE else test)
        certain = certain and settled is not None
        kept += [item] if settled is not False else []
    return Sequence("list", kept, certain)


def _reduce(run: Interpreter, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) > 1 else None
    if not items:
        return unknown(call.node, *call.args)
    items = [*call.args[2:3], *items]
    value = items[0]
    for item in items[1:]:
        value = run.call(call.args[0], Call(call.node, call.frame, (value, item), {}))
    return value


def _product(run: Interpreter, call: Call) -> Value:
    columns = [loops.iterate(argument) for argument in call.args]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or call.kwargs or math.prod(map(len, known)) > MAX_RANGE:
        return unknown(call.node, *call.args)
    return Sequence("list", [Sequence("tuple", list(row)) for row in itertools.product(*known)])


def _isinstance(run: Interpreter, call: Call) -> Value:
    value, kind = call.get(0), call.get(1)
    if isinstance(value, DottedName) and value.path == DIALECT and isinstance(kind, DottedName):
        return Const(run.ask_dialect() in kind.path.lower())
    if isinstance(kind, DottedName) and isinstance(value, Text):
        return Const(kind.path == "builtins.str")
    if isinstance(value, Instance) and isinstance(kind, Class):
        return Const(value.cls is kind)
    plain = {"builtins.list": "list", "builtins.tuple": "tuple", "builtins.set": "set"}
    if isinstance(value, Sequence) and isinstance(kind, DottedName):
        return Const(plain.get(kind.path) == value.kind)
    if isinstance(value, Mapping) and isinstance(kind, DottedName):
        return Const(kind.path == "builtins.dict")
    return unknown(call.node, *(v for v in (value,) if v))


def _getattr(run: Interpreter, call: Call) -> Value:
    owner, name = call.get(0), call.get(1)
    if owner is None or not isinstance(name, Text) or not name.known:
        return unknown(call.node, *call.args)
    found = run.attribute(owner, name.plain)
    if len(call.args) > 2 and isinstance(owner, ModuleValue) and isinstance(found, Unknown):
        return call.args[2]
    return found


def _next(run: Interpreter, call: Call) -> Value:
    """The first item: nobody here asks an iterator twice."""
    value = call.args[0] if call.args else NONE
    items = loops.iterate(value)
    if items and isinstance(value, Sequence) and value.certain:
        return items[0]
    return unknown(call.node, *call.args)


def _settled_over(quantifier: Callable[[Any], bool]) -> Known:
    """any() and all()."""

    def settle(run: Interpreter, call: Call) -> Value:
        value = call.args[0] if call.args else NONE
        items = loops.iterate(value)
        tests = [truth(item) for item in items or []]
        deciding = quantifier is any
        if items is not None and deciding in tests:
            return Const(deciding)
        if items is None or None in tests or (isinstance(value, Sequence) and value.open):
            return unknown(call.node, value, *(items or []))
        return Const(not deciding)

    return settle


def _globals(run: Interpreter, call: Call) -> Value:
    return GLOBALS


def _super(run: Interpreter, call: Call) -> Value:
    return classes.parent_view(call.frame.function) or unknown(call.node)


def _exit(run: Interpreter, call: Call) -> Value:
    run.raised.append(as_text(call.args[0], call.code).plain if call.args else "")
    return EXIT


def _nothing(run: Interpreter, call: Call) -> Value:
    return NONE


def _outside(run: Interpreter, call: Call) -> Value:
    return Unknown(call.node)


def _same(run: Interpreter, call: Call) -> Value:
    return call.args[0] if call.args else unknown(call.node)


# The standard library


def _dedent(run: Interpreter, call: Call) -> Value:
    value = call.get(0, "text")
    return text.dedent(value) if isinstance(value, Text) else unknown(call.node, *call.args)


def _path(run: Interpreter, call: Call) -> Value:
    if call.args and all(is_known(a) for a in call.args):
        return Const(PurePath(*(str(to_python(a)) for a in call.args)))
    return unknown(call.node, *call.args)


def _os_path(function: Callable[..., Any]) -> Known:
    return _plain(lambda *parts: function(*(str(part) for part in parts)))


def _open(run: Interpreter, call: Call) -> Value:
    return methods.open_file(run, call.get(0, "file") or NONE, call)


def _partial(run: Interpreter, call: Call) -> Value:
    return Construct("functools.partial", call.args, call.kwargs, call.node)


def _chain(run: Interpreter, call: Call) -> Value:
    items: list[Value] = []
    for argument in call.args:
        spread = loops.iterate(argument)
        if spread is None:
            return unknown(call.node, *call.args)
        items += spread
    return Sequence("list", items, open=call.open)


def _template(run: Interpreter, call: Call) -> Value:
    return Construct("string.Template", call.args, call.kwargs, call.node)


def _namedtuple(run: Interpreter, call: Call) -> Value:
    name, fields = call.get(0, "typename"), call.get(1, "field_names")
    if not isinstance(name, Text) or fields is None or not is_known(fields):
        return unknown(call.node, *call.args)
    names = to_python(fields)
    split = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    return Class(name.plain, call.frame.module, {}, tuple(split), is_tuple=True)


_WORDS: dict[str, Known] = {
    "str": _str,
    "repr": _plain(repr),
    "int": _plain(int),
    "float": _plain(float),
    "bool": _plain(bool),
    "abs": _plain(abs),
    "min": _plain(min),
    "max": _plain(max),
    "sum": _plain(sum),
    "round": _plain(round),
    "len": _len,
    "list": _container("list"),
    "tuple": _container("tuple"),
    "set": _container("set"),
    "frozenset": _container("set"),
    "iter": _same,
    "dict": _dict,
    "collections.OrderedDict": _dict,
    "enumerate": _enumerate,
    "zip": _zip,
    "range": _range,
    "reversed": _reversed,
    "sorted": _sorted,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "dict.fromkeys": _from_keys,
    "collections.defaultdict": _default_dict,
    "functools.reduce": _reduce,
    "itertools.product": _product,
    "isinstance": _isinstance,
    "getattr": _getattr,
    "any": _settled_over(any),
    "all": _settled_over(all),
    "globals": _globals,
    "locals": _globals,
    "print": _nothing,
    "input": _outside,
    "open": _open,
    "io.open": _open,
    "sys.exit": _exit,
    "super": _super,
    "exit": _exit,
    "quit": _exit,
    "os._exit": _exit,
    "os.getenv": _outside,
    "os.environ.get": _outside,
    "os.path.join": _os_path(os.path.join),
    "os.path.dirname": _os_path(os.path.dirname),
    "os.path.basename": _os_path(os.path.basename),
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.path.normpath": _os_path(os.path.normpath),
    "os.path.splitext": _os_path(os.path.splitext),
    "os.fspath": _str,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": _plain(inspect.cleandoc),
    "json.dumps": _plain(json.dumps),
    "functools.partial": _partial,
    "itertools.chain": _chain,
    "string.Template": _template,
    "collections.namedtuple": _namedtuple,
    "typing.cast": lambda run, call: call.args[1] if len(call.args) > 1 else NONE,
    "copy.copy": _same,
    "copy.deepcopy": _same,
}
