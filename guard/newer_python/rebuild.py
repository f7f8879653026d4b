"""Syntax nodes of our own Python from what a newer one told: see `dump` for the form.

What ours has no node for becomes what is closest and hides nothing: `type X = ...` an assignment,
any other new expression a call of something unknown with the expressions in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

CALLED = {"TemplateStr": "t-string", "Interpolation": "t-string"}
# In the documentation of a class, the fields that must have a value: others have a mark.
_FIELD = re.compile(r"\b(?!constant )\w+ (\w+)[,)]")

Fields = dict[str, Any]
Entry = tuple[str, str, list[int | None], Fields]


class UnknownTreeError(Exception):
    """The tree holds a node that cannot be said in this Python."""


def rebuild(entries: list[Entry]) -> ast.Module:
    """Return the tree of which the first entry is the module. Raises UnknownTreeError."""
    try:
        nodes = [_class_of(kind, base, fields)() for kind, base, _, fields in entries]
        for node, (kind, _, place, fields) in zip(nodes, entries, strict=True):
            _fill(node, kind, {name: _decoded(told, nodes) for name, told in fields.items()})
            _put(node, place)
            if isinstance(node, ast.Call) and kind != "Call":
                _put(node.func, place)
        module = nodes[0]
    except (LookupError, TypeError, ValueError) as error:
        raise UnknownTreeError(f"told in another form: {error}") from None
    if not isinstance(module, ast.Module):
        raise UnknownTreeError("told no module")
    return module


def _put(node: ast.AST, place: list[int | None]) -> None:
    for name, value in zip(ast.expr._attributes, place, strict=True):
        if name in node._attributes:
            setattr(node, name, value)


def _class_of(kind: str, base: str, fields: Fields) -> type[ast.AST]:
    """The class of ours that stands for a node of that kind."""
    found = _ours(kind)
    if found is not None and _fits(found, fields):
        return found
    if kind == "TypeAlias":
        return ast.Assign
    if base == "expr":
        return ast.Call
    raise UnknownTreeError(kind)


def _ours(kind: str) -> type[ast.AST] | None:
    found = getattr(ast, kind, None)
    return found if isinstance(found, type) and issubclass(found, ast.AST) else None


def _fits(kind: type[ast.AST], fields: Fields) -> bool:
    """Whether a node of ours can have these fields: none more, and none less."""
    more = (name for name in fields if name not in kind._fields)
    return not any(fields[name] for name in more) and all(
        fields.get(name) is not None for name in _needed(kind.__doc__ or "")
    )


@cache
def _needed(grammar: str) -> tuple[str, ...]:
    """The fields that must have a value, as a class's documentation says."""
    return tuple(_FIELD.findall(grammar))


def _fill(node: ast.AST, kind: str, values: Fields) -> None:
    if type(node).__name__ == kind:
        for name in node._fields:
            setattr(node, name, values.get(name))
    elif isinstance(node, ast.Assign):
        node.targets, node.value, node.type_comment = [values["name"]], values["value"], None
    elif isinstance(node, ast.Call):
        node.func = ast.Name(CALLED.get(kind, f"<{kind}>"), ast.Load())
        node.args, node.keywords = list(_expressions(values)), []


def _expressions(values: Fields) -> Iterator[ast.expr]:
    for value in values.values():
        items = value if isinstance(value, list) else [value]
        yield from (item for item in items if isinstance(item, ast.expr))


def _decoded(value: Any, nodes: list[ast.AST]) -> Any:
    if isinstance(value, list):
        return [_decoded(item, nodes) for item in value]
    if not isinstance(value, dict):
        return value
    ((form, told),) = value.items()
    match form:
        case "node":
            return nodes[told]
        case "word" if word := _ours(told):
            return word()
        case "int":
            return int(told, 16)
        case "float":
            return float(told)
        case "imaginary":
            return complex(0, float(told))
        case "bytes":
            return told.encode("latin-1")
        case "ellipsis":
            return ...
    raise ValueError(form)
