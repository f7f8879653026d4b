"""The database server that revisions are judged for: a dialect and a version."""

from __future__ import annotations

import re
from typing import Literal, get_args

import msgspec

Dialect = Literal["postgresql", "mysql", "mariadb", "sqlite"]
DIALECTS: tuple[str, ...] = get_args(Dialect)

# The oldest version that its vendor still supports (November 2026): what an unknown version means.
OLDEST_SUPPORTED: dict[str, tuple[int, ...]] = {
    "postgresql": (14,),
    "mysql": (8, 4),
    "mariadb": (10, 6),
    "sqlite": (3, 35),
}
_LATEST = 999  # no release has that number
_ALIASES = {"postgres": "postgresql", "pg": "postgresql", "sqlite3": "sqlite"}

SPELLINGS = (*DIALECTS, *_ALIASES)


class Server(msgspec.Struct, frozen=True):
    """`dialect` is None where nobody said: rules for any dialect apply, the others do not.

    `driver` is what the revisions are sent with, where the project's files tell it (`asyncpg`).
    """

    dialect: str | None = None
    version: tuple[int, ...] | None = None
    driver: str | None = None

    @property
    def is_mysql(self) -> bool:
        """Whether it is MySQL or MariaDB."""
        return is_mysql(self.dialect)

    @property
    def effective_version(self) -> tuple[int, ...]:
        """The version to judge by: the known one, else the oldest supported."""
        return self.version or OLDEST_SUPPORTED.get(self.dialect or "", (0,))

    @property
    def release(self) -> tuple[int, ...]:
        """The same; of a series of MySQL or MariaDB (`8.0`) its latest, since releases learn."""
        version = self.effective_version
        return (*version, _LATEST) if self.is_mysql and len(version) == 2 else version

    def at_least(self, *version: int) -> bool:
        """Return whether the server is known to be of that version or newer."""
        return self.release >= version


def is_mysql(dialect: str | None) -> bool:
    """Return whether it is MySQL or MariaDB, which have their grammar and most habits in common."""
    return dialect in ("mysql", "mariadb")


def fold(name: str, dialect: str | None) -> str:
    """Return what decides whether two names are the same: PostgreSQL's are as they are stored."""
    return as_stored(name, dialect) if dialect == "postgresql" else name.lower()


def as_stored(name: str, dialect: str | None) -> str:
    """Return the name as the server keeps it: PostgreSQL cuts it off after 63 bytes."""
    if dialect != "postgresql" or len(name) < 16 or "{" in name:
        return name
    return name.encode()[:63].decode(errors="ignore")


def parse_dialect(text: str) -> str:
    """Return the dialect's name; raise ValueError for one that guard does not know."""
    name = text.strip().lower().partition("+")[0]
    name = _ALIASES.get(name, name)
    if name not in DIALECTS:
        raise ValueError(f"unknown dialect {text!r}: expected one of {', '.join(DIALECTS)}")
    return name


def parse_version(text: str) -> tuple[int, ...]:
    """Return `15.4` as (15, 4); raise ValueError for anything but numbers and dots."""
    if not re.fullmatch(r"\d+(\.\d+)*", text.strip()):
        raise ValueError(f"{text!r} is not a version: write it as 15 or 10.6.2")
    return tuple(int(part) for part in text.strip().split("."))
