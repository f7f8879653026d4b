"""The files of the project as the base has them, to tell what the change left as it was."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import msgspec

from guard.history.git import Repository, blob_id
from guard.history.tree import TreeFiles
from guard.paths import relative
from guard.run.scope import Scope


class Released(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The blobs by path, where the change began (`then`) and on the base's tip.

    `now` are the files of the change, where they are not as they lie on disk; those `unsaved` may
    be neither.
    """

    repo: Repository
    commit: str
    then: dict[str, str]
    tip: dict[str, str]
    now: TreeFiles | None = None
    unsaved: frozenset[Path] = frozenset()

    @cached_property
    def changed(self) -> tuple[Path, ...]:
        """The files that may not be as they were where the change began."""
        if self.now is None:
            names = self.repo.changed_files(self.commit)
        else:
            blobs = self.now.blobs
            both = dict.fromkeys((*blobs, *self.then))
            names = tuple(name for name in both if blobs.get(name) != self.then.get(name))
        return tuple(dict.fromkeys((*(self.repo.root / name for name in names), *self.unsaved)))

    def holds(self, path: Path, data: bytes) -> bool:
        """Return whether the base has the file with these contents."""
        name = relative(path, self.repo.root)
        if path.is_symlink():
            data = os.fsencode(path.readlink())
        blobs = {blob for side in (self.then, self.tip) if (blob := side.get(name))}
        return any(blob_id(data, blob) == blob for blob in blobs)

    def before(self, paths: Iterable[Path]) -> dict[Path, bytes]:
        """Return what those files were, and what is gone: the code of a new file may be from there.

        Only Python and ini files are looked at.
        """
        asked = {relative(path, self.repo.root) for path in paths}
        blobs = {
            name: blob
            for name, blob in self.then.items()
            if name.endswith((".py", ".ini")) and (name in asked or not self._is_there(name))
        }
        contents = self.repo.read_blobs(blobs.values())
        return {self.repo.root / name: contents[blob] for name, blob in blobs.items()}

    def _is_there(self, name: str) -> bool:
        if self.now is not None:
            return name in self.now.blobs
        return os.path.lexists(self.repo.root / name)


def open_released(scope: Scope) -> Released | None:
    """Return what the base holds; None where nothing is compared with it."""
    base, repo = scope.base, scope.repo
    if not scope.compares or repo is None or base.commit is None or base.tip is None:
        return None
    then = repo.list_files(base.commit)
    tip = then if base.tip == base.commit else repo.list_files(base.tip)
    return Released(
        repo=repo,
        commit=base.commit,
        then=then,
        tip=tip,
        now=scope.tree,
        unsaved=frozenset(scope.request.unsaved),
    )
