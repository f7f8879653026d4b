"""One run of guard: find, read, compare, judge, run, decide. Returns a report; prints nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.facts import (
    DeletedRevision,
    Fact,
    ModelChanged,
    SquashedRevisions,
)
from guard.finding import Finding, Report
from guard.fixing import with_fix
from guard.history.read import ParsedHistory
from guard.judge.connection import connection_of
from guard.judge.context import FindMapped, nobody_knows
from guard.judge.judge import Judge
from guard.judge.statements import (
    Judged,
    comments_of,
    coverage,
    judge_history,
)
from guard.note import Note
from guard.project.settings import SettingsFiles
from guard.rule import Rule
from guard.run.application import Application
from guard.run.division import Division, divide, key_of, of_shard
from guard.run.env_py import judged_env_py
from guard.run.histories import ChangedHistory
from guard.run.known import told_apart
from guard.run.models import changed_models, compare_models, histories_of
from guard.run.opened import Opened, open_run
from guard.run.outcome import Outcome, outcome_of
from guard.run.part import Part
from guard.run.released import Released
from guard.run.round_trip import GetTrip, Progress, round_trip, run_files, run_trip
from guard.run.scope import Request, Scope
from guard.run.servers import about_server, judged_for
from guard.run.services import Service, Services
from guard.run.shard import Shard
from guard.run.sources import ReadSources, read_sources
from guard.run.tally import places_of, tally
from guard.run.trip import Trip
from guard.run.weakened import weakened
from guard.server import Server

EXCLUDED = Note("excluded", "All that was named is left out by the setting exclude.")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The report, the texts of the files that it speaks of, and what it was made of.

    `servers` are those that each of the histories is judged for, and `reasons` what tells so.
    `compared`: with something that tells which revisions are released. `interrupted`: it is of what
    was found until somebody ended the run. `trips` are what its round trips brought.
    """

    report: Report
    texts: dict[str, str]
    outcomes: tuple[Outcome, ...]
    histories: tuple[ChangedHistory, ...] = ()
    servers: tuple[Server, ...] = ()
    reasons: tuple[str, ...] = ()
    compared: bool = False
    interrupted: bool = False
    trips: tuple[Trip, ...] = ()

    def with_note(self, note: Note) -> Result:
        """Return the same with one more note in the report."""
        report = msgspec.structs.replace(self.report, notes=(*self.report.notes, note))
        return msgspec.structs.replace(self, report=report)


def run(
    request: Request,
    settings: SettingsFiles,
    on_progress: Progress | None = None,
    rules: Sequence[Rule] | None = None,
) -> Result:
    """Return what guard has to say; raise GuardError where it cannot say anything reliable.

    `rules` are those to judge by, None: the built-in ones. With several services, what keeps one of
    them from being judged is among the report's errors.
    """
    return judge_opened(open_run(request, settings, rules), on_progress)


def judge_opened(
    opened: Opened, on_progress: Progress | None = None, get_trip: GetTrip | None = None
) -> Result:
    """Return what guard has to say of what was opened; raise GuardError as `run` does.

    `get_trip` knows what the round trips brought, where they are not to be made.
    """
    scope, services, histories = opened.scope, opened.services, opened.histories
    if opened.excluded:
        report = Report(notes=(EXCLUDED,), root=scope.root)
        return Result(report=report, texts={}, outcomes=())
    shard = scope.request.shard
    division = divide(histories, shard.of) if shard else None
    if get_trip is None:
        get_trip = partial(_trip_here, on_progress=on_progress, division=division)
    parts = _parts(opened, get_trip)
    parts[services.home.file] += _about_gate(opened)
    outcomes = _outcomes(services, parts)
    if shard and division:
        outcomes = [_of_shard(outcome, division, shard) for outcome in outcomes]
    notes = [note for one in outcomes for note in one.notes]
    notes += about_server(histories)
    whole = sum((one.part for one in outcomes), Part())
    texts = {path: text for one in outcomes for path, text in one.texts.items()}
    found = (finding for one in outcomes for finding in one.findings)
    tallies = tally(places_of(histories), histories, outcomes)
    report = Report(
        findings=tuple(with_fix(finding, texts) for finding in dict.fromkeys(found)),
        unchanged=sum(len(one.unchanged) for one in outcomes),
        notes=tuple(dict.fromkeys((*scope.base.notes, *notes, *of_shard(division, shard)))),
        coverage=whole.coverage,
        checked=whole.checked,
        fail_on=scope.config.fail_on,
        errors=(*services.errors, *whole.errors, *_unknown_here(scope, histories)),
        services=tallies if len(tallies) > 1 or services.errors else (),
        timings=whole.timings,
        judged=tuple(path for _, one in histories for path in one.files(one.judged)),
        runs=tuple(path for service, one in histories for path in run_files(service, one)),
        root=scope.root,
        shard=str(shard or ""),
        nothing_ran=any(trip.nothing_ran for trip in whole.trips),
    )
    return Result(
        report=report,
        texts=texts,
        outcomes=tuple(outcomes),
        histories=tuple(history for _, history in histories),
        servers=tuple(service.scope.server for service, _ in histories),
        reasons=tuple(service.found.reason for service, _ in histories),
        compared=scope.base.known,
        trips=whole.trips,
        interrupted=whole.interrupted,
    )


def _unknown_here(
    scope: Scope, histories: Sequence[tuple[Service, ChangedHistory]]
) -> Iterator[str]:
    """Where the database of --applied-in stands, as far as no revision here is that."""
    here = {id_ for _, history in histories for id_ in history.graph.revisions}
    gone = {
        fact.revision
        for _, history in histories
        for fact in history.change.facts
        if isinstance(fact, DeletedRevision | SquashedRevisions)
    }
    for id_ in scope.base.applied or ():
        if id_ not in here | gone and not scope.request.paths:
            yield (
                f"the database of --applied-in stands at {id_}, and no revision here has that id: "
                'Alembic would stop with "Can\'t locate revision", so bring the file back or name '
                "the database that this project is for"
            )


def _trip_here(
    scope: Scope,
    history: ChangedHistory,
    judge: Judge,
    *,
    on_progress: Progress | None,
    division: Division | None,
) -> Trip:
    """Run the revisions of a history, or those of this run's shard."""
    shard, stint = scope.request.shard, None
    if shard and division:
        stint = division.stint(key_of(history.environment, scope.root), shard.number)
    return run_trip(scope, history, judge, on_progress=on_progress, stint=stint)


def _of_shard(outcome: Outcome, division: Division, shard: Shard) -> Outcome:
    """Return the outcome with the findings that this shard tells."""
    also = {id_ for trip in outcome.part.trips for id_ in trip.told}

    def told(findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(f for f in findings if division.tells(f, shard.number, also))

    return msgspec.structs.replace(
        outcome, findings=told(outcome.findings), unchanged=told(outcome.unchanged)
    )


def _parts(opened: Opened, get_trip: GetTrip) -> defaultdict[Path | None, Part]:
    """Return what the histories and source files of each service brought, by its settings' file."""
    services, histories, released = opened.services, opened.histories, opened.released
    parts: defaultdict[Path | None, Part] = defaultdict(Part)
    places = places_of(histories)
    alone = len(places) == 1 and not services.errors
    for (service, history), place in zip(histories, places, strict=True):
        found = _history(service, history, opened, get_trip)
        parts[service.file] += found if alone else found.of(place.name, history.environment.name)
        if found.interrupted:
            return parts
    if services.scope.request.statements:
        for service, part in _models(services, histories, released):
            parts[service.file] += part
        read = read_sources(services, [history for _, history in histories], released)
        sources = list(_sources(services, read))
        owners = {service.file for service, _ in histories}
        owners |= {service.file for service, part in sources if part.paths}
        several = len(owners) > 1 or bool(services.errors)
        for service, part in sources:
            named = several and service is not services.home
            parts[service.file] += part.of(service.folder, "") if named else part
    return parts


def _about_gate(opened: Opened) -> Part:
    services = opened.services
    if not opened.scope.request.history:
        return Part()
    approvals = [service.scope.approvals for service in services]
    revisions = [id_ for _, history in opened.histories for id_ in history.judged]
    rules = {rule.name: rule for service in services for rule in service.all_rules}

    def versions() -> set[str | None]:
        return {services.version_found(one, it.environment) for one, it in opened.histories}

    return weakened(opened.scope, approvals, revisions, [*rules.values()], versions, opened.as_of)


def _outcomes(services: Services, parts: Mapping[Path | None, Part]) -> list[Outcome]:
    outcomes = []
    for service in services:
        try:
            outcomes.append(outcome_of(service, parts.get(service.file, Part())))
        except GuardError as error:
            services.errors[str(error)] = None
    if services.errors and not outcomes:
        raise GuardError(next(iter(services.errors)))
    return outcomes


# The histories


def _history(
    service: Service,
    history: ChangedHistory,
    opened: Opened,
    get_trip: GetTrip,
) -> Part:
    scope, judge = service.scope, service.judge
    new = history.change.new if scope.base.commit else frozenset()
    found = Part(notes=(*history.graph.notes, *history.change.notes), new=new)
    if scope.request.history:
        found += _compared(scope, history, judge)
    if scope.request.statements:
        running = opened.running_code(service, history)
        found += _judge_history(scope, history, judge, running.mapped)
        found += judged_env_py(scope, history, judge, opened.released)
        found += Part(checked=judged_for(service, history))
    if scope.roundtrip and history.environment.kind == "alembic":
        found += round_trip(scope, history, judge, get_trip)
    return found


def _compared(scope: Scope, history: ChangedHistory, judge: Judge) -> Part:
    count = len(history.graph.revisions)
    done = f"history of {count} revision{'s' if count != 1 else ''} against {scope.base.ref}"
    return Part(
        facts=history.facts,
        known=tuple(judge.facts(history.unread)),
        texts=history.parsed.texts,
        checked=(done,) if scope.base.known else (),
    )


def _judge_history(scope: Scope, history: ChangedHistory, judge: Judge, mapped: FindMapped) -> Part:
    """Judge the statements of the revisions that are new or edited, or of all."""
    parsed, before, revisions = history.parsed, history.before, history.judged
    chosen = [one for id_, one in parsed.revisions.items() if id_ in revisions]
    edited = revisions & before.revisions.keys()
    then = msgspec.structs.replace(
        parsed,
        revisions={id_: before.revisions.get(id_, one) for id_, one in parsed.revisions.items()},
        texts=parsed.texts | before.texts,
        literals=parsed.literals | before.literals,
    )
    had = [*_findings(scope, history, judge, then, edited)] if edited else []
    gone = history.change.replaced
    if gone.revisions:  # what a squash took over from them is nothing new
        there = msgspec.structs.replace(history, graph=gone.graph)
        had += _findings(scope, there, judge, gone.parsed, gone.revisions)
    new, known = told_apart(
        _findings(scope, history, judge, parsed, revisions, mapped),
        parsed.texts,
        had,
        before.texts | gone.parsed.texts,
    )
    released = len(history.graph.revisions)
    quiet = released and not (revisions or history.change.new or history.is_broken)
    all_of_them = f"all {released} revisions are" if released > 1 else "its one revision is"
    text = (
        f"{history.environment.name}: {all_of_them} released already, so no statement was judged "
        "(--all judges them)."
    )
    note = Note("nothing-new", text)
    return Part(
        findings=new,
        known=known,
        notes=(note,) if quiet else (),
        texts=parsed.texts,
        paths=frozenset(one.path for one in chosen),
        revisions=revisions,
        coverage=coverage(chosen, parsed.revisions.values()),
    )


def _findings(
    scope: Scope,
    history: ChangedHistory,
    judge: Judge,
    parsed: ParsedHistory,
    revisions: frozenset[str],
    mapped: FindMapped = nobody_knows,
) -> Iterator[Finding]:
    """Yield what the rules say of those revisions: of their statements, and of the code around."""
    chosen = [one for id_, one in parsed.revisions.items() if id_ in revisions]
    judged = Judged(
        tool=history.environment.kind,
        revisions=revisions,
        # Where nobody knows what is released, each revision may have been deployed by itself.
        new=history.change.new if scope.base.known else frozenset(),
        dialect=scope.dialect,
        comments=comments_of({one.path: parsed.texts[one.path] for one in chosen}),
        mapped=mapped,
        connection=connection_of(history.env_py, scope.server, scope.config.lock_timeout),
        beginning=history.beginning,
    )
    yield from judge_history(parsed, history.graph, judge, judged)
    application = Application(scope, history.environment)
    for one in chosen:
        imported = application.imports(one.path, parsed.texts[one.path], one.revision or "")
        literals = parsed.literals.get(one.revision or "", ())
        yield from judge.facts((*one.built, *literals, *imported))
    application.save()


# Models


def _models(
    services: Services,
    histories: Sequence[tuple[Service, ChangedHistory]],
    released: Released | None,
) -> Iterator[tuple[Service, Part]]:
    """Yield what each service's rules say of models that the change brought from their tables.

    Where nothing is compared with the base, and no file is named: of all models.
    """
    scope = services.scope
    if not any(ModelChanged in rule.on for service in services for rule in service.rules):
        return
    if released is None and (not scope.request.everything or scope.named or scope.request.given):
        return
    changed = changed_models(scope, released) if released else None
    for service, history in histories_of(services, histories, changed):
        found = compare_models(service.scope, history, changed)
        part = Part(
            findings=tuple(service.judge.facts(found.new)),
            known=tuple(service.judge.facts(found.known)),
            texts=found.texts,
        )
        yield service, part


# Source code and configuration


def _sources(services: Services, read: ReadSources) -> Iterator[tuple[Service, Part]]:
    """Yield what the source files of each service say, judged by its rules."""

    def judged(facts: Iterable[Fact]) -> Iterator[Finding]:
        for fact in facts:
            service = services.holding(fact.span.path)
            if service is not None:
                yield from service.judge.facts((fact,))

    new, known = told_apart(judged(read.facts), read.texts, judged(read.before), read.texts_before)
    known = (*known, *judged(read.known))
    for service in services:
        own = {path for path in read.paths if services.holding(path) is service}
        done = f"{len(own)} source file{'s' if len(own) > 1 else ''}"
        part = Part(
            findings=tuple(f for f in new if services.holding(f.span.path) is service),
            known=tuple(f for f in known if services.holding(f.span.path) is service),
            unchanged=read.unchanged & own,
            checked=(done,) if own else (),
            texts={path: text for path, text in read.texts.items() if path in own},
            paths=frozenset(own),
        )
        yield service, part
