"""The statements that run one after the other on one server, and what that does to each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Literal

from guard.context import Setting, Transaction
from guard.effects import TableEffect, effect_of
from guard.judge.connection import Connection
from guard.judge.replay import Step
from guard.operations import (
    Delete,
    Insert,
    LockTable,
    Merge,
    Opaque,
    Query,
    RenameTable,
    SetOption,
    TransactionControl,
    Truncate,
    Update,
)
from guard.server import Server
from guard.statement import Statement

# All else commits by itself on MySQL and MariaDB.
KEEPS_TRANSACTION = (
    Insert, Update, Delete, Merge, Query, SetOption, TransactionControl, LockTable, Opaque,
)  # fmt: skip

# What may fill a table, empty it or give it another name.
OF_ROWS = (Truncate, Delete, Insert, Merge, RenameTable, Opaque)

ALEMBIC = Connection()  # where nobody says anything else
Settings = dict[str, Setting | None]  # None: reset


class Timeline:
    """What one connection runs, revision by revision; what nobody asks for is never worked out."""

    def __init__(self, steps: Sequence[Step], server: Server, connection: Connection) -> None:
        self._steps = steps
        self._server = server
        self._connection = connection

    @property
    def takes_ddl_back(self) -> bool:
        """Whether the transaction around a revision takes DDL back where a statement fails."""
        return self._connection.takes_ddl_back(self._server)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements in order."""
        return tuple(step.statement for step in self._steps)

    def before(self, index: int) -> tuple[Statement, ...]:
        """Return what runs before the statement at `index` in its own revision."""
        revisions = self._revisions
        return self.statements[bisect_left(revisions, revisions[index]) : index]

    def back(self, index: int) -> Iterator[Statement]:
        """Yield what may fill or empty tables before it, in its own revision, the last first."""
        start = bisect_left(self._revisions, self._revisions[index])
        places = self._of_rows
        for place in reversed(places[bisect_left(places, start) : bisect_left(places, index)]):
            yield self.statements[place]

    @cached_property
    def _of_rows(self) -> list[int]:
        return [
            place
            for place, statement in enumerate(self.statements)
            if any(isinstance(operation, OF_ROWS) for operation in statement.operations)
        ]

    def after(self, index: int) -> tuple[Statement, ...]:
        """Return what runs after it in its own revision."""
        revisions = self._revisions
        return self.statements[index + 1 : bisect_right(revisions, revisions[index])]

    def transaction(self, index: int) -> Transaction:
        """Return what shares a transaction with the statement at `index`."""
        numbers = self._transactions
        start, end = bisect_left(numbers, numbers[index]), bisect_right(numbers, numbers[index])
        return Transaction(
            certain=not self._connection.handed_over,
            begun=self._begun[index],
            before=self.statements[start:index],
            after=self.statements[index + 1 : end],
            locks=self._locks[index],
        )

    def settings(self, index: int) -> Mapping[str, Setting]:
        """Return what is SET and in force before the statement at `index`."""
        return self._settings[index]

    @cached_property
    def _revisions(self) -> tuple[int, ...]:
        """The number of each statement's revision, counted up."""
        ids = [statement.revision for statement in self.statements]
        begins = (one != other for one, other in zip(ids, [*ids[:1], *ids], strict=False))
        return tuple(accumulate(begins, initial=0))[1:]

    @cached_property
    def _transactions(self) -> tuple[int, ...]:
        """The number of each statement's transaction, counted up."""
        numbers: list[int] = []
        number, begun, over, ended, inside = 0, False, False, False, True
        shared = self._connection.shares_transaction(self._server)
        revision = 0
        before: Statement | None = None
        for statement, its_revision in zip(self.statements, self._revisions, strict=True):
            apart = its_revision != revision and not shared
            revision = its_revision
            commands = _commands(statement)
            moved = statement.in_transaction != inside  # an autocommit block begins or ends here
            inside = statement.in_transaction
            held = inside and not self._connection.autocommit
            begun = (begun and not moved) or (not held and "begin" in commands)
            alone = self._commits_itself(statement) or not (held or begun)
            together = before is not None and self._in_one_text(before, statement)
            number += bool(numbers) and (ended if together else over or moved or alone or apart)
            numbers.append(number)
            ended = bool(commands & {"commit", "rollback"})
            over, begun, before = alone or ended, begun and not ended, statement
        return tuple(numbers)

    @cached_property
    def _begun(self) -> tuple[bool, ...]:
        """Whether each statement finds a transaction that something before it began.

        What is sent as text the driver does not notice: after a COMMIT it begins none anew.
        """
        found: list[bool] = []
        never = self._connection.autocommit
        shared = self._connection.shares_transaction(self._server)
        begun, ended, inside, revision = False, never, True, 0
        for statement, its_revision in zip(self.statements, self._revisions, strict=True):
            if statement.in_transaction != inside or (its_revision != revision and not shared):
                begun, ended = False, never
            inside, revision = statement.in_transaction, its_revision
            together = statement.joined or statement.run_by is not None
            found.append(together or begun or (inside and not ended))
            commands = _commands(statement) if statement.sql else set()
            if "begin" in commands:
                begun = True
            elif commands & {"commit", "rollback"}:
                begun, ended = False, True
        return tuple(found)

    def _in_one_text(self, one: Statement, other: Statement) -> bool:
        """Return whether the other follows in the same text, which PostgreSQL runs as one."""
        if self._server.dialect != "postgresql" or not (one.joined and other.joined):
            return False
        if one.span != other.span or one.at is None or other.at is None:
            return False  # the next turn of a loop stands at the same place, not further on
        return (one.at.line, one.at.column) < (other.at.line, other.at.column)

    def _commits_itself(self, statement: Statement) -> bool:
        return self._server.dialect in ("mysql", "mariadb") and any(
            not isinstance(operation, KEEPS_TRANSACTION) for operation in statement.operations
        )

    @cached_property
    def _locks(self) -> tuple[tuple[TableEffect, ...], ...]:
        """The locks that each statement finds held by its transaction."""
        found: list[tuple[TableEffect, ...]] = []
        held: tuple[TableEffect, ...] = ()
        previous = -1
        for step, number in zip(self._steps, self._transactions, strict=True):
            held = held if number == previous else ()
            found.append(held)
            held += tuple(self._taken(step))
            previous = number
        return tuple(found)

    def _taken(self, step: Step) -> Iterator[TableEffect]:
        for operation in step.statement.operations:
            effect = effect_of(operation, step.schema, self._server)
            if effect is not None:
                yield effect
                yield from effect.related

    @cached_property
    def _settings(self) -> tuple[Mapping[str, Setting], ...]:
        """What each statement finds in force: what is LOCAL hides the session's, and ends first."""
        found: list[Mapping[str, Setting]] = []
        defaults = self._connection.defaults
        session: Settings = {**self._connection.settings}
        local: Settings = {}
        previous = -1
        for statement, number in zip(self.statements, self._transactions, strict=True):
            local = local if number == previous else {}
            made = {name: s or defaults.get(name) for name, s in {**session, **local}.items()}
            found.append({name: s for name, s in {**defaults, **made}.items() if s is not None})
            for operation in statement.operations:
                if isinstance(operation, SetOption) and not self._is_ignored(operation):
                    session, local = _after(operation, statement, session, local)
            previous = number
        return tuple(found)

    def _is_ignored(self, operation: SetOption) -> bool:
        """Return whether it is SQLite's PRAGMA that changes nothing in env.py's transaction."""
        pragma = self._server.dialect == "sqlite" and operation.name.lower() == "foreign_keys"
        return pragma and self.takes_ddl_back


def _commands(statement: Statement) -> set[str]:
    return {o.command for o in statement.operations if isinstance(o, TransactionControl)}


def _after(
    operation: SetOption, statement: Statement, session: Settings, local: Settings
) -> tuple[Settings, Settings]:
    """Return the settings of the session and of the transaction after the operation."""
    name, value = operation.name.lower(), operation.value
    if operation.scope in ("global", "statement"):
        return session, local
    if name in ("all", "discard all") and value is None:
        return {}, {}
    made = None
    if value is not None:
        certain = statement.condition is None
        made = Setting(value=value, scope=_scope(operation), certain=certain)
    if operation.scope == "local":
        return session, {**local, name: made}
    return {**session, name: made}, {key: s for key, s in local.items() if key != name}


def _scope(operation: SetOption) -> Literal["session", "local"]:
    return "local" if operation.scope == "local" else "session"


class Run:
    """What runs on one connection, as it may on different servers and databases."""

    def __init__(self, steps: Sequence[Step], connection: Connection = ALEMBIC) -> None:
        self.steps = steps
        self._connection = connection
        self._timelines: dict[tuple[object, ...], tuple[Timeline, Sequence[int]]] = {}

    def timeline(self, index: int, server: Server) -> tuple[Timeline, int]:
        """Return what runs together with the statement at `index`, and its place there."""
        statement = self.steps[index].statement
        key = (server, statement.dialects, statement.database) if self._differs else (server,)
        if key not in self._timelines:
            kept = [i for i, step in enumerate(self.steps) if _together(step, statement, server)]
            self._timelines[key] = (
                Timeline([self.steps[i] for i in kept], server, self._connection),
                kept,
            )
        timeline, places = self._timelines[key]
        return timeline, bisect_left(places, index)

    @cached_property
    def _differs(self) -> bool:
        """Whether not all of its statements run in the same places."""
        statements = [step.statement for step in self.steps]
        return len({(s.dialects, s.database) for s in statements}) > 1


class Course:
    """One direction of a revision. It stands in a `run`, where it begins at `start`."""

    def __init__(self, steps: Sequence[Step], run: Run | None = None, start: int = 0) -> None:
        self.steps = steps
        self._run = run or Run(steps)
        self._start = start

    def timeline(self, index: int, server: Server) -> tuple[Timeline, int]:
        """Return what runs together with the statement at `index`, and its place there."""
        return self._run.timeline(self._start + index, server)


def _together(step: Step, other: Statement, server: Server) -> bool:
    """Return whether one run of the revision may meet both statements."""
    one = step.statement
    if one.database != other.database or (server.dialect and not one.applies_to(server.dialect)):
        return one is other
    return one.dialects is None or any(map(one.applies_to, other.dialects or one.dialects))
