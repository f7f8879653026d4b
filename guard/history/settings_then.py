"""Guard's settings as a commit has them, to tell what a change does to the gate itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

from guard.config import Config, parse_config, table_in
from guard.errors import GuardError
from guard.history.git import Repository
from guard.project.settings import NAMES

Read = Callable[[str], bytes | None]


def settings_in(read: Read, folder: str) -> tuple[Config, str | None]:
    """Return the settings that hold in a folder, and the file that they stand in, None for none.

    `read` gives the contents of a file of the repository, by its path there.
    """
    place = PurePosixPath(folder)
    for around in (place, *place.parents):
        for name in NAMES:
            path = (around / name).as_posix()
            data = read(path)
            table = table_in(Path(path), data) if data is not None else None
            if table is not None:
                return parse_config(table, Path(path)), path
    return Config(), None


class FilesThen:
    """The files of a commit, each read once."""

    def __init__(self, repo: Repository, commit: str) -> None:
        self._repo = repo
        self._commit = commit
        self._known: dict[str, bytes | None] = {}

    @cached_property
    def listing(self) -> Mapping[str, str]:
        """The ids of the blobs, by path."""
        return self._repo.list_files(self._commit)

    def read(self, path: str) -> bytes | None:
        """Return what a file holds, None where there is none."""
        if path not in self._known:
            blob = self.listing.get(path)
            self._known[path] = self._repo.read_blobs([blob])[blob] if blob else None
        return self._known[path]

    def settings(self, folder: str) -> tuple[Config, str | None]:
        """Return the settings that hold in a folder; the defaults where guard refuses them."""
        try:
            return settings_in(self.read, folder)
        except GuardError:
            return Config(), None  # with which the gate let nothing through
