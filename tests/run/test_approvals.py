"""What an approval covers, who has to give it, and what becomes of those that cover nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import STEP, VERSIONS, Content, Done, chain, guard, write
from git_repo import Repo
from roundtrip_project import revision

R2 = f"{VERSIONS}/r2.py"
Files = Mapping[str, Content]


def drops(upgrade: str, downgrade: str = "pass") -> dict[str, Content]:
    return {R2: revision("r2", "r1", (upgrade, downgrade))}


DROP = drops("op.drop_table('a')", STEP[0])
BY_ANN = ("--approver", "Ann", "--reason", "agreed")


def change(tmp_path: Path, files: Files) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit(chain(STEP))
    repo.branch("change")
    repo.write(dict(files))
    return repo


def open_rules(repo: Repo, *arguments: str) -> list[str]:
    report = json.loads(guard(repo.root, "lint", *arguments, "--output-format", "json").output)
    return sorted(
        {
            f["rule"]
            for f in report["findings"]
            if f["status"] == "open" and f["rule"] != "gate-weakened"
        }
    )


# What it covers: first what is approved, then what becomes of it, and whether that is covered.

POSTGRES = "if op.get_bind().dialect.name == 'postgresql':\n    "
DELETES = "op.execute('DELETE FROM a WHERE 1  =  1')"
COVERED: dict[str, tuple[Files, Files, bool]] = {
    "a line further down": (DROP, {R2: "\n\n# why\n" + str(DROP[R2])}, True),
    "other quotes": (DROP, drops('op.drop_table("a")', STEP[0]), True),
    "several lines": (DROP, drops("op.drop_table(\n    'a',\n)", STEP[0]), True),
    "as SQL": (DROP, drops("op.execute('DROP TABLE a')", STEP[0]), True),
    "blanks in SQL": (drops(DELETES), drops("op.execute('DELETE  FROM a\\n WHERE 1=1')"), True),
    "another test": (drops(DELETES), drops(DELETES.replace("1", "2")), False),
    "with CASCADE": (DROP, drops("op.execute('DROP TABLE a CASCADE')", STEP[0]), False),
    "without the condition": (
        drops("if ready():\n    op.drop_table('a')", STEP[0]),
        DROP,
        False,
    ),
    "under another condition": (
        drops("if ready():\n    op.drop_table('a')", STEP[0]),
        drops("if not ready():\n    op.drop_table('a')", STEP[0]),
        False,
    ),
    "the condition written otherwise": (
        drops("if ready('x'):\n    op.drop_table('a')", STEP[0]),
        drops('if (ready("x")):\n    op.drop_table("a")', STEP[0]),
        True,
    ),
    "on every dialect": (drops(f"{POSTGRES}op.drop_table('a')", STEP[0]), DROP, False),
    "on another dialect": (
        drops(f"{POSTGRES}op.drop_table('a')", STEP[0]),
        drops(f"{POSTGRES}op.drop_table('a')".replace("postgresql", "mysql"), STEP[0]),
        False,
    ),
    "in the other direction": (
        drops("pass", "op.drop_column('a', 'id')"),
        drops("op.drop_column('a', 'id')", "pass"),
        False,
    ),
}


@pytest.mark.parametrize("case", COVERED)
def test_what_an_approval_covers(case: str, tmp_path: Path) -> None:
    approved, then, covered = COVERED[case]
    repo = change(tmp_path, approved)
    destroys = {"drop-table", "drop-column", "delete-without-where"}
    assert destroys & {*open_rules(repo)}
    assert guard(repo.root, "approve", "r2", *BY_ANN).code == 0
    assert not destroys & {*open_rules(repo)}
    repo.write(dict(then))
    assert bool(destroys & {*open_rules(repo)}) is not covered


EDITED = revision("r1", None, (STEP[0].replace("'a'", "'z'"), STEP[1]))


@pytest.mark.parametrize(
    ("then", "covered"),
    [
        (EDITED.replace("'z'", '"z"') + "# formatted\n", True),
        (EDITED.replace("'z'", "'y'"), False),
        (EDITED.replace("drop_table('a')", "drop_table('z')"), False),
    ],
)
def test_an_approved_edit_may_be_formatted(then: str, covered: bool, tmp_path: Path) -> None:
    path = f"{VERSIONS}/r1.py"
    repo = change(tmp_path, {path: EDITED})
    assert guard(repo.root, "approve", "r1", *BY_ANN).code == 0
    repo.write({path: then})
    assert ("edited-revision" not in open_rules(repo)) is covered


def test_an_approved_parent_is_that_one(tmp_path: Path) -> None:
    repo = change(tmp_path, {f"{VERSIONS}/r1.py": revision("r1", "x", STEP)})
    guard(repo.root, "approve", "r1", "--rule", "reparented-revision", *BY_ANN)
    assert "reparented-revision" not in open_rules(repo)
    repo.write({f"{VERSIONS}/r1.py": revision("r1", "y", STEP)})
    assert "reparented-revision" in open_rules(repo)


# Several approvers

TWO = {"guard.toml": "[approvers]\ndrop-table = 2\n"}


def test_a_rule_takes_two_approvers(tmp_path: Path) -> None:
    repo = change(tmp_path, {**DROP, **TWO})
    assert guard(repo.root, "approve", "r2", *BY_ANN).code == 0
    waiting = guard(repo.root, "lint")
    assert waiting.says("Ann approved it, and drop-table takes 2 approvers: 1 more to go.")
    assert waiting.code == 1
    again = guard(repo.root, "approve", "r2", "--approver", " \u200bAnＮ ", "--reason", "again")
    assert again.says("has approved drop-table of a already, and somebody else has to")
    assert guard(repo.root, "approve", "r2", "--approver", "Bea", "--reason", "yes").code == 0
    passed = guard(repo.root, "lint", "--output-format", "json")
    findings = json.loads(passed.output)["findings"]
    (finding,) = (one for one in findings if one["rule"] == "drop-table")
    assert finding["approvers"] == ["Ann", "Bea"]
    assert finding["reason"] == "agreed (approved by Ann); yes (approved by Bea)"
    assert passed.code == 0


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("destructive = 2", 1),
        ("destructive = 2\ndrop-table = 1", 0),
        ("drop-column = 2", 0),
        ("drop-table = 0", 2),
        ("drop-tabel = 2", 2),
    ],
)
def test_the_setting_for_approvers(setting: str, code: int, tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    guard(repo.root, "approve", "r2", *BY_ANN)
    repo.write({"guard.toml": f"[approvers]\n{setting}\n"})
    assert guard(repo.root, "lint").code == code


def test_an_expired_approver_does_not_count(tmp_path: Path) -> None:
    repo = change(tmp_path, {**DROP, **TWO})
    guard(repo.root, "approve", "r2", *BY_ANN, "--expires", "2999-01-31")
    guard(repo.root, "approve", "r2", "--approver", "Bea", "--reason", "yes")
    file = repo.root / "guard-approvals.toml"
    file.write_text(file.read_text().replace("2999", "2020"))
    assert guard(repo.root, "lint").says("Bea approved it, and drop-table takes 2 approvers")
    assert guard(repo.root, "approve", "r2", *BY_ANN).code == 0
    assert guard(repo.root, "lint").code == 0
    assert file.read_text().count("[[approval]]") == 2


# The report


@pytest.mark.parametrize("output", ["text", "json", "github"])
def test_every_report_says_what_was_approved(output: str, tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    guard(repo.root, "approve", "r2", *BY_ANN)
    done = guard(repo.root, "lint", "--output-format", output)
    assert done.says("drop-table", "agreed (approved by Ann)")
    assert done.code == 0


# The list


def listed(repo: Repo, *arguments: str) -> Done:
    return guard(repo.root, "approvals", *arguments)


def test_the_list_of_approvals(tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    assert listed(repo, "--check").says("There are no approvals.")
    guard(repo.root, "approve", "r2", *BY_ANN, "--expires", "2999-01-31")
    done = listed(repo, "--check")
    assert done.says("in force: drop-table of a in r2, by Ann until 2999-01-31: agreed")
    assert done.code == 0
    (entry,) = json.loads(listed(repo, "--output-format", "json").output)
    assert (entry["state"], entry["line"], entry["approver"]) == ("in force", 3, "Ann")


@pytest.mark.parametrize(
    ("then", "state"),
    [
        ({**drops("pass")}, "unused"),
        ({**drops("op.execute('DROP TABLE a CASCADE')", STEP[0])}, "changed"),
        (TWO, "waiting"),
        ({"guard.toml": "ignore = ['drop-table']"}, "not judged"),
    ],
)
def test_the_states_of_an_approval(then: Files, state: str, tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    guard(repo.root, "approve", "r2", *BY_ANN)
    repo.write(dict(then))
    done = listed(repo, "--check")
    assert done.says(f"{state}: drop-table of a in r2, by Ann")
    assert done.code == (0 if state == "not judged" else 1)


def test_needless_approvals_are_removed_with_their_comments(tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    guard(repo.root, "approve", "r2", *BY_ANN)
    file = repo.root / "guard-approvals.toml"
    kept = file.read_text()
    gone = kept[kept.index("[[approval]]") :].replace('"r2"', '"r9"')
    expired = gone.replace('"r9"', '"r8"') + "expires = 2020-01-31\n"
    file.write_text(f"{kept}\n# of an old one\n{gone}\n# another\n{expired}")
    done = listed(repo, "--prune")
    assert done.says("removed drop-table of a in r9", "removed drop-table of a in r8", "in force")
    assert file.read_text() == kept
    assert listed(repo, "--prune", "--check").code == 0


# Asked


@pytest.mark.parametrize(
    ("answers", "arguments", "open_after"),
    [
        ("y\nit is old\n", ("--interactive",), []),
        ("n\n", ("--interactive",), ["drop-table"]),
        ("y\n", ("r2", "-i", "--reason", "it is old"), []),
        ("", ("r1", "-i"), ["drop-table"]),
    ],
)
def test_guard_asks(
    answers: str, arguments: tuple[str, ...], open_after: list[str], tmp_path: Path
) -> None:
    repo = change(tmp_path, DROP)
    done = guard(repo.root, "approve", *arguments, "--approver", "Ann", stdin=answers)
    assert done.code == 0
    assert open_rules(repo) == open_after
    if not open_after:
        assert done.says("Approve drop-table of a?", "approved drop-table of a in r2, by Ann")
    else:
        assert done.says("nothing was approved")


def test_nobody_is_asked_where_nobody_reads(tmp_path: Path) -> None:
    done = guard(change(tmp_path, DROP).root, "approve")
    assert done.says("say which revision is approved, or answer to guard approve --interactive")
    assert done.code == 2


# Where they are


def linked(repo: Repo, path: str, target: Path) -> None:
    place = repo.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


@pytest.mark.parametrize("command", [("lint",), ("approve", "r2", *BY_ANN), ("approvals",)])
@pytest.mark.parametrize(
    ("setting", "link", "says"),
    [
        ("approvals = '../x.toml'", None, "leads out of"),
        ("approvals = '/tmp/x.toml'", None, "leads out of"),
        ("", "guard-approvals.toml", "guard-approvals.toml is a link"),
        ("approvals = 'ops/x.toml'", "ops", "ops is a link"),
    ],
)
def test_approvals_stay_where_reviewers_see_them(
    command: tuple[str, ...], setting: str, link: str | None, says: str, tmp_path: Path
) -> None:
    repo = change(tmp_path, {**DROP, "guard.toml": setting})
    write(tmp_path / "elsewhere", {"x.toml": ""})
    if link:
        target = tmp_path / "elsewhere"
        linked(repo, link, target / "x.toml" if link.endswith(".toml") else target)
    done = guard(repo.root, *command)
    assert done.says(says)
    assert done.code == 2
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["x.toml"]
    assert not (tmp_path / "elsewhere" / "x.toml").read_text()


def test_a_tag_does_not_stand_in_for_the_branch_of_approvals(tmp_path: Path) -> None:
    repo = change(tmp_path, DROP)
    guard(repo.root, "approve", "r2", *BY_ANN)
    repo.commit()
    repo.git("tag", "main")
    assert open_rules(repo, "--approvals-from", "main", "--base", "main") == ["drop-table"]
