"""The schema before each statement: a pure fold over the operations of a history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from guard.action_words import RowChange
from guard.operations import Body, Name, Operation
from guard.schema.apply import change
from guard.schema.catalog import Catalog, Draft, ObjectKey
from guard.schema.describe import Line, difference, lines_of
from guard.schema.difference import Replayed, unrestored
from guard.schema.model import (
    ABSENT,
    UNKNOWN,
    Difference,
    Domain,
    EnumType,
    Index,
    Missing,
    Object,
    Other,
    Reference,
    StoredColumn,
    StoredType,
    Table,
    View,
)
from guard.schema.names import indexed_column
from guard.schema.other_objects import ROUTINES
from guard.server import fold, is_mysql
from guard.sql.expressions import read_expression

Kind = TypeVar("Kind", EnumType, Domain, View)


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a database after some revisions. It never changes: `apply` returns the next.

    `known`: the revisions read so far made all of it, so a table that none names is ABSENT and not
    UNKNOWN; it ends with the first change of a table that none of them made. Names of columns are
    compared as the dialect does: exactly on PostgreSQL, else without regard to case; `public.t` is
    `t` on PostgreSQL, `main.t` is `t` on SQLite.
    """

    known: bool
    catalog: Catalog
    adopted: bool = False  # the first revision makes nothing, so something else made what was there
    step: int = 0
    uncertain_at: int = 0  # the last step that may have changed anything

    @classmethod
    def empty(
        cls, *, known: bool = True, dialect: str | None = None, adopted: bool = False
    ) -> Schema:
        """Return a schema without objects; `known=False` where history starts from a base."""
        return cls(known=known, catalog=Catalog.empty(dialect), adopted=adopted)

    @property
    def dialect(self) -> str | None:
        """The dialect whose names and customs hold here."""
        return self.catalog.dialect

    def apply(
        self, operation: Operation, *, revision: str | None = None, certain: bool = True
    ) -> Schema:
        """Return the schema after the operation, taken to succeed.

        `revision` is who does it; not `certain`: it runs only under a condition, so that what it
        would change may as well have stayed as it was. Costs about the same however large the
        schema is, but for the few operations that concern all of it (DROP SCHEMA).
        """
        step = self.step + 1
        draft = Draft(self.catalog, known=self.known, revision=revision, certain=certain, step=step)
        change(operation, draft)
        return Schema(
            known=self.known and not draft.incomplete,
            catalog=draft.committed(),
            adopted=self.adopted,
            step=step,
            uncertain_at=step if draft.uncertain else self.uncertain_at,
        )

    # Tables

    def table(self, name: Name) -> Table | Missing:
        """Return the table, or why there is none; False in a condition where there is none."""
        return self._seen(self.catalog.tables.get(self.catalog.key(name)))

    def tables(self) -> tuple[Table, ...]:
        """Return every table that is there or may be, by schema and name."""
        found = [(key, self._seen(table)) for key, table in self.catalog.tables.items()]
        return tuple(table for _, table in sorted(found, key=lambda item: item[0]) if table)

    def _seen(self, table: Table | Missing | None) -> Table | Missing:
        if table is None:
            return ABSENT if self.known else UNKNOWN
        if table and table.certain and table.born <= self.uncertain_at:
            return replace(table, certain=False)
        return table

    def created_by(self, name: Name) -> str | None:
        """Return the revision that made the table; None where none did, or there is no table."""
        table = self.table(name)
        return table.created_by if table else None

    def is_new(self, name: Name, deployment: frozenset[str]) -> bool:
        """Return whether one of these revisions surely made the table and none has filled it."""
        table = self.table(name)
        if not table:
            return False
        return table.certain and not table.filled and table.created_by in deployment

    # Columns

    def column(self, name: Name, column: str) -> StoredColumn | Missing:
        """Return the column, or why there is none; False in a condition where there is none."""
        table = self.table(name)
        if isinstance(table, Missing):
            return table
        for found in table.columns:
            if self._same(found.name, column):
                return found
        return ABSENT if table.complete else UNKNOWN

    def has_valid_check_not_null(self, name: Name, column: str) -> bool:
        """Return whether a validated constraint is known to forbid NULL in the column.

        A CHECK that says so (see `Expression.forbids_null`), or PostgreSQL 18's NOT NULL
        constraint: with one, SET NOT NULL needs no scan.
        """
        table = self.table(name)
        for constraint in table.constraints if table else ():
            if constraint.not_valid or not constraint.certain:
                continue
            if constraint.type == "check" and constraint.sql:
                if read_expression(constraint.sql, self.dialect).forbids_null(column):
                    return True
            elif constraint.type == "not null" and self._all_in((column,), constraint.columns):
                return True
        return False

    # Keys and indexes

    def references_to(self, name: Name) -> tuple[Reference, ...]:
        """Return the foreign keys of other tables that point at the table."""
        key = self.catalog.key(name)
        found = []
        for other in sorted(self.catalog.referrers.get(key) or ()):
            table = self._seen(self.catalog.tables.get(other))
            if not table or other == key:
                continue
            found += [
                Reference(table.name, constraint)
                for constraint in table.constraints
                if constraint.target and self.catalog.key(constraint.target) == key
            ]
        return tuple(found)

    def indexes(self, name: Name) -> tuple[Index, ...]:
        """Return the indexes of a table, with those that its keys and constraints bring."""
        table = self.table(name)
        if not table:
            return ()
        backed = {"primary key", "unique"} | ({"foreign key"} if is_mysql(self.dialect) else set())
        made = tuple(
            Index(
                name=constraint.name,
                columns=constraint.columns,
                unique=constraint.type != "foreign key",
                created_by=constraint.created_by,
                certain=constraint.certain,
            )
            for constraint in table.constraints
            if constraint.type in backed
        )
        return made + table.indexes

    def table_of_index(self, name: Name) -> Table | Missing:
        """Return the table that has an index, or a key or constraint with one, of that name."""
        key = self.catalog.owners.get(self.catalog.object_key("index", name))
        table = self._seen(self.catalog.tables.get(key)) if key else None
        if table and any(self._same(part, name.name) for part in table.part_names):
            return table
        return ABSENT if self.known else UNKNOWN

    def indexes_covering(self, name: Name, columns: Iterable[str]) -> tuple[Index, ...]:
        """Return the valid indexes on all rows that begin with these columns, in any order."""
        wanted = self._folded(columns)
        return tuple(
            index
            for index in self.indexes(name)
            if index.certain
            and index.valid
            and index.where is None
            and wanted == self._indexed(index, len(wanted))
        )

    def is_unique(self, name: Name, columns: Iterable[str]) -> bool:
        """Return whether no two rows can have the same values (NULLs apart) in these columns."""
        wanted = self._folded(columns)
        return any(
            index.unique
            and index.certain
            and index.valid
            and index.where is None
            and bool(index.columns)
            and self._indexed(index, len(index.columns)) <= wanted
            for index in self.indexes(name)
        )

    # Partitions, and what is not known

    def partition_of(self, name: Name) -> Name | Missing:
        """Return the table that it is a partition of, or why there is none."""
        table = self.table(name)
        if isinstance(table, Missing):
            return table
        if table.partition_of is not None:
            return table.partition_of
        return ABSENT if table.certain and table.complete else UNKNOWN

    def partitions_of(self, name: Name) -> tuple[Name, ...]:
        """Return the known partitions of the table."""
        table = self.table(name)
        return table.partitions if table else ()

    def unlisted(self, name: Name | None = None) -> Missing:
        """Return what the parts of the table are that no question lists; None: of the schema.

        ABSENT where the revisions made all of it, UNKNOWN where there may be more, or less.
        """
        if name is None:
            settled = self.known and not self.uncertain_at and not self.adopted
            return ABSENT if settled else UNKNOWN
        table = self.table(name)
        if isinstance(table, Missing):
            return table
        settled = (
            table.certain
            and table.complete
            and all(constraint.certain for constraint in table.constraints)
            and all(index.certain for index in table.indexes)
        )
        return ABSENT if settled else UNKNOWN

    # Other objects

    def enum(self, name: Name) -> EnumType | Missing:
        """Return the enum type, or why there is none; False in a condition where there is none."""
        return self._object(EnumType, "enum", name)

    def domain(self, name: Name) -> Domain | Missing:
        """Return the domain, or why there is none; False in a condition where there is none."""
        return self._object(Domain, "domain", name)

    def view(self, name: Name) -> View | Missing:
        """Return the view, or why there is none; False in a condition where there is none."""
        return self._object(View, "view", name)

    def objects(self) -> tuple[Object, ...]:
        """Return everything that has a name and is no table, by type, schema and name."""
        return tuple(item for _, item in sorted(self._objects(), key=lambda pair: pair[0]))

    def _objects(self) -> list[tuple[ObjectKey, Object]]:
        return [(key, item) for key, item in self.catalog.objects.items() if item]

    def _object(self, kind: type[Kind], object_type: StoredType, name: Name) -> Kind | Missing:
        found = self.catalog.objects.get(self.catalog.object_key(object_type, name))
        if isinstance(found, kind):
            return found
        return ABSENT if found is not None or self.known else UNKNOWN

    def routine(self, name: Name) -> Body | None:
        """Return what the function or procedure does, None where no revision that was read says."""
        for kind in ROUTINES:
            found = self.catalog.objects.get(self.catalog.object_key(kind, name))
            if isinstance(found, Other) and found.body is not None:
                return found.body
        return None

    def fired_by(self, change: RowChange, name: Name) -> tuple[Other, ...]:
        """Return the triggers and rules of the table that such a change of its rows fires."""
        table = self.table(name)
        return tuple(
            item
            for item in (table.objects if table else ())
            if item.enabled and item.body is not None and change in item.body.on
        )

    # Differences

    def diff(self, other: Schema) -> tuple[str, ...]:
        """Return the differences to another schema: `- ` only here, `+ ` only there.

        Objects uncertain in one of the two are no difference, and neither are temporary tables.
        """
        return difference(self._lines_unlike(other), other._lines_unlike(self))

    def unrestored(self, between: Schema, after: Schema) -> tuple[Difference, ...]:
        """Return what is surely otherwise `after` a downgrade than in this schema.

        `between` is the schema after the upgrade, from which the downgrade starts.
        """
        replayed = Replayed(
            before=self.catalog,
            between=between.catalog,
            after=after.catalog,
            stale_at=self.uncertain_at,
        )
        return tuple(unrestored(replayed))

    def _lines_unlike(self, other: Schema) -> dict[str, Line]:
        """Return the lines of the objects that are not the very same value in the other schema."""
        mine, its = self.catalog, other.catalog
        tables = [self._seen(mine.tables.get(key)) for key in mine.tables.unlike(its.tables)]
        objects = [mine.objects.get(key) for key in mine.objects.unlike(its.objects)]
        return lines_of([t for t in tables if t], [item for item in objects if item])

    # Names

    def _same(self, one: str, other: str) -> bool:
        return fold(one, self.dialect) == fold(other, self.dialect)

    def _folded(self, names: Iterable[str]) -> set[str]:
        return {fold(name, self.dialect) for name in names}

    def _all_in(self, names: Iterable[str], others: Iterable[str]) -> bool:
        return self._folded(names) <= self._folded(others)

    def _indexed(self, index: Index, count: int) -> set[str]:
        """Return the first columns of an index, folded."""
        return {indexed_column(part, self.dialect) for part in index.columns[:count]}
