"""What the statements of an upgrade do by their own words: the rest of what goes is lost.

Counted by effect: the rows that a DELETE or an UPDATE matches are read before and after it, so that
a cascade, or a downgrade, that takes other rows of the table is seen all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

from .sqltext import tokens

MOST_READ = 200_000  # rows, after which a table's changes are taken to be meant as a whole
_READS = re.compile(r"\s*(?:SELECT|PRAGMA|EXPLAIN|VALUES|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
_BATCH = "_alembic_tmp_"
_OF_ROWS = {"DELETE", "UPDATE", "REPLACE", "MERGE", "TRUNCATE"}
_VERBS = _OF_ROWS | {"INSERT", "ALTER", "CREATE", "DROP", "RENAME"}
_ACTIONS = ("CHANGE", "DROP", "RENAME")  # of an ALTER TABLE, that take something from its place
_NO_COLUMN = ("CHECK", "CONSTRAINT", "FOREIGN", "INDEX", "KEY", "PARTITION", "PRIMARY", "SYSTEM")
_BEFORE_A_NAME = {
    "OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE", "INTO", "FROM", "ONLY", "TABLE",
    "IF", "NOT", "EXISTS",
}  # fmt: skip
Row = tuple[Any, ...]


class Rows(NamedTuple):
    """The rows of a table at one moment."""

    columns: tuple[str, ...]
    key: tuple[str, ...]  # the primary key, in its order
    rows: list[Row]

    def by_key(self) -> dict[Row, Row] | None:
        """Return them by their primary key; None without one."""
        if not self.key or not set(self.key) <= set(self.columns):
            return None
        return self.by(self.key)

    def by(self, columns: tuple[str, ...]) -> dict[Row, Row] | None:
        """Return them by what they hold in some columns; None where that is not one row each."""
        places = [self.columns.index(name) for name in columns]
        found = {tuple(_plain(row[place]) for place in places): row for row in self.rows}
        return found if len(found) == len(self.rows) else None


def _plain(value: Any) -> Any:
    """Return a part of a key so that it is the same after a change of its type."""
    return str(value) if isinstance(value, (int, str)) else value


class Effects:
    """Of one table: the keys of the rows that went, and of those that changed, by column.

    Without a key the rows themselves, as they were. `all_of_it`: it was not looked at in detail.
    """

    def __init__(self) -> None:
        self.deleted: set[Row] = set()
        self.updated: dict[str, set[Row]] = {}
        self.without_key: Counter[str] = Counter()
        self.all_of_it = False

    def add(self, before: Rows, after: Rows | None) -> None:
        """Take down how a statement changed the rows of the table."""
        old, new = before.by_key(), after.by_key() if after else {}
        if after is None or after.columns != before.columns:
            return
        if old is None or new is None:
            gone = Counter(map(repr, before.rows))
            gone.subtract(map(repr, after.rows))
            self.without_key += gone
            return
        for key, row in old.items():
            now = new.get(key)
            if now is None:
                self.deleted.add(key)
            elif now is not row and now != row:
                for column, was, value in zip(before.columns, row, now):
                    if was != value:
                        self.updated.setdefault(column.lower(), set()).add(key)

    def merge(self, other: Effects) -> None:
        """Take in what was done to the table under another name."""
        self.deleted |= other.deleted
        for column, keys in other.updated.items():
            self.updated.setdefault(column, set()).update(keys)
        self.without_key += other.without_key
        self.all_of_it = self.all_of_it or other.all_of_it


class Written:
    """What an upgrade's statements say, heard one by one; `read` gives a table's rows now."""

    def __init__(self, read: Callable[[str], Rows | None]) -> None:
        self._read = read
        self._open: dict[str, Rows] = {}  # as they were before the statements at hand
        self._left = MOST_READ
        self._tables: dict[str, str | None] = {}  # a name: the table that had it before ...
        self._effects: dict[str, Effects] = {}
        self._columns: dict[tuple[str, str], str] = {}  # a table and a column's name: its new name
        self._dropped: set[tuple[str, str]] = set()
        self.rebuilt: set[str] = set()  # made anew by statements, under the name of one that went

    # What is asked of it

    def place_of(self, table: str) -> str | None:
        """Return the name under which the table that had this name is found now, in lower case.

        Itself where it was dropped and another one made in its stead.
        """
        schema, _, name = table.lower().rpartition(".")
        for now, before in self._tables.items():
            if before == name:
                return f"{schema}.{now}" if schema else now
        return table.lower()

    def column_of(self, table: str, column: str) -> str | None:
        """Return what the column is called now; None where a statement dropped it."""
        name = (_bare(table), column.lower())
        return None if name in self._dropped else self._columns.get(name, column.lower())

    def effects_on(self, table: str) -> Effects:
        """Return what statements did to the rows of the table that had this name."""
        found = Effects()
        for name in {_bare(table), _bare(self.place_of(table) or "")}:
            if name in self._effects:
                found.merge(self._effects[name])
        return found

    def is_new(self, table: str) -> bool:
        """Return whether a statement made the table that has this name now."""
        return self._tables.get(_bare(table), table) is None

    # What it hears

    def hear(self, sql: str) -> None:
        """Take down what a statement is about to do."""
        if _READS.match(sql):
            return
        words = [word for word in tokens(sql) if word != ";"]
        upper = [word.upper() for word in words]
        for verb, place in _verbs(upper):
            if verb in _OF_ROWS:
                name = _name_at(words, upper, place + 1)
                if verb != "UPDATE":  # it takes no rows of other tables
                    self.close(but=name)
                self._begin(name)
            elif verb != "INSERT":
                self.close()
                self._define(verb, words[place:], upper[place:])

    def hear_of_column(self, table: str, column: str, new: str | None) -> None:
        """Take down that a column is called `new` from now on; None: that it is dropped."""
        origin = self._origin(table.lower()) or table.lower()
        was = column.lower()
        for (owner, first), name in self._columns.items():
            if owner == origin and name == was:
                was = first
        if new is None:
            self._dropped.add((origin, was))
        else:
            self._columns[origin, was] = new.lower()

    def close(self, but: str = "") -> None:
        """Look at what the statements so far did."""
        for name in [name for name in self._open if name != but]:
            before = self._open.pop(name)
            self._effects_of(name).add(before, self._look(name))

    # Rows

    def _begin(self, name: str) -> None:
        if name in self._open or name.startswith(_BATCH):
            return
        if self._left <= 0:
            self._effects_of(name).all_of_it = True
            return
        rows = self._look(name)
        if rows is None:  # nobody can tell which rows it matches
            self._effects_of(name).all_of_it = True
        else:
            self._open[name] = rows

    def _look(self, name: str) -> Rows | None:
        rows = self._read(name)
        self._left -= len(rows.rows) if rows else 0
        return rows

    def _effects_of(self, name: str) -> Effects:
        return self._effects.setdefault(name, Effects())

    # Tables

    def _define(self, verb: str, words: list[str], upper: list[str]) -> None:
        if "TABLE" not in upper[:3]:
            return
        start = upper.index("TABLE") + 1
        name = _name_at(words, upper, start)
        if verb == "CREATE" and name:
            self._tables[name] = None
        elif verb == "DROP":
            self._drop(name)
        elif verb == "RENAME":
            for part in _parts(words[start:]):
                self._rename(_name_at(part, [w.upper() for w in part], 0), part[-1].lower())
        else:
            for part in _parts(words[start:]):
                self._alter(name, part)

    def _alter(self, table: str, part: list[str]) -> None:
        """Take down one action of an ALTER TABLE, before which the table's name may stand."""
        upper = [word.upper() for word in part]
        place = next((n for n, word in enumerate(upper) if word in _ACTIONS), len(part))
        verb, words = "".join(upper[place : place + 1]), part[place + 1 :]
        words = [word for word in words if word.upper() not in ("COLUMN", "IF", "EXISTS")]
        if verb == "DROP" and words and words[0].upper() not in _NO_COLUMN:
            self.hear_of_column(table, words[0], None)
        elif verb == "CHANGE" and len(words) > 1:  # MySQL's
            self.hear_of_column(table, words[0], words[1])
        elif verb == "RENAME" and len(words) == 2 and words[0].upper() in ("TO", "AS"):
            self._rename(table, words[1].lower())
        elif verb == "RENAME" and len(words) == 3 and words[1].upper() == "TO":
            self.hear_of_column(table, words[0], words[2])

    def _origin(self, name: str) -> str | None:
        return self._tables.get(name, name)

    def _rename(self, old: str, new: str) -> None:
        origin = self._origin(old)
        self._tables[new], self._tables[old] = origin, None
        if old in self._effects:
            self._effects_of(new).merge(self._effects.pop(old))

    def _drop(self, name: str) -> None:
        copy = _BATCH + name
        if copy in self._tables:  # a batch means no rows by that: its copy is the table
            self._tables[copy] = self._origin(name)
        else:
            self.rebuilt.add(self._origin(name) or name)
        self._tables[name] = None


def _bare(table: str) -> str:
    """Return a table's name in lower case and without its schema."""
    return table.lower().rpartition(".")[2]


def _verbs(upper: list[str]) -> Iterator[tuple[str, int]]:
    """Yield what a statement does, and where it says so: more than one thing only after WITH."""
    depth = 0
    for place, word in enumerate(upper):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word not in _VERBS or (depth and upper[0] != "WITH"):
            continue
        rest = upper[place + 1 :]
        replaces = rest[:2] == ["OR", "REPLACE"] or "CONFLICT" in rest or "DUPLICATE" in rest
        yield ("REPLACE" if word == "INSERT" and replaces else word), place
        if upper[0] != "WITH" or not depth:
            return


def _parts(words: list[str]) -> Iterator[list[str]]:
    """Yield what stands between the commas of a statement."""
    part: list[str] = []
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and not depth:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _name_at(words: list[str], upper: list[str], place: int) -> str:
    """Return the name that follows, in lower case and without its schema."""
    while place < len(words) and upper[place] in _BEFORE_A_NAME:
        place += 1
    while place + 2 < len(words) and words[place + 1] == ".":
        place += 2
    return words[place].lower() if place < len(words) else ""
