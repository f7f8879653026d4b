"""A database put back to what it held: what is not as it was is dropped and made again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from .mysql_catalog import Holdings, Key, Made
from .mysql_definition import Definition
from .mysql_rows import written
from .mysql_wire import Client, literal, quote

# Rows that point at each other, and keys that are 0, come back as they were; dates of any kind.
_LENIENT = (
    "SET foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', "
    "lock_wait_timeout = 20"
)
_AT_ONCE = 500  # rows of one INSERT
_FIRED = ("trigger", "event")


def put_back(client: Client, now: Holdings, saved: Holdings, longer: set[str]) -> bool:
    """Change a database that holds `now` to what was `saved`.

    Return False, with nothing done, where that is not known whole: of the tables in `longer` no
    more than the first rows are. Raises ServerError.
    """
    changed = [name for name in saved.tables if not _is_same(name, now, saved)]
    if longer & {*changed}:
        return False
    client.query(_LENIENT)
    gone = [name for name in now.tables if name not in saved.tables]
    for statement in _statements(changed, gone, now, saved):
        client.query(statement)
    return True


def _is_same(name: str, now: Holdings, saved: Holdings) -> bool:
    there = now.tables.get(name)
    if there is None or there.without_counter != saved.tables[name].without_counter:
        return False
    if name not in saved.state.rows:  # Alembic's own
        return now.versions == saved.versions
    return now.state.rows.get(name) == saved.state.rows[name]


def _statements(
    changed: list[str], gone: list[str], now: Holdings, saved: Holdings
) -> Iterator[str]:
    """Yield them in an order in which nothing is missing, and no trigger fires."""
    tables_change = bool(changed or gone)
    yield from _drops(_unlike(now.others, saved.others, tables_change))
    for name in (*gone, *changed):
        yield f"DROP TABLE IF EXISTS {quote(name)}"
    yield from (made.sql for key, made in saved.others.items() if key[0] == "database")
    yield from _creates(_unlike(saved.others, now.others, tables_change), early=True)
    for name in changed:
        yield saved.tables[name].sql
        yield from _fills(name, saved)
    yield from _creates(_unlike(saved.others, now.others, tables_change), early=False)


def _unlike(
    these: dict[Key, Made], those: dict[Key, Made], tables_change: bool
) -> list[tuple[Key, Made]]:
    """Return what is not the same there; whatever fires, too, where tables are made anew."""
    return [
        (key, made)
        for key, made in these.items()
        if key[0] != "database" and (those.get(key) != made or (tables_change and key[0] in _FIRED))
    ]


def _drops(others: Iterable[tuple[Key, Made]]) -> Iterator[str]:
    for (kind, name), _ in others:
        yield f"DROP {kind.upper()} IF EXISTS {quote(name)}"


def _creates(others: Iterable[tuple[Key, Made]], early: bool) -> Iterator[str]:
    """Yield what makes them: `early` what a table may need, else what needs tables."""
    for (kind, _), made in others:
        if early == (kind in ("sequence", "function")):
            yield made.sql


def _fills(name: str, saved: Holdings) -> Iterator[str]:
    if name not in saved.state.rows:
        for (version,) in saved.versions:
            yield f"INSERT INTO {quote(name)} (version_num) VALUES ({literal(version)})"
        return
    definition, rows = saved.tables[name], iter(saved.state.rows[name])
    while some := list(itertools.islice(rows, _AT_ONCE)):
        yield _insert(name, definition, some)


def _insert(name: str, definition: Definition, rows: list[tuple[Any, ...]]) -> str:
    columns = definition.table.columns
    kept = [place for place, column in enumerate(columns) if not column.generated]
    names = ", ".join(quote(columns[place].name) for place in kept)
    values = ", ".join(
        "(" + ", ".join(written(row[place], columns[place].type) for place in kept) + ")"
        for row in rows
    )
    return f"INSERT INTO {quote(name)} ({names}) VALUES {values}"
