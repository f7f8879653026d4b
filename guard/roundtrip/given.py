"""What the settings give the round trip of the project's own: tables, rows, folders to write to."""

from __future__ import annotations

import re
from pathlib import Path

from guard.project.settings import Settings
from guard.roundtrip.errors import RoundTripError


def initial_schema(settings: Settings) -> str | None:
    """Return what makes the tables to start from: a whole path, or a function by its name.

    Raises RoundTripError where the setting names neither.
    """
    name, given = "initial-schema", settings.config.initial_schema
    if given is None or _is_function(given):
        return given
    if not given.endswith(".sql"):
        raise _neither(name, given, ".sql file", "schema.sql")
    file = settings.folder / given
    if not file.is_file():
        raise RoundTripError(f"{name} = {given!r}: there is no file {file}")
    return str(file.resolve())


def rows(settings: Settings) -> str | None:
    """Return what puts the project's own rows in: the path of a folder, or a function by its name.

    Raises RoundTripError where the setting names neither.
    """
    given = settings.config.rows
    if given is None or _is_function(given):
        return given
    folder = settings.folder / given
    if not folder.is_dir():
        raise _neither("rows", given, "folder", "tests/rows")
    return str(folder.resolve())


def writable(settings: Settings, root: Path) -> list[Path]:
    """Return the folders that the project may write to. Raises RoundTripError."""
    found = []
    for name in settings.config.writable:
        path = (settings.folder / name).resolve()
        if not path.is_dir() or not path.is_relative_to(root.resolve()):
            raise RoundTripError(
                f"writable = {name!r} in [tool.guard] is no folder of the repository: "
                "make it, or name another"
            )
        found.append(path)
    return found


def variables(settings: Settings) -> dict[str, str]:
    """Return the variables that env.py is to get; a HOME is a folder beside the settings."""
    given = settings.config.env_vars
    home = {name: str(settings.folder / given[name]) for name in ("HOME",) if name in given}
    return {**given, **home}


def _is_function(given: str) -> bool:
    return bool(re.fullmatch(r"[\w.]+:[\w.]+", given))


def _neither(name: str, given: str, kind: str, example: str) -> RoundTripError:
    return RoundTripError(
        f"{name} = {given!r} names neither a {kind} nor a function: write "
        f'it as "{example}" or as "package.module:function"'
    )
