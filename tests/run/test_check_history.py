"""What a change does to released revisions, and what approvals allow, through the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import STEP, VERSIONS, Content, Done, chain, guard, write
from git_repo import Repo
from roundtrip_project import revision

R1, R2, R3 = (f"{VERSIONS}/r{number}.py" for number in (1, 2, 3))
B = (STEP[0].replace("'a'", "'b'"), STEP[1].replace("'a'", "'b'"))
C = (STEP[0].replace("'a'", "'c'"), STEP[1].replace("'a'", "'c'"))
DROP = ("op.drop_table('a')", STEP[0])
RELEASED = chain(STEP, B)
Files = Mapping[str, Content]


def changed(tmp_path: Path, change: Files, on_main: Files | None = None) -> Repo:
    """Return a branch with the change; `on_main` was committed there after it began."""
    repo = Repo(tmp_path / "repo")
    repo.commit(RELEASED)
    repo.branch("change")
    repo.commit({**change, "touched.txt": "x"})
    if on_main:
        repo.git("checkout", "-q", "main")
        repo.commit(on_main)
        repo.git("checkout", "-q", "change")
    return repo


def rules_of(repo: Repo, *arguments: str) -> list[str]:
    done = guard(repo.root, *arguments, "--output-format", "json")
    findings = json.loads(done.output)["findings"]
    return sorted({f["rule"] for f in findings if f["status"] == "open"})


EDITED = revision("r1", None, (STEP[0].replace("'a'", "'z'"), STEP[1].replace("'a'", "'z'")))
CASES: dict[str, tuple[Files, Files | None, list[str]]] = {
    "a new revision": ({R3: revision("r3", "r2", C)}, None, []),
    "an edited one": ({R1: EDITED}, None, ["edited-revision"]),
    "another parent": (
        {R2: revision("r2", None, B)},
        None,
        ["multiple-heads", "reparented-revision"],
    ),
    "a deleted one": ({R2: None}, None, ["deleted-revision"]),
    "a moved and edited one": (
        {R2: None, f"{VERSIONS}/two.py": revision("r2", "r1", B) + "\nop.drop_table('b')\n"},
        None,
        ["drop-table", "edited-revision"],
    ),
    "a comment": ({R1: revision("r1", None, STEP) + "# more\n"}, None, []),
    "a second head": ({R3: revision("r3", "r1", C)}, None, ["multiple-heads"]),
    "a head on main since": (
        {R3: revision("r3", "r2", C)},
        {f"{VERSIONS}/late.py": revision("late", "r2", C)},
        ["multiple-heads"],
    ),
    "an edit that main made too": ({R1: EDITED}, {R1: EDITED}, []),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["history", "lint"])
def test_history(command: str, case: str, tmp_path: Path) -> None:
    change, on_main, rules = CASES[case]
    wanted = rules if command == "lint" else [rule for rule in rules if rule != "drop-table"]
    assert rules_of(changed(tmp_path, change, on_main), command) == wanted


def test_the_head_on_main_is_named(tmp_path: Path) -> None:
    change, on_main, _ = CASES["a head on main since"]
    done = guard(changed(tmp_path, change, on_main).root, "history")
    assert done.says("2 heads", "late.py, main", "r3.py, this change", 'down_revision = "late"')


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {R2: None, f"{VERSIONS}/two.py": RELEASED[R2]},
            f"Revision r2 was moved from {R2}, where it is on main, to {VERSIONS}/two.py",
        ),
        (
            {R1: revision("r1", None, (STEP[0], f"op.execute('SELECT 1'); {STEP[1]}"))},
            "The downgrade of r1, which is on main, was edited",
        ),
    ],
)  # fmt: skip
def test_what_passes_is_told(change: Files, told: str, tmp_path: Path) -> None:
    done = guard(changed(tmp_path, change).root, "history")
    assert done.says(told)
    assert done.code == 0


def test_what_is_allowed_is_said(tmp_path: Path) -> None:
    done = guard(changed(tmp_path, CASES["a comment"][0]).root, "history")
    assert done.says("r1: edited, and still the same for a database, so that is allowed.")
    assert done.says("Checked history of 2 revisions against main", "Passed.")


def test_only_what_is_new_is_judged(tmp_path: Path) -> None:
    repo = changed(tmp_path, {})
    repo.git("checkout", "-q", "main")
    repo.commit({R3: revision("r3", "r2", DROP)})
    done = guard(repo.root, "lint")
    assert done.says("all 3 revisions are released already", "--all judges them")
    assert done.code == 0
    assert rules_of(repo, "lint", "--all") == ["drop-table"]


def test_the_one_revision_is_released(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(chain(STEP))
    assert guard(tmp_path, "lint").says("migrations: its one revision is released already")


def test_staged_is_what_will_be_committed(tmp_path: Path) -> None:
    repo = changed(tmp_path, {})
    repo.write({R3: revision("r3", "r2", DROP)})
    repo.git("add", R3)
    repo.write({R3: revision("r3", "r2", C)})
    assert rules_of(repo, "lint", "--staged") == ["drop-table"]
    assert rules_of(repo, "lint") == []


# Approvals


def approve(repo: Repo, *arguments: str) -> Done:
    return guard(repo.root, "approve", *arguments, "--approver", "Ann", "--reason", "agreed")


def test_an_edit_is_refused_approved_and_passes_until_it_changes(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R1: EDITED})
    assert approve(repo, "r1").code == 0
    done = guard(repo.root, "check", "-v")
    assert done.says("agreed (approved by Ann)", "1 approved", "Passed.")
    write(repo.root, {R1: EDITED.replace("'z'", "'y'")})
    again = guard(repo.root, "history")
    assert again.says("Ann approved it before, but the operation was changed after that")
    assert again.code == 1


def test_a_drop_is_refused_approved_and_passes(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    assert rules_of(repo, "lint") == ["drop-table"]
    assert approve(repo, "r3", "--rule", "drop-table", "--object", "a").says("approved drop-table")
    assert rules_of(repo, "lint") == ["gate-weakened"]
    again = approve(repo, "r3")
    assert again.says("everything in revision r3 that needs an approval has one")
    assert again.code == 2


def test_the_command_that_a_finding_shows_works(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    shown = guard(repo.root, "lint").output.partition("approve: guard ")[2].partition("\n")[0]
    command = shown.replace('"..."', "agreed").split()
    assert guard(repo.root, *command, "--approver", "Ann").code == 0
    assert guard(repo.root, "lint").code == 0


def test_a_comment_does_not_stand_in_for_an_approval(tmp_path: Path) -> None:
    commented = f"# guard: ignore[drop-table] it is old\n{DROP[0]}"
    repo = changed(tmp_path, {R3: revision("r3", "r2", (commented, DROP[1]))})
    done = guard(repo.root, "lint")
    assert done.says("The comment on line", "drop-table needs an approval")
    assert done.code == 1


def test_nobody_approves_their_own(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    approve(repo, "r3")
    assert rules_of(repo, "lint", "--approvals-from", "main") == ["drop-table", "gate-weakened"]
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "x")
    assert rules_of(repo, "lint", "--approvals-from", "change") == []


@pytest.mark.parametrize(
    ("arguments", "environ"), [(("--staged",), {"CI": ""}), ((), {"CI": "true"})]
)
def test_an_approval_that_git_does_not_track_does_not_count_in_a_hook(
    arguments: tuple[str, ...], environ: dict[str, str], tmp_path: Path
) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    approve(repo, "r3")
    done = guard(repo.root, "lint", *arguments, **environ)
    assert done.says("guard-approvals.toml is not tracked by git, so what it says does not count")
    assert done.code == 1
    assert guard(repo.root, "lint", CI="").code == 0
    repo.git("add", "guard-approvals.toml")
    assert guard(repo.root, "lint", *arguments, **environ).code == 0


def test_an_approval_ends(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    past = approve(repo, "r3", "--expires", "2020-01-31")
    assert past.says("--expires 2020-01-31: that day is past")
    assert past.code == 2
    assert approve(repo, "r3", "--expires", "2999-01-31").code == 0
    written = repo.root / "guard-approvals.toml"
    written.write_text(written.read_text().replace("2999", "2020"))
    assert guard(repo.root, "lint").says("The approval by Ann expired on 2020-01-31")


def test_an_edited_operation_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    approve(repo, "r3")
    write(
        repo.root,
        {R3: revision("r3", "r2", (DROP[0].replace("('a'", "('a', if_exists=True"), DROP[1]))},
    )
    assert rules_of(repo, "lint") == ["drop-table", "gate-weakened"]
    assert approve(repo, "r3").code == 0
    assert rules_of(repo, "lint") == ["gate-weakened"]
    assert (repo.root / "guard-approvals.toml").read_text().count("[[approval]]") == 1


def test_git_says_who_approves(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    repo.git("config", "user.name", "Bea")
    done = guard(repo.root, "approve", "r3", "--reason", "agreed")
    assert done.says("approved drop-table of a in r3, by Bea")


def test_nobody_says_who_approves(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = guard(repo.root, "approve", "r3", "--reason", "agreed", **nobody)
    assert done.says("--approver: git has no user.name, so say who agreed")
    without_git = guard(repo.root, "approve", "r3", "--reason", "agreed", PATH="/nowhere")
    assert without_git.says("--approver: git has no user.name, so say who agreed")
    assert done.code == without_git.code == 2


def test_the_wrong_object_is_answered_with_the_right_one(tmp_path: Path) -> None:
    repo = changed(tmp_path, {R3: revision("r3", "r2", DROP)})
    assert approve(repo, "r3", "--object", "b").says("--rule drop-table --object a")
    assert approve(repo, "r2").says("nothing in revision r2 needs an approval; in r3")


def test_what_needs_no_approval_is_answered_with_the_comment(tmp_path: Path) -> None:
    step = ("op.execute('DELETE FROM a')", "pass")
    repo = changed(tmp_path, {R3: revision("r3", "r2", step)})
    assert approve(repo, "r3", "--rule", "missing-downgrade").says(
        f"missing-downgrade needs no approval: mend it, or let it be by a comment in {R3}:",
        "# guard: ignore[missing-downgrade] agreed",
    )


# Folders of .sql files

SQL: Files = {"db/V1__a.sql": "CREATE TABLE a (id int);\n", "db/V2__b.sql": "SELECT 1;\n"}


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"db/V3__c.sql": "CREATE TABLE c (id int);\n"}, []),
        ({"db/V3__c.sql": "DROP TABLE a;\n"}, ["drop-table"]),
        ({"db/V1__a.sql": "CREATE TABLE a (id bigint);\n"}, ["edited-revision"]),
        ({"db/V2__b.sql": None}, ["deleted-revision"]),
    ],
)
def test_sql_files_have_a_history_too(change: Files, rules: list[str], tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({**SQL, "db/helpers.txt": "x"})
    repo.branch("change")
    repo.commit(change)
    assert rules_of(repo, "lint", "db") == rules


HELPERS = "migrations/helpers.py"
GRANT = """\
from alembic import op


def grant(table):
    op.execute(f'GRANT SELECT ON {table} TO app')
"""
USES = revision("r1", None, ("grant('a')", "grant('a')")).replace(
    "from alembic import op", "from alembic import op\nfrom migrations.helpers import grant"
)


@pytest.mark.parametrize(
    ("helper", "rules"),
    [
        (GRANT.replace("SELECT", "ALL"), ["edited-revision"]),
        (GRANT.replace("op.execute", "print(table)\n    op.execute"), []),
        (GRANT + "\n\ndef other():\n    op.drop_table('a')\n", []),
        (GRANT.replace("(table)", "(name)").replace("{table}", "{name}"), []),
        ("from alembic import op\nfrom migrations.more import grant\n", []),
    ],
)
@pytest.mark.parametrize("cached", [False, True])
def test_a_helper_of_a_released_revision(
    helper: str, rules: list[str], cached: bool, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(RELEASED | {R1: USES, HELPERS: GRANT})
    repo.branch("change")
    if cached:
        guard(repo.root, "history")
    repo.commit({HELPERS: helper, "migrations/more.py": GRANT})
    assert rules_of(repo, "history") == rules
    if rules:
        said = "Revision r1 is on main already and now, through migrations/helpers.py, does"
        assert guard(repo.root, "history").says(said, "git checkout main -- migrations/helpers.py")


@pytest.mark.parametrize(("gone", "code"), [(R2, 0), (R1, 1)])
def test_nobody_can_approve_a_deletion_that_breaks_the_chain(
    gone: str, code: int, tmp_path: Path
) -> None:
    repo = changed(tmp_path, {gone: None})
    id_ = Path(gone).stem
    guard(
        repo.root, "approve", id_, "--rule", "deleted-revision", "--reason", "x", "--approver", "a"
    )
    done = guard(repo.root, "history")
    assert done.code == code
    assert "broken-chain" not in done.output
