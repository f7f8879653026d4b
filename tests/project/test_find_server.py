"""Which server a project is for, told by its files alone: small projects, and what they come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import PROJECT, STEP, VERSIONS, Content, chain, guard, write

from guard.project.environments import find_environments
from guard.project.find_server import ServerFinder

INI = "[alembic]\nscript_location = %(here)s/migrations\n"
ENV = "migrations/env.py"
BARE: dict[str, Content] = {**PROJECT, "alembic.ini": INI, ENV: "", ".git/HEAD": ""}
Files = Mapping[str, Content]


def requires(*packages: str) -> dict[str, Content]:
    return {"pyproject.toml": f"[project]\nname = 'shop'\ndependencies = {list(packages)}\n"}


def image(*names: str) -> dict[str, Content]:
    services = "".join(f"  s{n}:\n    image: {name}\n" for n, name in enumerate(names))
    return {"compose.yaml": f"services:\n{services}"}


def env(text: str, **modules: str) -> dict[str, Content]:
    """An env.py, and modules of the project: `app__db` is app/db.py."""
    named = {f"{name.replace('__', '/')}.py": body for name, body in modules.items()}
    return {ENV: text, "app/__init__.py": "", **named}


def url(text: str) -> dict[str, Content]:
    return {"alembic.ini": f"{INI}sqlalchemy.url = {text}\n"}


def history(*bodies: str) -> dict[str, Content]:
    return {f"{VERSIONS}/r{n}.py": body for n, body in enumerate(bodies)}


ALTERS = "op.alter_column('t', 'a', nullable=False)"
JSONB = "sa.Column('a', postgresql.JSONB())"
UNKNOWN = ""

TOLD: dict[str, tuple[Files, str]] = {
    "nothing": ({}, UNKNOWN),
    # The URL
    "a URL in alembic.ini": (
        url("postgresql+psycopg://x/y"),
        "PostgreSQL, since alembic.ini:3 has a URL postgresql+psycopg://",
    ),
    "one of another section": (
        {"alembic.ini": f"{INI}[other]\nsqlalchemy.url = mysql://x/y\n"},
        UNKNOWN,
    ),
    "mariadb": (url("mariadb+pymysql://x/y"), "MariaDB, since alembic.ini:3 has a URL mariadb+pymysql://"),
    "the scheme of Heroku": (
        env('url = os.environ["U"].replace("postgres://", "postgresql://", 1)'),
        "PostgreSQL, since migrations/env.py:1 has a URL postgres://",
    ),
    "a URL in env.py": (
        env('url = f"mysql+aiomysql://{user}@{host}/x"'),
        "MySQL, since migrations/env.py:1 has a URL mysql+aiomysql://",
    ),
    "a driver's name in env.py": (
        env('URL.create(drivername="postgresql+asyncpg", host=host)'),
        "PostgreSQL, since migrations/env.py:1 has a URL postgresql+asyncpg",
    ),
    "settings that env.py imports": (
        env("from app.config import settings", app__config="\ndb: PostgresDsn"),
        "PostgreSQL, since app/config.py:2 has a PostgresDsn",
    ),
    "settings of settings": (
        env(
            "from app import db",
            app__db="from .core import (\n    url,\n)",
            app__core='url = "mysql://x/y"',
        ),
        "MySQL, since app/core.py:1 has a URL mysql://",
    ),
    "settings that nobody imports": (env("", app__config='u = "mysql://x/y"'), UNKNOWN),
    "a docstring": (env('"""Set it to postgresql://x/y."""'), UNKNOWN),
    "a comment": (env('# url = "postgresql://x/y"'), UNKNOWN),
    "a database in memory": (env('url = "sqlite://"\nother = "sqlite:///:memory:"'), UNKNOWN),
    "a URL that is asked for": (env('if url.startswith("sqlite://"): ...'), UNKNOWN),
    "SQLite": (
        env('url = os.getenv("U", "sqlite:///app.db")'),
        "SQLite, since migrations/env.py:1 has a URL sqlite://",
    ),
    "a server that guard does not know": (url("mssql+pyodbc://x/y"), UNKNOWN),
    # Drivers
    "a driver": (requires("asyncpg>=0.29"), "PostgreSQL, since pyproject.toml:3 requires asyncpg"),
    "one of a group": (
        {"pyproject.toml": "[project.optional-dependencies]\ndb = [\n  'PyMySQL[rsa]',\n]\n"},
        "MySQL, since pyproject.toml:3 requires pymysql",
    ),
    "one of poetry": (
        {"pyproject.toml": "[tool.poetry.dependencies]\npsycopg2-binary = '^2.9'\n"},
        "PostgreSQL, since pyproject.toml:2 requires psycopg2-binary",
    ),
    "a word of another tool": (
        {"pyproject.toml": "[tool.mypy]\nignore = [\n  'asyncpg',\n]\n"},
        UNKNOWN,
    ),
    "two drivers": (requires("asyncpg", "pymysql"), UNKNOWN),
    "two drivers, and a URL": (
        {**requires("asyncpg", "pymysql"), **url("mysql://x/y")},
        "MySQL, since alembic.ini:3 has a URL mysql://",
    ),
    "a driver of another server than the URL": (
        {**requires("pymysql"), **url("postgresql://x")},
        UNKNOWN,
    ),
    "the dialect of CockroachDB, which has PostgreSQL's driver": (
        requires("psycopg2-binary", "sqlalchemy-cockroachdb"),
        UNKNOWN,
    ),
    "SQLite for a start, a server's driver": (
        {**requires("psycopg"), **url("sqlite:///dev.db")},
        "PostgreSQL, since pyproject.toml:3 requires psycopg",
    ),
    # Images
    "an image": (
        image("postgis/postgis:16-3.4"),
        "PostgreSQL 16, since compose.yaml:3 names the image postgis:16-3.4",
    ),
    "a driver, and the version of an image": (
        {**requires("asyncpg"), **image("postgres:15.3-alpine")},
        "PostgreSQL 15, since compose.yaml:3 names the image postgres:15.3-alpine",
    ),
    "a URL, and the version of a service in CI": (
        {**url("mysql://x"), ".gitlab-ci.yml": "test:\n  services:\n    - mysql:8.0\n"},
        "MySQL 8.0, since alembic.ini:3 has a URL mysql:// and .gitlab-ci.yml:3 names the image "
        "mysql:8.0",
    ),
    "the oldest of a matrix": (
        image("mariadb:10.11", "mariadb:10.6.16"),
        "MariaDB 10.6, since compose.yaml:3 names the image mariadb:10.11 and compose.yaml:5 names "
        "the image mariadb:10.6.16, the oldest that is named",
    ),
    "the version of an extension": (
        image("timescale/timescaledb:2.14.2"),
        "PostgreSQL, since compose.yaml:3 names the image timescaledb:2.14.2",
    ),
    "MySQL's URL for an image of MariaDB": (
        {**url("mysql+pymysql://x"), **image("mariadb:11.4")},
        "MariaDB 11.4, since compose.yaml:3 names the image mariadb:11.4",
    ),
    "two images": (image("postgres:16", "mysql:8"), UNKNOWN),
    "an image of another server than the URL": (
        {**url("mysql://x"), **image("postgres:16")},
        UNKNOWN,
    ),
    # The history
    "a type": (
        history(JSONB),
        f"PostgreSQL, since {VERSIONS}/r0.py:1 uses postgresql.JSONB",
    ),
    "an option": (
        history("\nop.create_index('i', 't', ['a'], postgresql_concurrently=True)"),
        f"PostgreSQL, since {VERSIONS}/r0.py:2 uses postgresql_concurrently",
    ),
    "MySQL's": (
        history("op.create_table('t', mysql_engine='InnoDB')"),
        f"MySQL, since {VERSIONS}/r0.py:1 uses mysql_engine",
    ),
    "an import": (history("from sqlalchemy.dialects import postgresql"), UNKNOWN),
    "a condition": (history("if bind.dialect.name == 'postgresql': ..."), UNKNOWN),
    "a condition about another server": (
        history(f"{JSONB}\nif bind.dialect.name == 'mysql': ..."),
        UNKNOWN,
    ),
    "a condition about SQLite": (
        history(f"{JSONB}\nif bind.dialect.name == 'sqlite': ..."),
        f"PostgreSQL, since {VERSIONS}/r0.py:1 uses postgresql.JSONB",
    ),
    "options of two": (history("op.create_table('t', mysql_engine='x')", JSONB), UNKNOWN),
    "a URL against the history": ({**url("mysql://x"), **history(JSONB)}, UNKNOWN),
    "SQLite against the history": (
        {**url("sqlite:///dev.db"), **history(JSONB)},
        f"PostgreSQL, since {VERSIONS}/r0.py:1 uses postgresql.JSONB",
    ),
    "SQLite, whose history it cannot run": (
        {**url("sqlite:///x"), **history(ALTERS, ALTERS)},
        UNKNOWN,
    ),
    "SQLite, and one mistake": (
        {**url("sqlite:///x"), **history(ALTERS)},
        "SQLite, since alembic.ini:3 has a URL sqlite://",
    ),
    "a folder for each server": (
        {
            "alembic.ini": f"{INI}version_locations = migrations/versions/mysql\n",
            "migrations/versions/mysql/a.py": "",
            **requires("asyncpg", "pymysql"),
        },
        "MySQL, since migrations/versions/mysql is named so",
    ),
}  # fmt: skip


def found(folder: Path, files: Files, start: str = ".") -> str:
    root = write(folder, {**BARE, **files})
    (environment,) = find_environments(root / start)
    return ServerFinder(root).find(environment).why


@pytest.mark.parametrize("name", TOLD)
def test_the_files_tell_the_server(name: str, tmp_path: Path) -> None:
    files, expected = TOLD[name]
    assert found(tmp_path, files) == expected


# Several services

SHOP: dict[str, Content] = {
    "shop/alembic.ini": INI,
    "shop/migrations/env.py": "",
    "shop/migrations/versions/r.py": "",
}
SERVICES: dict[str, tuple[Files, str]] = {
    "its own driver counts more than what lies at the top": (
        {"shop/requirements.txt": "asyncpg\n", **requires("pymysql"), **image("mysql:8")},
        "PostgreSQL, since shop/requirements.txt:1 requires asyncpg",
    ),
    "the version may lie at the top": (
        {"shop/requirements.txt": "asyncpg\n", **image("postgres:17", "mysql:8")},
        "PostgreSQL 17, since shop/requirements.txt:1 requires asyncpg and compose.yaml:3 names "
        "the image postgres:17",
    ),
    "the top, where it says nothing itself": (
        {"shop/requirements.txt": "alembic\n", **image("postgres:17")},
        "PostgreSQL 17, since compose.yaml:3 names the image postgres:17",
    ),
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service(name: str, tmp_path: Path) -> None:
    files, expected = SERVICES[name]
    assert found(tmp_path, {**SHOP, **files}, "shop") == expected


# The driver

ASYNC = "from sqlalchemy.ext.asyncio import create_async_engine\n"
SYNC = "from sqlalchemy import create_engine\n"
OF_ASYNCPG = 'URL = "postgresql+asyncpg://db/shop"\n'
DRIVERS: dict[str, tuple[Files, str | None]] = {
    "a URL of an async env.py": (env(ASYNC + OF_ASYNCPG), "asyncpg"),
    "a URL that a module has": (
        env(ASYNC + "from app.db import URL\n", app__db=OF_ASYNCPG),
        "asyncpg",
    ),
    "a URL in alembic.ini": ({**url("postgresql+asyncpg://x/y"), **env(ASYNC)}, "asyncpg"),
    "what is required": ({**requires("asyncpg", "psycopg2"), **env(ASYNC)}, "asyncpg"),
    "a URL against what is required": (
        {**requires("asyncpg"), **env(ASYNC + OF_ASYNCPG.replace("asyncpg", "psycopg"))},
        "psycopg",
    ),
    "two that are required": ({**requires("asyncpg", "psycopg"), **env(ASYNC)}, None),
    "an env.py that is not async": (env(SYNC + OF_ASYNCPG), None),
}


@pytest.mark.parametrize("dialect", [None, "postgresql"])
@pytest.mark.parametrize("name", DRIVERS)
def test_the_driver(name: str, dialect: str | None, tmp_path: Path) -> None:
    files, expected = DRIVERS[name]
    (environment,) = find_environments(write(tmp_path, {**BARE, **files}))
    assert ServerFinder(tmp_path).find(environment, dialect).driver == expected


# What a run makes of it

ADDS = ("op.add_column('t', sa.Column('a', sa.Integer(), nullable=False))", "pass")
REQUIRED: dict[str, Content] = {**chain(STEP, ADDS), "alembic.ini": INI}
NOTHING = (
    "Nothing here tells which database server this is for, so what holds on one server only was "
    "not judged"
)


def report(folder: Path, files: Files, *arguments: str) -> dict[str, list[str]]:
    done = guard(write(folder, files), "lint", "--output-format", "json", *arguments)
    summary: dict[str, list[str]] = json.loads(done.output)["summary"]
    return summary


def test_the_summary_says_which_and_why(tmp_path: Path) -> None:
    said = report(tmp_path, {**REQUIRED, **requires("asyncpg")})
    assert "for PostgreSQL, since pyproject.toml:3 requires asyncpg" in said["checked"]
    assert not [note for note in said["notes"] if "which database" in note]


def test_where_nothing_tells_one_note_says_what_a_name_would_add(tmp_path: Path) -> None:
    said = report(tmp_path, REQUIRED)
    notes = [note for note in said["notes"] if note.startswith(NOTHING)]
    assert len(notes) == 1
    assert notes[0].endswith('Name it: dialect = "postgresql", say, in [tool.guard].')


def test_a_contradiction_is_told(tmp_path: Path) -> None:
    said = report(tmp_path, {**REQUIRED, **image("postgres:16", "mysql:8")})
    assert [note for note in said["notes"] if note.startswith(
        "compose.yaml:3 names the image postgres:16 and compose.yaml:5 names the image mysql:8, so "
    )]  # fmt: skip


IMAGE = "since compose.yaml:3 names the image postgres:16"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--dialect", "postgresql"), [f"for PostgreSQL 16, {IMAGE}"]),
        (("--dialect", "postgresql", "--server-version", "13"), []),
        (("--dialect", "sqlite"), []),
        (("--server-version", "13"), [f"for PostgreSQL 13, {IMAGE}"]),
    ],
)
def test_what_the_settings_say_counts(
    arguments: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    said = report(tmp_path, {**REQUIRED, **image("postgres:16")}, *arguments)
    assert [part for part in said["checked"] if part.startswith("for ")] == expected


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("postgresql", "for PostgreSQL, since the round trip is to run there"),
        ("mariadb", "for MariaDB, since the round trip is to run there"),
        ("sqlite", NOTHING),  # stands in for all of them
        ("auto", NOTHING),
    ],
)
def test_the_server_to_run_on_is_the_one_to_judge_for(
    setting: str, told: str, tmp_path: Path
) -> None:
    settings: dict[str, Content] = {"guard.toml": f'backend = "{setting}"\n'}
    summary = report(tmp_path, {**REQUIRED, **settings})
    assert any(told in line for line in (*summary["checked"], *summary["notes"]))
    named = report(tmp_path, {**url("mysql://x/y"), **settings})
    assert any("for MySQL, since alembic.ini:3" in line for line in named["checked"])


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("DATABASE_URL = 'postgresql://localhost/shop'",
         "for PostgreSQL, since guard.toml has a URL postgresql://"),
        ("A = 'mysql+pymysql://x/y'\nB = 'mysql+pymysql://x/z'\nC = 'sqlite:///c.db'",
         "for MySQL, since guard.toml has a URL mysql+pymysql://"),
        ("A = 'mysql://x/y'\nB = 'postgresql://x/y'", NOTHING),
        ("A = 'sqlite:///a.db'", NOTHING),  # stands in for all of them
        ("A = 'oracle://x/y'", NOTHING),
        ("A = 'shop'", NOTHING),
    ],
)  # fmt: skip
def test_the_url_that_the_settings_give_env_py_tells_the_server(
    variables: str, told: str, tmp_path: Path
) -> None:
    summary = report(tmp_path, {**REQUIRED, "guard.toml": f"[env-vars]\n{variables}\n"})
    assert any(told in line for line in (*summary["checked"], *summary["notes"]))
