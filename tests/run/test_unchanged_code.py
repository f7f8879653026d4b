"""The gate fails for what the change brings: what stands in unchanged code is only counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import INI, STEP, Content, chain, guard
from git_repo import Repo

Files = Mapping[str, Content]
TOOLS = "migrations/tools.py"
CLEAR = "def clear(connection, name):\n    connection.execute(f'DELETE FROM {name}')\n"
EMPTY = "def empty(connection, name):\n    connection.execute(f'TRUNCATE {name}')\n"
AGAIN = CLEAR.replace("def clear", "def clear_again")
IGNORED = CLEAR.replace("{name}')", "{name}')  # guard: ignore[string-built-sql] the name is ours")
USED = INI.replace("sqlite://", "postgresql://shop:shop-dev@localhost/shop")
BROKEN = "class Member(:\n"


def project(tmp_path: Path, released: Files, change: Files, since: Files | None = None) -> Repo:
    """Return a branch with the change; `since` was committed on main after it began."""
    repo = Repo(tmp_path / "repo")
    repo.commit({**chain(STEP), **released})
    repo.git("checkout", "-q", "-b", "change")
    repo.commit({"touched.txt": "x", **change})
    if since:
        repo.git("checkout", "-q", "main")
        repo.commit(since)
        repo.git("checkout", "-q", "change")
    return repo


def found(repo: Repo, *arguments: str) -> tuple[list[str], int]:
    """Return rule and path of each open finding, and how many stand in unchanged code."""
    report = json.loads(guard(repo.root, *arguments, "--output-format", "json").output)
    shown = [f"{f['rule']} {f['path']}" for f in report["findings"] if f["status"] == "open"]
    return shown, report["summary"]["unchanged"]


BUILT = f"string-built-sql {TOOLS}"
SOURCES: dict[str, tuple[Files, Files, list[str], int]] = {
    "untouched": ({TOOLS: CLEAR}, {}, [], 1),
    "moved down by a comment": ({TOOLS: CLEAR}, {TOOLS: f"# why\n\n{CLEAR}"}, [], 1),
    "formatted": ({TOOLS: CLEAR}, {TOOLS: CLEAR.replace("(f'", "(\n        f'")}, [], 1),
    "renamed": ({TOOLS: CLEAR}, {TOOLS: None, "migrations/other.py": CLEAR}, [], 1),
    "moved and edited": (
        {TOOLS: CLEAR + EMPTY},
        {TOOLS: None, "migrations/other.py": f"X = 1\n{EMPTY}"},
        [],
        1,
    ),
    "untouched and ignored": ({TOOLS: IGNORED}, {}, [], 0),
    "untouched and ignored for nothing": (
        {TOOLS: "# guard: ignore-file[string-built-sql] none is here\nX = 1\n"},
        {},
        [],
        1,
    ),
    "untouched and unreadable": ({TOOLS: BROKEN}, {}, [], 1),
    "a password in an untouched ini": ({"alembic.ini": USED}, {}, [], 1),
    # and what the change does bring
    "a new file": ({}, {TOOLS: CLEAR}, [BUILT], 0),
    "a second copy of the same": ({TOOLS: CLEAR}, {TOOLS: CLEAR + AGAIN}, [BUILT], 1),
    "a copy in another file": (
        {TOOLS: CLEAR},
        {"migrations/other.py": CLEAR},
        ["string-built-sql migrations/other.py"],
        1,
    ),
    "another in the same file": ({TOOLS: CLEAR}, {TOOLS: CLEAR + EMPTY}, [BUILT], 1),
    "other SQL in its place": ({TOOLS: CLEAR}, {TOOLS: EMPTY}, [BUILT], 0),
    "broken by the change": (
        {TOOLS: "X = 1\n"},
        {TOOLS: BROKEN},
        [f"unreadable-source {TOOLS}"],
        0,
    ),
    "a password written by the change": (
        {},
        {"alembic.ini": USED},
        ["credentials-in-url alembic.ini"],
        0,
    ),
    "another password": (
        {"alembic.ini": USED},
        {"alembic.ini": USED.replace("localhost", "db.example.org")},
        ["credentials-in-url alembic.ini"],
        0,
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_source_files(case: str, tmp_path: Path) -> None:
    released, change, shown, unchanged = SOURCES[case]
    assert found(project(tmp_path, released, change), "lint") == (shown, unchanged)


def test_what_came_to_main_since_is_not_the_change(tmp_path: Path) -> None:
    repo = project(tmp_path, {}, {TOOLS: CLEAR}, since={TOOLS: CLEAR})
    assert found(repo, "lint") == ([], 1)


def test_all_shows_it_and_fails(tmp_path: Path) -> None:
    repo = project(tmp_path, {TOOLS: CLEAR}, {})
    assert found(repo, "lint", "--all") == ([BUILT], 0)
    assert guard(repo.root, "lint", "--all").code == 1


def test_every_format_counts_it(tmp_path: Path) -> None:
    repo = project(tmp_path, {TOOLS: CLEAR}, {})
    for form in ("text", "github"):
        done = guard(repo.root, "lint", "--output-format", form)
        assert done.says("1 finding in unchanged code: guard check --all", "Passed.")
        assert done.code == 0


def test_nothing_is_known_to_be_unchanged_without_git(tmp_path: Path) -> None:
    repo = project(tmp_path, {TOOLS: CLEAR}, {})
    (repo.root / ".git").rename(repo.root / "git-of-before")
    assert found(repo, "lint") == ([BUILT], 0)
