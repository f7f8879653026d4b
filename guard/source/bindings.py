"""The scopes of a file's code and what binds the names in each, as Python resolves them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

import msgspec

from guard.reader.modules import Module

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Block = ast.Module | ast.ClassDef | Function
_BLOCKS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BINDS_NOTHING = (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Expr, ast.Return, ast.If)
_OPENING = (*_BLOCKS, *_COMPREHENSIONS)


class Binding(msgspec.Struct, frozen=True):
    """One way in which a name gets its value, and the statement, argument or target that says so.

    `value`: it is the value of the expression; `entered`: what a `with` gives; `each`: an item of
    it; `argument`: the default, if there is one, and the annotation are known; `unknown`: unpacked
    or otherwise made.
    """

    how: Literal["value", "entered", "each", "argument", "import", "defined", "unknown"]
    node: ast.AST
    value: ast.expr | None = None
    annotation: ast.expr | None = None


class Scope:
    """A module, class, function or comprehension of a file, and the scope that it stands in."""

    def __init__(self, block: ast.AST, module: Module, parent: Scope | None = None):
        self.block = block
        self.module = module
        self.parent = parent
        self._inner: dict[ast.AST, Scope] = {}

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        """What binds each name that is bound here, in order."""
        found: dict[str, list[Binding]] = {}
        for name, binding in _bindings(self.block, walrus=b":=" in self.module.source.data):
            found.setdefault(name, []).append(binding)
        return found

    @cached_property
    def has_star(self) -> bool:
        """Whether a star import may bind any name."""
        return "*" in self.bindings

    @cached_property
    def assigned(self) -> dict[str, list[tuple[ast.expr, Scope]]]:
        """What the methods of this class assign to each `self.name`, with the method's scope."""
        found: dict[str, list[tuple[ast.expr, Scope]]] = {}
        for binding in (each for bindings in self.bindings.values() for each in bindings):
            method = binding.node
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.args.args:
                for name, value in _assigned_to(method.args.args[0].arg, method):
                    found.setdefault(name, []).append((value, self.opened_by(method)))
        return found

    def opened_by(self, block: ast.AST) -> Scope:
        """Return the scope of a class, function or comprehension that stands in this one."""
        if block not in self._inner:
            self._inner[block] = Scope(block, self.module, self)
        return self._inner[block]

    def around(self) -> Iterator[Scope]:
        """Yield this scope and those around it in which Python looks for a name used here."""
        yield self
        scope = self.parent
        while scope is not None:
            if not isinstance(scope.block, ast.ClassDef):
                yield scope
            scope = scope.parent

    def holding(self, name: str) -> Scope | None:
        """Return the scope that binds a name which is used here, None where none does."""
        return next((scope for scope in self.around() if name in scope.bindings), None)

    @property
    def owner(self) -> Scope | None:
        """The class whose method this is, or is inside of."""
        scope: Scope | None = self
        while scope is not None and not isinstance(scope.block, ast.ClassDef):
            scope = scope.parent
        return scope


def nodes_of(module: Module) -> tuple[Scope, list[tuple[ast.AST, Scope]]]:
    """Return the scope of the module, and each node of it with the scope that it is used in."""
    top = Scope(module.tree, module)
    found: list[tuple[ast.AST, Scope]] = []
    waiting: list[tuple[ast.AST, Scope]] = [(module.tree, top)]
    while waiting:
        node, scope = waiting.pop()
        found.append((node, scope))
        children = [child for child in ast.iter_child_nodes(node) if child._fields]
        if isinstance(node, _OPENING):
            waiting += reversed(list(_within(node, children, scope)))
        else:
            waiting += [(child, scope) for child in reversed(children)]
    return top, found


def _within(
    node: ast.AST, children: list[ast.AST], scope: Scope
) -> Iterator[tuple[ast.AST, Scope]]:
    """Yield the parts of a class, function or comprehension, each with its scope."""
    inside = scope.opened_by(node)
    outside = list(_evaluated_outside(node))
    for child in children:
        if isinstance(child, ast.arguments):
            yield from ((part, scope) for part in _parts_of_arguments(child))
        else:
            yield child, scope if child in outside else inside


def _evaluated_outside(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a block that are evaluated around it."""
    yield from getattr(node, "decorator_list", ())
    if isinstance(node, ast.ClassDef):
        yield from (*node.bases, *node.keywords)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield node.returns


def _parts_of_arguments(arguments: ast.arguments) -> list[ast.AST]:
    given = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    return [*given, *(a.annotation for a in all_arguments(arguments) if a.annotation)]


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters of a function."""
    several = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several]


# What binds names and attributes


def _assigned_to(receiver: str, method: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the attributes of the receiver that the method assigns, each with the value."""
    for node in ast.walk(method):
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(ast.Name(holder), name)], value=value)
                | ast.AnnAssign(
                    target=ast.Attribute(ast.Name(holder), name), value=ast.expr() as value
                )
            ) if holder == receiver:
                yield name, value


def _bindings(block: ast.AST, *, walrus: bool) -> Iterator[tuple[str, Binding]]:
    """Yield what binds names in the block; without a `walrus` in the file no expression does."""
    if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield from _of_arguments(block.args)
    if isinstance(block, _COMPREHENSIONS):
        for loop in block.generators:
            yield from _of_target(loop.target, "each", loop.iter)
        return
    for parameter in getattr(block, "type_params", ()):  # of Python 3.12
        yield parameter.name, Binding("unknown", parameter)
    body = getattr(block, "body", [])
    yield from _of_statements(body if isinstance(body, list) else [body], walrus=walrus)


def _of_arguments(arguments: ast.arguments) -> Iterator[tuple[str, Binding]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    given = zip(plain, [*defaults, *arguments.defaults], strict=True)
    only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for argument, default in (*given, *only):
        yield argument.arg, Binding("argument", argument, default, argument.annotation)
    for several in (arguments.vararg, arguments.kwarg):
        if several is not None:
            yield several.arg, Binding("unknown", several)


def _of_statements(body: Iterable[ast.AST], *, walrus: bool) -> Iterator[tuple[str, Binding]]:
    """Yield what the statements bind, and what stands inside them and binds in the same scope."""
    waiting = [*body][::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _COMPREHENSIONS):
            for inside in ast.walk(node):  # only `:=` reaches out of it
                if isinstance(inside, ast.NamedExpr):
                    yield from _of_assignment(inside)
            continue
        if not isinstance(node, _BINDS_NOTHING):
            yield from _of_import_or_block(node)
            if isinstance(node, _BLOCKS):
                continue
            yield from _of_assignment(node)
            yield from _of_other(node)
        inside_it = ast.iter_child_nodes(node)
        waiting += [n for n in inside_it if walrus or not isinstance(n, ast.expr)][::-1]


def _of_import_or_block(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, Binding("defined", node)
        case ast.Import(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0], Binding("import", node)
        case ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name, Binding("import", node)


def _of_assignment(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _of_target(target, "value", value)
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            how: Literal["value", "argument"] = "value" if value else "argument"
            yield name, Binding(how, node, value, annotation)
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, Binding("value", node, value)
        case ast.For(target=target, iter=items) | ast.AsyncFor(target=target, iter=items):
            yield from _of_target(target, "each", items)
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield from _of_target(target, "entered", value)


def _of_other(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    names: list[str] = []
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            names = [name]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            names = [name]
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            names = [name]
        case ast.Global() | ast.Nonlocal():
            names = node.names
        case _ if type(node).__name__ == "TypeAlias":  # of Python 3.12
            names = [node.name.id]  # type: ignore[attr-defined]
    for name in names:
        yield name, Binding("unknown", node)


def _of_target(
    target: ast.expr, how: Literal["value", "each", "entered"], value: ast.expr
) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(how, target, value)
        return
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, Binding("unknown", node)
