"""The modules of the project by the names that imports give them."""

from __future__ import annotations

import ast
from pathlib import Path

from guard.reader.modules import Module, Resolver
from guard.source.bindings import Binding, Scope
from guard.source.event_loop.functions import Body, assignments, body_of, globals_in
from guard.source.event_loop.values import FunctionNode

Attributes = dict[str, list[tuple[FunctionNode, Binding]]]


class Modules:
    """The project's modules, each with its scopes, shared by all files that are looked at."""

    def __init__(self, resolver: Resolver):
        self._resolver = resolver
        self._scopes: dict[ast.AST, Scope] = {}
        self._lambdas: dict[ast.Lambda, ast.FunctionDef] = {}
        self._bodies: dict[FunctionNode, Body] = {}
        self._attributes: dict[ast.ClassDef, Attributes] = {}
        self._setting: dict[Module, tuple[FunctionNode, ...]] = {}
        self._found: dict[tuple[Path, int, str | None], Module | None] = {}
        self._ours: dict[tuple[Path, str], bool] = {}

    def scope(self, module: Module, block: ast.AST | None = None) -> Scope:
        """Return the scope of a block of a module, or of its body."""
        block = module.tree if block is None else block
        if block not in self._scopes:
            self._scopes[block] = Scope(block, module)
        return self._scopes[block]

    def body(self, node: FunctionNode) -> Body:
        """Return what a function gives."""
        if node not in self._bodies:
            self._bodies[node] = body_of(node)
        return self._bodies[node]

    def function_of(self, node: ast.Lambda) -> ast.FunctionDef:
        """Return the lambda as a function that returns what it gives."""
        if node not in self._lambdas:
            body = ast.copy_location(ast.Return(node.body), node.body)
            made = ast.FunctionDef("lambda", node.args, [body], [], None, None)
            self._lambdas[node] = ast.copy_location(made, node)
        return self._lambdas[node]

    def attributes(self, node: ast.ClassDef) -> Attributes:
        """Return what the methods of a class bind to attributes of its objects."""
        if node not in self._attributes:
            found = self._attributes[node] = {}
            for method in node.body:
                if isinstance(method, FunctionNode):
                    for name, binding in assignments(method):
                        found.setdefault(name, []).append((method, binding))
        return self._attributes[node]

    def setting_globals(self, module: Module) -> tuple[FunctionNode, ...]:
        """Return the functions of a module that declare names to be `global`."""
        if module not in self._setting:
            self._setting[module] = tuple(globals_in(module.source))
        return self._setting[module]

    def find(self, dotted: str, near: Module) -> Module | None:
        """Return the module of that dotted name, as one imports it that stands in `near`'s folder.

        The folder that a service is started in may be any of those around its files.
        """
        if near.file is None or not self.is_ours(dotted, near):
            return None
        key = near.file.parent, 0, dotted
        if key not in self._found:
            found = self._resolver.find(dotted)
            folders = self._around(near)
            while found is None and folders:
                found = self._resolver.find_in(folders.pop(0), dotted)
            self._found[key] = found
        self._resolver.asked += 1  # what is known already counts for this file too
        return self._found[key]

    def find_relative(self, level: int, dotted: str | None, near: Module) -> Module | None:
        """Return the module that `from ..x import y` names in `near`."""
        if near.file is None:
            return None
        key = near.file.parent, level, dotted
        if key not in self._found:
            self._found[key] = self._resolver.find_relative(near, level, dotted)
        self._resolver.asked += 1
        return self._found[key]

    def is_ours(self, dotted: str, near: Module) -> bool:
        """Return whether the first part of a dotted name is a folder or file of the project."""
        top = dotted.partition(".")[0]
        if near.file is None:
            return False
        key = near.file.parent, top
        if key not in self._ours:
            root = self._resolver.root
            folders = [*self._around(near), root, root / "src"]
            self._ours[key] = any(
                (folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in folders
            )
        return self._ours[key]

    def _around(self, near: Module) -> list[Path]:
        root = self._resolver.root
        folders = near.file.parents if near.file else ()
        return [folder for folder in folders if folder != root and folder.is_relative_to(root)]
