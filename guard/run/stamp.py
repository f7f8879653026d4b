"""What tells, without reading, that what was read of a project no longer holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from guard.project.settings import NAMES
from guard.run.opened import Opened

Stamp = frozenset[tuple[str, int, int]]  # path, time of its last change, size

# What git writes when it commits, checks out or fetches.
_GIT = ("HEAD", "index", "packed-refs", "FETCH_HEAD", "logs/HEAD")
_REFS = ("refs/heads", "refs/remotes/origin")


def stamp_of(opened: Opened, *, besides: Path) -> Stamp:
    """Return what changes when the settings, the migrations or the commits do.

    One file is left out: the one `besides` which all this is read. So is the code of the
    application: a program that watches it knows better when it changes.
    """
    paths = {*_of_git(opened), *_of_settings(opened), *_of_migrations(opened)} - {str(besides)}
    return frozenset(filter(None, map(_status, paths)))


def _status(path: str) -> tuple[str, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  (pathlib takes three times as long)
    except OSError:
        return None  # that it is gone shows in that it is missing
    return path, status.st_mtime_ns, status.st_size


def _of_git(opened: Opened) -> Iterator[str]:
    repo = opened.scope.repo
    if repo is not None:
        folder = _git_folder(repo.root)
        yield from (f"{folder}/{name}" for name in (*_GIT, *_REFS))


def _git_folder(root: Path) -> Path:
    """The folder of a checkout's own state; a linked worktree has a file that names it."""
    mark = root / ".git"
    try:
        return root / mark.read_text(encoding="utf-8").removeprefix("gitdir: ").strip()
    except OSError:
        return mark


def _of_settings(opened: Opened) -> Iterator[str]:
    for service in opened.services:
        settings = service.scope.settings
        yield from (f"{settings.folder}/{name}" for name in NAMES)
        if settings.file is not None:
            yield str(settings.file)


def _of_migrations(opened: Opened) -> Iterator[str]:
    for _, history in opened.histories:
        environment = history.environment
        yield f"{environment.script_location}/env.py"
        if environment.config_path is not None:
            yield str(environment.config_path)
        for folder in environment.version_locations:
            yield from _files_in(folder)
        yield from (f"{opened.scope.root}/{name}" for name in history.graph.files)


def _files_in(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.path for entry in entries if entry.name.endswith(".py"))
    except OSError:
        return
