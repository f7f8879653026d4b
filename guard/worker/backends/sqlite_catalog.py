"""What a SQLite database holds: tables, their columns and keys, everything else, and the rows."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from ..sqltext import after, parts, plain, same, tokens, unwrapped
from .protocol import ROW_LIMIT, Column, ForeignKey, State, Table

_MASTER = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"
_ROW_ACTIONS = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_TABLE_ACTIONS = {
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_CREATE_VTABLE,
    sqlite3.SQLITE_DROP_TABLE,
    sqlite3.SQLITE_DROP_VIEW,
    sqlite3.SQLITE_DROP_VTABLE,
}
_PART_ACTIONS = {
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_CREATE_TRIGGER,
    sqlite3.SQLITE_DROP_INDEX,
    sqlite3.SQLITE_DROP_TRIGGER,
}
CHANGES = {sqlite3.SQLITE_ALTER_TABLE, *_ROW_ACTIONS, *_TABLE_ACTIONS, *_PART_ACTIONS}
_OF_ONE_TABLE = re.compile(r"\s*ALTER\s+TABLE\s+\S+\s+(?:ADD|DROP)\b", re.IGNORECASE)

Definition = tuple[tuple[str, str, str], ...]  # of a table and its parts: (type, name, SQL)


def quote(name: str) -> str:
    """Return `name` as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


class Catalog:
    """What one database holds, read again only where something changed."""

    def __init__(self, hidden: str) -> None:
        self._hidden = hidden  # Alembic's own table
        self.longer: set[str] = set()  # tables of which no more than the first rows were read
        self._known: dict[tuple[str, Definition], Table] = {}
        self.forget()

    def forget(self) -> None:
        """Read everything again next time: the file was replaced."""
        self._rows_changed: set[str] = set()
        self._redefined: set[str] = set()
        self._everything = True
        self._state = State({}, {}, {})
        self._definitions: dict[str, Definition] = {}
        self.unsettled: set[str] = set()  # tables that changed since rows were last put in

    def rows_changed(self, table: str) -> None:
        """Read the rows of a table again next time."""
        self._rows_changed.add(table)

    def touched(self, action: int, first: str, second: str, sql: str) -> None:
        """Take down what a statement is about to do, as SQLite's authorizer says it."""
        if action in _ROW_ACTIONS:
            self._rows_changed.add(first)
        elif action in _TABLE_ACTIONS:
            self._redefined.add(first)
        elif action in _PART_ACTIONS:
            self._redefined.add(second)
        elif action == sqlite3.SQLITE_ALTER_TABLE:
            self._redefined.add(second)
            if not _OF_ONE_TABLE.match(sql):
                self._everything = True  # a rename changes whatever refers to it

    def read(self, connection: sqlite3.Connection) -> State:
        """Return what the database holds now; what did not change stays the very same object."""
        cursor = connection.cursor(sqlite3.Cursor)
        cursor.row_factory = None
        stale = set(self._rows_changed)
        if self._everything or self._redefined:
            stale |= self._read_schema(cursor)
        tables, others, rows = self._state
        if stale:
            rows = dict(rows)
            for name in sorted(stale):
                if name in tables:
                    rows[name] = _read_rows(cursor, name, tables[name])
                    if len(rows[name]) == ROW_LIMIT:
                        self.longer.add(name)
                    self.unsettled.add(name)
                else:
                    rows.pop(name, None)
        self._rows_changed, self._redefined, self._everything = set(), set(), False
        self._state = State(tables, others, rows)
        return self._state

    def _read_schema(self, cursor: sqlite3.Cursor) -> set[str]:
        """Read what was redefined, or all; return the names whose definition is another now."""
        found = self._read_definitions(cursor)
        names = {*found, *self._definitions} if self._everything else self._redefined
        changed = {name for name in names if found.get(name) != self._definitions.get(name)}
        tables, others = dict(self._state.tables), dict(self._state.others)
        for name in sorted(changed):
            tables.pop(name, None)
            for _, part, _ in self._definitions.pop(name, ()):
                others.pop((name, part), None)
            if name not in found:
                continue
            self._definitions[name] = found[name]
            own = tuple(part for part in found[name] if part[0] in ("table", "index"))
            if own and name != self._hidden and not name.startswith("sqlite_"):
                tables[name] = self._described(cursor, name, own)
            for kind, part, sql in found[name]:
                if kind not in ("table", "index"):
                    others[name, part] = f"{kind} {part}: {plain(sql)}"
        self._state = self._state._replace(tables=tables, others=others)
        return changed

    def _read_definitions(self, cursor: sqlite3.Cursor) -> dict[str, Definition]:
        """Return the tables and views that may be others now, each with all that hangs on it."""
        if self._everything:
            rows = cursor.execute(_MASTER).fetchall()
        else:
            marks = ", ".join("?" * len(self._redefined))
            query = f"{_MASTER} WHERE tbl_name IN ({marks})"
            rows = cursor.execute(query, [*self._redefined]).fetchall()
        found: dict[str, Definition] = {}
        for kind, name, owner, sql in rows:
            found[owner] = (*found.get(owner, ()), (kind, name, sql))
        return found

    def _described(self, cursor: sqlite3.Cursor, name: str, definition: Definition) -> Table:
        """Return the table; the second of two equal definitions is known: up, down and up."""
        key = (name, definition)
        if key not in self._known:
            self._known[key] = _describe(cursor, name, definition)
        return self._known[key]


def _read_rows(cursor: sqlite3.Cursor, name: str, table: Table) -> list[tuple[Any, ...]]:
    """Return the rows, also those whose text is no UTF-8."""
    columns = ", ".join(quote(column.name) for column in table.columns)
    query = f"SELECT {columns} FROM {quote(name)} LIMIT {ROW_LIMIT}"
    return fetched(cursor, query)


def fetched(cursor: sqlite3.Cursor, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, with text that is no UTF-8 as Python keeps odd file names."""
    connection = cursor.connection
    reads, connection.text_factory = connection.text_factory, _text
    try:
        return cursor.execute(query).fetchall()
    finally:
        connection.text_factory = reads


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _describe(cursor: sqlite3.Cursor, name: str, master: Definition) -> Table:
    sql = next((sql for kind, _, sql in master if kind == "table"), "")
    if tokens(sql)[1:2] == ["VIRTUAL"]:
        return Table((), (), (), (), (), {f"virtual {name}".lower(): plain(sql)})
    pieces = [piece for piece in parts(sql) if piece]
    written = {piece[0].lower(): piece for piece in pieces}
    found = cursor.execute(f"PRAGMA table_xinfo({quote(name)})").fetchall()
    keyed = sorted((row for row in found if row[5]), key=lambda row: row[5])
    primary_key = tuple(row[1] for row in keyed)
    columns = tuple(
        Column(row[1], row[2], not (row[3] or row[5]), row[4], row[6] in (2, 3)) for row in found
    )
    uniques, indexes = _uniques_and_indexes(cursor, name, master)
    foreign_keys, references = _foreign_keys(cursor, name)
    checks = tuple(unwrapped(check) for piece in pieces for check in after(piece, "CHECK"))
    shown = [f"table {name}"]
    shown += [_column_line(name, column, written) for column in columns]
    if primary_key:
        shown.append(f"primary key of {name} ({', '.join(primary_key)})")
    shown += references
    shown += [f"check on {name}: {check}" for check in checks]
    shown += indexes
    tail = tokens(sql[sql.rfind(")") + 1 :])
    shown += [f"table {name} {' '.join(tail).upper()}"] if tail else []
    lines = {same(line): line for line in shown}
    return Table(columns, primary_key, tuple(sorted(uniques)), tuple(foreign_keys), checks, lines)


def _column_line(table: str, column: Column, written: dict[str, list[str]]) -> str:
    words = written.get(column.name.lower(), [])
    upper = [word.upper() for word in words]
    line = f"column {table}.{column.name} {' '.join(column.type.upper().split())}"
    if not column.nullable:
        line += " NOT NULL"
    if column.default is not None and _default(column.default) != "NULL":
        line += f" DEFAULT {_default(column.default)}"
    if "COLLATE" in upper[1:-1]:
        line += f" COLLATE {words[upper.index('COLLATE', 1) + 1]}"
    if column.generated:
        stored = "STORED" if "STORED" in upper else "VIRTUAL"
        line += f" AS ({'; '.join(after(words, 'AS'))}) {stored}"
    if "AUTOINCREMENT" in upper:
        line += " AUTOINCREMENT"
    return line.replace(", ", ",").replace(" (", "(")


def literal_default(sql: str | None) -> str | None:
    """Return a default as it means, booleans as the numbers that they are; None for none."""
    if sql is None:
        return None
    text = _default(sql)
    unquoted = text.strip("'").upper()
    return {"TRUE": "1", "FALSE": "0"}.get(unquoted, text)


def _default(sql: str) -> str:
    """Return a default as it means: without parentheses around it or quotes around a number."""
    text = re.sub(r"^([-+]) (?=[\d.])", r"\1", plain(sql))
    while text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]:
        text = text[1:-1].strip()
    number = re.fullmatch(r"'(-?\d+(?:\.\d+)?)'", text)
    if number:
        return number[1]
    return text.upper() if re.fullmatch(r"\w+", text) else text


def _uniques_and_indexes(
    cursor: sqlite3.Cursor, table: str, master: Definition
) -> tuple[set[tuple[str, ...]], list[str]]:
    """Return what must be unique, by whatever makes it so, and the lines that describe it."""
    uniques, lines = set(), []
    sql_of = {name: sql for kind, name, sql in master if kind == "index"}
    for row in cursor.execute(f"PRAGMA index_list({quote(table)})").fetchall():
        name, unique, origin = row[1], row[2], row[3]
        columns = tuple(
            column[2] for column in cursor.execute(f"PRAGMA index_info({quote(name)})").fetchall()
        )
        if unique and None not in columns:
            uniques.add(columns)  # of a partial index too: unique for all rows is not wrong
        if origin == "u":
            lines.append(f"unique on {table} ({', '.join(columns)})")
        if origin == "c":
            kind = "unique index" if unique else "index"
            lines.append(f"{kind} {name} on {table} {_of_index(cursor, name, sql_of[name])}")
    return uniques, lines


def _of_index(cursor: sqlite3.Cursor, name: str, sql: str) -> str:
    """Return the columns or expressions of an index, and which rows it is for."""
    written = [piece for piece in parts(sql) if piece]
    shown = []
    found = cursor.execute(f"PRAGMA index_xinfo({quote(name)})").fetchall()
    for piece, (_, _, column, descends, collation, key) in zip(written, found):
        if not key:
            continue
        expression = [word for word in piece if word.upper() not in ("ASC", "DESC")]
        words = plain(" ".join(expression)) if column is None else column
        if column is not None and collation != "BINARY":
            words += f" COLLATE {collation}"
        shown.append(words + " DESC" * descends)
    words = tokens(sql)
    upper = [word.upper() for word in words]
    where = ""
    if "WHERE" in upper:
        rest = plain(" ".join(word for word in words[upper.index("WHERE") + 1 :] if word != ";"))
        where = f" WHERE {unwrapped(rest)}"
    return f"({', '.join(shown)}){where}"


def _foreign_keys(cursor: sqlite3.Cursor, table: str) -> tuple[list[ForeignKey], list[str]]:
    by_id: dict[int, list[Any]] = {}
    for row in cursor.execute(f"PRAGMA foreign_key_list({quote(table)})").fetchall():
        by_id.setdefault(row[0], []).append(row)
    keys, lines = [], []
    for rows in by_id.values():
        rows.sort(key=lambda row: row[1])
        columns = tuple(row[3] for row in rows)
        parents = tuple(row[4] for row in rows if row[4] is not None)
        parent, on_update, on_delete = rows[0][2], rows[0][5], rows[0][6]
        keys.append(ForeignKey(columns, parent, parents))
        line = f"foreign key on {table} ({', '.join(columns)}) to {parent}"
        line += f" ({', '.join(parents)})" if parents else ""
        line += f" ON UPDATE {on_update}" if on_update != "NO ACTION" else ""
        line += f" ON DELETE {on_delete}" if on_delete != "NO ACTION" else ""
        lines.append(line)
    return keys, lines
