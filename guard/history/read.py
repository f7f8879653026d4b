"""Reads the revision files of an environment: from the cache, or anew, on several cores if it pays.

A file is read in one go: its header, what it does, the database literals in it. Then its tree may
be forgotten, so that a long history needs no more memory than a short one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from guard.facts import DatabaseLiteral
from guard.history.cache import Cache, Entry
from guard.history.graph import Graph, revision_files
from guard.paths import read_bytes, relative
from guard.processes import processes_for, spread
from guard.project.environments import Environment
from guard.project.revision_header import RevisionHeader, read_header
from guard.python_source import PythonSource, SourceError, Sources
from guard.reader import EnvPy, ParsedRevision, read_env_py, read_revision
from guard.reader.modules import Module, Resolver
from guard.source.database_literals import find_in_python

WORTH_A_PROCESS = 100_000  # bytes of source that each process should have to read


class RevisionFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file in the versions folder says; one that is no revision has no `parsed`.

    Of an env.py, which lies beside them, it is `env_py`.
    """

    header: RevisionHeader
    parsed: ParsedRevision | None = None
    env_py: EnvPy | None = None
    literals: tuple[DatabaseLiteral, ...] = ()


class ParsedHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What the revisions of an environment do, in the graph's order, and the texts they have."""

    revisions: dict[str, ParsedRevision]
    texts: dict[str, str]  # by path relative to the repository
    literals: dict[str, tuple[DatabaseLiteral, ...]] = {}  # by revision

    def __or__(self, other: ParsedHistory) -> ParsedHistory:
        """Return both, what the other says of a revision where both have it."""
        return ParsedHistory(
            revisions=self.revisions | other.revisions,
            texts=self.texts | other.texts,
            literals=self.literals | other.literals,
        )


NOTHING_READ = ParsedHistory(revisions={}, texts={})


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a history lies: `search` is where helpers may be, and `sources` has the files."""

    root: Path
    search: tuple[Path, ...]
    dialect: str | None
    sources: Sources


def open_cache(folder: Path | None, place: Place, location: Path) -> Cache[RevisionFile]:
    """Return what earlier runs read of the history at that location."""

    def decode(data: bytes) -> dict[str, Entry[RevisionFile]]:
        return msgspec.msgpack.decode(data, type=dict[str, Entry[RevisionFile]])

    newer = place.sources.newer if folder else None  # to look for them takes time
    programs = newer.programs if newer else ()
    name = "\0".join((str(place.dialect), str(location), *map(str, place.search), *programs))
    return Cache(folder, place.root, name, decode, reading(place.sources))


def reading(sources: Sources) -> Callable[[Path], bytes]:
    """Return what reads a helper; on disk without keeping it, since there may be many."""
    return read_bytes if sources.is_disk else sources.read


def code_of(sources: Sources, files: Iterable[Path]) -> bytes:
    """Return what stands for the code in the files: it differs where one of them does."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path}\0".encode(errors="surrogateescape"))
        digest.update(hashlib.sha256(_data(sources, path)).digest())
    return digest.digest()


def _data(sources: Sources, path: Path) -> bytes:
    try:
        return sources.read(path)
    except OSError:
        return b""


def read_files(
    environment: Environment, place: Place, cache: Cache[RevisionFile]
) -> dict[Path, RevisionFile]:
    """Return what each file of the environment's versions folders says, in the order of paths."""
    files: dict[Path, RevisionFile | None] = {}
    for path in revision_files(environment, place.sources.files, place.sources.instead):
        try:
            files[path] = cache.find(path, place.sources.read(path))
        except OSError as error:
            detail = f"it cannot be read: {error.strerror}"
            files[path] = RevisionFile(header=RevisionHeader(problem="unreadable", detail=detail))
    jobs = [path for path, known in files.items() if known is None]
    size = sum(len(place.sources.read(path)) for path in jobs)
    processes = processes_for(size, WORTH_A_PROCESS)
    for share in spread(partial(_read_some, place), jobs, processes) if jobs else ():
        for path, (file, followed) in share.files.items():
            files[path] = file
            cache.keep(path, place.sources.read(path), file, followed=followed)
        cache.depend_on(share.consulted)
    return {path: file for path, file in files.items() if file is not None}


def read_environment(environment: Environment, place: Place, cache: Cache[RevisionFile]) -> EnvPy:
    """Return what the environment's env.py says: nothing where it cannot be read."""
    path = environment.script_location / "env.py"
    try:
        data = place.sources.read(path)
    except OSError:
        return EnvPy()
    known = cache.find(path, data)
    if known is None:
        resolver = Resolver(place.root, place.search, place.sources)
        source = place.sources.source(relative(path, place.root), data)
        env_py = env_py_in(source, path, resolver, place.dialect)
        known = RevisionFile(header=RevisionHeader(), env_py=env_py)
        cache.keep(path, data, known, followed=resolver.asked > 0)
        cache.depend_on(resolver.consulted)
    return known.env_py or EnvPy()


def env_py_in(source: PythonSource, path: Path, resolver: Resolver, dialect: str | None) -> EnvPy:
    """Return what that version of an env.py says: nothing where it does not parse."""
    try:
        return read_env_py(Module(source, path), resolver, dialect)
    except SourceError:
        return EnvPy()


def parsed_history(graph: Graph, files: Mapping[Path, RevisionFile], place: Place) -> ParsedHistory:
    """Return what the revisions of the graph do.

    A file that cannot be read is left out: the graph has said so.
    """
    revisions: dict[str, ParsedRevision] = {}
    texts: dict[str, str] = {}
    literals: dict[str, tuple[DatabaseLiteral, ...]] = {}
    for id_ in graph.order:
        path = graph.revisions[id_].path
        file = files[path]
        if file.parsed is not None:
            shown = relative(path, place.root)
            revisions[id_] = file.parsed
            texts[shown] = place.sources.source(shown, place.sources.read(path)).text
            literals[id_] = file.literals
    return ParsedHistory(revisions=revisions, texts=texts, literals=literals)


class _Share(msgspec.Struct, frozen=True):
    """Files by path, each with whether helpers were followed, and all helpers asked for."""

    files: dict[Path, tuple[RevisionFile, bool]]
    consulted: set[Path]


def _read_some(place: Place, paths: Sequence[Path]) -> _Share:
    resolver = Resolver(place.root, place.search, place.sources)
    files: dict[Path, tuple[RevisionFile, bool]] = {}
    for path in paths:
        before = resolver.asked
        file = _read_file(place, path, resolver)
        files[path] = file, resolver.asked > before
    return _Share(files, resolver.consulted)


def _read_file(place: Place, path: Path, resolver: Resolver) -> RevisionFile:
    source = place.sources.source(relative(path, place.root), place.sources.read(path))
    return read_source(source, path, read_header(path, source), resolver, place.dialect)


def read_source(
    source: PythonSource,
    path: Path,
    header: RevisionHeader,
    resolver: Resolver,
    dialect: str | None,
) -> RevisionFile:
    """Return what a file with that header says, whichever version of it.

    Raises SourceError where it does not parse and the header does not say so.
    """
    if header.problem or header.revision is None:
        return RevisionFile(header=header)
    parsed = read_revision(Module(source, path), resolver, header.revision, dialect)
    literals = tuple(
        msgspec.structs.replace(literal, revision=header.revision)
        for literal in find_in_python(source)
    )
    return RevisionFile(header=header, parsed=parsed, literals=literals)
