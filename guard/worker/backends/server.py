"""The scratch databases of one run on one server, which are made as they are asked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class Server:
    """A name for each URL that is asked for; how a database is made, each kind says in `make`."""

    def __init__(self, prefix: str, made: Collection[str]) -> None:
        self._prefix = prefix
        self._made = made  # by a run before this one, and to be used again
        self._names: dict[tuple[Any, ...], str] = {}

    def name_for(self, key: tuple[Any, ...]) -> str:
        """Return the scratch database that stands for what `key` says, made the first time."""
        if key not in self._names:
            name = f"{self._prefix}_{len(self._names)}"
            if name not in self._made:
                self.make(name)
            self._names[key] = name
        return self._names[key]

    def is_ours(self, name: str) -> bool:
        """Return whether the database is one of this run."""
        return name in self._names.values()

    def empty(self) -> None:
        """Remove what the databases hold so far."""
        for name in self._names.values():
            self.make(name)

    def make(self, name: str) -> None:
        """Make an empty database of the name, instead of one that is there."""
        raise NotImplementedError
