"""With --staged every file of the change is read as the index has it, whatever lies on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import STEP, VERSIONS, Content, chain, guard
from git_repo import Repo
from roundtrip_project import revision

INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
BAD_SQL = "import sqlite3\ndef run(c, name):\n    c.execute(f'DELETE FROM {name}')\n"
GOOD_SQL = (
    "import sqlite3\ndef run(c, name):\n    c.execute('DELETE FROM a WHERE b = ?', (name,))\n"
)
USING = revision("r2", "r1", ("import helper\nhelper.change()", "pass"))
ADD = "from alembic import op\ndef change():\n    op.execute('SELECT 1')\n"
DROP = "from alembic import op\ndef change():\n    op.drop_table('a')\n"
READING = revision(
    "r2",
    "r1",
    (
        "from pathlib import Path\nop.execute((Path(__file__).parent / 'r2.sql').read_text())",
        "pass",
    ),
)
SQL = {
    "db/V0__first.sql": "CREATE TABLE first (id int PRIMARY KEY);\n",
    "db/V1__a.sql": "CREATE TABLE a (id int PRIMARY KEY);\n",
}
URL = "engine = create_engine('postgresql://shop:secret@db.example.org/shop')\n"
IMPORT = "from sqlalchemy import create_engine\n"

Files = Mapping[str, Content]
# What both have, the file that differs, and its two versions: with and without the rule's finding.
CASES: dict[str, tuple[Files, str, str, str, str]] = {
    "a source file": ({}, "shop/queries.py", BAD_SQL, GOOD_SQL, "string-built-sql"),
    "a model": ({}, "shop/models.py", IMPORT + URL, IMPORT, "credentials-in-url"),
    "one that cannot be read": ({}, "shop/models.py", "x = (\n", "x = 1\n", "unreadable-source"),
    "an ini": (
        {},
        "alembic.ini",
        INI + "sqlalchemy.url = postgresql://shop:secret@db.example.org/shop\n",
        INI + "# nothing\n",
        "credentials-in-url",
    ),
    "env.py": ({}, "migrations/env.py", IMPORT + URL, IMPORT, "credentials-in-url"),
    "a revision": (
        {},
        f"{VERSIONS}/r2.py",
        revision("r2", "r1", ("op.drop_table('a')", "pass")),
        revision("r2", "r1", ("op.execute('SELECT 1')", "pass")),
        "drop-table",
    ),
    "a helper of a revision": ({f"{VERSIONS}/r2.py": USING}, "helper.py", DROP, ADD, "drop-table"),
    "SQL that a revision reads": (
        {f"{VERSIONS}/r2.py": READING},
        f"{VERSIONS}/r2.sql",
        "DROP TABLE a",
        "SELECT 1",
        "drop-table",
    ),
}
SQL_CASES: dict[str, tuple[Files, str, str, str, str]] = {
    "a new migration": (SQL, "db/V2__b.sql", "DROP TABLE a;\n", "SELECT 1;\n", "drop-table"),
    "an edited one": (
        SQL,
        "db/V1__a.sql",
        "CREATE TABLE a (id bigint PRIMARY KEY);\n",
        SQL["db/V1__a.sql"],
        "edited-revision",
    ),
}


def rules(repo: Repo, *arguments: str) -> set[str]:
    done = guard(repo.root, "lint", *arguments, "--output-format", "json")
    return {found["rule"] for found in json.loads(done.output)["findings"]}


def check(repo: Repo, both: Files, name: str, bad: str, good: str, rule: str) -> None:
    repo.branch("change")
    for staged, dirty, is_found in ((good, bad, False), (bad, good, True)):
        repo.write({**both, name: staged})
        repo.git("add", "-A")
        repo.write({name: dirty})
        assert (rule in rules(repo, "--staged")) is is_found
        assert (rule in rules(repo)) is not is_found  # and what is kept of one is not the other's
        assert (rule in rules(repo, "--staged")) is is_found
    if name != "alembic.ini":  # without which there is no project
        (repo.root / name).unlink()
    assert rule in rules(repo, "--staged")


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_staged(case: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit({**chain(STEP), "alembic.ini": INI, ".gitignore": ".guard-cache/\n"})
    check(repo, *CASES[case])


@pytest.mark.parametrize("case", SQL_CASES)
def test_a_file_of_sql_that_is_staged(case: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit({**SQL, ".gitignore": ".guard-cache/\n"})
    check(repo, *SQL_CASES[case])


@pytest.mark.parametrize("name", ["shop/queries.py", "db/V2__b.sql"])
def test_a_file_that_is_not_staged_is_no_part_of_it(name: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    files = SQL if name.endswith(".sql") else {**chain(STEP), "alembic.ini": INI}
    repo.commit({**files, ".gitignore": ".guard-cache/\n"})
    repo.branch("change")
    repo.write({name: BAD_SQL if name.endswith(".py") else "DROP TABLE a;\n"})
    assert rules(repo)
    assert rules(repo, "--staged") == set()
    assert rules(repo, "--staged", name) == set()
    repo.git("add", "-A")
    assert rules(repo, "--staged") == rules(repo, "--staged", name) == rules(repo) != set()


def test_what_is_staged_as_deleted_is_gone(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit({**chain(STEP), **SQL, "alembic.ini": INI, ".gitignore": ".guard-cache/\n"})
    repo.branch("change")
    repo.git("rm", "-q", "--cached", "db/V1__a.sql", f"{VERSIONS}/r1.py")
    assert "deleted-revision" not in rules(repo)
    assert "deleted-revision" in rules(repo, "--staged")
    assert "deleted-revision" in rules(repo, "--staged", "db")


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit({**chain(STEP), "alembic.ini": INI, ".gitignore": ".guard-cache/\n"})
    repo.branch("change")
    repo.write({"shop/models.py": IMPORT + URL})
    (repo.root / "app").mkdir()
    (repo.root / "app" / "models.py").symlink_to("../shop/models.py")
    repo.git("add", "-A")
    assert rules(repo, "--staged") == rules(repo) == {"credentials-in-url"}
