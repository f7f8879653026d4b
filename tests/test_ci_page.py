"""docs/ci.md says of the action and of guard what they take and give."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner

from guard.cli.main import cli
from guard.reporters import FORMATS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")


def declared(section: str) -> set[str]:
    """Return the names that a section of the action declares."""
    body = ACTION.partition(f"\n{section}:\n")[2]
    return set(re.findall(r"^  ([\w-]+):$", re.split(r"^\w", body, flags=re.M)[0], re.M))


def listed(heading: str) -> set[str]:
    """Return the names in the table of the page with that heading."""
    rows = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return {
        name
        for cell in re.findall(r"^\| (.*?) \|", rows, re.M)
        for name in re.findall(r"`([\w-]+)`", cell)
    }


# How a recipe of each CI system begins, and what its schema is called.
SYSTEMS = {
    "on": "github-workflows", "guard": "gitlab-ci", "pipelines": "bitbucket-pipelines",
    "pool": "azure-pipelines",
}  # fmt: skip
RECIPES = re.findall(r"^```yaml\n((\w+):.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize(("recipe", "first"), RECIPES)
def test_a_recipe_is_what_its_system_takes(recipe: str, first: str) -> None:
    """By the schema that the system publishes; a recipe of a job alone is a piece of a workflow."""
    assert yaml.safe_load(recipe)
    pytest.importorskip("check_jsonschema", reason="of the dev group")
    if first not in SYSTEMS:
        return
    command = [sys.executable, "-m", "check_jsonschema", "-", "--default-filetype", "yaml"]
    done = subprocess.run(
        [*command, "--builtin-schema", f"vendor.{SYSTEMS[first]}"],
        input=recipe,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_system_has_a_recipe() -> None:
    assert {first for _, first in RECIPES} >= {*SYSTEMS}


@pytest.mark.parametrize(("heading", "section"), [("input", "inputs"), ("output", "outputs")])
def test_the_tables_are_the_action(heading: str, section: str) -> None:
    assert listed(heading) == declared(section)
    assert listed(heading)


def test_what_it_hands_over_is_declared() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", ACTION))
    assert used == declared("inputs")


@pytest.mark.parametrize(
    "command", re.findall(r"guard (?:check|lint)\b[^\n'\"]*--output[^\n'\"]*", PAGE)
)
def test_its_commands_are_commands(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name, *options = shlex.split(command)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test-results").mkdir()
    result = CliRunner().invoke(cli, [name, "--no-roundtrip", *options])
    assert result.exit_code in (0, 2)
    assert "Usage:" not in result.output
    assert "there is no format" not in result.output
    formats = {value.partition(":")[0] for value in options if not value.startswith("--")}
    assert formats <= {*FORMATS}


@pytest.mark.parametrize(
    "command", re.findall(r"guard (?:plan|merge)\b[^\n'\"`)]* --[^\n'\"`)]*", PAGE)
)
def test_its_commands_for_shards_are_commands(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert result.exit_code == 2  # there is no project, and no file of a shard
    assert "Usage:" not in result.output


@pytest.mark.slow
def test_the_container_gets_all_that_the_wheel_needs(tmp_path: Path) -> None:
    allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M)
    for name in allowed:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "out", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").glob("*.whl"))
