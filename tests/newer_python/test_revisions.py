"""Revisions and sources that take a newer Python than guard's own: read, or said to be unread."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import STEP, VERSIONS, Content, chain, guard
from git_repo import Repo
from newer_pythons import FOUND, made_up, needs_newer, only
from roundtrip_project import revision

DROP = ("op.drop_table('a')", "op.create_table('a', sa.Column('id', sa.Integer()))")
NEW = [
    "type Id = int",
    "class Repo[T]:\n    pass",
    "def first[T](items: list[T]) -> T:\n    return items[0]",
    "NAMES = {'a': 'b'}\nTITLE = f'{NAMES['a']}'",
    "TITLE = f\"{'\\n'.join('ab')}\"",
]
NEWER = [  # than any that a machine of ours has, so that a made-up one stands in
    "try:\n    pass\nexcept ValueError, TypeError:\n    pass",
    "TITLE = t'{__name__}'",
]


def released(folder: Path, *steps: tuple[str, str]) -> Repo:
    repo = Repo(folder)
    repo.commit({**chain(*(steps or (STEP,))), ".gitignore": "*.log\n.guard-cache/\n"})
    repo.branch("change")
    return repo


def second(extra: str, step: tuple[str, str] = DROP) -> dict[str, Content]:
    return {f"{VERSIONS}/r2.py": revision("r2", "r1", step, extra=extra)}


@needs_newer
@pytest.mark.parametrize("extra", NEW)
def test_a_revision_is_read_as_any_other(extra: str, tmp_path: Path) -> None:
    repo = released(tmp_path)
    repo.write(second(extra))
    line = 9 + extra.count("\n")
    done = guard(repo.root, "lint")
    assert done.says(f"{VERSIONS}/r2.py:{line}:5", "Dropping table a deletes its rows")
    assert done.code == 1
    assert "not valid Python" not in done.output


@pytest.mark.parametrize("extra", NEWER)
def test_one_that_is_newer_still(
    extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = released(tmp_path / "project")
    repo.write(second(extra))
    made_up(tmp_path / "bin")
    only(monkeypatch, tmp_path / "bin")
    line = 9 + extra.count("\n")
    done = guard(repo.root, "lint")
    assert done.says(f"{VERSIONS}/r2.py:{line}:5", "Dropping table a deletes its rows")


def test_a_t_string_is_a_value_that_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = released(tmp_path / "project")
    name = "op.get_bind().scalar(sa.text('SELECT 1'))"
    repo.write(second("", (f"name = {name}\nop.execute(t'DELETE FROM {{name}}')", "pass")))
    made_up(tmp_path / "bin")
    only(monkeypatch, tmp_path / "bin")
    done = guard(repo.root, "lint", "--select", "opaque-sql,string-built-sql")
    assert done.says("opaque-sql")


@pytest.mark.parametrize(
    ("code", "construct", "version"),
    [
        ("type Id = int", "`type Name = ...`", "3.12"),
        ("type Pair[T] = tuple[T, T]", "`class Name[T]`", "3.12"),
        ("class Repo[T]: pass", "`class Name[T]`", "3.12"),
        ("async def f[T](): pass", "`class Name[T]`", "3.12"),
        ("class Repo[T = int]: pass", "`class Name[T = int]`", "3.13"),
        ("x = {}\ny = f'{x['a']}'", "the same quotes inside an f-string", "3.12"),
        ("y = f\"{'\\n'.join('ab')}\"", "a backslash inside the braces of an f-string", "3.12"),
        ("try: pass\nexcept A, B: pass", "`except A, B:`", "3.14"),
        ("try: pass\nexcept* A, B: pass", "`except A, B:`", "3.14"),
        ("y = t'{x}'", '`t"..."`', "3.14"),
        ('y = f(rt"{x}")', '`t"..."`', "3.14"),
        ("lazy import os", "`lazy import`", "3.15"),
        ("y = [*x for x in z]", "`[*x for x in y]`", "3.15"),
    ],
)
def test_without_such_a_python_it_says_which(
    code: str, construct: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.version_info >= (3, int(version.removeprefix("3."))):
        pytest.skip("our own Python has it")
    only(monkeypatch, tmp_path / "bin")
    repo = released(tmp_path / "project")
    repo.write(second(code) | {"app/models.py": f"import sqlalchemy\n{code}\n"})
    done = guard(repo.root, "lint")
    line = 6 + code.count("\n")
    needs = f"it needs Python {version} ({construct}), and the newest that guard found is Python 3."
    assert done.says(
        f"{VERSIONS}/r2.py:{line}",
        f"r2.py cannot be read as a revision: {needs}",
        f"app/models.py could not be read, so no rule has judged it: {needs}",
        f'python = "/usr/bin/python{version}" in [tool.guard]',
    )
    assert done.code == 1


@pytest.mark.parametrize(
    "code",
    [
        "print 'x'",
        "x = (",
        "type(x) = int",
        "try: pass\nexcept A, B as e: pass",
        "x = f'{a'",
        "x = [*a, 1] b",
        "class A(B[T]: pass",
        "raise E, 'text'",
        "it's",
    ],
)
def test_what_no_python_can_parse_is_not_valid(code: str, tmp_path: Path) -> None:
    repo = released(tmp_path)
    repo.write(second(code) | {"app/models.py": f"import sqlalchemy\n{code}\n"})
    done = guard(repo.root, "lint")
    assert done.says(
        "r2.py cannot be read as a revision: it is not valid Python",
        "app/models.py could not be read, so no rule has judged it: it is not valid Python",
    )
    assert done.code == 1


def test_what_is_released_is_no_error_of_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, tmp_path / "bin")
    extra = NEWER[0]
    repo = Repo(tmp_path / "project")
    model = {"app/models.py": f"import sqlalchemy\n{extra}\n"}
    repo.commit({**chain(STEP), **second(extra), **model, ".gitignore": ".guard-cache/\n"})
    repo.branch("change")
    add = ("op.create_table('b', sa.Column('id', sa.Integer()))", "op.drop_table('b')")
    repo.write({f"{VERSIONS}/r3.py": revision("r3", "r2", add)})
    done = guard(repo.root, "lint")
    assert done.says("2 findings in unchanged code")
    assert done.code == 0
    everything = guard(repo.root, "lint", "--all")
    assert everything.says("r2.py cannot be read as a revision: it needs Python 3.14")
    assert everything.code == 1


def test_what_was_read_before_is_read_anew_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, tmp_path / "none")
    repo = released(tmp_path / "project")
    helper = f"from alembic import op\n{NEWER[0]}\ndef clear():\n    op.drop_table('a')\n"
    repo.write(second("import helper", ("helper.clear()", DROP[1])) | {"helper.py": helper})
    (repo.root / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
    )
    assert "Dropping table a" not in guard(repo.root, "lint").output
    made_up(tmp_path / "bin")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]))
    assert guard(repo.root, "lint").says("Dropping table a")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert "Dropping table a" not in guard(repo.root, "lint").output


# The project's own


@pytest.fixture
def in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Repo]:
    """A project whose settings name an interpreter, while the machine has no other."""

    def make(python: str) -> Repo:
        only(monkeypatch, tmp_path / "bin")
        repo = released(tmp_path / "project")
        repo.write(second(NEWER[0]) | {"guard.toml": f'python = "{python}"\n'})
        return repo

    return make


def test_the_one_that_the_settings_name(in_project: Callable[[str], Repo], tmp_path: Path) -> None:
    repo = in_project(str(made_up(tmp_path / "elsewhere")))
    assert guard(repo.root, "lint").says("Dropping table a")


def test_one_that_comes_with_the_change_is_not_started_to_lint(
    in_project: Callable[[str], Repo], tmp_path: Path
) -> None:
    program = made_up(tmp_path / "project" / "tools")
    repo = in_project("tools/python3.20")
    assert guard(repo.root, "lint").says("needs Python 3.14")
    assert not program.with_name("python3.20.log").exists()


def test_of_an_environment_in_the_project_its_python_is_started(
    in_project: Callable[[str], Repo], tmp_path: Path
) -> None:
    program = made_up(tmp_path / "elsewhere")
    repo = in_project("env/bin/python")
    (repo.root / "env" / "bin").mkdir(parents=True)
    (repo.root / "env" / "bin" / "python").symlink_to(program)
    assert guard(repo.root, "lint").says("Dropping table a")


@needs_newer
@pytest.mark.parametrize("own", [True, False], ids=["named", "in the repository"])
def test_the_round_trip_runs_what_the_projects_python_can_read(
    own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer Python with the packages that the tests have, so far as they are plain Python."""
    repo = released(tmp_path / "project")
    repo.write(second("type Id = int", ("op.drop_table('nothing')", "pass")))
    program = tmp_path / ("elsewhere" if own else "project/tools") / "python"
    program.parent.mkdir()
    packages = sysconfig.get_paths()["purelib"]
    program.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {FOUND[0]} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    only(monkeypatch, tmp_path / "bin")
    done = guard(repo.root, "check", "--python", str(program))
    assert done.says("nothing", "upgrade-fails", f"{VERSIONS}/r2.py:12")
