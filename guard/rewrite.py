"""What a statement of a revision should become: a rule says it in these words.

`guard.fixing` makes edits of them where that is certain, in the words and the layout of the file.
"""

from __future__ import annotations

import msgspec

from guard.statement import Direction


class Argument(msgspec.Struct, frozen=True, tag=True):
    """The statement's call gets this argument, or this one instead of what it has.

    `position` is where it may stand without its name, -1 where it is only given by name.
    """

    name: str
    code: str
    position: int = -1


class Instead(msgspec.Struct, frozen=True, tag=True):
    """These lines stand in the statement's place; `outside`: in an autocommit block."""

    code: str
    outside: bool = False


class Outside(msgspec.Struct, frozen=True, tag=True):
    """The statement runs outside of the transaction, in an autocommit block."""


class Before(msgspec.Struct, frozen=True, tag=True):
    """These lines stand before the statement, and before the batch that it is part of."""

    code: str


class AfterBatch(msgspec.Struct, frozen=True, tag=True):
    """The statement leaves its batch, and these lines follow that in an autocommit block."""

    code: str


class Last(msgspec.Struct, frozen=True, tag=True):
    """These lines end the function of that direction."""

    code: str
    direction: Direction


class First(msgspec.Struct, frozen=True, tag=True):
    """These lines begin the function of that direction, unless all that it does is raise."""

    code: str
    direction: Direction


class Bound(msgspec.Struct, frozen=True, tag=True):
    """The pieces of SQL text with these codes become bound parameters."""

    codes: tuple[str, ...]


class Assigned(msgspec.Struct, frozen=True, tag=True):
    """A name at the top of the file of that path gets this value."""

    path: str
    name: str
    code: str


class Afterwards(msgspec.Struct, frozen=True, tag=True):
    """A revision that follows does this; `message` is its own.

    It follows the head, or all of `parents` where there are some. `back` is its downgrade.
    """

    code: str
    message: str
    back: str = "pass"
    parents: tuple[str, ...] = ()


Change = (
    Argument
    | Instead
    | Outside
    | Before
    | AfterBatch
    | First
    | Last
    | Bound
    | Assigned
    | Afterwards
)
Rewrite = tuple[Change, ...]
