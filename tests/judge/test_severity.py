"""How severe a finding is: what the user set, else what the problem says, else the rule's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import judge

RULE = '''
    """A rule."""

    from guard.operations import CreateTable
    from guard.rule import Problem, rule


    @rule(CreateTable, severity="{rule}", unsafe=(), safe=())
    def a_rule(create, context):
        yield Problem(message="-", remedy="-", severity={problem!r})
'''
OTHER = RULE.format(rule="error", problem=None).replace("CreateTable", "DropTable")
NAME = {"severity": {"a-rule": "warning"}}
GROUP = {"severity": {"style": "warning"}}
BOTH = {"severity": {"a-rule": "error", "style": "info"}}
SELECT: dict[str, object] = {"select": ["a-rule"]}


@pytest.mark.parametrize(
    ("rule", "problem", "settings", "severity"),
    [
        # nobody set it
        ("error", None, {}, "error"),
        ("error", "info", {}, "info"),
        ("warning", None, {}, "warning"),
        ("warning", "error", {}, "error"),
        ("info", "warning", {}, "warning"),
        ("off", "error", {}, None),
        # by the rule's name
        ("error", None, NAME, "warning"),
        ("error", "info", NAME, "warning"),
        ("error", "error", NAME, "warning"),
        ("warning", "error", NAME, "warning"),
        ("info", "error", NAME, "warning"),
        ("off", "error", NAME, "warning"),
        ("warning", "warning", {"severity": {"a-rule": "error"}}, "error"),
        ("error", "error", {"severity": {"a-rule": "off"}}, None),
        # by its group's
        ("error", None, GROUP, "warning"),
        ("error", "info", GROUP, "warning"),
        ("warning", "error", GROUP, "warning"),
        ("off", "error", GROUP, None),
        ("error", "error", {"severity": {"style": "off"}}, None),
        # by both
        ("warning", "warning", BOTH, "error"),
        ("off", "info", BOTH, "error"),
        # a rule that is off, selected
        ("off", None, SELECT, "warning"),
        ("off", "error", SELECT, "error"),
        ("off", "error", SELECT | NAME, "warning"),
        ("off", "error", SELECT | GROUP, "warning"),
        ("error", "warning", SELECT, "warning"),
    ],
)
def test_severity(
    rule: str,
    problem: str | None,
    settings: dict[str, object],
    severity: str | None,
    tmp_path: Path,
) -> None:
    rules = {"style/a_rule": RULE.format(rule=rule, problem=problem), "style/other": OTHER}
    found = judge(tmp_path, rules, "op.create_table('t')", settings=settings)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        ({}, None),
        ({"select": ["style"]}, "error"),
        (GROUP, "warning"),
        ({"select": ["style"]} | GROUP, "warning"),
    ],
)
def test_a_group_of_nothing_but_rules_that_are_off(
    settings: dict[str, object], severity: str | None, tmp_path: Path
) -> None:
    rules = {"style/a_rule": RULE.format(rule="off", problem="error")}
    found = judge(tmp_path, rules, "op.create_table('t')", settings=settings)
    assert [finding.severity for finding in found] == ([severity] if severity else [])
