"""All objects of a schema by their keys, and the changes of one operation in them."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from guard.operations import Name
from guard.schema.model import (
    ABSENT,
    UNKNOWN,
    Index,
    Missing,
    Object,
    Other,
    StoredColumn,
    StoredConstraint,
    StoredType,
    Table,
)
from guard.schema.names import Key, key_of
from guard.schema.persistent_map import Shared
from guard.server import as_stored, fold

ObjectKey = tuple[str, str, str]  # type, schema, name

# Types of objects that share one set of names.
_SAME_NAMES: dict[StoredType, StoredType] = {
    "enum": "type",
    "domain": "type",
    "materialized view": "view",
}


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """The objects of a schema. A dropped one stays, as ABSENT.

    `owners` leads from an index, constraint or trigger to its table, `referrers` from a table to
    those with foreign keys to it; both may hold more than is true by now, so ask the table itself.
    """

    dialect: str | None
    tables: Shared[Key, Table | Missing]
    objects: Shared[ObjectKey, Object | Missing]
    owners: Shared[ObjectKey, Key]
    referrers: Shared[Key, frozenset[Key]]

    @classmethod
    def empty(cls, dialect: str | None) -> Catalog:
        """Return a catalog without objects."""
        return cls(
            dialect=dialect,
            tables=Shared.empty(),
            objects=Shared.empty(),
            owners=Shared.empty(),
            referrers=Shared.empty(),
        )

    def key(self, name: Name) -> Key:
        """Return the key under which a table is kept."""
        return key_of(name, self.dialect)

    def object_key(self, object_type: StoredType, name: Name) -> ObjectKey:
        """Return the key under which another object is kept."""
        return (_SAME_NAMES.get(object_type, object_type), *self.key(name))

    def updated(
        self, tables: dict[Key, Table | Missing], objects: dict[ObjectKey, Object | Missing]
    ) -> Catalog:
        """Return the catalog with these objects in place of those it had."""
        owners: dict[ObjectKey, Key] = {}
        referrers: dict[Key, frozenset[Key]] = {}
        for key, table in tables.items():
            if isinstance(table, Missing):
                continue
            before = self.tables.get(key)
            if before and before.constraints == table.constraints:
                if before.indexes != table.indexes or before.objects != table.objects:
                    owners.update((owned, key) for owned in self._owned(table))
            else:
                owners.update((owned, key) for owned in self._owned(table))
                for target in {self.key(c.target) for c in table.constraints if c.target}:
                    known = referrers.get(target) or self.referrers.get(target) or frozenset()
                    if key not in known:
                        referrers[target] = known | {key}
        return replace(
            self,
            tables=self.tables.updated(tables),
            objects=self.objects.updated(objects),
            owners=self.owners.updated(owners),
            referrers=self.referrers.updated(referrers),
        )

    def _owned(self, table: Table) -> Iterator[ObjectKey]:
        for name in table.part_names:
            yield self.object_key("index", Name(name, table.name.schema))
        for item in table.objects:
            yield self.object_key(item.object_type, Name(item.name.name, table.name.schema))


class Draft:
    """The changes of one operation, kept apart until all of them are known."""

    def __init__(
        self, catalog: Catalog, *, known: bool, revision: str | None, certain: bool, step: int
    ) -> None:
        self.catalog = catalog
        self.dialect = catalog.dialect
        self.missing = ABSENT if known else UNKNOWN
        self.revision = revision
        self.certain = certain
        self.step = step
        self.uncertain = False  # any table may be otherwise from here on
        self.incomplete = False  # there may be tables that no revision names
        self._tables: dict[Key, Table | Missing] = {}
        self._objects: dict[ObjectKey, Object | Missing] = {}

    def same(self, one: str | None, other: str | None) -> bool:
        """Return whether two names of columns, constraints or indexes are the same."""
        if one is None or other is None:
            return False
        return fold(one, self.dialect) == fold(other, self.dialect)

    def same_table(self, one: Name | None, other: Name | None) -> bool:
        """Return whether two names are those of one table."""
        if one is None or other is None:
            return False
        return self.catalog.key(one) == self.catalog.key(other)

    def mark_uncertain(self) -> None:
        """Note that anything may have been changed."""
        self.uncertain = self.incomplete = True

    # Tables

    def table(self, name: Name) -> Table | Missing:
        """Return the table as it stands by now."""
        return self._at(self.catalog.key(name))

    def table_or_new(self, name: Name) -> Table:
        """Return the table that a statement is about: it is there, whatever was known before."""
        found = self.table(name)
        self.mention(name)
        return found if found else Table(name=name, complete=False, born=self.step)

    def mention(self, name: Name) -> None:
        """Note that a table is there: if no revision made it, there may be others like it."""
        if self.certain and self._tables.get(self.catalog.key(name)) is None:
            self.incomplete |= self.catalog.tables.get(self.catalog.key(name)) is None

    def put(self, table: Table) -> None:
        """Keep the table as it now is."""
        name = as_stored(table.name.name, self.dialect)
        if name != table.name.name:
            table = replace(table, name=Name(name, table.name.schema))
        self._tables[self.catalog.key(table.name)] = table

    def drop(self, name: Name) -> None:
        """Note that no such table is there any more."""
        self._tables[self.catalog.key(name)] = ABSENT

    def tables(self) -> list[Table]:
        """Return every table that is there by now."""
        keys = dict.fromkeys([key for key, _ in self.catalog.tables.items()] + [*self._tables])
        return [table for key in keys if (table := self._at(key))]

    def referrers(self, name: Name) -> list[Table]:
        """Return the tables, itself among them, that may have foreign keys to this one."""
        keys = self.catalog.referrers.get(self.catalog.key(name)) or frozenset()
        return [table for key in sorted(keys) if (table := self._at(key))]

    def owner(self, object_type: StoredType, name: Name) -> Table | Missing:
        """Return the table that an index or trigger belongs to."""
        key = self.catalog.owners.get(self.catalog.object_key(object_type, name))
        return self._at(key) if key else UNKNOWN

    def taken(self, name: Name) -> bool:
        """Return whether a table, index or constraint of that name is there."""
        owner = self.owner("index", name)
        names = owner.part_names if owner else ()
        return bool(self.table(name)) or any(self.same(own, name.name) for own in names)

    def _at(self, key: Key) -> Table | Missing:
        found = self._tables.get(key)
        return self._table_before(key) if found is None else found

    def _table_before(self, key: Key) -> Table | Missing:
        found = self.catalog.tables.get(key)
        return self.missing if found is None else found

    def _object_before(self, key: ObjectKey) -> Object | Missing:
        found = self.catalog.objects.get(key)
        return self.missing if found is None else found

    # Other objects

    def object(self, object_type: StoredType, name: Name) -> Object | Missing:
        """Return the object as it stands by now."""
        key = self.catalog.object_key(object_type, name)
        found = self._objects.get(key)
        return self._object_before(key) if found is None else found

    def put_object(self, item: Object) -> None:
        """Keep the object as it now is."""
        name = as_stored(item.name.name, self.dialect)
        if name != item.name.name:
            item = replace(item, name=Name(name, item.name.schema))
        self._objects[self.catalog.object_key(item.object_type, item.name)] = item

    def drop_object(self, object_type: StoredType, name: Name) -> None:
        """Note that no such object is there any more."""
        self._objects[self.catalog.object_key(object_type, name)] = ABSENT

    def objects(self) -> list[Object]:
        """Return every other object that was there before."""
        return [item for _, item in self.catalog.objects.items() if item]

    def committed(self) -> Catalog:
        """Return the catalog after the operation; uncertain changes may not have been made."""
        if self.certain:
            return self.catalog.updated(self._tables, self._objects)
        return self.catalog.updated(
            {k: _either_table(self._table_before(k), after) for k, after in self._tables.items()},
            {k: _either(self._object_before(k), after) for k, after in self._objects.items()},
        )


Part = TypeVar("Part", StoredColumn, StoredConstraint, Index, Other)


def _either(before: Object | Missing, after: Object | Missing) -> Object | Missing:
    """Return the object if one of the two is there, nobody knows which."""
    there = before or after
    if not there or before == after:
        return before
    return replace(there, certain=False)


def _either_table(before: Table | Missing, after: Table | Missing) -> Table | Missing:
    if not before or not after:
        there = before or after
        return replace(there, certain=False) if there else before
    return replace(
        before,
        columns=_either_column(before.columns, after.columns),
        constraints=_either_part(before.constraints, after.constraints),
        indexes=_either_part(before.indexes, after.indexes),
        objects=_either_part(before.objects, after.objects),
        partitions=tuple(dict.fromkeys(before.partitions + after.partitions)),
        filled_by=after.filled_by or before.filled_by,
        filled=after.filled or before.filled,
        certain=before.certain and after.certain,
        complete=before.complete and after.complete,
    )


def _either_column(
    before: tuple[StoredColumn, ...], after: tuple[StoredColumn, ...]
) -> tuple[StoredColumn, ...]:
    """Return the columns of both; no row has NULL in one only if that is so in both."""
    filled = {c.name for c in before if c.has_values} & {c.name for c in after if c.has_values}
    return tuple(
        column
        if column.certain
        else replace(column, filled="all" if column.name in filled else column.filled and "some")
        for column in _either_part(before, after)
    )


def _either_part(before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts of both; one that is not the same in both is not certain."""
    name_of = attrgetter("name")
    names = {name_of(part) for part in before} - {None}
    kept = tuple(part if part in after else replace(part, certain=False) for part in before)
    added = (part for part in after if part not in before and name_of(part) not in names)
    return kept + tuple(replace(part, certain=False) for part in added)
