"""What guard says of a change in a repository: one row, one situation."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_situations import (
    BEGUN,
    COMMENTED,
    EDIT,
    EDIT_NEW,
    EDITED,
    LATE,
    MOVED,
    NEW,
    R1,
    R2,
    R3,
    RELEASED,
    SECOND_HEAD,
    Row,
    branch,
    clone,
    cloned,
    commit,
    git,
    step,
    write,
)
from git_situations import on as on_branch
from roundtrip_project import revision

# What a change does

CHANGES = {
    "nothing": Row(steps=(*BEGUN, commit({}))),
    "a new revision": Row(steps=(*BEGUN, commit(NEW)), says=("against main",)),
    "an edit": Row(steps=(*BEGUN, commit(EDITED)), rules=(EDIT,), says=("git checkout main --",)),
    "a comment": Row(steps=(*BEGUN, commit(COMMENTED)), says=("r1: edited, and still the same",)),
    "an edit that is not committed": Row(steps=(*BEGUN, write(EDITED)), rules=(EDIT,)),
    "an edit that is staged": Row(steps=(*BEGUN, write(EDITED), git("add", "-A")), rules=(EDIT,)),
    "an edit on main itself, not committed": Row(
        steps=(commit(RELEASED), write(EDITED)), rules=(EDIT,), says=("main is the base itself",)
    ),
    "an edit in a new commit of main": Row(steps=(commit(RELEASED), commit(EDITED))),
    "a deletion": Row(steps=(*BEGUN, commit({R2: None})), rules=("deleted-revision",)),
    "a deletion in the middle": Row(
        steps=(*BEGUN, commit({R1: None})), rules=("deleted-revision",), says=("r2 still comes",)
    ),
    "a move": Row(steps=(*BEGUN, commit(MOVED)), rules=("moved-revision",)),
    "another parent": Row(
        steps=(*BEGUN, commit({R2: revision("r2", None, step("b"))})),
        rules=("multiple-heads", "reparented-revision"),
    ),
    "another id": Row(
        steps=(*BEGUN, commit({R2: revision("r9", "r1", step("b"))})),
        rules=("reparented-revision",),
    ),
    "an edit that was taken back": Row(steps=(*BEGUN, commit(EDITED), commit({R1: RELEASED[R1]}))),
    "a revision that came and went": Row(steps=(*BEGUN, commit(NEW), commit({R3: None}))),
    "a new one that was edited": Row(
        steps=(*BEGUN, commit(NEW), commit({R3: revision("r3", "r2", step("e"))}))
    ),
    "two heads": Row(steps=(*BEGUN, commit(SECOND_HEAD)), rules=("multiple-heads",)),
    "a parent that there is not": Row(
        steps=(*BEGUN, commit({R3: revision("r3", "r8", step("c"))})), rules=("broken-chain",)
    ),
    "line ends": Row(steps=(*BEGUN, commit({R1: str(RELEASED[R1]).replace("\n", "\r\n")}))),
}

# How the branches stand

BRANCHES = {
    "main went on": Row(steps=(*BEGUN, commit(NEW), on_branch("main", {"a.txt": "x"}))),
    "a head on main since": Row(
        steps=(*BEGUN, commit(NEW), on_branch("main", LATE)),
        rules=("multiple-heads",),
        says=("late.py, main",),
    ),
    "the same edit on main since": Row(steps=(*BEGUN, commit(EDITED), on_branch("main", EDITED))),
    "an edit of what main got since": Row(
        steps=(*BEGUN, on_branch("main", NEW), commit({R3: revision("r3", "r2", step("q"))})),
        rules=(EDIT,),
    ),
    "the parent is gone from main since": Row(
        steps=(*BEGUN, commit(NEW), on_branch("main", {R2: None})),
        rules=("broken-chain", "multiple-heads"),
        says=("names r2, which main no longer has",),
    ),
    "main broke its own chain since": Row(
        steps=(*BEGUN, commit({}), on_branch("main", {R2: None, **LATE})),
        rules=("broken-chain", "multiple-heads"),
    ),
    "merged with main": Row(
        steps=(
            *BEGUN,
            commit(NEW),
            on_branch("main", {"a.txt": "x"}),
            git("merge", "-q", "--no-edit", "main"),
        )
    ),
    "merged with a head of main": Row(
        steps=(
            *BEGUN,
            commit(NEW),
            on_branch("main", LATE),
            git("merge", "-q", "--no-edit", "main"),
        ),
        rules=("multiple-heads",),
    ),
    "merged with a revision that joins the heads": Row(
        steps=(
            *BEGUN,
            commit(NEW),
            on_branch("main", LATE),
            git("merge", "-q", "--no-edit", "main"),
            commit({"migrations/versions/m.py": revision("m", ("r3", "late"), ("pass", "pass"))}),
        )
    ),
    "rebased": Row(
        steps=(*BEGUN, commit(NEW), on_branch("main", LATE), git("rebase", "-q", "main")),
        rules=("multiple-heads",),
    ),
    "rebased with an edit": Row(
        steps=(
            *BEGUN,
            commit(EDITED),
            on_branch("main", {"a.txt": "x"}),
            git("rebase", "-q", "main"),
        ),
        rules=(EDIT,),
    ),
    "a branch of a branch": Row(
        steps=(*BEGUN, commit(NEW), branch("more"), commit({R3: revision("r3", "r2", step("e"))})),
        command=("history", "--base", "change"),
        rules=(EDIT,),
    ),
    "a branch of a branch, against main": Row(
        steps=(*BEGUN, commit(NEW), branch("more"), commit({R3: revision("r3", "r2", step("e"))}))
    ),
    "detached": Row(
        steps=(*BEGUN, commit(EDITED), git("checkout", "-q", "--detach")), rules=(EDIT,)
    ),
    "detached, and no main": Row(
        steps=(commit(RELEASED), git("branch", "-m", "trunk"), git("checkout", "-q", "--detach")),
        stops=True,
        says=("on a detached HEAD, and no origin/HEAD, main or master tells",),
    ),
    "nothing in common": Row(
        steps=(commit(RELEASED), git("checkout", "-q", "--orphan", "change"), commit(EDITED)),
        stops=True,
        says=("no commit in common",),
    ),
    "no commit yet": Row(steps=(write(RELEASED),), says=("There is no commit yet",)),
    "a base before the branch": Row(
        steps=(commit(RELEASED), commit(NEW), branch(), commit(EDITED)),
        command=("history", "--base", "main~1"),
        rules=(EDIT,),
    ),
    "a base that is not here": Row(
        steps=(*BEGUN,),
        command=("history", "--base", "gone"),
        stops=True,
        says=("--base names gone as the base, and it is not in this clone",),
    ),
    "a tag that is called as the branch": Row(
        steps=(*BEGUN, commit(EDITED), git("tag", "main")),
        command=("history", "--base", "main"),
        rules=(EDIT,),
    ),
    "a tag that is called as the remote branch": Row(
        steps=(*cloned(), commit(EDITED), git("tag", "origin/main")),
        command=("history", "--base", "origin/main"),
        rules=(EDIT,),
    ),
    "a branch of the settings": Row(
        steps=(
            commit(RELEASED),
            git("branch", "live"),
            commit(EDITED),
            write({"guard.toml": "base = 'live'"}),
        ),
        rules=(EDIT,),
        says=("as base in the guard settings says",),
    ),
}

# Tags

TAGGED = (commit(RELEASED), git("tag", "v1.0"), commit(NEW))
BY_TAG = ("history", "--base", "tag:v*")
TAGS = {
    "what is after the tag may be edited": Row(
        steps=(*TAGGED, EDIT_NEW), command=BY_TAG, says=("Compared with v1.0",)
    ),
    "what is before the tag may not": Row(
        steps=(*TAGGED, commit(EDITED)), command=BY_TAG, rules=(EDIT,), says=("git checkout v1.0",)
    ),
    "the newest counts": Row(
        steps=(*TAGGED, git("tag", "v1.10"), git("tag", "v1.9", "HEAD~1"), EDIT_NEW),
        command=BY_TAG,
        rules=(EDIT,),
        says=("Compared with v1.10",),
    ),
    "a candidate is before its release": Row(
        steps=(*TAGGED, git("tag", "v1.1"), git("tag", "v1.1-rc1", "HEAD~1"), EDIT_NEW),
        command=BY_TAG,
        rules=(EDIT,),
    ),
    "a tag of another pattern does not count": Row(
        steps=(*TAGGED, git("tag", "w2"), EDIT_NEW), command=BY_TAG
    ),
    "a release branch left after the last tag": Row(
        steps=(
            *TAGGED,
            branch("release"),
            commit({"a.txt": "x"}),
            git("tag", "v1.1"),
            git("checkout", "-q", "main"),
            EDIT_NEW,
        ),
        command=BY_TAG,
        rules=(EDIT,),
    ),
    "a newer release beside an old one": Row(
        steps=(
            *TAGGED,
            git("tag", "v2.0"),
            git("checkout", "-q", "-b", "old", "v1.0"),
            commit(EDITED),
            git("tag", "v1.1"),
            commit({"b.txt": "x"}),
        ),
        command=BY_TAG,
        says=("Compared with v1.1",),
    ),
    "no such tag": Row(
        steps=(*BEGUN,), command=BY_TAG, stops=True, says=("there is none here", "git fetch --tags")
    ),
    "a pattern in the settings": Row(
        steps=(*TAGGED, commit(EDITED), write({"guard.toml": "base = 'tag:v*'"})), rules=(EDIT,)
    ),
    "the tag that is being built is not released": Row(
        steps=(*TAGGED, commit(EDITED), git("tag", "v1.1")),
        command=BY_TAG,
        environ={"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.1"},
        rules=(EDIT,),
    ),
    "a shallow clone without tags": Row(
        steps=(*TAGGED, clone("--depth=1", "--no-tags")),
        command=BY_TAG,
        stops=True,
        says=("fetch-depth: 0",),
    ),
}

SITUATIONS = {
    f"{group}: {name}": row
    for group, rows in {
        "change": CHANGES,
        "branches": BRANCHES,
        "tags": TAGS,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, tmp_path: Path) -> None:
    SITUATIONS[name].judge(tmp_path)
