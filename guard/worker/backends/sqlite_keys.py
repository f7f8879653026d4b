"""What SQLite would do to a table's children where it enforces keys, tried while it does not.

A table that is made anew is dropped on the way. With `PRAGMA foreign_keys` on, that deletes its
rows first, and what refers to them goes along or forbids it. The drop is tried on a copy in memory,
just before it happens, so everything else of the step is as it is.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

from .protocol import ROW_LIMIT, Reached
from .sqlite_catalog import fetched, quote

_DROP = re.compile(r"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([\"`\[]?)(\w+)[\"`\]]?\s*;?\s*$", re.I)
_OFF = re.compile(r"\s*PRAGMA\s+foreign_keys\s*=\s*['\"]?(?:0|off|false|no)\b", re.I)
_COPY = "_alembic_tmp_"  # how Alembic begins the name of a table that takes the place of another
_CHILDREN = (
    'SELECT m.name, f."from", f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f '
    "WHERE m.type = 'table'"
)
_MADE = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') "
    "AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'index'"
)
Counts = dict[tuple[str, str], int]  # rows by (table, ""), values of a key by (table, column)


class UnenforcedKeys:
    """The drops of one step."""

    def __init__(self) -> None:
        self._off = False  # by the step itself
        self._tried: dict[str, Reached] = {}

    def hear(self, raw: sqlite3.Connection, sql: str) -> None:
        """Try what the statement is about to drop, where `raw` enforces no keys."""
        if _OFF.match(sql) and not raw.in_transaction:
            self._off = True
        drop = _DROP.match(sql)
        if drop and not self._off:
            tried = _tried(raw, drop[2])
            if tried is not None:
                self._tried[drop[2].lower()] = tried

    def of_tables_anew(self, raw: sqlite3.Connection) -> list[Reached]:
        """Return what the drops would reach of tables that are there again."""
        cursor = raw.cursor(sqlite3.Cursor)
        cursor.row_factory = None
        found = cursor.execute("SELECT lower(name) FROM sqlite_master WHERE type = 'table'")
        there = {row[0] for row in found.fetchall()} if self._tried else set()
        return [tried for name, tried in self._tried.items() if name in there]


def _tried(raw: sqlite3.Connection, table: str) -> Reached | None:
    """Return what dropping the table reaches, None where that is nothing or cannot be tried."""
    cursor = raw.cursor(sqlite3.Cursor)
    cursor.row_factory = None
    if cursor.execute("PRAGMA foreign_keys").fetchone()[0]:  # then it is seen by what goes
        return None
    keys = cursor.execute(_CHILDREN).fetchall()
    if not any(parent.lower() == table.lower() for _, _, parent in keys):
        return None
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        try:
            _copy(cursor, {name.lower() for key in keys for name in (key[0], key[2])}, copy)
            before = _counts(copy, keys)
            copy.execute("PRAGMA foreign_keys = ON")
            copy.execute(f"DROP TABLE {quote(table)}")
        except sqlite3.IntegrityError as error:
            return Reached(table, [], str(error))
        except (sqlite3.Error, UnicodeError):  # a function of the project's own in an index, say
            return None
        lines = _difference(before, _counts(copy, keys))
    return Reached(table, lines, "") if lines else None


def _copy(cursor: sqlite3.Cursor, names: set[str], copy: sqlite3.Connection) -> None:
    """Copy tables by hand: SQLite's own backup waits for the end of what is being written."""
    copy.execute("PRAGMA ignore_check_constraints = ON")
    made = cursor.execute(_MADE).fetchall()
    for kind, name, owner, sql in made:
        if owner.lower() not in names:
            continue
        copy.execute(sql)
        if kind == "table":
            columns = [
                row[1] for row in cursor.execute(f"PRAGMA table_info({quote(name)})").fetchall()
            ]
            listed = ", ".join(map(quote, columns))
            rows = fetched(cursor, f"SELECT {listed} FROM {quote(name)} LIMIT {ROW_LIMIT}")
            marks = ", ".join("?" * len(columns))
            copy.executemany(f"INSERT INTO {quote(name)} ({listed}) VALUES ({marks})", rows)


def _counts(copy: sqlite3.Connection, keys: list[tuple[str, str, str]]) -> Counts:
    there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master").fetchall()}
    asked = dict.fromkeys((name, part) for name, column, _ in keys for part in ("", column))
    return {
        (name, column): _count(copy, name, quote(column) if column else "*")
        for name, column in asked
        if name in there
    }


def _count(copy: sqlite3.Connection, table: str, what: str) -> int:
    found: tuple[Any, ...] = copy.execute(f"SELECT count({what}) FROM {quote(table)}").fetchone()
    return int(found[0])


def _difference(before: Counts, after: Counts) -> list[str]:
    lines = []
    for (table, column), count in before.items():
        left = after.get((table, column), count)
        rows_went = after.get((table, ""), 0) < before[table, ""]
        if left < count and not (column and rows_went):
            name = table[len(_COPY) :] if table.startswith(_COPY) else table
            what = f"values of {name}.{column}" if column else f"rows in {name}"
            lines += [f"- {count} {what}", f"+ {left} {what}"]
    return lines
