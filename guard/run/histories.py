"""The histories of a run: what each environment's revisions do, and what the change did to them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.facts import (
    BrokenChain,
    EditedDowngrade,
    EditedRevision,
    Fact,
    InsertedRevision,
    MultipleHeads,
    ReparentedRevision,
    SquashedRevisions,
)
from guard.history.compare import (
    NOT_COUNTED,
    Comparison,
    Reading,
    compare,
    compare_sql,
    without_consequences,
)
from guard.history.graph import Graph, graph_of, join_headers, revision_files
from guard.history.read import (
    NOTHING_READ,
    ParsedHistory,
    Place,
    open_cache,
    parsed_history,
    read_environment,
    read_files,
    read_source,
)
from guard.history.sql_history import join_sql, read_sql_history, read_sql_versions
from guard.judge.replay import Beginning, schemas_after
from guard.paths import read_bytes, relative
from guard.project.environments import Environment, Kind, find_environments
from guard.project.revision_header import RevisionHeader, read_file, read_header
from guard.project.sql_folders import is_sql_migration, read_sql_file
from guard.python_source import PythonSource, SourceError, Sources
from guard.reader import EnvPy
from guard.reader.modules import Resolver
from guard.run.released import open_released
from guard.run.scope import Input, Scope


class ChangedHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One history; `judged` are the revisions whose statements this run judges.

    `before` has those of them that the base has as well, with what they do there. `unread` are the
    files that take a newer Python than is at hand and that are as the base has them. `beginning`
    keeps the schemas before the judged ones, for who judges them again.
    """

    environment: Environment
    graph: Graph
    parsed: ParsedHistory
    change: Comparison
    judged: frozenset[str]
    before: ParsedHistory = NOTHING_READ
    unread: tuple[BrokenChain, ...] = ()
    env_py: EnvPy = EnvPy()
    beginning: Beginning = msgspec.field(default_factory=Beginning)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is wrong with the chain, and with what the change did to it."""
        problems = [problem for problem in self.graph.problems if problem not in self.unread]
        return (*without_consequences(problems, self.change.facts), *self.change.facts)

    @property
    def runs(self) -> tuple[str, ...]:
        """The judged revisions, and those that only the project's own Python may be able to read.

        In their order, as far as that is known.
        """
        unread = (p.revision for p in self.graph.problems if p.needs and p not in self.unread)
        read = (id_ for id_ in self.graph.order if id_ in self.judged)
        return (*read, *(id_ for id_ in unread if id_))

    @property
    def is_broken(self) -> bool:
        """Whether the chain is, whatever Python reads it: then no revision can be run."""
        return any(not problem.needs for problem in self.graph.problems)

    def files(self, revisions: Collection[str]) -> tuple[str, ...]:
        """Return the files of these revisions."""
        headers = self.graph.files.items()
        return tuple(path for path, header in headers if header.revision in revisions)


def open_history(scope: Scope, environment: Environment) -> ChangedHistory:
    """Return what is to be known of one environment, with the scope of its settings."""
    opener = _open_sql if environment.kind == "sql" else _open_alembic
    return opener(scope, environment)


def _open_alembic(scope: Scope, environment: Environment) -> ChangedHistory:
    sources = scope.sources
    if scope.tree is not None:
        scope.tree.fetch(revision_files(environment, scope.tree))
    place = _place(scope, environment, sources)
    graph, parsed, helpers, env_py = _read(scope, environment, place)
    replay = partial(schemas_after, dialect=scope.dialect)
    reading = Reading(place=place, parsed=parsed, replay=replay, helpers=helpers)
    change = compare(
        environment, graph, scope.base, repo=scope.repo, reading=reading, heads=scope.config.heads
    )
    return ChangedHistory(
        environment=environment,
        graph=graph,
        parsed=parsed,
        change=change,
        judged=_judged(scope, graph, parsed, change),
        before=change.before if scope.compares else NOTHING_READ,
        unread=_released_unread(scope, graph, sources),
        env_py=env_py,
    )


def _released_unread(scope: Scope, graph: Graph, sources: Sources) -> tuple[BrokenChain, ...]:
    waiting = [
        (problem, scope.root / problem.span.path) for problem in graph.problems if problem.needs
    ]
    released = open_released(scope) if waiting else None
    if released is None:
        return ()
    return tuple(p for p, path in waiting if released.holds(path, sources.read(path)))


def with_text(
    scope: Scope, history: ChangedHistory, path: Path, data: bytes
) -> ChangedHistory | None:
    """Return the history with a file that now holds something else; None if more has changed.

    That is so unless it is a new revision of the history, and stays at its place in it.
    """
    shown = relative(path, scope.root)
    was = history.graph.files.get(shown)
    if was is None or not _stands_alone(history, shown, was):
        return None
    source = scope.sources.source(shown, data)
    now = read_header(path, source)
    if now.problem == "unreadable" and now.revision == was.revision:
        return _without(scope, history, shown, now)
    if now.problem or not now.same_place(was):
        return None
    place = _place(scope, history.environment, scope.sources)
    resolver = Resolver(place.root, place.search, place.sources)
    files = {path: read_source(source, path, now, resolver, place.dialect)}
    graph = msgspec.structs.replace(history.graph, files=history.graph.files | {shown: now})
    this = msgspec.structs.replace(graph, order=(now.revision or "",))
    parsed = history.parsed | parsed_history(this, files, place)
    return msgspec.structs.replace(history, graph=graph, parsed=parsed)


def _stands_alone(history: ChangedHistory, shown: str, header: RevisionHeader) -> bool:
    """Whether what the file does is nobody else's affair: it is new, and stands for no other."""
    change = history.change
    told = {f.span.path for f in change.facts if not isinstance(f, MultipleHeads)}
    same_id = [one for one in history.graph.files.values() if one.revision == header.revision]
    return (
        header.revision in change.new
        and len(same_id) == 1
        and shown not in told
        and not change.replaced.revisions
    )


def _without(
    scope: Scope, history: ChangedHistory, shown: str, header: RevisionHeader
) -> ChangedHistory:
    """The history while a file of it cannot be read: its heads are not counted then."""
    files = history.graph.files | {shown: header}
    graph = graph_of({name: (scope.root / name, one) for name, one in files.items()})
    revisions = {i: one for i, one in history.parsed.revisions.items() if i != header.revision}
    change = history.change
    counts = scope.repo is not None and scope.base.commit is not None
    return msgspec.structs.replace(
        history,
        graph=msgspec.structs.replace(graph, notes=history.graph.notes),
        parsed=msgspec.structs.replace(history.parsed, revisions=revisions),
        change=msgspec.structs.replace(
            change,
            new=change.new - {header.revision},
            facts=tuple(one for one in change.facts if not isinstance(one, MultipleHeads)),
            notes=tuple(dict.fromkeys((*change.notes, *([NOT_COUNTED] if counts else ())))),
        ),
        judged=history.judged - {header.revision},
    )


def _place(scope: Scope, environment: Environment, sources: Sources) -> Place:
    return Place(
        root=scope.root,
        search=(*environment.sys_path, environment.script_location),
        dialect=scope.dialect,
        sources=sources,
    )


Helpers = dict[str, tuple[Path, ...]]


def _read(
    scope: Scope, environment: Environment, place: Place
) -> tuple[Graph, ParsedHistory, Helpers, EnvPy]:
    """What the files say, the files that each revision may use, and what env.py says."""
    cache = open_cache(scope.request.cache, place, environment.script_location)
    files = read_files(environment, place, cache)
    env_py = read_environment(environment, place, cache)
    cache.save()
    headers = {path: file.header for path, file in files.items()}
    graph = join_headers(environment, headers, scope.root)
    helpers = {
        one.id: cache.helpers_of(one.path, place.sources.read(one.path))
        for one in graph.revisions.values()
    }
    return graph, parsed_history(graph, files, place), helpers, env_py


def _open_sql(scope: Scope, environment: Environment) -> ChangedHistory:
    folder = environment.script_location
    named = [path for path in scope.named if path.suffix == ".sql" and path.parent == folder]
    found = read_sql_history(folder, named, scope.root, scope.dialect, scope.sources)
    change = Comparison(new=frozenset(found.graph.revisions))
    if found.migrations:  # a folder of queries has no history
        change = compare_sql(
            environment,
            found.migrations,
            scope.base,
            repo=scope.repo,
            root=scope.root,
            sources=scope.sources,
            read=lambda versions: read_sql_versions(
                versions, found, scope.root, scope.dialect, scope.sources
            ),
        )
        change = msgspec.structs.replace(
            change,
            new=change.new | found.loose,
            facts=tuple(f for f in change.facts if is_sql_migration(Path(f.span.path).name)),
        )
    return ChangedHistory(
        environment=environment,
        graph=found.graph,
        parsed=found.parsed,
        change=change,
        judged=_judged(scope, found.graph, found.parsed, change),
        before=change.before if scope.compares else NOTHING_READ,
    )


def _judged(
    scope: Scope, graph: Graph, parsed: ParsedHistory, change: Comparison
) -> frozenset[str]:
    """Return what is new or edited, or all if so asked; only the named files, if files were."""
    touched = {
        fact.revision
        for fact in change.facts
        if isinstance(fact, EditedRevision | EditedDowngrade | ReparentedRevision) and fact.revision
    }
    touched |= {fact.by for fact in change.facts if isinstance(fact, SquashedRevisions)}
    inserted = (fact for fact in change.facts if isinstance(fact, InsertedRevision))
    touched |= {moved.revision for fact in inserted for moved in fact.below}
    chosen = graph.revisions.keys() if scope.request.everything else change.new | touched
    here = frozenset(chosen & graph.revisions.keys())
    if not scope.named:
        return here
    named = {relative(path, scope.root) for path in scope.named}
    return frozenset(id_ for id_ in here & parsed.revisions.keys() if named & _paths(parsed, id_))


def _paths(parsed: ParsedHistory, revision: str) -> set[str]:
    """The files that a revision is written in: two, where up and down stand in one each."""
    one = parsed.revisions[revision]
    spans = (one.upgrade.span, one.downgrade.span)
    return {one.path, *(span.path for span in spans if span)}


# Standard input


def given_environment(scope: Scope, given: Input) -> Environment | None:
    """Return the environment that the text belongs to; None where it is no migration."""
    path = (scope.request.start / given.path).absolute()
    if path.suffix == ".sql":
        return _lone(path, "sql")
    if path.suffix != ".py" or read_file(path, given.data).revision is None:
        return None
    return _environment_of(scope, path)


def given_history(scope: Scope, given: Input, environment: Environment) -> ChangedHistory:
    """Return the history of the environment, with the text in it."""
    path = (scope.request.start / given.path).absolute()
    if path.suffix == ".sql":
        text = _decode(given).removeprefix("\ufeff")
        migration = read_sql_file(path, text, scope.sources)
        graph, parsed = join_sql([migration], {path: text}, scope.root, scope.dialect)
        return _only(path, environment, graph, parsed, scope.root)
    files = {p: read_bytes(p) for p in revision_files(environment) if p.is_file()}
    sources = Sources({**files, path: given.data}, scope.sources.newer)
    graph, parsed, _, env_py = _read(scope, environment, _place(scope, environment, sources))
    found = _only(path, environment, graph, parsed, scope.root)
    return msgspec.structs.replace(found, env_py=env_py)


def _decode(given: Input) -> str:
    try:
        return PythonSource(str(given.path), given.data).text
    except SourceError as error:
        raise GuardError(f"standard input ({given.path}): {error}") from None


def _environment_of(scope: Scope, path: Path) -> Environment:
    """The environment that would hold the file, else one of the files beside it."""
    try:
        around = find_environments(
            scope.request.start, [path.parent], skips=scope.all_settings.excludes
        )
    except GuardError:
        around = ()
    holding = (one for one in around if any(path.is_relative_to(f) for f in one.version_locations))
    return next(holding, _lone(path, "alembic"))


def _lone(path: Path, kind: Kind) -> Environment:
    return Environment(
        name=path.name,
        kind=kind,
        config_path=None,
        script_location=path.parent,
        version_locations=(path.parent,),
    )


def _only(
    path: Path, environment: Environment, graph: Graph, parsed: ParsedHistory, root: Path
) -> ChangedHistory:
    """The history in which the file alone is new; what is wrong elsewhere is not its affair."""
    shown = relative(path, root)
    new = frozenset(r.id for r in graph.revisions.values() if r.path == path)
    here = (p for p in graph.problems if p.span.path == shown and p.problem != "missing-parent")
    return ChangedHistory(
        environment=environment,
        graph=msgspec.structs.replace(graph, problems=tuple(here), notes=()),
        parsed=parsed,
        change=Comparison(new=new),
        judged=new,
    )
