"""The files that the source rules read: which they are, and what stands in them.

They are those that the configuration names, what Alembic uses, and of the files that the change
brings those that touch a database, or call the project's code from coroutines.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from guard.config import Config
from guard.facts import BuiltSql, DatabaseLiteral, Fact, UnreadableSource
from guard.paths import MAX_BYTES, relative, too_long
from guard.project.environments import SKIPPED, Environment
from guard.project.settings import Settings, SettingsFiles
from guard.python_source import PythonSource, SourceError
from guard.reader import read_source
from guard.reader.modules import Module, Resolver
from guard.source.code import CodeFacts, read_code
from guard.source.database_literals import find_in_ini, find_in_python, is_test
from guard.source.event_loop import EventLoop, Waits
from guard.source.overridden_url import URL
from guard.statement import Span

_SUFFIXES = {".py", ".ini"}
_USUAL = Config().source
_LIBRARIES = (
    "sqlalchemy|sqlalchemy_utils|sqlmodel|flask_sqlalchemy|flask_migrate|alembic|databases|geoalchemy2"
    "|advanced_alchemy|ormar|gino|records|dataset|peewee|sqlite3|aiosqlite|apsw|duckdb|psycopg2?"
    "|psycopg_pool|asyncpg|aiopg|pg8000|MySQLdb|pymysql|mysql|aiomysql|asyncmy|mariadb|oracledb"
    "|cx_Oracle|pyodbc|aioodbc|pymssql"
)
_IMPORTS = re.compile(rf"(from|import)[ \t]+([\w., \t]*,[ \t]*)?({_LIBRARIES})\b".encode())
_URL = re.compile(rb"\b(sqlite|postgres(ql)?|mysql|mariadb|oracle|mssql|cockroachdb)(\+\w+)?://")
_MODULE = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\.|[A-Za-z_]\w*)", re.M)
_EXECUTES = re.compile(
    rb"\.(execute(many|script)?|exec_driver_sql|read_sql\w*|fetch(row|val|_all|_one|_val)?)\s*\("
)
_DROPS = re.compile(rb"\.(drop_all\b|__table__\.(drop|delete)\b|query\([\w.]+\)\.delete\b)")
_SQL = re.compile(
    rb"\b(select\s.*\sfrom|insert\s+into|update\s.*\sset|delete\s+from"
    rb"|(drop|alter|create)\s+(table|index|view|schema|database)|truncate\s+\w+)\b",
    re.I | re.S,
)


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says about databases, SQL and models, or why it cannot be read."""

    literals: tuple[DatabaseLiteral, ...] = ()
    built: tuple[BuiltSql, ...] = ()
    code: CodeFacts = CodeFacts()
    waits: Waits = Waits()
    unreadable: UnreadableSource | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of it, for the rules to judge."""
        unreadable = (self.unreadable,) if self.unreadable else ()
        return (
            *self.literals,
            *self.built,
            *self.code.all,
            *self.waits.calls,
            *self.waits.lazy,
            *unreadable,
        )

    def without_told(self, paths: Container[str]) -> SourceFile:
        """The file without the SQL that one of the paths writes and executes: it is told there."""
        built = tuple(one for one in self.built if one.elsewhere not in paths)
        return msgspec.structs.replace(self, built=built) if built != self.built else self

    @property
    def without_urls(self) -> SourceFile:
        """The file with its unused settings of a URL left out; a password stays one."""
        kept = (one for one in self.literals if one.has_password or not one.where.endswith(URL))
        return msgspec.structs.replace(self, literals=tuple(kept))


def touches_database(data: bytes) -> bool:
    """Return whether a Python file has to do with a database, at a cheap look."""
    if b"://" in data and _URL.search(data):
        return True
    lines = (line.lstrip(b" \t") for line in data.splitlines())
    if any(_IMPORTS.match(line) for line in lines if line.startswith((b"from", b"import"))):
        return True
    return bool(_DROPS.search(data) or (_EXECUTES.search(data) and _SQL.search(data)))


def calls_from_coroutines(path: Path, root: Path, data: bytes) -> bool:
    """Return whether a file has coroutines and imports the project's code, at a cheap look."""
    if b"async def" not in data:
        return False
    tops = {match[1].decode() for match in _MODULE.finditer(data)} - sys.stdlib_module_names
    folders = [folder for folder in path.parents if folder.is_relative_to(root)]
    return "." in tops or any(
        (folder / top).is_dir() or (folder / f"{top}.py").is_file()
        for top in tops
        for folder in (*folders, root / "src")
    )


def files_below(root: Path) -> Iterator[Path]:
    """Yield what lies in no hidden or built folder."""
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in SKIPPED
            and not name.startswith(".")
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        yield from (Path(folder) / name for name in names)


def is_source(path: Path, root: Path) -> bool:
    """Return whether the source rules can read such a file, and it belongs to the project."""
    return path.suffix in _SUFFIXES and path.is_relative_to(root)


def select_sources(
    paths: Iterable[tuple[Path, Settings]],
    root: Path,
    files: SettingsFiles,
    environments: Sequence[Environment],
    chosen: Callable[[Path], bool],
) -> Iterator[Path]:
    """Yield those of the absolute paths that the source rules read, by the settings of each.

    They are the files around the database (models, settings, env.py, alembic.ini), and what is
    `chosen`. Tests are left out, unless the configuration says what to read.
    """
    always = {environment.config_path for environment in environments}
    always |= {environment.script_location / "env.py" for environment in environments}
    always |= {path.with_name("alembic.ini") for path in always if path}  # beside a pyproject.toml
    for path, settings in paths:
        source = settings.config.source
        around = (
            path.suffix == ".py"
            and files.match(settings, source, path)
            and (source != _USUAL or not is_test(relative(path, root)))
        )
        if path in always or around or chosen(path):
            yield path


def read_source_file(
    path: Path, source: PythonSource, resolver: Resolver, loop: EventLoop
) -> SourceFile:
    """Return what the file says about databases and SQL."""
    if len(source.data) > MAX_BYTES:
        return unreadable(source.path, too_long(len(source.data)))
    try:
        if path.suffix != ".py":
            return SourceFile(literals=find_in_ini(source.path, source.text))
        module = Module(source, path)
        return SourceFile(
            literals=find_in_python(source),
            built=read_source(module, resolver),
            code=read_code(module, resolver),
            waits=Waits() if is_test(source.path) else loop.waits(module),
        )
    except SourceError as error:
        return unreadable(source.path, str(error), error.line or 1, error.needs)


def unreadable(shown: str, detail: str, line: int = 1, needs: str = "") -> SourceFile:
    """Return a file that says nothing; `detail` begins with "it"."""
    fact = UnreadableSource(span=Span(shown, line), detail=detail, needs=needs)
    return SourceFile(unreadable=fact)
