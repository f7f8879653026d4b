"""Which server the revisions of an environment are for, where no setting says it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from guard.paths import read_text, relative
from guard.patterns import lazy_re
from guard.project.env_urls import urls_of_env
from guard.project.environments import Environment
from guard.project.server_clues import (
    NOT_SQLITE,
    Clue,
    clues_in,
    clues_in_revisions,
    lines_of,
    urls_in,
)
from guard.server import DIALECTS, Server, parse_version

_PROJECT = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile")
_TITLES = {
    "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite",
}  # fmt: skip


class FoundServer(msgspec.Struct, frozen=True):
    """What the clues come to: unset where they tell nothing, or contradict each other.

    `by` and `version_by` are the clues that count, `against` two that contradict each other;
    `newest` is what names the newest version, where several are named; `driver` is the one that
    env.py speaks to the server with, where that is told.
    """

    dialect: str | None = None
    by: Clue | None = None
    version: str | None = None
    version_by: Clue | None = None
    newest: Clue | None = None
    against: tuple[Clue, ...] = ()
    driver: str | None = None

    @property
    def server(self) -> Server:
        """The server to judge for."""
        version = parse_version(self.version) if self.version else None
        return Server(self.dialect, version, self.driver)

    @property
    def why(self) -> str:
        """What the summary says of it: "PostgreSQL 15, since compose.yaml:3 names ...".

        Empty where all of it is set.
        """
        if self.dialect is None or not self.reason:
            return ""
        title = f"{_TITLES[self.dialect]} {self.version or ''}".rstrip()
        return f"{title}, since {self.reason}"

    @property
    def reason(self) -> str:
        """What tells the server and its version; empty where nothing but the settings does."""
        said = [one for one in (self.by, self.version_by) if one is not None]
        reasons = [f"{one.where} {one.said}" for one in dict.fromkeys(said)]
        oldest = ", the oldest that is named" if reasons and self.newest else ""
        return " and ".join(reasons) + oldest


class ServerFinder:
    """Finds the server of each environment of a repository; no file is read twice."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[Path, tuple[Clue, ...]] = {}

    def find(self, environment: Environment, dialect: str | None = None) -> FoundServer:
        """Return the server of an environment; the `dialect` may be set."""
        found = self._find(environment, dialect)
        if found.dialect != "postgresql" or environment.kind != "alembic":
            return found
        near = [clue for folder in self._near(environment) for clue in self._in(folder)]
        return msgspec.structs.replace(found, driver=_driver(environment, near, self._root))

    def _find(self, environment: Environment, dialect: str | None) -> FoundServer:
        """Return the server without its driver; of the `dialect` that is set only the version."""
        near = [clue for folder in self._near(environment) for clue in self._in(folder)]
        if dialect is None:
            near = [*_own(environment, self._root), *near]
        far = [] if self._root in self._near(environment) else self._in(self._root)
        if dialect is not None:
            return _with_version(FoundServer(dialect), [*near, *far])
        for_it = _by_folder(environment, self._root)
        if for_it is not None:
            return _with_version(FoundServer(for_it.dialect, for_it), [*near, *far])
        found = _decide(near)
        if found.dialect in (None, "sqlite"):
            found = _decide([*near, *far])
        return _with_version(found, [*near, *far])

    def _in(self, folder: Path) -> tuple[Clue, ...]:
        if folder not in self._folders:
            self._folders[folder] = tuple(clues_in(folder, self._root))
        return self._folders[folder]

    def _near(self, environment: Environment) -> list[Path]:
        """The folders whose files are about the environment, not about others beside it."""
        config = environment.config_path
        place = config.parent if config else environment.script_location
        folders = {place: None}
        for folder in (place, *place.parents):
            if not folder.is_relative_to(self._root):
                break
            folders[folder] = None
            if any((folder / name).is_file() for name in _PROJECT):
                break
        return list(folders)


def _own(environment: Environment, root: Path) -> Iterator[Clue]:
    """What its configuration, its env.py and its revisions tell."""
    yield from _urls(environment, root)
    suffix = ".sql" if environment.kind == "sql" else ".py"
    deep = "**/" if environment.recursive else ""
    files = {p for one in environment.version_locations for p in one.glob(f"{deep}*{suffix}")}
    yield from clues_in_revisions(sorted(files), root)


def _urls(environment: Environment, root: Path) -> Iterator[Clue]:
    """What the URLs in its configuration and in its env.py tell."""
    config = environment.config_path
    if config is not None and config.suffix == ".ini":
        yield from _of_ini(config, (environment.section, *environment.databases), root)
    if environment.kind == "alembic":
        above = [
            folder for folder in environment.script_location.parents if folder.is_relative_to(root)
        ]
        search = [*environment.sys_path, environment.script_location, *above]
        search += [folder / "src" for folder in above]
        env_py = environment.script_location / "env.py"
        yield from urls_of_env(env_py, [*dict.fromkeys(search)], root)


# Each driver of PostgreSQL that an async engine can have, by the names of its packages.
_ASYNC_DRIVERS = {
    "asyncpg": "asyncpg", "psycopg": "psycopg", "psycopg-binary": "psycopg",
    "psycopg_async": "psycopg",
}  # fmt: skip
_ASYNC_ENGINE = lazy_re(r"\b(?:create_async_engine|async_engine_from_config|AsyncEngine)\b")


def _driver(environment: Environment, near: Sequence[Clue], root: Path) -> str | None:
    """Return the driver with which an async env.py runs revisions; None where two may do so.

    Its URLs tell, or where none names a driver, what the project requires.
    """
    try:
        text = read_text(environment.script_location / "env.py")
    except (OSError, UnicodeDecodeError):
        return None
    if not _ASYNC_ENGINE.search(text):
        return None
    named = [clue for clue in _urls(environment, root) if clue.driver]
    clues = named or [clue for clue in near if clue.kind == "driver"]
    found = {_ASYNC_DRIVERS[clue.driver] for clue in clues if clue.driver in _ASYNC_DRIVERS}
    return found.pop() if len(found) == 1 else None


def _by_folder(environment: Environment, root: Path) -> Clue | None:
    """What the name of the folder tells, where a project has a history for each server."""
    for folder in environment.version_locations:
        if folder.name in DIALECTS:
            return Clue("revision", folder.name, relative(folder, root), "is named so")
    return None


def _of_ini(config: Path, sections: Iterable[str], root: Path) -> Iterator[Clue]:
    wanted = {"DEFAULT", *sections}
    section = ""
    for number, line in lines_of(config):
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif section in wanted:
            yield from urls_in(line, f"{relative(config, root)}:{number}")


def _decide(clues: Sequence[Clue]) -> FoundServer:
    """Return the one dialect that fits all clues; SQLite beside another is for the tests.

    Drivers tell what a project can speak to: they decide where nothing else does, and must hold
    what else is decided. What code asks for decides nothing, and must be no other server.
    """
    unfit = next((one for one in clues if one.dialect == NOT_SQLITE), None)
    clues = [clue for clue in clues if clue.dialect != NOT_SQLITE]
    firm = _by_dialect(clue for clue in clues if clue.kind not in ("driver", "asked"))
    drivers = _by_dialect(clue for clue in clues if clue.kind == "driver")
    asked = _by_dialect(clue for clue in clues if clue.kind == "asked")
    if len({*firm, *drivers}) > 1:
        firm.pop("sqlite", None)
        drivers.pop("sqlite", None)
    _as_mariadb(firm, drivers, asked)
    chosen = firm or drivers
    if len(chosen) > 1:
        return FoundServer(against=tuple(chosen.values())[:2])
    if not chosen:
        return FoundServer()
    ((dialect, clue),) = chosen.items()
    others = [one for name, one in asked.items() if name not in (dialect, "sqlite")]
    others += drivers.values() if drivers and dialect not in drivers else ()
    others += [unfit] if unfit and dialect == "sqlite" else ()
    if others or dialect not in DIALECTS:
        return FoundServer(against=(clue, *others[:1]))
    return FoundServer(dialect, clue)


def _by_dialect(clues: Iterable[Clue]) -> dict[str, Clue]:
    """The first clue of each dialect."""
    found: dict[str, Clue] = {}
    for clue in clues:
        found.setdefault(clue.dialect, clue)
    return found


def _as_mariadb(*all_clues: dict[str, Clue]) -> None:
    """Take MySQL's drivers and URLs for those of MariaDB, where that is named: it shares them."""
    if not any("mariadb" in clues for clues in all_clues):
        return
    for clues in all_clues:
        mysql = clues.get("mysql")
        if mysql is not None and mysql.kind != "image":
            clues.pop("mysql")
            clues.setdefault("mariadb", mysql)


def _with_version(found: FoundServer, clues: Sequence[Clue]) -> FoundServer:
    """Return it with the oldest version that is named: what is safe there is safe on all."""
    of_it = [clue for clue in clues if clue.dialect == found.dialect and clue.version]
    if not of_it:
        return found
    ordered = sorted(of_it, key=lambda clue: parse_version(clue.version or ""))
    oldest, newest = ordered[0], ordered[-1]
    return msgspec.structs.replace(
        found,
        version=oldest.version,
        version_by=oldest,
        newest=newest if newest.version != oldest.version else None,
    )
