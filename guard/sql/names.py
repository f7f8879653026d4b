"""The kinds of objects that CREATE, ALTER, DROP and COMMENT name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from guard.action_words import ObjectType
from guard.sql.cursor import Cursor

# Longest first, so that OPERATOR CLASS is no OPERATOR.
OBJECT_TYPES: dict[tuple[str, ...], ObjectType] = {
    tuple(name.upper().split()): name
    for name in sorted(get_args(ObjectType), key=lambda name: -name.count(" "))
    if name not in ("grant", "owned", "virtual table")
}
_PARTS = (("COLUMN",), ("CONSTRAINT",))  # named by COMMENT only
DROPPED = {words: kind for words, kind in OBJECT_TYPES.items() if words not in _PARTS}
CREATED = {w: k for w, k in DROPPED.items() if w not in (("ROUTINE",), ("LARGE", "OBJECT"))}


def skip_host(c: Cursor) -> None:
    """Move past the `@host` of a MySQL account."""
    if c.peek().kind == "param" or c.take("@"):
        c.next()


def choose_object_type(
    c: Cursor, kinds: Mapping[tuple[str, ...], ObjectType] = OBJECT_TYPES
) -> ObjectType | None:
    """Move past the kind of object that comes next and return it, else None."""
    for words, kind in kinds.items():
        if c.word == words[0] and c.take(*words):
            return kind
    return None
