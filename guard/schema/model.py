"""The objects of a replayed schema (tables and all that is theirs, types, views), and questions.

Each says which revision made it (`created_by`, None where no revision that was read did), and
whether that is sure (`certain`): a statement under a condition, or one that could not be read,
leaves behind things that may be otherwise.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Literal, Protocol, Self

import msgspec

from guard.action_words import ObjectType
from guard.operations import Body, Column, Constraint, Name, Storage, Type

Filled = Literal["all", "some"]
StoredType = ObjectType | Literal["enum"]  # an enum type is one of its own


class Missing(enum.Enum):
    """Why there is nothing to show. False in a condition, so `if table := ...` reads well."""

    ABSENT = "absent"  # it is known not to be there
    UNKNOWN = "unknown"  # no revision mentions it, and it may be there all the same

    def __bool__(self) -> Literal[False]:
        return False


ABSENT = Missing.ABSENT
UNKNOWN = Missing.UNKNOWN


class StoredColumn(Column, frozen=True, kw_only=True):
    """A column as it stands; its inline keys and constraints are among those of the table.

    `filled`: which rows were given a value, by a default as it was added or by an UPDATE since;
    None where no revision did so. `added`: to a table that was there already.
    """

    created_by: str | None = None
    certain: bool = True
    filled: Filled | None = None
    added: bool = False

    @property
    def has_values(self) -> bool:
        """Whether no row has NULL there, as far as revisions say."""
        return self.filled == "all" or (self.certain and not self.nullable)


class StoredConstraint(Constraint, frozen=True, kw_only=True):
    """A constraint as it stands; `name` as PostgreSQL makes it up where none was written.

    `made_up`: none was, so that a naming convention may have given it another one. `inline`: it
    was written inside its column.
    """

    made_up: bool = False
    inline: bool = False
    created_by: str | None = None
    certain: bool = True


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """An index; `valid` is False for one of a partitioned table that waits for its parts.

    `part_of`: the name of the partitioned table's index that it is attached to, and goes with.
    """

    name: str | None
    columns: tuple[str, ...] = ()  # names, or the SQL of expressions
    unique: bool = False
    where: str | None = None
    method: str | None = None
    detail: str | None = None  # what else is written: INCLUDE, operator classes, the order
    valid: bool = True
    part_of: str | None = None
    created_by: str | None = None
    certain: bool = True


class EnumType(msgspec.Struct, frozen=True, kw_only=True):
    """An enum type; `values` is None where they could not be read."""

    name: Name
    values: tuple[str, ...] | None = None
    created_by: str | None = None
    certain: bool = True
    object_type: Literal["enum"] = "enum"


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain, and how many CHECKs it has."""

    name: Name
    type: Type | None = None
    checks: int = 0
    not_null: bool = False
    has_default: bool = False
    created_by: str | None = None
    certain: bool = True
    object_type: Literal["domain"] = "domain"

    @property
    def constrained(self) -> bool:
        """Whether it has NOT NULL or a CHECK."""
        return self.not_null or self.checks > 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view; `columns` is None where they could not be read.

    A materialized one can be read only once it is `populated`.
    """

    name: Name
    columns: tuple[str, ...] | None = None
    query: str | None = None
    materialized: bool = False
    populated: bool = True
    created_by: str | None = None
    certain: bool = True
    object_type: Literal["view"] = "view"


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Anything else that has a name: a sequence, function, trigger, policy, extension, ...

    `body`: what a routine, trigger or rule does when it runs, None where that was not read.
    `columns`: those of its table that a trigger or policy stands on.
    """

    name: Name
    object_type: ObjectType
    body: Body | None = None
    columns: tuple[str, ...] = ()
    enabled: bool = True  # of a trigger
    created_by: str | None = None
    certain: bool = True


Object = EnumType | Domain | View | Other


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it stands.

    `complete` is False where it may hold more columns, constraints and indexes than are listed: a
    table that was there before the first revision, or whose definition could not be read in full.
    `filled_by` is the revision that last put rows into it; `born` counts the steps of the replay.
    Of MySQL, `row_versions` counts the columns added or dropped at once since the table was last
    rebuilt; it `numbers_documents` where it has a FULLTEXT index, or had one since then.
    """

    name: Name
    columns: tuple[StoredColumn, ...] = ()
    constraints: tuple[StoredConstraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    objects: tuple[Other, ...] = ()  # triggers, policies, rules
    partitioned: bool = False
    partition_by: str | None = None  # PostgreSQL: "range (created_at)", as written
    partition_of: Name | None = None
    partitions: tuple[Name, ...] = ()
    default_partition: Name | None = None
    temporary: bool = False
    unlogged: bool = False
    storage: Storage = Storage()
    row_versions: int = 0
    numbers_documents: bool = False
    created_by: str | None = None
    filled_by: str | None = None
    filled: bool = False  # also where no revision has a name for who did it
    certain: bool = True
    complete: bool = True
    born: int = 0
    comment: str | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key; empty where there is none."""
        return next((c.columns for c in self.constraints if c.type == "primary key"), ())

    @property
    def part_names(self) -> tuple[str, ...]:
        """The names of its constraints and of its indexes, of those that have one."""
        names = [c.name for c in self.constraints] + [i.name for i in self.indexes]
        return tuple(name for name in names if name is not None)


class Reference(msgspec.Struct, frozen=True):
    """A foreign key, and the table that has it."""

    table: Name
    constraint: StoredConstraint


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is otherwise after a downgrade than it was before the upgrade.

    `thing` is its kind and name in words; `before` and `after` say how it `changed`. A part of a
    `table` may have no `name`, and a key or an index has `columns`.
    """

    thing: str  # "column orders.total"
    how: Literal["left over", "missing", "changed"]
    kind: str
    name: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class ReadOnlySchema(Protocol):
    """A schema as rules see it. Every answer is one of three: there is, ABSENT, or UNKNOWN.

    A question for one thing returns it or says why there is none (see `Missing`). A question for
    several returns those that are known; what is not among them is what `unlisted` says:
    `schema.indexes_covering(t, ["a"]) or schema.unlisted(t)` is the index, ABSENT or UNKNOWN.
    """

    @property
    def dialect(self) -> str | None:
        """The dialect whose names and customs hold here."""
        ...

    def table(self, name: Name) -> Table | Missing:
        """Return the table, or why there is none."""
        ...

    def tables(self) -> tuple[Table, ...]:
        """Return every table that is there or may be, by schema and name."""
        ...

    def column(self, name: Name, column: str) -> StoredColumn | Missing:
        """Return the column of the table, or why there is none."""
        ...

    def indexes(self, name: Name) -> tuple[Index, ...]:
        """Return the known indexes of a table, with those that keys and constraints bring."""
        ...

    def table_of_index(self, name: Name) -> Table | Missing:
        """Return the table that has an index, or a key or constraint with one, of that name."""
        ...

    def indexes_covering(self, name: Name, columns: Iterable[str]) -> tuple[Index, ...]:
        """Return the valid indexes on all rows that surely begin with the columns in any order."""
        ...

    def is_unique(self, name: Name, columns: Iterable[str]) -> bool:
        """Return whether surely no two rows have the same values (NULLs apart) in the columns."""
        ...

    def has_valid_check_not_null(self, name: Name, column: str) -> bool:
        """Return whether a validated constraint is known to forbid NULL in the column."""
        ...

    def references_to(self, name: Name) -> tuple[Reference, ...]:
        """Return the known foreign keys of other tables that point at the table."""
        ...

    def partition_of(self, name: Name) -> Name | Missing:
        """Return the table that it is a partition of, or why there is none."""
        ...

    def partitions_of(self, name: Name) -> tuple[Name, ...]:
        """Return the known partitions of the table."""
        ...

    def unlisted(self, name: Name | None = None) -> Missing:
        """Return what the parts of the table are that no question lists; None: of the schema.

        ABSENT where the revisions made all of it, UNKNOWN where there may be more, or less.
        """
        ...

    def enum(self, name: Name) -> EnumType | Missing:
        """Return the enum type, or why there is none."""
        ...

    def domain(self, name: Name) -> Domain | Missing:
        """Return the domain, or why there is none."""
        ...

    def view(self, name: Name) -> View | Missing:
        """Return the view, or why there is none."""
        ...

    def routine(self, name: Name) -> Body | None:
        """Return what a function or procedure does, None where no revision that was read says."""
        ...

    def objects(self) -> tuple[Object, ...]:
        """Return everything known that has a name and is no table, by type, schema and name."""
        ...

    def diff(self, other: Self) -> tuple[str, ...]:
        """Return what another schema has otherwise: `- ` only here, `+ ` only there.

        What is not certain in one of the two is no difference, and neither are temporary tables.
        """
        ...

    def unrestored(self, between: Self, after: Self) -> tuple[Difference, ...]:
        """Return what is surely otherwise `after` a downgrade than in this schema.

        `between` is the schema after the upgrade, from which the downgrade starts. The order of
        columns, names that a server makes up and what goes or stays with a table or column that is
        named already are no differences.
        """
        ...
