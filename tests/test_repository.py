"""What GitHub and pre-commit read of this repository: nobody says so until it is too late."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)
# The keys of GitHub's form schema: those that each kind of element needs, and those it may have.
ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_an_issue_form_follows_the_schema(path: Path) -> None:
    form = load(path)
    assert {"name", "description", "body"} <= set(form)
    assert set(form) <= {"name", "description", "body", "title", "labels", "assignees", "projects"}
    ids = [element["id"] for element in form["body"] if "id" in element]
    assert len(ids) == len(set(ids))
    assert any(element["type"] != "markdown" for element in form["body"])
    for element in form["body"]:
        needed, allowed = ELEMENTS[element["type"]]
        assert needed <= set(element["attributes"]) <= needed | allowed, element
        assert set(element) <= {"type", "id", "attributes", "validations"}
        assert re.fullmatch(r"[\w-]+", element.get("id", "markdown"))
        assert set(element.get("validations", {})) <= {"required"}


def test_both_kinds_of_wrong_judgement_have_a_form() -> None:
    assert {load(path)["name"] for path in FORMS} == {"False positive", "Missed hazard"}


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_workflow_gives_nothing_away(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for step in steps(path):
        action = step.get("uses", "./")
        assert action == "./" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert "${{" not in step.get("run", "")  # what an event holds never becomes shell
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert "permissions" in job


def test_only_what_ci_accepted_is_published() -> None:
    jobs = load(ROOT / ".github/workflows/release.yml")["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert jobs["build"]["needs"] == "check"
    assert {"run": ".ci/run"} in jobs["check"]["steps"]
    allowed = {name for name, job in jobs.items() if "id-token" in job["permissions"]}
    assert allowed == {"publish"}


def test_owners_stand_for_paths_that_exist() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    paths = [line.split()[0] for line in lines if line and not line.startswith("#")]
    kept = {"/guard-approvals.toml", "/guard-baseline.toml"}  # they come with their first entry
    assert kept | {"/rules/"} <= set(paths)
    for path in set(paths) - kept:
        assert (ROOT / path.strip("/")).exists(), path


def test_the_repository_uses_its_own_hooks() -> None:
    hooks = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "mypy", "guard-lint"}


def test_a_recipe_is_what_one_could_type() -> None:
    text = (ROOT / "justfile").read_text(encoding="utf-8")
    recipes = re.findall(r"^(\w+)[^:\n]*:\n((?:    .*\n)+)", text, re.M)
    assert {"test", "lint", "rule", "docs"} <= {name for name, _ in recipes}
    for _, body in recipes:
        assert body.count("\n") == 1


def test_the_oldest_packages_are_those_that_are_promised() -> None:
    """`.ci/run` tests them: a lower bound that nobody runs is a guess."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / ".ci/oldest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.partition(";")[0].split("==") for line in lines if not line.startswith("#"))
    promised = dict(dependency.split(">=") for dependency in project["dependencies"])
    assert set(pins) == set(promised)
    for name, bound in promised.items():
        assert f"{pins[name]}.".startswith(f"{bound}."), name
