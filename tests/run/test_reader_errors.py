"""`--verify-reader`: after each step the database holds what guard read, in every small project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write
from hazards import CASES, Case

WORDS = ("roundtrip", "--verify-reader", "--dialect", "sqlite")

FORGOTTEN = "the replay keeps a CHECK without a name, which a batch of SQLite's forgets"


def cases() -> Iterator[object]:
    for case in CASES:
        known = [pytest.mark.xfail(reason=FORGOTTEN)] if "CHECK that forgets" in case.name else []
        yield pytest.param(case, id=case.name, marks=known)


@pytest.mark.slow
@pytest.mark.parametrize("case", [*cases()])
def test_what_was_read_is_what_was_made(case: Case, tmp_path: Path) -> None:
    steps = (case.base, (case.upgrade, case.downgrade), *case.after)
    files = {**chain(*steps), "migrations/env.py": case.env}
    done = guard(write(tmp_path, files), *WORDS)
    assert "guard itself is wrong" not in done.output, done.output
    assert done.code < 2, done.output
    assert "replayed: " in done.output


@pytest.mark.parametrize("stage", ["upgrade", "downgrade"])
def test_a_difference_is_an_error_of_guards_own(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if guard read another type than there is."""
    made = "op.create_table('b', sa.Column('x', sa.Text()))"
    step = (made, "op.drop_table('b')") if stage == "upgrade" else ("op.drop_table('a')", made)
    folder = write(tmp_path, chain(STEP, step))
    monkeypatch.setattr("guard.run.reader_errors.as_sql", lambda schema: "CREATE TABLE a (id int)")
    done = guard(folder, *WORDS)
    assert done.code == 2
    assert done.says(
        "guard itself is wrong about the schema after the upgrade of r1",
        "- column a.id INTEGER",
        "+ column a.id INT",
        f"guard itself is wrong about the schema after the {stage} of r2",
    )


def test_what_is_not_compared_is_said(tmp_path: Path) -> None:
    read_for = ("--dialect", "postgresql", "--backend", "sqlite")
    done = guard(write(tmp_path, chain(STEP)), "roundtrip", "--verify-reader", *read_for)
    assert done.code == 2
    assert done.says("add --backend sqlite --dialect sqlite")


def test_nothing_is_compared_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guard.run.reader_errors.as_sql", lambda schema: "")
    assert guard(write(tmp_path, chain(STEP)), "roundtrip").code == 0
