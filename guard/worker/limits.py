"""What only SQLite cannot do: a failure for it says nothing of a revision for another server."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy.exc import ArgumentError, CompileError, DBAPIError, StatementError

# What the error says, and the reason that a user is told; groups of the first fill the second.
_OF_THE_DATABASE = (
    (r'near "(.+)": syntax error', "SQLite does not know the syntax near {0}"),
    (r'unrecognized token: "(.*)"', "SQLite does not know the syntax at {0}"),
    (r"incomplete input", "SQLite does not know the syntax"),
    (r"(?:no such|unknown) function: ([^\s()]+)", "SQLite has no function {0}"),
    (r"wrong number of arguments to function (\S+)\(\)", "SQLite has another function {0}"),
    (r"unable to use function (\S+)", "SQLite has another function {0}"),
    (r"no such collation sequence: (\S+)", "SQLite has no collation {0}"),
    (r"unknown database (\S+)", "SQLite has no schema {0}"),
    (r"no such module: (\S+)", "SQLite has no module {0}"),
    (
        r"no such table: ((?:information_schema|pg_\w+|mysql|performance_schema|sys)\b\S*)",
        "SQLite has no {0}",
    ),
    (r"unknown or unsupported join type: (.+)", "SQLite has no join {0}"),
    (r"Cannot add a (UNIQUE|PRIMARY KEY|REFERENCES) column", "SQLite cannot add a {0} column"),
    (r"Cannot add a column with non-constant default", "SQLite adds no column with such a default"),
    (r"cannot drop (UNIQUE|PRIMARY KEY) column", "SQLite cannot drop a {0} column"),
    (r"error in (?:index|table) \S+ after drop column", "SQLite drops no column that is in use"),
    (r"within a transaction|no transaction is active", "SQLite has its own transactions"),
    (r"only execute one statement at a time", "SQLite runs one statement at a time"),
    (r"type '(\w+)' is not supported|unsupported type", "SQLite cannot store such a value"),
)  # fmt: skip
_OF_MYSQL = ((r"index (\S+) already exists", "SQLite's index names are one for all tables ({0})"),)
_OF_SQLALCHEMY = (
    (r"can't render element of type (?:<class '[\w.]*?)?(\w+)'?", "SQLite has no {0}"),
    (r"(?i)\bsqlite\b|\bdialect\b", "SQLAlchemy has no such statement for SQLite"),
)
_OF_THE_DRIVER = re.compile(
    r"'(?:\w+\.)*_?(?:Connection|Cursor|SQLite\w*)' object has no attribute '(\w+)'"
)


def beyond_sqlite(error: BaseException, server: str) -> str | None:
    """Return why SQLite cannot do what `server` may well do; None for any other failure."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return beyond_sqlite(error.orig, server)
    words = str(error)
    if isinstance(error, (sqlite3.Error, sqlite3.Warning)):
        mysql = server in ("mysql", "mariadb")
        return _first(words, (*_OF_THE_DATABASE, *(_OF_MYSQL if mysql else ())))
    if isinstance(error, NotImplementedError) and "SQLite dialect" in words:
        return "SQLite cannot ALTER constraints"
    if isinstance(error, (CompileError, StatementError)):
        return _first(words, _OF_SQLALCHEMY)
    if isinstance(error, ArgumentError) and "isolation_level" in words:
        return "SQLite has other isolation levels"
    if isinstance(error, AttributeError):
        found = _OF_THE_DRIVER.search(words)
        return found and f"SQLite's driver has no {found[1]}()"
    return None


def _first(words: str, known: tuple[tuple[str, str], ...]) -> str | None:
    for pattern, reason in known:
        found = re.search(pattern, words, re.DOTALL)
        if found:
            return reason.format(*(group or "" for group in found.groups()))
    return None
