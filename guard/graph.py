"""The revisions of an environment and how they follow each other, from syntax trees alone."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What the head of a revision file says. `path` is absolute; `line` is where `revision` is."""

    id: str
    parents: tuple[str, ...]  # down_revision; empty for a base
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    path: Path
    line: int = 1
    message: str = ""  # the first line of the docstring
