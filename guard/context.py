"""What a check may ask besides the fact that it judges: the door between rules and guard.

Every answer belongs to the place that is judged: the statement and what stands before and after it
in its revision; for a whole revision, the schema that it starts from; for other facts, nothing but
the server, the options and the tables' sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Protocol, TypeVar

import msgspec

from guard.effects.effect import Effect, TableEffect
from guard.effects.type_change import TypeChange
from guard.expression import Expression
from guard.operations import ChangeColumnType, ModifyColumn, Name, Operation
from guard.options import Options
from guard.schema.model import ReadOnlySchema
from guard.server import Server
from guard.statement import Statement

Nulls = Literal["none", "some", "all"]
Declared = TypeVar("Declared", bound=Options)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the session that is in force; not `certain`: it was set under a condition."""

    value: str
    scope: Literal["session", "local"]
    certain: bool = True


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of one transaction, of all revisions that deploy together, in order.

    `locks` are those that earlier statements of it took on tables and that are still held.
    Not `begun`: there is none when the statement comes, in an autocommit block or after a COMMIT.
    Not `certain`: env.py is handed its connection, which may commit by itself.
    """

    begun: bool = True
    certain: bool = True
    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()
    locks: tuple[TableEffect, ...] = ()


class TableSize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large a table is in production, as the project's stats file says."""

    rows: Annotated[int, msgspec.Meta(ge=0)]
    bytes: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Required(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a package that the project requires: from one on, and below another.

    None where it does not say.
    """

    at_least: tuple[int, ...] | None = None
    below: tuple[int, ...] | None = None


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation leaves, once its direction has run, of the rows or values it takes away.

    `place`: the table or `table.column` that has them now; `rebuilt`: that is the table's own name
    again. `all_rows`: none is left out. `kept` are the columns that were copied ("*": all), `lost`
    the known ones that were not; not `listed`: there may be more of these. `brought_back`: the
    opposite direction refills from there all that is kept.
    """

    place: str
    rebuilt: bool = False
    all_rows: bool = True
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    listed: bool = True
    brought_back: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing at all is missing."""
        return self.all_rows and self.listed and not self.lost

    @property
    def severity(self) -> Literal["warning"] | None:
        """Of a drop that takes nothing that its way back does not restore; else the rule's."""
        return "warning" if self.complete and self.brought_back else None


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What the models say of a table or a column: those of the base, whose code is running.

    `by` is where they map it (`app/models.py:7`), None where they surely do not. `still`: those of
    the change map it as well.
    """

    by: str | None
    still: bool = False


class Context(Protocol):
    """What a check may ask."""

    @property
    def server(self) -> Server:
        """The server that the statement is judged for; its dialect is None where nobody said."""
        ...

    def options(self, declared: type[Declared]) -> Declared:
        """Return the options of this rule, `declared` being what it gave to `@rule(options=...)`.

        Raises TypeError for any other class.
        """
        ...

    def requires(self, package: str) -> Required:
        """Return which versions of a package (its name in lower case) the project requires."""
        ...

    @property
    def names_constraints(self) -> bool:
        """Whether a naming convention in the project gives names to constraints without one."""
        ...

    @property
    def takes_ddl_back(self) -> bool:
        """Whether the transaction around a revision takes DDL back where a statement fails."""
        ...

    # The statement, and those around it

    @property
    def statement(self) -> Statement:
        """The statement that the operation stands in; empty for other facts."""
        ...

    @property
    def before(self) -> tuple[Statement, ...]:
        """The statements that run before it in the same direction of its revision, in order.

        Those of another dialect or database are not among them, those under conditions are.
        """
        ...

    @property
    def after(self) -> tuple[Statement, ...]:
        """The statements that run after it, as in `before`."""
        ...

    @property
    def transaction(self) -> Transaction:
        """What shares a transaction with the statement.

        Alembic runs all new revisions in one, unless env.py has it begin one for each. It ends at a
        COMMIT or ROLLBACK and where an autocommit block begins, whose statements have none; on
        MySQL and MariaDB around whatever is no row change, since that commits.
        """
        ...

    @property
    def settings(self) -> Mapping[str, Setting]:
        """What is SET and in force here, by name in lower case.

        It was by this revision, by one that runs before it on the same connection, or elsewhere.
        """
        ...

    def undoes_upgrade(self, operation: Operation) -> bool:
        """Return whether this is a downgrade that takes back just what its own upgrade did."""
        ...

    def remains(self, table: Name, column: str | None = None) -> Remains | None:
        """Return where the rows of a table, or a column's values, are that were copied before.

        None where nothing was copied.
        """
        ...

    def rewrites(self, table: Name, column: str | None = None) -> bool:
        """Return whether the opposite direction writes rows or values there, one row at a time.

        Where those come from is not followed: they may be what the statement takes away.
        """
        ...

    def mapped(self, table: Name, column: str | None = None) -> Mapped | None:
        """Return whether code that is running maps the table, or the column; None: not known.

        It is where the change is compared with a base that has models.
        """
        ...

    # The schema before the statement, and what the operation does to it

    @property
    def schema(self) -> ReadOnlySchema:
        """The schema before the statement or revision; all of it UNKNOWN for other facts."""
        ...

    def effect(self, operation: Operation) -> Effect | None:
        """Return what the operation does to the tables of a running server, None: not known."""
        ...

    def type_change(self, operation: ChangeColumnType | ModifyColumn) -> TypeChange:
        """Return what a change of a column's type does to the column and what stands on it."""
        ...

    def expression(self, sql: str) -> Expression:
        """Return what a SQL expression (a default, CHECK, WHERE, USING) says on this server."""
        ...

    def size(self, table: Name) -> TableSize | None:
        """Return how large the table is, None where the project has not said."""
        ...

    @property
    def newer_words(self) -> tuple[str, int] | None:
        """Words of the statement's SQL that the server is too old for, and what version has them.

        None also where nobody said which version it is.
        """
        ...

    @property
    def foreign_words(self) -> str | None:
        """Words of the statement's SQL that no version of the server understands."""
        ...

    def is_new(self, table: Name) -> bool:
        """Return whether this same deployment made the table and nothing filled it since."""
        ...

    def is_unreleased(self, table: Name) -> bool:
        """Return whether only this deployment knows the table or view: made in it, or temporary."""
        ...

    def is_made_here(self, revision: str | None) -> bool:
        """Return whether it is a revision of this deployment, of what is `created_by` one."""
        ...

    def is_empty(self, table: Name) -> bool:
        """Return whether the table surely holds no rows here: new, or emptied just before."""
        ...

    def was_unique(self, table: Name, columns: Iterable[str]) -> bool:
        """Return whether the columns are unique here, or were when this direction began."""
        ...

    def is_new_type(self, name: Name) -> bool:
        """Return whether an enum type was made in this same deployment."""
        ...

    def is_new_column(self, table: Name, column: str) -> bool:
        """Return whether the column was added in this same deployment."""
        ...

    def is_never_null(self, table: Name, column: str) -> bool:
        """Return whether no row has NULL there; of a table not known, a column `id` is its key."""
        ...

    def nulls(self, table: Name, column: str) -> Nulls:
        """Return whether rows of the table have NULL in the column here, or may have it.

        "none": it is NOT NULL, a validated CHECK forbids it, the table is empty, or a default or an
        UPDATE of this or an earlier revision gave each row a value. "some": an UPDATE left rows
        out, or what was not understood may have filled it. "all": nothing is known to have.
        """
        ...

    def dependents_of(self, table: Name, column: str) -> tuple[str, ...]:
        """Return the keys, constraints and indexes that contain the column, as words."""
        ...
