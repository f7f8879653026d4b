"""Methods of Python's own values: text, lists, dicts, sets, paths, files."""

from __future__ import annotations

import ast
from pathlib import PurePath
from typing import Any

import msgspec

from guard.patterns import lazy_re
from guard.reader.evaluate import classes, formats, loops, text, turns, unrun
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    NONE,
    TRUE,
    Alias,
    Class,
    Const,
    Construct,
    Function,
    Mapping,
    Marker,
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

MAX_TEXT = 2_000_000
MAX_WORK = 2_000_000  # parts of a text that one call looks at
TEXT_PER_STEP = 1_000  # characters
FILE_COST = 40  # in steps, for looking for it


def method(run: Run, receiver: Value, name: str, call: Call) -> Value | None:
    """Return the result of `receiver.name(...)`; None where Python has no such method for it."""
    match receiver:
        case Text():
            return _text_method(run, receiver, name, call)
        case Alias(holder=Sequence() | Mapping() as holder) if name in turns.CHANGING:
            holder.open = True
            open_items(holder)
            return unknown(call.node, *call.args)
        case Sequence():
            return _many_method(run, receiver, name, call)
        case Mapping():
            return _mapping_method(run, receiver, name, call)
        case Const(PurePath() as path):
            return _path_method(run, path, name, call)
        case Const(bytes() as data) if name == "decode":
            return Text.of(data.decode(errors="replace"), "constant", call.code)
        case Construct(path="string.Template") if name in {"substitute", "safe_substitute"}:
            return formats.substitute(run, receiver, call)
        case Construct(path="builtins.open"):
            return _file_method(receiver, name, call)
        case Class() if (found := classes.lookup(receiver, name)) is not None:
            return run.call(found, call)
        case Class() if name == "__subclasses__":
            names = {**run.module.names, **call.frame.names}
            classes_here = [v for v in names.values() if isinstance(v, Class)]
            inside = (each for cls in classes_here for each in unrun.methods_of(cls))
            unrun.tell_any(run, inside, call.node, call.frame)
            return unknown(call.node)
        case Marker.GLOBALS:
            unrun.tell_any(run, call.frame.module.names.values(), call.node, call.frame)
            return unknown(call.node)
        case Function() if name == "__call__":
            return run.call(receiver, call)
        case Function() | Class():
            return unknown(call.node, *call.args)
    return None


# Text


def _text_method(run: Run, value: Text, name: str, call: Call) -> Value:
    run.step(len(value.parts) // 8 + len(value.plain) // TEXT_PER_STEP)
    plain = [to_python(a) for a in call.args if is_known(a)]
    if len(plain) < len(call.args) and name not in _TAKES_ANYTHING:
        return unknown(call.node, value, *call.args)
    match name:
        case "format" | "format_map":
            return formats.format_braces(run, value, call)
        case "join":
            return _join(run, value, call)
        case "replace" if len(call.args) >= 2:
            return _replace(run, value, call)
        case "strip" | "lstrip" | "rstrip" if _has_types(plain, str | None):
            return text.strip(value, name != "rstrip", name != "lstrip", *plain)
        case "upper" | "lower" | "title" | "capitalize" | "casefold":
            return text.map_plain(value, getattr(value.plain, name)())
        case "split" if (
            not call.kwargs and _has_types(plain, str | None, int) and plain[:1] != [""]
        ):
            return Sequence("list", list(text.split(value, *(plain or [None]))))
        case "splitlines":
            ends = truth(call.get(0, "keepends") or NONE)
            return Sequence("list", list(text.split_lines(value, bool(ends))))
        case "encode" | "__str__":
            return value
    return _computed(value, name, plain, call)


_TAKES_ANYTHING = {"format", "format_map", "join", "replace"}


def _has_types(plain: list[Any], *types: Any) -> bool:
    return len(plain) <= len(types) and all(map(isinstance, plain, types))


def _computed(value: Text, name: str, plain: list[Any], call: Call) -> Value:
    """Return Python's own answer, where all is known and it cannot grow out of hand."""
    width = next((n for n in plain if isinstance(n, int)), 0)
    if not value.known or call.kwargs or width > MAX_TEXT or not hasattr(str, name):
        return unknown(call.node, value, *call.args)
    try:
        result = getattr(value.plain, name)(*plain)
    except (TypeError, ValueError, LookupError, OverflowError):
        return unknown(call.node, value)
    return from_python(result, value.origin, call.code)


def _join(run: Run, separator: Text, call: Call) -> Value:
    value = call.args[0] if call.args else NONE
    items = loops.iterate(value)
    code = unparse(call.node.args[0]) if call.node.args else "items"
    numbered = isinstance(value, Unknown) and value.origin == "constant"
    if (mark := _repeated_mark(call, numbered=numbered)) is not None:
        return text.join(separator, [Text.of(mark, "literal")])
    if items is None:
        return Text.hole(call.code, unknown(call.node, value).origin)
    if isinstance(value, Sequence | Mapping) and value.repeated:
        return _join_repeated(run, separator, value, call)
    joined = text.join(separator, [formats.as_text(run, item, code) for item in items])
    if not loops.is_whole(value):
        between = [separator if separator.plain else Text.of(" ")] if items else []
        # What an open one holds besides may come from anywhere.
        rest = "outside" if loops.is_open(value) else unknown(call.node, *items).origin
        return text.concat([joined, *between, Text.hole("...", rest)])
    return formats.limited(run, joined, call.node)


# What stands for a bound parameter: `?`, `%s`, `:name`, `%(name)s`, `$1`.
_MARK = lazy_re(r"\(?(?:\?|%s|:\w+|%\(\w+\)s|\$\d+)\)?")


def _repeated_mark(call: Call, *, numbered: bool) -> str | None:
    """Return the parameter's mark that a join repeats, as many times as there are values.

    `numbered`: what its f-string puts in is made by the code itself.
    """
    match call.node.args:
        case [ast.BinOp(op=ast.Mult(), left=one, right=other)]:
            found = [one, other]
        case [ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt)]:
            found = [elt]
        case _:
            return None
    for node in found:
        item = node.elts[0] if isinstance(node, ast.List) and len(node.elts) == 1 else node
        parts = item.values if isinstance(item, ast.JoinedStr) and numbered else [item]
        mark = "".join(_written(part) for part in parts)
        if _MARK.fullmatch(mark):
            return mark
    return None


def _written(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return "0"
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


def _is_mark(item: Value) -> bool:
    """Return whether it is the mark of a parameter whose name the code itself numbers."""
    if not isinstance(item, Text) or any(part.origin == "outside" for part in item.parts):
        return False
    name = "".join("0" if part.hole else part.text for part in item.parts)
    return _MARK.fullmatch(name) is not None


def _join_repeated(run: Run, separator: Text, value: Sequence | Mapping, call: Call) -> Text:
    """Return the items before those of which there may be any number, and a hole for the rest."""
    items = loops.iterate(value) or []
    sure = items[: value.sure] if isinstance(value, Sequence) else []
    if items and all(map(_is_mark, items)):
        return text.join(separator, [item for item in items if isinstance(item, Text)])
    code = unparse(call.node.args[0]) if call.node.args else "items"
    joined = text.join(separator, [formats.as_text(run, item, code) for item in sure])
    origin = unknown(call.node, *items[len(sure) :]).origin
    return text.concat([joined, Text.of(" "), Text.hole("...", origin)], "join")


def _replace(run: Run, value: Text, call: Call) -> Value:
    old, new = call.args[0], call.args[1]
    count = call.get(2, "count")
    if not isinstance(old, Text) or not old.known or not (count is None or is_known(count)):
        return unknown(call.node, value, old, new)
    times = to_python(count) if count is not None else -1
    piece = formats.as_text(
        run, new, unparse(call.node.args[1]) if len(call.node.args) > 1 else "replacement"
    )
    found = value.plain.count(old.plain)
    # Each hit cuts the text anew, so that the work is that of all its parts for each.
    if len(piece.plain) * found > MAX_TEXT or (len(value.parts) + found) * found > MAX_WORK:
        return unknown(call.node, value, new)
    replaced = text.replace(value, old.plain, piece, times if isinstance(times, int) else -1)
    return formats.limited(run, replaced, call.node)


# Lists, tuples, sets

_LIST_READS = {"copy", "index", "count", "union", "difference", "intersection", "issubset"}


def _many_method(run: Run, value: Sequence, name: str, call: Call) -> Value:
    if name in _LIST_READS:
        return _read_many(value, name, call)
    items = value.items
    if len(run.conditions) > value.depth:  # the change may not be made
        turns.touch(run, value)
        if name in {"pop", "remove", "discard", "clear", "reverse", "sort"}:
            return unknown(call.node, value)
    match name, call.args:
        case "append" | "add", (item,):
            put(value, len(items), item)
        case "extend" | "update", (more,):
            _extend(value, more)
        case "insert", (Const(int() as place), item):
            put(value, place, item)
        case "pop", () | (Const(int()),) if items and not value.open:
            place = to_python(call.args[0]) if call.args else -1
            return items.pop(place) if -len(items) <= place < len(items) else unknown(call.node)
        case "remove" | "discard", (item,) if is_known(item):
            keys = [key_of(i) for i in items]
            if key_of(item) in keys:
                del items[keys.index(key_of(item))]
        case "reverse", ():
            items.reverse()
        case "clear", ():
            items.clear()
        case "sort", ():
            items[:] = ordered(run, items, call)
        case _:
            value.open = True
            return unknown(call.node, value)
    return NONE


def _extend(value: Sequence, more: Value) -> None:
    added = loops.iterate(more)
    if isinstance(more, Sequence | Mapping) and not more.is_whole:
        value.sure = len(value.items) if value.certain else value.sure
        value.certain = False
        value.repeated = value.repeated or more.repeated
    value.open = value.open or added is None or loops.is_open(more)
    for item in added or ():
        put(value, len(value.items), item)


def store(run: Run, holder: Sequence | Mapping, key: Value, value: Value) -> None:
    """Do `holder[key] = value`."""
    turns.touch(run, holder)
    if isinstance(value, Sequence | Mapping) and any(c.repeated for c in run.conditions):
        value.depth = min(value.depth, holder.depth)  # later turns of the loop find it there
    place = key_of(key)
    if holds(value, holder):
        holder.open = True
    elif isinstance(holder, Mapping):
        holder.pairs[place] = (key, value)
    elif isinstance(place, int) and -len(holder.items) <= place < len(holder.items):
        holder.items[place] = value
    else:
        holder.open = True


def open_items(holder: Sequence | Mapping) -> None:
    """Note that any container in this one may be given more items."""
    inner = holder.items if isinstance(holder, Sequence) else [v for _, v in holder.pairs.values()]
    for value in inner:
        if isinstance(value, Sequence | Mapping):
            value.open, value.certain = True, False


def put(value: Sequence, place: int, item: Value) -> None:
    """Insert the item, but for a container that would then hold itself."""
    if holds(item, value):
        value.open = True
    else:
        value.items.insert(place, item)


def holds(value: Value, wanted: Value) -> bool:
    """Return whether the container is the other one or holds it, at any depth."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if inner is wanted:
            return True
        if id(inner) in seen:
            continue
        seen.add(id(inner))
        if isinstance(inner, Sequence):
            waiting += inner.items
        elif isinstance(inner, Mapping):
            waiting += (item for _, item in inner.pairs.values())
    return False


def _read_many(value: Sequence, name: str, call: Call) -> Value:
    if name == "copy":
        copied = like(list(value.items), value, depth=value.depth)
        copied.kind, copied.sure = value.kind, value.sure
        return copied
    if not call.args or not is_known(value) or not is_known(call.args[0]):
        return unknown(call.node, value, *call.args)
    keys = [key_of(item) for item in value.items]
    if name == "count":
        return Const(keys.count(key_of(call.args[0])))
    if name == "index":
        key = key_of(call.args[0])
        return Const(keys.index(key)) if key in keys else unknown(call.node)
    others = loops.iterate(call.args[0]) or []
    other_keys = {key_of(item) for item in others}
    match name:
        case "union":
            return Sequence("set", value.items + [i for i in others if key_of(i) not in keys])
        case "difference":
            return Sequence("set", [i for i in value.items if key_of(i) not in other_keys])
        case "intersection":
            return Sequence("set", [i for i in value.items if key_of(i) in other_keys])
    return Const(other_keys.issuperset(keys))


def ordered(run: Run, items: list[Value], call: Call) -> list[Value]:
    """Return the items sorted as the call asks; unsorted where their order is not known."""
    key = call.kwargs.get("key")
    keys = [
        item if key is None else run.call(key, Call(call.node, call.frame, (item,), {}))
        for item in items
    ]
    if not all(is_known(k) for k in keys):
        return items
    try:
        places = sorted(range(len(items)), key=lambda place: to_python(keys[place]))
    except TypeError:
        return items
    if truth(call.kwargs.get("reverse", NONE)):
        places.reverse()
    return [items[place] for place in places]


# Dicts


def _mapping_method(run: Run, value: Mapping, name: str, call: Call) -> Value:
    pairs = value.pairs
    match name:
        case "items":
            rows: list[Value] = [Sequence("tuple", [k, v]) for k, v in pairs.values()]
            return like(rows, value)
        case "keys":
            return like([k for k, _ in pairs.values()], value)
        case "values":
            return like([v for _, v in pairs.values()], value)
        case "copy":
            return msgspec.structs.replace(value, pairs=dict(pairs))
        case "get" if call.args:
            found = _look_up(run, value, call)
            if not isinstance(found, Alias):
                run.in_hand.choose(found, [*(v for _, v in pairs.values()), *call.args[1:]])
            return found
    turns.touch(run, value)
    match name:
        case "pop" | "setdefault" if call.args and is_known(call.args[0]):
            found = _look_up(run, value, call)
            key = key_of(call.args[0])
            if name == "setdefault" and key not in pairs and not value.open:
                store(run, value, call.args[0], found)
            elif name == "pop" and value.certain:
                pairs.pop(key, None)
            return found
        case "update":
            update(value, call.args[0] if call.args else Mapping({}))
            pairs.update({k: (Text.of(k), v) for k, v in call.kwargs.items()})
            return NONE
        case "clear" if value.certain:
            pairs.clear()
            return NONE
    value.open = True
    if name == "setdefault":
        open_items(value)
        found = unknown(call.node, *call.args)
        return Alias(found.source, found.origin, found.inspected, value)
    return unknown(call.node, value)


def _look_up(run: Run, value: Mapping, call: Call) -> Value:
    key = call.args[0]
    settled = is_known(key) and not run.is_from_elsewhere(key)
    if settled and key_of(key) in value.pairs:
        return value.pairs[key_of(key)][1]
    if settled and not value.open and value.certain:
        return call.args[1] if len(call.args) > 1 else NONE
    return any_item(value, key, call.node, *call.args[1:])


def any_item(holder: Mapping | Sequence, key: Value, node: ast.AST, *others: Value) -> Alias:
    """Return what stands at a key that is not known: whoever chooses, it is one of those there."""
    items = holder.items if isinstance(holder, Sequence) else [v for _, v in holder.pairs.values()]
    found = unknown(node, holder, key)
    if holder.is_whole and items:
        origin = unknown(node, *items, *others).origin
        return Alias(found.source, origin, found.inspected, holder)
    return Alias(found.source, found.origin, found.inspected, holder)


def update(value: Mapping, source: Value) -> None:
    """Do `value.update(source)`: a dict, or pairs."""
    if isinstance(source, Mapping):
        value.pairs.update(source.pairs)
        value.open = value.open or source.open
        value.certain = value.certain and source.certain
        value.repeated = value.repeated or source.repeated
        return
    pairs = loops.iterate(source)
    value.open = value.open or pairs is None or not loops.is_whole(source)
    for pair in pairs or ():
        if isinstance(pair, Sequence) and len(pair.items) == 2:
            value.pairs[key_of(pair.items[0])] = (pair.items[0], pair.items[1])


# Paths and files


def _path_method(run: Run, path: PurePath, name: str, call: Call) -> Value:
    match name:
        case "resolve" | "absolute" | "expanduser":
            return Const(path)
        case "read_text":
            return read_file(run, Const(path), call)
        case "open":
            return open_file(run, Const(path), call)
        case "exists" | "is_file":
            return TRUE
        case "joinpath" | "with_suffix" | "with_name" | "with_stem" | "relative_to" | "as_posix":
            try:
                result = getattr(path, name)(*(str(to_python(a)) for a in call.args))
            except (TypeError, ValueError):
                return unknown(call.node, *call.args)
            return from_python(result, code=call.code)
    return unknown(call.node)


def open_file(run: Run, path: Value, call: Call) -> Value:
    """Return the open file; its content is known where it lies beside the revision."""
    return Construct("builtins.open", (path,), {"content": read_file(run, path, call)}, call.node)


def read_file(run: Run, path: Value, call: Call) -> Value:
    """Return the text of a file that lies beside the revision, as if it were written in it."""
    if not is_known(path):
        return unknown(call.node, path)
    run.step(FILE_COST)
    content = run.read_file(PurePath(str(to_python(path))), call.frame.module)
    return Unknown(call.node) if content is None else Text.of(content, "literal")


def _file_method(file: Construct, name: str, call: Call) -> Value:
    content = file.kwargs["content"]
    match name:
        case "read":
            return content
        case "readlines":
            lines = loops.iterate(file)
            return Sequence("list", lines) if lines is not None else unknown(call.node, content)
    return unknown(call.node)
