"""One run of guard: find, read, compare, judge, run, decide. Returns a report; prints nothing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from guard.approvals import Approval, load_approvals
from guard.base import Base, find_base
from guard.cache import Cache
from guard.catalog import load_rules
from guard.config import Config, ConfigError
from guard.facts import DatabaseLiteral, EditedRevision, Fact, ReparentedRevision
from guard.finding import Coverage, Finding, Report
from guard.git import Repository
from guard.graph import Graph, build_graph, relative
from guard.history import HistoryReading, Source, compare, read_change
from guard.judge import Judge
from guard.lint import (
    comments_of,
    coverage,
    judge_statements,
    revision_facts,
)
from guard.project import Environment, find_environments, project_root
from guard.reader.modules import Resolver, SourceError, decode, parse
from guard.reader.source import read_source
from guard.reading import Read, read_revisions
from guard.roundtrip import run_roundtrip
from guard.rule import Rule
from guard.select import decide, select_rules
from guard.source import find_in_ini, find_in_python, may_hold_literals
from guard.source_files import select_sources, source_files

Progress = Callable[[str, int, int], None]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for. `paths` empty: the whole project."""

    start: Path
    paths: tuple[Path, ...] = ()
    statements: bool = True  # judge what the revisions say
    history: bool = True
    roundtrip: bool = True
    everything: bool = False  # released revisions too
    base: str | None = None
    source: Source = "working tree"
    approvals_from: str | None = None
    environ: Mapping[str, str] = {}
    cache: Path | None = None  # the folder for what was read; None: nothing is kept
    today: datetime.date


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One environment with its graph, what the change did to it, and what its revisions do."""

    environment: Environment
    graph: Graph
    change: HistoryReading
    read: Read

    @property
    def edited(self) -> frozenset[str]:
        """The released revisions that this change touches."""
        touched = (
            f for f in self.change.facts if isinstance(f, EditedRevision | ReparentedRevision)
        )
        return frozenset(f.revision for f in touched if f.revision in self.graph.revisions)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The report, and the texts of the files that it speaks of."""

    report: Report
    texts: dict[str, str]


def run(request: Request, config: Config, on_progress: Progress | None = None) -> Result:
    """Return what guard has to say; raise ConfigError where it cannot say anything reliable."""
    root = project_root(request.start)
    repo = Repository.discover(root)
    rules = load_rules()
    chosen = select_rules(config, rules)
    judge = Judge(chosen, config.server, _options(config))
    base = _find_base(request, config, repo)
    resolver = Resolver(root)
    histories = _histories(request, config, root, repo, base)
    gathered = _Gathered(notes=[*base.notes])
    for history in histories:
        gathered.texts.update(history.read.texts)
        gathered.notes += [*history.graph.notes, *history.change.notes]
        judged = _judged(request, history)
        if request.history:
            gathered.facts += [*history.graph.problems, *history.change.facts]
        if request.statements:
            _judge_history(history, judged, judge, config, gathered)
        if request.roundtrip and config.roundtrip and history.environment.kind == "alembic":
            _round_trip(history, judged, root, config, gathered, on_progress)
    if request.statements:
        _read_sources(request, config, root, repo, histories, resolver, gathered)
    gathered.findings += judge.facts(gathered.facts)
    return _report(request, config, root, repo, rules, chosen, judge, histories, gathered)


class _Gathered(msgspec.Struct):
    """What a run collects on its way."""

    facts: list[Fact] = []
    findings: list[Finding] = []
    notes: list[str] = []
    checked: list[str] = []
    texts: dict[str, str] = {}
    judged: set[str] = set()
    paths: set[str] = set()
    coverage: Coverage = Coverage()


def _options(config: Config) -> dict[str, Any]:
    return {"identifiers": config.identifiers}


def _find_base(request: Request, config: Config, repo: Repository | None) -> Base:
    if not request.history and request.everything:
        return Base()
    return find_base(repo, option=request.base, config=config.base, environ=request.environ)


# The histories


def _histories(
    request: Request, config: Config, root: Path, repo: Repository | None, base: Base
) -> list[History]:
    config_files = tuple(request.start / name for name in config.alembic_config)
    environments = find_environments(request.start, request.paths, config_files)
    histories = []
    for environment in environments:
        files = read_change(repo, environment, request.source) if repo else None
        cache = Cache(request.cache, root, config.server.dialect, environment.script_location)
        graph = build_graph(environment, root=root, files=files, read=cache.head)
        change = compare(environment, graph, base, repo=repo, files=files, heads=config.heads)
        search = (*environment.sys_path, environment.script_location)
        read = read_revisions(graph, root, search, config.server.dialect, cache, files)
        cache.save()
        histories.append(History(environment=environment, graph=graph, change=change, read=read))
    return histories


def _judged(request: Request, history: History) -> frozenset[str]:
    """Return the revisions that this run judges: what is new or edited, or all if so asked."""
    revisions = history.graph.revisions
    chosen = (
        frozenset(revisions)
        if request.everything
        else frozenset(history.change.new & revisions.keys()) | history.edited
    )
    files = {path.resolve() for path in request.paths if path.is_file()}
    inside = {path for path in files if history.environment.holds(path) and path.suffix == ".py"}
    if not inside or any(not p.is_file() for p in request.paths):
        return chosen
    return frozenset(id_ for id_ in chosen if revisions[id_].path.resolve() in files)


def _judge_history(
    history: History,
    judged: frozenset[str],
    judge: Judge,
    config: Config,
    gathered: _Gathered,
) -> None:
    dialect = config.server.dialect
    gathered.findings += judge_statements(
        history.read,
        history.graph,
        judge,
        judged=judged,
        new=history.change.new,
        dialect=dialect,
    )
    readings = [r for id_, r in history.read.readings.items() if id_ in judged]
    comments = comments_of({r.path: history.read.texts[r.path] for r in readings})
    for reading in readings:
        gathered.facts += revision_facts(reading, comments.get(reading.path, ()), dialect)
        gathered.paths.add(reading.path)
    _add_literals(history, judged, gathered)
    gathered.judged |= judged
    gathered.coverage = _sum(gathered.coverage, coverage(readings))
    released = len(history.graph.revisions) - len(judged)
    if released and not judged:
        gathered.notes.append(
            f"{history.environment.name}: all {released} revisions are released already, so their "
            "statements were not judged (--all judges them)."
        )


def _add_literals(history: History, judged: frozenset[str], gathered: _Gathered) -> None:
    for revision in judged & history.read.readings.keys():
        path = history.read.readings[revision].path
        for literal in _literals(path, history.read.texts[path]):
            gathered.facts.append(msgspec.structs.replace(literal, revision=revision))


def _literals(path: str, text: str) -> tuple[DatabaseLiteral, ...]:
    if not may_hold_literals(text):
        return ()
    try:
        return find_in_python(path, parse(path, text).tree)
    except SourceError:
        return ()


def _sum(one: Coverage, other: Coverage) -> Coverage:
    return Coverage(
        revisions=one.revisions + other.revisions,
        statements=one.statements + other.statements,
        opaque=one.opaque + other.opaque,
    )


# Source code and configuration


def _read_sources(
    request: Request,
    config: Config,
    root: Path,
    repo: Repository | None,
    histories: Sequence[History],
    resolver: Resolver,
    gathered: _Gathered,
) -> None:
    """Read the Python and ini files around the database that are no revisions."""
    revisions = {r.path for history in histories for r in history.graph.revisions.values()}
    environments = [history.environment for history in histories]
    named = [path.resolve() for path in request.paths if path.is_file()]
    files = (
        select_sources([p for p in named if p not in revisions], root, config, environments)
        if named and len(named) == len(request.paths)
        else source_files(root, repo, config, environments)
    )
    count = 0
    for path in sorted(set(files) - revisions):
        count += _read_source_file(path, root, resolver, gathered)
    if count:
        gathered.checked.append(f"{count} source file{'s' if count > 1 else ''}")


def _read_source_file(path: Path, root: Path, resolver: Resolver, gathered: _Gathered) -> int:
    shown = relative(path, root)
    try:
        text = decode(path.read_bytes())
        if path.suffix != ".py":
            gathered.facts += find_in_ini(shown, text)
        else:
            module = parse(shown, text, file=path)
            gathered.facts += find_in_python(shown, module.tree)
            gathered.facts += read_source(module, resolver)
    except OSError as error:
        gathered.notes.append(f"{shown} was not read: {error.strerror}.")
        return 0
    except SourceError as error:
        gathered.notes.append(f"{shown} was not read: {error}.")
        return 0
    gathered.texts[shown] = text
    gathered.paths.add(shown)
    return 1


# The round trip


def _round_trip(
    history: History,
    judged: frozenset[str],
    root: Path,
    config: Config,
    gathered: _Gathered,
    on_progress: Progress | None,
) -> None:
    if not history.graph.revisions:
        gathered.notes.append(f"{history.environment.name}: there are no revisions to run.")
        return
    if history.graph.problems:
        gathered.notes.append(
            f"{history.environment.name}: the round trip was skipped, since the chain is broken."
        )
        return
    chosen = [id_ for id_ in history.graph.order if id_ in judged] or None
    trip = run_roundtrip(
        history.environment, root=root, revisions=chosen, config=config, on_progress=on_progress
    )
    gathered.facts += trip.facts
    gathered.notes += trip.notes
    gathered.judged |= set(history.graph.revisions if chosen is None else chosen)
    gathered.checked.append(
        f"round trip of {trip.upgraded} up, {trip.downgraded} down "
        f"with {trip.seeded_rows} rows in {trip.seconds:.1f} s"
    )


# The report


def _report(
    request: Request,
    config: Config,
    root: Path,
    repo: Repository | None,
    rules: Sequence[Rule],
    chosen: Sequence[Rule],
    judge: Judge,
    histories: Sequence[History],
    gathered: _Gathered,
) -> Result:
    approvals = _approvals(request, config, root, repo, gathered)
    known = {rule.name for rule in rules}
    decided, facts = decide(
        gathered.findings,
        comments_of(gathered.texts),
        approvals,
        today=request.today,
        known=known,
        ran=_ran(request, config, chosen),
        paths=gathered.paths,
        revisions=gathered.judged,
    )
    findings = (*decided, *judge.facts(facts))
    report = Report(
        findings=findings,
        notes=tuple(dict.fromkeys(gathered.notes)),
        coverage=gathered.coverage,
        checked=tuple(gathered.checked),
        fail_on=config.fail_on,
    )
    return Result(report=report, texts=gathered.texts)


def _ran(request: Request, config: Config, chosen: Sequence[Rule]) -> set[str]:
    """Return the rules that had their say: only they can prove a suppression unused."""
    groups = {rule.group for rule in chosen}
    if not request.statements:
        groups -= {"destructive", "locking", "compatibility", "correctness", "source", "style"}
    if not request.history:
        groups -= {"history"}
    if not (request.roundtrip and config.roundtrip):
        groups -= {"roundtrip"}
    return {rule.name for rule in chosen if rule.group in groups}


def _approvals(
    request: Request,
    config: Config,
    root: Path,
    repo: Repository | None,
    gathered: _Gathered,
) -> tuple[Approval, ...]:
    path = root / config.approvals
    if request.approvals_from is not None:
        return _approvals_at(request.approvals_from, config, repo)
    if not path.is_file():
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{config.approvals} cannot be read: {error}") from None
    gathered.texts[config.approvals] = text
    return load_approvals(config.approvals, text)


def _approvals_at(ref: str, config: Config, repo: Repository | None) -> tuple[Approval, ...]:
    """Return only the approvals that are on that ref already, so that nobody approves their own."""
    commit = repo.resolve(ref) if repo else None
    if repo is None or commit is None:
        raise ConfigError(f"--approvals-from {ref}: there is no such ref here; fetch it first")
    blob = repo.list_files(commit).get(config.approvals)
    if blob is None:
        return ()
    text = repo.read_blobs([blob])[blob].decode("utf-8", errors="replace")
    return load_approvals(f"{config.approvals} at {ref}", text)
