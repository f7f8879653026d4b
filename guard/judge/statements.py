"""Takes what was read of a history to the judge: each statement with what came before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from guard.facts import Downgrade, Fact
from guard.finding import Coverage, Finding
from guard.history.graph import Graph
from guard.history.read import ParsedHistory
from guard.judge.judge import Judge, StatementPosition
from guard.judge.replay import replay
from guard.operations import Delete, Opaque, Operation, Query, Truncate
from guard.reader import ParsedRevision, Steps
from guard.statement import Span, Statement
from guard.suppression.comments import Comment, read_comments


def judge_statements(
    read: ParsedHistory,
    graph: Graph,
    judge: Judge,
    *,
    judged: frozenset[str],
    new: frozenset[str],
    dialect: str | None,
) -> Iterator[Finding]:
    """Yield the findings in the statements of the `judged` revisions.

    `new` are the revisions that deploy together: those that are not on the base. Any other revision
    is a deployment of its own.
    """
    upgrades = {
        revision: tuple(o for s in reading.upgrade.statements for o in s.operations)
        for revision, reading in read.readings.items()
        if revision in judged
    }
    read_elsewhere = _read_for_another_dialect(read, judged) if dialect is None else frozenset()
    before: list[Operation] = []
    procedure = None
    for statement, schema in replay(graph.order, read.readings, dialect):
        revision = statement.revision
        if revision is None or revision not in judged:
            continue
        if procedure != (revision, statement.direction):
            procedure, before = (revision, statement.direction), []
        if _is_invalid(statement) and _place(statement) in read_elsewhere:
            continue
        situation = StatementPosition(
            schema=schema,
            deployment=new if revision in new else frozenset({revision}),
            upgrade=upgrades[revision],
            before=before,
        )
        yield from judge.statement(statement, situation)
        sure = statement.condition is None and (dialect or statement.dialects is None)
        before += [o for o in statement.operations if sure or not isinstance(o, Delete | Truncate)]


def _read_for_another_dialect(read: ParsedHistory, judged: frozenset[str]) -> frozenset[object]:
    """Return the places of SQL that some dialect accepts.

    Where nobody named the dialect, the SQL that one of them refuses is that of another.
    """
    return frozenset(
        _place(statement)
        for revision in judged & read.readings.keys()
        for statement in read.readings[revision].statements
        if statement.dialects is not None and not _is_invalid(statement)
    )


def _place(statement: Statement) -> tuple[Span, Span | None]:
    return statement.span, statement.at


def _is_invalid(statement: Statement) -> bool:
    return any(isinstance(o, Opaque) and o.invalid for o in statement.operations)


def revision_facts(
    reading: ParsedRevision, comments: Sequence[Comment], dialect: str | None
) -> Iterator[Fact]:
    """Yield what the rules judge of a revision as a whole: its built SQL, its downgrade."""
    yield from reading.built
    if not any(_changes(s, dialect) for s in reading.upgrade.statements):
        return
    if declared_irreversible(reading.downgrade, comments):
        return
    downgrade = reading.downgrade
    function = downgrade.span or reading.upgrade.span or Span(reading.path, 1)
    where = Span(function.path, function.line, function.column)
    if downgrade.span is None:
        yield Downgrade(span=where, revision=reading.revision, state="missing")
    elif downgrade.raises is not None and not downgrade.statements:
        detail = downgrade.raises or None
        yield Downgrade(span=where, revision=reading.revision, state="raises", detail=detail)
    elif not any(_changes(s, dialect) for s in downgrade.statements):
        yield Downgrade(span=where, revision=reading.revision, state="empty")


def _changes(statement: Statement, dialect: str | None) -> bool:
    applies = dialect is None or statement.applies_to(dialect)
    return applies and any(not isinstance(o, Query) for o in statement.operations)


def declared_irreversible(downgrade: Steps, comments: Sequence[Comment]) -> bool:
    """Return whether a comment with a reason says that there is no way back.

    It stands on or above the `def` line or in the function; where there is no function, anywhere.
    """
    for comment in comments:
        if comment.kind != "irreversible" or not comment.reason:
            continue
        span = downgrade.span
        if span is None or comment.covers(span.line, span.end_line):
            return True
    return False


def comments_of(texts: Mapping[str, str]) -> dict[str, tuple[Comment, ...]]:
    """Return the comments to guard in each file that has any."""
    found = {path: read_comments(path, text) for path, text in texts.items()}
    return {path: comments for path, comments in found.items() if comments}


def coverage(readings: Sequence[ParsedRevision]) -> Coverage:
    """Return how much of the revisions was read."""
    statements = [statement for reading in readings for statement in reading.statements]
    opaque = sum(any(isinstance(o, Opaque) for o in s.operations) for s in statements)
    return Coverage(revisions=len(readings), statements=len(statements), opaque=opaque)
