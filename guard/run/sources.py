"""The source files of a run: read from the cache, or anew, on several cores if it pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from guard.facts import Fact, PolicyCopy
from guard.history.cache import Cache, Entry
from guard.history.read import reading
from guard.paths import relative
from guard.processes import processes_for, spread
from guard.project.settings import Settings
from guard.python_source import PythonSource, SourceError, Sources
from guard.reader.modules import Resolver
from guard.run.histories import ChangedHistory
from guard.run.released import Released
from guard.run.scope import Scope
from guard.run.services import Services
from guard.source.database_literals import is_test
from guard.source.files import (
    calls_from_coroutines,
    files_below,
    is_source,
    select_sources,
    touches_database,
)
from guard.source.overridden_url import always_sets_url
from guard.source.policy_constants import Policy, copies_in
from guard.source.source_file import SourceFile, unreadable

WORTH_A_PROCESS = 100_000  # bytes of source that each process should have to read


class ReadSources(msgspec.Struct, frozen=True, kw_only=True):
    """What the source files say: their paths as shown, and the texts of those that have one.

    `unchanged` are the paths of the files that are as the base has them, and `known` what they say.
    `before` is what the base's versions of the other files say, and of files that are gone.
    """

    paths: tuple[str, ...]
    facts: tuple[Fact, ...]
    texts: dict[str, str]
    unchanged: frozenset[str] = frozenset()
    known: tuple[Fact, ...] = ()
    before: tuple[Fact, ...] = ()
    texts_before: dict[str, str] = {}


def read_sources(
    services: Services, histories: Sequence[ChangedHistory], released: Released | None
) -> ReadSources:
    """Read the Python and ini files around the database that are no revisions.

    `released` is what the base has of them; None where nothing is compared with it.
    """
    scope = services.scope
    given = scope.request.given
    newer = scope.sources.newer
    here = scope.sources if given is None else Sources({_given_path(scope): given.data}, newer)
    search = tuple(folder for history in histories for folder in history.environment.sys_path)
    files = _read(scope, here, _paths(services, histories, released), search)
    paths = tuple(relative(path, scope.root) for path in files)
    files = {path: file.without_told(paths) for path, file in files.items()}
    for path in _overridden(scope, histories, {path for path in files if files[path].facts}):
        files[path] = files[path].without_urls
    same = {path for path in files if released and released.holds(path, _data(here, path))}
    changed = {path: file for path, file in files.items() if path not in same}
    resolver = Resolver(scope.root, search, scope.sources)
    copies = {path: _copies(services, here, path, resolver) for path in files}
    before: dict[Path, bytes] = {}
    if released and any(changed[path].facts or copies[path] for path in changed):
        before = released.before(changed)
    versions = {
        path: PythonSource(relative(path, scope.root), data, newer) for path, data in before.items()
    }
    return ReadSources(
        paths=paths,
        facts=(*_facts(changed.values()), *(copy for path in changed for copy in copies[path])),
        texts=dict(_texts(scope, here, files)),
        unchanged=frozenset(relative(path, scope.root) for path in same),
        known=(
            *_facts(files[path] for path in files if path in same),
            *(copy for path in same for copy in copies[path]),
        ),
        before=(
            *_facts(_read_each(versions, resolver)),
            *(
                copy
                for path, source in versions.items()
                for copy in copies_in(path, source, resolver, _policies(services, path))
            ),
        ),
        texts_before=dict(_texts(scope, Sources(before), before)),
    )


def _read_each(sources: Mapping[Path, PythonSource], resolver: Resolver) -> list[SourceFile]:
    if not sources:
        return []
    from guard.source.read import SourceReader

    reader = SourceReader(resolver)
    return [reader.read(path, source) for path, source in sources.items()]


def _policies(services: Services, path: Path) -> tuple[Policy, ...]:
    service = services.at(path.parent)
    return service.policies if service else ()


def _copies(
    services: Services, here: Sources, path: Path, resolver: Resolver
) -> tuple[PolicyCopy, ...]:
    policies = _policies(services, path)
    if not policies or path.suffix != ".py":
        return ()
    source = here.source(relative(path, services.scope.root), _data(here, path))
    return tuple(copies_in(path, source, resolver, policies))


def _overridden(
    scope: Scope, histories: Sequence[ChangedHistory], telling: Container[Path]
) -> set[Path]:
    """The ini files whose URL is never used, since the env.py of each environment sets another.

    Only those are looked at that are `telling` something.
    """
    used: dict[Path, list[bool]] = {}
    for environment in (history.environment for history in histories):
        if environment.config_path is None or environment.config_path not in telling:
            continue
        env_py = environment.script_location / "env.py"
        source = scope.sources.source(relative(env_py, scope.root), _data(scope.sources, env_py))
        try:
            sets = always_sets_url(source.tree)
        except SourceError:
            sets = False
        used.setdefault(environment.config_path, []).append(not sets)
    return {path for path, uses in used.items() if path.suffix == ".ini" and not any(uses)}


def _facts(files: Iterable[SourceFile]) -> tuple[Fact, ...]:
    return tuple(fact for file in files for fact in file.facts)


def _data(here: Sources, path: Path) -> bytes:
    try:
        return here.read(path)
    except OSError:
        return b""  # a fact says so


def _read(
    scope: Scope, here: Sources, paths: Iterable[Path], search: tuple[Path, ...]
) -> dict[Path, SourceFile]:
    cache = _open_cache(scope, search)
    files: dict[Path, SourceFile | None] = {}
    for path in paths:
        try:
            files[path] = cache.find(path, here.read(path))
        except OSError as error:
            detail = f"it cannot be opened ({error.strerror})"
            files[path] = unreadable(relative(path, scope.root), detail)
    jobs = [path for path, known in files.items() if known is None]
    size = sum(len(here.read(path)) for path in jobs)
    work = partial(_read_some, scope, here, search)
    for share in spread(work, jobs, processes_for(size, WORTH_A_PROCESS)) if jobs else ():
        for path, (file, followed) in share.files.items():
            files[path] = file
            cache.keep(path, here.read(path), file, followed=followed)
        cache.depend_on(share.consulted)
    if scope.request.given is None and not scope.named:
        cache.save()
    return {path: file for path, file in files.items() if file is not None}


def _texts(scope: Scope, here: Sources, files: Iterable[Path]) -> Iterable[tuple[str, str]]:
    for path in files:
        shown = relative(path, scope.root)
        try:
            yield shown, here.source(shown, here.read(path)).text
        except (OSError, SourceError):
            continue  # a fact says so


def _open_cache(scope: Scope, search: tuple[Path, ...]) -> Cache[SourceFile]:
    def decode(data: bytes) -> dict[str, Entry[SourceFile]]:
        return msgspec.msgpack.decode(data, type=dict[str, Entry[SourceFile]])

    newer = scope.sources.newer if scope.request.cache else None  # to look for them takes time
    programs = newer.programs if newer else ()
    name = "\0".join(("sources", *map(str, search), *programs))
    return Cache(scope.request.cache, scope.root, name, decode, reading(scope.sources))


class _Share(msgspec.Struct, frozen=True):
    """Files by path, each with whether helpers were followed, and all helpers asked for."""

    files: dict[Path, tuple[SourceFile, bool]]
    consulted: set[Path]


def _read_some(
    scope: Scope, here: Sources, search: tuple[Path, ...], paths: Sequence[Path]
) -> _Share:
    from guard.source.read import SourceReader  # where all is known from the last run, none asks

    resolver = Resolver(scope.root, search, scope.sources)
    reader = SourceReader(resolver)
    files: dict[Path, tuple[SourceFile, bool]] = {}
    for path in paths:
        before = resolver.asked
        source = here.source(relative(path, scope.root), here.read(path))
        file = reader.read(path, source)
        files[path] = file, resolver.asked > before
    return _Share(files, resolver.consulted)


def _given_path(scope: Scope) -> Path:
    given = scope.request.given
    return (scope.request.start / given.path).absolute() if given else scope.root


def _paths(
    services: Services, histories: Sequence[ChangedHistory], released: Released | None
) -> list[Path]:
    scope = services.scope
    if scope.request.given is not None:
        return [] if histories else [_given_path(scope)]
    revisions = {name for history in histories for name in history.graph.files}
    selected = {path for path in scope.named_files if is_source(path, scope.root)}
    if not scope.named:
        environments = [history.environment for history in histories]
        present = _governed(services, _present(scope, revisions))
        touches = _touching(services, released)
        selected.update(
            select_sources(present, scope.root, scope.all_settings, environments, touches)
        )
    # Git still lists what was deleted and not committed; a dangling link is there and unreadable.
    there = {path for path in selected if _is_there(scope, path)}
    if scope.tree is not None:
        scope.tree.fetch(there)
    return sorted(path for path in there if relative(path, scope.root) not in revisions)


def _governed(services: Services, paths: Iterable[Path]) -> Iterator[tuple[Path, Settings]]:
    """Yield what is not excluded, with its settings; only of the services that are looked at."""
    scope = services.scope
    asked = [scope.request.start / path for path in scope.request.paths] or [scope.request.start]
    folders = (path if path.is_dir() else path.parent for path in map(Path.resolve, asked))
    tops = {one.scope.settings.folder for folder in folders if (one := services.at(folder))}
    everywhere = any(scope.root.is_relative_to(top) for top in tops)
    for path in paths:
        shown = relative(path, scope.root)
        if not is_source(path, scope.root):
            continue
        if not everywhere and not any(path.is_relative_to(top) for top in tops):
            continue
        # A template of a project is no source.
        if "{{" in shown or scope.all_settings.excludes(path):
            continue
        service = services.at(path.parent)
        if service is not None:
            yield path, service.scope.settings


def _is_there(scope: Scope, path: Path) -> bool:
    if path in scope.request.unsaved:
        return True
    return os.path.lexists(path) if scope.tree is None else path in scope.tree


def _present(scope: Scope, revisions: set[str]) -> Iterable[Path]:
    """The files that git knows or would add, or those staged; without git, in no hidden folder."""
    repo, unsaved = scope.repo, scope.request.unsaved
    if repo is None:
        return dict.fromkeys((*files_below(scope.root), *unsaved))
    names = {*repo.present_files()} if scope.tree is None else {*scope.tree.blobs}
    if repo.root == scope.root:
        names -= revisions  # early, since they are most of the files
    return dict.fromkeys((*(repo.root / name for name in names), *unsaved))


def _touching(services: Services, released: Released | None) -> Callable[[Path], bool]:
    """Whether a file touches a database or a policy and belongs to the change.

    Without a base all belong to it.
    """
    scope = services.scope
    changed = {*released.changed} if released else None
    if changed is not None and scope.tree is not None:
        scope.tree.fetch(path for path in changed if path.suffix == ".py")

    def touches(path: Path) -> bool:
        if path.suffix != ".py" or is_test(relative(path, scope.root)):
            return False
        if changed is not None and path not in changed:
            return False
        data = _data(scope.sources, path)
        return (
            touches_database(data)
            or calls_from_coroutines(path, scope.root, data)
            or any(policy.is_mentioned(data) for policy in _policies(services, path))
        )

    return touches
