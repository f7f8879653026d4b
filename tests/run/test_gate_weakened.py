"""A change that weakens the gate which judges it, and one that only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from branch import Files, branch, findings
from command_line import Content, guard

from guard.rule import revision_file as rev

TABLE = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
BASE = rev("a1", None, TABLE, "op.drop_table('orders')")
DROP = rev("b2", "a1", "op.drop_table('orders')", "raise NotImplementedError('gone')")
HOOKS = """\
repos:
  - repo: https://example.org/migration-guard
    rev: v0.1.0
    hooks:
      - id: guard-lint
      - id: guard-check
"""
WORKFLOW = """\
jobs:
  guard:
    steps:
      - uses: actions/checkout@v4
      - uses: owner/migration-guard@v0.1.0
      - run: guard check --strict
"""
APPROVAL = """\
[[approval]]
revision = "b2"
rule = "drop-table"
object = "orders"
fingerprint = "{}"
reason = "moved"
approver = "Ada"
"""
OLD = APPROVAL.replace('"b2"', '"a1"').format("0" * 12)


def settings(text: str, name: str = "pyproject.toml") -> dict[str, Content]:
    return {name: f"[tool.guard]\n{text}\n" if name == "pyproject.toml" else f"{text}\n"}


IMAGE = "services:\n  db:\n    image: postgres:15\n"
STRICT = settings('fail-on = "warning"')

# What the base has, what the change has, the file and key that are told, and how.
WEAKER: dict[str, tuple[Files, Files, str, str, str]] = {
    "a rule is ignored": (
        STRICT,
        settings('fail-on = "warning"\nignore = ["drop-table"]'),
        "pyproject.toml",
        "ignore",
        "drop-table is off",
    ),
    "a group is ignored": (
        {},
        settings('ignore = ["source"]'),
        "pyproject.toml",
        "ignore",
        "credentials-in-url, hardcoded-database",
    ),
    "off by severity": (
        {},
        settings('[tool.guard.severity]\ndrop-table = "off"'),
        "pyproject.toml",
        "severity",
        "drop-table is off",
    ),
    "a lower severity": (
        {},
        settings("severity = { drop-table = 'info' }", "guard.toml"),
        "guard.toml",
        "severity",
        "drop-table is no longer error but info",
    ),
    "only some rules": (
        {},
        settings('select = ["history"]'),
        "pyproject.toml",
        "select",
        "more are off",
    ),
    "one of the selected rules": (
        settings('select = ["history", "drop-table"]'),
        settings('select = ["history"]'),
        "pyproject.toml",
        "select",
        "drop-table is off",
    ),
    "an empty guard.toml above a strict pyproject.toml": (
        STRICT,
        {"guard.toml": ""},
        "guard.toml",
        "fail-on",
        "warnings no longer stop the gate (the settings of pyproject.toml held before)",
    ),
    "the settings are gone": (
        STRICT,
        {"pyproject.toml": None},
        "pyproject.toml",
        "fail-on",
        "warnings no longer stop the gate",
    ),
    "settings of a folder of its own": (
        STRICT,
        {"services/a/guard.toml": ""},
        "services/a/guard.toml",
        "fail-on",
        "the settings of pyproject.toml held before",
    ),
    "files are excluded": (
        {},
        settings('exclude = ["migrations/versions/b*"]'),
        "pyproject.toml",
        "exclude",
        "migrations/versions/b*",
    ),
    "rules of files": (
        {},
        settings('[tool.guard.per-file-ignores]\n"app/**" = ["hardcoded-database"]'),
        "pyproject.toml",
        "per-file-ignores",
        "hardcoded-database no longer judged in app/**",
    ),
    "no comparison": (
        {},
        settings('history = "off"'),
        "pyproject.toml",
        "history",
        "nothing is compared with what is released",
    ),
    "another baseline": (
        {},
        settings('baseline = "mine.toml"'),
        "pyproject.toml",
        "the baseline",
        "read from mine.toml",
    ),
    "fewer approvers": (
        settings("[tool.guard.approvers]\ndrop-table = 3"),
        settings("[tool.guard.approvers]\ndrop-table = 2"),
        "pyproject.toml",
        "approvers",
        "drop-table takes 2 to approve, and took 3",
    ),
    "another base": ({}, settings('base = "HEAD"'), "pyproject.toml", "base", "read from HEAD"),
    "another environment": (
        {"other.ini": "[alembic]\nscript_location = migrations\n"},
        settings('alembic-config = ["other.ini"]'),
        "pyproject.toml",
        "alembic-config",
        "only other.ini judged",
    ),
    "no round trip": (
        {},
        settings("roundtrip = false"),
        "pyproject.toml",
        "roundtrip",
        "no longer runs the migrations",
    ),
    "more heads": ({}, settings("heads = 2"), "pyproject.toml", "heads", "2 heads pass"),
    "a newer server": (
        {},
        settings('dialect = "postgresql"\nserver-version = "17"'),
        "pyproject.toml",
        "server-version",
        "version 17",
    ),
    "another version than files tell": (
        {"compose.yaml": IMAGE},
        settings('dialect = "postgresql"\nserver-version = "16"'),
        "pyproject.toml",
        "server-version",
        "version 16",
    ),
    "an option of a rule": (
        {},
        settings('[tool.guard.rules.string-built-sql]\nidentifiers = "allow"'),
        "pyproject.toml",
        "rules",
        "string-built-sql has other options",
    ),
    "an approval": (
        {},
        {"guard-approvals.toml": APPROVAL.format("f")},
        "guard-approvals.toml",
        "an approval",
        "approved: drop-table of orders",
    ),
    "a hook is gone": (
        {".pre-commit-config.yaml": HOOKS},
        {".pre-commit-config.yaml": HOOKS.replace("      - id: guard-check\n", "")},
        ".pre-commit-config.yaml",
        "the way it is run",
        "no longer has `id: guard-check`",
    ),
    "the action is commented out": (
        {".github/workflows/ci.yml": WORKFLOW},
        {".github/workflows/ci.yml": WORKFLOW.replace("- uses: owner", "# - uses: owner")},
        ".github/workflows/ci.yml",
        "the way it is run",
        "no longer has `uses: owner/migration-guard`",
    ),
    "the workflow is gone": (
        {".github/workflows/ci.yml": WORKFLOW},
        {".github/workflows/ci.yml": None},
        ".github/workflows/ci.yml",
        "the way it is run",
        "run: guard check --strict",
    ),
    "whatever it says": (
        {".gitlab-ci.yml": "guard:\n  script:\n    - guard check\n"},
        {".gitlab-ci.yml": "guard:\n  script:\n    - guard check || true\n"},
        ".gitlab-ci.yml",
        "the way it is run",
        "no longer has `guard check`, but `guard check || true`",
    ),
    "a failure that nobody sees": (
        {".github/workflows/ci.yml": WORKFLOW},
        {".github/workflows/ci.yml": f"{WORKFLOW}        continue-on-error: true\n"},
        ".github/workflows/ci.yml",
        "the way it is run",
        "with `continue-on-error: true` a failure may go unseen",
    ),
}

AS_STRICT: dict[str, tuple[Files, Files]] = {
    "a dialect": ({}, settings('dialect = "postgresql"')),
    "a stricter gate": ({}, STRICT),
    "a rule that is off by default": (
        {},
        settings('[tool.guard.severity]\nmixed-schema-and-data = "warning"'),
    ),
    "a higher severity": ({}, settings('severity = { opaque-sql = "error" }')),
    "less is ignored": (
        settings('ignore = ["drop-table", "truncate"]'),
        settings('ignore = ["truncate"]'),
    ),
    "the same by another key": (
        settings('ignore = ["drop-table"]'),
        settings('severity = { drop-table = "off" }'),
    ),
    "the same in another file": (
        STRICT,
        {"pyproject.toml": None, **settings('fail-on = "warning"', "guard.toml")},
    ),
    "other settings of the project": (STRICT, settings('fail-on = "warning"\n[tool.x]\na = 1')),
    "a comment and another order": (
        settings('heads = 1\nfail-on = "warning"'),
        settings('# strict\nfail-on = "warning"\nheads = 1'),
    ),
    "fewer approvals": ({"guard-approvals.toml": OLD}, {"guard-approvals.toml": None}),
    "approvals in another order": (
        {"guard-approvals.toml": OLD + APPROVAL.format("f")},
        {"guard-approvals.toml": APPROVAL.format("f") + OLD},
    ),
    "a newer version of the action": (
        {".github/workflows/ci.yml": WORKFLOW, ".pre-commit-config.yaml": HOOKS},
        {
            ".github/workflows/ci.yml": WORKFLOW.replace("@v0.1.0", "@v0.2.0"),
            ".pre-commit-config.yaml": HOOKS.replace("v0.1.0", "v0.2.0"),
        },
    ),
    "a call in another file": (
        {".gitlab-ci.yml": "guard:\n  script:\n    - guard check\n"},
        {".gitlab-ci.yml": None, ".gitlab/guard.yml": "guard:\n  script:\n    - guard check\n"},
    ),
    "one more call": ({}, {".github/workflows/ci.yml": WORKFLOW}),
    "another step may fail": (
        {".github/workflows/docs.yml": "jobs:\n"},
        {".github/workflows/docs.yml": "jobs:\n  docs:\n    continue-on-error: true\n"},
    ),
    "no settings at all": ({}, rev("b2", "a1")),
    "the version that was found before, written down": (
        {"compose.yaml": IMAGE},
        settings('dialect = "postgresql"\nserver-version = "15"'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WEAKER)
def test_what_weakens_the_gate_is_told(case: str, tmp_path: Path) -> None:
    base, change, path, key, effect = WEAKER[case]
    found = findings(branch(tmp_path, {**BASE, **base}, change), "lint")
    told = [f for f in found if f["rule"] == "gate-weakened" and f"by {key} in" in f["message"]]
    assert [(f["severity"], f["path"]) for f in told if effect in f["message"]] == [("info", path)]


@pytest.mark.parametrize("case", AS_STRICT)
def test_what_does_not_weaken_the_gate_is_not(case: str, tmp_path: Path) -> None:
    base, change = AS_STRICT[case]
    found = findings(branch(tmp_path, {**BASE, **base}, change), "lint")
    assert "gate-weakened" not in [f["rule"] for f in found]


HIDING: dict[str, Files] = {
    "off": settings('[tool.guard.severity]\ngate-weakened = "off"\ndrop-table = "off"'),
    "ignored": settings('ignore = ["gate-weakened", "drop-table"]'),
    "not selected": settings('select = ["truncate"]'),
    "in its file": settings(
        'ignore = ["drop-table"]\n[tool.guard.per-file-ignores]\n"*" = ["gate-weakened"]'
    ),
    "by a comment": settings(
        'ignore = ["drop-table"]  # guard: ignore[gate-weakened] it is nothing'
    ),
    "its file is left out": settings('ignore = ["drop-table"]\nexclude = ["pyproject.toml"]'),
}


@pytest.mark.parametrize("case", HIDING)
@pytest.mark.parametrize("options", [(), ("--all",)])
def test_no_change_hides_that_it_weakens_the_gate(
    case: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    found = findings(branch(tmp_path, BASE, {**HIDING[case], **DROP}), "lint", *options)
    assert "gate-weakened" in [f["rule"] for f in found]


def test_the_settings_of_the_base_can_switch_it_off(tmp_path: Path) -> None:
    base = settings('ignore = ["gate-weakened"]')
    change = settings('ignore = ["gate-weakened", "drop-table"]')
    assert not findings(branch(tmp_path, {**BASE, **base}, change), "lint")


def test_it_does_not_stop_the_gate(tmp_path: Path) -> None:
    repo = branch(tmp_path, BASE, settings('ignore = ["truncate"]'))
    done = guard(repo.root, "lint")
    assert done.code == 0
    assert done.says("gate-weakened", "by ignore in pyproject.toml: truncate is off")


def test_it_stops_the_gate_where_only_a_ref_may_decide(tmp_path: Path) -> None:
    repo = branch(tmp_path, BASE, settings('ignore = ["truncate"]'))
    strict = ("lint", "--approvals-from", "main")
    (one,) = findings(repo, *strict)
    assert (one["rule"], one["severity"]) == ("gate-weakened", "error")
    assert guard(repo.root, *strict).code == 1
    agreed = guard(
        repo.root, "approve", "pyproject.toml", "--reason", "it is slow", "--approver", "Ada"
    )
    assert agreed.says("approved gate-weakened of ignore in pyproject.toml, by Ada")
    approval = (repo.root / "guard-approvals.toml").read_text()
    assert guard(repo.root, *strict).code == 1
    repo.write({"guard-approvals.toml": None})
    repo.git("checkout", "-q", "main")
    repo.commit({"guard-approvals.toml": approval})
    repo.git("checkout", "-q", "change")
    assert guard(repo.root, *strict).code == 0


@pytest.mark.parametrize(("change", "severity"), [(DROP, "error"), ({}, "info")])
def test_only_an_approval_of_the_change_itself_is_refused(
    change: Files, severity: str, tmp_path: Path
) -> None:
    approved: Files = {"guard-approvals.toml": APPROVAL.format("f"), **change}
    found = findings(branch(tmp_path, BASE, approved), "lint", "--approvals-from", "main")
    assert [f["severity"] for f in found if f["rule"] == "gate-weakened"] == [severity]


def test_an_entry_of_another_shape_is_refused_by_the_file_that_holds_it(tmp_path: Path) -> None:
    approved = APPROVAL.format("f").replace('"b2"', '["b2"]')
    done = guard(branch(tmp_path, BASE, {"guard-approvals.toml": approved}).root, "lint")
    assert done.says("'revision' must be a string")
    assert done.code == 2


# The base itself

EDITED = rev("a1", None, TABLE.replace("orders", "other"), "op.drop_table('other')")


def test_a_change_does_not_move_its_own_base(tmp_path: Path) -> None:
    repo = branch(tmp_path, BASE, {**EDITED, **settings('base = "HEAD"')})
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}
    found = findings(repo, "history", **environ)
    assert {f["rule"] for f in found} == {"edited-revision", "gate-weakened"}
    done = guard(repo.root, "history", **environ)
    assert done.says("this change sets the base to HEAD, which counts once it is on origin/main")


def test_a_base_that_is_agreed_upon_counts_also_in_ci(tmp_path: Path) -> None:
    strict = settings('base = "release"')
    repo = branch(tmp_path, {**BASE, **strict}, {"README.md": "x"})
    repo.git("branch", "release", "main")
    done = guard(repo.root, "history", GITHUB_ACTIONS="true", GITHUB_BASE_REF="main")
    assert done.says("Compared with release")


def test_what_is_not_committed_is_compared_too(tmp_path: Path) -> None:
    repo = branch(tmp_path, BASE, {})
    repo.write(settings('ignore = ["truncate"]', "guard.toml"))
    assert [f["rule"] for f in findings(repo, "lint")] == ["gate-weakened"]


WEAK = settings('ignore = ["truncate"]', "guard.toml")
# What is staged, what then lies on disk, and whether `--staged` and a plain run tell of it.
STAGED: dict[str, tuple[Files, Files, bool, bool]] = {
    "staged and taken back on disk": (WEAK, {"guard.toml": None}, True, False),
    "staged and mended on disk": (WEAK, settings("", "guard.toml"), True, False),
    "only on disk": ({"a.txt": "x"}, WEAK, False, True),
    "a hook that is staged as gone": (
        {".pre-commit-config.yaml": "repos: []\n"},
        {".pre-commit-config.yaml": HOOKS},
        True,
        False,
    ),
}


@pytest.mark.parametrize("case", STAGED)
def test_what_is_staged_is_compared(case: str, tmp_path: Path) -> None:
    staged, then, by_index, by_disk = STAGED[case]
    repo = branch(tmp_path, {**BASE, ".pre-commit-config.yaml": HOOKS}, {})
    repo.write(dict(staged))
    repo.git("add", "-A")
    repo.write(dict(then))
    told = [{f["rule"] for f in findings(repo, "lint", *way)} for way in (("--staged",), ())]
    assert told == [{"gate-weakened"} if there else set() for there in (by_index, by_disk)]


def test_settings_that_guard_refuses_on_the_base_are_none(tmp_path: Path) -> None:
    base = settings('ignore = ["no-such-rule"]')
    repo = branch(tmp_path, {**BASE, **base}, settings('ignore = ["truncate"]'))
    assert [f["rule"] for f in findings(repo, "lint")] == ["gate-weakened"]
