"""What a change does to revisions that are already released.

Released is what exists on the merge base or on the base's tip. Heads are counted on the merged
tree: each side of a merge may have one head of its own, and the result two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Literal

import msgspec

from guard.errors import GuardError
from guard.facts import (
    DeletedRevision,
    EditedDowngrade,
    EditedRevision,
    Fact,
    MultipleHeads,
    ReparentedRevision,
)
from guard.history.base import Base
from guard.history.difference import Difference, content_hash, difference_of, text_difference
from guard.history.git import Repository, blob_id
from guard.history.graph import Graph, build_graph, graph_of
from guard.paths import relative
from guard.project.environments import Environment, read_environments
from guard.project.revision_header import NAMES, RevisionHeader, read_file, read_header
from guard.python_source import PythonSource, Sources
from guard.statement import Span

Tree = Literal["working tree", "index", "HEAD"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`new` are the revisions that exist neither on the merge base nor on the base's tip."""

    new: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()


class _Version(msgspec.Struct, frozen=True):
    """A revision file as one side has it; `name` is its path in the repository."""

    name: str
    header: RevisionHeader
    source: PythonSource

    @property
    def data(self) -> bytes:
        return self.source.data


class _Side(msgspec.Struct, frozen=True):
    """The revision files of one tree, by path and by revision id."""

    files: dict[str, _Version]
    revisions: dict[str, _Version]


def read_change(
    repo: Repository, environment: Environment, source: Tree = "working tree"
) -> dict[Path, bytes] | None:
    """Return the environment's files as staged or committed; None: as they lie on disk."""
    if source == "working tree":
        return None
    blobs = repo.staged_files() if source == "index" else repo.list_files("HEAD")
    return _contents(repo, environment, blobs)


def compare(
    environment: Environment,
    graph: Graph,
    base: Base,
    *,
    repo: Repository | None,
    sources: Sources,
    heads: int = 1,
) -> Comparison:
    """Return what the change does to the released revisions of an Alembic environment.

    `graph` was built from the files of `sources`, with `root=repo.root`. `heads` is how many heads
    the project wants.
    """
    if repo is None or base.commit is None or base.tip is None:
        return Comparison(
            new=frozenset(graph.revisions), facts=tuple(_heads(graph, set(), base, heads))
        )
    now = _now(graph, repo, sources)
    then = _side(repo, environment, base.commit, now, sources)
    tip = then if base.tip == base.commit else _side(repo, environment, base.tip, now, sources)
    merged = _merged(then, tip, now, repo.root)
    comparison = _Sides(
        then=then, tip=tip, now=now, base=base.ref, replaced=_replaced(then, tip, now)
    )
    notes = [*comparison.notes()]
    facts = [*comparison.facts()]
    known = {problem.detail for problem in graph.problems}
    facts += [problem for problem in merged.problems if problem.detail not in known]
    if graph.problems:
        notes.append("Heads were not counted, since the chain is broken.")
    else:
        facts += _heads(merged, tip.revisions.keys(), base, heads)
    released = then.revisions.keys() | tip.revisions.keys()
    return Comparison(
        new=frozenset(graph.revisions.keys() - released), facts=tuple(facts), notes=tuple(notes)
    )


def compare_sql(
    environment: Environment,
    ids: Mapping[str, str],
    base: Base,
    *,
    repo: Repository | None,
) -> Comparison:
    """Return what the change does to the released files of a folder of .sql files.

    `ids` are the migrations' ids by path, relative to the repository's root. A file counts as
    edited when its text differs. Flyway's repeatable ones (`R__`) may be edited, and are then new,
    since they run again.
    """
    if repo is None or base.commit is None or base.tip is None:
        return Comparison(new=frozenset(ids.values()))
    then, tip = (
        {
            relative(path, repo.root): data
            for path, data in _contents(repo, environment, repo.list_files(commit)).items()
            if path.suffix == ".sql"
        }
        for commit in (base.commit, base.tip)
    )
    now = {name: _data(repo.root / name, Sources()) for name in ids}
    facts: list[Fact] = []
    run_again = {name for name in ids if PurePath(name).name.startswith("R__")}
    for name, data in sorted(then.items()):
        if name not in tip or name in run_again:
            continue  # the base itself has done away with it, or it is made to be edited
        id_ = ids.get(name, PurePath(name).stem)
        if name not in now:
            same = (other for other in now if other not in then and now[other] == data)
            moved_to = next(same, None)
            facts.append(
                DeletedRevision(span=Span(name, 1), revision=id_, base=base.ref, moved_to=moved_to)
            )
        elif difference := _sql_difference((data, tip[name]), now[name]):
            facts.append(
                _edited(name, id_, base.ref, difference, now[name].decode("utf-8", "replace"))
            )
    edited = {name for name in run_again if now[name] not in (then.get(name), tip.get(name))}
    released = {ids[name] for name in (then.keys() | tip.keys()) & ids.keys() - edited}
    return Comparison(new=frozenset(ids.values()) - released, facts=tuple(facts))


def _sql_difference(accepted: Iterable[bytes], now: bytes) -> Difference | None:
    """The lines that differ, None where the text is one of those that are accepted."""
    after = now.decode("utf-8", "replace")
    differences = [text_difference(data.decode("utf-8", "replace"), after) for data in accepted]
    return differences[0] if all(differences) else None


# The sides


def _now(graph: Graph, repo: Repository, sources: Sources) -> _Side:
    versions: dict[str, _Version] = {}
    for name, header in graph.files.items():
        source = sources.source(name, _data(repo.root / name, sources))
        versions[name] = _Version(name, header, source)
    return _by_id(versions)


def _data(path: Path, sources: Sources) -> bytes:
    try:
        return sources.read(path)
    except OSError:
        return b""  # whoever reads the file for its contents says so


def _side(
    repo: Repository, environment: Environment, commit: str, now: _Side, sources: Sources
) -> _Side:
    """What a commit holds of the environment, wherever its configuration then pointed."""
    listing = repo.list_files(commit)
    there = _environment_at(repo, environment, listing)
    same = {repo.root / name: version.data for name, version in now.files.items()}
    contents = _contents(repo, there, listing, same)
    if not contents:
        folders = _moved_from(repo, listing, now)
        there = msgspec.structs.replace(there, version_locations=folders)
        contents = _contents(repo, there, listing)

    def read(path: PurePath, data: bytes) -> RevisionHeader:
        name = relative(Path(path), repo.root)
        same = now.files.get(name)
        if same and same.data == data:
            return same.header
        return read_header(path, sources.source(name, data))

    headers = build_graph(there, root=repo.root, files=contents, read=read).files
    return _by_id(
        {
            name: _Version(name, header, sources.source(name, contents[repo.root / name]))
            for name, header in headers.items()
        }
    )


def _by_id(files: dict[str, _Version]) -> _Side:
    revisions: dict[str, _Version] = {}
    for version in files.values():
        if version.header.revision and version.header.problem != "unreadable":
            revisions.setdefault(version.header.revision, version)
    return _Side(files, revisions)


def _contents(
    repo: Repository,
    environment: Environment,
    blobs: Mapping[str, str],
    here: Mapping[Path, bytes] | None = None,
) -> dict[Path, bytes]:
    """The environment's files among the blobs; what lies `here` is fetched only if it differs."""
    inside = {
        path: blob
        for name, blob in blobs.items()
        if any((path := repo.root / name).is_relative_to(f) for f in environment.version_locations)
    }
    known = {
        blob: here[path]
        for path, blob in inside.items()
        if here and path in here and blob_id(here[path], blob) == blob
    }
    known |= repo.read_blobs({*inside.values()} - known.keys())
    return {path: known[blob] for path, blob in inside.items()}


def _environment_at(
    repo: Repository, environment: Environment, listing: Mapping[str, str]
) -> Environment:
    """The environment with the version locations that it has now and those it had then."""
    config = environment.config_path
    name = relative(config, repo.root) if config else ""
    if config is None or name not in listing:
        return environment
    text = repo.read_blobs([listing[name]])[listing[name]].decode("utf-8", "replace")
    folders = {repo.root / parent for path in listing for parent in PurePath(path).parents}
    try:
        then = read_environments(config, repo.root, text=text, is_dir=folders.__contains__)
    except GuardError:
        return environment
    locations = list(environment.version_locations)
    for other in (env for env in then if env.section == environment.section):
        for folder in other.version_locations:
            if not any(known.is_relative_to(folder) for known in locations):
                locations.append(folder)
    return msgspec.structs.replace(environment, version_locations=tuple(locations))


def _moved_from(repo: Repository, listing: Mapping[str, str], now: _Side) -> tuple[Path, ...]:
    """The folders, gone since, that held revisions of the same ids: the environment was moved."""
    gone = {
        name: blob
        for name, blob in listing.items()
        if name.endswith(".py") and name not in now.files and not (repo.root / name).exists()
    }
    data = repo.read_blobs(gone.values())
    folders = {
        repo.root / PurePath(name).parent
        for name, blob in gone.items()
        if read_file(PurePath(name), data[blob]).revision in now.revisions
    }
    return tuple(sorted(folders))


def _merged(then: _Side, tip: _Side, now: _Side, root: Path) -> Graph:
    """The graph of the base's tip with this change merged into it, file by file."""
    files = {
        name: v for name, v in tip.files.items() if name in now.files or name not in then.files
    }
    for name, version in now.files.items():
        before = then.files.get(name)
        if before is None or before.data != version.data:
            files[name] = version
    return graph_of({name: (root / name, v.header) for name, v in sorted(files.items())})


# Released revisions


class _Sides(msgspec.Struct, frozen=True, kw_only=True):
    """The three sides, and which new revision replaces which old one."""

    then: _Side
    tip: _Side
    now: _Side
    base: str
    replaced: dict[str, str]

    def facts(self) -> Iterator[Fact]:
        """What happened to each released revision."""
        for id_, was in sorted(self.then.revisions.items()):
            on_tip = self.tip.revisions.get(id_)
            if on_tip is None:
                continue  # the base itself has done away with it
            here = self._here(id_, was)
            if here is not None:
                yield from self._changed(id_, was, on_tip, here)
            elif id_ not in self.replaced:
                yield DeletedRevision(span=Span(was.name, 1), revision=id_, base=self.base)
        for id_ in sorted(self.tip.revisions.keys() - self.then.revisions.keys()):
            was = self.tip.revisions[id_]
            here = self.now.files.get(was.name)
            if here is not None:
                yield from self._changed(id_, was, was, here)

    def notes(self) -> Iterator[str]:
        """What was changed and is allowed."""
        for old, new in sorted(self.replaced.items()):
            if old in self.then.revisions and old not in self.now.revisions:
                yield f"Revision {old} is gone, and allowed to be: {new} replaces it."
        harmless = [
            id_
            for id_, was in sorted(self.then.revisions.items())
            if (here := self.now.files.get(was.name)) and _same_program(was, here)
        ]
        if harmless:
            told = ", ".join(harmless)
            yield f"{told}: edited, and still the same for a database, so that is allowed."

    def _here(self, id_: str, was: _Version) -> _Version | None:
        in_place = self.now.files.get(was.name)
        if in_place is not None and in_place.header.revision == id_:
            return in_place
        return self.now.revisions.get(id_) or in_place

    def _changed(self, id_: str, was: _Version, on_tip: _Version, here: _Version) -> Iterator[Fact]:
        if here.name not in (was.name, on_tip.name):
            span = Span(was.name, 1)
            yield DeletedRevision(span=span, revision=id_, base=self.base, moved_to=here.name)
        if here.header.problem == "unreadable":
            return  # a broken chain tells that
        if any(_same_data(here, side) for side in (was, on_tip)):
            return
        for name in NAMES:
            before, after = was.header.attribute(name), here.header.attribute(name)
            if before != after and not self._follows_squash(before, after):
                yield ReparentedRevision(
                    span=Span(here.name, here.header.line),
                    revision=id_,
                    base=self.base,
                    attribute=name,
                    before=", ".join(before) or "None",
                    after=", ".join(after) or "None",
                )
        difference = difference_of(was.source, here.source)
        if difference:
            yield _edited(here.name, id_, self.base, difference, here.source.text)

    def _follows_squash(self, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        """Whether each id that was taken out is replaced by one that was put in."""
        return bool(before) and {self.replaced.get(id_, id_) for id_ in before} == {*after}


def _edited(
    name: str, id_: str, base: str, difference: Difference, text: str
) -> EditedRevision | EditedDowngrade:
    line = "".join(text.split("\n")[difference.line - 1 : difference.line]).rstrip()
    start = len(line) - len(line.lstrip()) + 1
    span = Span(name, difference.line, start, difference.line, len(line) + 1)
    if difference.reach == "downgrade":
        return EditedDowngrade(span=span, revision=id_, base=base, difference=difference.lines)
    return EditedRevision(
        span=span,
        revision=id_,
        base=base,
        difference=difference.lines,
        content_hash=content_hash(text),
        only_timeouts=difference.reach == "timeout",
    )


def _replaced(then: _Side, tip: _Side, now: _Side) -> dict[str, str]:
    released = then.revisions.keys() | tip.revisions.keys()
    return {
        old: id_
        for id_, version in now.revisions.items()
        if id_ not in released
        for old in version.header.replaces
    }


def _same_data(one: _Version, other: _Version) -> bool:
    return one.data == other.data or (
        one.data.replace(b"\r\n", b"\n") == other.data.replace(b"\r\n", b"\n")
    )


def _same_program(was: _Version, here: _Version) -> bool:
    """Whether the file was edited, but says and does the same."""
    if here.header.problem == "unreadable" or _same_data(was, here):
        return False
    if any(was.header.attribute(name) != here.header.attribute(name) for name in NAMES):
        return False
    return difference_of(was.source, here.source) is None


# Heads


def _heads(
    graph: Graph, released: Collection[str], base: Base, wanted: int
) -> Iterator[MultipleHeads]:
    """More heads than the project wants or its branch labels tell apart."""
    labels: dict[str, frozenset[str]] = {}
    for id_ in graph.order:
        revision = graph.revisions[id_]
        inherited = (labels.get(parent, frozenset()) for parent in revision.parents)
        labels[id_] = frozenset(revision.branch_labels).union(*inherited)
    branches = {labels[head] for head in graph.heads if labels[head]}
    if len(graph.heads) <= max(wanted, len(branches)):
        return
    shown = {
        header.revision: (name, header.line)
        for name, header in graph.files.items()
        if header.revision
    }
    heads = [
        (id_, shown[id_][0], base.ref if id_ in released else "this change") for id_ in graph.heads
    ]
    heads.sort(key=lambda head: (head[2] != "this change", head))
    first = heads[0][0]
    yield MultipleHeads(span=Span(*shown[first]), revision=first, heads=tuple(heads))
