"""The small values that the parts of the interpreter pass around."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Code,
    Function,
    Mapping,
    Module,
    Sequence,
    Unknown,
    Value,
    inner_values,
    unparse,
)
from guard.statement import Piece, Span

MAX_LOOKED_AT = 50  # values of a container, to tell the origin of a value made of it


class DialectAskedError(Exception):
    """The code asks for the dialect, and the reading was started without one."""


class LimitReachedError(Exception):
    """The code runs longer than the reader follows it."""


class Budget(msgspec.Struct):
    """How many steps the reader may still take for a file, in all its directions and dialects.

    `helper`: how many one call of the application's code may take, or one name from there.
    `reserve`: the steps that must be left when the helper that is being followed ends.
    """

    steps: int = 70_000
    helper: int = 10_000
    reserve: int = 0


class Flow(Enum):
    """How a block ends; the further out it leaves, the greater `leaves`."""

    GOES_ON = 0
    CONTINUES = 1
    BREAKS = 2
    RAISES = 3
    RETURNS = 4

    @property
    def leaves(self) -> int:
        return int(self.value)


class Condition(msgspec.Struct, frozen=True):
    """A test that is settled at run time only. `guarded`: it asks for a thing in the database.

    `form` is the way in which the test must hold: `{}`, `not ({})`, `for each item of {}`.
    """

    test: Code
    guarded: bool = False
    repeated: bool = False
    form: str = "{}"
    left_by: Flow | None = None  # it holds since another path left, until that path's end

    @property
    def negated(self) -> Condition:
        """The condition of the other branch."""
        form = "{}" if self.form == "not ({})" else "not ({})"
        return msgspec.structs.replace(self, form=form)

    def until(self, left_by: Flow) -> Condition:
        """The condition of the code after a branch whose other side left in this way."""
        return msgspec.structs.replace(self, left_by=left_by)

    def outside(self, branch: Condition) -> Condition:
        """The condition as it stands where the branch in which the other path left is over."""
        left = unparse(self.test) if self.form == "not ({})" else f"not ({self.code})"
        guarded = self.guarded and branch.guarded
        return Condition(f"{branch.code} and {left}", guarded, False, "not ({})", self.left_by)

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
    elsewhere: dict[str, dict[str, Value]] = {}  # names that are global or nonlocal, and where
    depth: int = 0  # conditions that held where it began
    departed: list[dict[str, Value]] = []  # names of the ways that left an iteration early
    return_tests: list[Condition] = []  # that had to hold for each of its returns
    on_yield: Callable[[Value], None] | None = None  # runs the body of a `with` on our own manager

    @property
    def scopes(self) -> tuple[dict[str, Value], ...]:
        """The names that a function defined here sees besides those of its module."""
        return () if self.function is None else (self.names, *self.outer)


class Call(msgspec.Struct, frozen=True):
    """A call as a library sees it: positional and keyword values, and where it stands."""

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


class Resolver(Protocol):
    """Finds the modules and files of the project that a revision refers to."""

    root: Path
    settled: dict[str, Value]  # by dotted name, the value that it turned out to be
    asked: int  # how often a module or file was asked for

    @property
    def modules(self) -> Iterable[Module]:
        """The helpers that were parsed so far."""

    def find(self, dotted: str) -> Module | None:
        """Return the module of that dotted name, None where it is not in sight."""

    def find_relative(self, module: Module, level: int, dotted: str | None) -> Module | None:
        """Return the module that `from ..x import y` names."""

    def read_text(self, file: Path) -> str | None:
        """Return the text of a file, None where it is not in sight."""


class BuiltText(msgspec.Struct, frozen=True):
    """SQL text that was put together from pieces and then executed, by the call of `function`.

    `span` is the place in the file that is read, `path` the file whose code executes it.
    """

    text: Text
    pieces: tuple[Piece, ...]
    span: Span
    path: str
    function: str


def unknown(node: ast.AST, *sources: Value, inspected: bool = False) -> Unknown:
    """Return the unknown value of an expression; it is as trustworthy as its sources."""
    made_of = [inner for source in sources for inner in islice(inner_values(source), MAX_LOOKED_AT)]
    outside = not sources or any(
        (isinstance(v, Unknown | Text) and v.origin == "outside")
        or (isinstance(v, Sequence | Mapping) and v.open and not v.certain)
        for v in made_of
    )
    seen = inspected or any(isinstance(v, Unknown) and v.inspected for v in made_of)
    return Unknown(node, "outside" if outside else "constant", seen)
