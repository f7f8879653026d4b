"""A schema before and after: each table that is otherwise, with the lines that tell how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from guard.facts import SchemaChange
from guard.reporters.chronicle import Deed
from guard.reporters.html.renames import Renames, renames_of
from guard.schema.describe import Line, lines_of
from guard.schema.model import Object, Table

Sign = Literal["+", "-", " ", "~"]
How = Literal["new", "dropped", "changed", "renamed"]
Texts = dict[str, str]  # of the parts of a table, by what tells them apart


class DiffLine(msgspec.Struct, frozen=True):
    """One line: added, removed, as it was, or renamed from what it `was` called."""

    sign: Sign
    text: str
    was: str = ""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A table, or all that is none: `how` it is otherwise, with the lines that tell.

    A renamed table `was` called otherwise before.
    """

    title: str
    how: How
    lines: tuple[DiffLine, ...]
    was: str = ""


def blocks_of(
    changes: Sequence[SchemaChange], deeds: Iterable[Deed], *, context: bool
) -> tuple[Block, ...]:
    """Return what the upgrade made otherwise; with the `context` of what stayed in a table.

    The `deeds` of the upgrade tell what it renames.
    """
    named, done = len(changes) > 1, [*deeds]
    return tuple(
        msgspec.structs.replace(block, title=f"{change.database}: {block.title}")
        if named
        else block
        for change in changes
        for block in _blocks(change, _renames(change, done), context=context)
    )


def _renames(change: SchemaChange, deeds: Sequence[Deed]) -> Renames:
    own = (one for one in deeds if one.statement.database == change.database)
    return renames_of(one.operation for one in own)


def _blocks(change: SchemaChange, renames: Renames, *, context: bool) -> Iterator[Block]:
    before, after = change.before, change.between
    if before is after:
        return
    old = {str(table.name): table for table in before.tables() if not table.temporary}
    new = {str(table.name): table for table in after.tables() if not table.temporary}
    was = {name: renames.tables.get(name, name) for name in new}
    gone = old.keys() - {*was.values()}
    for name in sorted(gone | new.keys()):
        one, other = old.get(was.get(name, name)), new.get(name)
        if one != other:
            yield from _table(one, other, renames.columns.get(name, {}), context=context)
    yield from _objects(before.objects(), after.objects())


def _table(
    old: Table | None, new: Table | None, columns: Mapping[str, str], *, context: bool
) -> Iterator[Block]:
    before, after = _lines(old), _lines(new)
    moved = {now: then for now, then in columns.items() if f".{now}" in after}
    moved = {now: then for now, then in moved.items() if then != now and f".{then}" in before}
    lines = tuple(_difference(_as_called_now(before, moved), after, moved))
    kept = lines if context else tuple(line for line in lines if line.sign != " ")
    how, was = _how(old, new), str(old.name) if old else ""
    some = new or old
    if some and (how != "changed" or any(line.sign != " " for line in kept)):
        title = str(some.name)
        yield Block(title=title, how=how, lines=kept, was=was if how == "renamed" else "")


def _how(old: Table | None, new: Table | None) -> How:
    if new is None:
        return "dropped"
    if old is None:
        return "new" if new.created_by is not None else "changed"
    return "changed" if str(old.name) == str(new.name) else "renamed"


def _as_called_now(before: Texts, moved: Mapping[str, str]) -> Texts:
    """Return the lines as if each column had always been called what it is called now."""
    now = {f".{then}": f".{name}" for name, then in moved.items()}
    texts = {}
    for key, text in before.items():
        name = key.removeprefix(".")
        to = now.get(key, key)
        texts[to] = text if to == key else text.replace(name, to.removeprefix("."), 1)
    return texts


def _lines(table: Table | None) -> Texts:
    """Return a line for each part of the table, its columns first."""
    if table is None:
        return {}
    _, *parts = lines_of([table], []).items()  # the first one names the table
    name = str(table.name)
    return {key.removeprefix(name): _without_table(line, name) for key, line in parts}


def _without_table(line: Line, table: str) -> str:
    return line.text.removeprefix(f"{table}: ").removeprefix(f"{table}.")


def _difference(
    old: Mapping[str, str], new: Mapping[str, str], moved: Mapping[str, str] = {}
) -> Iterator[DiffLine]:
    """Yield the parts as they stand now, each gone one after the one that it followed.

    `moved` are the columns that are called otherwise now, with what they were called.
    """
    order = list(new)
    place = 0
    for key in old:
        if key in new:
            place = order.index(key) + 1
        else:
            order.insert(place, key)
            place += 1
    for key in order:
        name = key.removeprefix(".")
        was = moved.get(name, "") if name != key else ""
        same = old.get(key) == new.get(key)
        if key in old and not same:
            yield DiffLine("-", was + old[key].removeprefix(name) if was else old[key])
        if key in new:
            yield DiffLine("~" if was else " " if same else "+", new[key], was)


def _objects(before: Sequence[Object], after: Sequence[Object]) -> Iterator[Block]:
    old, new = (
        {key: line.text for key, line in lines_of([], some).items()} for some in (before, after)
    )
    lines = [line for line in _difference(old, new) if line.sign != " "]
    if lines:
        yield Block(title="types, views and other objects", how="changed", lines=tuple(lines))
