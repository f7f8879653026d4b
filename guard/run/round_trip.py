"""The round trip of one history: its revisions are run, and what that shows is told as facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from guard.facts import Fact, ModelsDiffer, UnreadStatement
from guard.judge.judge import Judge
from guard.judge.statements import comments_of, reason_without_way_back
from guard.note import Note
from guard.project.settings import Settings
from guard.roundtrip.errors import RoundTripError
from guard.run.application import Application
from guard.run.causes import as_declared
from guard.run.division import Stint, key_of
from guard.run.enforced import told_of_keys
from guard.run.histories import ChangedHistory
from guard.run.outcome import only_said
from guard.run.part import Part
from guard.run.scope import Scope
from guard.run.services import Service
from guard.run.trip import Trip

if TYPE_CHECKING:
    from guard.roundtrip.run import RoundTrip

Progress = Callable[[str, int, int], None]
GetTrip = Callable[[Scope, ChangedHistory, Judge], Trip]


def round_trip(scope: Scope, history: ChangedHistory, judge: Judge, get_trip: GetTrip) -> Part:
    """Return what the run of the judged revisions shows; of all of them where none is new."""
    name, graph = history.environment.name, history.graph
    if history.is_broken:
        return _skipped(f"{name}: the round trip was skipped, since the chain is broken.")
    if not graph.revisions and not history.runs:
        return _skipped(f"{name}: there are no revisions to run.")
    trip = get_trip(scope, history, judge)
    found = Part(trips=(trip,), errors=tuple(map(scope.settings.as_set_here, trip.errors)))
    if trip.result is None:
        return found
    if scope.request.verify:
        from guard.run.reader_errors import verified  # which nobody else asks for

        found += verified(scope, trip.result, history)
    return found + _shown(scope, history, judge, trip, trip.result)


def _skipped(why: str) -> Part:
    return Part(notes=(Note("round-trip-skipped", why),))


def run_trip(
    scope: Scope,
    history: ChangedHistory,
    judge: Judge,
    *,
    on_progress: Progress | None = None,
    stint: Stint | None = None,
) -> Trip:
    """Run the judged revisions up, down and up again; only those of the `stint`, if there is one.

    All of them count as judged where none is new.
    """
    key = key_of(history.environment, scope.root)
    if stint is not None and not stint.own:
        return Trip(environment=key)
    from guard.roundtrip.run import run_roundtrip  # what only lints starts without it

    own = stint.own if stint else (history.runs or history.graph.order)
    try:
        result = run_roundtrip(
            history.environment,
            root=scope.root,
            revisions=history.runs or None,
            settings=_with_kind_of_server(scope),
            on_progress=on_progress,
            newer=scope.sources.newer,
            url=scope.request.scratch_url,
            keep=scope.request.keep,
            verify=scope.request.verify,
            passed=stint.passed if stint else (),
            whole=stint.whole if stint else True,
        )
    except RoundTripError as error:
        return Trip(environment=key, revisions=own, errors=(str(error),))
    return Trip(
        environment=key,
        revisions=own,
        result=result,
        unread=tuple(_unread(scope, history, judge, result)),
    )


def _with_kind_of_server(scope: Scope) -> Settings:
    """Return the settings, with the kind of server that was found where they name none.

    Not SQLite: where it fails, the project may still be for another server.
    """
    if scope.config.dialect is not None or scope.dialect in (None, "sqlite"):
        return scope.settings
    config = msgspec.structs.replace(scope.config, dialect=scope.dialect)
    return msgspec.structs.replace(scope.settings, config=config)


def _shown(
    scope: Scope, history: ChangedHistory, judge: Judge, trip: Trip, result: RoundTrip
) -> Part:
    chosen = history.runs or None
    done = (
        f"round trip of {result.upgraded} up, {result.downgraded} down "
        f"with {result.seeded_rows} rows on {result.server}, {result.fence}, "
        f"in {result.seconds:.1f} s"
    )
    application = Application(scope, history.environment)
    explained = application.explained(result.facts, history.parsed.texts)
    explained, of_keys = told_of_keys(explained, application)
    facts = [*as_declared(explained, _reasons_without_way_back(history)), *trip.unread]
    brought = [fact for fact in facts if chosen or _is_brought(scope, fact)]
    others = [*judge.facts([fact for fact in facts if fact not in brought])]
    # On the base itself all is shown; beside a change it is only counted.
    known = [] if _is_base(scope) else others
    shown = only_said(finding for finding in others if finding not in known)
    text = (
        f"{history.environment.name}: no revision is new, so all were run, and what goes wrong in "
        "them does not stop the gate (with --all it does)."
    )
    notes = tuple(note.told(scope.settings.as_set_here) for note in (*result.notes, *of_keys))
    return Part(
        facts=tuple(brought),
        restored=frozenset(result.restored),
        findings=shown,
        known=tuple(known),
        notes=(*notes, Note("nothing-new", text)) if shown else notes,
        checked=(done,),
        texts=history.parsed.texts,
        revisions=frozenset(chosen or history.graph.revisions),
        timings=result.timings,
        errors=(result.interrupted,) if result.interrupted else (),
        interrupted=bool(result.interrupted),
    )


def run_files(service: Service, history: ChangedHistory) -> tuple[str, ...]:
    """Return the files of the revisions that a round trip runs."""
    runs = service.scope.config.roundtrip and history.environment.kind == "alembic"
    return history.files(history.runs) if runs and not history.is_broken else ()


def _unread(
    scope: Scope, history: ChangedHistory, judge: Judge, result: RoundTrip
) -> Iterator[UnreadStatement]:
    """What the run shows that reading did not, where both were for the same kind of server."""
    from guard.run.ran import unread

    own = {result.dialect, "mysql"} if result.dialect == "mariadb" else {result.dialect}
    if scope.dialect is None or scope.dialect in own:
        yield from unread(result.ran, history.parsed, judge, scope.sources.newer)


def _reasons_without_way_back(history: ChangedHistory) -> dict[str, str]:
    """Why revisions have no way back, by id, of those that say so in a comment."""
    comments = comments_of(history.parsed.texts)
    reasons = {
        id_: reason_without_way_back(one.downgrade, comments.get(one.path, ()))
        for id_, one in history.parsed.revisions.items()
    }
    return {id_: reason for id_, reason in reasons.items() if reason is not None}


def _is_brought(scope: Scope, fact: Fact) -> bool:
    """Whether the change can have brought what a run of released revisions met.

    Their own failures it cannot; that the models differ from them it can, if it touches any code.
    """
    if not scope.compares or scope.base.commit is None:
        return True
    return isinstance(fact, ModelsDiffer) and _touches_code(scope)


def _is_base(scope: Scope) -> bool:
    """Whether this is the base itself, with no code changed."""
    if scope.repo is None or scope.base.commit is None:
        return True
    return scope.repo.resolve("HEAD") == scope.base.commit and not _touches_code(scope)


def _touches_code(scope: Scope) -> bool:
    if scope.repo is None or scope.base.commit is None:
        return False
    return any(name.endswith(".py") for name in scope.repo.changed_files(scope.base.commit))
