"""A few rows for every table: what an empty database hides comes to light over them.

One row with every nullable column NULL, the others filled, equal where nothing says unique.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .backends.protocol import Column, Database, RowRefusedError, State, Table
from .json_shapes import Shape, Shapes
from .sqltext import tokens

FIRST_NUMBER = 1001  # a migration that writes its own keys starts at 1
MOST_ROWS = 40  # of a table that changes again and again
_SHAPE = re.compile(r"\(*'(\[\]|\{\})'\)*")  # of JSON, as a column's default shows it
MOST_TRIES = 200  # of values for one row that a CHECK refuses


class Seeder:
    """Keeps every table of one database filled; `notes` says which could not be, and why.

    `shapes` are those of JSON that the revisions take apart, by column.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._seeded: dict[str, tuple[Column, ...]] = {}  # columns when rows were last put in
        self._next = FIRST_NUMBER
        self.rows = 0
        self.notes: dict[str, str] = {}

    def forget(self) -> None:
        """The database was put back to one without rows."""
        self._seeded = {}

    def seed(self, database: Database) -> State:
        """Put rows where a table is new, changed or empty; return what the database holds then."""
        state = database.snapshot()
        unsettled = sorted(database.unsettled & state.tables.keys())
        database.unsettled = set()
        poor = [name for name in unsettled if self._needs_rows(name, state)]
        if not poor:
            return state
        for name in _parents_first(poor, state.tables):
            self._fill(database, name, state)
        database.keep()
        state = database.snapshot()
        database.unsettled = set()
        return state

    def _needs_rows(self, name: str, state: State) -> bool:
        table, rows = state.tables[name], state.rows.get(name, ())
        if not table.columns or name.startswith("_alembic_tmp_"):
            return False
        changed = self._seeded.get(name) != table.columns
        return not rows or (changed and len(rows) < MOST_ROWS)

    def _fill(self, database: Database, name: str, state: State) -> None:
        table = state.tables[name]
        self._seeded[name] = table.columns
        made = 0
        for filled in (False, True, True):
            try:
                made += self._insert(database, name, table, filled)
            except RowRefusedError as error:
                if not made and not state.rows.get(name):
                    self.notes[name] = str(error)
                break
        self.rows += made

    def _insert(self, database: Database, name: str, table: Table, filled: bool) -> int:
        number = self._next
        self._next += 1
        row = self._row(database, table, number, filled)
        refused: RowRefusedError | None = None
        for values in itertools.islice(_variants(row, table), MOST_TRIES):
            try:
                database.put(name, values)
            except RowRefusedError as error:
                refused = error
                if not error.by_check:
                    break
            else:
                return 1
        assert refused
        raise refused

    def _row(self, database: Database, table: Table, number: int, filled: bool) -> dict[str, Any]:
        alone = {unique[0] for unique in _keys(table) if len(unique) == 1}
        together = {column for unique in _keys(table) for column in unique}
        row = {}
        for column in table.columns:
            if column.generated or (column.nullable and not filled):
                continue
            unique = column.name in alone or column.name in together
            shape = self._shapes.get(column.name.lower())
            chosen = number if unique else FIRST_NUMBER
            row[column.name] = database.value(column, chosen, shape)
        nullable = {column.name for column in table.columns if column.nullable}
        choice = number  # walks through all combinations of parents, one by one
        for key in table.foreign_keys:
            if any(column in row for column in key.columns):
                parents = database.parent_keys(key)
                parent = parents[choice % len(parents)] if parents else itertools.repeat(None)
                choice = choice // (len(parents) or 1)
                for name, value in zip(key.columns, parent):
                    if value is not None or name in nullable:
                        row[name] = value
        return row


def value_for(column: Column, number: int, used: Shape | None = None) -> Any:
    """Return a value that a column of this type may well hold, another for each number.

    `used` is the shape in which code takes it apart, as far as that is JSON.
    """
    kind = column.type.upper()
    size = re.search(r"\((\d+)", kind)
    if "BOOL" in kind:
        return number % 2
    if "INT" in kind or "SERIAL" in kind:
        return number
    shape = _SHAPE.fullmatch(column.default or "")
    is_text = "CHAR" in kind or "TEXT" in kind
    if "JSON" in kind or (is_text and (shape or (used and used.text))):
        return _json(shape[1] if shape else None, number, used)
    if "DATETIME" in kind or "TIMESTAMP" in kind:
        return f"20{10 + number % 20}-01-31 12:30:00.000000"
    if "DATE" in kind:
        return f"20{10 + number % 20}-01-31"
    if "TIME" in kind:
        return f"12:{number % 60:02}:00.000000"
    if "UUID" in kind:
        return f"{number:032x}"
    if any(word in kind for word in ("NUM", "DEC", "REAL", "FLOA", "DOUB", "MONEY")):
        return number + 0.25
    if "BLOB" in kind or "BINARY" in kind or "BYTEA" in kind:
        return f"{number}".encode()
    if "CHAR(32)" in kind or "CHAR(36)" in kind:
        return f"{number:032x}"  # how SQLAlchemy keeps a UUID
    text = f"Ünï {number}"
    return text[-int(size[1]) :] if size else text


def _json(default: str | None, number: int, used: Shape | None) -> str:
    """Return JSON as the code takes it apart, unless the column's default is another kind."""
    plain: Any = [number] if default == "[]" else {"a": number}
    made = used.value(number) if used and used.known else plain
    return json.dumps(made if default is None or type(made) is type(plain) else plain)


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    if table.primary_key:
        yield table.primary_key
    yield from table.uniques


def _variants(row: dict[str, Any], table: Table) -> Iterator[dict[str, Any]]:
    """Yield the row, then ones with other values where a CHECK names the column."""
    yield row
    choices: dict[str, list[Any]] = {}
    for column in table.columns:
        if column.generated or column.name in table.primary_key:
            continue
        checks = [tokens(check) for check in table.checks]
        naming = [words for words in checks if column.name.lower() in map(str.lower, words)]
        if naming:
            base = row.get(column.name)
            values = [base, *(value for words in naming for value in _literals(words)), 1, 0]
            if isinstance(base, str):
                values.append(base[:1])
            choices[column.name] = [*dict.fromkeys([*values, None] if column.nullable else values)]
    for combination in itertools.product(*choices.values()):
        yield {**row, **dict(zip(choices, combination))}


def _literals(words: Iterable[str]) -> Iterator[Any]:
    for word in words:
        if word.startswith("'"):
            yield word[1:-1].replace("''", "'")
        elif re.fullmatch(r"\d+", word):
            yield int(word)
            yield int(word) + 1
            yield int(word) - 1
        elif re.fullmatch(r"\d*\.\d+", word):
            yield float(word)


def _parents_first(names: list[str], tables: dict[str, Table]) -> list[str]:
    ordered: dict[str, None] = {}
    wanted = set(names)
    waiting = list(reversed(names))
    seen: set[str] = set()
    while waiting:
        name = waiting[-1]
        seen.add(name)
        parents = {key.parent for key in tables[name].foreign_keys} & wanted - seen
        if parents:
            waiting += sorted(parents)
        else:
            ordered[waiting.pop()] = None
    return list(ordered)
