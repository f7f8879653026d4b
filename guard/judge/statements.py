"""Takes what was read of a history to the judge: each statement with what came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from guard.facts import Migration
from guard.finding import Coverage, Finding
from guard.history.graph import Graph, Revision
from guard.history.idle import is_idle
from guard.history.read import ParsedHistory
from guard.judge.connection import Connection
from guard.judge.context import FindMapped, Position, before_the_first, nobody_knows
from guard.judge.judge import Judge
from guard.judge.replay import Beginning, ReplayedRevision, Step, replay
from guard.judge.timeline import ALEMBIC, Course, Run
from guard.operations import CallRoutine, CreateObject, Opaque
from guard.python_source import PythonSource, SourceError
from guard.reader import ParsedRevision
from guard.schema import Schema
from guard.statement import RunBy, Span, Statement, Steps
from guard.suppression.comments import Comment, read_comments

_ENV_PY = RunBy("env.py, at every run of Alembic")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged of a history: the statements of these revisions, and each as a whole.

    `new` are the revisions that deploy together: those that are not on the base. Any other revision
    is a deployment of its own. `comments` are by path; all run on a `connection` as this. `mapped`
    is what code that runs while the new ones are deployed maps. `beginning` keeps the schemas
    before them for the next time.
    """

    tool: Literal["alembic", "sql"]
    revisions: frozenset[str]
    new: frozenset[str]
    dialect: str | None
    comments: Mapping[str, Sequence[Comment]]
    connection: Connection = ALEMBIC
    mapped: FindMapped = nobody_knows
    beginning: Beginning | None = None


def judge_history(
    parsed: ParsedHistory, graph: Graph, judge: Judge, judged: Judged
) -> Iterator[Finding]:
    """Yield the findings in the statements of the judged revisions, and in each as a whole."""
    foreign = _read_for_another_dialect(parsed, judged)
    known = {id_: one for id_, one in parsed.revisions.items() if one.revision is not None}
    chosen = judged.revisions | judged.new
    told: set[str] = set()
    replayed_ones = replay(graph.order, known, judged.dialect, chosen, judged.beginning)
    for deployment in _deployments(replayed_ones, judged.new):
        ids = frozenset(one.parsed.revision or "" for one in deployment)
        for replayed, courses in _courses(deployment, judged.connection, foreign):
            revision = replayed.parsed.revision
            if revision not in judged.revisions:
                continue
            mapped = judged.mapped if revision in judged.new else nobody_knows
            yield from _judge_courses(replayed, courses, judge, ids, mapped, told)
            start = before_the_first(replayed.upgrade, ids)
            text = parsed.texts.get(replayed.parsed.path, "")
            whole = _migration(replayed, judged, graph.revisions[revision], text)
            yield from judge.facts((whole,), start)


def judge_env_py(
    statements: Sequence[Statement], judge: Judge, dialect: str | None
) -> Iterator[Finding]:
    """Yield what the rules on lost data say of what env.py executes at every run of Alembic."""
    return judge_apart([replace(one, run_by=_ENV_PY) for one in statements], judge, dialect)


def judge_apart(
    statements: Sequence[Statement], judge: Judge, dialect: str | None = None
) -> Iterator[Finding]:
    """Yield what the rules on lost data say of statements whose schema nobody knows."""
    schema = Schema.empty(dialect=dialect, known=False)
    course = Course([Step(one, schema) for one in statements])
    destructive = judge.of_group("destructive")
    for index in range(len(course.steps)):
        yield from destructive.statement(Position(course=course, index=index), set())


def _deployments(
    revisions: Iterable[ReplayedRevision], new: frozenset[str]
) -> Iterator[Sequence[ReplayedRevision]]:
    """Yield the revisions that deploy together: all that are new; any other one by itself."""
    together = []
    for one in revisions:
        if one.parsed.revision in new:
            together.append(one)
        else:
            yield [one]
    yield together


def _courses(
    deployment: Sequence[ReplayedRevision], connection: Connection, foreign: frozenset[object]
) -> Iterator[tuple[ReplayedRevision, tuple[Course, Course]]]:
    """Yield each revision with its upgrade, in the run of all of them, and its downgrade."""
    upgrades = [_without_foreign(one.upgrade, foreign) for one in deployment]
    run, start = Run([step for steps in upgrades for step in steps], connection), 0
    for replayed, upgrade in zip(deployment, upgrades, strict=True):
        downgrade = _without_foreign(replayed.downgrade, foreign)
        back = Course(downgrade, Run(downgrade, connection))
        yield replayed, (Course(upgrade, run, start), back)
        start += len(upgrade)


def _judge_courses(
    replayed: ReplayedRevision,
    courses: tuple[Course, Course],
    judge: Judge,
    deployment: frozenset[str],
    mapped: FindMapped,
    told: set[str],
) -> Iterator[Finding]:
    upgrade = tuple(o for s in replayed.parsed.upgrade.statements for o in s.operations)
    for course, back in (courses, reversed(courses)):
        for index in range(len(course.steps)):
            position = Position(
                course=course,
                back=back,
                index=index,
                deployment=deployment,
                upgrade=upgrade,
                mapped=mapped,
            )
            yield from judge.statement(position, told)


def _without_foreign(steps: Sequence[Step], read_elsewhere: frozenset[object]) -> Sequence[Step]:
    """Leave out SQL that is refused here and that another dialect accepts."""
    if not read_elsewhere:
        return steps
    return [
        step
        for step in steps
        if not (_is_invalid(step.statement) and _place(step.statement) in read_elsewhere)
    ]


def _read_for_another_dialect(parsed: ParsedHistory, judged: Judged) -> frozenset[object]:
    """Return the places of SQL that some dialect accepts.

    Where nobody named the dialect, the SQL that one of them refuses is that of another.
    """
    if judged.dialect is not None:
        return frozenset()
    return frozenset(
        _place(statement)
        for revision in judged.revisions & parsed.revisions.keys()
        for statement in parsed.revisions[revision].statements
        if statement.dialects is not None and not _is_invalid(statement)
    )


def _place(statement: Statement) -> tuple[Span, Span | None]:
    return statement.span, statement.at


def _is_invalid(statement: Statement) -> bool:
    return any(isinstance(o, Opaque) and o.invalid for o in statement.operations)


def _migration(
    replayed: ReplayedRevision, judged: Judged, header: Revision, text: str
) -> Migration:
    parsed = replayed.parsed
    function = parsed.downgrade.span or parsed.upgrade.span or Span(parsed.path, 1)
    return Migration(
        span=Span(function.path, function.line, function.column),
        revision=parsed.revision,
        tool=judged.tool,
        upgrade=parsed.upgrade,
        downgrade=parsed.downgrade,
        schemas=replayed.schemas,
        irreversible=reason_without_way_back(
            parsed.downgrade, judged.comments.get(parsed.path, ())
        ),
        idle=judged.tool == "alembic" and not parsed.statements and _is_idle(parsed, text),
        joins=len(header.parents) + len(header.depends_on) > 1 or bool(header.branch_labels),
    )


def _is_idle(parsed: ParsedRevision, text: str) -> bool:
    source = PythonSource.of_text(parsed.path, text)
    try:
        return parsed.upgrade.span is not None and is_idle(source.tree)
    except SourceError:
        return False


def reason_without_way_back(downgrade: Steps, comments: Sequence[Comment]) -> str | None:
    """Return the reason of a comment that says that there is no way back, None without one.

    It stands on or above the `def` line or in the function; where there is no function, anywhere.
    """
    span = downgrade.span
    for comment in comments:
        if comment.kind != "irreversible" or not comment.reason:
            continue
        if span is None or comment.covers(span.line, span.end_line):
            return comment.reason
    return None


def comments_of(texts: Mapping[str, str]) -> dict[str, tuple[Comment, ...]]:
    """Return the comments to guard in each file that has any."""
    found = {path: read_comments(path, text) for path, text in texts.items()}
    return {path: comments for path, comments in found.items() if comments}


def coverage(revisions: Sequence[ParsedRevision], history: Iterable[ParsedRevision]) -> Coverage:
    """Return how much of the revisions was read; the whole `history` says what routines do."""
    statements = [statement for revision in revisions for statement in revision.statements]
    made = {
        o.name.name
        for revision in history
        for statement in revision.statements
        for o in statement.operations
        if isinstance(o, CreateObject) and o.body
    }
    opaque = sum(
        any(
            isinstance(o, Opaque) or (isinstance(o, CallRoutine) and o.name.name not in made)
            for o in statement.operations
        )
        for statement in statements
    )
    return Coverage(revisions=len(revisions), statements=len(statements), opaque=opaque)
