"""What differs between two states of a database, in lines that begin with - or +."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

from .backends.protocol import State, Table
from .sqltext import tokens

MOST_LINES = 12  # of one difference
_WRITES = re.compile(
    r"\s*(?:WITH\b.*?\)\s*)?(DELETE|UPDATE|ALTER|CREATE\s+TABLE|DROP\s+TABLE)\b",
    re.IGNORECASE | re.DOTALL,
)
_BATCH = "_alembic_tmp_"


class Written(NamedTuple):
    """What the upgrade itself says it takes away: names of tables and (table, column) pairs.

    Rows are `deleted` of tables, columns `updated` or `dropped` (or renamed); of `emptied` tables
    all went. Names are in lower case.
    """

    deleted: set[str]
    updated: set[tuple[str, str]]
    dropped: set[tuple[str, str]]
    emptied: set[str]
    rebuilt: set[str]  # by a batch, which drops the old table without meaning its rows

    def note(self, sql: str) -> None:
        """Take down what a statement says it changes."""
        match = _WRITES.match(sql)
        if not match:
            return
        words = tokens(sql[match.start(1) :])
        upper = [word.upper() for word in words]
        if upper[0] in ("DELETE", "UPDATE"):
            self._note_rows(words, upper)
        elif upper[:2] == ["ALTER", "TABLE"] and len(words) > 4:
            self._note_columns(words[2], words[3:], upper[3:])
        elif upper[:2] == ["CREATE", "TABLE"] and len(words) > 2:
            if words[2].startswith(_BATCH):
                self.rebuilt.add(words[2][len(_BATCH) :].lower())
        elif upper[:2] == ["DROP", "TABLE"]:
            self.emptied.update({words[-1].lower()} - self.rebuilt)

    def note_column(self, table: str, column: str) -> None:
        """Take down that a column of this name goes."""
        self.dropped.add((table.lower(), column.lower()))

    def _note_rows(self, words: list[str], upper: list[str]) -> None:
        skip = {"OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE", "FROM"}
        names = [word for word in words[1:] if word.upper() not in skip and word != "."]
        if not names:
            return
        if upper[0] == "DELETE":
            self.deleted.add(names[0].lower())
            return
        words = words[: upper.index("WHERE")] if "WHERE" in upper else words
        for place, word in enumerate(words[:-1]):
            if words[place + 1] == "=" and (words[place - 1].upper() == "SET" or place > 2):
                self.updated.add((names[0].lower(), word.lower()))

    def _note_columns(self, table: str, words: list[str], upper: list[str]) -> None:
        named = 2 if upper[1] == "COLUMN" else 1
        if upper[0] in ("DROP", "RENAME") and upper[named - 1] != "TO" and len(words) > named:
            self.note_column(table, words[named])


def nothing_written() -> Written:
    """Return the changes of an upgrade that wrote down none."""
    return Written(set(), set(), set(), set(), set())


def schema_difference(before: State, after: State) -> list[str]:
    """Return what of the schema was there before (-) and what is there instead (+)."""
    lines = []
    for name in sorted(_changed(before.tables, after.tables)):
        lines += _table_difference(name, before.tables.get(name), after.tables.get(name))
    if before.others == after.others:
        return lines
    gone = [key for key in before.others if after.others.get(key) != before.others[key]]
    made = [key for key in after.others if after.others[key] != before.others.get(key)]
    lines += [f"- {before.others[key]}" for key in gone]
    return lines + [f"+ {after.others[key]}" for key in made]


def _changed(before: dict[str, Table], after: dict[str, Table]) -> set[str]:
    """Return the names whose table is not the very same object: few, of a great many."""
    gone = {name for name, table in before.items() if after.get(name) is not table}
    return gone | (after.keys() - before.keys())


def _table_difference(name: str, old: Table | None, new: Table | None) -> list[str]:
    if old is None:
        return [f"+ table {name}"]
    if new is None:
        return [f"- table {name}"]
    return _lines_difference(old.lines, new.lines)


def _lines_difference(old: dict[str, str], new: dict[str, str]) -> list[str]:
    gone = [f"- {line}" for key, line in old.items() if key not in new]
    return gone + [f"+ {line}" for key, line in new.items() if key not in old]


def rows_gone(before: State, after: State, written: Written) -> dict[str, list[str]]:
    """Return, by table, what the upgrade took away without a word: fewer rows than before."""
    lost = {}
    for name, rows in before.rows.items():
        kept = after.rows.get(name)
        if kept is None or kept is rows or name.lower() in written.deleted:
            continue
        if len(kept) < len(rows):
            lost[name] = [f"- {len(rows)} rows in {name}", f"+ {len(kept)} rows in {name}"]
    return lost


def values_gone(
    before: State, between: State, after: State, written: Written
) -> dict[str, list[str]]:
    """Return, by table, the values of columns that went without a word and did not come back."""
    lost = {}
    for name, rows in before.rows.items():
        if not rows or name not in between.tables or name.lower() in written.emptied:
            continue
        kept = {column.name for column in between.tables[name].columns}
        gone = [
            column.name
            for column in before.tables[name].columns
            if column.name not in kept
            and (name.lower(), column.name.lower()) not in written.dropped
        ]
        key = [column for column in before.tables[name].primary_key if column in kept]
        if gone and name in after.rows:
            difference = _row_difference(name, [*key, *gone], before, after)
            if difference:
                lost[name] = difference[:MOST_LINES]
    return lost


def rows_changed(
    before: State, between: State, after: State, written: Written
) -> dict[str, list[str]]:
    """Return, by table, the rows and values of `before` that `after` lacks.

    What the upgrade drops (absent `between`), deletes or updates is its declared will, and a NULL
    that was filled is no loss.
    """
    lost = {}
    for name, rows in before.rows.items():
        now = after.rows.get(name)
        if now is None or now is rows or name not in between.tables:
            continue
        if name.lower() in written.deleted:
            continue
        kept = _kept_columns(name, before, between, after, written)
        if kept:
            difference = _row_difference(name, kept, before, after)
            if difference:
                lost[name] = difference[:MOST_LINES]
    return lost


def _kept_columns(
    name: str, before: State, between: State, after: State, written: Written
) -> list[str]:
    later = [{column.name for column in state.tables[name].columns} for state in (between, after)]
    return [
        column.name
        for column in before.tables[name].columns
        if all(column.name in names for names in later)
        and (name.lower(), column.name.lower()) not in written.updated
    ]


def _row_difference(name: str, columns: list[str], before: State, after: State) -> list[str]:
    old = _project(before, name, columns)
    new = _project(after, name, columns)
    key = [columns.index(c) for c in before.tables[name].primary_key if c in columns]
    whole_key = len(key) == len(before.tables[name].primary_key) > 0
    if not whole_key:
        missing = Counter(map(repr, old)) - Counter(map(repr, new))
        fills = [row for row in old if None not in row]
        gone = [row for row in fills if repr(row) in missing]
        return [f"- {name}: {_shown(columns, row)}" for row in gone]
    by_key = {tuple(row[place] for place in key): row for row in new}
    lines = []
    for row in old:
        same = by_key.get(tuple(row[place] for place in key))
        if same is None:
            lines.append(f"- {name}: {_shown(columns, row)}")
            continue
        where = _shown([columns[place] for place in key], [row[place] for place in key])
        for column, was, now in zip(columns, row, same):
            if was is not None and was != now:
                lines.append(f"- {name}.{column} = {_value(was)} where {where}")
                lines.append(f"+ {name}.{column} = {_value(now)} where {where}")
    return lines


def _project(state: State, name: str, columns: list[str]) -> list[tuple[Any, ...]]:
    places = {column.name: place for place, column in enumerate(state.tables[name].columns)}
    here = [places.get(column) for column in columns]
    return [
        tuple(None if place is None else row[place] for place in here) for row in state.rows[name]
    ]


def _shown(columns: Any, row: Any) -> str:
    return ", ".join(f"{column} = {_value(value)}" for column, value in zip(columns, row))


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
