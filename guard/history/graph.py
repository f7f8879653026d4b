"""The revisions of an environment and how they follow each other, from syntax trees alone.

What Alembic refuses, or would walk wrongly, is a `BrokenChain`; what it does with a history is told
by `alembic.script` (base.py, revision.py), versions 1.9 to 1.20.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import Literal

import msgspec

from guard.errors import GuardError
from guard.facts import BrokenChain
from guard.note import Note
from guard.operations import is_known
from guard.paths import read_bytes, relative
from guard.patterns import lazy_re
from guard.project.environments import Environment, project_root
from guard.project.revision_header import RevisionHeader, read_file
from guard.statement import Span

REVISION_FILE = lazy_re(r"(?!\.\#|__init__).*\.py$")  # alembic.script.base, _only_source_rev_file
ChainProblem = Literal[
    "missing-parent", "cycle", "duplicate", "no-revision", "unreadable", "computed"
]
NOT_HERE = "is not a revision here"  # said of a parent that there is not
MAX_FOLDERS = 5_000
HeaderReader = Callable[[PurePath, bytes], RevisionHeader]


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision by its file's header. `path` is absolute; `line` is where `revision` is."""

    id: str
    parents: tuple[str, ...]  # down_revision; empty for a base
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    path: Path
    line: int = 1
    message: str = ""  # the first line of the docstring


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions of one environment.

    `order` holds every id, children after their parents and dependencies. `files` is everything
    that was read, by path relative to the repository. `notes` are for the report.
    """

    revisions: dict[str, Revision] = {}
    order: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    problems: tuple[BrokenChain, ...] = ()
    files: dict[str, RevisionHeader] = {}
    notes: tuple[Note, ...] = ()

    def ancestors(self, revision: str) -> frozenset[str]:
        """Return the ids that come before `revision`, through parents and dependencies."""
        labels = _labels(self.revisions)
        found: set[str] = set()
        waiting = [revision]
        while waiting:
            before = _before(self.revisions[waiting.pop()], self.revisions, labels) - found
            found |= before
            waiting += before
        return frozenset(found)


def build_graph(
    environment: Environment,
    *,
    root: Path | None = None,
    files: Mapping[Path, bytes] | None = None,
    read: HeaderReader = read_file,
) -> Graph:
    """Return the graph of an Alembic environment's revision files.

    `root` is what paths in facts are relative to (default: the project's root). `files` stands in
    for the disk (what is staged, what a commit holds), `read` for reading a header (a cache).
    """
    root = root or project_root(environment.script_location)
    headers = {path: _read(path, files, read) for path in revision_files(environment, files)}
    return join_headers(environment, headers, root)


def join_headers(
    environment: Environment, headers: Mapping[Path, RevisionHeader], root: Path
) -> Graph:
    """Return the graph of revision files whose headers were read, sub-folders included."""
    nested = not_entered(environment, headers)
    unlisted = _unlisted(headers, {*nested})
    return graph_of(
        {
            relative(path, root): (path, header)
            for path, header in headers.items()
            if path not in unlisted
        },
        notes=tuple(_notes(environment, headers, nested, unlisted, root)),
    )


def graph_of(
    files: Mapping[str, tuple[Path, RevisionHeader]], *, notes: tuple[Note, ...] = ()
) -> Graph:
    """Return the graph that these revision files, by the path to show, make together."""
    revisions, shown, problems = _revisions(files)
    labels = _labels(revisions)
    problems += _duplicate_labels(revisions, shown)
    problems += _missing(revisions, labels, shown, files)
    order, cycles = _order(revisions, labels)
    for cycle in cycles:
        told = " -> ".join([*cycle, cycle[0]])
        problems.append(
            _broken("cycle", revisions[cycle[0]], shown, f"The revisions {told} form a cycle.")
        )
    followed = {parent for revision in revisions.values() for parent in revision.parents}
    return Graph(
        revisions=revisions,
        order=order,
        heads=tuple(id_ for id_ in order if id_ not in followed),
        bases=tuple(id_ for id_ in order if not revisions[id_].parents),
        problems=tuple(problems),
        files={name: header for name, (_, header) in files.items()},
        notes=notes,
    )


def revision_files(
    environment: Environment, files: Mapping[Path, bytes] | None = None, more: Iterable[Path] = ()
) -> tuple[Path, ...]:
    """Return what Alembic would load as revisions, and what stands in sub-folders beside it.

    `more` are files that are there whether listed or not. Sorted by path. A file that two version
    locations hold comes once.
    """
    folders = tuple(f"{folder}{os.sep}" for folder in environment.version_locations)
    listed: Iterable[Path] = _walk(environment.version_locations)
    if files is not None:
        listed = (path for path in files if str(path).startswith(folders))
    real = str if files is not None else _real_paths()
    found: dict[str, Path] = {}
    for path in sorted({*listed, *more}, key=lambda path: path.parts):
        full = str(path)
        compiled = "__pycache__" in full and "__pycache__" in path.parts
        if full.startswith(folders) and REVISION_FILE.match(path.name) and not compiled:
            found.setdefault(real(full), path)
    return tuple(found.values())


def _real_paths() -> Callable[[str], str]:
    """Return what follows links; a folder is looked at once, however many files it holds."""
    folder_of = cache(os.path.realpath)  # unlike resolve, it takes a loop of links as it is

    def real(path: str) -> str:
        if os.path.islink(path):  # noqa: PTH114  (pathlib takes three times as long)
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        return os.path.join(folder_of(folder), name)  # noqa: PTH118

    return real


def _walk(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for count, (place, below, names) in enumerate(os.walk(folder)):
            if count >= MAX_FOLDERS:
                raise GuardError(
                    f"{folder}: more than {MAX_FOLDERS:,} folders to search for revisions: have "
                    "version_locations name the folder that holds them"
                )
            below[:] = [name for name in below if name != "__pycache__"]
            yield from (Path(place, name) for name in names if name.endswith(".py"))


def _read(path: Path, files: Mapping[Path, bytes] | None, read: HeaderReader) -> RevisionHeader:
    try:
        data = read_bytes(path) if files is None else files[path]
    except OSError as error:
        return RevisionHeader(problem="unreadable", detail=f"it cannot be read: {error.strerror}")
    return read(path, data)


def not_entered(environment: Environment, paths: Iterable[Path]) -> list[Path]:
    """Return the files in sub-folders of the version locations, if Alembic is to enter none."""
    if environment.recursive:
        return []
    locations = {str(folder) for folder in environment.version_locations}
    return [path for path in paths if str(path).rpartition(os.sep)[0] not in locations]


def _unlisted(headers: Mapping[Path, RevisionHeader], nested: set[Path]) -> set[Path]:
    """The files of sub-folders (`nested`) that are no part of this history.

    Alembic enters sub-folders only when told to. Yet some programs tell it at run time, so the
    chain decides: sub-folders count where the history would not hold together without them.
    """
    if not nested:
        return set()
    ids = {header.revision for path, header in headers.items() if path in nested}
    parents = {parent for path in nested for parent in headers[path].parents}
    direct = [header for path, header in headers.items() if path not in nested]
    joined = any(header.revision in parents or ids & {*header.parents} for header in direct)
    return set() if joined or not direct else nested


def _notes(
    environment: Environment,
    headers: Mapping[Path, RevisionHeader],
    nested: Sequence[Path],
    unlisted: set[Path],
    root: Path,
) -> Iterator[Note]:
    folders = " and ".join(relative(f, root) for f in environment.version_locations)
    if not headers:
        yield Note("no-revisions", f"{folders} holds no revisions.")
    if nested:
        verdict = "are not read" if unlisted else "are read, since the chain needs them"
        yield Note(
            "nested-revisions",
            f"{len(nested)} revision files in sub-folders of {folders} {verdict}: neither "
            "version_locations nor recursive_version_locations names them.",
        )
    for path, header in headers.items():
        unknown = [n for n in (*header.branch_labels, *header.depends_on) if not is_known(n)]
        if unknown and path not in unlisted:
            shown = relative(path, root)
            yield Note(
                "computed-id",
                f"{shown} computes {unknown[0][1:-1]} at run time: guard takes it for an id that "
                "no other has.",
                Span(shown, header.line),
            )


def _revisions(
    files: Mapping[str, tuple[Path, RevisionHeader]],
) -> tuple[dict[str, Revision], dict[str, str], list[BrokenChain]]:
    """The revisions by id, the path to show for each id, and the files that are none."""
    revisions: dict[str, Revision] = {}
    shown: dict[str, str] = {}
    problems: list[BrokenChain] = []
    for name, (path, header) in files.items():
        span = Span(name, header.line)
        if header.problem or header.revision is None:
            detail = f"{name} cannot be read as a revision: {header.detail}."
            kind = header.problem or "no-revision"
            problems.append(
                BrokenChain(
                    span=span,
                    revision=header.revision,
                    problem=kind,
                    detail=detail,
                    needs=header.needs,
                )
            )
        elif header.revision in revisions:
            detail = f"Revision {header.revision} stands in {shown[header.revision]} and in {name}."
            problems.append(
                BrokenChain(span=span, revision=header.revision, problem="duplicate", detail=detail)
            )
        else:
            shown[header.revision] = name
            revisions[header.revision] = Revision(
                id=header.revision,
                parents=header.parents,
                depends_on=header.depends_on,
                branch_labels=header.branch_labels,
                path=path,
                line=header.line,
                message=header.message,
            )
    return revisions, shown, problems


def _labels(revisions: Mapping[str, Revision]) -> dict[str, str]:
    """The revision that each branch label was given to."""
    return {label: r.id for r in revisions.values() for label in r.branch_labels}


def _before(
    revision: Revision, revisions: Mapping[str, Revision], labels: Mapping[str, str]
) -> set[str]:
    """The ids that must run first: parents, and dependencies by id or by branch label."""
    needed = {*revision.parents, *(labels.get(name, name) for name in revision.depends_on)}
    return {name for name in needed if name in revisions}


def _duplicate_labels(
    revisions: Mapping[str, Revision], shown: Mapping[str, str]
) -> Iterator[BrokenChain]:
    owner: dict[str, Revision] = {}
    for revision in revisions.values():
        for label in revision.branch_labels:
            first = revisions.get(label) or owner.get(label)
            owner[label] = revision
            if first is not None:
                detail = f"The branch label {label} of {revision.id} already stands for {first.id}."
                yield _broken("duplicate", revision, shown, detail)


def _missing(
    revisions: Mapping[str, Revision],
    labels: Mapping[str, str],
    shown: Mapping[str, str],
    files: Mapping[str, tuple[Path, RevisionHeader]],
) -> Iterator[BrokenChain]:
    # A file that could not be read may be the parent: its children are not to blame.
    unread = [(name, header) for name, (_, header) in files.items() if header.problem]
    computed = any(not is_known(label) for label in labels)
    for revision in revisions.values():
        wanted = [("down_revision", name) for name in revision.parents]
        if not computed:
            wanted += [("depends_on", n) for n in revision.depends_on if n not in labels]
        for attribute, name in wanted:
            if name in revisions or not is_known(name):
                continue
            if any(name == header.revision or name in path for path, header in unread):
                continue
            guess = next((id_ for id_ in revisions if id_.startswith(name)), None)
            hint = f" (Alembic takes no abbreviated id here: write {guess})" if guess else ""
            detail = f"{attribute} of {revision.id} names {name}, which {NOT_HERE}{hint}."
            problem = _broken("missing-parent", revision, shown, detail)
            yield msgspec.structs.replace(problem, missing=name)


def _order(
    revisions: Mapping[str, Revision], labels: Mapping[str, str]
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Every id, children last and otherwise by id, and the cycles, whose ids come at the end."""
    before = {id_: _before(r, revisions, labels) for id_, r in revisions.items()}
    after: dict[str, list[str]] = {id_: [] for id_ in revisions}
    for id_, needed in before.items():
        for name in needed:
            after[name].append(id_)
    waits = {id_: len(needed) for id_, needed in before.items()}
    ready = [id_ for id_, count in waits.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        id_ = heapq.heappop(ready)
        order.append(id_)
        for child in after[id_]:
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, child)
    stuck = sorted(revisions.keys() - set(order))
    return (*order, *stuck), _cycles(stuck, before)


def _cycles(stuck: Iterable[str], before: Mapping[str, set[str]]) -> list[list[str]]:
    """The cycles that hold up these ids; each id leads into one, by way of what it waits for."""
    left = set(stuck)
    cycles: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(left):
        path: list[str] = []
        here = start
        while here not in seen:
            seen.add(here)
            path.append(here)
            here = min(before[here] & left)
        if here in path:
            cycles.append(path[path.index(here) :])
    return cycles


def _broken(
    problem: ChainProblem, revision: Revision, shown: Mapping[str, str], detail: str
) -> BrokenChain:
    span = Span(shown[revision.id], revision.line)
    return BrokenChain(span=span, revision=revision.id, problem=problem, detail=detail)
