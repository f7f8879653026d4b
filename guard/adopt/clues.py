"""Which database server a project says that it runs on: images, URLs, drivers, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from guard.paths import read_text, relative

# The last part of an image's name.
_IMAGES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "timescaledb": "postgresql",
    "timescaledb-ha": "postgresql",
    "mysql": "mysql",
    "mysql-server": "mysql",
    "percona": "mysql",
    "percona-server": "mysql",
    "mariadb": "mariadb",
}
_SCHEMES = {"postgres": "postgresql"}  # others are called as their dialect
_DRIVERS = {
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mysql-connector-python": "mysql",
    "mysqlclient": "mysql",
    "pymysql": "mysql",
    "aiosqlite": "sqlite",
}
_SERVER_FILES = (
    "compose*.y*ml",
    "docker-compose*.y*ml",
    "*/compose*.y*ml",
    "*/docker-compose*.y*ml",
    ".devcontainer/*.y*ml",
    "Dockerfile*",
    "*/Dockerfile*",
    ".github/workflows/*.y*ml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
)
_URL_FILES = (
    ".env.example", ".env.sample", ".env.template", ".env.dist", "*.env.example", "env.example",
    "*/.env.example",
)  # fmt: skip
_DRIVER_FILES = (
    "pyproject.toml",
    "requirements*.txt",
    "requirements/*.txt",
    "setup.cfg",
    "Pipfile",
)

_IMAGE = re.compile(
    r"""(?:\bimage\s*:|^\s*FROM\s|^\s*-\s*(?:name\s*:)?|^\s*services\s*:.*?\bname\s*:)\s*["']?
    (?:[\w.-]+:\d+/)?(?P<image>[\w./-]+)(?::(?P<tag>[^\s"'\#,\]]+))?""",
    re.VERBOSE,
)
_DEFAULT = re.compile(r"\$\{\w+:?-([^}]*)\}")  # of a variable
_URL = re.compile(r"(?<![\w.+-])(postgres|postgresql|mysql|mariadb|sqlite)(?:\+\w+)?://")
_VERSION = re.compile(r"^\s*(POSTGRES|POSTGRESQL|MYSQL|MARIADB)_VERSION\s*[:=]\s*[\"']?(\d[\d.]*)")
_IMPORTED = re.compile(r"\bsqlalchemy\.dialects(?:\.|\s+import\s+)(postgresql|mysql|sqlite)\b")
_REQUIRED = re.compile(r"""^\s*["']?([A-Za-z][\w.-]*)(?=[\s\[<>=~!;"',@]|$)""")


class Clue(msgspec.Struct, frozen=True):
    """A dialect that a line of a file tells, with the server's version if it tells that too."""

    dialect: str
    where: str
    version: str | None = None


class Server(msgspec.Struct, frozen=True):
    """What the clues come to: unset where they tell nothing, or contradict each other.

    `said_by` and `version_said_by` are places; `notes` are sentences for the user.
    """

    dialect: str | None = None
    said_by: str = ""
    version: str | None = None
    version_said_by: str = ""
    notes: tuple[str, ...] = ()


def find_server(
    folders: Sequence[Path], configs: Sequence[Path], revisions: Sequence[Path], root: Path
) -> Server:
    """Return the server that the files in these folders tell; `configs` are Alembic's.

    Images and URLs count more than drivers, and SQLite beside another one is for the tests. Of
    several versions the oldest is taken: what is safe there is safe on all. What the folders of
    `revisions` import is only told: it may be for one server of several.
    """
    files = {path: None for folder in folders for path in _files(folder, _SERVER_FILES)}
    urls = {path: None for folder in folders for path in _files(folder, _URL_FILES)}
    clues = [clue for path in files for clue in _images(path, root)]
    clues += [clue for path in (*configs, *urls) for clue in _urls(path, root)]
    if not clues:
        drivers = {path: None for folder in folders for path in _files(folder, _DRIVER_FILES)}
        clues = [clue for path in drivers for clue in _required(path, root)]
    return _decide(clues) if clues else _perhaps(revisions, root)


def _decide(clues: Sequence[Clue]) -> Server:
    by_dialect: dict[str, list[Clue]] = {}
    for clue in clues:
        by_dialect.setdefault(clue.dialect, []).append(clue)
    if len(by_dialect) > 1:
        by_dialect.pop("sqlite", None)
    if len(by_dialect) != 1:
        places = (f"{dialect} ({said[0].where})" for dialect, said in by_dialect.items())
        several = f"several servers are named, {' and '.join(places)}: set the dialect by hand"
        return Server(notes=(several,) if by_dialect else ())
    (dialect, said), *_ = by_dialect.items()
    versions = sorted((tuple(map(int, one.version.split("."))), one) for one in said if one.version)
    if not versions:
        return Server(dialect=dialect, said_by=said[0].where)
    oldest, newest = versions[0][1], versions[-1][1]
    differ = f"versions differ: {oldest.version} ({oldest.where}) was taken, the oldest; there is "
    differ += f"also {newest.version} ({newest.where})"
    return Server(
        dialect=dialect,
        said_by=oldest.where,
        version=oldest.version,
        version_said_by=oldest.where,
        notes=(differ,) if oldest.version != newest.version else (),
    )


def _files(folder: Path, globs: Sequence[str]) -> Iterator[Path]:
    for glob in globs:
        for path in sorted(folder.glob(glob)):
            if path.is_file() and not {".venv", "venv", "node_modules"} & {*path.parts}:
                yield path


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comments, by number; none of a file that cannot be read."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(("#", ";")):
            yield number, line


def _images(path: Path, root: Path) -> Iterator[Clue]:
    for number, line in _lines(path):
        where = f"{relative(path, root)}:{number}"
        for found in _IMAGE.finditer(_DEFAULT.sub(r"\1", line)):
            dialect = _IMAGES.get(found["image"].rpartition("/")[2])
            if dialect:
                yield Clue(dialect, where, _version(dialect, found["tag"] or ""))
        yield from _named_version(line, where)


def _urls(path: Path, root: Path) -> Iterator[Clue]:
    for number, line in _lines(path):
        where = f"{relative(path, root)}:{number}"
        for found in _URL.finditer(line):
            yield Clue(_SCHEMES.get(found[1], found[1]), where)
        yield from _named_version(line, where)


def _named_version(line: str, where: str) -> Iterator[Clue]:
    if named := _VERSION.match(line):
        dialect = named[1].lower().replace("postgresql", "postgres")
        dialect = _SCHEMES.get(dialect, dialect)
        yield Clue(dialect, where, _version(dialect, named[2]))


def _required(path: Path, root: Path) -> Iterator[Clue]:
    for number, line in _lines(path):
        name = _REQUIRED.match(line)
        dialect = _DRIVERS.get(name[1].lower().replace("_", "-")) if name else None
        if dialect:
            yield Clue(dialect, f"{relative(path, root)}:{number}")


def _perhaps(revisions: Sequence[Path], root: Path) -> Server:
    files = (path for folder in revisions for path in sorted(folder.rglob("*.py")))
    found = {clue.dialect: clue for path in files for clue in _imported(path, root)}
    if len(found) != 1:
        return Server()
    (clue,) = found.values()
    return Server(
        notes=(f"{clue.where} imports {clue.dialect}: set the dialect if it is that one",)
    )


def _imported(path: Path, root: Path) -> Iterator[Clue]:
    for number, line in _lines(path):
        for found in _IMPORTED.finditer(line):
            yield Clue(found[1], f"{relative(path, root)}:{number}")


def _version(dialect: str, tag: str) -> str | None:
    """The version of a tag such as 15.3-alpine or 0.7-pg16, as far as releases differ by it."""
    found = re.search(r"pg(\d+)", tag) if dialect == "postgresql" else None
    found = found or re.match(r"v?(\d+(?:\.\d+)?)", tag)
    if not found:
        return None
    return found[1].partition(".")[0] if dialect == "postgresql" else found[1]
