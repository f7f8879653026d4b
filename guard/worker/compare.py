"""What differs between two schemas, in lines that begin with - or +."""

from __future__ import annotations

from .backends.protocol import State, Table
from .sqltext import same


def schema_difference(before: State, after: State) -> list[str]:
    """Return what of the schema was there before (-) and what is there instead (+)."""
    lines = []
    for name in sorted(_changed(before.tables, after.tables)):
        lines += _table_difference(name, before.tables.get(name), after.tables.get(name))
    if before.others == after.others:
        return lines
    old = {key: same(text) for key, text in before.others.items()}
    new = {key: same(text) for key, text in after.others.items()}
    gone = [key for key in old if new.get(key) != old[key]]
    made = [key for key in new if new[key] != old.get(key)]
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
