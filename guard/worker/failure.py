"""A failed step in words: what went wrong, in which line of the revision, and whose fault it is."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import re
import sqlite3
import traceback
from typing import Any, NamedTuple

import sqlalchemy
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, StatementError

import alembic

from .backends.errors import said_by_server
from .backends.mysql_errors import with_tables
from .backends.said import Said
from .fence import RefusedError
from .limits import beyond_sqlite
from .made_up import is_of_made_up_rows

_LIBRARIES = tuple(
    os.path.dirname(os.path.abspath(module.__file__)) + os.sep
    for module in (alembic, sqlalchemy)
    if module.__file__
)
_BATCH_COPY = re.compile(
    "_alembic_tmp_(?=\\w)"
)  # the table that batch mode rebuilds is what users know
_MOST = 2000  # characters of an error or a statement


class Failure(NamedTuple):
    """`step`: upgrade or downgrade; `of_made_up_rows`: code that tripped over a made-up value.

    `declared`: the revision itself raised it, `outright` whatever the database holds.
    `limit`: why the scratch server cannot do what another server may well do; `refused`: the fence
    refused what it reached for.
    """

    revision: str
    step: str
    error: str
    sql: str | None
    path: str
    line: int
    of_made_up_rows: bool
    declared: bool
    outright: bool
    limit: str | None
    refused: bool

    def where(self) -> dict[str, Any]:
        """Return what an event says of the place."""
        return {"revision": self.revision, "path": self.path, "line": self.line}


def failure_of(
    error: BaseException, script: Script, step: str, server: str | None, refused: str = ""
) -> Failure:
    """Return what `error` says of the step of the revision that raised it.

    `server`: the dialect that the revision is for, "" where nobody said, None for SQLite. `refused`
    is what the fence says of the error, "" where it is not of its making.
    """
    path = str(script.path)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_same(frame.filename, path)]
    line = own[-1].lineno if own else None
    sql = error.statement if isinstance(error, StatementError) else None
    said = said_by_server(getattr(error, "orig", None) or error)
    refused = refused or (said.denied if said else "")
    return Failure(
        revision=script.revision,
        step=step,
        error=(refused or describe(error))[:_MOST],
        sql=sql and _BATCH_COPY.sub("", sql.strip())[:_MOST],
        path=path,
        line=line or place_of(script, step)["line"],
        of_made_up_rows=is_of_made_up_rows(error),
        declared=_is_declared(error, frames, path),
        outright=line is not None and _is_outright(path, line, step),
        limit=None if refused else _limit(error, said, server),
        refused=bool(refused),
    )


def _limit(error: BaseException, said: Said | None, server: str | None) -> str | None:
    if server is not None:
        return beyond_sqlite(error, server)
    return f"the scratch server lacks {said.lacks}" if said and said.lacks else None


def place_of(script: Script, direction: str) -> dict[str, Any]:
    """Return the file and the line of the revision's `def upgrade` or `def downgrade`."""
    function = getattr(script.module, direction, None)
    code = getattr(function, "__code__", None)
    path = str(script.path)
    if code is None or not is_same(code.co_filename, path):
        return {"path": path, "line": 1}
    return {"path": path, "line": code.co_firstlineno}


def is_same(path: str, other: str) -> bool:
    """Return whether both are the path of one file."""
    return path == other or _real(path) == _real(other)


@functools.lru_cache(maxsize=4096)
def _real(path: str) -> str:
    """Return the path without links: of every frame of every statement, it would cost much."""
    return os.path.realpath(path)


def describe(error: BaseException) -> str:
    """Return an exception's own words, without the library's frame around them."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return with_tables(describe(error.orig), error.statement or "")
    said = said_by_server(error)
    if said is not None:
        return said.text.strip().rstrip(".")
    if isinstance(error, SystemExit):
        return f"the migration ended the process: sys.exit({error.code!r})"
    words = str(error).strip().rstrip(".")  # a sentence goes on after it
    words = re.sub(r" at 0x[0-9a-fA-F]+", "", words)  # equal runs give equal reports
    words = _BATCH_COPY.sub("", words)
    if (
        isinstance(error, (sqlite3.Error, CommandError, RefusedError, NotImplementedError))
        and words
    ):
        return words
    words = re.sub(r"\n\[SQL: .*", "", words, flags=re.DOTALL)  # also where another error holds it
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _is_outright(path: str, line: int, function: str) -> bool:
    """Return whether the line is a raise that stands under no condition of the function."""
    try:
        with open(path, "rb") as file:
            module = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(statement, ast.Raise) and statement.lineno <= line <= (statement.end_lineno or 0)
        for definition in module.body
        if isinstance(definition, ast.FunctionDef) and definition.name == function
        for statement in definition.body
    )


def _is_declared(error: BaseException, frames: traceback.StackSummary, path: str) -> bool:
    if not frames or isinstance(error, (SystemExit, KeyboardInterrupt, AssertionError)):
        return False
    last = frames[-1]
    if is_same(last.filename, path):
        line = linecache.getline(last.filename, last.lineno or 0)
        return line.lstrip().startswith("raise")
    return isinstance(error, (NotImplementedError, CommandError)) and not os.path.abspath(
        last.filename
    ).startswith(_LIBRARIES)
