"""`guard init`: what it finds, what it offers to write, and what it leaves alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from command_line import PROJECT, STEP, VERSIONS, Content, chain, guard, write
from git_repo import Repo
from roundtrip_project import revision

Files = Mapping[str, Content]
INI = "[alembic]\nscript_location = %(here)s/migrations\n"
NO_URL: dict[str, Content] = {**PROJECT, "alembic.ini": INI}
COMPOSE = "services:\n  db:\n    image: {}\n"
PYPROJECT = "[project]\nname = 'shop'\n\n[tool.black]   # odd spacing\nline-length=99\n"
HOOKS = "repos:\n- repo: https://example.org/x\n  rev: v1\n  hooks:\n  - id: x\n"


def lines(text: str, *starts: str) -> list[str]:
    """Return the lines of the output that begin so, without what they begin with."""
    return [line.split(None, 1)[1] for line in text.splitlines() if line.startswith(starts)]


SERVERS: dict[str, tuple[Files, str]] = {
    "an image": (
        {"docker-compose.yml": COMPOSE.format("postgres:15.3-alpine")},
        "postgresql 15 (docker-compose.yml:3)",
    ),
    "one with a registry": (
        {"compose.yaml": COMPOSE.format('"ghcr.io:443/x/postgis/postgis:16-3.4"')},
        "postgresql 16 (compose.yaml:3)",
    ),
    "the default of a variable": (
        {"compose.yaml": COMPOSE.format("mysql:${MYSQL:-8.0.36}")},
        "mysql 8.0 (compose.yaml:3)",
    ),
    "a tag of an extension": (
        {"deploy/docker-compose.yml": COMPOSE.format("pgvector/pgvector:0.7-pg16")},
        "postgresql 16 (deploy/docker-compose.yml:3)",
    ),
    "a Dockerfile": ({"Dockerfile.db": "FROM mariadb:10.11\n"}, "mariadb 10.11 (Dockerfile.db:1)"),
    "a service of GitLab": (
        {".gitlab-ci.yml": "test:\n  services:\n    - name: postgres:14\n"},
        "postgresql 14 (.gitlab-ci.yml:3)",
    ),
    "the newest": (
        {"compose.yaml": COMPOSE.format("postgres:latest")},
        "postgresql (compose.yaml:3)",
    ),
    "a variable of the example": (
        {".env.example": "DATABASE_URL=postgresql+asyncpg://localhost/x\nPOSTGRES_VERSION=13\n"},
        "postgresql 13 (.env.example:2)",
    ),
    "the URL of alembic.ini": (
        {"alembic.ini": f"{INI}sqlalchemy.url = mysql+pymysql://x@localhost/y\n"},
        "mysql (alembic.ini:3)",
    ),
    "a driver, where nothing else tells": (
        {"requirements.txt": "alembic\nPsycopg2_Binary>=2.9 ; python_version > '3'\n"},
        "postgresql (requirements.txt:2)",
    ),
    "SQLite for the tests": (
        {".env.example": "TEST=sqlite:///x\n", "compose.yaml": COMPOSE.format("postgres:15")},
        "postgresql 15 (compose.yaml:3)",
    ),
    "the oldest of two versions": (
        {
            "compose.yaml": COMPOSE.format("postgres:16"),
            ".github/workflows/test.yml": COMPOSE.format("postgres:9.6"),
        },
        "postgresql 9 (.github/workflows/test.yml:3)",
    ),
    "two servers": (
        {"compose.yaml": COMPOSE.format("postgres:16") + "    image: mysql:8\n"},
        "nothing here tells which",
    ),
    "a comment": ({"compose.yaml": "# image: postgres:16\n"}, "nothing here tells which"),
    "another image": (
        {"compose.yaml": COMPOSE.format("prom/postgres-exporter:0.15")},
        "nothing here tells which",
    ),
    "the placeholder of Alembic": (
        {"alembic.ini": f"{INI}sqlalchemy.url = driver://user:pass@localhost/x\n"},
        "nothing here tells which",
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_the_server_and_where_it_is_named(name: str, tmp_path: Path) -> None:
    files, expected = SERVERS[name]
    done = guard(write(tmp_path, {**NO_URL, ".git/HEAD": "", **files}), "init", "--dry-run")
    assert lines(done.output, "Database ") == [expected]


def test_servers_that_differ_are_said(tmp_path: Path) -> None:
    two = COMPOSE.format("postgres:16") + "    image: mysql:8\n"
    done = guard(write(tmp_path, {**NO_URL, "compose.yaml": two}), "init", "--dry-run")
    assert done.says(
        "note: several servers are named, postgresql (compose.yaml:3) and mysql (compose.yaml:4): "
        "set the dialect by hand"
    )


def test_what_a_revision_only_imports_tells_nothing(tmp_path: Path) -> None:
    text = "import x\nfrom sqlalchemy.dialects import postgresql\n"
    done = guard(write(tmp_path, {**NO_URL, f"{VERSIONS}/r1.py": text}), "init", "--dry-run")
    assert done.says("Database nothing here tells which", '+ # dialect = "postgresql" # name it')


SHOP: dict[str, Content] = {
    **NO_URL,
    "compose.yaml": COMPOSE.format("postgres:15"),
    "pyproject.toml": PYPROJECT,
    ".github/dependabot.yml": "",
    ".pre-commit-config.yaml": HOOKS,
    "poetry.lock": "",
}


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in str(path))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_yes_writes_all_of_it(tmp_path: Path) -> None:
    done = guard(write(Repo(tmp_path).root, SHOP), "init", "--yes")
    assert done.code == 0
    written = contents(tmp_path)
    assert written["pyproject.toml"] == PYPROJECT + (
        '\n[tool.guard]\ndialect = "postgresql"  # compose.yaml:3\n'
        'server-version = "15"  # compose.yaml:3\n'
    )
    hooks = yaml.safe_load(written[".pre-commit-config.yaml"])["repos"]
    assert [hook["id"] for repo in hooks for hook in repo["hooks"]] == [
        "x",
        "guard-lint",
        "guard-check",
    ]
    steps = yaml.safe_load(written[".github/workflows/guard.yml"])["jobs"]["guard"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    assert steps[2]["run"] == "pipx install poetry"
    assert steps[-1]["run"].endswith(" guard check --output-format github")
    assert "the database is PostgreSQL 15" in written["AGENTS.md"]


def test_what_it_wrote_is_valid_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    write(Repo(tmp_path).root, SHOP)
    guard(tmp_path, "init", "--yes")
    before = contents(tmp_path)
    assert guard(tmp_path, "config").code == 0
    again = guard(tmp_path, "init", "--yes")
    assert "wrote" not in again.output
    assert "by hand" not in again.output
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("engine = create_engine(URL)", "postgresql://localhost/database_url"),
        ("engine = create_async_engine(URL)", "postgresql+asyncpg://localhost/database_url"),
        (
            "engine = create_engine(URL or 'postgresql+psycopg://h/d')",
            "postgresql+psycopg://localhost/database_url",
        ),
    ],
)
def test_what_env_py_asks_for_is_given_a_value(code: str, value: str, tmp_path: Path) -> None:
    env = f'import os\n\nURL = os.environ["DATABASE_URL"]\nKEY = os.environ.get("KEY")\n{code}\n'
    write(Repo(tmp_path).root, {**SHOP, "migrations/env.py": env})
    guard(tmp_path, "init", "--yes")
    settings = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["guard"]
    assert settings["env-vars"] == {"DATABASE_URL": value}
    assert settings["server-version"] == "15"
    assert "by hand" not in guard(tmp_path, "init", "--yes").output


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    before = contents(tmp_path)
    done = guard(tmp_path, "init", "--dry-run")
    assert done.says('+ dialect = "postgresql"', "+ - id: guard-check", "+ ## Database migrations")
    assert contents(tmp_path) == before


def test_it_asks_nobody_who_cannot_answer(tmp_path: Path) -> None:
    done = guard(write(tmp_path, SHOP), "init")
    assert done.code == 2
    assert done.says(
        "error: nobody can be asked whether to write pyproject.toml: give --yes, or --dry-run"
    )


def test_each_file_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guard.cli.adoption.is_terminal", lambda stream: True)
    done = guard(write(tmp_path, SHOP), "init", stdin="n\nn\ny\nn\n")
    assert done.code == 0
    assert done.says("Write .github/workflows/guard.yml? [Y/n]")
    assert contents(tmp_path).keys() - SHOP.keys() == {".github/workflows/guard.yml"}


# What stands there is left, and what it lacks is said
THERE: dict[str, tuple[Files, str, tuple[str, ...]]] = {
    "settings": (
        {"pyproject.toml": "[tool.guard]\nignore = ['drop-table']\n"},
        "pyproject.toml",
        (
            "settings: pyproject.toml is there and stays as it is",
            'put there by hand what it lacks: dialect = "postgresql" # compose.yaml:3',
        ),
    ),
    "settings of another server": (
        {"guard.toml": "dialect = 'mysql'\n"},
        "guard.toml",
        ("settings: guard.toml is there, and says all that was found",),
    ),
    "hooks that are not the last of their file": (
        {".pre-commit-config.yaml": f"{HOOKS}ci:\n  skip: [x]\n"},
        ".pre-commit-config.yaml",
        ("pre-commit hooks: .pre-commit-config.yaml stays as it is", "- id: guard-lint"),
    ),
    "hooks of ours": (
        {".pre-commit-config.yaml": HOOKS.replace("id: x", "id: guard-lint")},
        ".pre-commit-config.yaml",
        ("pre-commit hooks: .pre-commit-config.yaml has them already",),
    ),
    "a workflow that runs it": (
        {".github/workflows/ci.yml": "jobs: {x: {steps: [{run: guard check}]}}\n"},
        ".github/workflows/ci.yml",
        ("workflow: .github/workflows/ci.yml runs guard already",),
    ),
    "a workflow of that name": (
        {".github/workflows/guard.yml": "name: our guard\n"},
        ".github/workflows/guard.yml",
        ("workflow: .github/workflows/guard.yml is there and stays as it is", "fetch-depth: 0"),
    ),
    "a pipeline": (
        {".gitlab-ci.yml": "test:\n  script: pytest\n"},
        ".gitlab-ci.yml",
        ("pipeline: .gitlab-ci.yml stays as it is", 'GIT_DEPTH: "0"'),
    ),
    "another CI system": (
        {"Jenkinsfile": "pipeline {}\n"},
        "Jenkinsfile",
        ("CI: Jenkinsfile stays as it is", "guard check"),
    ),
}


@pytest.mark.parametrize("name", THERE)
def test_what_is_there_is_kept(name: str, tmp_path: Path) -> None:
    files, path, said = THERE[name]
    write(Repo(tmp_path).root, {**SHOP, **files})
    done = guard(tmp_path, "init", "--yes")
    assert done.code == 0, done.output
    assert done.says(*said)
    assert (tmp_path / path).read_text() == files[path]


# Where files go


def test_without_a_pyproject_it_is_a_guard_toml(tmp_path: Path) -> None:
    write(Repo(tmp_path).root, NO_URL)
    guard(tmp_path, "init", "--yes")
    assert tomllib.loads((tmp_path / "guard.toml").read_text()) == {}
    assert "# dialect = " in (tmp_path / "guard.toml").read_text()


def test_a_service_in_a_folder(tmp_path: Path) -> None:
    inside = {f"services/a/{path}": text for path, text in SHOP.items() if path[0] != "."}
    write(Repo(tmp_path).root, {**inside, ".github/dependabot.yml": ""})
    done = guard(tmp_path / "services/a", "init", "--yes")
    assert done.says("wrote services/a/pyproject.toml", "wrote .github/workflows/guard.yml")
    workflow = yaml.safe_load((tmp_path / ".github/workflows/guard.yml").read_text())
    assert workflow["jobs"]["guard"]["defaults"]["run"]["working-directory"] == "services/a"
    assert "services/a/migrations/versions" in (tmp_path / "AGENTS.md").read_text()


def test_line_ends_are_kept(tmp_path: Path) -> None:
    crlf = PYPROJECT.replace("\n", "\r\n").encode()
    guard(write(tmp_path, {**SHOP, "pyproject.toml": crlf}), "init", "--yes")
    after = (tmp_path / "pyproject.toml").read_bytes()
    assert after.startswith(crlf)
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_a_history_with_two_heads_keeps_them(tmp_path: Path) -> None:
    two = {**chain(STEP, STEP), f"{VERSIONS}/x.py": revision("x", "r1", STEP)}
    guard(write(tmp_path, {**two, ".git/HEAD": ""}), "init", "--yes")
    assert tomllib.loads((tmp_path / "guard.toml").read_text())["heads"] == 2


def test_without_migrations_there_is_nothing_to_set_up(tmp_path: Path) -> None:
    done = guard(write(tmp_path, {"pyproject.toml": PYPROJECT}), "init", "--yes")
    assert done.code == 2
    assert done.says("no Alembic environment and no folder of .sql migrations found")
    assert (tmp_path / "pyproject.toml").read_text() == PYPROJECT
