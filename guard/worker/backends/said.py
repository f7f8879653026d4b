"""What a server said of a statement, in the words that a finding needs of it."""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """The message; whether it is `of_a_value` that could not be read as what it should be.

    `lacks`: what the server lacks that another one has, None where it is about anything else.
    `denied`: what to say where it is that the role of a run may not do so, "" else.
    """

    text: str
    of_a_value: bool
    lacks: str | None
    denied: str = ""
