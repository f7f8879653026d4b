"""What an expression can be, as far as it is known: None stands for whatever else."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import msgspec

from guard.source.bindings import Binding, Scope

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Frame:
    """Where code runs: its scope, the arguments that are known, and the frame around it."""

    def __init__(
        self,
        scope: Scope,
        given: Mapping[str, Value | None] | None = None,
        outer: Frame | None = None,
        owner: Class | None = None,
    ):
        self.scope = scope
        self.given = given or {}
        self.outer = outer
        self.owner = owner  # the class whose method it is, or is inside of
        self.known: dict[int, Value | None] = {}  # what expressions turned out to be
        # What functions of a module set that they declare to be `global`, once that is asked for.
        self.set_elsewhere: dict[str, list[tuple[Frame, list[Binding]]]] | None = None


class Named(msgspec.Struct, frozen=True):
    """A name of a library, dotted as it was imported."""

    dotted: str


class File(msgspec.Struct, frozen=True):
    """A module of the project."""

    frame: Frame


class Class(msgspec.Struct, frozen=True):
    """A class of the project; `frame` is the one that it is defined in."""

    node: ast.ClassDef
    frame: Frame


class Made(msgspec.Struct, frozen=True):
    """An object of a library, its kind named as in `KINDS`."""

    kind: str


class Instance(msgspec.Struct, frozen=True):
    """An object of a class of the project, with the arguments that it was made with.

    `above`: only what stands above that class counts, as for `super()`.
    """

    of: Class
    given: Arguments = ()
    above: Class | None = None


class Function(msgspec.Struct, frozen=True):
    """A function of the project; `owner` is the class of a method, `bound` its first argument."""

    node: FunctionNode
    frame: Frame
    owner: Class | None = None
    bound: Value | None = None


class Method(msgspec.Struct, frozen=True):
    """A method of a library's object, not called yet."""

    kind: str
    name: str


class Gives(msgspec.Struct, frozen=True):
    """What gives that value where it is called, entered or iterated."""

    how: str  # "called", "entered"
    value: Value | None


class Alias(msgspec.Struct, frozen=True):
    """An annotation that has a name: `SessionDep = Annotated[Session, Depends(get_session)]`."""

    node: ast.expr
    frame: Frame


class Nothing(msgspec.Struct, frozen=True):
    """The object `None`, which says nothing of what else a name may hold."""


class Flag(msgspec.Struct, frozen=True):
    """`True` or `False`, which decides what a function does: `to_read(row, with_metrics=False)`."""

    value: bool


def label_of(function: Function) -> str:
    """Return what messages call a function."""
    of = function.bound.of if isinstance(function.bound, Instance) else function.owner
    return f"{of.node.name}.{function.node.name}()" if of else f"{function.node.name}()"


Arguments = tuple[tuple[str, "Value | None"], ...]  # by the names that the function has for them
Value = Flag | Named | File | Class | Made | Instance | Function | Method | Gives | Alias | Nothing
