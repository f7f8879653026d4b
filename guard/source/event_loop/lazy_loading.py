"""Relationships that a coroutine reads and its AsyncSession has not loaded.

Told only where all of it stands in one function: the object is loaded there, by its key or a plain
SELECT of its model alone, and nothing there loads more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

import msgspec

from guard.facts import LazyLoad
from guard.patterns import lazy_re
from guard.reader.evaluate.values import unparse
from guard.source.event_loop.annotations import last_name
from guard.source.event_loop.database_calls import key_of
from guard.source.event_loop.functions import own_nodes
from guard.source.event_loop.inference import Inference
from guard.source.event_loop.values import Class, Frame, Function, Made, Named, label_of

_LOADS_MORE = lazy_re(r"options|refresh|awaitable_attrs|run_sync|joinedload|selectinload|merge")
_SELECTS = {("sqlalchemy", "select"), ("sqlmodel", "select")}
_STILL_SELECTS = {"where", "filter", "filter_by", "order_by", "limit", "offset", "distinct"}
_ONE_OF_RESULT = {"scalar", "scalar_one", "scalar_one_or_none"}
_ONE_OF_SCALARS = {"first", "one", "one_or_none"}
_NOT_LAZY_TYPES = lazy_re(r"WriteOnly|Dynamic")


class Loaded(msgspec.Struct, frozen=True):
    """What a query for a model gives, up to its objects."""

    what: Literal["statement", "result", "scalars", "object"]
    model: Class
    by: Literal["get", "select"] = "select"


def lazy_loads(function: Function, frame: Frame, inference: Inference) -> Iterator[LazyLoad]:
    """Yield each relationship that the coroutine reads so, where it is read first."""
    nodes = list(own_nodes(function.node))
    code = {last_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)}
    if any(map(_LOADS_MORE.search, code)):
        return
    loads = _Loads(frame, inference)
    set_here = {n.attr for n in nodes if isinstance(n, ast.Attribute) and not _is_read(n)}
    told: set[str] = set()
    for node in nodes:
        if not isinstance(node, ast.Attribute) or not _is_read(node) or node.attr in set_here:
            continue
        loaded = loads.of(node.value)
        shown = unparse(node)
        if loaded is None or loaded.what != "object" or shown in told:
            continue
        if _is_lazy(loaded.model, node.attr, inference):
            told.add(shown)
            yield LazyLoad(
                span=frame.scope.module.source.span(node),
                caller=label_of(function),
                code=shown,
                relationship=f"{loaded.model.node.name}.{node.attr}",
                loaded=loaded.by,
            )


def _is_read(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_lazy(model: Class, name: str, inference: Inference) -> bool:
    """Whether the attribute is a relationship that is loaded when it is read."""
    for each in inference.lineage(model):
        if isinstance(each, Made):
            return False
        for binding in inference.frames.inside(each.node, each.frame).scope.bindings.get(name, ()):
            if binding.annotation and _NOT_LAZY_TYPES.search(unparse(binding.annotation)):
                return False
            match binding.value:
                case ast.Call(func=called, keywords=keywords):
                    settings = {keyword.arg for keyword in keywords}
                    plain = not settings & {"lazy", "sa_relationship_kwargs", "viewonly", None}
                    return last_name(called) in ("relationship", "Relationship") and plain
    return False


class _Loads:
    """What the expressions of one function load."""

    def __init__(self, frame: Frame, inference: Inference):
        self._frame = frame
        self._inference = inference

    def of(self, node: ast.expr, depth: int = 0) -> Loaded | None:
        """Return what the expression holds of a query, None where that is not known."""
        if depth > 12:
            return None
        match node:
            case ast.Name(id=name):
                return self._named(name, depth + 1)
            case ast.Await(value=ast.Call(func=ast.Attribute(value=of, attr=name)) as call):
                if self._inference.value(of, self._frame) == Made("AsyncSession"):
                    return self._sent(name, call, depth + 1)
            case ast.Call(func=ast.Attribute(value=of, attr=name)) if loaded := self.of(
                of, depth + 1
            ):
                return _taken(loaded, name)
            case ast.Call(func=called, args=[model], keywords=[]):
                value = self._inference.value(called, self._frame)
                of_model = self._inference.value(model, self._frame)
                if isinstance(value, Named) and key_of(value.dotted) in _SELECTS:
                    return Loaded("statement", of_model) if isinstance(of_model, Class) else None
        return None

    def _named(self, name: str, depth: int) -> Loaded | None:
        """What a name holds that is set once."""
        bindings = self._frame.scope.bindings.get(name, [])
        if len(bindings) != 1 or bindings[0].value is None:
            return None
        loaded = self.of(bindings[0].value, depth)
        if bindings[0].how != "each":
            return loaded if bindings[0].how == "value" else None
        scalars = loaded is not None and loaded.what == "scalars"
        return Loaded("object", loaded.model) if loaded is not None and scalars else None

    def _sent(self, method: str, call: ast.Call, depth: int) -> Loaded | None:
        """What a method of an AsyncSession gives."""
        if not call.args:
            return None
        if method in ("get", "get_one"):
            model = self._inference.value(call.args[0], self._frame)
            return Loaded("object", model, "get") if isinstance(model, Class) else None
        sent = self.of(call.args[0], depth)
        if sent is None or sent.what != "statement":
            return None
        match method:
            case "execute":
                return Loaded("result", sent.model)
            case "scalars" | "exec":
                return Loaded("scalars", sent.model)
            case "scalar":
                return Loaded("object", sent.model)
        return None


def _taken(loaded: Loaded, method: str) -> Loaded | None:
    """What a method of a statement or result gives."""
    match loaded.what:
        case "statement" if method in _STILL_SELECTS:
            return loaded
        case "result" if method in _ONE_OF_RESULT:
            return Loaded("object", loaded.model)
        case "result" if method == "scalars":
            return Loaded("scalars", loaded.model)
        case "scalars" if method in _ONE_OF_SCALARS:
            return Loaded("object", loaded.model)
        case "scalars" if method in ("all", "unique"):
            return loaded
    return None
