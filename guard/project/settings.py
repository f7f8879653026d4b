"""Which settings hold where: those of the nearest guard.toml or [tool.guard] above."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.config import Config, parse_config, read_table
from guard.errors import GuardError
from guard.paths import relative
from guard.patterns import lazy_re
from guard.project.environments import Environment, project_root

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

PYPROJECT = "pyproject.toml"
NAMES = ("guard.toml", PYPROJECT)  # the first that has settings counts
_TABLE = lazy_re(r"\[tool\.guard\.([\w.<>-]+)\]")
_HEADING = lazy_re(rf"^{_TABLE.pattern}$", re.M)
_WILD = lazy_re(r"[*?\[\]\\#]")
_FILE_OF_A_TABLE = lazy_re(rf"\bpyproject\.toml(?=[^\n]*:\n{_TABLE.pattern}$)", re.M)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one file; their paths and globs are relative to `folder`.

    `file` is None where nobody wrote any.
    """

    config: Config
    folder: Path
    file: Path | None = None

    @property
    def _is_shared(self) -> bool:
        """Whether the file holds the settings of other tools as well."""
        return self.file is None or self.file.name == PYPROJECT

    def as_set_here(self, text: str) -> str:
        """Return a text that names settings as in a pyproject.toml, with where they go here.

        Whoever names a setting writes `[tool.guard]` or `[tool.guard.env-vars]`, and a file of
        guard's own has no such tables.
        """
        if self._is_shared or self.file is None:
            return text
        file = self.file.name
        text = _FILE_OF_A_TABLE.sub(file, text)
        text = _HEADING.sub(r"[\1]", text)
        text = _TABLE.sub(rf"[\1] of {file}", text)
        return text.replace("[tool.guard]", file)


Change = Callable[[Config], Config]


class SettingsFiles:
    """The settings of a run by place; a file is read once, whoever asks.

    `home` are those where the run was started: they hold for all that has no file of its own, and
    alone say what the run as a whole has only once (`base`, `fail-on`).
    """

    def __init__(self, home: Settings, change: Change | None = None) -> None:
        self.home = home
        self._change = change  # what the command line says instead; None: `home` is for everything
        self._known: dict[Path, Settings | GuardError] = {}
        self._chains: dict[Path, tuple[Settings, ...]] = {}
        self._globs: dict[tuple[str, ...], GitIgnoreSpec] = {}
        self._top = project_root(home.folder)

    @classmethod
    def around(cls, start: Path, change: Change) -> SettingsFiles:
        """Return those of the files that lie above each place. Raises GuardError for `start`'s."""
        start = start.resolve()
        root = project_root(start)
        for folder in (start, *start.parents):
            own = _own(folder, change)
            if own is not None:
                return cls(own, change)
            if (folder / ".git").exists():
                break
        return cls(Settings(config=change(Config()), folder=root), change)

    @classmethod
    def of_file(cls, file: Path, start: Path, change: Change) -> SettingsFiles:
        """Return those of one file for everything, its paths relative to `start`; or GuardError."""
        table = read_table(file)
        if table is None:
            raise GuardError(f"{file}: there is no [tool.guard] in it")
        return cls.everywhere(change(parse_config(table, file)), start, file)

    @classmethod
    def everywhere(cls, config: Config, folder: Path, file: Path | None = None) -> SettingsFiles:
        """Return these settings for everything; their paths are relative to `folder`."""
        return cls(Settings(config=config, folder=folder.resolve(), file=file))

    def at(self, folder: Path) -> Settings:
        """Return the settings that hold in a folder; raise GuardError for a file that is broken."""
        found = self._find(folder)
        if isinstance(found, GuardError):
            raise found
        return found

    def of(self, environment: Environment) -> Settings:
        """Return the settings of an environment: those above its migrations.

        Where these lie elsewhere than its configuration, those above that. Raises GuardError.
        """
        return self.at(_folder(environment))

    def owner(self, environment: Environment) -> Path | None:
        """Return the file of an environment's settings, None for defaults and what is broken."""
        found = self._find(_folder(environment))
        return None if isinstance(found, GuardError) else found.file

    def excludes(self, path: Path) -> bool:
        """Return whether the settings there leave the path out, or those above them up to `home`'s.

        A template (a `{{` in the name) is always left out, a file with broken settings never.
        """
        if "{{" in path.name:
            return True
        return any(
            self.match(settings, settings.config.exclude, path)
            for settings in self._chain(path.parent)
        )

    def match(self, settings: Settings, globs: Sequence[str], path: Path) -> bool:
        """Return whether a path is among those that the globs of these settings mean."""
        shown = relative(path, settings.folder) if globs else ""
        if not globs or shown == path.as_posix():  # it does not lie below
            return False
        names = set(shown.split("/"))
        if not any(_literal_names(glob) <= names for glob in globs):
            return False
        key = tuple(globs)
        if key not in self._globs:
            from pathspec import GitIgnoreSpec  # costs as much as reading the settings, or more

            self._globs[key] = GitIgnoreSpec.from_lines(globs)
        return self._globs[key].match_file(shown)

    def _chain(self, folder: Path) -> tuple[Settings, ...]:
        """The settings that hold in the folder, and those that do in the folders of these."""
        known = self._chains.get(folder)
        if known is None:
            found = self._find(folder)
            if found is self.home or isinstance(found, GuardError):
                known = (self.home,)
            else:
                around = found.folder.parent
                known = (found, *(self._chain(around) if around != found.folder else ()))
            self._chains[folder] = known
        return known

    def _find(self, folder: Path) -> Settings | GuardError:
        if self._change is None:
            return self.home
        found = self._known.get(folder)
        if found is None:
            found = self._known[folder] = self._look(folder, self._change)
        return found

    def _look(self, folder: Path, change: Change) -> Settings | GuardError:
        try:
            own = self.home if folder == self.home.folder else _own(folder, change)
        except GuardError as error:
            return error
        if own is not None:
            return own
        outside = not folder.is_relative_to(self._top) and (folder / ".git").exists()
        if folder in (self._top, folder.parent) or outside:
            return self.home
        return self._find(folder.parent)


def _folder(environment: Environment) -> Path:
    """The folder whose settings hold for an environment."""
    place, config = environment.script_location, environment.config_path
    beside = config is not None and not place.is_relative_to(config.parent)
    return config.parent if config is not None and beside else place


def _own(folder: Path, change: Change) -> Settings | None:
    """The settings that stand in the folder itself."""
    for name in NAMES:
        if not os.path.isfile(f"{folder}/{name}"):  # noqa: PTH113  asked of each folder: 5 times as fast
            if os.path.islink(f"{folder}/{name}"):  # noqa: PTH114
                raise GuardError(f"{folder / name}: a link that leads to no file")
            continue
        file = folder / name
        table = read_table(file)
        if table is not None:
            return Settings(config=change(parse_config(table, file)), folder=folder, file=file)
    return None


def _literal_names(glob: str) -> set[str]:
    """Return the names that a path must have for the glob to mean it."""
    names = glob.strip().lstrip("!").split("/")
    return {name for name in names if name and not _WILD.search(name)}
