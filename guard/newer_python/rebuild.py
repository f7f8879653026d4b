"""Syntax nodes of our own Python from what a newer one told: see `dump` for the form.

What ours has no node for becomes what is closest and hides nothing: `type X = ...` an assignment,
any other new expression a call of something unknown with the expressions in it, any other new
statement its body, under such a call as the condition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

from guard.patterns import lazy_re

CALLED = {"TemplateStr": "t-string", "Interpolation": "t-string"}
UNKNOWN: dict[str, type[ast.AST]] = {"expr": ast.Call, "stmt": ast.If}
# In the documentation of a class, its lists, and the fields that must have a value.
_LIST = lazy_re(r"\b\w+\* (\w+)[,)]")
_FIELD = lazy_re(r"\b(?!constant )\w+ (\w+)[,)]")

Node = TypeVar("Node", bound=ast.AST)
Part = TypeVar("Part", ast.expr, ast.stmt)
Fields = dict[str, Any]
Place = list[int | None]
Entry = tuple[str, str, Place, Fields]


class UnknownTreeError(Exception):
    """The tree holds a node that cannot be said in this Python."""


def rebuild(entries: list[Entry]) -> ast.Module:
    """Return the tree of which the first entry is the module. Raises UnknownTreeError."""
    try:
        nodes = [_class_of(kind, base, fields)() for kind, base, _, fields in entries]
        told = zip(nodes, entries, strict=True)
        for node, (kind, _, place, fields) in reversed([*told]):  # parts before the whole
            values = {name: _decoded(value, nodes) for name, value in fields.items()}
            _fill(_at(place, node), kind, values, place)
        module = nodes[0]
    except (LookupError, TypeError, ValueError) as error:
        raise UnknownTreeError(f"told in another form: {error}") from None
    if not isinstance(module, ast.Module):
        raise UnknownTreeError("told no module")
    return module


def _at(place: Place, node: Node) -> Node:
    """Return the node, put there."""
    for name, value in zip(ast.expr._attributes, place, strict=True):
        if name in node._attributes:
            setattr(node, name, value)
    return node


def _class_of(kind: str, base: str, fields: Fields) -> type[ast.AST]:
    """The class of ours that stands for a node of that kind."""
    found = _ours(kind)
    if found is not None and _fits(found, fields):
        return found
    if kind == "TypeAlias":
        return ast.Assign
    if base in UNKNOWN:
        return UNKNOWN[base]
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


@cache
def _lists(grammar: str) -> tuple[str, ...]:
    return tuple(_LIST.findall(grammar))


def _fill(node: ast.AST, kind: str, values: Fields, place: Place) -> None:
    if type(node).__name__ == kind:
        for name in node._fields:
            none: object = [] if name in _lists(type(node).__doc__ or "") else None
            setattr(node, name, values.get(name, none))
    elif isinstance(node, ast.Assign):
        node.targets, node.value, node.type_comment = [values["name"]], values["value"], None
    elif isinstance(node, ast.Call):
        node.func = _at(place, ast.Name(CALLED.get(kind, f"<{kind}>"), ast.Load()))
        parts = _parts(values.values(), ast.expr)
        node.args = [
            part for part in parts if not isinstance(getattr(part, "ctx", None), ast.Store)
        ]
        node.keywords = []
    elif isinstance(node, ast.If):
        node.test = _at(place, ast.Call(ast.Name(kind), [], []))
        _fill(node.test, kind, values, place)
        body = list(_parts(values.values(), ast.stmt))
        node.body, node.orelse = body or [_at(place, ast.Pass())], []


def _parts(values: Iterable[Any], kind: type[Part]) -> Iterator[Part]:
    """Yield the outermost expressions or statements in the fields of a node."""
    for value in values:
        if isinstance(value, kind):
            yield value
        elif isinstance(value, list):
            yield from _parts(value, kind)
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr | ast.stmt):
            yield from _parts((getattr(value, name) for name in value._fields), kind)


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
