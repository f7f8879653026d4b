"""What one should know of a run beside its findings: a base that was chosen, a step left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from guard.statement import Span

# A contract: programs tell notes by it. What each means stands in docs/outputs.md.
NoteKind = Literal[
    "allowed-edit",
    "applied",
    "base",
    "checked-out",
    "computed-id",
    "driver",
    "excluded",
    "heads-not-counted",
    "incomplete-schema",
    "initial-schema",
    "kept",
    "keys-not-enforced",
    "lock-differs",
    "lock-written",
    "models-not-compared",
    "nested-revisions",
    "no-downgrade",
    "no-revisions",
    "not-compared",
    "not-run",
    "nothing-new",
    "program-started",
    "refused",
    "round-trip-skipped",
    "round-trip-stopped",
    "rows-not-compared",
    "rows-not-made",
    "rows-replaced",
    "scratch-server",
    "server-unknown",
    "shard",
    "untracked-file",
]


class Note(msgspec.Struct, frozen=True):
    """A sentence that the user should read once, of what kind it is, and its place if it has one.

    Code and lists may follow on lines of their own.
    """

    kind: NoteKind
    text: str
    span: Span | None = None

    def told(self, tell: Callable[[str], str]) -> Note:
        """Return the note with its text as `tell` has it."""
        return Note(self.kind, tell(self.text), self.span)
