"""A few rows for every table: what an empty database hides comes to light over them.

Nullable columns NULL and filled, values that are equal where nothing says unique and that differ
by case only where something does, several children of one parent, each literal of a CHECK, and the
numbers and texts at which code breaks: negative, zero, empty.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable, NamedTuple

from .backends.protocol import Column, Database, ForeignKey, RowRefusedError, State, Table
from .checks import choices, literals, solved
from .json_shapes import Shape, Shapes

FIRST_NUMBER = 1001  # a migration that writes its own keys starts at 1
APART = 20_000  # is added to what must be unique and is no key, so that it is no key of a parent
ORDINARY = 42  # a number that is no key of a parent either
MOST_ROWS = 40  # of a table that changes again and again
MOST_LITERALS = 12  # of the CHECKs of one table
MOST_TRIES = 200  # of values for one row that a CHECK refuses
_SHAPE = re.compile(r"\(*'(\[\]|\{\})'\)*")  # of JSON, as a column's default shows it
ALL_ROWS, PLAIN_ROWS, NO_ROWS = "all", "plain", "none"


class Mode(NamedTuple):
    """What one row is like. `like_last`: as the row before it, and by case only another.

    `parent` counts the rows that it may be a child of. `empty`: "" for texts and this for numbers.
    """

    filled: bool = True
    explicit: bool = False  # NULL also where the column has a default
    like_last: bool = False
    parent: int = 0
    empty: int | None = None


NULLS = (Mode(filled=False), Mode(filled=False, explicit=True))
FILLED = (Mode(), Mode(like_last=True), Mode(parent=1))
EDGES = (Mode(parent=2, empty=-1), Mode(parent=3, empty=0))
MODES = {ALL_ROWS: (*NULLS, *FILLED, *EDGES), PLAIN_ROWS: (*NULLS, *FILLED), NO_ROWS: ()}


class Seeder:
    """Keeps every table of one database filled; `notes` says which could not be, and why.

    `shapes` are those of the values that the revisions take apart, by column; `kind` says which
    rows there shall be.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._seeded: dict[str, tuple[Column, ...]] = {}  # columns when rows were last put in
        self._next = FIRST_NUMBER
        self.kind = ALL_ROWS
        self.rows = 0
        self.notes: dict[str, str] = {}

    def forget(self) -> None:
        """The database was put back to one without rows, or shall have others."""
        self._seeded = {}

    def seed(self, database: Database, only: set[str] | None = None) -> State:
        """Put rows where a table is new, changed or empty; return what the database holds then.

        `only`: in no other tables.
        """
        state = database.snapshot()
        unsettled = sorted(database.unsettled & state.tables.keys())
        if only is not None:
            unsettled = [name for name in unsettled if name in only]
        else:
            database.unsettled = set()
        poor = [name for name in unsettled if self._needs_rows(name, state)]
        if not poor:
            return state
        for name in _parents_first(poor, state.tables):
            self._fill(database, name, state)
        database.keep()
        left = database.unsettled
        state = database.snapshot()
        database.unsettled = left - set(poor)
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
        first = self._next
        refers_to_itself = any(key.parent == name for key in table.foreign_keys)
        if database.puts_at_once and not refers_to_itself:  # else a row looks for one before it
            noted: list[dict[str, Any]] = []
            made, _ = self._insert(_Maker(database, name, state, self._shapes, noted.append))
            if database.put_all(name, noted):
                self.rows += made
                return
            self._next = first
        put = functools.partial(database.put, name)
        made, refused = self._insert(_Maker(database, name, state, self._shapes, put))
        if not made and not state.rows.get(name):
            self.notes[name] = refused
        self.rows += made

    def _insert(self, maker: _Maker) -> tuple[int, str]:
        """Return how many rows were put in, and why the first of others was not."""
        made, refused = 0, ""
        for mode in MODES[self.kind]:
            self._next += 1
            try:
                maker.insert(self._next - 1, mode)
                made += 1
            except RowRefusedError as error:
                refused = refused or str(error)
        for column, value in maker.literals():
            self._next += 1
            made += maker.insert_with(self._next - 1, column, value)
        return made, refused


class _Maker:
    """Makes the rows of one table, and gives each to `put`, which may refuse it."""

    def __init__(
        self,
        database: Database,
        name: str,
        state: State,
        shapes: Shapes,
        put: Callable[[dict[str, Any]], None],
    ) -> None:
        self._database = database
        self._name = name
        self._put_in = put
        self._table = table = state.tables[name]
        self._shapes = shapes
        self._alone = {unique[0] for unique in _keys(table) if len(unique) == 1}
        self._unique = {column for unique in _keys(table) for column in unique}
        self._unique |= {column.name for column in table.columns if _is_numbered(column)}
        self._parents = [(key, database.parent_keys(key)) for key in table.foreign_keys]
        self._looks = _looks_foreign(table, state, database)
        self._places = {column.name: place for place, column in enumerate(table.columns)}
        self._last = FIRST_NUMBER
        self._there: dict[str, set[Any]] = {}

    def insert(self, number: int, mode: Mode) -> None:
        """Insert the row of this number; raise RowRefusedError."""
        if mode.like_last:
            try:
                self._put(self._row(self._last, mode, number))
            except RowRefusedError:
                mode = mode._replace(like_last=False)
            else:
                return
        self._put(self._row(number, mode, number))
        self._last = number

    def literals(self) -> list[tuple[str, Any]]:
        """Return the literals of CHECKs, with their columns, that no row holds so far."""
        found = [
            (column.name, value)
            for column in self._table.columns
            if column.name not in self._table.primary_key
            for value in literals(self._table, column.name)
            if isinstance(value, str) == _is_text(column)
            and value not in self._there.get(column.name, ())
        ]
        return [*dict.fromkeys(found)][:MOST_LITERALS]

    def insert_with(self, number: int, column: str, value: Any) -> int:
        """Insert a row that holds a value there, if one may; return how many were."""
        if value in self._there.get(column, ()):  # another one's column had to hold it too
            return 0
        row = self._row(number, Mode(), number)
        made = solved(self._database, self._table, {**row, column: value}, {column})
        if made is None:
            return 0
        try:
            self._take(made)
        except RowRefusedError:
            return 0
        return 1

    def _put(self, row: dict[str, Any]) -> None:
        made = solved(self._database, self._table, row, set())
        others = choices(row, self._table)
        refused: RowRefusedError | None = None
        for values in itertools.islice(
            others if made is None else itertools.chain([made], others), MOST_TRIES
        ):
            try:
                self._take(values)
            except RowRefusedError as error:
                refused = refused or error
                if not error.by_check:
                    break
            else:
                return
        assert refused
        raise refused

    def _take(self, row: dict[str, Any]) -> None:
        self._put_in(row)
        for column, value in row.items():
            self._there.setdefault(column, set()).add(value)

    def _row(self, number: int, mode: Mode, key: int) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for column in self._table.columns:
            if column.generated:
                continue
            if column.nullable and not mode.filled:
                if mode.explicit:
                    row[column.name] = None
                continue
            row[column.name] = self._value(column, number, mode, key)
        self._with_parents(row, mode, key)
        return row

    def _value(self, column: Column, number: int, mode: Mode, key: int) -> Any:
        """Return a value; of `key` is what must be unique beyond any doubt."""
        shape = self._shapes.get(column.name.lower())
        keyed = column.name in self._table.primary_key
        if column.name not in self._unique:
            if column.name in self._looks:
                return self._looks[column.name] if not mode.parent else ORDINARY
            place = 10 * self._places[column.name]  # no two columns hold the same
            plain = FIRST_NUMBER + place + mode.parent
            value = self._database.value(column, plain, shape)
            value = ORDINARY + place if value == plain else value
        elif mode.like_last and _is_text(column) and column.name in self._alone:
            text = self._database.value(column, number, shape)
            value = text.replace("n", "N") if isinstance(text, str) and not shape else text
        else:
            value = self._database.value(column, key, shape)
            value = key + APART if value == key and not keyed else value
        return value if mode.empty is None or keyed else _emptied(column, value, mode.empty)

    def _with_parents(self, row: dict[str, Any], mode: Mode, number: int) -> None:
        nullable = {column.name for column in self._table.columns if column.nullable}
        choice = number  # walks through all combinations of parents, one by one
        for key, known in self._parents:
            if not any(row.get(column) is not None for column in key.columns):
                continue
            parents = self._database.parent_keys(key) if key.parent == self._name else known
            if not parents:
                parent: Iterable[Any] = itertools.repeat(None)
            elif self._unique.isdisjoint(key.columns):
                parent = parents[mode.parent % len(parents)]
            else:
                parent = parents[choice % len(parents)]
                choice = choice // len(parents)
            for name, value in zip(key.columns, parent):
                if value is not None or name in nullable:
                    row[name] = value


def _looks_foreign(table: Table, state: State, database: Database) -> dict[str, Any]:
    """Return columns that seem to refer to a table, without a key that says so, and a row there.

    So that a row has a parent and another has none, whatever the tables are called.
    """
    keyed = {column for key in table.foreign_keys for column in key.columns}
    names = {name.lower(): name for name in state.tables}
    found = {}
    for column in table.columns:
        word = re.sub(r"_?id$", "", column.name.lower())
        if column.name in keyed or word == column.name.lower() or not word:
            continue
        parent = next((names[n] for n in (word, f"{word}s", f"{word}es") if n in names), None)
        key = state.tables[parent].primary_key if parent else ()
        if parent and len(key) == 1:
            keys = database.parent_keys(ForeignKey((column.name,), parent, key))
            if keys:
                found[column.name] = keys[0][0]
    return found


def _is_text(column: Column) -> bool:
    kind = column.type.upper()
    return ("CHAR" in kind or "TEXT" in kind) and not kind.startswith(("ENUM", "SET("))


def _emptied(column: Column, value: Any, number: int) -> Any:
    """Return the value at which code breaks, of the same type; others stay."""
    kind = column.type.upper()
    if isinstance(value, str) and _is_text(column) and value[:1] not in ("[", "{"):
        return ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "UNSIGNED" in kind:
        number = max(number, 0)
    if is_number or kind.startswith(("DECIMAL", "NUMERIC")):  # of which a server writes the digits
        return number if "BOOL" not in kind and kind != "TINYINT(1)" else value
    return value


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
    text = (used and used.text_of(number)) or f"Ünï {number}"
    return text[-int(size[1]) :] if size else text


def _json(default: str | None, number: int, used: Shape | None) -> str:
    """Return JSON as the code takes it apart, unless the column's default is another kind."""
    plain: Any = [number] if default == "[]" else {"a": number}
    made = used.value(number) if used and used.known else plain
    return json.dumps(made if default is None or type(made) is type(plain) else plain)


def _is_numbered(column: Column) -> bool:
    """Return whether a sequence gives its numbers, which never come twice, key or not."""
    return (column.default or "").startswith("nextval(")


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    if table.primary_key:
        yield table.primary_key
    yield from table.uniques


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
