"""The columns of its table that a trigger or policy of PostgreSQL stands on.

The server refuses to change their type. What a trigger's function reads is no matter to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.sql.cursor import Cursor
from guard.sql.expressions import read_expression


def used_columns(c: Cursor) -> tuple[str, ...]:
    """Return those that UPDATE OF, WHEN, USING and WITH CHECK name; the cursor is at the end then.

    Of a query in there nothing is said: its names may be another table's.
    """
    found: list[str] = []
    while not c.at_end():
        if c.take("UPDATE", "OF"):
            found += _listed(c)
        elif (c.take("WITH", "CHECK") or c.choose("WHEN", "USING")) and c.word == "(":
            inner = c.parens()
            found += () if inner.has("SELECT") else read_expression(inner.sql, "postgresql").columns
        else:
            c.next()
    return tuple(dict.fromkeys(found))


def _listed(c: Cursor) -> Iterator[str]:
    yield c.name("a column name")
    while c.take(","):
        yield c.name("a column name")
