"""Cursors of a driver that code of the project takes by itself: what they run is heard too.

SQLAlchemy tells of its own statements, and asks the same connection for its cursors.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

from sqlalchemy.pool import base

_TELLS_ITSELF = ("sqlalchemy", "alembic")


def listen(hear: Callable[[str], None]) -> None:
    """Have `hear` told of each statement before it runs over such a cursor."""
    really = base._ConnectionFairy.cursor

    def cursor(connection: Any, *arguments: Any, **named: Any) -> Any:
        made = really(connection, *arguments, **named)
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        return made if caller.partition(".")[0] in _TELLS_ITSELF else _Telling(made, hear)

    setattr(base._ConnectionFairy, cursor.__name__, cursor)


class _Telling:
    """A cursor that tells what it is about to run, and does all else as it always does."""

    def __init__(self, cursor: Any, hear: Callable[[str], None]) -> None:
        self._cursor = cursor
        self._hear = hear

    def execute(self, sql: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(sql, str):
            self._hear(sql)
        return self._cursor.execute(sql, *arguments, **named)

    def executemany(self, sql: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(sql, str):
            self._hear(sql)
        return self._cursor.executemany(sql, *arguments, **named)

    def __enter__(self) -> _Telling:
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def __iter__(self) -> Any:
        return iter(self._cursor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)
