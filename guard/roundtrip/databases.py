"""The SQLite files of a project by their content: none may change under a round trip."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from guard.roundtrip.kept import KEPT

HEADER = b"SQLite format 3\0"
SUFFIXES = tuple(
    suffix + part for suffix in (".db", ".sqlite", ".sqlite3") for part in ("", "-wal", "-journal")
)
PAGE = 512  # the smallest; the size of every SQLite file is a multiple of it
LARGE = 256 * 1024 * 1024  # bytes; beyond this, size and times stand for the content
SKIPPED = {
    ".git", ".hg", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".tox", ".venv",
    "__pycache__", "node_modules", "site-packages", "venv",
}  # fmt: skip


def fingerprints(root: Path) -> dict[str, str]:
    """Return a fingerprint of each database file under `root`, by its relative path."""
    found = {}
    for path, status in _files(root):
        likely = path.name.endswith(SUFFIXES)
        if not likely and (not status.st_size or status.st_size % PAGE):
            continue
        try:
            if likely or _is_sqlite(path):
                found[path.relative_to(root).as_posix()] = _fingerprint(path, status)
        except OSError:  # gone meanwhile, or not ours to read: then not ours to change
            continue
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the paths that were changed, removed or made."""
    return sorted(path for path in {**before, **after} if before.get(path) != after.get(path))


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in SKIPPED and not name.startswith(KEPT)]
        for name in files:
            path = Path(folder, name)
            try:
                if path.is_file():
                    yield path, path.stat()
            except OSError:
                continue


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def _fingerprint(path: Path, status: os.stat_result) -> str:
    if status.st_size > LARGE:
        return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
