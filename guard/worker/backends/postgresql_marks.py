"""Which relations of a PostgreSQL database are others than they were: each has a mark."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .postgresql_queries import BETWEEN, EXTENSIONS, OTHERS, SEPARATOR, UNLOCKED
from .postgresql_wire import quote


class Marked(NamedTuple):
    """A relation: its name as users write it, the one in SQL, and the catalogue's letter for it."""

    name: str
    quoted: str
    kind: str

    @property
    def has_rows(self) -> bool:
        """Whether rows lie in it: in no view, and no partitioned or foreign table."""
        return self.kind == "r"


class Changes(NamedTuple):
    """What has another mark: `relations` by their oids, `others` that are none.

    `whole`: so much that all is to be read again.
    """

    relations: frozenset[str] = frozenset()
    others: bool = False
    whole: bool = False


class Marks:
    """The marks of one database, as they were last asked for."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}  # as the server writes them, by oid
        self.relations: dict[str, Marked] = {}  # by oid

    def name_of(self, oid: str) -> str:
        """Return the name of a relation, "" where there is none."""
        return self.relations[oid].name if oid in self.relations else ""

    def is_sequence(self, oid: str) -> bool:
        """Return whether that is one that was there before."""
        return oid in self.relations and self.relations[oid].kind == "S"

    def take(self, text: str) -> Changes:
        """Take what the server says now of all, and return what it says otherwise than before."""
        return self._change(set(self._lines.values()), set(text.split(SEPARATOR)))

    def take_some(self, text: str, asked: Iterable[str]) -> Changes | None:
        """Take what it says now of those, and of tables whose indexes they are.

        None, and nothing is taken, where others may have changed too.
        """
        new = set(text.split(SEPARATOR))
        keys = {*asked, *map(_key, new)}
        old = {self._lines[key] for key in keys if key in self._lines}
        if any(_key(line) == UNLOCKED for line in new - old):
            return None
        return self._change(old, new)

    def _change(self, old: set[str], new: set[str]) -> Changes:
        is_first = not self._lines
        come, went = new - old, old - new
        for line in went:
            del self._lines[_key(line)]
        self._lines.update((_key(line), line) for line in come)
        made, gone = dict(map(_parsed, come)), dict(map(_parsed, went))
        others, extensions, _ = (
            (made.pop(key, None), gone.pop(key, None)) != (None, None)
            for key in (OTHERS, EXTENSIONS, UNLOCKED)
        )
        for oid in gone:
            del self.relations[oid]
        self.relations.update(made)
        renamed = any(oid in made and made[oid] != marked for oid, marked in gone.items())
        return Changes(
            relations=frozenset(made),
            others=others,
            whole=is_first or extensions or renamed,
        )


def _key(line: str) -> str:
    return line.partition(BETWEEN)[0]


def _parsed(line: str) -> tuple[str, Marked]:
    oid, schema, name, kind, _ = line.split(BETWEEN)
    shown = name if schema == "public" else f"{schema}.{name}"
    return oid, Marked(shown, f"{quote(schema)}.{quote(name)}", kind)
