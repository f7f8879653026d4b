"""Text put together: f-strings, `%`, `.format()`, `string.Template`, with provenance kept."""

from __future__ import annotations

import ast

from guard.reader.evaluate import text
from guard.reader.evaluate.literals import Literal
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame, unknown
from guard.reader.evaluate.text import Part, Text
from guard.reader.evaluate.values import (
    NONE,
    Const,
    Construct,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    is_known,
    is_short,
    key_of,
    to_python,
    unparse,
)

MAX_TEXT = 2_000_000
MAX_PARTS = 20_000


def limited(run: Run, value: Text, node: ast.expr) -> Value:
    """Return the text, or Unknown where it grew out of hand."""
    run.step(len(value.parts) // 8)
    size = sum(len(part.text) for part in value.parts)
    return value if size <= MAX_TEXT and len(value.parts) <= MAX_PARTS else unknown(node, value)


def as_text(run: Run, value: Value, code: str) -> Text:
    """Return the value as a piece of another text: `str(value)`, with its provenance."""
    match value:
        case Text():
            return value.embedded(code)
        case Const(plain):
            return Text.of(str(plain), "constant", code)
        case Unknown(origin=origin, inspected=inspected):
            return Text.hole(code, origin, inspected=inspected)
        case Instance(attributes=attributes) if "value" in attributes:
            return as_text(run, attributes["value"], code)
        case Construct(path=path, args=(Text() as inner, *_)) if (
            path.rpartition(".")[2] in run.library.wrappers
        ):
            return inner.embedded(code)
        case Sequence() | Mapping() if is_short(value) and is_known(value):
            return Text.of(str(to_python(value)), "constant", code)
    return Text.hole(code, "outside")


def piece_of(run: Run, value: Value, node: ast.expr) -> Text:
    """Return the value as a piece of another text: embedded, where it is not written in place."""
    if isinstance(value, Text) and _is_written(node):
        return value
    return as_text(run, value, unparse(node))


def _is_written(node: ast.expr) -> bool:
    """Whether the expression is text in place, put together or not, and no name for one."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in _IN_PLACE:
            return _is_written(owner)
        case ast.IfExp(body=body, orelse=other):
            return _is_written(body) and _is_written(other)
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)


_IN_PLACE = {"join", "format", "strip", "lstrip", "rstrip", "replace", "upper", "lower"}


def join_formatted(run: Run, node: ast.JoinedStr, frame: Frame) -> Value:
    """Return the value of an f-string."""
    pieces: list[Text] = []
    fields = 0
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = run.evaluate(part.value, frame)
            spec = run.evaluate(part.format_spec, frame) if part.format_spec else None
            if part.conversion < 0 and spec is None:
                pieces.append(piece_of(run, value, part.value))
            else:
                pieces.append(_shaped(run, value, unparse(part.value), part.conversion, spec))
            fields += 1
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            literal = Literal(frame.module.source, node, fields)
            pieces.append(Text((Part(part.value, literal=literal),)))
    return limited(run, text.concat(pieces, "f-string" if fields else None), node)


def _shaped(run: Run, value: Value, code: str, conversion: int, spec: Value | None) -> Text:
    """Return the piece that `{value!r:spec}` gives."""
    piece = as_text(run, value, code)
    if conversion == ord("r") and isinstance(value, Text) and value.known:
        piece = Text.of(repr(value.plain), piece.origin, code)
    if spec is None or spec == Text(()):
        return piece
    if isinstance(spec, Text) and spec.known and is_known(value) and not _is_wide(spec.plain):
        try:
            shaped = format(piece.plain if conversion > 0 else to_python(value), spec.plain)
        except (TypeError, ValueError):
            return Text.hole(code, piece.origin)
        return Text.of(shaped, piece.origin if piece.origin != "literal" else "constant", code)
    return Text.hole(code, piece.origin)


def _is_wide(spec: str) -> bool:
    """Whether the format asks for more characters than any statement needs."""
    return any(
        len(digits) > 4 for digits in "".join(c if c.isdigit() else " " for c in spec).split()
    )


def percent(run: Run, template: Text, value: Value, node: ast.expr) -> Value:
    """Return `template % value`."""
    pieces: list[Text] = []
    position = index = 0
    values = value.items if isinstance(value, Sequence) and value.kind == "tuple" else [value]
    nodes = node.elts if isinstance(node, ast.Tuple) else [node]
    plain = template.plain
    for start, end, key, kind in text.percent_fields(template):
        pieces.append(template.slice(position, start))
        position = end
        if kind == "%":
            pieces.append(Text.of("%", "literal"))
            continue
        if key is not None:
            found = value.pairs.get(key) if isinstance(value, Mapping) else None
            item = found[1] if found else unknown(node, value)
            code = key if found else f"{unparse(node)}[{key!r}]"
        else:
            item = values[index] if index < len(values) else unknown(node, value)
            code = unparse(nodes[index] if index < len(nodes) else node)
            index += 1
        directive = "%" + plain[start + 1 : end].rpartition(")")[2]
        pieces.append(_directed(run, directive, item, code))
    pieces.append(template.slice(position, len(plain)))
    return limited(run, text.concat(pieces, "%"), node)


def _directed(run: Run, directive: str, value: Value, code: str) -> Text:
    """Return the piece that one `%05d` gives."""
    piece = as_text(run, value, code)
    if directive in {"%s", "%d", "%i"} or not is_known(value) or _is_wide(directive):
        return piece
    try:
        shaped = directive % (to_python(value),)
    except (TypeError, ValueError):
        return Text.hole(code, piece.origin)
    return Text.of(shaped, piece.origin, code)


def format_braces(run: Run, template: Text, call: Call) -> Value:
    """Return `template.format(...)` or `template.format_map(...)`."""
    pieces: list[Text] = []
    position = index = 0
    mapped = isinstance(call.node.func, ast.Attribute) and call.node.func.attr == "format_map"
    mapping = call.args[0] if mapped and call.args else None
    for start, end, field in text.brace_fields(template):
        pieces.append(template.slice(position, start))
        position = end
        if field is None:
            pieces.append(template.slice(start, start + 1))
            continue
        name, _, spec = field.partition(":")
        name, _, conversion = name.partition("!")
        key, path = text.field_path(name)
        if not key:
            key, index = str(index), index + 1
        value, code = _argument(call, mapping, key)
        if value is None:
            pieces.append(Text.hole(name or key))
            continue
        for step in path:
            value, code = _followed(run, value, step), name
        asked = Text.of(spec) if spec else None
        pieces.append(_shaped(run, value, code, ord(conversion) if conversion else -1, asked))
    pieces.append(template.slice(position, len(template.plain)))
    return limited(run, text.concat(pieces, ".format()"), call.node)


def _argument(call: Call, mapping: Value | None, key: str) -> tuple[Value | None, str]:
    """Return the argument that a field names, and the code that gives it."""
    if mapping is not None:
        found = mapping.pairs.get(key) if isinstance(mapping, Mapping) else None
        return (found[1], key) if found else (None, key)
    if key.isdigit():
        nodes = call.node.args
        place = int(key)
        plain = place < len(nodes) and not any(isinstance(n, ast.Starred) for n in nodes)
        return call.get(place), unparse(nodes[place]) if plain else key
    given = next((k.value for k in call.node.keywords if k.arg == key), None)
    return call.kwargs.get(key), unparse(given) if given is not None else key


def _followed(run: Run, value: Value, step: str) -> Value:
    """Return `value.step`, or `value[step]` for a step that begins with a bracket."""
    if not step.startswith("["):
        return run.attribute(value, step.removeprefix("."))
    key = step[1:-1]
    match value:
        case Mapping(pairs=pairs) if key in pairs:
            return pairs[key][1]
        case Sequence(items=items) if key.isdigit() and int(key) < len(items):
            return items[int(key)]
    return unknown(ast.Constant(step), value)


def substitute(run: Run, template: Construct, call: Call) -> Value:
    """Return `string.Template(...).substitute(...)`."""
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
        value = call.kwargs.get(name) or mapping.pairs.get(key_of(Const(name)), (NONE, None))[1]
        given = next((k.value for k in call.node.keywords if k.arg == name), None)
        code = unparse(given) if given is not None else name
        pieces.append(Text.hole(code) if value is None else as_text(run, value, code))
    pieces.append(source.slice(position, len(source.plain)))
    return limited(run, text.concat(pieces, "string.Template"), call.node)
