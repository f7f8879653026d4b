"""The files that the source rules read: which they are, and what stands in them.

They are those that the configuration names, and what Alembic uses.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from guard.config import Config
from guard.facts import Fact, UnreadableSource
from guard.history.git import Repository
from guard.project.environments import SKIPPED, Environment
from guard.python_source import SourceError, decode
from guard.reader import read_source
from guard.reader.modules import Resolver, parse
from guard.source.database_literals import find_in_ini, find_in_python
from guard.statement import Span

_SUFFIXES = {".py", ".ini"}


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the source rules see it; `text` is None where it could not be read."""

    path: str
    text: str | None = None
    facts: tuple[Fact, ...] = ()


def source_files(
    root: Path, repo: Repository | None, config: Config, environments: Sequence[Environment]
) -> list[Path]:
    """Return the files around the database: models, settings, env.py, alembic.ini; no revisions."""
    selected = select_sources(_candidates(root, repo), root, config, environments)
    # Git still lists what was deleted and not committed; a dangling link is there and unreadable.
    return [path for path in selected if path.exists() or path.is_symlink()]


def select_sources(
    paths: Iterable[Path], root: Path, config: Config, environments: Sequence[Environment]
) -> Iterator[Path]:
    """Yield those of the absolute paths that the source rules read."""
    from pathspec import GitIgnoreSpec  # costs 30 ms, and often nothing asks

    wanted = GitIgnoreSpec.from_lines(config.source)
    unwanted = GitIgnoreSpec.from_lines(config.exclude)
    always = {environment.config_path for environment in environments}
    always |= {environment.script_location / "env.py" for environment in environments}
    always |= {path.with_name("alembic.ini") for path in always if path}  # beside a pyproject.toml
    for path in paths:
        if path.suffix not in _SUFFIXES or not path.is_relative_to(root):
            continue
        shown = path.relative_to(root).as_posix()
        if not unwanted.match_file(shown) and (
            path in always or (path.suffix == ".py" and wanted.match_file(shown))
        ):
            yield path


def read_source_file(path: Path, shown: str, resolver: Resolver, data: bytes | None) -> SourceFile:
    """Return what the file says about databases and SQL; `data` stands in for the disk."""
    try:
        text = decode(path.read_bytes() if data is None else data)
        if path.suffix != ".py":
            return SourceFile(path=shown, text=text, facts=find_in_ini(shown, text))
        module = parse(shown, text, file=path)
    except OSError as error:
        return _unreadable(shown, f"it cannot be opened ({error.strerror})")
    except SourceError as error:
        return _unreadable(shown, str(error), error.line)
    facts = (*find_in_python(shown, module.tree), *read_source(module, resolver))
    return SourceFile(path=shown, text=text, facts=facts)


def _unreadable(shown: str, detail: str, line: int = 1) -> SourceFile:
    return SourceFile(path=shown, facts=(UnreadableSource(span=Span(shown, line), detail=detail),))


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
