"""What the upgrades ran beside what was read of them: nothing that destroys may be a surprise."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from guard.facts import UnreadStatement
from guard.history.read import ParsedHistory
from guard.judge.judge import Judge
from guard.judge.statements import judge_apart
from guard.newer_python import NewerPythons
from guard.operations import (
    Delete,
    DropColumn,
    DropSchema,
    DropTable,
    Name,
    Opaque,
    Operation,
    Truncate,
    Update,
    is_known,
)
from guard.roundtrip.run import RanStatement
from guard.sql import read_sql
from guard.statement import Statement, changes_something

# Never part of what Alembic does for a directive of another kind.
_ALWAYS_READ = (Delete, DropColumn, DropSchema, DropTable, Truncate, Update)
MOST_SHOWN = 160  # characters of a statement


def unread(
    ran: Iterable[RanStatement],
    parsed: ParsedHistory,
    judge: Judge,
    newer: NewerPythons | None = None,
) -> Iterator[UnreadStatement]:
    """Yield the statements that destroy something and that reading the revision did not show.

    `newer` parse the revisions that our own Python cannot.
    """
    for one in ran:
        revision = parsed.revisions.get(one.revision)
        if revision is None or _is_written(one, revision.upgrade.statements):
            continue
        operations = tuple(
            operation
            for statement in read_sql(one.sql).statements
            for operation in statement.operations
            if changes_something(operation) and not isinstance(operation, Opaque)
        )
        if not operations or _announced(one, operations, revision.upgrade.statements):
            continue
        span = one.span(newer)
        statement = Statement(
            operations=operations,
            span=span,
            direction="upgrade",
            revision=one.revision,
            sql=one.sql,
        )
        for finding in judge_apart([statement], judge):
            sql = textwrap.shorten(one.sql, MOST_SHOWN, placeholder="...")
            yield UnreadStatement(span=span, revision=one.revision, sql=sql, says=finding.message)
            break


def _is_written(one: RanStatement, read: Iterable[Statement]) -> bool:
    """Return whether that line was read to send this very text, and the text was understood."""
    return any(
        statement.sql == one.sql
        and _runs(statement, one)
        and not any(isinstance(operation, Opaque) for operation in statement.operations)
        for statement in read
    )


def _announced(
    one: RanStatement, operations: Iterable[Operation], read: Sequence[Statement]
) -> bool:
    """Return whether the revision was read to do that, or to call what Alembic does it for."""
    here = [statement.directive for statement in read if _runs(statement, one)]
    if any(directive and directive.batch for directive in here):
        return True  # on SQLite that copies the table, drops it and renames the copy
    known = [operation for statement in read for operation in statement.operations]
    by_alembic = any(directive and directive.name != "execute" for directive in here)
    return all(
        any(_is_like(operation, other) for other in known)
        or (by_alembic and not isinstance(operation, _ALWAYS_READ))
        for operation in operations
    )


def _runs(statement: Statement, one: RanStatement) -> bool:
    """Return whether the statement, or the batch that sends it, stands in a line that ran."""
    batch = statement.directive.batch if statement.directive else None
    spans = (statement.span, statement.at, batch.span if batch else None)
    return any(
        span.path == one.path and span.line <= line <= span.end_line
        for span in spans
        if span is not None
        for line in one.lines
    )


def _is_like(ran: Operation, read: Operation) -> bool:
    """Return whether they do the same thing to the same table or object, as far as it was read."""
    if type(ran) is not type(read):
        return False
    return all(
        _is_same(getattr(ran, field), getattr(read, field))
        for field in ran.__struct_fields__
        if isinstance(getattr(ran, field), Name)
    )


def _is_same(ran: Name, read: Name | None) -> bool:
    return read is None or not is_known(read) or ran.name.casefold() == read.name.casefold()
