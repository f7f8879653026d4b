"""A column's change of type: from what to what, and what the server does with the rows."""

from __future__ import annotations

from typing import Literal

import msgspec

from guard.operations import Name, Type

Work = Literal[
    "none",  # nothing is changed
    "free",  # what is stored stays as it is
    "free in utc",  # ... where the session's time zone is UTC; else each row is written anew
    "rewrite",  # each row is written anew
    "unknown",  # that depends on a type that is not known
]


class TypeChange(msgspec.Struct, frozen=True, kw_only=True):
    """A column's type before and after, each None where it is not known.

    `back` is the work of the way from the new type to the old one. `checks` are the valid CHECKs
    that read the rows again, `indexes` those built anew: of a rewrite that is all of them, and none
    is listed. `keys` are the other tables that a foreign key on the column locks too. `refused_by`
    is what makes the server refuse the change, in words. `loses`: what may no longer fit, None
    where all does or that is not known.
    """

    table: Name
    column: str
    old: Type | None
    new: Type | None
    work: Work
    back: Work = "unknown"
    checks: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    keys: tuple[Name, ...] = ()
    refused_by: tuple[str, ...] = ()
    loses: str | None = None
    text_width: int | None = None  # MySQL: the bytes of a character

    @property
    def shortened_to(self) -> int | None:
        """The characters that fit afterwards, where longer values may be there."""
        shorter = self.loses is not None and "longer" in self.loses
        return self.new.length if shorter and self.new else None
