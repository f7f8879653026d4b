"""The revision files of the sides of a change: the base, its tip, and the tree as it is now."""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping, Sequence
from pathlib import Path, PurePath

import msgspec

from guard.errors import GuardError
from guard.history.git import Repository, blob_id
from guard.history.graph import Graph, build_graph, graph_of
from guard.paths import relative
from guard.project.environments import Environment, read_environments
from guard.project.revision_header import RevisionHeader, read_file, read_header
from guard.python_source import PythonSource, Sources
from guard.statement import Span

LEADS_OUT = (
    "{0} is a link that leads out of the repository, so what is released there cannot be told: "
    "keep the files in the repository, or as a submodule"
)


class Version(msgspec.Struct, frozen=True):
    """A revision file as one side has it; `name` is its path in the repository."""

    name: str
    header: RevisionHeader
    source: PythonSource

    @property
    def data(self) -> bytes:
        return self.source.data


class Side(msgspec.Struct, frozen=True):
    """The revision files of one tree, by path and by revision id."""

    files: dict[str, Version]
    revisions: dict[str, Version]

    def only(self, ids: Container[str]) -> Side:
        """Return the same without the revisions of other ids."""
        kept = {id_: version for id_, version in self.revisions.items() if id_ in ids}
        return Side(self.files, kept)


def line_of(version: Version, attribute: str) -> Span:
    """Return the line that assigns an attribute of a revision, or else its id."""
    number = version.header.lines.get(attribute, version.header.line)
    return line_span(version.name, number, version.source.text.split("\n"))


def line_span(name: str, number: int, lines: Sequence[str]) -> Span:
    """Return what is written on a line, without the blanks around it."""
    line = "".join(lines[number - 1 : number]).rstrip()
    start = len(line) - len(line.lstrip()) + 1
    return Span(name, number, start, number, len(line) + 1)


def side_now(graph: Graph, root: Path, sources: Sources) -> Side:
    """Return the revision files of the graph."""
    versions: dict[str, Version] = {}
    for name, header in graph.files.items():
        source = sources.source(name, data_of(root / name, sources))
        versions[name] = Version(name, header, source)
    return _by_id(versions)


def refuse_left_out(repo: Repository, environment: Environment) -> None:
    """Raise GuardError where a sparse checkout leaves revisions of the environment out."""
    folders = [f for f in environment.version_locations if f.is_relative_to(repo.root)]
    left_out = repo.left_out(relative(folder, repo.root) for folder in folders) if folders else ()
    if lacking := [path for path in left_out if path.endswith(".py")]:
        raise GuardError(
            f"{lacking[0]}: a sparse checkout leaves this revision out, so it cannot be judged: "
            f"git sparse-checkout add {PurePath(lacking[0]).parent.as_posix()}"
        )


def data_of(path: Path, sources: Sources) -> bytes:
    """Return what a file holds, nothing where it cannot be read."""
    try:
        return sources.read(path)
    except OSError:
        return b""  # whoever reads the file for its contents says so


def side_at(
    repo: Repository, environment: Environment, commit: str, now: Side, sources: Sources
) -> Side:
    """Return what a commit holds of the environment, wherever its configuration then pointed."""
    listing = repo.files_through_links(commit)
    there = _environment_at(repo, environment, listing)
    same = {repo.root / name: version.data for name, version in now.files.items()}
    contents = contents_of(repo, there, listing, same)
    if not contents:
        folders = _moved_from(repo, listing, now)
        there = msgspec.structs.replace(there, version_locations=folders)
        contents = contents_of(repo, there, listing)

    def read(path: PurePath, data: bytes) -> RevisionHeader:
        name = relative(Path(path), repo.root)
        same = now.files.get(name)
        if same and same.data == data:
            return same.header
        return read_header(path, sources.source(name, data))

    headers = build_graph(there, root=repo.root, files=contents, read=read).files
    return _by_id(
        {
            name: Version(name, header, sources.source(name, contents[repo.root / name]))
            for name, header in headers.items()
        }
    )


def _by_id(files: dict[str, Version]) -> Side:
    revisions: dict[str, Version] = {}
    for version in files.values():
        if version.header.revision and version.header.problem != "unreadable":
            revisions.setdefault(version.header.revision, version)
    return Side(files, revisions)


def contents_of(
    repo: Repository,
    environment: Environment,
    blobs: Mapping[str, str],
    here: Mapping[Path, bytes] | None = None,
) -> dict[Path, bytes]:
    """Return the environment's files among the blobs.

    What lies `here` is fetched only if it differs.
    """
    folders = tuple(
        "" if folder == repo.root else f"{relative(folder, repo.root)}/"
        for folder in environment.version_locations
    )
    inside = {name: blob for name, blob in blobs.items() if name.startswith(folders)}
    led_out = [name for name, blob in blobs.items() if not blob]
    for name, folder in itertools.product(led_out, folders):
        if name in inside or folder.startswith(f"{name}/"):
            raise GuardError(LEADS_OUT.format(name))
    paths = {name: repo.root / name for name in inside}
    known = {
        blob: here[paths[name]]
        for name, blob in inside.items()
        if here and paths[name] in here and blob_id(here[paths[name]], blob) == blob
    }
    known |= repo.read_blobs({*inside.values()} - known.keys())
    return {paths[name]: known[blob] for name, blob in inside.items()}


def _environment_at(
    repo: Repository, environment: Environment, listing: Mapping[str, str]
) -> Environment:
    """The environment with the version locations that it has now and those it had then."""
    config = environment.config_path
    name = relative(config, repo.root) if config else ""
    if config is None or not listing.get(name):
        return environment
    blob, data = listing[name], data_of(config, Sources())
    if blob_id(data, blob) != blob:
        data = repo.read_blobs([blob])[blob]
    filled = {PurePath(name.rpartition("/")[0]) for name in listing}
    folders = {repo.root / parent for path in filled for parent in (path, *path.parents)}
    try:
        then = read_environments(
            config, repo.root, text=data.decode("utf-8", "replace"), is_dir=folders.__contains__
        )
    except GuardError:
        return environment
    locations = list(environment.version_locations)
    for other in (env for env in then if env.section == environment.section):
        for folder in other.version_locations:
            if not any(known.is_relative_to(folder) for known in locations):
                locations.append(folder)
    return msgspec.structs.replace(environment, version_locations=tuple(locations))


def _moved_from(repo: Repository, listing: Mapping[str, str], now: Side) -> tuple[Path, ...]:
    """The folders, gone since, that held revisions of the same ids: the environment was moved."""
    gone = {
        name: blob
        for name, blob in listing.items()
        if blob
        and name.endswith(".py")
        and name not in now.files
        and not (repo.root / name).exists()
    }
    data = repo.read_blobs(gone.values())
    folders = {
        repo.root / PurePath(name).parent
        for name, blob in gone.items()
        if read_file(PurePath(name), data[blob]).revision in now.revisions
    }
    return tuple(sorted(folders))


def merged_graph(then: Side, tip: Side, now: Side, root: Path) -> Graph:
    """Return the graph of the base's tip with this change merged into it, file by file."""
    files = {
        name: v for name, v in tip.files.items() if name in now.files or name not in then.files
    }
    for name, version in now.files.items():
        before = then.files.get(name)
        if before is None or before.data != version.data:
            files[name] = version
    return graph_of({name: (root / name, v.header) for name, v in sorted(files.items())})
