"""`guard_database_at`: databases at a revision with rows, for tests of the project's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_run import run_pytest
from roundtrip_project import ENV, USERS, add, project, sql

PAGE = (Path(__file__).parent.parent.parent / "docs" / "pytest.md").read_text(encoding="utf-8")
EXAMPLE = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
LOWER = sql("UPDATE users SET email = lower(email)")
HISTORY = (USERS, LOWER, add("note", "sa.Text()"))
HEAD = """
import sqlite3
import pytest
from guard import GuardError

def columns(database):
    rows = sqlite3.connect(database.url[10:]).execute("PRAGMA table_info(users)")
    return [row[1] for row in rows]

"""

# Each is a test of a project whose three revisions make users, change its rows and add a column.
TESTS: dict[str, str] = {
    "the page's example": EXAMPLE,
    "it has rows": """
def test(guard_database_at):
    database = guard_database_at("r1")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM users").scalar() > 1
""",
    "or none": """
def test(guard_database_at):
    database = guard_database_at("r1", rows=False)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM users").scalar() == 0
""",
    "it goes up and down": """
def test(guard_database_at):
    database = guard_database_at("r1")
    assert columns(database) == ["id", "email"]
    database.upgrade()
    assert columns(database) == ["id", "email", "note"]
    database.downgrade("r2")
    assert columns(database) == ["id", "email"]
    database.downgrade("base")
    assert columns(database) == []
""",
    "two are two": """
def test(guard_database_at):
    first, second = guard_database_at("r1"), guard_database_at("r3")
    assert (columns(first), columns(second)) == (["id", "email"], ["id", "email", "note"])
""",
    "no such revision": """
def test(guard_database_at):
    with pytest.raises(GuardError, match="r9"):
        guard_database_at("r9")
""",
    "it is gone afterwards": """
import pathlib
files = []

def test_first(guard_database_at):
    files.append(pathlib.Path(guard_database_at("r1").url[10:]))
    assert files[0].exists()

def test_then():
    assert not files[0].exists()
""",
}


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_a_test_of_the_project_s_own(test: str, tmp_path: Path) -> None:
    root = project(tmp_path, *HISTORY)
    (root / "test_migrations.py").write_text(HEAD + test)
    ran = run_pytest(root)
    assert set(ran.items.values()) == {"passed"}, ran.output
    assert not (root / "data.sqlite3").exists()


def test_a_migration_that_fails_says_where(tmp_path: Path) -> None:
    root = project(tmp_path, USERS, sql("UPDATE absent SET x = 1"))
    (root / "test_it.py").write_text("def test(guard_database_at):\n    guard_database_at('r2')\n")
    ran = run_pytest(root)
    assert ran.items == {"test_it.py::test": "failed"}
    assert (
        "migrations/versions/r2.py:9: The upgrade of r2 fails: no such table: absent" in ran.output
    )


ON_A_SERVER = """
def test(guard_database_at):
    database = guard_database_at("r1")
    assert database.url.startswith("{kind}://")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO users (id, email) VALUES (1, 'ADA')")
    database.upgrade("r3")
    with database.engine.connect() as connection:
        emails = [row[0] for row in connection.exec_driver_sql("SELECT email FROM users")]
        connection.exec_driver_sql("SELECT note FROM users")
    assert "ada" in emails
    assert len(emails) > 1
    database.downgrade("base")
"""


@pytest.mark.server
@pytest.mark.parametrize(
    ("backend", "url"),
    [("postgresql", "postgresql+pg8000://a@db/x"), ("mariadb", "mysql+pymysql://a@db/x")],
)
def test_it_runs_on_a_server(backend: str, url: str, tmp_path: Path) -> None:
    root = project(tmp_path, *HISTORY, env=ENV.replace("sqlite:///data.sqlite3", url))
    (root / "guard.toml").write_text(f"backend = '{backend}'\n")
    (root / "test_it.py").write_text(ON_A_SERVER.format(kind=url.partition("+")[0]))
    assert run_pytest(root).items == {"test_it.py::test": "passed"}
