"""The answers to what rules ask; see `guard.context.Context` for the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from guard.context import Mapped, Nulls, Remains, Required, Setting, TableSize, Transaction
from guard.effects import Effect, TypeChange, effect_of, type_change_of
from guard.expression import Expression
from guard.judge.copies import remains_of, writes_again
from guard.judge.inverse import is_emptied, undoes
from guard.judge.replay import Step
from guard.judge.timeline import Course, Timeline
from guard.operations import (
    CallRoutine,
    ChangeColumnType,
    CreateTable,
    Delete,
    DropTable,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    RenameColumn,
    RenameTable,
    Truncate,
    Update,
    is_known,
)
from guard.options import Options
from guard.rule import Rule
from guard.schema import Missing, Schema
from guard.schema.model import Table
from guard.server import Server
from guard.sql.expressions import read_expression
from guard.sql.foreign import foreign_to
from guard.sql.newer import newer_than
from guard.statement import Span, Statement

Declared = TypeVar("Declared", bound=Options)


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What the project says of itself: how large a table is, which versions it requires.

    `names_constraints`: it has a naming convention.

    What only makes tables of up to `small_table_rows` wait is no problem there.
    """

    size: Callable[[Name], TableSize | None] = lambda table: None
    requires: Callable[[str], Required] = lambda package: Required()
    names_constraints: Callable[[], bool] = lambda: False
    small_table_rows: int | None = None


SAYS_NOTHING = Project()


FindMapped = Callable[[Name, str | None], Mapped | None]


def nobody_knows(table: Name, column: str | None) -> Mapped | None:
    """Return what the models say of it where there are none."""
    return None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a statement stands: at `index` in its direction of a revision; `back` is the other one.

    `deployment` are the revisions that deploy together with its own; `upgrade` are the operations
    of its own revision's upgrade.
    """

    course: Course
    back: Course = Course(())
    index: int = 0
    deployment: frozenset[str] = frozenset()
    upgrade: tuple[Operation, ...] = ()
    mapped: FindMapped = nobody_knows

    @property
    def step(self) -> Step:
        """The statement, and the schema before it."""
        return self.course.steps[self.index]


_NO_STATEMENT = Statement(operations=(), span=Span("", 1), direction="upgrade")
NOWHERE = Position(course=Course([Step(_NO_STATEMENT, Schema.empty(known=False))]))


def before_the_first(steps: Sequence[Step], deployment: frozenset[str]) -> Position:
    """Return the place of a whole revision: no statement, and the schema that it starts from."""
    if not steps:
        return NOWHERE
    return Position(course=Course([Step(_NO_STATEMENT, steps[0].schema)]), deployment=deployment)


def _converts_nulls(operation: Operation, table: Name, column: str) -> bool:
    """Return whether it puts a value in the place of each NULL, in the same ALTER TABLE."""
    return (
        isinstance(operation, ChangeColumnType)
        and (operation.table, operation.column) == (table, column)
        and "coalesce(" in (operation.using or "").lower()
    )


def _may_fill(statement: Statement, table: Name) -> bool:
    """Return whether nobody knows which rows or columns it changes."""
    return statement.repeated or any(
        isinstance(operation, Opaque | CallRoutine)
        or (isinstance(operation, Update) and not operation.columns and operation.table == table)
        for operation in statement.operations
    )


class JudgeContext(msgspec.Struct, frozen=True, kw_only=True):
    """Answers for one rule at one place; nothing is worked out before it is asked."""

    server: Server
    rule: Rule
    position: Position
    project: Project

    def options(self, declared: type[Declared]) -> Declared:
        found = self.rule.options
        if not isinstance(found, declared):
            raise TypeError(f"{self.rule.name} does not declare options={declared.__name__}")
        return found

    def size(self, table: Name) -> TableSize | None:
        return self.project.size(table)

    def requires(self, package: str) -> Required:
        return self.project.requires(package)

    @property
    def names_constraints(self) -> bool:
        return self.project.names_constraints()

    @property
    def takes_ddl_back(self) -> bool:
        timeline, _ = self._timeline
        return timeline.takes_ddl_back

    # The statement, and those around it

    @property
    def statement(self) -> Statement:
        return self.position.step.statement

    @property
    def before(self) -> tuple[Statement, ...]:
        timeline, index = self._timeline
        return timeline.before(index)

    @property
    def after(self) -> tuple[Statement, ...]:
        timeline, index = self._timeline
        return timeline.after(index)

    @property
    def transaction(self) -> Transaction:
        timeline, index = self._timeline
        return timeline.transaction(index)

    @property
    def settings(self) -> Mapping[str, Setting]:
        timeline, index = self._timeline
        return timeline.settings(index)

    def undoes_upgrade(self, operation: Operation) -> bool:
        return self.statement.direction == "downgrade" and undoes(operation, self.position.upgrade)

    def remains(self, table: Name, column: str | None = None) -> Remains | None:
        position = self.position
        return remains_of(table, column, position.course.steps, position.back.steps, self.statement)

    def rewrites(self, table: Name, column: str | None = None) -> bool:
        return writes_again(table, column, self.position.back.steps, self.statement)

    def mapped(self, table: Name, column: str | None = None) -> Mapped | None:
        return self.position.mapped(table, column)

    @property
    def _timeline(self) -> tuple[Timeline, int]:
        return self.position.course.timeline(self.position.index, self.server)

    # The schema before the statement, and what the operation does to it

    @property
    def schema(self) -> Schema:
        return self.position.step.schema

    def effect(self, operation: Operation) -> Effect | None:
        return effect_of(operation, self.schema, self.server)

    def type_change(self, operation: ChangeColumnType | ModifyColumn) -> TypeChange:
        return type_change_of(operation, self.schema)

    def expression(self, sql: str) -> Expression:
        return read_expression(sql, self.server.dialect)

    @property
    def newer_words(self) -> tuple[str, int] | None:
        sql, server = self.statement.sql, self.server
        if sql is None or server.version is None or server.dialect != "postgresql":
            return None
        found = newer_than(sql, server.version)
        return found and (found.words, found.since)

    @property
    def foreign_words(self) -> str | None:
        sql = self.statement.sql
        return sql and foreign_to(sql, self.server.dialect)

    def is_new(self, table: Name) -> bool:
        return self.schema.is_new(table, self.position.deployment)

    def is_unreleased(self, table: Name) -> bool:
        if self._is_made_beside(table):
            return True
        view = self.schema.view(table)  # with an index, one is listed as a table as well
        found = view or self.schema.table(table)
        if isinstance(found, Missing) or not found.certain:
            return False
        temporary = isinstance(found, Table) and found.temporary
        return temporary or found.created_by in self.position.deployment

    def _is_made_beside(self, table: Name) -> bool:
        """Return whether the statement itself makes the table, or one under its condition did."""
        here, key = self.statement, self.schema.catalog.key
        first = next((o for o in here.operations if isinstance(o, CreateTable | DropTable)), None)
        if isinstance(first, DropTable) and key(first.table) == key(table):
            return False  # MariaDB's CREATE OR REPLACE TABLE drops what is there
        made = [o for o in here.operations if isinstance(o, CreateTable)]
        fresh = [o for o in made if not (o.if_not_exists and self.schema.table(table))]
        if not is_known(table):  # a name that is computed, and may be the same one
            fresh += [o for s in self.before for o in s.operations if isinstance(o, CreateTable)]
        if here.condition is not None:
            beside = (s for s in self.before if s.condition == here.condition)
            fresh += [o for s in beside for o in s.operations if isinstance(o, CreateTable)]
        return any(key(o.table) == key(table) for o in fresh)

    def is_made_here(self, revision: str | None) -> bool:
        return revision in self.position.deployment

    def _makes(self, table: Name) -> bool:
        """Return whether the statement itself makes the table, as one with its indexes does."""
        return any(
            isinstance(o, CreateTable) and o.table == table and not (o.if_not_exists or o.filled)
            for o in self.statement.operations
        )

    def is_empty(self, table: Name) -> bool:
        return self._makes(table) or self.is_new(table) or is_emptied(table, self._back())

    def _back(self) -> Iterator[Operation]:
        """Yield what ran before it, the last first, but for rows that perhaps were not deleted."""
        dialects = self.statement.dialects
        timeline, index = self._timeline
        for other in timeline.back(index):
            everywhere = other.dialects is None or (
                dialects is not None and all(map(other.applies_to, dialects))
            )
            sure = other.condition is None and everywhere
            for done in reversed(other.operations):
                if sure or not isinstance(done, Delete | Truncate):
                    yield done

    def was_unique(self, table: Name, columns: Iterable[str]) -> bool:
        wanted = tuple(columns)
        start = self.position.course.steps[0].schema
        then, called = called_then(table, wanted, self.before)
        return start.is_unique(then, called) or self.schema.is_unique(table, wanted)

    def is_new_type(self, name: Name) -> bool:
        found = self.schema.enum(name)
        return not isinstance(found, Missing) and found.created_by in self.position.deployment

    def is_new_column(self, table: Name, column: str) -> bool:
        found = self.schema.column(table, column)
        return not isinstance(found, Missing) and found.created_by in self.position.deployment

    def is_never_null(self, table: Name, column: str) -> bool:
        found, owner = self.schema.column(table, column), self.schema.table(table)
        if isinstance(found, Missing) or isinstance(owner, Missing):
            return column.lower() == "id"
        key = column.lower() in (name.lower() for name in owner.primary_key)
        return found.certain and (key or not found.nullable)

    def nulls(self, table: Name, column: str) -> Nulls:
        found = self.schema.column(table, column)
        if self.is_empty(table) or self.schema.has_valid_check_not_null(table, column):
            return "none"
        if any(
            _converts_nulls(operation, table, column) for operation in self.statement.operations
        ):
            return "none"
        if found and found.has_values:
            return "none"
        owner = self.schema.table(table)
        if owner and column.lower() in map(str.lower, owner.primary_key):
            return "none"
        perhaps = (found and found.filled) or any(_may_fill(s, table) for s in self.before)
        return "some" if perhaps else "all"

    def dependents_of(self, table: Name, column: str) -> tuple[str, ...]:
        found = self.schema.table(table)
        if isinstance(found, Missing):
            return ()
        wanted = column.lower()
        constraints = (
            f"{constraint.type} {constraint.name or ''}".strip()
            for constraint in found.constraints
            if wanted in (name.lower() for name in constraint.columns)
        )
        indexes = (
            f"index {index.name or ''}".strip()
            for index in found.indexes
            if wanted in (name.lower() for name in index.columns)
        )
        return (*constraints, *indexes)


def called_then(
    table: Name, columns: tuple[str, ...], before: Sequence[Statement]
) -> tuple[Name, tuple[str, ...]]:
    """Return how a table and its columns were called before the statements ran."""
    for operation in (o for statement in reversed(before) for o in reversed(statement.operations)):
        match operation:
            case RenameTable(table=old, new=new) if new == table:
                table = old
            case RenameColumn(table=of, column=old_name, new=name) if of == table:
                columns = tuple(old_name if column == name else column for column in columns)
            case ModifyColumn(table=of, column=column_, new=str() as name) if of == table:
                columns = tuple(column_.name if column == name else column for column in columns)
    return table, columns
