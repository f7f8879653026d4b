"""Every example of every rule: unsafe ones trip their rule as they say, safe ones trip nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from examples import judge, judge_again, source_at
from msgspec.structs import replace

from guard.errors import GuardError
from guard.finding import Finding
from guard.fixing import apply_edits
from guard.judge.load_rules import load_rules
from guard.rule import Example, Rule

RULES = load_rules()
CODE = re.compile(r":\n((?:import|op\.|with op\.|config\.|ALTER)[\s\S]*)")  # in a remedy


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{number}")
        for rule in RULES
        for number, example in enumerate(getattr(rule, kind))
    ]


@pytest.mark.parametrize(("rule", "example"), cases("unsafe"))
def test_unsafe_trips_the_rule_as_pinned(rule: Rule, example: Example, tmp_path: Path) -> None:
    """It does so once, as the example says; where a fix is offered, that makes the finding go."""
    assert example.says
    assert example.at
    findings = judge(example, tmp_path, roundtrip=rule.group == "roundtrip")
    assert [f.rule for f in findings].count(rule.name) == 1, findings
    assert [f for f in findings if f.severity == "error" and f.rule != rule.name] == []
    (finding,) = (f for f in findings if f.rule == rule.name)
    assert example.says in finding.message
    assert finding.remedy
    assert example.help in finding.remedy
    code = CODE.search(finding.remedy)
    lines = code[1].splitlines() if code else []
    assert [
        line for line in lines if line.strip() not in example.fixed + example.fixed_downgrade
    ] == []
    before, after = source_at(finding, tmp_path)
    assert after.startswith(example.at), finding.span
    assert (before + after).count(example.at) == 1, "`at` stands more than once in the file"
    if finding.fix:
        assert_that_its_fix_passes(finding, example, tmp_path)


def assert_that_its_fix_passes(finding: Finding, example: Example, folder: Path) -> None:
    """Make the fix where the example is written: its finding goes, and no error comes."""
    for path in {edit.span.path for edit in finding.fix}:
        file = folder / path
        own = [edit for edit in finding.fix if edit.span.path == path]
        file.write_text(apply_edits(file.read_text(), own))
    after = judge_again(replace(example, approvals=None), folder)
    assert [f for f in after if f.rule == finding.rule or f.severity == "error"] == []


REPAIRED = [
    case for case in cases("unsafe") if case.values[1].fixed or case.values[1].fixed_downgrade
]


@pytest.mark.parametrize(("rule", "example"), REPAIRED)
def test_the_code_of_the_remedy_passes(rule: Rule, example: Example, tmp_path: Path) -> None:
    if example.source is None:
        upgrade = example.fixed or example.upgrade
        downgrade = example.fixed_downgrade or example.downgrade
        fixed = replace(example, upgrade=upgrade, downgrade=downgrade)
    else:
        path = "migrations/env.py" if example.path.endswith(".ini") else example.path
        fixed = replace(example, source=example.fixed, path=path)
    assert [f.rule for f in judge(fixed, tmp_path) if f.severity == "error"] == []


@pytest.mark.parametrize(("rule", "example"), cases("safe"))
def test_safe_trips_nothing(rule: Rule, example: Example, tmp_path: Path) -> None:
    findings = judge(example, tmp_path, roundtrip=rule.group == "roundtrip")
    assert [f for f in findings if f.severity != "info" or f.rule == rule.name] == []


SELECTED = [case for case in cases("safe") if "select" in case.values[1].config]


@pytest.mark.parametrize(("rule", "example"), SELECTED)
def test_safe_trips_no_error_of_the_rules_that_are_on(
    rule: Rule, example: Example, tmp_path: Path
) -> None:
    config = {key: value for key, value in example.config.items() if key != "select"}
    findings = judge(replace(example, config=config), tmp_path)
    assert [f for f in findings if f.severity == "error"] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.title.endswith(".")
    assert rule.why
    assert rule.unsafe
    assert rule.safe


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "the installation is incomplete"),
        ({"a/one.py": "import nowhere"}, "one.py does not load: No module named 'nowhere'"),
        ({"a/one.py": "x = 1"}, "one.py holds 0 rules: a rule file holds exactly one"),
    ],
)
def test_a_rule_that_does_not_load_stops_the_run(
    files: dict[str, str], message: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(GuardError) as caught:
        load_rules(tmp_path)
    assert message in str(caught.value)
