"""Checks of single files: which project each belongs to, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import msgspec

from guard.api import Options, Session
from guard.errors import GuardError
from guard.finding import Finding
from guard.patterns import lazy_re
from guard.project.environments import project_root

KEPT = 4  # projects whose history is kept in memory: 30 to 60 MB each
MARKS = ("guard.toml", "alembic.ini", "pyproject.toml")
_PLACE = lazy_re(r"(?P<path>[^\n]+?\.(?:toml|ini))(?::(?P<line>\d+))?: ")


class Problem(msgspec.Struct, frozen=True):
    """Why a file could not be judged, and the file of settings that is to blame, if one is."""

    message: str
    file: Path | None = None
    line: int = 1


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one file, or the problem; paths are relative to `root`."""

    root: Path
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None


class Projects:
    """The projects of an editor's files, each found when a file of it is checked."""

    def __init__(self, **options: Unpack[Options]) -> None:
        self._options = options
        self._sessions: dict[Path, Session] = {}

    def check(self, path: Path, texts: Mapping[Path, str]) -> Checked:
        """Return what guard finds in a file; never raises: what guard fails on is a problem."""
        start = folder_of(path)
        try:
            report = self._session(start).check(path, texts)
        except GuardError as error:
            return Checked(root=start, problem=_problem(str(error), start))
        except Exception as error:  # noqa: BLE001  (an editor must not lose its server)
            told = f"guard itself failed: {type(error).__name__}: {error}. This is a bug."
            return Checked(root=start, problem=Problem(told))
        place = path.parent.resolve() / path.name
        own = [one for one in report.open if report.root / one.span.path == place]
        if report.errors:
            problem = _problem(report.errors[0], report.root)
            return Checked(root=report.root, findings=tuple(own), problem=problem)
        return Checked(root=report.root, findings=tuple(own))

    def forget(self, path: Path | None = None) -> None:
        """Read the project of a file anew at its next check; None: all of them."""
        start = folder_of(path) if path else None
        for folder, session in self._sessions.items():
            if start in (None, folder):
                session.forget()

    def _session(self, start: Path) -> Session:
        session = self._sessions.pop(start, None) or Session(start, **self._options)
        self._sessions[start] = session  # the one that was used last stands last
        while len(self._sessions) > KEPT:
            del self._sessions[next(iter(self._sessions))]
        return session


def folder_of(path: Path) -> Path:
    """Return where a user would start guard for a file: the nearest folder with settings."""
    folder = path.parent.resolve()
    top = project_root(folder)
    for above in (folder, *folder.parents):
        if any((above / mark).is_file() for mark in MARKS):
            return above
        if above == top:
            break
    return top


def _problem(message: str, root: Path) -> Problem:
    """The problem, with the file that the message begins with, where that is one of settings."""
    named = _PLACE.match(message)
    file = root / named["path"] if named else None
    if named is None or file is None or not file.is_file():
        return Problem(message)
    return Problem(message, file.resolve(), int(named["line"] or 1))
