"""The holes that go into the reading of SQL text, and the statements that come out."""

from __future__ import annotations

from typing import Literal

import msgspec

from guard.operations import AnyOperation

Role = Literal["value", "identifier", "syntax"]


class Hole(msgspec.Struct, frozen=True):
    """A piece of the text that is not known: the text holds `{code}` at [start, end)."""

    start: int
    end: int
    code: str


class SqlStatement(msgspec.Struct, frozen=True):
    """One statement: offsets into the input, without comments around it and without its `;`."""

    text: str
    start: int
    end: int
    operations: tuple[AnyOperation, ...]


class SqlReading(msgspec.Struct, frozen=True):
    """The statements of a text in order; `roles[i]` says what hole i stands for.

    `value`: where an expression's value stands, also inside a string literal; `identifier`: the
    name of a table, column, index, constraint, function or schema, or a part of one; `syntax`:
    anything else. `dialect` is the one the text was read as.
    """

    statements: tuple[SqlStatement, ...]
    roles: tuple[Role, ...] = ()
    dialect: str | None = None
