"""Which files the source rules read: those that the configuration names, and what Alembic uses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from guard.config import Config
from guard.git import Repository
from guard.project import SKIPPED, Environment

_SUFFIXES = {".py", ".ini"}


def source_files(
    root: Path, repo: Repository | None, config: Config, environments: Sequence[Environment]
) -> list[Path]:
    """Return the files around the database: models, settings, env.py, alembic.ini; no revisions."""
    return [p for p in _candidates(root, repo) if is_source(p, root, config, environments)]


def is_source(path: Path, root: Path, config: Config, environments: Sequence[Environment]) -> bool:
    """Return whether the source rules read this file."""
    if not path.is_relative_to(root) or path.suffix not in _SUFFIXES:
        return False
    shown = path.relative_to(root).as_posix()
    if _matches(shown, config.exclude):
        return False
    for environment in environments:
        if path in (environment.config_path, environment.script_location / "env.py"):
            return True
    return path.suffix == ".py" and _matches(shown, config.source)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  (costs 30 ms, and often nothing asks)

    return GitIgnoreSpec.from_lines(patterns).match_file(path)


def _candidates(root: Path, repo: Repository | None) -> Iterator[Path]:
    """Yield what git knows or would add; without git, what lies in no hidden or built folder."""
    if repo is not None:
        yield from (repo.root / name for name in repo.present_files())
        return
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in SKIPPED
            and not name.startswith(".")
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        yield from (Path(folder) / name for name in names)
