"""The answers that a SQL expression gives: a default, a CHECK, a WHERE, a USING."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from guard.operations import Type
from guard.patterns import lazy_re
from guard.server import fold

_MIDNIGHT = lazy_re(r"[ T]00:00(:00(\.0+)?)?([+-]00(:?00)?|Z)?$")


class Cast(msgspec.Struct, frozen=True):
    """A column converted by a cast and nothing else: `c::int`, `CAST(c AS int)`."""

    column: str
    type: Type


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The values between two literals; None: there is no such end."""

    low: str | None = None
    high: str | None = None
    with_low: bool = True
    with_high: bool = False

    def is_within(self, other: Range) -> bool:
        """Return whether the other surely has all of its values."""
        low_fits = other.low is None or (
            self.low is not None
            and _reaches(other.low, self.low, equal=other.with_low or not self.with_low)
        )
        return low_fits and (
            other.high is None
            or (
                self.high is not None
                and _reaches(self.high, other.high, equal=other.with_high or not self.with_high)
            )
        )

    def is_apart_from(self, other: Range) -> bool:
        """Return whether the two surely have no value in common."""
        return any(
            one.high is not None
            and two.low is not None
            and _reaches(one.high, two.low, equal=not (one.with_high and two.with_low))
            for one, two in ((self, other), (other, self))
        )


def _reaches(low: str, high: str, *, equal: bool) -> bool:
    """Return whether the first literal is below the second, or perhaps the same.

    Numbers are compared as such, dates as they are written (the largest part first).
    """
    one, other = (_MIDNIGHT.sub("", literal) for literal in (low, high))
    try:
        below = Decimal(one) < Decimal(other)
    except InvalidOperation:
        below = one < other and one[:1].isdigit() and other[:1].isdigit()
    return below or (equal and one == other)


class Among(msgspec.Struct, frozen=True):
    """Rows whose column has a value that a row of a table has: `id IN (SELECT id FROM t)`.

    `limited`: that of some of its rows, which nothing but a LIMIT chooses.
    """

    column: str
    table: str
    schema: str | None = None
    limited: bool = False


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """A SQL expression as far as it can be known.

    Where it could not be read (`understood` is False), every answer is None. Names are kept as the
    server would store them, and compared as the dialect does.
    """

    sql: str
    dialect: str | None = None
    understood: bool = True
    columns: tuple[str, ...] = ()  # the names mentioned, those inside subqueries too
    is_constant: bool | None = None  # gives the same value always, whatever the row or the time
    # Calls a function that may give another value for each row of one statement. None: calls one
    # that is not known.
    is_volatile: bool | None = None
    unknown_functions: tuple[str, ...] = ()  # those it calls that are not the server's own
    is_null: bool | None = None  # None: that depends on the row, or on a function
    # As a condition, plainly true for each row, but for those where a compared column is NULL.
    always_true: bool | None = None
    # As a WHERE, the columns of which one is NULL in each row that it leaves out; None: it leaves
    # out others as well.
    true_but_for_null: tuple[str, ...] | None = None
    among: Among | None = None  # as a WHERE that says no more, the rows that it takes
    not_null: tuple[str, ...] = ()  # as a CHECK, the columns that it forbids to be NULL
    cast: Cast | None = None
    nulls: tuple[str, ...] = ()  # as a WHERE, the columns that are NULL in each row that it takes
    values: dict[str, tuple[str, ...]] = {}  # as a CHECK, the values that it lists for a column
    ranges: dict[str, Range] = {}  # as a CHECK, the range in which it holds a column
    outside: dict[str, Range] = {}  # as a CHECK, a range of which it lets no value in

    def mentions(self, column: str) -> bool | None:
        """Return whether the column is named."""
        return any(self._same(name, column) for name in self.columns) if self.understood else None

    def forbids_null(self, column: str) -> bool | None:
        """Return whether a CHECK of it lets no NULL into the column.

        Only `c IS NOT NULL` does, alone or joined by AND, however it is negated: a CHECK whose
        result is NULL passes, so that comparisons such as `c > 0` forbid nothing.
        """
        return any(self._same(name, column) for name in self.not_null) if self.understood else None

    def is_cast_of(self, column: str) -> bool | None:
        """Return whether it converts the column by a cast and does nothing else."""
        if not self.understood:
            return None
        return self.cast is not None and self._same(self.cast.column, column)

    def allowed_values(self, column: str) -> tuple[str, ...] | None:
        """Return the values that a CHECK of it lists for the column; None where it lists none."""
        return next((v for name, v in self.values.items() if self._same(name, column)), None)

    def _same(self, one: str, other: str) -> bool:
        return fold(one, self.dialect) == fold(other, self.dialect)
