"""The words of Python itself: builtins, the standard library that builds SQL, methods of text."""

from __future__ import annotations

import inspect
import itertools
import os.path
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from guard.reader import flow, text
from guard.reader.state import Call, unknown
from guard.reader.text import Text
from guard.reader.values import (
    DIALECT,
    FALSE,
    NONE,
    TRUE,
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

Word = Callable[["Interpreter", Call], Value]
EXIT = Ref("<exit>")  # the call does not come back
GLOBALS = Ref("<globals>")
MAX_RANGE = 10_000


def word(path: str) -> Word | None:
    """Return what the dotted name does when called; None where Python has no such word."""
    return _WORDS.get(path.removeprefix("builtins."))


# Builtins


def _str(run: Interpreter, call: Call) -> Value:
    if not call.args:
        return Text(())
    return as_text(call.args[0], unparse(call.node.args[0])) if call.node.args else Text(())


def _plain(function: Callable[..., Any]) -> Word:
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
    if isinstance(value, Many) and value.certain and not value.open:
        return Const(len(value.items))
    if isinstance(value, Mapping) and value.certain and not value.open:
        return Const(len(value.pairs))
    if isinstance(value, Text) and value.known:
        return Const(len(value.plain))
    return unknown(call.node, *call.args)


def _container(kind: Any) -> Word:
    def make(run: Interpreter, call: Call) -> Value:
        if not call.args:
            return Many(kind, [], depth=len(run.conditions))
        value = call.args[0]
        items = flow.iterate(value)
        if items is None:
            return unknown(call.node, value)
        if kind == "set":
            items = list({repr(key_of(i)): i for i in items}.values())
        certain = not isinstance(value, Many | Mapping) or value.certain
        return Many(
            kind,
            items,
            certain,
            isinstance(value, Many) and value.open,
            depth=len(run.conditions),
        )

    return make


def _dict(run: Interpreter, call: Call) -> Value:
    result = Mapping({}, open=call.open, depth=len(run.conditions))
    if call.args:
        source = call.args[0]
        if isinstance(source, Mapping):
            result.pairs.update(source.pairs)
            result.open = result.open or source.open
        elif (items := flow.iterate(source)) is not None:
            for item in items:
                if isinstance(item, Many) and len(item.items) == 2:
                    result.pairs[key_of(item.items[0])] = (item.items[0], item.items[1])
        else:
            result.open = True
    for name, value in call.kwargs.items():
        result.pairs[name] = (Text.of(name), value)
    return result


def _enumerate(run: Interpreter, call: Call) -> Value:
    items = flow.iterate(call.args[0]) if call.args else None
    start = call.get(1, "start")
    if items is None:
        return unknown(call.node, *call.args)
    first = start.value if isinstance(start, Const) and isinstance(start.value, int) else 0
    return Many("list", [Many("tuple", [Const(first + i), v]) for i, v in enumerate(items)])


def _zip(run: Interpreter, call: Call) -> Value:
    columns = [flow.iterate(argument) for argument in call.args]
    if any(column is None for column in columns) or call.open:
        return unknown(call.node, *call.args)
    rows = zip(*(c for c in columns if c is not None), strict=False)
    return Many("list", [Many("tuple", list(row)) for row in rows])


def _range(run: Interpreter, call: Call) -> Value:
    if not call.args or not all(
        isinstance(a, Const) and isinstance(a.value, int) for a in call.args
    ):
        return unknown(call.node, *call.args)
    numbers = itertools.islice(range(*(to_python(a) for a in call.args)), MAX_RANGE + 1)
    items: list[Value] = [Const(n) for n in numbers]
    return Many("list", items[:MAX_RANGE], open=len(items) > MAX_RANGE)


def _reversed(run: Interpreter, call: Call) -> Value:
    items = flow.iterate(call.args[0]) if call.args else None
    return unknown(call.node, *call.args) if items is None else Many("list", items[::-1])


def _sorted(run: Interpreter, call: Call) -> Value:
    value = call.args[0] if call.args else NONE
    items = flow.iterate(value)
    if items is None:
        return unknown(call.node, *call.args)
    if all(is_known(i) for i in items) and "key" not in call.kwargs:
        try:
            ordered = sorted(items, key=to_python)
        except TypeError:
            return Many("list", items)
        backwards = truth(call.kwargs.get("reverse", FALSE))
        return Many("list", ordered[::-1] if backwards else ordered)
    return Many("list", items)  # in another order; what is in it stays known


def _map(run: Interpreter, call: Call) -> Value:
    items = flow.iterate(call.args[1]) if len(call.args) == 2 else None
    if items is None:
        return unknown(call.node, *call.args)
    inner = [run.call(call.args[0], Call(call.node, call.frame, (i,), {})) for i in items]
    return Many("list", inner)


def _isinstance(run: Interpreter, call: Call) -> Value:
    value, kind = call.get(0), call.get(1)
    if isinstance(value, Ref) and value.path == DIALECT and isinstance(kind, Ref) and run.dialect:
        run.asked_dialect = True
        return Const(run.dialect in kind.path.lower())
    if isinstance(kind, Ref) and isinstance(value, Text):
        return Const(kind.path == "builtins.str")
    if isinstance(value, Instance) and isinstance(kind, Class):
        return Const(value.cls is kind)
    plain = {"builtins.list": "list", "builtins.tuple": "tuple", "builtins.set": "set"}
    if isinstance(value, Many) and isinstance(kind, Ref):
        return Const(plain.get(kind.path) == value.kind)
    if isinstance(value, Mapping) and isinstance(kind, Ref):
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


def _settled_over(quantifier: Callable[[Any], bool]) -> Word:
    """any() and all()."""

    def settle(run: Interpreter, call: Call) -> Value:
        value = call.args[0] if call.args else NONE
        items = flow.iterate(value)
        tests = [truth(item) for item in items or []]
        deciding = quantifier is any
        if items is not None and deciding in tests:
            return Const(deciding)
        if items is None or None in tests or (isinstance(value, Many) and value.open):
            return unknown(call.node, value, *(items or []))
        return Const(not deciding)

    return settle


def _globals(run: Interpreter, call: Call) -> Value:
    return GLOBALS


def _exit(run: Interpreter, call: Call) -> Value:
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


def _os_path(function: Callable[..., Any]) -> Word:
    return _plain(lambda *parts: function(*(str(part) for part in parts)))


def _open(run: Interpreter, call: Call) -> Value:
    return Made("builtins.open", call.args, call.kwargs, call.node)


def _partial(run: Interpreter, call: Call) -> Value:
    return Made("functools.partial", call.args, call.kwargs, call.node)


def _chain(run: Interpreter, call: Call) -> Value:
    items: list[Value] = []
    for argument in call.args:
        spread = flow.iterate(argument)
        if spread is None:
            return unknown(call.node, *call.args)
        items += spread
    return Many("list", items, open=call.open)


def _template(run: Interpreter, call: Call) -> Value:
    return Made("string.Template", call.args, call.kwargs, call.node)


def _namedtuple(run: Interpreter, call: Call) -> Value:
    name, fields = call.get(0, "typename"), call.get(1, "field_names")
    if not isinstance(name, Text) or fields is None or not is_known(fields):
        return unknown(call.node, *call.args)
    names = to_python(fields)
    split = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    return Class(name.plain, call.frame.module, {}, tuple(split))


_WORDS: dict[str, Word] = {
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
    "functools.partial": _partial,
    "itertools.chain": _chain,
    "string.Template": _template,
    "collections.namedtuple": _namedtuple,
    "typing.cast": lambda run, call: call.args[1] if len(call.args) > 1 else NONE,
    "copy.copy": _same,
    "copy.deepcopy": _same,
}


# Methods


def method(run: Interpreter, receiver: Value, name: str, call: Call) -> Value | None:
    """Return what `receiver.name(...)` gives; None where Python has no such word for it."""
    match receiver:
        case Text():
            return _text_method(run, receiver, name, call)
        case Many():
            return _many_method(run, receiver, name, call)
        case Mapping():
            return _mapping_method(run, receiver, name, call)
        case Const(PurePath() as path):
            return _path_method(run, path, name, call)
        case Made(path="string.Template") if name in {"substitute", "safe_substitute"}:
            return _substitute(receiver, call)
        case Made(path="builtins.open") if name == "read":
            return _read_file(run, receiver.args[0] if receiver.args else NONE, call)
        case Function() | Class():
            return unknown(call.node, *call.args)
    return None


def _text_method(run: Interpreter, value: Text, name: str, call: Call) -> Value:
    match name:
        case "format" | "format_map":
            return _format(value, call)
        case "join":
            return _join(value, call)
        case "strip" | "lstrip" | "rstrip" if not call.args or is_known(call.args[0]):
            characters = to_python(call.args[0]) if call.args else None
            return text.strip(value, name != "rstrip", name != "lstrip", characters)
        case "replace" if len(call.args) >= 2:
            return _replace(value, call)
        case "upper" | "lower" | "title" | "capitalize" | "casefold":
            return text.map_plain(value, getattr(value.plain, name)())
        case "encode" | "__str__":
            return value
    if value.known and all(is_known(a) for a in call.args) and hasattr(str, name):
        try:
            result = getattr(value.plain, name)(*(to_python(a) for a in call.args))
        except (TypeError, ValueError, LookupError):
            return unknown(call.node, value)
        return from_python(result, value.origin)
    return unknown(call.node, value, *call.args)


def _format(template: Text, call: Call) -> Value:
    pieces: list[Text] = []
    position = index = 0
    mapping = call.args[0] if call.args and isinstance(call.args[0], Mapping) else None
    for start, end, field in text.brace_fields(template):
        pieces.append(template.slice(position, start))
        position = end
        if field is None:
            pieces.append(template.slice(start, start + 1))
            continue
        key = field.partition(".")[0].partition("[")[0]
        if not key:
            key, index = str(index), index + 1
        value = (call.get(int(key)) if key.isdigit() else call.kwargs.get(key)) or (
            mapping.pairs.get(key, (NONE, None))[1] if mapping else None
        )
        pieces.append(Text.hole(field or key) if value is None else _field(value, field, key, call))
    pieces.append(template.slice(position, len(template.plain)))
    return text.concat(pieces, ".format()")


def _field(value: Value, field: str, key: str, call: Call) -> Text:
    if "." in field or "[" in field:
        return Text.hole(field, unknown(call.node, value).origin)
    if key.isdigit() and int(key) < len(call.node.args):
        return as_text(value, unparse(call.node.args[int(key)]))
    given = next((k.value for k in call.node.keywords if k.arg == key), None)
    return as_text(value, unparse(given) if given is not None else key)


def _join(separator: Text, call: Call) -> Value:
    value = call.args[0] if call.args else NONE
    items = flow.iterate(value)
    code = unparse(call.node.args[0]) if call.node.args else "items"
    if items is None:
        return Text.hole(call.code, unknown(call.node, value).origin)
    joined = text.join(separator, [as_text(item, code) for item in items])
    if isinstance(value, Many) and (value.open or not value.certain):
        return text.concat([joined, Text.hole("...", unknown(call.node, *items).origin)])
    return joined


def _replace(value: Text, call: Call) -> Value:
    old, new = call.args[0], call.args[1]
    if not isinstance(old, Text) or not old.known:
        return unknown(call.node, value, old, new)
    piece = as_text(new, unparse(call.node.args[1]) if len(call.node.args) > 1 else "replacement")
    return text.replace(value, old.plain, piece)


def _substitute(template: Made, call: Call) -> Value:
    source = template.args[0] if template.args else NONE
    if not isinstance(source, Text):
        return unknown(call.node, source)
    mapping = call.args[0] if call.args and isinstance(call.args[0], Mapping) else Mapping({})
    pieces: list[Text] = []
    position = 0
    for start, end, name in text.dollar_fields(source):
        pieces.append(source.slice(position, start))
        position = end
        if name is None:
            pieces.append(Text.of("$", "literal"))
            continue
        value = call.kwargs.get(name) or mapping.pairs.get(name, (NONE, None))[1]
        given = next((k.value for k in call.node.keywords if k.arg == name), None)
        code = unparse(given) if given is not None else name
        pieces.append(Text.hole(code) if value is None else as_text(value, code))
    pieces.append(source.slice(position, len(source.plain)))
    return text.concat(pieces, "string.Template")


def _many_method(run: Interpreter, value: Many, name: str, call: Call) -> Value:
    value.certain = value.certain and (
        name in {"copy", "index", "count"} or len(run.conditions) <= value.depth
    )
    match name:
        case "append" | "add" if call.args:
            value.items.append(call.args[0])
            return NONE
        case "extend" | "update" if call.args:
            items = flow.iterate(call.args[0])
            value.items.extend(items or [])
            value.open = value.open or items is None
            return NONE
        case "insert" if len(call.args) == 2:
            value.items.insert(0, call.args[1])
            return NONE
        case "copy":
            return Many(value.kind, list(value.items), value.certain, value.open, value.depth)
        case "pop" if value.items and not value.open:
            return value.items.pop()
        case "reverse":
            value.items.reverse()
            return NONE
        case "sort":
            return NONE
        case "index" | "count":
            return unknown(call.node, value)
    value.open = True
    return unknown(call.node, value)


def _mapping_method(run: Interpreter, value: Mapping, name: str, call: Call) -> Value:
    pairs = value.pairs
    match name:
        case "items":
            rows: list[Value] = [Many("tuple", [k, v]) for k, v in pairs.values()]
            return Many("list", rows, value.certain, value.open)
        case "keys":
            return Many("list", [k for k, _ in pairs.values()], value.certain, value.open)
        case "values":
            return Many("list", [v for _, v in pairs.values()], value.certain, value.open)
        case "get" | "pop" | "setdefault" if call.args:
            key = call.args[0]
            if is_known(key) and key_of(key) in pairs:
                return pairs[key_of(key)][1]
            if is_known(key) and not value.open and value.certain:
                return call.args[1] if len(call.args) > 1 else NONE
            return unknown(call.node, value, key)
        case "update":
            source = call.args[0] if call.args else Mapping({})
            if isinstance(source, Mapping):
                pairs.update(source.pairs)
            value.open = value.open or not isinstance(source, Mapping)
            value.certain = value.certain and len(run.conditions) <= value.depth
            pairs.update({k: (Text.of(k), v) for k, v in call.kwargs.items()})
            return NONE
        case "copy":
            return Mapping(dict(pairs), value.certain, value.open, value.depth)
    return unknown(call.node, value)


def _path_method(run: Interpreter, path: PurePath, name: str, call: Call) -> Value:
    if name in {"resolve", "absolute", "expanduser"}:
        return Const(path)
    if name == "read_text":
        return _read_file(run, Const(path), call)
    if name == "open":
        return Made("builtins.open", (Const(path),), {}, call.node)
    if name in {"exists", "is_file"}:
        return TRUE
    if name in {"joinpath", "with_suffix", "with_name", "with_stem", "as_posix", "relative_to"}:
        return _plain(getattr(path, name))(run, call)
    return unknown(call.node)


def _read_file(run: Interpreter, path: Value, call: Call) -> Value:
    """Return the text of a file that lies beside the revision, as if it were written in it."""
    if not is_known(path):
        return unknown(call.node, path)
    file = PurePath(str(to_python(path)))
    content = run.read_file(file, call.frame.module)
    return Unknown(call.node) if content is None else Text.of(content, "literal")
