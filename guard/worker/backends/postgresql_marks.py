"""Which relations of a PostgreSQL database are others than they were: each has a mark."""

from __future__ import annotations

from typing import NamedTuple

from .postgresql_queries import BETWEEN, EXTENSIONS, OTHERS, SEPARATOR
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
        self._lines: set[str] = set()
        self.relations: dict[str, Marked] = {}  # by oid

    def name_of(self, oid: str) -> str:
        """Return the name of a relation, "" where there is none."""
        return self.relations[oid].name if oid in self.relations else ""

    def take(self, text: str) -> Changes:
        """Take what the server says now, and return what it says otherwise than before."""
        before, self._lines = self._lines, set(text.split(SEPARATOR))
        new = dict(map(_parsed, self._lines - before))
        gone = dict(map(_parsed, before - self._lines))
        others, extensions = (
            (new.pop(key, None), gone.pop(key, None)) != (None, None)
            for key in (OTHERS, EXTENSIONS)
        )
        for oid in gone:
            del self.relations[oid]
        self.relations.update(new)
        renamed = any(oid in new and new[oid] != marked for oid, marked in gone.items())
        return Changes(
            relations=frozenset(new),
            others=others,
            whole=not before or extensions or renamed,
        )


def _parsed(line: str) -> tuple[str, Marked]:
    oid, schema, name, kind, _ = line.split(BETWEEN)
    shown = name if schema == "public" else f"{schema}.{name}"
    return oid, Marked(shown, f"{quote(schema)}.{quote(name)}", kind)
