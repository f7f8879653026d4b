"""The objects of a replayed schema: tables and all that belongs to them, types, views, the rest.

Each says which revision made it (`created_by`, None where no revision that was read did), and
whether that is sure (`certain`): a statement under a condition, or one that could not be read,
leaves behind things that may be otherwise.
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from guard.action_words import ObjectType
from guard.operations import Column, Constraint, Name, Type

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
    """A column as it stands; its inline keys and constraints are among those of the table."""

    created_by: str | None = None
    certain: bool = True


class StoredConstraint(Constraint, frozen=True, kw_only=True):
    """A constraint as it stands; `name` as PostgreSQL makes it up where none was written."""

    created_by: str | None = None
    certain: bool = True


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """An index; `valid` is False for one of a partitioned table that waits for its parts."""

    name: str | None
    columns: tuple[str, ...] = ()  # names, or the SQL of expressions
    unique: bool = False
    where: str | None = None
    method: str | None = None
    valid: bool = True
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
    """A domain; `constrained`: it has NOT NULL or a CHECK."""

    name: Name
    type: Type | None = None
    constrained: bool = False
    created_by: str | None = None
    certain: bool = True
    object_type: Literal["domain"] = "domain"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view; `columns` is None where they could not be read."""

    name: Name
    columns: tuple[str, ...] | None = None
    materialized: bool = False
    created_by: str | None = None
    certain: bool = True
    object_type: Literal["view"] = "view"


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Anything else that has a name: a sequence, function, trigger, policy, extension, ..."""

    name: Name
    object_type: ObjectType
    created_by: str | None = None
    certain: bool = True


Object = EnumType | Domain | View | Other


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it stands.

    `complete` is False where it may hold more columns, constraints and indexes than are listed: a
    table that was there before the first revision, or whose definition could not be read in full.
    `filled_by` is the revision that last put rows into it; `born` counts the steps of the replay.
    """

    name: Name
    columns: tuple[StoredColumn, ...] = ()
    constraints: tuple[StoredConstraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    objects: tuple[Other, ...] = ()  # triggers, policies, rules
    partitioned: bool = False
    partition_of: Name | None = None
    partitions: tuple[Name, ...] = ()
    default_partition: Name | None = None
    temporary: bool = False
    unlogged: bool = False
    created_by: str | None = None
    filled_by: str | None = None
    filled: bool = False  # also where no revision has a name for who did it
    certain: bool = True
    complete: bool = True
    born: int = 0

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
