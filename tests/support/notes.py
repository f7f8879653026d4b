"""Notes of a run, as a test reads them."""

from __future__ import annotations

from collections.abc import Iterable

from guard.note import Note


def texts(notes: Iterable[Note]) -> tuple[str, ...]:
    """The sentences of notes."""
    return tuple(note.text for note in notes)
