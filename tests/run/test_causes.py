"""One cause, one finding: in loops, and where the run proves what a rule said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import PROJECT, STEP, VERSIONS, chain, guard, write
from roundtrip_project import revision

NONE = "raise NotImplementedError('gone')  # guard: irreversible gone"
LOOPS: dict[str, tuple[str, list[str]]] = {
    "a while loop, walked twice": (
        "left = ['a', 'b']\nwhile left:\n    failed = []\n    for name in left:\n        try:\n"
        "            op.drop_table(name)\n        except Exception:\n"
        "            failed.append(name)\n    left = failed",
        ["drop-table a", "drop-table b"],
    ),
    "the same table in each turn": (
        "for schema in range(3):\n    op.execute('DELETE FROM a')",
        ["delete-without-where a"],
    ),
    "unknown SQL in each turn": (
        "from audit import made\nfor maker in (made.one, made.two):\n    op.execute(str(maker()))",
        ["opaque-sql "],
    ),
    # different causes
    "two tables on one line": (
        "for name in ('a', 'b'): op.drop_table(name)",
        ["drop-table a", "drop-table b"],
    ),
    "two columns on one line": (
        "for name in ('x', 'y'): op.drop_column('a', name)",
        ["drop-column a.x", "drop-column a.y"],
    ),
    "the same table on two lines": (
        "op.execute('DELETE FROM a')\nop.execute('DELETE FROM a')",
        ["delete-without-where a", "delete-without-where a"],
    ),
    "two ways to drop it on one line": (
        "for more in ('', ' CASCADE'): op.execute('DROP TABLE a' + more)",
        ["drop-cascade a", "drop-table a", "drop-table a"],
    ),
}


def findings(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = guard(folder, *arguments, "--output-format", "json")
    found: list[dict[str, Any]] = json.loads(done.output)["findings"]
    return [finding for finding in found if finding["severity"] != "info"]


@pytest.mark.parametrize("case", LOOPS)
def test_loops(case: str, tmp_path: Path) -> None:
    upgrade, expected = LOOPS[case]
    files = {**PROJECT, f"{VERSIONS}/r1.py": revision("r1", None, (upgrade, NONE))}
    found = findings(write(tmp_path, files), "lint")
    assert sorted(f["rule"] for f in found) == [entry.split()[0] for entry in expected]
    for entry in expected:
        _, _, named = entry.partition(" ")
        assert any(named.rpartition(".")[2] in f["message"] for f in found)


# What the run proves

COLUMN = "sa.Column('owner', sa.String(9), nullable=False)"
ADD = f"op.add_column('a', {COLUMN})"
UNDO = "op.drop_column('a', 'owner')"
BATCH = f"with op.batch_alter_table('a') as batch:\n    batch.add_column({COLUMN})"
IGNORE = "  # guard: ignore[add-required-column] it is empty"


def proofs(folder: Path, step: tuple[str, str]) -> list[tuple[str, str, bool]]:
    """Rule, status and whether the run proved it, of each finding in a second revision."""
    found = findings(write(folder, chain(STEP, step)), "check")
    return [(f["rule"], f["status"], bool(f.get("evidence"))) for f in found]


RUNS: dict[str, tuple[tuple[str, str], list[tuple[str, str, bool]]]] = {
    "a statement": ((ADD, UNDO), [("add-required-column", "open", True)]),
    "a statement in a batch": ((BATCH, UNDO), [("add-required-column", "open", True)]),
    "an ignored finding keeps what was proven": (
        (ADD + IGNORE, UNDO),
        [("add-required-column", "ignored", True)],
    ),
    "SQL that does not parse": (
        ("op.execute('ALTER TABEL a ADD x')", NONE),
        [("unparsable-sql", "open", True)],
    ),
    "an operation that Alembic does not have": (
        ("op.drop_colum('a', 'b')", NONE),
        [("opaque-sql", "open", True)],
    ),
    # failures of their own
    "a warning that fails": (
        (
            "import sys\nop.execute(sys.platform and 'SELECT * FROM nowhere' + sys.argv[0][:0])",
            NONE,
        ),
        [("opaque-sql", "open", False), ("upgrade-fails", "open", False)],
    ),
    "another statement fails": (
        (f"op.execute('SELECT * FROM nowhere')\n{ADD}", UNDO),
        [("upgrade-fails", "open", False), ("add-required-column", "open", False)],
    ),
    "it fails without any row": (
        (ADD.replace("'a'", "'nowhere'"), NONE),
        [("add-required-column", "open", False), ("upgrade-fails", "open", False)],
    ),
    "a drop that needs an approval foretells no failure": (
        ("op.drop_table('nowhere')", NONE),
        [("drop-table", "open", False), ("upgrade-fails", "open", False)],
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_what_the_run_proves(case: str, tmp_path: Path) -> None:
    step, expected = RUNS[case]
    assert proofs(tmp_path, step) == expected


def test_a_failure_is_no_warning_where_the_rule_is_one(tmp_path: Path) -> None:
    (tmp_path / "guard.toml").write_text('severity = { add-required-column = "warning" }\n')
    told = proofs(tmp_path, (ADD, UNDO))
    assert ("upgrade-fails-with-rows", "open", False) in told


def test_every_format_shows_it(tmp_path: Path) -> None:
    write(tmp_path, chain(STEP, (ADD, UNDO)))
    for form in ("text", "github"):
        assert guard(tmp_path, "check", "--output-format", form).says(
            "proven in the scratch run: Cannot add a NOT NULL column with default value NULL"
        )
