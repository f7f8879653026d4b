"""What a report may tell besides what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from guard.reader import ParsedRevision
from guard.reporters.chronicle import Chronicle
from guard.rule import Rule
from guard.server import Server


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that the run judged, and the dialect of its server, as far as that is known."""

    revision: ParsedRevision
    dialect: str | None = None


class JudgedFor(msgspec.Struct, frozen=True, kw_only=True):
    """The server that the revisions of an environment are judged for, and what tells so.

    Without a `reason` the settings say it; without a dialect it is not known.
    """

    environment: str
    server: Server = Server()
    reason: str = ""


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What the findings are of: the files by path, the rules by name, the revisions of the change.

    `base` is the ref that the change was compared with and `commit` the one of it that holds what
    is released, where git tells. `servers` are those of the histories. The run ends with
    `exit_code`. `shard` is what guard merge reads of a part of the round trip. `chronicles` has the
    histories, for the formats that draw them (`DRAWS`).
    """

    texts: Mapping[str, str] = {}
    rules: Mapping[str, Rule] = {}
    changes: tuple[Change, ...] = ()
    base: str = ""
    commit: str | None = None
    servers: tuple[JudgedFor, ...] = ()
    exit_code: int = 0
    shard: Mapping[str, Any] | None = None
    chronicles: tuple[Chronicle, ...] = ()


NOTHING = Background()
