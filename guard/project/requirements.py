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

from guard.context import Required
from guard.paths import read_text

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_CLAUSE = re.compile(r"(===|==|~=|>=|<=|!=|<|>|\^|~)\s*v?(\d+(?:\.\d+)*)")
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


def _required(root: Path, package: str) -> Iterator[Required]:
    for name in _LOCKS:
        lock = _toml(root / name)
        for entry in lock.get("package", lock.get("packages", [])):
            if isinstance(entry, dict) and _is(str(entry.get("name")), package):
                yield _exactly(str(entry.get("version", "")))
    yield from (_range(text) for text in _written(root, package))


def _written(root: Path, package: str) -> Iterator[str]:
    """Yield what follows the package's name wherever it is required."""
    project = _toml(root / "pyproject.toml")
    for requirement in _strings([project.get("project", {}), project.get("dependency-groups", {})]):
        yield from _after(requirement, package)
    poetry = project.get("tool", {}).get("poetry", {})
    tables = [poetry, *poetry.get("group", {}).values()] if isinstance(poetry, dict) else []
    tables.append(_toml(root / "Pipfile"))
    for table in tables:
        for key in ("dependencies", "dev-dependencies", "packages"):
            named = table.get(key)
            for name, said in named.items() if isinstance(named, dict) else ():
                if _is(name, package):
                    yield str(said.get("version", "") if isinstance(said, dict) else said)
    files = [
        path for depth in range(_DEPTH) for path in root.glob("*/" * depth + "requirements*.txt")
    ]
    files += [*root.glob("requirements/*.txt"), *root.glob("requirements/*.in")]
    for path in [*sorted(files), root / "setup.cfg", root / "setup.py"]:
        for line in _text(path).splitlines():
            for part in (
                re.findall(r"[\"']([^\"']+)[\"']", line) if path.suffix == ".py" else [line]
            ):
                yield from _after(part, package)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _after(requirement: str, package: str) -> Iterator[str]:
    match = re.match(
        r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*(.*)", requirement.partition("#")[0]
    )
    if match and _is(match[1], package) and not match[3].startswith("@"):
        yield match[3].partition(";")[0]


def _is(name: str, package: str) -> bool:
    return re.sub(r"[-_.]+", "-", name).lower() == package


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
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""
