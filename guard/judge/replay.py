"""The schema before each statement of a history."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec

from guard.facts import SchemaChange
from guard.judge.routines import is_repeated, unfolded
from guard.operations import CreateTable, Opaque
from guard.reader import ParsedRevision
from guard.schema import Schema
from guard.statement import Statement

Schemas = dict[str | None, Schema]  # by database: a multidb history has several


class Step(msgspec.Struct, frozen=True):
    """A statement, and the schema of its database before it."""

    statement: Statement
    schema: Schema


class ReplayedRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with the schemas before each of its statements, and around its two directions."""

    parsed: ParsedRevision
    upgrade: tuple[Step, ...]
    downgrade: tuple[Step, ...]
    schemas: tuple[SchemaChange, ...]


class Beginning:
    """The schemas after the revisions with which a history begins, kept for the next replay."""

    def __init__(self) -> None:
        self._of: tuple[Sequence[ParsedRevision], str | None] = (), None
        self._schemas: Schemas = {}

    def schemas_after(self, revisions: Sequence[ParsedRevision], dialect: str | None) -> Schemas:
        """Return the schemas after these revisions, replayed where they are not the last ones."""
        if self._of != (revisions, dialect):
            schemas = start_of(revisions, dialect)
            for one in revisions:
                _steps(one.upgrade.statements, schemas, dialect)
            self._of, self._schemas = (revisions, dialect), schemas
        return dict(self._schemas)


def start_of(revisions: Sequence[ParsedRevision], dialect: str | None) -> Schemas:
    """Return the schemas before the first revision of a history.

    One that does nothing at all marks the state of a database that was there already.
    """
    if revisions and not revisions[0].upgrade.statements:
        return {None: Schema.empty(dialect=dialect, adopted=True)}
    return {}


def replay(
    order: Sequence[str],
    revisions: Mapping[str, ParsedRevision],
    dialect: str | None,
    chosen: Container[str],
    beginning: Beginning | None = None,
) -> Iterator[ReplayedRevision]:
    """Yield the chosen revisions in order. A downgrade starts from what its own upgrade left.

    `beginning` has what comes before the first of them, if that was replayed before.
    """
    known = [revision for revision in order if revision in revisions]
    while known and known[-1] not in chosen:
        del known[-1]
    first = next((n for n, revision in enumerate(known) if revision in chosen), len(known))
    before_all = [revisions[revision] for revision in known[:first]]
    schemas = (beginning or Beginning()).schemas_after(before_all, dialect)
    schemas = schemas or start_of([revisions[name] for name in known[:1]], dialect)
    for revision in known[first:]:
        parsed = revisions[revision]
        if revision not in chosen:  # only what it leaves matters
            _steps(parsed.upgrade.statements, schemas, dialect)
            continue
        before = dict(schemas)
        upgrade = _steps(parsed.upgrade.statements, schemas, dialect)
        after = dict(schemas)
        downgrade = _steps(parsed.downgrade.statements, after, dialect)
        yield ReplayedRevision(
            parsed=_as_run(parsed, upgrade, downgrade),
            upgrade=upgrade,
            downgrade=downgrade,
            schemas=tuple(_changes(before, schemas, after, dialect)),
        )


def _steps(
    statements: Sequence[Statement], schemas: Schemas, dialect: str | None
) -> tuple[Step, ...]:
    """Return the steps in order. What a trigger does, or cannot be read, is told once."""
    told: set[tuple[str, str]] = set()
    found = []
    for statement in statements:
        for step in advance(schemas, statement, dialect):
            if not is_repeated(step.statement, told):
                found.append(step)
    return tuple(found)


def _as_run(
    parsed: ParsedRevision, upgrade: Sequence[Step], downgrade: Sequence[Step]
) -> ParsedRevision:
    """Return the revision with the statements that its steps are."""
    up, down = (tuple(step.statement for step in steps) for steps in (upgrade, downgrade))
    return msgspec.structs.replace(
        parsed,
        upgrade=msgspec.structs.replace(parsed.upgrade, statements=up),
        downgrade=msgspec.structs.replace(parsed.downgrade, statements=down),
    )


def _changes(
    before: Schemas, between: Schemas, after: Schemas, dialect: str | None
) -> Iterator[SchemaChange]:
    """Yield what became of each database that the history knows up to here; of one at least."""
    empty = Schema.empty(dialect=dialect)
    for database in after or (None,):
        yield SchemaChange(
            database=database,
            before=before.get(database, empty),
            between=between.get(database, empty),
            after=after.get(database, empty),
        )


def advance(schemas: Schemas, statement: Statement, dialect: str | None) -> tuple[Step, ...]:
    """Put the schema after the statement into `schemas`; return the steps that it is.

    Those are the statement itself, and what the routines do that it calls or fires.
    """
    schema = schemas.get(statement.database) or Schema.empty(dialect=dialect)
    settled = dialect is not None or statement.dialects is None
    applies = dialect is None or statement.applies_to(dialect)
    steps = []
    for part in unfolded(statement, schema):
        steps.append(Step(part.statement, schema))
        for written in part.statement.operations if applies else ():
            operation = written
            if statement.guarded and isinstance(written, CreateTable):
                # `if not has_table("t"): create_table("t")`
                operation = msgspec.structs.replace(written, if_not_exists=True)
            sure = statement.condition is None or statement.guarded
            if part.sure or not isinstance(operation, Opaque):
                schema = schema.apply(
                    operation,
                    revision=statement.revision,
                    certain=settled and sure and part.sure,
                )
    schemas[statement.database] = schema
    return tuple(steps)


def schemas_after(
    order: Sequence[str], revisions: Mapping[str, ParsedRevision], dialect: str | None
) -> Schemas:
    """Return the schema of each database after the upgrades of these revisions."""
    schemas: Schemas = {}
    for revision in order:
        for statement in revisions[revision].upgrade.statements if revision in revisions else ():
            advance(schemas, statement, dialect)
    return schemas or {None: Schema.empty(dialect=dialect)}
