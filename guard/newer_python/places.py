"""Where newer interpreters are: on the PATH, and where uv, pyenv and macOS keep theirs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

LATEST = 20  # the minor version up to which names are tried
NAMES = ("bin/python{}", "python.exe")  # inside an installation


def find_newer(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the programs that are a newer Python by their names, the newest first."""
    kept = [sorted(folder.iterdir(), reverse=True) for folder in _folders(environ)]
    found: list[str] = []
    for minor in range(LATEST, sys.version_info.minor, -1):
        inside = (
            program
            for folders in kept
            for folder in folders
            if _is_version(folder.name, f"3.{minor}")
            for program in _programs(folder, f"3.{minor}")
        )
        # What pyenv puts on the PATH is slow, and fails where it was not told which one to take.
        program = next(inside, None) or shutil.which(f"python3.{minor}", path=environ.get("PATH"))
        if program:
            found.append(program)
    return tuple(found)


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    return (folder for folder in _installations(environ) if folder.is_dir())


def _installations(environ: Mapping[str, str]) -> Iterator[Path]:
    """The folders that hold one installation of Python each."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or ".")
    data = Path(environ.get("XDG_DATA_HOME") or environ.get("APPDATA") or home / ".local" / "share")
    uv = environ.get("UV_PYTHON_INSTALL_DIR")
    yield Path(uv) if uv else data / "uv" / "python"
    pyenv = environ.get("PYENV_ROOT")
    yield (Path(pyenv) if pyenv else home / ".pyenv") / "versions"
    if sys.platform == "darwin":
        yield Path("/Library/Frameworks/Python.framework/Versions")


def _is_version(name: str, version: str) -> bool:
    """Whether an installation is called after that version: `3.14.0`, `cpython-3.14.0-linux`."""
    return f"{name.removeprefix('cpython-')}.".startswith((f"{version}.", f"{version}-"))


def _programs(folder: Path, version: str) -> Iterator[str]:
    places = (folder / name.format(version) for name in NAMES)
    return (str(place) for place in places if place.is_file())
