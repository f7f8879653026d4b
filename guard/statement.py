"""Where a thing stands, and a statement: the operations of one call or one piece of SQL."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Literal

import msgspec

from guard.operations import OPERATIONS, Operation

if TYPE_CHECKING:
    AnyOperation = Operation
else:  # to decode a cached statement: the union of them all, told apart by `kind`
    AnyOperation = functools.reduce(operator.or_, OPERATIONS)

Direction = Literal["upgrade", "downgrade"]
Origin = Literal["literal", "constant", "outside"]


class Span(msgspec.Struct, frozen=True):
    """A place in a file: 1-based lines and columns; the end column is one past the last character.

    `path` is relative to the repository root, with forward slashes.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        if not self.end_line:
            msgspec.structs.force_setattr(self, "end_line", self.line)
        if not self.end_column:
            msgspec.structs.force_setattr(self, "end_column", self.column)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a text that was put together, and where it came from.

    `literal`: written in sight; `constant`: computed from constants in sight; `outside`: an
    argument, the environment, a query result, an unknown call. `role` is the place of the piece
    in the SQL: a `value` could have been a bound parameter, an `identifier` or other `syntax`
    could not.
    """

    origin: Origin
    code: str  # the expression, as written
    role: Literal["value", "identifier", "syntax"] = "syntax"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a revision, or one SQL statement, with its operations.

    `span` is where the call stands in the revision file (also when a helper elsewhere runs it);
    `at` is the exact place of the SQL text or of the helper's own call, where that differs.
    `dialects` is None for all. `condition` is the test that decides at run time whether it runs,
    None where it always runs; `guarded`: that test only asks whether the work is already done.
    """

    operations: tuple[AnyOperation, ...]
    span: Span
    direction: Direction
    revision: str | None = None
    at: Span | None = None
    sql: str | None = None
    dialects: tuple[str, ...] | None = None
    condition: str | None = None
    guarded: bool = False
    repeated: bool = False  # stands in a loop whose items are not known
    in_transaction: bool = True
    database: str | None = None  # of a multidb revision
    pieces: tuple[Piece, ...] = ()  # of SQL that was put together; empty for plain text

    @property
    def opposite_direction(self) -> Direction:
        """The direction that takes the statement back."""
        return "upgrade" if self.direction == "downgrade" else "downgrade"

    def applies_to(self, dialect: str) -> bool:
        """Return whether the statement runs on that dialect."""
        return self.dialects is None or dialect in self.dialects
