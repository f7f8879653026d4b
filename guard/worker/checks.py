"""Values that the CHECKs of a table allow: one CHECK is solved after the other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .backends.protocol import Column, Database, Table
from .sqltext import tokens

MOST_TRIES = 200  # of values for one CHECK


def solved(
    database: Database, table: Table, row: dict[str, Any], fixed: set[str]
) -> dict[str, Any] | None:
    """Return the row with other values where a CHECK refuses it; None where there are none.

    The columns in `fixed` stay as they are, and so does what no CHECK names.
    """
    done: list[str] = []
    for check in table.checks:
        done.append(check)
        if database.holds(check, row) is not False:
            continue
        for other in itertools.islice(_changed(row, table, check, fixed), MOST_TRIES):
            if all(database.holds(one, other) is not False for one in done):
                row = other
                break
        else:
            return None
    return row


def _changed(
    row: dict[str, Any], table: Table, check: str, fixed: set[str]
) -> Iterator[dict[str, Any]]:
    columns = [column for column in _named(table, check) if column.name not in fixed]
    values = [_values(column, row.get(column.name), [check]) for column in columns]
    for combination in itertools.product(*values):
        yield {**row, **{c.name: value for c, value in zip(columns, combination)}}


def choices(row: dict[str, Any], table: Table) -> Iterator[dict[str, Any]]:
    """Yield the row, then ones with other values wherever a CHECK names the column."""
    yield row
    values = {}
    for column in table.columns:
        naming = [check for check in table.checks if column in _named(table, check)]
        if naming:
            values[column.name] = _values(column, row.get(column.name), naming)
    for combination in itertools.product(*values.values()):
        yield {**row, **dict(zip(values, combination))}


def literals(table: Table, column: str) -> list[Any]:
    """Return the literals of the CHECKs that are about this column alone."""
    found: list[Any] = []
    for check in table.checks:
        if [named.name for named in _named(table, check)] == [column]:
            found += [value for value, near in _literals(tokens(check)) if not near]
    return found


def _named(table: Table, check: str) -> list[Column]:
    """Return the columns of a CHECK that may change; of the key only where there are no others."""
    words = set(map(str.lower, tokens(check)))
    named = [
        column for column in table.columns if column.name.lower() in words and not column.generated
    ]
    return [column for column in named if column.name not in table.primary_key] or named


def _values(column: Column, now: Any, checks: list[str]) -> list[Any]:
    values = [now, *(value for check in checks for value, _ in _literals(tokens(check))), 1, 0]
    if isinstance(now, str):
        values.append(now[:1])
    return [*dict.fromkeys([*values, None] if column.nullable else values)]


def _literals(words: Iterable[str]) -> Iterator[tuple[Any, bool]]:
    """Yield the literals, and their neighbours: those are not written there."""
    for word in words:
        if word.startswith("'"):
            yield word[1:-1].replace("''", "'"), False
        elif re.fullmatch(r"\d+", word):
            yield int(word), False
            yield int(word) + 1, True
            yield int(word) - 1, True
        elif re.fullmatch(r"\d*\.\d+", word):
            yield float(word), False
