"""What a downgrade does not restore: each thing before the upgrade, and after the downgrade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

import msgspec

from guard.operations import Name, is_known
from guard.schema.alike import Part, alike, changed_column, changed_constraint, changed_object
from guard.schema.catalog import Catalog, ObjectKey
from guard.schema.describe import constraint_text, index_text
from guard.schema.model import (
    Difference,
    EnumType,
    Index,
    Object,
    StoredColumn,
    StoredConstraint,
    Table,
)
from guard.schema.names import Key
from guard.server import fold

VERSION_TABLE = "alembic_version"  # Alembic's own
# What belongs to the whole server, or is shared with those who did not make it.
_OF_THE_SERVER = frozenset(
    ["database", "extension", "grant", "group", "role", "tablespace", "user"]
)

How = Literal["left over", "missing", "changed"]
Texts = tuple[str, str]
Kept = TypeVar("Kept", StoredColumn, StoredConstraint)


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """The objects around the two directions of a revision.

    `stale_at`: the last step before it that may have changed anything.
    """

    before: Catalog
    between: Catalog
    after: Catalog
    stale_at: int

    @property
    def dialect(self) -> str | None:
        """The dialect whose names and customs hold here."""
        return self.after.dialect


class _Fate(msgspec.Struct, frozen=True, kw_only=True):
    """A table before, between and after. `whole`: it is known in full how it was."""

    before: Table
    between: Table | None
    after: Table
    whole: bool

    @property
    def listed(self) -> bool:
        """Whether what is not among its parts after is not there."""
        return self.after.complete or self.between is not None


def unrestored(replayed: Replayed) -> Iterator[Difference]:
    """Yield what is surely otherwise after the downgrade than before the upgrade."""
    for key in sorted(replayed.after.tables.unlike(replayed.before.tables)):
        yield from _table(replayed, key)
    for name in sorted(replayed.after.objects.unlike(replayed.before.objects)):
        yield from _object(replayed, name)


# Tables


def _table(replayed: Replayed, key: Key) -> Iterator[Difference]:
    old, mid, new = (
        catalog.tables.get(key) or None
        for catalog in (replayed.before, replayed.between, replayed.after)
    )
    if any(t and (t.temporary or t.name.name == VERSION_TABLE) for t in (old, mid, new)):
        return
    if new is None:
        if old and old.certain and old.complete:
            yield _of_table(old, "missing")
    elif old is None and mid and (mid.complete or mid.created_by):
        if mid.certain and new.certain and mid.born == new.born:
            yield _of_table(new, "left over")
    elif new.certain and (old or mid):  # else the downgrade makes what nobody knows
        settled = old is not None and old.certain and old.born > replayed.stale_at
        before = old or Table(name=new.name, complete=False)
        yield from _parts(
            _Fate(before=before, between=mid, after=new, whole=settled and before.complete),
            replayed.dialect,
        )


def _parts(fate: _Fate, dialect: str | None) -> Iterator[Difference]:
    """Yield what became of the columns, then of all that is not explained by those."""
    table = fate.after.name
    told: set[str] = set()
    for column, how in _unpaired(fate, _columns, dialect):
        told.add(fold(str(column.name), dialect))
        yield _of_part(column, table, how)
    yield from _changed(fate, dialect)
    for part, how in _unpaired(fate, _keys_and_indexes, dialect):
        if not told.intersection(fold(name, dialect) for name in _columns_of(part)):
            yield _of_part(part, table, how)


def _columns(table: Table) -> Sequence[Part]:
    return table.columns


def _keys_and_indexes(table: Table) -> Sequence[Part]:
    return (*table.constraints, *table.indexes, *table.objects)


def _unpaired(
    fate: _Fate, parts_of: Callable[[Table], Sequence[Part]], dialect: str | None
) -> Iterator[tuple[Part, Literal["left over", "missing"]]]:
    """Yield the parts that only one of the two has, and for certain."""
    old, new = parts_of(fate.before), parts_of(fate.after)
    mid = parts_of(fate.between) if fate.between else ()
    for part in _not_in(old, new):
        stays = any(part is other for other in mid)  # what a downgrade makes anew was there before
        added = fate.whole and isinstance(part, StoredColumn)
        if (stays or added) and _is_only_in(part, old, dialect):
            yield part, "left over"
    for part in _not_in(new, old):
        # What the upgrade made a second time is known too little.
        if fate.listed and _is_only_in(part, new, dialect) and not _made_again(part, mid, dialect):
            yield part, "missing"


def _not_in(others: Sequence[Part], parts: Sequence[Part]) -> list[Part]:
    """Return the parts that are not the very same in the others."""
    there = {id(other) for other in others}
    return [part for part in parts if id(part) not in there]


def _made_again(part: Part, between: Sequence[Part], dialect: str | None) -> bool:
    return any(alike(part, p, dialect) and p.created_by != part.created_by for p in between)


def _is_only_in(part: Part, others: Sequence[Part], dialect: str | None) -> bool:
    certain = part.certain and (part.name is None or is_known(part.name))
    return certain and not any(alike(part, other, dialect) for other in others)


def _changed(fate: _Fate, dialect: str | None) -> Iterator[Difference]:
    if not fate.whole:
        return
    table = fate.after.name
    for old, new in _pairs(fate.before.columns, fate.after.columns, dialect):
        if (texts := changed_column(old, new, dialect)) is not None:
            yield _of_part(new, table, "changed", texts)
    for key, now in _pairs(fate.before.constraints, fate.after.constraints, dialect):
        if (texts := changed_constraint(key, now, dialect)) is not None:
            yield _of_part(now, table, "changed", texts)


def _pairs(
    before: Sequence[Kept], after: Sequence[Kept], dialect: str | None
) -> Iterator[tuple[Kept, Kept]]:
    """Yield what is certain in both, and written anew."""
    there = {id(new) for new in after}
    for old in before:
        for new in () if id(old) in there else after:
            if old.certain and new.certain and alike(old, new, dialect):
                yield old, new


def _columns_of(part: Part) -> tuple[str, ...]:
    return part.columns if isinstance(part, (Index, StoredConstraint)) else ()


def _words(part: Part) -> str:
    match part:
        case Index(name=None):
            return index_text(part)
        case StoredConstraint() if part.made_up or part.name is None:
            return constraint_text(part)
    return f"{_kind(part)} {part.name}"


# Everything else


def _object(replayed: Replayed, key: ObjectKey) -> Iterator[Difference]:
    old, mid, new = (
        catalog.objects.get(key) or None
        for catalog in (replayed.before, replayed.between, replayed.after)
    )
    some = new or old
    if some is None or not some.certain or some.object_type in _OF_THE_SERVER:
        return
    if some.name.schema == "pg_temp":
        return
    if new is None:
        yield _of_object(some, "missing")
    elif old is None:
        if mid is new:
            yield _of_object(some, "left over")
    elif old.certain and (texts := changed_object(old, new)) is not None:
        yield _of_object(some, "changed", texts)


# In words


def _of_table(table: Table, how: How) -> Difference:
    return Difference(thing=f"table {table.name}", how=how, kind="table", table=str(table.name))


def _of_part(part: Part, table: Name, how: How, texts: Texts = ("", "")) -> Difference:
    made_up = isinstance(part, StoredConstraint) and part.made_up
    column = isinstance(part, StoredColumn)
    return Difference(
        thing=f"column {table}.{part.name}" if column else f"{_words(part)} on {table}",
        how=how,
        kind=_kind(part),
        name="" if made_up else str(part.name or ""),
        table=str(table),
        columns=_columns_of(part),
        before=texts[0],
        after=texts[1],
    )


def _kind(part: Part) -> str:
    match part:
        case StoredColumn():
            return "column"
        case Index():
            return "index"
        case StoredConstraint():
            return part.type
    return part.object_type


def _of_object(item: Object, how: How, texts: Texts = ("", "")) -> Difference:
    kind = "enum type" if isinstance(item, EnumType) else item.object_type
    name = str(item.name)
    return Difference(
        thing=f"{kind} {name}", how=how, kind=kind, name=name, before=texts[0], after=texts[1]
    )
