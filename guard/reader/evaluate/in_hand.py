"""What code was taken in hand (named, not called), and what was run: the rest may run unseen."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable

from guard.reader.evaluate.state import Frame
from guard.reader.evaluate.values import (
    BoundMethod,
    Class,
    DottedName,
    Function,
    Live,
    Value,
)


class InHand:
    """Functions, classes and operations by a key that stands for each of them."""

    __slots__ = ("_lent", "_run", "named", "watches")

    def __init__(self) -> None:
        self.watches = False  # what a module names while it is loaded may be for the way back
        self.named: dict[Hashable, tuple[Value, ast.AST, Frame]] = {}
        self._run: set[Hashable] = set()
        self._lent: dict[str, list[tuple[Value, ast.AST, Frame]]] = {}

    def take(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Note that the code at the node names something that could be called."""
        if self.watches and (key := _key(value)) is not None:
            self.named.setdefault(key, (value, node, frame))

    def lend(self, name: str, value: Value, node: ast.AST, frame: Frame) -> None:
        """Note that the code at the node gives it to what has the name: it may call it later."""
        self._lent.setdefault(name, []).append((value, node, frame))

    def take_lent(self, name: str) -> None:
        """Note that what has the name is used, with all that was given to it."""
        for value, node, frame in self._lent.get(name, ()):
            self.take(value, node, frame)

    def run(self, value: Value) -> None:
        """Note that it is run, or that it is known not to be."""
        if (key := _key(value)) is not None:
            self._run.add(key)

    def choose(self, choice: Value, others: Iterable[Value]) -> None:
        """Note that one of several is chosen in sight: the others are not run."""
        if self.named and _key(choice) is not None:
            for other in others:
                if other is not choice:
                    self.run(other)

    def is_run(self, value: Value) -> bool:
        """Return whether it was run, or is known not to be."""
        return _key(value) in self._run


def _key(value: Value) -> Hashable | None:
    match value:
        case Function(node=node):
            return node
        case DottedName(path):
            return path
        case BoundMethod(Live() as owner, name):
            return type(owner), name
        case Class():
            return "class", id(value)
    return None
