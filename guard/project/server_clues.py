"""What the files of a project say of its database server: images, drivers, and its revisions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from guard.paths import matches, read_text, relative
from guard.patterns import lazy_re
from guard.project.requirements import requirements_in

Kind = Literal["url", "image", "driver", "revision", "asked"]
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
    "cockroach": "cockroachdb",
}
_EXTENSIONS = ("pgvector", "timescaledb", "timescaledb-ha")  # their tags tell their own version
# Also those for which guard has no rules: a project that needs them may be for none that it knows.
_DRIVERS = {
    "aiopg": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "psycopg": "postgresql",
    "psycopg-binary": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "psycopg2cffi": "postgresql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mysql-connector-python": "mysql",
    "mysqlclient": "mysql",
    "pymysql": "mysql",
    "mariadb": "mariadb",
    "aiosqlite": "sqlite",
    "clickhouse-sqlalchemy": "clickhouse",
    "cx-oracle": "oracle",
    "duckdb-engine": "duckdb",
    "oracledb": "oracle",
    "pymssql": "mssql",
    "aioodbc": "mssql",
    "pyodbc": "mssql",
    "snowflake-sqlalchemy": "snowflake",
    "sqlalchemy-cockroachdb": "cockroachdb",
    "sqlalchemy-redshift": "redshift",
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
_SKIPPED = {".git", ".tox", ".venv", "node_modules", "venv"}

NOT_SQLITE = "not sqlite"
_IMAGE = lazy_re(
    r"""(?:\bimage\s*:|^\s*FROM\s|^\s*-\s*(?:name\s*:)?|^\s*services\s*:.*?\bname\s*:)\s*["']?
    (?:[\w.-]+:\d+/)?(?P<image>[\w./-]+)(?::(?P<tag>[^\s"'\#,\]]+))?""",
    re.VERBOSE,
)
_DEFAULT = lazy_re(r"\$\{\w+:?-([^}]*)\}")  # of a variable
IN_MEMORY = lazy_re(r"sqlite(?:\+\w+)?://(?:/?:memory:.*|/?)$")
# Of URLs, also those of servers for which guard has no rules.
SCHEMES = "postgres|postgresql|mysql|mariadb|sqlite|mssql|oracle|cockroachdb"
_URL = lazy_re(rf"(?<![\w.+-])({SCHEMES})(?:\+\w+)?://")
_VERSION = lazy_re(r"^\s*(POSTGRES|POSTGRESQL|MYSQL|MARIADB)_VERSION\s*[:=]\s*[\"']?(\d[\d.]*)")

# What only one server has, as it stands in a revision: types, options, statements.
_ONLY = {
    "postgresql": (
        r"\bpostgresql\.[A-Z]\w+",
        r"(?<![\w.])postgresql_\w+=(?=[^=\s])",
        r"\bJSONB\b",
        r"\bCREATE EXTENSION\b",
        r"\bINDEX CONCURRENTLY\b",
        r"\b(?:BIG)?SERIAL\b",
        r"\bplpgsql\b",
    ),
    "mysql": (
        r"\bmysql\.[A-Z]\w+",
        r"(?<![\w.])mysql_\w+=(?=[^=\s])",
        r"\bENGINE *= *InnoDB\b",
        r"\bAUTO_INCREMENT\b",
    ),
    "mariadb": (r"(?<![\w.])mariadb_\w+=(?=[^=\s])",),
    "sqlite": (r"(?<![\w.])sqlite_\w+=(?=[^=\s])", r"\bAUTOINCREMENT\b", r"\bPRAGMA\b"),
}
_NAMED = r"(?:dialect|backend|drivername)\w*.{0,40}[\"'](postgresql|mysql|mariadb|sqlite)[\"']"
_HISTORY = lazy_re(
    "|".join(f"(?P<{name}>{'|'.join(words)})" for name, words in _ONLY.items()) + f"|(?:{_NAMED})"
)
# One of these stands in whatever that finds: looking for words alone is ten times as fast.
_WORDS = (
    "postgresql", "mysql", "mariadb", "sqlite", "JSONB", "CREATE EXTENSION", "CONCURRENTLY",
    "SERIAL", "plpgsql", "InnoDB", "INCREMENT", "PRAGMA",
)  # fmt: skip
# What SQLite cannot do but by copying the table, as a batch does.
_NOT_ON_SQLITE = lazy_re(
    r"\bop\.(?:alter_column|create_(?:foreign_key|unique_constraint|check_constraint|primary_key)"
    r"|drop_constraint)\("
)


class Clue(msgspec.Struct, frozen=True):
    """A dialect that a line of a file tells, with the server's version if it tells that too.

    `said` goes on from the place: it "requires asyncpg". The dialect may be one that guard does not
    know. A revision tells what it is written for, a driver what the project can speak to, and code
    that has "asked" for a server only that there may be one. `driver` is the one that it names.
    """

    kind: Kind
    dialect: str
    where: str
    said: str
    version: str | None = None
    driver: str | None = None


def clues_in(folder: Path, root: Path) -> Iterator[Clue]:
    """Yield what the files for containers, CI and variables in a folder tell, and what it requires.

    Places are relative to `root`.
    """
    names = _names(folder)
    for path in _matching(folder, names, _SERVER_FILES):
        yield from _images(path, root)
    for path in _matching(folder, names, _URL_FILES):
        for number, line in lines_of(path):
            where = f"{relative(path, root)}:{number}"
            yield from urls_in(line, where)
            yield from _named_version(line, where)
    for required in requirements_in(folder):
        dialect = _DRIVERS.get(required.package)
        if dialect:
            place = _place_of(required.file, required.package, root)
            yield Clue(
                "driver", dialect, place, f"requires {required.package}", driver=required.package
            )


def urls_in(text: str, where: str) -> Iterator[Clue]:
    """Yield the dialects of the database URLs in a text; one in memory is none."""
    for found in _URL.finditer(text):
        if not IN_MEMORY.match(text[found.start() :].strip()):
            said, driver = f"has a URL {found[0]}", driver_of(found[0])
            yield Clue("url", dialect_of(found[1]), where, said, driver=driver)


def dialect_of(scheme: str) -> str:
    """Return the dialect of a URL's scheme, without its driver."""
    return "postgresql" if scheme == "postgres" else scheme


def driver_of(url: str) -> str | None:
    """Return the driver that a URL names behind its dialect; None: it names none."""
    return url.partition("://")[0].partition("+")[2] or None


def clues_in_revisions(paths: Iterable[Path], root: Path) -> Iterator[Clue]:
    """Yield what revisions have that only one server understands, or ask about by its name.

    A file tells each dialect once. Where several alter tables in ways that SQLite lacks, they are
    not for SQLite, which is told as the dialect "not sqlite".
    """
    altering: list[Clue] = []
    for path in paths:
        try:
            text = read_text(path)
        except (OSError, UnicodeDecodeError):
            continue
        told: dict[str, Clue] = {}
        for found in _HISTORY.finditer(text) if any(word in text for word in _WORDS) else ():
            asked = found[found.lastindex or 0]
            word = found[0].rstrip(" =")
            kind: Kind = "revision" if found.lastgroup else "asked"
            said = f"uses {word}" if found.lastgroup else f"asks for {asked}"
            dialect = found.lastgroup or asked
            clue = _clue(kind, dialect, path, text, found.start(), said, root)
            told.setdefault(f"{kind} {dialect}", clue)
        yield from told.values()
        alters = None if "asked sqlite" in told else _NOT_ON_SQLITE.search(text)
        if alters:
            said = f"uses {alters[0].removesuffix('(')}"
            altering.append(_clue("revision", NOT_SQLITE, path, text, alters.start(), said, root))
    if len(altering) > 1:  # one may be the mistake that guard is to find
        yield altering[0]


def _clue(kind: Kind, dialect: str, path: Path, text: str, at: int, said: str, root: Path) -> Clue:
    line = text.count("\n", 0, at) + 1
    return Clue(kind, dialect, f"{relative(path, root)}:{line}", said)


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comments, by number; none of a file that cannot be read."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(("#", ";")):
            yield number, line


def _names(folder: Path) -> list[str]:
    """The files of the folder and of those in it, relative to it."""
    names: list[str] = []
    for place in ("", *(name for name in _folders(folder) if name not in _SKIPPED)):
        try:
            with os.scandir(folder / place) as entries:
                names += (f"{place}/{e.name}" if place else e.name for e in entries if e.is_file())
        except OSError:
            continue
    return sorted(names)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [*(entry.name for entry in entries if entry.is_dir()), ".github/workflows"]
    except OSError:
        return []


def _matching(folder: Path, names: Sequence[str], globs: Sequence[str]) -> Iterator[Path]:
    for glob in globs:
        for name in names:
            if name.count("/") == glob.count("/") and matches(name, glob):
                yield folder / name


def _images(path: Path, root: Path) -> Iterator[Clue]:
    for number, line in lines_of(path):
        where = f"{relative(path, root)}:{number}"
        for found in _IMAGE.finditer(_DEFAULT.sub(r"\1", line)):
            name, tag = found["image"].rpartition("/")[2], found["tag"] or ""
            dialect = _IMAGES.get(name)
            if dialect:
                said = f"names the image {name}:{tag}" if tag else f"names the image {name}"
                yield Clue("image", dialect, where, said, _version(name, dialect, tag))
        yield from _named_version(line, where)


def _named_version(line: str, where: str) -> Iterator[Clue]:
    if named := _VERSION.match(line):
        name = named[1].lower()
        dialect = dialect_of(name)
        version = _version(name, dialect, named[2])
        yield Clue("image", dialect, where, f"sets {named[1]}_VERSION", version)


def _place_of(file: Path, package: str, root: Path) -> str:
    """The file, and the line where it names the package, as far as that is to be seen."""
    name = re.compile(rf"(?<![\w.-]){package.replace('-', '[-_.]+')}(?![\w-]|\.\w)", re.IGNORECASE)
    number = next((number for number, line in lines_of(file) if name.search(line)), None)
    return f"{relative(file, root)}:{number}" if number else relative(file, root)


def _version(image: str, dialect: str, tag: str) -> str | None:
    """The version of a tag such as 15.3-alpine or 0.7-pg16, as far as releases differ by it."""
    found = re.search(r"pg(\d+)", tag) if dialect == "postgresql" else None
    if found is None and image not in _EXTENSIONS:
        found = re.match(r"v?(\d+(?:\.\d+)?)", tag)
    if not found:
        return None
    return found[1].partition(".")[0] if dialect == "postgresql" else found[1]
