"""The files of the index or of a commit as they would lie on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from guard.history.git import Repository
from guard.paths import relative

Tree = Literal["working tree", "index", "HEAD"]


class TreeFiles(Mapping[Path, bytes]):
    """Their contents by absolute path, each read when somebody asks for it; `blobs` by path."""

    def __init__(self, repo: Repository, blobs: Mapping[str, str]) -> None:
        self.blobs = blobs
        self._repo = repo
        self._read: dict[str, bytes] = {}

    def fetch(self, paths: Iterable[Path]) -> None:
        """Read the files that are there of these, all with one git process."""
        wanted = {blob for path in paths if (blob := self._blob(path))}
        self._read |= self._repo.read_blobs(wanted - self._read.keys())

    def __getitem__(self, path: Path) -> bytes:
        blob = self._blob(path)
        if blob is None:
            raise KeyError(path)
        if blob not in self._read:
            self._read |= self._repo.read_blobs([blob])
        return self._read[blob]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, Path) and self._blob(path) is not None

    def __iter__(self) -> Iterator[Path]:
        return (self._repo.root / name for name in self.blobs)

    def __len__(self) -> int:
        return len(self.blobs)

    def _blob(self, path: Path) -> str | None:
        if path.is_symlink():  # what git holds of a link is where it leads
            path = Path(os.path.realpath(path))
        return self.blobs.get(relative(path, self._repo.root))


def open_tree(repo: Repository, tree: Tree) -> TreeFiles | None:
    """Return the files as staged or committed; None: as they lie on disk."""
    if tree == "working tree":
        return None
    return TreeFiles(repo, repo.staged_files() if tree == "index" else repo.list_files("HEAD"))
