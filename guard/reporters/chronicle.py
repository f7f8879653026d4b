"""A history as a report shows it: its graph, and what each revision does to schema and server."""

from __future__ import annotations

from typing import Literal

import msgspec

from guard.effects import Effect
from guard.facts import SchemaChange
from guard.operations import Operation
from guard.server import Server
from guard.statement import Statement, Steps

State = Literal["new", "edited", "released", "unknown"]


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a statement, and what it does to a running server, as far as is known.

    `unnoticed`: nothing waits for it, since this deployment made the table.
    """

    statement: Statement
    operation: Operation
    effect: Effect | None = None
    unnoticed: bool = False


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a revision: its function, and what that does in its order."""

    steps: Steps
    deeds: tuple[Deed, ...] = ()


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """One revision. State "unknown": nothing tells which ones are released.

    `before` are the revisions that run first: its parents, and what it `depends_on`, as far as they
    are here. `upgrade` is None where its statements were not judged.
    """

    id: str
    path: str
    message: str = ""
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    head: bool = False
    state: State = "unknown"
    upgrade: Way | None = None
    downgrade: Way | None = None
    schemas: tuple[SchemaChange, ...] = ()


class Chronicle(msgspec.Struct, frozen=True, kw_only=True):
    """One history: its revisions, children last, and what all the new ones make of each schema."""

    name: str
    server: Server = Server()
    chapters: tuple[Chapter, ...] = ()
    change: tuple[SchemaChange, ...] = ()
