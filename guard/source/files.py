"""The files that the source rules read: which they are, and what stands in them.

They are those that the configuration names, and what Alembic uses.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from guard.config import Config
from guard.facts import BuiltSql, DatabaseLiteral, Fact, UnreadableSource
from guard.project.environments import SKIPPED, Environment
from guard.python_source import PythonSource, SourceError
from guard.reader import read_source
from guard.reader.modules import Module, Resolver
from guard.source.database_literals import find_in_ini, find_in_python
from guard.statement import Span

_SUFFIXES = {".py", ".ini"}


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says about databases and SQL, or why it cannot be read."""

    literals: tuple[DatabaseLiteral, ...] = ()
    built: tuple[BuiltSql, ...] = ()
    unreadable: UnreadableSource | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of it, for the rules to judge."""
        return (*self.literals, *self.built, *((self.unreadable,) if self.unreadable else ()))


def source_files(
    root: Path,
    present: Iterable[Path] | None,
    config: Config,
    environments: Sequence[Environment],
) -> list[Path]:
    """Return the files around the database: models, settings, env.py, alembic.ini; no revisions.

    `present` are the files that git knows or would add; None: all in no hidden or built folder.
    """
    selected = select_sources(
        _walk(root) if present is None else present, root, config, environments
    )
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


def read_source_file(path: Path, source: PythonSource, resolver: Resolver) -> SourceFile:
    """Return what the file says about databases and SQL."""
    try:
        if path.suffix != ".py":
            return SourceFile(literals=find_in_ini(source.path, source.text))
        module = Module(source, path)
        return SourceFile(literals=find_in_python(source), built=read_source(module, resolver))
    except SourceError as error:
        return unreadable(source.path, str(error), error.line or 1)


def unreadable(shown: str, detail: str, line: int = 1) -> SourceFile:
    """Return a file that says nothing; `detail` begins with "it"."""
    return SourceFile(unreadable=UnreadableSource(span=Span(shown, line), detail=detail))


def _walk(root: Path) -> Iterator[Path]:
    """Yield what lies in no hidden or built folder."""
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in SKIPPED
            and not name.startswith(".")
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        yield from (Path(folder) / name for name in names)
