"""Which Python has the project's packages, and how it was found."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import platformdirs

from guard.paths import read_text
from guard.project.settings import Settings
from guard.roundtrip.errors import RoundTripError

PROGRAMS = ("bin/python", "Scripts/python.exe")
IN_PROJECT = (".venv", "venv")


class Interpreter(msgspec.Struct, frozen=True):
    """`path` of a Python, and in words how it was `chosen`."""

    path: str
    chosen: str


def find_interpreter(
    settings: Settings, root: Path, project: Path, environ: Mapping[str, str] = os.environ
) -> Interpreter:
    """Return the interpreter that should have the project's packages. Raises RoundTripError.

    The configured one; that of the active environment, unless it is guard's own (pre-commit and
    pipx activate theirs); one that stands in the project or that its package manager keeps
    elsewhere; else the one that runs guard. `project` is the folder of the Alembic configuration.
    """
    if settings.config.python:
        return _configured(settings.config.python, settings.folder)
    for folder, chosen in _environments(root, project, environ):
        for program in PROGRAMS:
            if (folder / program).is_file():
                return Interpreter(str(folder / program), chosen)
    return Interpreter(sys.executable, "guard's own, since no environment of the project was found")


def _configured(python: str, folder: Path) -> Interpreter:
    named = Path(python).expanduser()
    found = str(folder / named) if (folder / named).is_file() else shutil.which(python)
    if not found:
        raise RoundTripError(
            f"The interpreter {python} was not found: correct --python or python = in [tool.guard]"
        )
    return Interpreter(found, "--python, or python = in [tool.guard]")


def _environments(
    root: Path, project: Path, environ: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """Yield the folders where an environment may be, the likeliest first, and why."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        active = environ.get(name)
        base = name == "CONDA_PREFIX" and environ.get("CONDA_DEFAULT_ENV") == "base"
        if active and not base and Path(root, active).resolve() != Path(sys.prefix).resolve():
            yield root / active, f"the active environment, {name}"
    folders = [folder for folder in (project, *project.parents) if folder.is_relative_to(root)]
    for folder in folders or [project, root]:
        if named := environ.get("UV_PROJECT_ENVIRONMENT"):
            yield folder / named, "uv's environment, UV_PROJECT_ENVIRONMENT"
        for name in IN_PROJECT:
            yield folder / name, f"the {name} of the project"
        yield from _pdm(folder)
        yield from _poetry(folder, environ)
        yield from _pipenv(folder, environ)


def _pdm(folder: Path) -> Iterator[tuple[Path, str]]:
    file = folder / ".pdm-python"
    if file.is_file():
        yield Path(read_text(file).strip()).parent.parent, "pdm's, .pdm-python"


def _poetry(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Poetry names an environment after the project and a hash of its folder."""
    if not (folder / "pyproject.toml").is_file():
        return
    cache = environ.get("POETRY_CACHE_DIR") or platformdirs.user_cache_dir("pypoetry", False)
    kept = Path(environ.get("POETRY_VIRTUALENVS_PATH") or Path(cache, "virtualenvs"))
    mark = _hash(os.path.normcase(str(folder.resolve())))[:8]
    for found in sorted(kept.glob(f"*-{mark}-py*"), reverse=True):
        yield found, "poetry's environment of the project"


def _pipenv(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Pipenv names an environment after the project and a hash of its Pipfile's path."""
    if not (folder / "Pipfile").is_file():
        return
    data = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "~"), ".local", "share")
    kept = Path(environ.get("WORKON_HOME") or Path(data, "virtualenvs")).expanduser()
    mark = _hash(str(folder.resolve() / "Pipfile"), 6)
    for found in sorted(kept.glob(f"*-{mark}*")):
        yield found, "pipenv's environment of the project"


def _hash(text: str, size: int = 32) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:size]).decode()
