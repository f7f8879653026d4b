"""The code of a function: what of it runs when it is called, and what it gives."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from guard.python_source import PythonSource
from guard.source.bindings import Binding
from guard.source.event_loop.annotations import last_name
from guard.source.event_loop.values import FunctionNode

PROPERTIES = {"property", "cached_property", "hybrid_property"}
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_COLLECTS = {"list", "tuple", "set", "sorted", "sum", "max", "min", "dict", "frozenset"}


How = Literal["called", "entered", "iterated", "read"]
Inside = tuple[ast.AST, ...]


class Site(msgspec.Struct, frozen=True):
    """An expression that runs something: a call, a `with`, a loop, the reading of an attribute.

    `awaited`: what it gives is awaited. `inside` are the comprehensions around it, outermost first.
    """

    node: ast.expr
    how: How
    awaited: bool = False
    inside: Inside = ()


class Sites:
    """Finds what a block runs. `decided` says whether a condition holds, None: that is open."""

    def __init__(self, decided: Callable[[ast.expr], bool | None]):
        self._decided = decided

    def of(self, block: Iterable[ast.AST], inside: Inside = ()) -> Iterator[Site]:
        """Yield it in order; functions inside of it run when they are called."""
        for node in block:
            if isinstance(node, ast.If | ast.IfExp):
                holds = self._decided(node.test)
                chosen = _branches(node, holds)
                yield from self.of([node.test, *chosen], inside)
                if holds is not None and chosen and isinstance(chosen[-1], _ENDS):
                    return
            else:
                yield from self._node(node, inside)

    def _node(self, node: ast.AST, inside: Inside) -> Iterator[Site]:
        match node:
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                awaited = isinstance(node, ast.AsyncWith)
                for item in items:
                    yield from self._site(item.context_expr, "entered", inside, awaited)
                yield from self.of(body, inside)
            case ast.For(iter=each, body=body, orelse=other):
                yield from self._site(each, "iterated", inside)
                yield from self.of([*body, *other], inside)
            case ast.Await(value=value):
                yield from self._site(value, "called", inside, awaited=True)
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if name in _COLLECTS:
                yield from self._site(first, "iterated", inside)
                yield from self.of([*rest, *node.keywords], inside)
            case ast.Call() | ast.Attribute(ctx=ast.Load()):
                yield from self._site(node, "called", inside)
            case _ if isinstance(node, _COMPREHENSIONS):
                yield from self._comprehension(node, (*inside, node))
            case _ if not isinstance(node, _LATER):
                yield from self.of(ast.iter_child_nodes(node), inside)

    def _comprehension(self, node: ast.AST, inside: Inside) -> Iterator[Site]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.comprehension):
                yield from self.of([child], inside)
                continue
            if not child.is_async:
                yield from self._site(child.iter, "iterated", inside)
            yield from self.of(child.ifs, inside)

    def _site(
        self, node: ast.expr, how: How, inside: Inside, awaited: bool = False
    ) -> Iterator[Site]:
        """Yield what stands inside the expression, which runs first, and then the expression."""
        match node:
            case ast.Call(func=function, args=arguments, keywords=keywords):
                if isinstance(function, ast.Attribute):
                    function = function.value
                yield from self.of([function, *arguments, *keywords], inside)
                yield Site(node, how, awaited, inside)
            case ast.Attribute(value=value):
                yield from self.of([value], inside)
                yield Site(node, "read" if how == "called" else how, awaited, inside)
            case ast.Name() if how != "called":
                yield Site(node, how, awaited, inside)
            case _:
                yield from self.of([node], inside)


def _branches(node: ast.If | ast.IfExp, holds: bool | None) -> list[ast.AST]:
    """What runs of a condition that holds, or not, or both where that is open."""
    both = (node.body, node.orelse)
    chosen = both if holds is None else both[:1] if holds else both[1:]
    return [n for branch in chosen for n in (branch if isinstance(branch, list) else [branch])]


# Of a function as a whole


def decorators(node: FunctionNode) -> set[str]:
    """Return the last names of a function's decorators."""
    marks = (m.func if isinstance(m, ast.Call) else m for m in node.decorator_list)
    return {last_name(mark) for mark in marks}


def self_name(node: ast.AST) -> str:
    """Return what a method calls its object."""
    if not isinstance(node, FunctionNode):
        return ""
    return next((a.arg for a in (*node.args.posonlyargs, *node.args.args)), "")


class Body(msgspec.Struct, frozen=True):
    """What a function gives: what it returns or, if it `yields`, that."""

    yields: bool
    exits: tuple[ast.expr, ...]


def body_of(node: FunctionNode) -> Body:
    """Return what a function gives."""
    own = list(own_nodes(node))
    yielded = [each for each in own if isinstance(each, ast.Yield | ast.YieldFrom)]
    gives = ast.Yield if yielded else ast.Return
    values = (each.value for each in own if isinstance(each, gives))
    return Body(bool(yielded), tuple(value for value in values if value is not None))


def definitions_in(block: ast.AST) -> Iterator[FunctionNode | ast.ClassDef]:
    """Yield the functions and classes of a block, without those inside of these."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for node in getattr(block, field, ()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node
            elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from definitions_in(node)


def globals_in(source: PythonSource) -> Iterator[FunctionNode]:
    """Yield the functions of a file that declare names to be `global`."""
    if "global " not in source.text:
        return
    waiting: list[ast.AST] = [source.tree]
    while waiting:
        for node in definitions_in(waiting.pop()):
            waiting.append(node)
            code = own_nodes(node) if isinstance(node, FunctionNode) else ()
            if isinstance(node, FunctionNode) and any(isinstance(n, ast.Global) for n in code):
                yield node


def assignments(method: FunctionNode) -> Iterator[tuple[str, Binding]]:
    """Yield what a method binds to the attributes of its object."""
    this = self_name(method)
    for node in own_nodes(method):
        pairs: list[tuple[ast.expr | None, Binding]] = []
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, Binding("value", node, value)) for target in targets]
            case ast.AnnAssign(target=target, value=value, annotation=annotation):
                pairs = [(target, Binding("value", node, value, annotation))]
            case ast.withitem(context_expr=value, optional_vars=target):
                pairs = [(target, Binding("entered", node, value))]
        for target, binding in pairs:
            match target:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == this:
                    yield attribute, binding


def own_nodes(function: FunctionNode) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of functions inside of it."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _LATER):
            waiting += reversed(list(ast.iter_child_nodes(node)))
