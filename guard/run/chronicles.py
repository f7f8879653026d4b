"""What a report that draws the histories wants to know besides what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guard.effects import effect_of
from guard.facts import SchemaChange
from guard.history.graph import Revision
from guard.judge.replay import Step, replay, schemas_after
from guard.operations import CreateTable
from guard.paths import relative
from guard.reporters.chronicle import Chapter, Chronicle, Deed, State, Way
from guard.run.check import Result
from guard.run.histories import ChangedHistory
from guard.schema import Schema
from guard.server import Server
from guard.statement import Steps


def chronicles_of(result: Result) -> tuple[Chronicle, ...]:
    """Return each history of the run with what its judged revisions do, replayed once more."""
    return tuple(
        Chronicle(
            name=history.environment.name,
            server=server,
            chapters=tuple(_chapters(result, history, server)),
            change=tuple(_change(history, server)) if result.compared else (),
        )
        for history, server in zip(result.histories, result.servers, strict=True)
    )


def _chapters(result: Result, history: ChangedHistory, server: Server) -> Iterator[Chapter]:
    graph, new = history.graph, history.change.new if result.compared else frozenset()
    known = {id_: one for id_, one in history.parsed.revisions.items() if one.revision is not None}
    replayed = {
        one.parsed.revision: one
        for one in replay(graph.order, known, server.dialect, history.judged, history.beginning)
    }
    for id_ in graph.order:
        revision, one = graph.revisions[id_], replayed.get(id_)
        deployment = new if id_ in new else frozenset([id_])
        yield Chapter(
            id=id_,
            path=relative(revision.path, result.report.root),
            message=revision.message,
            parents=tuple(name for name in revision.parents if name in graph.revisions),
            depends_on=tuple(_needed(revision, graph.revisions.values())),
            labels=revision.branch_labels,
            head=id_ in graph.heads,
            state=_state(result, history, id_),
            upgrade=_way(one.parsed.upgrade, one.upgrade, server, deployment) if one else None,
            # It comes later, when the tables are in use.
            downgrade=_way(one.parsed.downgrade, one.downgrade, server) if one else None,
            schemas=one.schemas if one else (),
        )


def _needed(revision: Revision, others: Iterable[Revision]) -> Iterator[str]:
    """Yield what it depends on, by id or by label."""
    for name in revision.depends_on:
        yield from (one.id for one in others if name == one.id or name in one.branch_labels)


def _state(result: Result, history: ChangedHistory, id_: str) -> State:
    if not result.compared:
        return "unknown"
    if id_ in history.change.new:
        return "new"
    return "edited" if id_ in history.before.revisions else "released"


def _way(
    steps: Steps,
    replayed: Sequence[Step],
    server: Server,
    deployment: frozenset[str] = frozenset(),
) -> Way:
    deeds = [deed for step in replayed for deed in _deeds(step, server, deployment)]
    return Way(steps=steps, deeds=tuple(deeds))


def _deeds(step: Step, server: Server, deployment: frozenset[str]) -> Iterator[Deed]:
    here = server.dialect is None or step.statement.applies_to(server.dialect)
    for operation in step.statement.operations:
        effect = effect_of(operation, step.schema, server) if here else None
        yield Deed(
            statement=step.statement,
            operation=operation,
            effect=effect,
            unnoticed=isinstance(operation, CreateTable)
            or (effect is not None and step.schema.is_new(effect.table, deployment)),
        )


def _change(history: ChangedHistory, server: Server) -> Iterator[SchemaChange]:
    """Yield what each database holds without the new revisions, and with them."""
    new, revisions = history.change.new, history.parsed.revisions
    if not new & revisions.keys():
        return
    released = [id_ for id_ in history.graph.order if id_ not in new]
    before = schemas_after(released, revisions, server.dialect)
    after = schemas_after(history.graph.order, revisions, server.dialect)
    empty = Schema.empty(dialect=server.dialect)
    for database in dict.fromkeys((*after, *before)):
        old = before.get(database, empty)
        now = after.get(database, empty)
        yield SchemaChange(database=database, before=old, between=now, after=old)
