"""A revision run for what it leaves behind: what fails in it is passed over, the rest is done.

The revisions after one that cannot be run whole here (it needs another server, or tables that no
revision makes) are tested on as much of its schema as there can be.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Callable

import sqlalchemy
from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler, SQLiteTypeCompiler
from sqlalchemy.engine import Engine

from .backends.mysql_errors import with_tables
from .failure import describe
from .sqltext import statements

_CAST = re.compile(r"::\s*(?:\"\w+\"|\w+)(?:\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))?(?:\[\])*")
_CALL_AS_DEFAULT = re.compile(r"\bDEFAULT\s+[\w.]+\s*\([^()]*\)", re.IGNORECASE)
_LITERAL = re.compile(
    r"\(?(?:'(?:[^']|'')*'|[-+]?[\d.]+|NULL|TRUE|FALSE|CURRENT_\w+)\)?", re.IGNORECASE
)
_SELECTS = re.compile(r"\s*(?:SELECT|WITH|VALUES|SHOW)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d]\w+")
_BATCH = re.compile(r'\s*CREATE\s+TABLE\s+"?_alembic_tmp_(\w+)', re.IGNORECASE)
_DROP = re.compile(r'\s*DROP\s+TABLE\s+"?(\w+)', re.IGNORECASE)
# How errors name what they miss, or find although it should be gone.
_NAMED = re.compile(
    r"no such \w+: \"?(?:\w+\.)*(\w+)|has no column named (\w+)|NoSuchTableError: (?:\w+\.)*(\w+)|"
    r"KeyError: '(\w+)'|No such constraint: '(\w+)'|could not find table '(\w+)'|"
    r"\"?(\w+)\"? already exists|duplicate column name: (\w+)|\"(?:\w+\.)*(\w+)\" does not exist|"
    r"'(?:\w+\.)?(\w+)' (?:doesn't exist|already exists)|Duplicate (?:column|key) name '(\w+)'|"
    r"Unknown (?:table|column) '(?:\w+\.)?(\w+)'|Can't DROP .*?[`'](\w+)[`']; check that"
)
_TABLE = re.compile(
    r"no such table: \"?(?:\w+\.)*(\w+)|NoSuchTableError: (?:\w+\.)*(\w+)|"
    r"could not find table '(\w+)'|(?:relation|table) \"(?:\w+\.)*(\w+)\" does not exist|"
    r"Table '(?:\w+\.)?(\w+)' doesn't exist|Unknown table '(?:\w+\.)?(\w+)'|"
    r"(?:which refers to|open the referenced) table '(\w+)'"
)
_INDEX = re.compile(
    r"no such index: (\w+)|index \"(?:\w+\.)*(\w+)\" does not exist|"
    r"Can't DROP .*?[`'](\w+)[`']; check that"
)
# What a line of a schema's difference is about.
_DIFFERENT = re.compile(r"[-+] (?:table (\w+)$|column (\w+)\.(\w+)|index (\w+) on (\w+))")


def missing_table(error: str) -> str | None:
    """Return the table that an error misses."""
    found = _TABLE.search(error)
    return next(filter(None, found.groups()), None) if found else None


def missing_index(error: str) -> str | None:
    """Return the index that an error misses."""
    found = _INDEX.search(error)
    return next(filter(None, found.groups()), None) if found else None


class Lenient:
    """Passes over what fails while it runs a revision, and remembers what that would have made."""

    def __init__(self) -> None:
        self._active = False
        self._revision = ""
        self._missing: dict[str, str] = {}  # a name in what was passed over: the revision
        self.absent: dict[str, None] = {}  # tables that statements looked for
        self._kept: set[str] = set()  # tables whose rebuilt copy could not be made

    @contextlib.contextmanager
    def run(self, revision: str) -> Iterator[None]:
        """Pass over what fails inside; an error that no statement raised still comes out."""
        self._active, self._revision = True, revision
        self._kept.clear()
        try:
            yield
        finally:
            self._active = False

    def without(self, revision: str, text: str) -> None:
        """Take down the names in something of the revision that was not done."""
        for word in _WORD.findall(text):
            self._missing.setdefault(word.lower(), revision)

    def _look_for(self, error: str) -> None:
        table = missing_table(error)
        if table:
            self.absent[table] = None

    def to_blame(self, error: str) -> str | None:
        """Return the revision that would have made, or removed, what the error speaks of."""
        found = _NAMED.search(error)
        name = next(filter(None, found.groups()), "") if found else ""
        return self._missing.get(name.lower())

    def explains(self, line: str) -> str | None:
        """Return the revision in whose stead a line of a schema differs: it names all of it."""
        found = _DIFFERENT.match(line.lower())
        named = [name for name in found.groups() if name] if found else []
        if named and all(name in self._missing for name in named):
            return self._missing[named[0]]
        return None

    def install(self) -> None:
        """Stand at every place where SQLAlchemy and Alembic hand a statement on."""
        event.listen(Engine, "do_execute", self._execute)
        for name in ("_exec", "add_constraint", "drop_constraint"):
            if hasattr(SQLiteImpl, name):
                setattr(SQLiteImpl, name, self._passing_over(getattr(SQLiteImpl, name)))
        unsupported = SQLiteTypeCompiler.visit_unsupported_compilation
        default = SQLiteDDLCompiler.get_column_default_string

        def visit_unsupported_compilation(*arguments: Any, **named: Any) -> Any:
            return "TEXT" if self._active else unsupported(*arguments, **named)

        def get_column_default_string(compiler: Any, column: Any) -> str | None:
            text = default(compiler, column)
            return _literal(text) if self._active and text is not None else text

        for owner, replacement in (
            (SQLiteTypeCompiler, visit_unsupported_compilation),
            (SQLiteDDLCompiler, get_column_default_string),
        ):
            setattr(owner, replacement.__name__, replacement)

    def _execute_on_server(self, cursor: Any, statement: str, parameters: Any) -> bool:
        """Execute it in a savepoint: a server goes on after a failure only from there."""
        saved = False
        with contextlib.suppress(Exception):  # outside of a transaction there is none
            cursor.execute("SAVEPOINT guard_lenient")
            saved = True
        try:
            cursor.execute(statement, parameters)
        except Exception as error:  # noqa: BLE001 (each driver has errors of its own)
            self.without(self._revision, statement)
            self._look_for(with_tables(describe(error), statement))
            if saved:
                with contextlib.suppress(Exception):  # what commits by itself ends it
                    cursor.execute("ROLLBACK TO SAVEPOINT guard_lenient")
            if _SELECTS.match(statement):
                cursor.execute("SELECT NULL LIMIT 0")
        return True

    def _passing_over(self, really: Callable[..., Any]) -> Callable[..., Any]:
        def perhaps(*arguments: Any, **named: Any) -> Any:
            if not self._active:
                return really(*arguments, **named)
            try:
                return really(*arguments, **named)
            except Exception as error:  # noqa: BLE001 (what it is does not matter any more)
                names = [_described(argument) for argument in arguments[1:]]
                self.without(self._revision, " ".join([*names, str(error)]))
                self._look_for(f"{type(error).__name__}: {error}")
                return None

        return perhaps

    def _execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        if not self._active:
            return None
        if context is not None and context.dialect.name != "sqlite":
            return self._execute_on_server(cursor, statement, parameters)
        dropped = _DROP.match(statement)
        if not (dropped and dropped[1] in self._kept):
            for sql in (statement, plainer(statement)):
                try:
                    cursor.execute(sql, parameters)
                except (sqlite3.Error, sqlite3.Warning) as error:
                    self._look_for(str(error))
                else:
                    return True
        pieces = list(statements(statement))
        if len(pieces) > 1:
            for piece in pieces:
                self._execute(cursor, piece, (), None)
            return True
        self._kept.update(_BATCH.findall(statement))
        self.without(self._revision, statement)
        cursor.execute("SELECT NULL WHERE 0" if _SELECTS.match(statement) else "")
        return True


def plainer(sql: str) -> str:
    """Return `sql` without casts and calls in defaults: the same columns, as SQLite writes them."""
    return _CALL_AS_DEFAULT.sub("DEFAULT ''", _CAST.sub("", sql))


def _literal(default: str) -> str:
    text = _CAST.sub("", default)
    return text if _LITERAL.fullmatch(text) else "''"


def _described(thing: Any) -> str:
    """Return the names that a constraint or a DDL element holds."""
    names = [str(getattr(thing, "name", None) or "")]
    columns = getattr(thing, "columns", ())
    names += [str(column.name) for column in columns if isinstance(column, sqlalchemy.Column)]
    element = getattr(thing, "element", None)
    if element is not None and element is not thing:
        names.append(_described(element))
    return " ".join([*names, str(getattr(thing, "table_name", ""))])
