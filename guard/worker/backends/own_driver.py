"""Which driver serves an engine: the project's, another one that is there, or guard's own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Callable

from ..channel import FatalError

TITLES = {"postgresql": "PostgreSQL", "mysql": "MariaDB or MySQL"}


class OwnDriver:
    """The driver that guard brings along, in a folder, for interpreters that have none."""

    def __init__(self, name: str, kind: str, folder: str, note: Callable[[str], None]) -> None:
        """`kind` is that of the server, and what the extra is called; `note` tells the user."""
        self._name = name
        self._kind = kind
        self._folder = folder
        self._note = note

    def find(self, named: str, wanted: Mapping[str, str]) -> str:
        """Return the driver to use: `named` by the URL, one of the `wanted`, or guard's own.

        `wanted` are SQLAlchemy's names for those that fit, with the modules that they need. Raises
        FatalError where there is none.
        """
        for driver in (named, *wanted):
            if driver in wanted and _is_there(wanted[driver]):
                self._say(named, driver)
                return driver
        if self._folder not in sys.path:
            sys.path.append(self._folder)
        if not find_spec(self._name):
            raise FatalError(
                f"{sys.executable} has no driver for {TITLES[self._kind]}.",
                f"install the project's own there, or pip install 'migration-guard[{self._kind}]' "
                "where guard is; --backend sqlite does without",
            )
        self._say(named, self._name)
        return self._name

    def _say(self, named: str, driver: str) -> None:
        if named and named != driver:
            self._note(
                f"{named}, the driver of the project's URL, is not installed: {driver} served."
            )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its package is not there, or stands in as None
        return False
