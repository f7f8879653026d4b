"""Reads all revisions of an environment: from the cache, or anew, on several cores if it pays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from guard.history.cache import Cache, hash_of
from guard.history.graph import Graph
from guard.paths import relative
from guard.python_source import SourceError, decode
from guard.reader import ParsedRevision, read_revision
from guard.reader.modules import Resolver, parse

WORTH_A_PROCESS = 150  # files for each process that is started


class ParsedHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What the revisions of an environment do, in the graph's order, and the texts they have."""

    revisions: dict[str, ParsedRevision]
    texts: dict[str, str]  # by path relative to the repository


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One revision file to read."""

    revision: str
    path: Path
    shown: str
    text: str


class Done(msgspec.Struct, frozen=True, kw_only=True):
    parsed: ParsedRevision
    followed: bool


def read_revisions(
    graph: Graph,
    root: Path,
    search: tuple[Path, ...],
    dialect: str | None,
    cache: Cache,
    files: Mapping[Path, bytes] | None = None,
) -> ParsedHistory:
    """Return the steps of every revision of the graph; `search` is where helpers may be.

    A file that cannot be read is left out: the graph has said so.
    """
    revisions: dict[str, ParsedRevision] = {}
    texts: dict[str, str] = {}
    jobs: list[Job] = []
    contents: dict[str, bytes] = {}
    for revision in graph.order:
        path = graph.revisions[revision].path
        try:
            data = path.read_bytes() if files is None else files[path]
            text = decode(data)
        except (OSError, KeyError, SourceError):
            continue
        shown = relative(path, root)
        texts[shown] = text
        contents[revision] = data
        known = cache.parsed(path, data)
        if known is not None and known.revision == revision:
            revisions[revision] = known
        else:
            jobs.append(Job(revision=revision, path=path, shown=shown, text=text))
    done, consulted = _read_all(jobs, root, search, dialect)
    for job in jobs:
        if job.revision in done:
            result = done[job.revision]
            revisions[job.revision] = result.parsed
            cache.keep(job.path, contents[job.revision], result.parsed, followed=result.followed)
    cache.helpers.update({str(path): hash_of(path) for path in consulted})
    return ParsedHistory(revisions=revisions, texts=texts)


def _read_all(
    jobs: Sequence[Job], root: Path, search: tuple[Path, ...], dialect: str | None
) -> tuple[dict[str, Done], set[Path]]:
    """Return the parsed revisions, and the helper files that were asked for."""
    processes = min(os.cpu_count() or 1, len(jobs) // WORTH_A_PROCESS, 8)
    if processes < 2 or not hasattr(os, "fork"):
        return _read_some(jobs, root, search, dialect)
    return _read_in_processes(processes, jobs, root, search, dialect)


def _read_in_processes(
    processes: int,
    jobs: Sequence[Job],
    root: Path,
    search: tuple[Path, ...],
    dialect: str | None,
) -> tuple[dict[str, Done], set[Path]]:
    from concurrent.futures import ProcessPoolExecutor  # few runs are that large
    from multiprocessing import get_context

    size = -(-len(jobs) // (processes * 4))
    parts = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    done: dict[str, Done] = {}
    consulted: set[Path] = set()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        results = pool.map(
            _read_some,
            parts,
            [root] * len(parts),
            [search] * len(parts),
            [dialect] * len(parts),
        )
        for some, asked in results:
            done.update(some)
            consulted |= asked
    return done, consulted


def _read_some(
    jobs: Sequence[Job], root: Path, search: tuple[Path, ...], dialect: str | None
) -> tuple[dict[str, Done], set[Path]]:
    resolver = Resolver(root, search)
    done: dict[str, Done] = {}
    for job in jobs:
        try:
            module = parse(job.shown, job.text, file=job.path)
        except SourceError:
            continue
        before = resolver.asked
        parsed = read_revision(module, resolver, job.revision, dialect)
        done[job.revision] = Done(parsed=parsed, followed=resolver.asked > before)
    return done, resolver.consulted
