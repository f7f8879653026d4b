"""`pytest --guard`: what guard finds, as test items. Each case is a pytest inside this one."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from branch import branch
from command_line import STEP, VERSIONS, Content, chain, guard, write
from pytest_run import Ran, run_pytest, start_pytest
from roundtrip_project import revision

ROOT = Path(__file__).parent.parent.parent
CREATE_B = ("op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))",)
GOOD = revision("r2", "r1", (*CREATE_B, "op.drop_table('b')"))
DROPS = revision(
    "r2",
    "r1",
    ("op.drop_table('a')", "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))"),
)
FAILS = revision("r3", "r2", ("op.execute('UPDATE nowhere SET id = 1')", "pass"))
NEW = f"{VERSIONS}/r2.py"
NEXT = f"{VERSIONS}/r3.py"
TEST = {"tests/test_shop.py": "def test_shop():\n    pass\n"}


def project(folder: Path, change: Mapping[str, Content]) -> Path:
    """A repository with a released revision r1 and a test, on a branch with the change."""
    return branch(folder, {**chain(STEP), **TEST}, change).root


def started(root: Path, *arguments: str) -> Ran:
    """Run a pytest with these arguments: one with workers (-n) in a process of its own."""
    return (start_pytest if "-n" in arguments else run_pytest)(root, *arguments)


PASSING = {
    "tests/test_shop.py::test_shop": "passed",
    f"{NEW}::lint": "passed",
    f"{NEW}::roundtrip": "passed",
    "guard::check": "passed",
}
FAILING = {
    "tests/test_shop.py::test_shop": "passed",
    f"{NEW}::drop-table": "failed",
    f"{NEW}::roundtrip": "passed",
    f"{NEXT}::missing-downgrade": "failed",
    f"{NEXT}::update-without-where": "passed",  # a warning stops nothing
    f"{NEXT}::roundtrip": "failed",
    "guard::check": "passed",
}


def only(items: Mapping[str, str], *words: str) -> dict[str, str]:
    return {name: ended for name, ended in items.items() if any(word in name for word in words)}


def test_it_is_off_until_asked(tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: DROPS})
    assert start_pytest(root).items == {"tests/test_shop.py::test_shop": "passed"}


def test_a_good_change_passes(tmp_path: Path) -> None:
    ran = start_pytest(project(tmp_path, {NEW: GOOD}), "--guard")
    assert ran.items == PASSING
    assert ran.code == 0
    assert "collected 4 items" in ran.output


def test_a_bad_change_fails_in_the_words_of_guard(tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: DROPS, NEXT: FAILS})
    xml = tmp_path / "junit.xml"
    ran = run_pytest(root, "--guard", f"--junitxml={xml}")
    assert ran.items == FAILING
    assert ran.code == 1
    assert "Dropping table a deletes its rows" in ran.output
    assert f"error[drop-table] {NEW}:9:5" in ran.output
    assert "help: Deploy code that no longer uses a" in ran.output
    assert "error[upgrade-fails]" in ran.output
    cases = {case.get("name"): case for case in ET.parse(xml).iter("testcase")}
    failure = cases["drop-table"].find("failure")
    assert failure is not None
    assert "error[drop-table]" in (failure.text or "")


# Arguments, and which of the failing project's items they leave.
CHOSEN: dict[str, tuple[list[str], dict[str, str]]] = {
    "the setting": (["-o", "guard=true"], FAILING),
    "a rule": (["--guard", "-k", "drop"], only(FAILING, "drop")),
    "a revision": (["--guard", "-k", "r3"], only(FAILING, "r3")),
    "the mark": (["--guard", "-m", "guard"], only(FAILING, "r2", "r3", "check")),
    "all but the mark": (["--guard", "-m", "not guard"], only(FAILING, "shop")),
    "an item": (["--guard", f"{NEXT}::roundtrip"], only(FAILING, "r3.py::roundtrip")),
    "a file": (["--guard", NEW], only(FAILING, "r2")),
    "other files": (["--guard", "tests"], FAILING),
    "a folder": (["--guard", "migrations"], only(FAILING, "r2", "r3", "check")),
    "two workers": (["--guard", "-n", "2"], FAILING),
    "in groups": (["--guard", "-n", "2", "--dist", "loadgroup"], FAILING),
}


@pytest.mark.parametrize(("arguments", "items"), CHOSEN.values(), ids=CHOSEN)
def test_items_are_chosen(arguments: list[str], items: dict[str, str], tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: DROPS, NEXT: FAILS})
    ended = started(root, *arguments).items
    assert {name.removesuffix("@guard"): word for name, word in ended.items()} == items


# A revision that writes down each time that it runs; up, down and up again are three.
COUNTED = revision(
    "r2",
    "r1",
    (
        "with open('out/ran', 'a') as file:\n    file.write('.')\n" + CREATE_B[0],
        "op.drop_table('b')",
    ),
)


RUNS: dict[str, tuple[list[str], int]] = {
    "for two workers": (["-n", "2"], 2),
    "not to collect": (["--collect-only"], 0),
    "not without their items": (["-k", "not roundtrip"], 0),
    "not for others": (["-m", "not guard"], 0),
}


@pytest.mark.parametrize(("arguments", "times"), RUNS.values(), ids=RUNS)
def test_the_migrations_run_once(arguments: list[str], times: int, tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: COUNTED, "guard.toml": "writable = ['out']", "out/.keep": ""})
    started(root, "--guard", *arguments)
    file = root / "out" / "ran"
    assert (len(file.read_text()) if file.exists() else 0) == times


def test_what_is_approved_or_ignored_is_skipped_with_its_reason(tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: DROPS})
    reason = "nobody has read it since spring"
    said = guard(
        root,
        "approve",
        "r2",
        "--rule",
        "drop-table",
        "--object",
        "a",
        "--reason",
        reason,
        "--approver",
        "Ann",
    )
    assert said.code == 0, said.output
    ran = run_pytest(root, "--guard", "-rs", "-k", "drop-table")
    assert ran.items == {f"{NEW}::drop-table": "skipped"}
    assert f"approved: {reason}" in ran.output


def test_released_revisions_have_items_if_all_are_asked_for(tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: GOOD})
    items = run_pytest(root, "--guard-all", "-k", "r1").items
    assert items == {f"{VERSIONS}/r1.py::lint": "passed", f"{VERSIONS}/r1.py::roundtrip": "passed"}


def test_source_files_have_items_beside_their_tests(tmp_path: Path) -> None:
    built = "def test_built(c=None, name='a'):\n    c and c.execute(f'SELECT id FROM {name}')\n"
    root = project(tmp_path, {"shop.py": f"import sqlite3\n{built}"})
    items = run_pytest(root, "--guard", "shop.py").items
    assert items == {
        "shop.py::test_built": "passed",
        "shop.py::string-built-sql": "failed",
    }


def test_a_round_trip_that_cannot_be_done_fails(tmp_path: Path) -> None:
    root = project(tmp_path, {NEW: GOOD, "migrations/env.py": "import absent\n"})
    ran = run_pytest(root, "--guard")
    assert only(ran.items, "roundtrip", "check") == {
        f"{NEW}::roundtrip": "failed",
        "guard::check": "failed",
    }
    assert "No module named 'absent'" in ran.output


BAD: dict[str, tuple[Mapping[str, Content], list[str], str]] = {
    "no migrations": ({**TEST}, [], "no Alembic environment and no folder of .sql migrations"),
    "a setting that is none": ({**chain(STEP), "guard.toml": "x = 1\n"}, [], "unknown key 'x'"),
    "a base that is not there": (
        chain(STEP),
        ["--guard-base", "x"],
        "--guard-base x: there is no commit",
    ),
    "for two workers": ({**TEST}, ["-n", "2"], "no Alembic environment"),
}


@pytest.mark.parametrize(("files", "arguments", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_one_error_of_usage(
    files: Mapping[str, Content], arguments: list[str], said: str, tmp_path: Path
) -> None:
    write(tmp_path, files)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    ran = started(tmp_path, "--guard", *arguments)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert ran.output.count("ERROR: guard: ") == 1
    assert said in ran.output


def test_it_loads_nothing_until_asked() -> None:
    code = "import sys, guard.pytest_plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"msgspec", "sqlglot", "sqlalchemy", "alembic", "click", "guard.testing"}


@pytest.mark.slow
def test_the_oldest_pytest_runs_the_same(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", f"{ROOT}[pytest]", "pytest==8.*"]
    subprocess.run(install, check=True)
    root = project(tmp_path, {NEW: DROPS, NEXT: FAILS})
    ran = start_pytest(root, "--guard", python=python)
    assert "pytest-8." in ran.output
    assert ran.items == FAILING
