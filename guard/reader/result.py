"""The results of reading: what a revision or env.py does, the tables that models describe."""

from __future__ import annotations

import msgspec

from guard.facts import BuiltSql
from guard.operations import CreateIndex, CreateTable, Name
from guard.statement import Span, Statement, Steps


class ParsedRevision(msgspec.Struct, frozen=True, kw_only=True):
    """The operations of a revision file, by direction."""

    path: str
    revision: str | None
    upgrade: Steps
    downgrade: Steps
    built: tuple[BuiltSql, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.upgrade.statements + self.downgrade.statements


class EnvPy(msgspec.Struct, frozen=True, kw_only=True):
    """What an env.py does to the database, and how it has revisions run.

    `autocommit`: it connects with that isolation level. `handed_over`: it does not connect by
    itself, but takes its connection from `config.attributes`.
    `transactional_ddl` is None where it is left to Alembic. `settings` are those of the session,
    by name in lower case, that a connection is opened with.
    """

    statements: tuple[Statement, ...] = ()
    autocommit: bool = False
    handed_over: bool = False
    transaction_per_migration: bool = False
    transactional_ddl: bool | None = None
    settings: dict[str, str] = {}


class Place(msgspec.Struct, frozen=True):
    """The thing in the code that describes a column or a table, as its author calls it."""

    label: str  # "Order.total", "the table orders"
    span: Span


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A table that a mapped class or a `Table` describes.

    `columns` says where each of its columns is written; an index without a name has the one that
    the project's naming convention gives it. Not `complete`: it may have more than was read.
    """

    place: Place
    columns: dict[str, Place]
    create: CreateTable
    indexes: tuple[CreateIndex, ...] = ()
    comment: str | None = None

    @property
    def table(self) -> Name:
        return self.create.table
