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
    parsed: ParsedHistory,
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
        revision: tuple(o for s in one.upgrade.statements for o in s.operations)
        for revision, one in parsed.revisions.items()
        if revision in judged
    }
    read_elsewhere = _read_for_another_dialect(parsed, judged) if dialect is None else frozenset()
    before: list[Operation] = []
    steps = None
    for statement, schema in replay(graph.order, parsed.revisions, dialect):
        revision = statement.revision
        if revision is None or revision not in judged:
            continue
        if steps != (revision, statement.direction):
            steps, before = (revision, statement.direction), []
        if _is_invalid(statement) and _place(statement) in read_elsewhere:
            continue
        position = StatementPosition(
            schema=schema,
            deployment=new if revision in new else frozenset({revision}),
            upgrade=upgrades[revision],
            before=before,
        )
        yield from judge.statement(statement, position)
        sure = statement.condition is None and (dialect or statement.dialects is None)
        before += [o for o in statement.operations if sure or not isinstance(o, Delete | Truncate)]


def _read_for_another_dialect(parsed: ParsedHistory, judged: frozenset[str]) -> frozenset[object]:
    """Return the places of SQL that some dialect accepts.

    Where nobody named the dialect, the SQL that one of them refuses is that of another.
    """
    return frozenset(
        _place(statement)
        for revision in judged & parsed.revisions.keys()
        for statement in parsed.revisions[revision].statements
        if statement.dialects is not None and not _is_invalid(statement)
    )


def _place(statement: Statement) -> tuple[Span, Span | None]:
    return statement.span, statement.at


def _is_invalid(statement: Statement) -> bool:
    return any(isinstance(o, Opaque) and o.invalid for o in statement.operations)


def revision_facts(
    parsed: ParsedRevision, comments: Sequence[Comment], dialect: str | None
) -> Iterator[Fact]:
    """Yield what the rules judge of a revision as a whole: its built SQL, its downgrade."""
    yield from parsed.built
    if not any(_changes(s, dialect) for s in parsed.upgrade.statements):
        return
    if declared_irreversible(parsed.downgrade, comments):
        return
    downgrade = parsed.downgrade
    function = downgrade.span or parsed.upgrade.span or Span(parsed.path, 1)
    where = Span(function.path, function.line, function.column)
    if downgrade.span is None:
        yield Downgrade(span=where, revision=parsed.revision, state="missing")
    elif downgrade.raises is not None and not downgrade.statements:
        detail = downgrade.raises or None
        yield Downgrade(span=where, revision=parsed.revision, state="raises", detail=detail)
    elif not any(_changes(s, dialect) for s in downgrade.statements):
        yield Downgrade(span=where, revision=parsed.revision, state="empty")


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


def coverage(revisions: Sequence[ParsedRevision]) -> Coverage:
    """Return how much of the revisions was read."""
    statements = [statement for revision in revisions for statement in revision.statements]
    opaque = sum(any(isinstance(o, Opaque) for o in s.operations) for s in statements)
    return Coverage(revisions=len(revisions), statements=len(statements), opaque=opaque)
