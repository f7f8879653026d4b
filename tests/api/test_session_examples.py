"""A session that is typed into finds what a check from the start finds, whatever is typed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from guard import GuardError, Report, Session, check
from guard.judge.load_rules import load_rules
from guard.rule import Example, revision_file
from guard.run.examples import git, project

pytestmark = pytest.mark.slow
Base = tuple[str | None, tuple[str, ...]]


def examples_by_base() -> dict[Base, list[Example]]:
    """The examples of all rules that are one new revision, by dialect and what is released."""
    found: dict[Base, list[Example]] = defaultdict(list)
    for rule in load_rules():
        for example in rule.unsafe:
            plain = not (example.config or example.change or example.source or example.approvals)
            if plain and example.upgrade != "pass":
                found[example.dialect, example.released].append(example)
    return {base: examples for base, examples in found.items() if len(examples) > 1}


GROUPS = examples_by_base()


def outcome(report: Report) -> object:
    return report.findings, report.notes, report.errors, report.coverage


@pytest.mark.parametrize("base", GROUPS, ids=lambda base: f"{base[0]}-{len(base[1])}")
def test_one_example_typed_over_another(base: Base, tmp_path: Path) -> None:
    dialect, released = base
    root = tmp_path.resolve()
    project(GROUPS[base][0], root)
    if dialect:
        (root / "guard.toml").write_text(f'dialect = "{dialect}"\n')
    parent = f"{len(released):04}" if released else None
    ((name, _),) = revision_file("new", parent, "pass", "pass").items()
    for old in (root / name).parent.glob(f"{len(released) + 1:04}*.py"):
        old.unlink()
    for command in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "base"]):
        git(root, *command)
    session = Session(root, cache=False)
    for example in GROUPS[base]:
        typed = revision_file("new", parent, example.upgrade, example.downgrade or "pass")[name]
        for text in (typed.replace("def upgrade", "def upgrade(", 1), typed):  # half way, and done
            unsaved = {name: text}
            try:
                alone = outcome(check([name], root=root, unsaved=unsaved, cache=False))
            except GuardError as error:
                alone = str(error)
            try:
                found = outcome(session.check(name, unsaved))
            except GuardError as error:
                found = str(error)
            assert found == alone
