"""`guard check` runs a project's own env.py and leaves its database and its git state alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import STEP, VERSIONS, Content, guard, write
from git_repo import Repo
from roundtrip_project import ENV, revision

PLACEHOLDER = "driver://user:pass@localhost/dbname"
REVISION = revision("r1", None, STEP)
MULTIDB = """\
revision = "r1"
down_revision = None
from alembic import op
import sqlalchemy as sa

def upgrade(engine_name): globals()["upgrade_" + engine_name]()
def downgrade(engine_name): globals()["downgrade_" + engine_name]()
def upgrade_engine1(): op.create_table("a", sa.Column("id", sa.Integer(), primary_key=True))
def downgrade_engine1(): op.drop_table("a")
def upgrade_engine2(): op.create_table("b", sa.Column("id", sa.Integer(), primary_key=True))
def downgrade_engine2(): op.drop_table("b")
"""


def database(path: Path) -> bytes:
    """Make a database that holds a row in the table that the first revision drops again."""
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);")
    connection.close()
    return path.read_bytes()


def initialise(folder: Path, template: str, url: str) -> None:
    """Make the project that `alembic init` makes, connected to `url`."""
    command = [sys.executable, "-m", "alembic", "init", "-t", template, "migrations"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    ini = folder / "alembic.ini"
    second = url.replace("data", "second")
    text = ini.read_text().replace(f"{PLACEHOLDER}2", second).replace(PLACEHOLDER, url)
    ini.write_text(text)
    (folder / VERSIONS / "r1.py").write_text(MULTIDB if template == "multidb" else REVISION)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("generic", "sqlite:///data.sqlite3"),
        pytest.param(
            "async",
            "sqlite+aiosqlite:///data.sqlite3",
            marks=pytest.mark.skipif(find_spec("greenlet") is None, reason="needs greenlet"),
        ),
        ("pyproject", "sqlite:///data.sqlite3"),
        ("multidb", "sqlite:///data.sqlite3"),
    ],
)
def test_what_alembic_init_makes(template: str, url: str, tmp_path: Path) -> None:
    initialise(tmp_path, template, url)
    before = database(tmp_path / "data.sqlite3")
    done = guard(tmp_path, "check")
    assert done.says("error[hardcoded-database] alembic.ini", f"The database {url} is written")
    assert done.says("round trip of", "Refused: 1 error" if template != "multidb" else "2 errors")
    assert done.code == 1
    assert (tmp_path / "data.sqlite3").read_bytes() == before
    assert not (tmp_path / "second.sqlite3").exists()


@pytest.mark.parametrize("named", ["create_engine('sqlite:///data.sqlite3')", "raw"])
def test_a_literal_in_env_py(named: str, tmp_path: Path) -> None:
    env = ENV if named != "raw" else f"import sqlite3\nsqlite3.connect('data.sqlite3')\n{ENV}"
    before = database(tmp_path / "data.sqlite3")
    write(
        tmp_path,
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": env,
            f"{VERSIONS}/r1.py": REVISION,
        },
    )
    done = guard(tmp_path, "check")
    assert (tmp_path / "data.sqlite3").read_bytes() == before
    if named == "raw":  # what guard cannot lead to the scratch database is refused
        assert done.says("data.sqlite3")
        assert done.code == 2
    else:
        assert done.says("error[hardcoded-database] migrations/env.py:5")
        assert done.code == 1


SETTINGS: dict[str, Content] = {
    "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n",
    "settings.py": "import os\n\nDATABASE_URL = os.environ['APP_DATABASE_URL']\n",
    "migrations/env.py": "import settings\n"
    + ENV.replace('"sqlite:///data.sqlite3"', "settings.DATABASE_URL"),
    f"{VERSIONS}/r1.py": REVISION,
}


def test_settings_that_need_the_environment(tmp_path: Path) -> None:
    write(tmp_path, SETTINGS)
    done = guard(tmp_path, "check")
    assert done.says("settings.py:3", "APP_DATABASE_URL", "Remedy:", 'env = "none"')
    assert done.code == 2
    assert guard(tmp_path, "lint").code == 0


def test_what_was_found_is_said_before_what_stopped(tmp_path: Path) -> None:
    bad = revision("r9", "r1", ("op.drop_table('legacy')", "op.create_table('legacy')"))
    write(tmp_path, {**SETTINGS, f"{VERSIONS}/r9.py": bad})
    done = guard(tmp_path, "check")
    assert done.says("drop-table", "legacy", "APP_DATABASE_URL")
    assert "Passed" not in done.output
    assert done.code == 2
    as_json = guard(tmp_path, "check", "--output-format", "json")
    assert as_json.code == 2
    assert as_json.says('"rule": "drop-table"', '"errors": ["', '"failed": true')
    on_github = guard(tmp_path, "check", "--output-format", "github")
    assert on_github.code == 2
    assert on_github.says("title=guard drop-table::", "::error title=guard::", "guard: Refused")
    report = tmp_path / "report.json"
    written = guard(tmp_path, "check", "--output-format", "json", "--output-file", str(report))
    assert (written.code, "drop-table" in report.read_text()) == (2, True)


@pytest.mark.parametrize(
    "setting",
    ['env = "none"', 'env-vars = { APP_DATABASE_URL = "sqlite:///data.sqlite3" }'],
)
def test_the_remedies_for_such_settings_work(setting: str, tmp_path: Path) -> None:
    write(tmp_path, {**SETTINGS, "guard.toml": setting})
    before = database(tmp_path / "data.sqlite3")
    done = guard(tmp_path, "check")
    assert done.says("round trip of", "no problems")
    assert done.code == 0
    assert (tmp_path / "data.sqlite3").read_bytes() == before


def test_the_git_state_stays(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({**SETTINGS, "guard.toml": 'env = "none"'})
    other = revision("r2", "r1", (STEP[0].replace("'a'", "'b'"), STEP[1].replace("'a'", "'b'")))
    repo.write({f"{VERSIONS}/r2.py": other, f"{VERSIONS}/r3.py": other.replace("r2", "r3")})
    repo.git("add", f"{VERSIONS}/r2.py")

    def state() -> tuple[object, ...]:
        files = {path: path.read_bytes() for path in repo.root.rglob("*") if path.is_file()}
        index = (repo.root / ".git" / "index").stat().st_mtime_ns
        return files, index, repo.git("for-each-ref")

    before = state()
    for arguments in (("check",), ("lint", "--staged"), ("history",), ("roundtrip", "--all")):
        guard(repo.root, *arguments, GUARD_CACHE_DIR=str(tmp_path / "cache"))
    assert state() == before
