"""Which relations of a PostgreSQL database are others than they were: each has a mark."""

from __future__ import annotations

from typing import NamedTuple

from .postgresql_queries import BETWEEN, EXTENSIONS, OTHERS, SEPARATOR
from .postgresql_wire import quote


class Marked(NamedTuple):
    """A relation as the marks name it; `kind` is the catalogue's letter for it."""

    schema: str
    own_name: str
    kind: str

    @property
    def name(self) -> str:
        """The name as users write it."""
        return self.own_name if self.schema == "public" else f"{self.schema}.{self.own_name}"

    @property
    def quoted(self) -> str:
        """The name as SQL writes it."""
        return f"{quote(self.schema)}.{quote(self.own_name)}"

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
    return oid, Marked(schema, name, kind)
