"""The small values that the parts of the interpreter pass around."""

from __future__ import annotations

import ast
from collections.abc import Callable

import msgspec

from guard.reader.modules import Module
from guard.reader.text import Text
from guard.reader.values import Function, Source, Unknown, Value, unparse
from guard.statement import Piece, Span


class LimitReachedError(Exception):
    """The code runs longer than the reader follows it."""


class Budget(msgspec.Struct):
    """How many steps the reader may still take for a file, in all its directions and dialects.

    `reserve`: what must be left when the call of a helper that is being followed ends.
    """

    steps: int = 250_000
    reserve: int = 0


class Condition(msgspec.Struct, frozen=True):
    """A test that is settled at run time only. `guarded`: it asks what the database already has.

    `form` says what of the test must hold: `{}`, `not ({})`, `for each item of {}`.
    """

    test: Source
    guarded: bool = False
    repeated: bool = False
    form: str = "{}"

    @property
    def code(self) -> str:
        return self.form.replace("{}", unparse(self.test), 1)


class Frame(msgspec.Struct):
    """One running function (or module body): its names, and the file its code stands in."""

    module: Module
    names: dict[str, Value]
    outer: tuple[dict[str, Value], ...] = ()  # of the enclosing functions, innermost first
    function: Function | None = None
    returned: list[Value] = []
    globals_written: set[str] = set()
    depth: int = 0  # conditions that held where it began
    return_tests: list[Condition] = []  # what had to hold for each of its returns
    on_yield: Callable[[Value], None] | None = None  # runs the body of a `with` on our own manager

    @property
    def scopes(self) -> tuple[dict[str, Value], ...]:
        """The names that a function defined here sees besides those of its module."""
        return () if self.function is None else (self.names, *self.outer)


class Call(msgspec.Struct, frozen=True):
    """A call as the words see it: positional and keyword values, and where it stands."""

    node: ast.Call
    frame: Frame
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    open: bool = False  # unknown *args or **kwargs were given too

    @property
    def code(self) -> str:
        return unparse(self.node)

    def get(self, position: int | None, *names: str) -> Value | None:
        """Return the argument at `position` or under one of the names, None where not given."""
        for name in names:
            if name in self.kwargs:
                return self.kwargs[name]
        if position is not None and position < len(self.args):
            return self.args[position]
        return None


class BuiltText(msgspec.Struct, frozen=True):
    """SQL text that was put together from pieces and then executed."""

    text: Text
    pieces: tuple[Piece, ...]
    span: Span


def unknown(node: ast.AST, *sources: Value, inspected: bool = False) -> Unknown:
    """Return the unknown value of an expression; it is as trustworthy as what it was made of."""
    outside = not sources or any(
        (isinstance(v, Unknown) and v.origin == "outside")
        or (isinstance(v, Text) and v.origin == "outside")
        for v in sources
    )
    seen = inspected or any(isinstance(v, Unknown) and v.inspected for v in sources)
    return Unknown(node, "outside" if outside else "constant", seen)


def column_of(module: Module, line: int, offset: int) -> int:
    """Return the 1-based column in characters of a UTF-8 byte offset."""
    if line > len(module.lines):
        return offset + 1
    text = module.lines[line - 1]
    if text.isascii():
        return offset + 1
    return len(text.encode()[:offset].decode(errors="replace")) + 1
