"""The things that hold for a while in a reading, put back however the while ends.

Classes and no generators: one of them is entered for every call and branch.
"""

from __future__ import annotations

import ast

from guard.reader.evaluate.state import Condition
from guard.reader.evaluate.values import Function, Module


class Held:
    """Attributes of an object have other values inside, and their own again afterwards."""

    __slots__ = ("_before", "_owner", "_values")

    def __init__(self, owner: object, **values: object) -> None:
        self._owner = owner
        self._values = values
        self._before: dict[str, object] = {}

    def __enter__(self) -> None:
        for name, value in self._values.items():
            self._before[name] = getattr(self._owner, name)
            setattr(self._owner, name, value)

    def __exit__(self, *error: object) -> None:
        for name, value in self._before.items():
            setattr(self._owner, name, value)


class Conditional:
    """A condition holds inside; those that a path which left adds to the rest outlive it."""

    __slots__ = ("_condition", "_conditions", "_depth")

    def __init__(self, conditions: list[Condition], condition: Condition | None) -> None:
        self._conditions = conditions
        self._condition = condition
        self._depth = len(conditions)

    def __enter__(self) -> None:
        if self._condition is not None:
            self._conditions.append(self._condition)

    def __exit__(self, *error: object) -> None:
        condition = self._condition
        added = self._conditions[self._depth + (condition is not None) :]
        self._conditions[self._depth :] = [
            test if condition is None else test.outside(condition)
            for test in added
            if test.left_by is not None
        ]


class Stack:
    """The calls that are running, and the functions in sight among them, from the revision on."""

    __slots__ = ("calls", "functions")

    def __init__(self) -> None:
        self.calls: list[tuple[Module, ast.AST]] = []
        self.functions: list[Function] = []


class Within:
    """A call is running inside; the conditions that its body leaves behind end with it."""

    __slots__ = ("_call", "_conditions", "_depth", "_function", "_stack")

    def __init__(
        self,
        stack: Stack,
        conditions: list[Condition],
        call: tuple[Module, ast.AST],
        function: Function | None,
    ) -> None:
        self._stack = stack
        self._conditions = conditions
        self._depth = len(conditions)
        self._call = call
        self._function = function

    def __enter__(self) -> None:
        self._stack.calls.append(self._call)
        if self._function is not None:
            self._stack.functions.append(self._function)

    def __exit__(self, *error: object) -> None:
        self._stack.calls.pop()
        if self._function is not None:
            self._stack.functions.pop()
        del self._conditions[self._depth :]
