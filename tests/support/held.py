"""Holds a replayed schema against what Alembic really made, part by part.

`guard schema`'s own SQL makes the replayed schema in a second, empty database, and both are asked
for what they hold: the server itself says whether two types, defaults or keys are the same.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from examples import project

from alembic import command
from guard.config import Config as Settings
from guard.project.settings import SettingsFiles
from guard.rule import Example
from guard.run.inspect import read_histories
from guard.run.scope import Request
from guard.schema import Schema
from guard.show.ddl import as_sql

URL = ('"sqlite://"', 'context.config.attributes["url"]')
_MADE = ('["url"]})', "[\"url\"]}, poolclass=__import__('sqlalchemy').pool.NullPool)")


def replayed(folder: Path, dialect: str, version: str | None = None) -> Schema:
    """Return the schema that the project's revisions make, as the reader has it."""
    settings = Settings(dialect=dialect, server_version=version)
    (history,) = read_histories(
        Request(start=folder, today=datetime.date(2026, 11, 1)),
        SettingsFiles.everywhere(settings, folder),
    )
    return history.schemas(None)[None]


def differences(bodies: tuple[str, ...], dialect: str, folder: Path, real: str, made: str) -> str:
    """Run a history at the URL `real`, and its replay at `made`; return what they differ in.

    The bodies are those of `upgrade()`, one revision each.
    """
    *released, last = bodies
    project(Example(released=tuple(released), upgrade=last, dialect=dialect), folder)
    environment = folder / "migrations" / "env.py"
    code = environment.read_text(encoding="utf-8").replace(*URL).replace(*_MADE)
    environment.write_text(code, encoding="utf-8")
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    config.attributes["url"] = real
    command.upgrade(config, "heads")
    schema = replayed(folder, dialect)
    before, after = set(_lines(real)), set(_lines(_play(as_sql(schema), made)))
    lines = [f"only there: {line}" for line in sorted(before - after)]
    return "\n".join(lines + [f"only read: {line}" for line in sorted(after - before)])


def _play(statements: str, url: str) -> str:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements.split(";\n"):
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            if any(lines):
                connection.exec_driver_sql("\n".join(lines).replace("%", "%%"))
    return url


def _lines(url: str) -> Iterator[str]:
    """Yield a line for each column, key, constraint and index that a database holds."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        seen = sa.inspect(connection)
        schemas: list[str | None] = [None]
        if connection.dialect.name == "postgresql":
            schemas = [s for s in seen.get_schema_names() if s != "information_schema"]
        for schema in schemas:
            for name in seen.get_table_names(schema):
                if name != "alembic_version":
                    yield from _table_lines(seen, name, schema, connection.dialect)


def _table_lines(
    seen: sa.Inspector, name: str, schema: str | None, dialect: sa.Dialect
) -> Iterator[str]:
    table = f"{schema}.{name}" if schema else name
    yield f"table {table}"
    for column in seen.get_columns(name, schema):
        kind = column["type"].compile(dialect=dialect)
        parts = [_affinity(kind) if dialect.name == "sqlite" else kind, "null" * column["nullable"]]
        said = {word: dict(column).get(word) for word in _WORDS}
        parts += [f"{word} {text}" for word, text in said.items() if text not in _UNSAID]
        yield _SEQUENCE.sub("nextval", f"column {table}.{column['name']} {' '.join(parts)}")
    key = seen.get_pk_constraint(name, schema)
    yield f"primary key {table} {key['constrained_columns']}"
    for unique in seen.get_unique_constraints(name, schema):
        yield f"unique {table} {unique['name']} {unique['column_names']}"
    for check in seen.get_check_constraints(name, schema):
        yield f"check {table} {check['name']} {check['sqltext']}"
    for index in seen.get_indexes(name, schema):
        kind = "unique index" if index["unique"] else "index"
        yield f"{kind} {table} {index['name']} {index['column_names']} {index.get('expressions')}"
    for one in seen.get_foreign_keys(name, schema):
        parent = f"{one['referred_table']} {one['referred_columns']} {one['options']}"
        yield f"foreign key {table} {one['name']} {one['constrained_columns']} {parent}"


def _affinity(kind: str) -> str:
    """Return what SQLite makes of a type: https://sqlite.org/datatype3.html#determination_of_column_affinity."""
    return next((affinity for words, affinity in _AFFINITIES if re.search(words, kind)), "numeric")


_AFFINITIES = (
    ("INT", "integer"), ("CHAR|CLOB|TEXT", "text"), ("BLOB|^$", "blob"),
    ("REAL|FLOA|DOUB", "real"),
)  # fmt: skip
_SEQUENCE = re.compile(r"nextval\(.*?\)")  # which keeps its name when its table gets another
_WORDS = ("default", "computed", "identity", "autoincrement")
_UNSAID = (None, False, "auto")
