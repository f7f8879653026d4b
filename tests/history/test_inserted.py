"""New revisions below released ones, in small repositories: where they stand, and what is fine."""

from __future__ import annotations

from pathlib import Path

import pytest
from branch import Files, branch, findings

from guard.rule import revision_file as rev

Parent = str | tuple[str, ...] | None
VERSION = "migrations/versions/{}.py"
FORK = rev("a1") | rev("b2", "a1") | rev("c3", "a1")


def chain(*ids: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for parent, id_ in zip((None, *ids), ids, strict=False):
        files |= rev(id_, parent)
    return files


def after(id_: str, parent: Parent, line: str) -> dict[str, str]:
    """A revision with one more line at its head."""
    ((path, text),) = rev(id_, parent).items()
    return {path: text.replace("down_revision = ", f"{line}\ndown_revision = ", 1)}


BASE = chain("a1", "b2", "c3")

# The base, the change, what was committed on main since; where it stands, and pieces of the remedy.
TRUE: dict[str, tuple[Files, Files, Files | None, str, tuple[str, ...]]] = {
    "below the head": (BASE, rev("n1", "b2") | rev("c3", "n1"), None, "n1", ("c3", "b2")),
    "in the middle": (BASE, rev("n1", "a1") | rev("b2", "n1"), None, "n1", ("c3", "a1")),
    "below the first": (BASE, rev("n1") | rev("a1", "n1"), None, "n1", ("c3",)),
    "two of them": (
        BASE,
        rev("n1", "a1") | rev("n2", "n1") | rev("b2", "n2"),
        None,
        "n1",
        ("c3", "a1"),
    ),
    "as a second parent": (
        BASE,
        rev("n1", "a1") | rev("c3", ("b2", "n1")),
        None,
        "n1",
        ("c3", "b2"),
    ),
    "below a merge": (
        FORK | rev("m4", ("b2", "c3")),
        rev("n1", "c3") | rev("m4", ("b2", "n1")),
        None,
        "n1",
        ("m4",),
    ),
    "below both sides of a fork": (
        FORK | rev("m4", ("b2", "c3")),
        rev("n1", "a1") | rev("b2", "n1") | rev("c3", "n1"),
        None,
        "n1",
        ("m4", "a1"),
    ),
    "by depends_on": (
        BASE,
        rev("n1", "a1") | rev("n2", ("n1", "c3")) | after("c3", "b2", "depends_on = 'n1'"),
        None,
        "n1",
        ("c3",),
    ),
    "below what main got since": (
        BASE,
        rev("n1", "c3") | rev("d4", "n1"),
        rev("d4", "c3"),
        "n1",
        ("d4", "c3"),
    ),
    "as annotated assignments": (
        BASE,
        rev("n1", "b2")
        | {
            path: text.replace("down_revision =", "down_revision: str | None =")
            for path, text in rev("c3", "n1").items()
        },
        None,
        "n1",
        ("c3", "b2"),
    ),
    "one new one after the head too": (
        BASE,
        rev("n1", "b2") | rev("c3", "n1") | rev("n2", "c3"),
        None,
        "n1",
        ("c3", "b2"),
    ),
}

FINE: dict[str, tuple[Files, Files, Files | None]] = {
    "after the head": (BASE, rev("n1", "c3"), None),
    "a chain after the head": (BASE, rev("n1", "c3") | rev("n2", "n1"), None),
    "a branch that is merged": (BASE, rev("n1", "b2") | rev("m", ("n1", "c3")), None),
    "a merge of two heads of the base": (FORK, rev("m", ("b2", "c3")), None),
    "a branch of its own": (BASE, after("n1", None, "branch_labels = ('other',)"), None),
    "rebased onto main's head": (BASE, rev("d4", "c3") | rev("n1", "d4"), rev("d4", "c3")),
    "main inserted it itself": (
        BASE,
        rev("n1", "b2") | rev("c3", "n1"),
        rev("n1", "b2") | rev("c3", "n1"),
    ),
    "the parent as a tuple": (BASE, rev("c3", ("b2",)) | rev("n1", "c3"), None),
    "a squash below the head": (
        BASE,
        {
            "migrations/versions/a1.py": None,
            "migrations/versions/b2.py": None,
            **rev("s1", replaces=("a1", "b2")),
            **rev("c3", "s1"),
        },
        None,
    ),
    "a new one that depends on the head": (
        BASE,
        after("n1", None, "depends_on = 'c3'\nbranch_labels = ('other',)"),
        None,
    ),
    "a released file takes the id of a new one": (
        BASE,
        {**rev("n1", "c3"), "migrations/versions/b2.py": rev("n1", "c3")[VERSION.format("n1")]},
        None,
    ),
    "its own new one was changed": (
        BASE,
        rev("n2", "n1") | rev("n1", "c3"),
        None,
    ),
    "another parent that is released": (BASE, rev("c3", ("b2", "a1")), None),
}  # fmt: skip


@pytest.mark.parametrize("case", TRUE)
def test_a_revision_is_inserted(case: str, tmp_path: Path) -> None:
    base, change, on_main, at, ids = TRUE[case]
    found = findings(branch(tmp_path, base, change, on_main), "history")
    (one,) = [f for f in found if f["rule"] == "inserted-revision"]
    assert (one["revision"], one["severity"]) == (at, "error")
    head, *_ = ids
    assert f'in migrations/versions/{at}.py:\ndown_revision = "{head}"\n' in one["remedy"]
    assert all(f'"{id_}"' in one["remedy"] for id_ in ids)
    assert not [f for f in found if f["rule"] == "reparented-revision"]


@pytest.mark.parametrize("case", FINE)
def test_a_revision_is_not_inserted(case: str, tmp_path: Path) -> None:
    found = findings(branch(tmp_path, *FINE[case]), "history")
    assert "inserted-revision" not in [f["rule"] for f in found]


def test_what_the_remedy_says_passes(tmp_path: Path) -> None:
    repo = branch(tmp_path, BASE, rev("n1", "b2") | rev("c3", "n1"))
    assert [f["rule"] for f in findings(repo, "history")] == ["inserted-revision"]
    repo.commit(rev("n1", "c3") | rev("c3", "b2"))
    assert not findings(repo, "history")


def test_the_released_revision_is_named_with_its_place(tmp_path: Path) -> None:
    (one,) = findings(branch(tmp_path, BASE, rev("n1", "b2") | rev("c3", "n1")), "history")
    assert "n1 is new and comes before c3, which is on main already" in one["message"]
    (other,) = one["related"]
    assert other["path"] == "migrations/versions/c3.py"
    assert other["message"] == "c3 comes after n1 here"
