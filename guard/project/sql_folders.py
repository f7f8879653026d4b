"""Folders of `.sql` migrations: Flyway, dbmate, goose, golang-migrate, sqlx, numbered files.

Each file is recognised by its name, then by its marker comments, so a folder may hold a mixture.
What runs in a transaction follows what the tool does on PostgreSQL:

- Flyway: each migration, unless `V1__x.sql.conf` says `executeInTransaction=false`, or all of its
  statements are such that Flyway knows to run outside, as CREATE INDEX CONCURRENTLY; `${x}` in it
  is a placeholder that only the tool's configuration knows;
- dbmate: each part, unless its marker says `transaction:false`;
- goose: each part, unless the file says `-- +goose NO TRANSACTION`;
- golang-migrate: a file is sent as one query, so that several statements share a transaction and
  a single one runs outside of any;
- sqlx and plain numbered files: each file, unless its first line is `-- no-transaction`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Literal

import msgspec

from guard.paths import MAX_BYTES, too_long
from guard.patterns import lazy_re
from guard.python_source import Sources
from guard.sql import Hole

Framework = Literal["flyway", "dbmate", "goose", "golang-migrate", "numbered"]


class SqlFolderError(Exception):
    """The folder cannot be read as migrations: the message names the file and the remedy."""


class SqlPart(msgspec.Struct, frozen=True, kw_only=True):
    """The SQL of one direction: a piece of a file, from offset `start`, which is on `line`.

    `holes` are offsets into `text`, for `read_sql`.
    """

    path: Path
    text: str
    start: int = 0
    line: int = 1
    transactional: bool = True
    holes: tuple[Hole, ...] = ()


class SqlMigration(msgspec.Struct, frozen=True, kw_only=True):
    """One migration; `repeatable`: run anew whenever it changes, after all that have a version."""

    id: str
    framework: Framework
    up: SqlPart | None = None
    down: SqlPart | None = None
    repeatable: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it is written in, up before down."""
        found = [part.path for part in (self.up, self.down) if part]
        return tuple(dict.fromkeys(found))


_COMMENT = lazy_re(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
# https://github.com/flyway/flyway, PostgreSQLParser.detectCanExecuteInTransaction
_FLYWAY_OUTSIDE = lazy_re(
    r"\s*(?:(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY"
    r"|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION)|ALTER\s+SYSTEM|VACUUM|DISCARD\s+ALL"
    r"|REINDEX\s+(?:VERBOSE\s+)?(?:SCHEMA|DATABASE|SYSTEM))\b",
    re.IGNORECASE,
)
_FLYWAY = lazy_re(r"(?P<kind>[VUB])(?P<version>\d+(?:[._]\d+)*)__.+\.sql|R__.+\.sql")
# What Flyway runs around the others, each time: beforeMigrate.sql, afterEachMigrate__note.sql.
_CALLBACK = lazy_re(r"((before|after)[A-Z][A-Za-z]*|createSchema)(__.+)?\.sql")
_PAIR = lazy_re(r"(?P<version>\d+)_.*\.(?P<direction>up|down)\.sql")
_NUMBERED = lazy_re(r"(?P<version>\d+)(?:[_.-].*)?\.sql")

_DBMATE = lazy_re(r"^[ \t]*--[ \t]*migrate:(?P<direction>up|down)(?P<rest>[^\n]*)\n?", re.M)
_GOOSE = lazy_re(r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<direction>Up|Down)\b[^\n]*\n?", re.M | re.I)
_GOOSE_OUTSIDE = lazy_re(r"^[ \t]*--[ \t]*\+goose[ \t]+NO[ \t]+TRANSACTION\b", re.M | re.I)
_GOOSE_VARIABLES = lazy_re(r"^[ \t]*--[ \t]*\+goose[ \t]+ENVSUB[ \t]+ON\b", re.M | re.I)
_OUTSIDE = lazy_re(r"\ufeff?\s*--[ \t]*no-transaction\b", re.I)
_PLACEHOLDER = lazy_re(r"\$\{([^}\n]*)\}")


def is_sql_migration_folder(folder: Path) -> bool:
    """Return whether the folder holds `.sql` migrations, and none in Python that may run them."""
    try:
        names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    except OSError:
        return False
    if any(name.endswith(".py") and name != "__init__.py" for name in names):
        return False
    return any(is_sql_migration(name) for name in names)


def read_sql_folder(folder: Path, sources: Sources) -> tuple[SqlMigration, ...]:
    """Return the migrations in the order in which their tool runs them.

    Raises SqlFolderError for a file that cannot be read and for a version that stands twice.
    """
    try:
        files = list(sources.files_in(folder))
        flyway = any(_FLYWAY.fullmatch(path.name) for path in files)
        paths = [
            path
            for path in files
            if is_sql_migration(path.name) or (flyway and _CALLBACK.fullmatch(path.name))
        ]
    except OSError as error:
        raise SqlFolderError(f"{folder}: cannot be read: {error.strerror}") from None
    found: dict[tuple[str, str], SqlMigration] = {}
    for path in paths:
        migration = read_sql_file(path, read_sql_text(path, sources), sources)
        key = (migration.framework, migration.id)
        found[key] = _joined(found[key], migration) if key in found else migration
    return tuple(sorted(found.values(), key=_order))


def is_sql_migration(name: str) -> bool:
    """Return whether a migration tool would take a file of that name for a migration."""
    return any(pattern.fullmatch(name) for pattern in (_FLYWAY, _PAIR, _NUMBERED))


def runs_again(path: str) -> bool:
    """Return whether Flyway runs the file whenever it migrates, or after each edit of it."""
    name = PurePath(path).name
    return name.startswith("R__") or _CALLBACK.fullmatch(name) is not None


def _joined(first: SqlMigration, second: SqlMigration) -> SqlMigration:
    """Return one migration of its up and its down file."""
    if (first.up and second.up) or (first.down and second.down):
        one, other = first.paths[0].name, second.paths[0].name
        raise SqlFolderError(
            f"{one} and {other} are both version {first.id}: give one of them another number"
        )
    return msgspec.structs.replace(first, up=first.up or second.up, down=first.down or second.down)


def _order(migration: SqlMigration) -> tuple[bool, list[int], str]:
    if migration.repeatable or migration.framework == "dbmate":  # dbmate sorts by name
        return migration.repeatable, [], migration.paths[0].name
    return False, _numbers(migration.id), migration.paths[0].name


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


# One file


def read_sql_file(path: Path, text: str, sources: Sources) -> SqlMigration:
    """Return one file with that text as a migration, whatever it is called."""
    if _CALLBACK.fullmatch(path.name):
        part = SqlPart(path=path, text=text, holes=_placeholders(text))
        return SqlMigration(id=path.stem, framework="flyway", up=part, repeatable=True)
    if flyway := _FLYWAY.fullmatch(path.name):
        return _read_flyway(path, text, flyway, sources)
    if pair := _PAIR.fullmatch(path.name):
        return _read_pair(path, text, pair)
    numbered = _NUMBERED.fullmatch(path.name)
    version = numbered["version"] if numbered else path.stem
    if _DBMATE.search(text):
        return _read_dbmate(path, text, version)
    if _GOOSE.search(text):
        return _read_goose(path, text, version)
    part = SqlPart(path=path, text=text, transactional=not _OUTSIDE.match(text))
    return SqlMigration(id=version, framework="numbered", up=part)


def read_sql_text(path: Path, sources: Sources) -> str:
    """Return the file's text; raise SqlFolderError where it cannot be read."""
    try:
        data = sources.read(path)
        if len(data) > MAX_BYTES:
            raise SqlFolderError(f"{path}: cannot be read: {too_long(len(data))}")
        text = data.decode("utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise SqlFolderError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SqlFolderError(f"{path}: not UTF-8 text: save it as UTF-8") from None


def _read_flyway(path: Path, text: str, name: re.Match[str], sources: Sources) -> SqlMigration:
    part = SqlPart(
        path=path,
        text=text,
        transactional=_flyway_transaction(path, text, sources),
        holes=_placeholders(text),
    )
    if name["kind"] is None:
        return SqlMigration(id=path.stem, framework="flyway", up=part, repeatable=True)
    version = ".".join(str(number) for number in _numbers(name["version"]))
    if name["kind"] == "B":  # a baseline: all of the history up to its version in one file
        return SqlMigration(id=f"{version} baseline", framework="flyway", up=part)
    undo = name["kind"] == "U"
    return SqlMigration(
        id=version,
        framework="flyway",
        up=None if undo else part,
        down=part if undo else None,
    )


def _flyway_transaction(path: Path, text: str, sources: Sources) -> bool:
    try:
        settings = sources.read(path.with_name(path.name + ".conf")).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        settings = ""
    if said := re.search(r"^\s*executeInTransaction\s*=\s*(true|false)\b", settings, re.M):
        return said[1] == "true"
    statements = [s for s in _COMMENT.sub(" ", text).split(";") if s.strip()]
    # It refuses a file that holds other statements as well.
    return not statements or not all(map(_FLYWAY_OUTSIDE.match, statements))


def _placeholders(text: str) -> tuple[Hole, ...]:
    return tuple(
        Hole(found.start(), found.end(), found[1]) for found in _PLACEHOLDER.finditer(text)
    )


def _read_pair(path: Path, text: str, name: re.Match[str]) -> SqlMigration:
    part = SqlPart(
        path=path, text=text, transactional=_has_several(text) and not _OUTSIDE.match(text)
    )
    down = name["direction"] == "down"
    return SqlMigration(
        id=name["version"],
        framework="golang-migrate",
        up=None if down else part,
        down=part if down else None,
    )


def _has_several(text: str) -> bool:
    from guard.sql.tokens import split  # most folders are not of this kind

    return sum(bool(tokens) for tokens in split(text, "postgresql")) > 1


def _read_dbmate(path: Path, text: str, version: str) -> SqlMigration:
    parts = {
        marker["direction"]: SqlPart(
            path=path,
            text=piece,
            start=start,
            line=_line(text, start),
            transactional=not re.search(r"\btransaction:false\b", marker["rest"]),
        )
        for marker, start, piece in _pieces(text, _DBMATE)
    }
    return SqlMigration(id=version, framework="dbmate", up=parts.get("up"), down=parts.get("down"))


def _read_goose(path: Path, text: str, version: str) -> SqlMigration:
    transactional = not _GOOSE_OUTSIDE.search(text)
    variables = bool(_GOOSE_VARIABLES.search(text))
    parts = {
        marker["direction"].lower(): SqlPart(
            path=path,
            text=piece,
            start=start,
            line=_line(text, start),
            transactional=transactional,
            holes=_placeholders(piece) if variables else (),
        )
        for marker, start, piece in _pieces(text, _GOOSE)
    }
    return SqlMigration(id=version, framework="goose", up=parts.get("up"), down=parts.get("down"))


def _pieces(text: str, marker: re.Pattern[str]) -> Iterable[tuple[re.Match[str], int, str]]:
    """Yield each marker, and the text from after it to the next one."""
    found = list(marker.finditer(text))
    ends = [following.start() for following in found[1:]] + [len(text)]
    for mark, end in zip(found, ends, strict=True):
        yield mark, mark.end(), text[mark.end() : end]


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
