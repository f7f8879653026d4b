"""Reads what revisions did at a commit, with the helpers that they had there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from guard.history.git import Repository
from guard.history.read import Place
from guard.history.sides import Version
from guard.paths import relative
from guard.python_source import SourceError, Sources
from guard.reader import ParsedRevision, read_revision
from guard.reader.modules import Module, Resolver


def read_then(
    repo: Repository, commit: str, versions: Iterable[Version], place: Place
) -> dict[str, ParsedRevision]:
    """Return what these revision files of a commit do, by id.

    Helpers are laid out as the commit has them, in a folder that is gone afterwards: one round for
    each that leads to another. What cannot be read is left out.
    """
    wanted = [v for v in versions if v.header.revision and not v.header.problem]
    listing = repo.list_files(commit)
    with TemporaryDirectory() as name:
        there = Path(name).resolve()
        _write(there, {version.name: version.data for version in wanted})
        while True:
            parsed, asked = _read(wanted, there, place)
            paths = (relative(f, there) for f in asked if f.is_relative_to(there))
            lacking = [path for path in paths if not (there / path).exists()]
            blobs = repo.read_blobs(listing[path] for path in lacking if path in listing)
            found = {path: blobs[listing[path]] for path in lacking if path in listing}
            found |= _untracked(place.root, [path for path in lacking if path not in listing])
            if not found:
                return parsed
            _write(there, found)


def _read(
    versions: Iterable[Version], there: Path, place: Place
) -> tuple[dict[str, ParsedRevision], set[Path]]:
    search = (
        there / folder.relative_to(place.root)
        for folder in place.search
        if folder.is_relative_to(place.root)
    )
    resolver = Resolver(there, tuple(search), Sources(newer=place.sources.newer))
    parsed: dict[str, ParsedRevision] = {}
    for version in versions:
        id_ = version.header.revision
        try:
            module = Module(version.source, there / version.name)
            parsed[id_ or ""] = read_revision(module, resolver, id_, place.dialect)
        except SourceError:
            continue
    return parsed, resolver.consulted


def _untracked(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The files that only lie here, such as one that is generated: they may always have done."""
    return {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}


def _write(there: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = there / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
