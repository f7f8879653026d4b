"""The reference of the rules: written by a script, and where a finding's address leads."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write

from guard.config import Config
from guard.judge.load_rules import PAGES, load_rules
from guard.project.settings import SettingsFiles
from guard.reporters.text import text
from guard.rule import Example, Rule
from guard.run.check import run
from guard.run.examples import findings_of
from guard.run.scope import Request
from guard.show.rule_pages import page

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "rules"
DROPPING = chain(STEP, ("op.drop_table('old')", "pass"))
ADDRESS = f"{PAGES}/drop-table.md"


@pytest.mark.slow
def test_the_pages_are_what_the_rules_say() -> None:
    run = subprocess.run(
        [sys.executable, "scripts/rule_pages.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_rule_has_a_page_that_the_index_names() -> None:
    names = {rule.name for rule in load_rules()}
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *names}
    linked = re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text())
    assert sorted(linked) == sorted(names)


def test_the_address_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["urls"]["Rules"] == PAGES
    assert PAGES.endswith(FOLDER.relative_to(ROOT).as_posix())


@pytest.mark.parametrize(
    ("output", "said"), [("json", f'"url": "{ADDRESS}"'), ("github", f"see: {ADDRESS}")]
)
def test_it_stands_in_every_finding(output: str, said: str, tmp_path: Path) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", "--output-format", output)
    assert said in done.output


@pytest.mark.parametrize("links", [True, False])
def test_a_terminal_leads_there_from_the_name_of_the_rule(links: bool, tmp_path: Path) -> None:
    write(tmp_path, DROPPING)
    request = Request(start=tmp_path, roundtrip=False, today=datetime.date(2026, 11, 1))
    report = run(request, SettingsFiles.everywhere(Config(), tmp_path)).report
    shown = text(report, links=links)
    assert (f"\x1b]8;;{ADDRESS}\x1b\\error[drop-table]\x1b]8;;\x1b\\" in shown) == links


RULE = Rule(
    name="add-required-column",
    group="correctness",
    doc="A title.\n\nA reason.",
    on=load_rules()[0].on,
    severity="warning",
    approvable=False,
    dialects=("postgresql",),
    unsafe=(Example(upgrade="op.x()", dialect="mysql", says="A | <b>", help="Do:\nop.y()"),),
    safe=(Example(upgrade="op.z()"),),
    check=lambda fact, context: (),
)


def test_a_page() -> None:
    assert page(RULE, [None]) == (
        "# add-required-column\n\nA title.\n\n"
        "Group `correctness`. By default: warning. Servers: postgresql.\n\nA reason.\n\n"
        "## Unsafe\n\nOn mysql:\n\n```python\nop.x()\n```\n\n"
        "> A \\| \\<b>\n>\n> help: Do:\n> ```\n> op.y()\n> ```\n\n"
        "## Safe\n\n```python\nop.z()\n```\n"
    )


def test_the_findings_of_a_page_are_those_of_its_examples() -> None:
    (rule,) = (rule for rule in load_rules() if rule.name == "drop-table")
    findings = findings_of(rule)
    said = [finding.message if finding else "" for finding in findings]
    assert len(said) == len(rule.unsafe)
    assert [e.says for e, text in zip(rule.unsafe, said, strict=True) if e.says not in text] == []


# The list, and what narrows it


def listed(folder: Path, *arguments: str) -> list[dict[str, str]]:
    told: list[dict[str, str]] = json.loads(
        guard(folder, "rules", *arguments, "--output-format", "json").output
    )
    return told


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        (("--group", "suppression"), "group", "suppression"),
        (("--severity", "off"), "severity", "off"),
    ],
)
def test_the_list_can_be_narrowed(
    arguments: tuple[str, ...], key: str, value: str, tmp_path: Path
) -> None:
    expected = [rule["name"] for rule in listed(tmp_path) if rule[key] == value]
    assert expected
    assert [rule["name"] for rule in listed(tmp_path, *arguments)] == expected


def test_the_list_for_a_server_has_what_judges_for_all(tmp_path: Path) -> None:
    names = {rule["name"] for rule in listed(tmp_path, "--dialect", "pg")}
    assert "drop-table" in names
    others = {
        rule.name for rule in load_rules() if "postgresql" not in (rule.dialects or ["postgresql"])
    }
    assert not names & others


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--group", "nope"), "no group is called 'nope': there are compatibility, correctness,"),
        (("--dialect", "nope"), "--dialect: unknown dialect 'nope'"),
    ],
)
def test_what_there_is_not_is_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = guard(tmp_path, "rules", *arguments)
    assert done.code == 2
    assert done.says(said)
