"""The schema before each statement of a history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from guard.operations import CreateTable
from guard.reader import ParsedRevision
from guard.schema import Schema
from guard.statement import Statement


def replay(
    order: Sequence[str], revisions: Mapping[str, ParsedRevision], dialect: str | None
) -> Iterator[tuple[Statement, Schema]]:
    """Yield every statement with the schema before it: upgrades in order, each with its downgrade.

    A downgrade starts from what its own upgrade left. The databases of a multidb history have a
    schema each.
    """
    schemas: dict[str | None, Schema] = {}
    for revision in order:
        if revision not in revisions:
            continue
        parsed = revisions[revision]
        for statement in parsed.upgrade.statements:
            yield statement, advance(schemas, statement, dialect)
        downgraded = dict(schemas)
        for statement in parsed.downgrade.statements:
            yield statement, advance(downgraded, statement, dialect)


def advance(schemas: dict[str | None, Schema], statement: Statement, dialect: str | None) -> Schema:
    """Put the schema after the statement into `schemas`; return the one before it."""
    before = after = schemas.get(statement.database) or Schema.empty(dialect=dialect)
    settled = dialect is not None or statement.dialects is None
    if dialect is None or statement.applies_to(dialect):
        for operation in statement.operations:
            # `if not has_table("t"): create_table("t")` leaves a table that may be an old one.
            sure = statement.condition is None or (
                statement.guarded and not isinstance(operation, CreateTable)
            )
            after = after.apply(operation, revision=statement.revision, certain=settled and sure)
    schemas[statement.database] = after
    return before


def schemas_after(
    order: Sequence[str], revisions: Mapping[str, ParsedRevision], dialect: str | None
) -> dict[str | None, Schema]:
    """Return the schema of each database after the upgrades of these revisions."""
    schemas: dict[str | None, Schema] = {}
    for revision in order:
        for statement in revisions[revision].upgrade.statements if revision in revisions else ():
            advance(schemas, statement, dialect)
    return schemas or {None: Schema.empty(dialect=dialect)}
