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
    return list(select_sources(_candidates(root, repo), root, config, environments))


def select_sources(
    paths: Iterable[Path], root: Path, config: Config, environments: Sequence[Environment]
) -> Iterator[Path]:
    """Yield those of the absolute paths that the source rules read."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  (costs 30 ms, and often nothing asks)

    wanted = GitIgnoreSpec.from_lines(config.source)
    unwanted = GitIgnoreSpec.from_lines(config.exclude)
    always = {environment.config_path for environment in environments}
    always |= {environment.script_location / "env.py" for environment in environments}
    for path in paths:
        if path.suffix not in _SUFFIXES or not path.is_relative_to(root):
            continue
        shown = path.relative_to(root).as_posix()
        if not unwanted.match_file(shown) and (
            path in always or (path.suffix == ".py" and wanted.match_file(shown))
        ):
            yield path


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
