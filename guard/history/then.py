"""Reads what revisions did at a commit, with the helpers that they had there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from guard.history.git import Repository
from guard.history.read import NOTHING_READ, ParsedHistory, Place, RevisionFile, read_source
from guard.history.sides import Version
from guard.paths import read_bytes, relative
from guard.python_source import SourceError
from guard.reader.modules import Resolver


def read_then(
    repo: Repository, commit: str, versions: Iterable[Version], place: Place
) -> ParsedHistory:
    """Return what these revision files of a commit do.

    Helpers are laid out as the commit has them, in a folder that is gone afterwards: one round for
    each that leads to another. What cannot be read is left out.
    """
    wanted = [v for v in versions if v.header.revision and not v.header.problem]
    if not wanted:
        return NOTHING_READ
    listing = repo.files_through_links(commit)
    with TemporaryDirectory() as name:
        there = Path(name).resolve()
        _write(there, {version.name: version.data for version in wanted})
        while True:
            files, asked = _read(wanted, there, place)
            paths = (relative(f, there) for f in asked if f.is_relative_to(there))
            lacking = [path for path in paths if not (there / path).exists()]
            blobs = repo.read_blobs(listing[path] for path in lacking if listing.get(path))
            found = {path: blobs[listing[path]] for path in lacking if listing.get(path)}
            found |= _untracked(place.root, [path for path in lacking if not listing.get(path)])
            if not found:
                return _history(wanted, files)
            _write(there, found)


def _history(versions: Iterable[Version], files: Mapping[str, RevisionFile]) -> ParsedHistory:
    return ParsedHistory(
        revisions={id_: file.parsed for id_, file in files.items() if file.parsed},
        texts={v.name: v.source.text for v in versions if v.header.revision in files},
        literals={id_: file.literals for id_, file in files.items()},
    )


def _read(
    versions: Iterable[Version], there: Path, place: Place
) -> tuple[dict[str, RevisionFile], set[Path]]:
    search = (
        there / folder.relative_to(place.root)
        for folder in place.search
        if folder.is_relative_to(place.root)
    )
    resolver = Resolver(there, tuple(search), place.sources.on_disk())
    files: dict[str, RevisionFile] = {}
    for version in versions:
        try:
            path = there / version.name
            file = read_source(version.source, path, version.header, resolver, place.dialect)
        except SourceError:
            continue
        files[version.header.revision or ""] = file
    return files, resolver.consulted


def _untracked(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The files that only lie here, such as one that is generated: they may always have done."""
    return {path: read_bytes(root / path) for path in paths if (root / path).is_file()}


def _write(there: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = there / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
