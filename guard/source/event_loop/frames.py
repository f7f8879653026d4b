"""Where code runs, and what its imports lead to."""

from __future__ import annotations

import ast

from guard.reader.modules import Module
from guard.source.event_loop.database_calls import OBJECTS, PACKAGES, key_of
from guard.source.event_loop.modules import Modules
from guard.source.event_loop.values import (
    Arguments,
    Class,
    File,
    Frame,
    Function,
    Made,
    Named,
    Value,
)


class Frames:
    """The frames of one file and of what it leads to, each made once."""

    def __init__(self, modules: Modules):
        self._modules = modules
        self._of_modules: dict[Module, Frame] = {}
        self._known: dict[tuple[object, ...], Frame] = {}

    def of_module(self, module: Module) -> Frame:
        """Return the frame of a module's body."""
        if module not in self._of_modules:
            self._of_modules[module] = Frame(self._modules.scope(module))
        return self._of_modules[module]

    def inside(self, node: ast.AST, outer: Frame) -> Frame:
        """Return the frame of a class or comprehension inside another frame."""
        return self._frame(node, outer, (), outer.owner)

    def of_call(self, function: Function, given: Arguments = ()) -> Frame:
        """Return the frame in which a function runs with those arguments."""
        spec = function.node.args
        first = [*spec.posonlyargs, *spec.args][:1]
        if first and function.owner is not None and function.bound is not None:
            given = ((first[0].arg, function.bound), *given)
        return self._frame(function.node, function.frame, given, function.owner)

    def _frame(self, node: ast.AST, outer: Frame, given: Arguments, owner: Class | None) -> Frame:
        key = node, outer, given
        if key not in self._known:
            scope = self._modules.scope(outer.scope.module, node)
            self._known[key] = Frame(scope, dict(given), outer, owner or outer.owner)
        return self._known[key]

    # Imports

    def dotted(self, dotted: str, near: Module) -> Value:
        """Return what a dotted name is that code in the module imports."""
        key = key_of(dotted)
        if key in OBJECTS:
            return Made(OBJECTS[key])
        if dotted.partition(".")[0] not in PACKAGES:
            found = self._modules.find(dotted, near)
            if found is not None:
                return File(self.of_module(found))
        return Named(dotted)

    def relative(self, level: int, dotted: str | None, near: Module) -> File | None:
        """Return the module that `from ..x import y` names in another one."""
        found = self._modules.find_relative(level, dotted, near)
        return File(self.of_module(found)) if found is not None else None

    def source(self, node: ast.ImportFrom, near: Module) -> Value | None:
        """Return the module that a `from` in another one names."""
        if node.level:
            return self.relative(node.level, node.module, near)
        return self.dotted(node.module or "", near)
