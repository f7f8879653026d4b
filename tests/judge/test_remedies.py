"""What to do about it, in the language of the file that it stands in."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from examples import judge

from guard.config import parse_config
from guard.project.settings import SettingsFiles
from guard.rule import Example
from guard.run.check import run
from guard.run.scope import Request

PYTHON = (
    *("op.", "batch_op", "nullable=", "server_default", "downgrade()", "upgrade()", "# guard"),
    *("env.py", "context.configure"),
)


def remedies(folder: Path, sql: str, dialect: str) -> dict[str, str]:
    """Return what is said of a second file of SQL and what to do about it, by rule."""
    versions = folder / "db" / "migrations"
    versions.mkdir(parents=True)
    (versions / "V1__t.sql").write_text(
        "CREATE TABLE t (id int, a text);\nCREATE TABLE u (id int);\n"
    )
    (versions / "V2__next.sql").write_text(sql + "\n")
    request = Request(
        start=folder,
        paths=(versions / "V2__next.sql",),
        statements=True,
        today=datetime.date(2026, 11, 1),
    )
    settings = SettingsFiles.everywhere(parse_config({"dialect": dialect}, folder), folder)
    found = run(request, settings).report.open
    return {f.rule: f"{f.message} {f.remedy}" for f in found}


@pytest.mark.parametrize(
    ("sql", "dialect", "rule", "help_"),
    [
        ("ALTER TABLE t ADD COLUMN b int NOT NULL;", "postgresql", "add-required-column", "Add it without NOT NULL (or with a DEFAULT), fill it,"),
        ("ALTER TABLE t ADD COLUMN b int NOT NULL;", "mysql", "add-required-column", "ALTER TABLE t MODIFY COLUMN b integer NOT NULL;"),
        ("ALTER TABLE t ADD COLUMN b int NOT NULL;", "sqlite", "add-required-column", "SQLite makes it NOT NULL only in a table that is made anew"),
        ("UPDATE t SET a = 'x';", "postgresql", "update-without-where", "say so: -- guard: ignore[update-without-where]"),
        ("UPDATE t SET a = a;", "postgresql", "update-without-where", "say so: -- guard: ignore[update-without-where]"),
        ("DO $$ BEGIN EXECUTE x; END $$;", "postgresql", "opaque-sql", "(plain SQL), or check it by hand and add: -- guard: ignore[opaque-sql]"),
        ("ALTER TABLE t ALTER a TYPE int USING a::int;", "postgresql", "change-column-type", "ALTER TABLE t ADD COLUMN a_new integer;"),
        ("ALTER TABLE t ADD b int; ALTER TABLE u ADD b int;", "postgresql", "lock-many-tables", "or a migration of its own"),
        ("ALTER TABLE t ADD b int;", "postgresql", "lock-timeout", "for the role or the connection that runs the migrations"),
        ("DROP TABLE t;", "postgresql", "drop-table", "guard approve"),
        ("ALTER TABLE t DROP COLUMN a;", "sqlite", "drop-column", "guard approve"),
        ("CREATE TABLE n AS SELECT * FROM t; DROP TABLE t;", "sqlite", "drop-table", "the downgrade does not bring them back"),
        ("DELETE FROM t;", "mysql", "delete-without-where", "guard approve"),
        ("TRUNCATE t;", "postgresql", "truncate", "guard approve"),
        ("ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (id) INCLUDE (a);", "postgresql", "add-unique-constraint", "CREATE UNIQUE INDEX CONCURRENTLY u ON t (id) INCLUDE (a) NULLS NOT DISTINCT;"),
    ],
)  # fmt: skip
def test_a_file_of_sql_is_helped_in_sql(
    sql: str, dialect: str, rule: str, help_: str, tmp_path: Path
) -> None:
    said = remedies(tmp_path, sql, dialect)
    assert help_ in said[rule]
    assert [word for word in PYTHON for words in said.values() if word in words] == []


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("alembic", 'config.set_main_option("sqlalchemy.url", '),
        ("klines", 'config.set_section_option("klines", "sqlalchemy.url", '),
    ],
)
def test_an_ini_is_helped_for_its_section(section: str, code: str, tmp_path: Path) -> None:
    url = "sqlalchemy.url = sqlite:///data.db\n"
    ini = f"[{section}]\nscript_location = migrations\n{url}"
    found = judge(Example(source=ini, path="alembic.ini"), tmp_path)
    (finding,) = (f for f in found if f.rule == "hardcoded-database")
    assert f"\nimport os\n{code}" in finding.remedy
