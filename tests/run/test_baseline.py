"""`guard baseline`: what was there before guard is set aside, and nothing new ever is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command_line import STEP, VERSIONS, Content, chain, guard, write
from git_repo import Repo
from roundtrip_project import revision

from guard.finding import Finding
from guard.statement import Span
from guard.suppression.baseline import entry_of

Files = Mapping[str, Content]
BASELINE = "guard-baseline.toml"
R2, R4 = f"{VERSIONS}/r2.py", f"{VERSIONS}/r4.py"
DROP = ("op.drop_table('a')", STEP[0])
TOOLS = "migrations/tools.py"
CLEAR = "def clear(connection, name):\n    connection.execute(f'DELETE FROM {name} WHERE id = 1')\n"
OLD: dict[str, Content] = {**chain(STEP, DROP, STEP), TOOLS: CLEAR}
HARMLESS = ("op.create_table('b', sa.Column('id', sa.Integer()))", "op.drop_table('b')")


def adopted(tmp_path: Path) -> Repo:
    """Return a repository whose old findings stand in its baseline, on a branch for a change."""
    repo = Repo(tmp_path / "repo")
    repo.commit(OLD)
    done = guard(repo.root, "baseline", "--no-roundtrip")
    assert done.code == 0, done.output
    repo.commit({BASELINE: (repo.root / BASELINE).read_bytes()})
    repo.branch("change")
    return repo


def found(repo: Repo, *arguments: str, **environ: str) -> tuple[list[str], int]:
    """Return the open findings of everything, and how many are in the baseline."""
    done = guard(repo.root, "lint", "--all", "--output-format", "json", *arguments, **environ)
    report = json.loads(done.output)
    shown = [
        f"{f['rule']} {f['path']}"
        for f in report["findings"]
        if f["status"] == "open" and f["rule"] != "gate-weakened"
    ]
    return sorted(shown), report["summary"]["baseline"]


GONE = f"unused-suppression {BASELINE}"
DROPPED, BUILT = f"drop-table {R2}", f"string-built-sql {TOOLS}"
CHANGES: dict[str, tuple[Files, list[str], int]] = {
    "nothing": ({}, [], 2),
    "a harmless revision": ({R4: revision("r4", "r3", HARMLESS)}, [], 2),
    "lines that move": ({TOOLS: f"import os\n\n\n{CLEAR}"}, [], 2),
    "formatting": ({TOOLS: CLEAR.replace("(f'", "(\n        f'").replace("'", '"')}, [], 2),
    "a comment in an old revision": ({R2: f"# why\n{revision('r2', 'r1', DROP)}"}, [], 2),
    "the same again in the file": (
        {TOOLS: CLEAR + CLEAR.replace("def clear", "def again")},
        [BUILT],
        2,
    ),
    "another statement": (
        {TOOLS: CLEAR.replace("DELETE FROM {name} WHERE id = 1", "ANALYZE {name}")},
        [BUILT, GONE],
        1,
    ),
    "the same in another file": (
        {"migrations/more.py": CLEAR},
        ["string-built-sql migrations/more.py"],
        2,
    ),
    "a new drop of the same table": (
        {R4: revision("r4", "r3", DROP)},
        [f"drop-table {R4}"],
        2,
    ),
    "an old one that is mended": ({TOOLS: "x = 1\n"}, [GONE], 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_all_fails_only_for_what_is_not_in_it(name: str, tmp_path: Path) -> None:
    change, expected, count = CHANGES[name]
    repo = adopted(tmp_path)
    repo.commit({**change, "touched.txt": "x"})
    assert found(repo) == (sorted(expected), count)


def test_the_report_counts_what_is_in_it(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    done = guard(repo.root, "lint", "--all", "-v")
    assert done.code == 0
    assert done.says(
        "Found no open problems; 2 in the baseline",
        f"baseline[drop-table] {R2}:9:5",
        "found before guard was the gate",
    )


def test_what_a_change_brings_is_never_recorded(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    repo.commit({R4: revision("r4", "r3", DROP), "migrations/more.py": CLEAR})
    before = (repo.root / BASELINE).read_text()
    done = guard(repo.root, "baseline", "--no-roundtrip")
    assert done.says(
        "guard-baseline.toml holds 2 findings: nothing changed",
        "left out 2 findings that this change brings (guard check tells more):",
        f"drop-table at {R4}:9",
        "string-built-sql at migrations/more.py:2",
    )
    assert (repo.root / BASELINE).read_text() == before


def test_an_entry_that_is_written_by_hand_covers_no_new_revision(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    file = repo.root / BASELINE
    repo.commit({R4: revision("r4", "r3", DROP)})
    mine = file.read_text().replace('"r2"', '"r4"')
    repo.commit({BASELINE: mine})
    assert f"drop-table {R4}" in found(repo)[0]


def test_what_is_gone_is_said_once_and_pruned(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    repo.commit({TOOLS: "x = 1\n"})
    assert guard(repo.root, "lint", "--all").says(
        f"warning[unused-suppression] {BASELINE}:4:5",
        f"The entry of the baseline for string-built-sql in {TOOLS} silences nothing: what it "
        "stands for is gone.",
        "help: Take out all that is gone: guard baseline --prune",
    )
    pruned = guard(repo.root, "baseline", "--prune", "--no-roundtrip")
    assert pruned.says("guard-baseline.toml now holds 1 finding (1 gone):", "1 drop-table")
    assert found(repo) == ([], 1)
    again = guard(repo.root, "baseline", "--prune", "--no-roundtrip")
    assert again.says("guard-baseline.toml holds 1 finding: nothing changed")


def test_pruning_adds_nothing(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(OLD)
    assert guard(repo.root, "baseline", "--prune", "--no-roundtrip").code == 0
    assert not (repo.root / BASELINE).exists()


def test_a_run_over_the_change_says_nothing_of_old_entries(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    repo.commit({TOOLS: "x = 1\n"})
    assert "unused-suppression" not in guard(repo.root, "lint").output


def test_it_counts_only_where_somebody_can_review_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(OLD)
    guard(repo.root, "baseline", "--no-roundtrip")
    assert found(repo) == ([], 2)
    assert found(repo, "--base", "HEAD", CI="true") == (sorted([DROPPED, BUILT]), 0)


def test_approvals_from_a_ref_take_the_baseline_from_there_too(tmp_path: Path) -> None:
    repo = adopted(tmp_path)
    assert found(repo, "--approvals-from", "main") == ([], 2)
    repo.commit({BASELINE: "findings = []\n"})
    assert found(repo, "--approvals-from", "main") == ([], 2)
    assert found(repo, "--approvals-from", "main~1") == (sorted([DROPPED, BUILT]), 0)


def test_what_the_migrations_do_when_run_is_recorded_too(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(chain((STEP[0], "op.drop_table('nothing')"), HARMLESS))
    assert guard(repo.root, "baseline").says("downgrade-fails")
    assert guard(repo.root, "check", "--all").code == 0
    # What was not run is not said to be gone, and is kept.
    kept = (repo.root / BASELINE).read_text()
    assert "unused" not in guard(repo.root, "lint", "--all").output
    guard(repo.root, "baseline", "--no-roundtrip")
    assert (repo.root / BASELINE).read_text() == kept


STATEMENT = Finding(
    rule="drop-table", severity="error", message="It deletes rows.", remedy="-",
    span=Span(R2, 9, 5, 9, 23), revision="r2", object="a", fingerprint="1234567890ab",
)  # fmt: skip
OF_FILE = Finding(
    rule="string-built-sql", severity="error", message="It is built.", remedy="-",
    span=Span(TOOLS, 2, 5, 2, 30),
)  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "other", "same"),
    [
        (STATEMENT, {"message": "It deletes all rows."}, True),
        (STATEMENT, {"fingerprint": "ba0987654321"}, True),
        (STATEMENT, {"revision": "r4"}, False),
        (STATEMENT, {"object": "b"}, False),
        (STATEMENT, {"span": Span(R2, 13, 5, 13, 30)}, False),
        (OF_FILE, {"message": "It is put together."}, False),
    ],
)
def test_what_an_entry_stands_for(finding: Finding, other: dict[str, Any], same: bool) -> None:
    texts = {name: str(text) for name, text in OLD.items()}
    changed = msgspec.structs.replace(finding, **other)
    assert (entry_of(finding, texts) == entry_of(changed, texts)) is same


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("findings = [", "guard-baseline.toml: not valid TOML"),
        ("found = []", "unknown key 'found': all it holds is the list `findings`"),
        ("findings = [{rule = 'drop-table'}]", "write it again with guard baseline"),
        (
            "findings = [{in = 'r2', rule = 'x', id = '1', why = 'so'}]",
            "unknown key 'why' in an entry",
        ),
    ],
)
def test_a_file_that_is_none_stops_the_run(text: str, message: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({**OLD, BASELINE: text})
    done = guard(repo.root, "lint")
    assert done.code == 2
    assert done.says(message)


def test_each_service_has_its_own(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    files = {f"{name}/{path}": text for name in "xy" for path, text in chain(STEP, DROP).items()}
    repo.commit({**files, "x/guard.toml": "", "y/guard.toml": "baseline = 'known.toml'\n"})
    guard(repo.root, "baseline", "--no-roundtrip")
    for name in (f"x/{BASELINE}", "y/known.toml"):
        assert "drop-table" in (repo.root / name).read_text()
    assert found(repo) == ([], 2)


def test_without_git_it_says_that_nobody_knows_what_is_new(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    done = guard(tmp_path, "baseline", "--no-roundtrip")
    assert done.says("now holds 2 findings:", "what is new was recorded as well, look at it")
