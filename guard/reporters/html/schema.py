"""A schema before and after: each table that is otherwise, with the lines that tell how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from guard.facts import SchemaChange
from guard.schema.describe import Line, lines_of
from guard.schema.model import Object, ReadOnlySchema, Table

Sign = Literal["+", "-", " "]
How = Literal["new", "dropped", "changed"]


class DiffLine(msgspec.Struct, frozen=True):
    """One line: added, removed, or as it was."""

    sign: Sign
    text: str


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A table, or all that is none: `how` it is otherwise, with the lines that tell."""

    title: str
    how: How
    lines: tuple[DiffLine, ...]


def blocks_of(changes: Sequence[SchemaChange], *, context: bool) -> tuple[Block, ...]:
    """Return what the upgrade made otherwise; with the `context` of what stayed in a table."""
    named = len(changes) > 1
    return tuple(
        msgspec.structs.replace(block, title=f"{change.database}: {block.title}")
        if named
        else block
        for change in changes
        for block in _blocks(change.before, change.between, context=context)
    )


def _blocks(before: ReadOnlySchema, after: ReadOnlySchema, *, context: bool) -> Iterator[Block]:
    if before is after:
        return
    old = {str(table.name): table for table in before.tables() if not table.temporary}
    new = {str(table.name): table for table in after.tables() if not table.temporary}
    for name in sorted(old.keys() | new.keys()):
        if (old.get(name)) != (new.get(name)):
            yield from _table(old.get(name), new.get(name), context=context)
    yield from _objects(before.objects(), after.objects())


def _table(old: Table | None, new: Table | None, *, context: bool) -> Iterator[Block]:
    lines = tuple(_difference(_lines(old), _lines(new)))
    kept = lines if context else tuple(line for line in lines if line.sign != " ")
    made = new is not None and new.created_by is not None
    how: How = "dropped" if new is None else "new" if old is None and made else "changed"
    some = new or old
    if some and (how != "changed" or any(line.sign != " " for line in kept)):
        yield Block(title=str(some.name), how=how, lines=kept)


def _lines(table: Table | None) -> dict[str, str]:
    """Return a line for each part of the table, its columns first."""
    if table is None:
        return {}
    _, *parts = lines_of([table], []).items()  # the first one names the table
    return {key: _without_table(line, str(table.name)) for key, line in parts}


def _without_table(line: Line, table: str) -> str:
    return line.text.removeprefix(f"{table}: ").removeprefix(f"{table}.")


def _difference(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[DiffLine]:
    """Yield the parts as they stand now, each gone one after the one that it followed."""
    order = list(new)
    place = 0
    for key in old:
        if key in new:
            place = order.index(key) + 1
        else:
            order.insert(place, key)
            place += 1
    for key in order:
        if key in old and old[key] != new.get(key):
            yield DiffLine("-", old[key])
        if key in new:
            yield DiffLine(" " if old.get(key) == new[key] else "+", new[key])


def _objects(before: Sequence[Object], after: Sequence[Object]) -> Iterator[Block]:
    old, new = (
        {key: line.text for key, line in lines_of([], some).items()} for some in (before, after)
    )
    lines = [line for line in _difference(old, new) if line.sign != " "]
    if lines:
        yield Block(title="types, views and other objects", how="changed", lines=tuple(lines))
