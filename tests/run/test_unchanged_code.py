"""The gate fails for what the change brings: what stands in unchanged code is only counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import INI, STEP, VERSIONS, Content, chain, guard
from git_repo import Repo
from roundtrip_project import revision

Files = Mapping[str, Content]
TOOLS = "migrations/tools.py"
CLEAR = "def clear(connection, name):\n    connection.execute(f'DELETE FROM {name} WHERE id = 1')\n"
EMPTY = "def empty(connection, name):\n    connection.execute(f'ANALYZE {name}')\n"
AGAIN = CLEAR.replace("def clear", "def clear_again")
IGNORED = CLEAR.replace("1')", "1')  # guard: ignore[string-built-sql] the name is ours")
USED = INI.replace("sqlite://", "postgresql://shop:shop-dev@localhost/shop")
BROKEN = "class Member(:\n"


def project(tmp_path: Path, released: Files, change: Files, since: Files | None = None) -> Repo:
    """Return a branch with the change; `since` was committed on main after it began."""
    repo = Repo(tmp_path / "repo")
    repo.commit({**chain(STEP), **released})
    repo.branch("change")
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
CALLER = (
    "from sqlalchemy import text\nfrom migrations import tools\ndef f(session, name):\n    tools."
)
CALLS = f"{CALLER}clear(session, name)\n"
RUN = "def run(connection, sql):\n    connection.execute(sql)\n"
WRAPPED = f"{CALLER}run(session, f'DELETE FROM {{name}} WHERE id = 1')\n"
MADE = "def made(name):\n    return f'DELETE FROM {name} WHERE id = 1'\n"
MAKES = f"{CALLER}made(name)\n".replace(
    "tools.made(name)", "session.execute(text(tools.made(name)))"
)
ONE_TEXT = "def clear(connection, name):\n    sql = f'DELETE FROM {name} WHERE id = 1'\n"
EXECUTED = "    connection.execute(sql)\n"
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
    # SQL that a helper writes and executes is told there, once
    "a helper and its caller": ({}, {TOOLS: CLEAR, "app.py": CALLS}, [BUILT], 0),
    "a caller of an unchanged helper": ({TOOLS: CLEAR}, {"app.py": CALLS}, [], 1),
    "text for a helper that executes it": (
        {},
        {TOOLS: RUN, "app.py": WRAPPED},
        ["string-built-sql app.py"],
        0,
    ),
    "text from a helper that makes it": (
        {},
        {TOOLS: MADE, "app.py": MAKES},
        ["string-built-sql app.py"],
        0,
    ),
    "put together once, executed twice": (
        {},
        {TOOLS: f"{ONE_TEXT}{EXECUTED}{EXECUTED}"},
        [BUILT],
        0,
    ),
    # and what the change does bring
    "put together twice": ({}, {TOOLS: CLEAR + AGAIN}, [BUILT, BUILT], 0),
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


# Edited revisions

R1, R2 = f"{VERSIONS}/r1.py", f"{VERSIONS}/r2.py"
BUILD = "name = __import__('os').environ['OLD']\nop.execute(f\"UPDATE a SET id = '{name}'\")"
DROPS = ("op.drop_column('a', 'x')\n" + BUILD, "pass")


def released_and(before: str, after: str) -> tuple[Files, Files]:
    """A released revision that destroys, and the same with one piece of text replaced."""
    text = revision("r2", "r1", DROPS)
    assert before in text
    return {R2: text}, {R2: text.replace(before, after)}


REVISIONS: dict[str, tuple[str, str, list[str]]] = {
    "an import": ("from alembic", "import typing\nfrom alembic", []),
    "formatting": ("op.drop_column('a', 'x')", 'op.drop_column(\n        "a", "x"\n    )', []),
    "a statement around": ("op.drop_column", "op.execute('SELECT 1')\n    op.drop_column", []),
    "another drop": (
        "op.drop_column",
        "op.drop_table('b')\n    op.drop_column",
        ["drop-table"],
    ),
    "a second drop of the same": (
        "op.drop_column('a', 'x')",
        "op.drop_column('a', 'x')\n    op.drop_column('a', 'x')",
        ["drop-column"],
    ),
    "another column dropped": ("'x'", "'y'", ["drop-column"]),
    "other SQL built": (
        "UPDATE a SET",
        "UPDATE b SET",
        ["string-built-sql", "update-without-where"],
    ),
}


@pytest.mark.parametrize("case", REVISIONS)
def test_edited_revisions(case: str, tmp_path: Path) -> None:
    before, after, rules = REVISIONS[case]
    repo = project(tmp_path, *released_and(before, after))
    shown, _ = found(repo, "lint")
    told = [line.split()[0] for line in shown]
    assert [rule for rule in told if not rule.startswith("edited-")] == rules


SQUASHED: dict[str, tuple[str, list[str]]] = {
    "what they did": ("", []),
    "a DELETE more": ("\nop.execute('DELETE FROM a')", ["delete-without-where"]),
    "another column dropped": ("\nop.drop_column('a', 'y')", ["drop-column"]),
    "a second drop of the same": ("\nop.drop_column('a', 'x')", ["drop-column"]),
}


@pytest.mark.parametrize("name", ["s", "r3"])
@pytest.mark.parametrize("case", SQUASHED)
def test_a_squash_brings_what_the_revisions_before_it_did_not_have(
    case: str, name: str, tmp_path: Path
) -> None:
    more, rules = SQUASHED[case]
    fills = 'op.execute("UPDATE a SET id = 1")'
    steps = {
        R2: revision("r2", "r1", DROPS),
        f"{VERSIONS}/r3.py": revision("r3", "r2", (fills, "pass")),
    }
    both = f"{DROPS[0]}\n{fills}{more}"
    squashed = {f"{VERSIONS}/{name}.py": revision(name, "r1", (both, "pass"))}
    squash: Files = dict.fromkeys(steps) | squashed
    shown, _ = found(project(tmp_path, steps, squash), "lint")
    assert [line.split()[0] for line in shown] == ["deleted-revision", *rules]


def test_a_downgrade_that_was_lost_is_told(tmp_path: Path) -> None:
    released, edited = {R1: revision("r1", None, STEP)}, revision("r1", None, (STEP[0], "pass"))
    shown, _ = found(project(tmp_path, released, {R1: edited}), "lint")
    assert f"missing-downgrade {R1}" in shown


PLAIN = "-- migrate:up\nDROP TABLE a;\n\n-- migrate:down\nCREATE TABLE a (id int);\n"
SQL: dict[str, tuple[Files, Files, list[str]]] = {
    "a statement more": (
        {"db/migrations/001_a.sql": PLAIN},
        {"db/migrations/001_a.sql": PLAIN.replace("DROP TABLE a;", "DROP TABLE a;\nDROP TABLE b;")},
        ["drop-table"],
    ),
    "nothing but a statement that is safe": (
        {"db/migrations/001_a.sql": PLAIN},
        {"db/migrations/001_a.sql": PLAIN.replace("DROP", "SELECT 1;\nDROP")},
        [],
    ),
    "the way down alone": (
        {"m/1_a.up.sql": "DROP TABLE a;\n", "m/1_a.down.sql": "CREATE TABLE a (id int);\n"},
        {"m/1_a.down.sql": "CREATE TABLE a (id bigint);\n"},
        [],
    ),
}


@pytest.mark.parametrize("case", SQL)
def test_edited_sql_files(case: str, tmp_path: Path) -> None:
    released, change, rules = SQL[case]
    repo = project(tmp_path, released, change)
    folder = next(iter(released)).rpartition("/")[0]
    shown, _ = found(repo, "lint", folder)
    assert [s.split()[0] for s in shown if not s.startswith("edited-")] == rules


# Which files are read

TOUCHING: dict[str, str] = {
    "a driver": f"import os, sqlite3\n\n\n{CLEAR}",
    "SQLAlchemy, in a function": f"def f():\n    from sqlalchemy.orm import Session\n\n\n{CLEAR}",
    "SQLModel": f"from sqlmodel import text\n\n\n{CLEAR}",
    "databases": f"import databases as d\n\n\n{CLEAR}",
    "a session of the project": f"from shop.db import session\n\n\n{CLEAR}",
}


@pytest.mark.parametrize("case", TOUCHING)
def test_a_file_of_the_change_that_touches_a_database_is_read(case: str, tmp_path: Path) -> None:
    path = "services/klines.py"
    assert found(project(tmp_path, {}, {path: TOUCHING[case]}), "lint")[0] == [
        f"string-built-sql {path}"
    ]


def test_a_url_in_a_file_of_the_change_is_read(tmp_path: Path) -> None:
    settings = "DATABASE_URL = 'postgresql://shop:shop-dev@db.example.org/shop'\n"
    shown, _ = found(project(tmp_path, {}, {"shop/settings.py": settings}), "lint")
    assert shown == ["credentials-in-url shop/settings.py"]


LEFT_OUT: dict[str, str] = {
    "a test": "tests/test_shop.py",
    "a file in a folder of tests": "shop/tests/models/shop.py",
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_tests_are_left_out_unless_they_are_named(case: str, tmp_path: Path) -> None:
    path = LEFT_OUT[case]
    repo = project(tmp_path, {}, {path: TOUCHING["a driver"]})
    assert found(repo, "lint", "--all") == ([], 0)
    assert found(repo, "lint", path) == ([f"string-built-sql {path}"], 0)


def test_a_file_that_executes_no_sql_is_not_read(tmp_path: Path) -> None:
    text = "def run(task, name):\n    task.execute(f'update {name}')\n"
    repo = project(tmp_path, {}, {"shop/tasks.py": text})
    assert guard(repo.root, "lint").says(" 2 source files")  # alembic.ini and env.py
    repo.write({"shop/tasks.py": "import alembic\n"})
    assert guard(repo.root, "lint").says(" 3 source files")


def test_a_named_file_is_read(tmp_path: Path) -> None:
    path = "services/klines.py"
    repo = project(tmp_path, {path: TOUCHING["a driver"]}, {})
    assert found(repo, "lint") == ([], 0)
    assert found(repo, "lint", path) == ([], 1)
    assert found(repo, "lint", "--all", path) == ([f"string-built-sql {path}"], 0)
    assert found(repo, "lint", "--all") == ([f"string-built-sql {path}"], 0)


DROPPING = ("op.drop_table('b')", "raise NotImplementedError('gone')")
EXCLUDED = "services/klines.py"
EXCLUDING = {"guard.toml": "exclude = ['services/**', '/old/']\n"}


@pytest.mark.parametrize(
    ("named", "read"),
    [
        ([], False),
        (["services"], None),
        ([EXCLUDED], True),
        (["migrations", EXCLUDED], True),
        (["migrations"], False),
        (["--force-exclude", EXCLUDED], False),
        (["--force-exclude", EXCLUDED, "migrations"], False),
        (["--force-exclude", EXCLUDED, "shop/a.py"], False),
    ],
)
def test_what_is_excluded_is_read_if_it_is_named(
    named: list[str], read: bool | None, tmp_path: Path
) -> None:
    files = {EXCLUDED: TOUCHING["a driver"], "shop/a.py": "x = 1\n"}
    repo = project(tmp_path, EXCLUDING, files)
    if read is None:  # a folder: what lies in it obeys the settings
        assert guard(repo.root, "lint", *named).says("the setting exclude leaves out what lies")
        return
    assert found(repo, "lint", *named) == ([f"string-built-sql {EXCLUDED}"] * read, 0)


def test_all_that_is_named_may_be_excluded(tmp_path: Path) -> None:
    repo = project(tmp_path, EXCLUDING, {EXCLUDED: TOUCHING["a driver"]})
    done = guard(repo.root, "lint", "--force-exclude", EXCLUDED)
    assert done.says("left out by the setting exclude", "there was nothing to check")
    assert done.code == 0


def test_a_revision_that_is_excluded_is_read_if_it_is_named(tmp_path: Path) -> None:
    old = {f"old/{name}": text for name, text in chain(STEP, DROPPING).items()}
    repo = project(tmp_path, EXCLUDING, old)
    path = f"old/{VERSIONS}/r2.py"
    assert "old" not in guard(repo.root, "lint").output
    assert guard(repo.root, "lint", path).says(f"error[drop-table] {path}")
    assert "old" not in guard(repo.root, "lint", "--force-exclude", path).output
    assert guard(repo.root, "show", path).says("r2")


# Released revisions that fail

FAILING = {**chain(STEP, ("op.drop_table('nowhere')", "pass"))}


def test_a_released_revision_that_fails_is_shown(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(FAILING)
    done = guard(tmp_path, "check")
    assert done.says("info[upgrade-fails]", "no revision is new, so all were run", "Passed.")
    assert done.code == 0
    everything = guard(tmp_path, "check", "--all")
    assert everything.says("error[upgrade-fails]")
    assert everything.code == 1


@pytest.mark.parametrize("change", ["notes.txt", TOOLS])
@pytest.mark.parametrize("committed", [True, False])
def test_beside_a_change_it_is_only_counted(change: str, committed: bool, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(FAILING)
    repo.branch("change")
    repo.write({change: "X = 1\n"})
    if committed:
        repo.commit({})
    shown, unchanged = found(repo, "check")
    on_base = change == "notes.txt" and not committed
    assert (shown, unchanged) == ([f"upgrade-fails {R2}"] if on_base else [], int(not on_base))


def test_a_new_revision_that_fails_is_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(chain(STEP))
    repo.write(FAILING)
    done = guard(tmp_path, "check")
    assert done.says("error[upgrade-fails]")
    assert done.code == 1


HELPERS = "migrations/helpers.py"
DROP_T = "from alembic import op\n\ndef drop():\n    op.drop_table('t')\n"
DROP_T_AND_U = f"{DROP_T}    op.drop_table('u')\n"
DROPS_T = ("from migrations.helpers import drop\ndrop()", "pass")
TWICE = revision("r2", "r1", (f"{DROPS_T[0]}\ndrop()", "pass"))


@pytest.mark.parametrize(
    ("edit", "rules"),
    [
        # the helper does more, and what it did was known
        ({HELPERS: DROP_T_AND_U}, ["edited-revision", "drop-table"]),
        # the revision does more as well
        ({HELPERS: DROP_T_AND_U, R2: TWICE}, ["edited-revision", *["drop-table"] * 3]),
    ],
)
def test_what_the_base_had_is_read_with_its_helpers(
    edit: Files, rules: list[str], tmp_path: Path
) -> None:
    released = {R2: revision("r2", "r1", DROPS_T), HELPERS: DROP_T}
    repo = project(tmp_path, released, edit)
    shown, _ = found(repo, "lint")
    assert sorted(line.split()[0] for line in shown) == sorted(rules)


KNOWN = ("op.add_column('a', sa.Column('c', sa.Integer()))", "pass")
FILLED = (KNOWN[0] + "\nop.execute('UPDATE a SET c = 1 WHERE id < 0')", "pass")


def test_what_the_run_proves_of_unchanged_code_is_unchanged_too(tmp_path: Path) -> None:
    repo = project(tmp_path, {R2: revision("r2", "r1", KNOWN)}, {R2: revision("r2", "r1", FILLED)})
    assert found(repo, "check") == ([f"edited-revision {R2}"], 1)
