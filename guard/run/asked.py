"""What somebody says instead of the settings, on the command line or in a call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from guard.config import Config
from guard.errors import GuardError
from guard.judge.load_rules import known_names
from guard.judge.select_rules import check_names
from guard.project.settings import SettingsFiles
from guard.server import parse_dialect, parse_version

Backend = Literal["auto", "sqlite", "postgresql", "mysql", "mariadb"]


class Instead(msgspec.Struct, frozen=True, kw_only=True):
    """What holds instead of the settings, as far as it is said; `ignore` adds to theirs.

    `config` is the one file of settings for everything. A name may be several, with commas.
    """

    config: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    dialect: str | None = None
    server_version: str | None = None
    python: str | None = None
    backend: Backend | None = None
    strict: bool = False  # a warning stops the gate as well

    def settings(self, start: Path, option: str = "") -> SettingsFiles:
        """Return the settings around `start` with what is said here instead.

        `option` is what the names of the options begin with in a message. Raises GuardError for
        settings, a rule, a dialect or a version that are not valid.
        """
        try:
            if self.dialect:
                parse_dialect(self.dialect)
            if self.server_version:
                parse_version(self.server_version)
        except ValueError as error:
            raise GuardError(str(error)) from None

        def changed(config: Config) -> Config:
            return self._over(config, start)

        if self.config is not None:
            files = SettingsFiles.of_file(self.config, start, changed)
        else:
            files = SettingsFiles.around(start, changed)
        for name, given in (("select", self.select), ("ignore", self.ignore)):
            if given:
                check_names(_names(given), f"{option}{name}", known_names(files.home))
        return files

    def _over(self, config: Config, start: Path) -> Config:
        return msgspec.structs.replace(
            config,
            dialect=self.dialect or config.dialect,
            server_version=self.server_version or config.server_version,
            python=self._interpreter(start) or config.python,
            backend=self.backend or config.backend,
            select=_names(self.select) or config.select,
            ignore=[*config.ignore, *_names(self.ignore)],
            fail_on="warning" if self.strict else config.fail_on,
        )

    def _interpreter(self, start: Path) -> str | None:
        """The interpreter: a path is relative to where guard was started, else it is a name."""
        if self.python and (start / self.python).is_file():
            return str(start / self.python)
        return self.python


def _names(given: tuple[str, ...]) -> list[str]:
    return [name.strip() for names in given for name in names.split(",")]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where readings are kept: GUARD_CACHE_DIR, else the user's cache folder."""
    from platformdirs import user_cache_path

    given = environ.get("GUARD_CACHE_DIR")
    return Path(given) if given else user_cache_path("migration-guard", appauthor=False)
