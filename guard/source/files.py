"""Which files the source rules read.

They are those that the configuration names, what Alembic uses, and of the files that the change
brings those that touch a database, or call the project's code from coroutines.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from guard.config import Config
from guard.paths import relative
from guard.patterns import lazy_re
from guard.project.environments import SKIPPED, Environment
from guard.project.settings import Settings, SettingsFiles
from guard.source.database_literals import is_test

_SUFFIXES = {".py", ".ini"}
_USUAL = Config().source
_LIBRARIES = (
    "sqlalchemy|sqlalchemy_utils|sqlmodel|flask_sqlalchemy|flask_migrate|alembic|databases|geoalchemy2"
    "|advanced_alchemy|ormar|gino|records|dataset|peewee|sqlite3|aiosqlite|apsw|duckdb|psycopg2?"
    "|psycopg_pool|asyncpg|aiopg|pg8000|MySQLdb|pymysql|mysql|aiomysql|asyncmy|mariadb|oracledb"
    "|cx_Oracle|pyodbc|aioodbc|pymssql"
)
_IMPORTS = lazy_re(rf"(from|import)[ \t]+([\w., \t]*,[ \t]*)?({_LIBRARIES})\b".encode())
_URL = lazy_re(rb"\b(sqlite|postgres(ql)?|mysql|mariadb|oracle|mssql|cockroachdb)(\+\w+)?://")
_MODULE = lazy_re(rb"^[ \t]*(?:from|import)[ \t]+(\.|[A-Za-z_]\w*)", re.M)
_EXECUTES = lazy_re(
    rb"\.(execute(many|script)?|exec_driver_sql|read_sql\w*|fetch(row|val|_all|_one|_val)?)\s*\("
)
_DROPS = lazy_re(rb"\.(drop_all\b|__table__\.(drop|delete)\b|query\([\w.]+\)\.delete\b)")
_SQL = lazy_re(
    rb"\b(select\s.*\sfrom|insert\s+into|update\s.*\sset|delete\s+from"
    rb"|(drop|alter|create)\s+(table|index|view|schema|database)|truncate\s+\w+)\b",
    re.I | re.S,
)


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
        if path in always or chosen(path) or _is_around(path, settings, root, files):
            yield path


def _is_around(path: Path, settings: Settings, root: Path, files: SettingsFiles) -> bool:
    """Return whether the file is read by its place, whatever it holds."""
    source = settings.config.source
    return (
        path.suffix == ".py"
        and files.match(settings, source, path)
        and (source != _USUAL or not is_test(relative(path, root)))
    )
