"""Which versions of a package the project requires: by its pyproject.toml, requirements or lock.

A lock file says which version it is; what a range leaves open is not known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from guard.context import Required
from guard.paths import read_text
from guard.patterns import lazy_re
from guard.toml import parse_toml

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_CLAUSE = lazy_re(r"(===|==|~=|>=|<=|!=|<|>|\^|~)\s*v?(\d+(?:\.\d+)*)")
_DEPTH = 2  # folders below the root in which requirements may lie


def read_requirements(folder: Path, root: Path | None = None) -> Callable[[str], Required]:
    """Return what answers which versions of a package the project in a folder requires.

    What the folder does not say, the `root` of the repository may.
    The files are read when it is first asked; one that cannot be understood says nothing.
    """

    @cache
    def requires(package: str) -> Required:
        places = dict.fromkeys([folder, root or folder])
        found = (each for place in places for each in _required(place, package))
        return next((each for each in found if each != Required()), Required())

    return requires


class Requirement(msgspec.Struct, frozen=True):
    """A package that a file of the project requires; `said` are the versions, as written."""

    file: Path
    package: str
    said: str


def requirements_in(folder: Path) -> Iterator[Requirement]:
    """Yield what the files in a folder require, but for locks, which also have what that needs."""
    pyproject = folder / "pyproject.toml"
    project = _toml(pyproject)
    for text in _strings([project.get("project", {}), project.get("dependency-groups", {})]):
        yield from _written_as(text, pyproject)
    poetry = _table(_table(project.get("tool")).get("poetry"))
    tables = [poetry, *map(_table, _table(poetry.get("group")).values())]
    named = [(pyproject, table) for table in tables]
    named.append((folder / "Pipfile", _toml(folder / "Pipfile")))
    for file, table in named:
        for key in ("dependencies", "dev-dependencies", "packages"):
            for name, said in _table(table.get(key)).items():
                version = said.get("version", "") if isinstance(said, dict) else said
                yield Requirement(file, _normal(name), str(version))
    for file in _requirement_files(folder):
        for line in _text(file).splitlines():
            quoted = re.findall(r"[\"']([^\"']+)[\"']", line) if file.suffix == ".py" else [line]
            for text in quoted:
                yield from _written_as(text, file)


def _required(root: Path, package: str) -> Iterator[Required]:
    for name in _LOCKS:
        lock = _toml(root / name)
        for entry in lock.get("package", lock.get("packages", [])):
            if isinstance(entry, dict) and _normal(str(entry.get("name"))) == package:
                yield _exactly(str(entry.get("version", "")))
    yield from (_range(one.said) for one in requirements_in(root) if one.package == package)


def _requirement_files(folder: Path) -> Iterator[Path]:
    files = [
        path for depth in range(_DEPTH) for path in folder.glob("*/" * depth + "requirements*.txt")
    ]
    files += [*folder.glob("requirements/*.txt"), *folder.glob("requirements/*.in")]
    yield from (*sorted(files), folder / "setup.cfg", folder / "setup.py")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _written_as(requirement: str, file: Path) -> Iterator[Requirement]:
    match = re.match(
        r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*(.*)", requirement.partition("#")[0]
    )
    if match:
        said = "" if match[3].startswith("@") else match[3].partition(";")[0]
        yield Requirement(file, _normal(match[1]), said)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _exactly(version: str) -> Required:
    numbers = _numbers(version)
    return (
        Required(at_least=numbers, below=(*numbers[:-1], numbers[-1] + 1))
        if numbers
        else Required()
    )


def _range(text: str) -> Required:
    at_least: tuple[int, ...] | None = None
    below: tuple[int, ...] | None = None
    for sign, version in _CLAUSE.findall(text):
        numbers = _numbers(version)
        match sign:
            case "==" | "===":
                return Required(at_least=numbers, below=(*numbers[:-1], numbers[-1] + 1))
            case "~=" | "^" | "~":
                at_least = max(at_least or numbers, numbers)
                below = (
                    (numbers[0] + 1,)
                    if sign == "^" or len(numbers) < 3
                    else (
                        numbers[0],
                        numbers[1] + 1,
                    )
                )
            case ">=" | ">":
                at_least = max(at_least or numbers, numbers)
            case "<" | "<=":
                below = numbers if sign == "<" else (*numbers[:-1], numbers[-1] + 1)
    return Required(at_least=at_least, below=below)


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""
