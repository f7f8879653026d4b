"""Rows and values that were there before a revision, and that none of its statements takes away.

Each row is followed by its key, each table and column by its name, through an upgrade and back.
What is gone after the upgrade is the upgrade's loss, what the downgrade does not bring back is its
own.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .backends.protocol import State, Table
from .written import Effects, Row, Rows, Written

MOST_COLUMNS = 5  # of a row that has no key
_IN_UTC = re.compile(r"(?<=:\d\d)(\.\d+)?\+00(?::00)?$")
_NOT_THERE = object()
Lines = dict[tuple[str, str], list[str]]  # by table and "upgrade" or "downgrade"


class _Loss(NamedTuple):
    """One of its kind: of rows, or of the values of one `column`."""

    stage: str
    column: str
    lines: tuple[str, ...]


class _Course(NamedTuple):
    """A table's rows before, between and after; `now` are its columns' names between."""

    name: str
    before: Rows
    between: Rows
    after: Rows | None
    now: dict[str, str | None]  # None: dropped by a statement
    effects: Effects
    retyped: set[str]  # columns that come back with another type, as the schema tells
    rebuilt: bool  # by hand: values that are not as they were are what that wanted


def losses(before: State, between: State, after: State | None, written: Written) -> Lines:
    """Return what went, by table and step; `after` is None where there is no way back."""
    found: Lines = {}
    names = {name.lower(): name for name in between.tables}
    for name, rows in before.rows.items():
        place = names.get(written.place_of(name) or "")
        if not rows or place is None:
            continue
        same = between.rows[place] is rows and place == name
        if same and (after is None or after.rows.get(name) is rows):
            continue
        if after is not None and name not in after.tables:  # the schema tells it
            continue
        columns = [column.name for column in before.tables[name].columns]
        course = _Course(
            name,
            _rows(before, name),
            _rows(between, place),
            None if after is None else _rows(after, name),
            {column.lower(): written.column_of(name, column) for column in columns},
            written.effects_on(name),
            set() if after is None else _retyped(before.tables[name], after.tables[name]),
            name.lower().rpartition(".")[2] in written.rebuilt,
        )
        for stage, line in _told(_of_table(course)):
            found.setdefault((name, stage), []).append(line)
    return found


def brought_back(before: State, between: State, after: State) -> list[str]:
    """Return the tables and columns that were gone between, and have all their values again.

    Of those that held none, or whose rows have no key to be found by, nothing is known.
    """
    there = {name.lower(): table for name, table in between.tables.items()}
    found: list[str] = []
    for name, table in before.tables.items():
        now = there.get(name.lower())
        if now is table or name not in after.tables:
            continue
        kept = {column.name.lower() for column in now.columns} if now else set()
        old, new = _rows(before, name), _rows(after, name)
        gone = [column for column in old.columns if column not in kept]
        if (
            now is None
            and gone
            and all(_values(old, column) == _values(new, column) for column in gone)
        ):
            found += [name] if _values(old, gone[0]) else []
        elif now is not None:
            found += [f"{name}.{column}" for column in gone if _is_back(old, new, column)]
    return found


def _is_back(old: Rows, new: Rows, column: str) -> bool:
    values = _values(old, column)
    held = any(value is not None for value in values.values())
    return held and values == _values(new, column)


def _values(rows: Rows, column: str) -> dict[Row, Any]:
    """Return the values of a column by the key of their row; none where there is no key."""
    by_key = rows.by_key()
    if not by_key or column not in rows.columns:
        return {}
    place = rows.columns.index(column)
    return {key: row[place] for key, row in by_key.items()}


def _rows(state: State, name: str) -> Rows:
    table = state.tables[name]
    return Rows(
        tuple(column.name.lower() for column in table.columns),
        tuple(column.lower() for column in table.primary_key),
        state.rows.get(name, []),
    )


def _retyped(old: Table, new: Table) -> set[str]:
    types = {column.name.lower(): column.type for column in old.columns}
    now = ((column.name.lower(), column.type) for column in new.columns)
    return {name for name, type_ in now if types.get(name, type_) != type_}


def _told(losses: Iterable[_Loss]) -> Iterator[tuple[str, str]]:
    """Yield the step and the lines of the first loss of each kind, and how many more there are."""
    first: dict[tuple[str, str], _Loss] = {}
    number: Counter[tuple[str, str]] = Counter()
    for loss in losses:
        first.setdefault(loss[:2], loss)
        number[loss[:2]] += 1
    for kind, (stage, _, lines) in first.items():
        more = number[kind] - 1
        for line in lines[:-1]:
            yield stage, line
        yield stage, lines[-1] + (f" (and {more} more)" if more else "")


def _of_table(course: _Course) -> Iterator[_Loss]:
    if course.effects.all_of_it:
        return
    old = course.before.by_key()
    key = tuple(course.now[column] or "" for column in course.before.key)
    if old is not None and set(key) <= set(course.between.columns):
        middle = course.between.by(key)
        after = course.after
        end = None if after is None else after.by(course.before.key) if old else None
        if middle is not None and (after is None or end is not None):
            yield from _of_keyed(course, old, middle, end)
            return
    yield from _of_others(course)


# Rows that have a key


def _of_keyed(
    course: _Course, old: dict[Row, Row], middle: dict[Row, Row], end: dict[Row, Row] | None
) -> Iterator[_Loss]:
    meant = course.effects.deleted
    wanted = [key for key in old if key not in meant]
    kept = [key for key in wanted if key in middle]
    if len(kept) < len(wanted) and not (course.rebuilt and len(middle) >= len(wanted)):
        yield _counts(course.name, "upgrade", len(wanted), len(kept))
    back = [key for key in kept if end is None or key in end]
    if len(back) < len(kept):
        yield _counts(course.name, "downgrade", len(kept), len(back))
    for key in back:
        last = None if end is None else end[key]
        yield from _of_row(course, key, old[key], middle[key], last)


def _of_row(course: _Course, key: Row, row: Row, middle: Row, end: Row | None) -> Iterator[_Loss]:
    for column, was in zip(course.before.columns, row):
        now = course.now[column]
        if was is None or now is None:  # a NULL that was filled is no loss
            continue
        between = _at(course.between, middle, now)
        last = between if course.after is None else _at(course.after, end or (), column)
        if last is _NOT_THERE and course.after is not None:  # the schema tells it
            continue
        updated = any(key in course.effects.updated.get(name, ()) for name in (column, now))
        # What a table that is made anew holds is meant, if it is no other column's by mistake.
        computed = course.rebuilt and between not in (None, was, *row)
        similar = course.after is None or column in course.retyped
        stage = _stage(similar, updated or computed, was, between, last)
        if stage:
            keys = [course.before.columns.index(name) for name in course.before.key]
            where = _shown(course.before.key, [row[place] for place in keys])
            values = [("-", was)] + [("+", last)] * (last is not _NOT_THERE)
            lines = [
                f"{sign} {course.name}.{column} = {_value(value)} where {where}"
                for sign, value in values
            ]
            yield _Loss(stage, column, tuple(lines))


def _stage(similar: bool, meant: bool, was: Any, between: Any, last: Any) -> str:
    """Return the step that lost a value, "" where none did.

    `similar`: one of another type that means the same will do; `meant`: the upgrade changed it.
    """
    if last == was or (similar and _means(last) == _means(was)) or _is_flag(was, between, last):
        return ""
    if meant:
        blanked = last in (None, "") and between not in (None, "", _NOT_THERE)
        return "downgrade" if blanked else ""
    return "downgrade" if _means(between) == _means(was) else "upgrade"


def _is_flag(was: Any, between: Any, last: Any) -> bool:
    """Return whether a number that was a boolean in between is as true as it was before."""
    numbers = isinstance(was, int) and isinstance(last, int)
    return numbers and between in ("t", "f") and bool(was) == bool(last) == (between == "t")


def _at(rows: Rows, row: Row, column: str) -> Any:
    return row[rows.columns.index(column)] if column in rows.columns else _NOT_THERE


def _means(value: Any) -> Any:
    """Return a value so that one of another type that means the same is equal."""
    if isinstance(value, str) and value[:1] == '"':  # a text that became JSON
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, str):  # a moment that is told without its zone
        value = _IN_UTC.sub(r"\1", value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


# Rows that have none: told by what they hold


def _of_others(course: _Course) -> Iterator[_Loss]:
    meant = +course.effects.without_key
    keyed = course.before.by_key() or {}  # which the key that went since does not tell any more
    meant.update(repr(keyed[key]) for key in course.effects.deleted if key in keyed)
    wanted = []
    for row in course.before.rows:
        if meant[repr(row)] > 0:
            meant[repr(row)] -= 1
        else:
            wanted.append(row)
    if len(course.between.rows) < len(wanted):
        yield _counts(course.name, "upgrade", len(wanted), len(course.between.rows))
    elif course.after is not None and not course.rebuilt:
        yield from _unlike(course, wanted, course.after)


def _unlike(course: _Course, wanted: list[Row], after: Rows) -> Iterator[_Loss]:
    """Yield the rows that are no more, by the columns that no statement touches."""
    columns = [
        column
        for column in course.before.columns
        if course.now[column]
        and column in after.columns
        and column not in course.effects.updated
        and column not in course.retyped
    ]
    if not columns:
        return
    names = [course.now[column] or "" for column in columns]
    forgotten = not set(names) <= set(course.between.columns)
    middle = Counter() if forgotten else Counter(map(repr, _project(course.between, names)))
    end = Counter(map(repr, _project(after, columns)))
    for row in _project(course.before._replace(rows=wanted), columns):
        text = repr(row)
        end[text] -= 1
        middle[text] -= 1
        if end[text] < 0 and None not in row:
            stage = "upgrade" if middle[text] < 0 else "downgrade"
            shown = _shown(columns[:MOST_COLUMNS], row)
            yield _Loss(stage, "", (f"- {course.name}: {shown}",))


def _project(rows: Rows, columns: Sequence[str]) -> list[Row]:
    places = [rows.columns.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in rows.rows]


# In words


def _counts(name: str, stage: str, before: int, after: int) -> _Loss:
    return _Loss(stage, "", (f"- {before} rows in {name}", f"+ {after} rows in {name}"))


def _shown(columns: Sequence[str], row: Sequence[Any]) -> str:
    return ", ".join(f"{column} = {_value(value)}" for column, value in zip(columns, row))


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
