"""What an expression can stand for: see `provenance`, which tells."""

from __future__ import annotations

import ast

import msgspec

from guard.source.bindings import Scope
from guard.source.database_objects import Kind


class Named(msgspec.Struct, frozen=True):
    """A name of a library, dotted as it was imported."""

    name: str

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


class Defined(msgspec.Struct, frozen=True):
    """A class or function of the project; `scope` is its own."""

    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    scope: Scope


class Unit(msgspec.Struct, frozen=True):
    """A module of the project."""

    scope: Scope


class Object(msgspec.Struct, frozen=True):
    """An object of SQLAlchemy's."""

    kind: Kind


class Instance(msgspec.Struct, frozen=True):
    """An object of a class of the project."""

    of: Defined


class Method(msgspec.Struct, frozen=True):
    """A method of one of these, not called yet."""

    receiver: Object | Instance | Defined
    name: str


Meaning = Named | Defined | Unit | Object | Instance | Method
