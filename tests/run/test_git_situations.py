"""What guard says of a history in the states in which a checkout may be: one row, one situation."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from git_situations import (
    COMMENTED,
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
    Step,
    World,
    below,
    branch,
    clone,
    commit,
    event,
    git,
    link,
    remove,
    run,
    step,
    worktree,
    write,
)
from git_situations import on as on_branch
from roundtrip_project import revision

BEGUN: tuple[Step, ...] = (commit(RELEASED), branch())
EDIT = "edited-revision"


def cloned(*options: str) -> tuple[Step, ...]:
    """A clone of a repository with some history, on a branch of its own."""
    return (commit({}), commit(RELEASED), commit({}), clone(*options), branch())


def pushed(*options: str) -> tuple[Step, ...]:
    """A clone of the branch `change`, which was pushed with an edit on it."""
    return (*BEGUN, commit(EDITED), git("checkout", "-q", "main"), clone(*options))


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
EDIT_NEW = commit({R3: revision("r3", "r2", step("e"))})
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

# What is checked out

CHECKOUTS = {
    "a clone": Row(steps=(*cloned(), commit(EDITED)), rules=(EDIT,), says=("origin/HEAD says",)),
    "a shallow clone of the base": Row(steps=(*cloned("--depth=1"), commit(EDITED)), rules=(EDIT,)),
    "a shallow clone of the branch": Row(
        steps=pushed("--depth=1", "--branch=change"),
        stops=True,
        says=("on branch change, and no origin/HEAD, main or master tells", "--base REF"),
    ),
    "a shallow clone, and CI names the base": Row(
        steps=pushed("--depth=1", "--branch=change"),
        environ={"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"},
        stops=True,
        says=("GITHUB_BASE_REF names origin/main", "fetch-depth: 0"),
    ),
    "a shallow clone with both branches": Row(
        steps=pushed("--depth=1", "--branch=change", "--no-single-branch"),
        stops=True,
        says=("does not reach back", "GIT_DEPTH: 0"),
    ),
    "a clone of one branch": Row(
        steps=pushed("--single-branch", "--branch=change"),
        stops=True,
        says=("on branch change, and no origin/HEAD",),
    ),
    "a clone of one branch, and CI names the base": Row(
        steps=pushed("--single-branch", "--branch=change"),
        environ={"CHANGE_TARGET": "main"},
        stops=True,
        says=("git fetch origin main:refs/remotes/origin/main",),
    ),
    "the base was fetched into a clone of one branch": Row(
        steps=(
            *pushed("--single-branch", "--branch=change"),
            git("fetch", "-q", "origin", "main:refs/remotes/origin/main"),
        ),
        rules=(EDIT,),
    ),
    "a sparse checkout": Row(
        steps=(
            commit(RELEASED | {"docs/a.md": "x"}),
            clone(),
            git("sparse-checkout", "set", "migrations", "touched"),
            branch(),
            commit(EDITED),
        ),
        rules=(EDIT,),
    ),
    "a worktree": Row(steps=(commit(RELEASED), worktree(), commit(EDITED)), rules=(EDIT,)),
    "a service in a bigger repository": Row(
        steps=(
            commit({f"services/shop/{name}": text for name, text in RELEASED.items()}),
            branch(),
            commit({f"services/shop/{R1}": EDITED[R1]}),
            below("services/shop"),
        ),
        rules=(EDIT,),
    ),
    "the other service of a bigger repository": Row(
        steps=(
            commit(
                {f"{name}/{path}": text for name in ("a", "b") for path, text in RELEASED.items()}
            ),
            branch(),
            commit({f"a/{R1}": EDITED[R1]}),
            below("b"),
        )
    ),
    "all services of a bigger repository": Row(
        steps=(
            commit(
                {f"{name}/{path}": text for name in ("a", "b") for path, text in RELEASED.items()}
            ),
            branch(),
            commit({f"a/{R1}": EDITED[R1]}),
        ),
        rules=(EDIT,),
        says=(f"a/{R1}",),
    ),
    "the folder was moved": Row(
        steps=(
            *BEGUN,
            git("mv", "migrations", "alembic"),
            commit({"alembic.ini": "[alembic]\nscript_location = alembic\n"}),
        ),
        rules=("moved-revision",),
    ),
    "the folder was moved and a revision edited": Row(
        steps=(
            *BEGUN,
            git("mv", "migrations", "alembic"),
            commit(
                {
                    "alembic.ini": "[alembic]\nscript_location = alembic\n",
                    "alembic/versions/r1.py": EDITED[R1],
                }
            ),
        ),
        rules=(EDIT, "moved-revision"),
    ),
}

# Links

REAL = "shared/migrations"
LINKED: tuple[Step, ...] = (
    commit({name.replace("migrations", REAL, 1): text for name, text in RELEASED.items()}),
    link("migrations", REAL),
    commit({}),
    branch(),
)
LINKS = {
    "a linked folder": Row(steps=(*LINKED, commit({}))),
    "an edit in a linked folder": Row(
        steps=(*LINKED, commit({f"{REAL}/versions/r1.py": EDITED[R1]})), rules=(EDIT,)
    ),
    "a new revision in a linked folder": Row(
        steps=(*LINKED, commit({f"{REAL}/versions/r3.py": NEW[R3]}))
    ),
    "a linked versions folder": Row(
        steps=(
            commit({n.replace("migrations/versions", "v", 1): t for n, t in RELEASED.items()}),
            link("migrations/versions", "../v"),
            commit({}),
            branch(),
            commit({"v/r1.py": EDITED[R1]}),
        ),
        rules=(EDIT,),
    ),
    "a revision that is a link": Row(
        steps=(
            commit({n: t for n, t in RELEASED.items() if n != R1} | {"v/r1.py": RELEASED[R1]}),
            link(R1, "../../v/r1.py"),
            commit({}),
            branch(),
            commit({"v/r1.py": EDITED[R1]}),
        ),
        rules=(EDIT,),
    ),
    "a folder that became a link": Row(
        steps=(*BEGUN, git("mv", "migrations", "real"), link("migrations", "real"), commit({}))
    ),
    "a link out of the repository": Row(
        steps=(
            commit(RELEASED),
            lambda world: (world.at.root / "migrations/versions").rename(world.folder / "versions"),
            link("migrations/versions", "../../versions"),
            commit({}),
            branch(),
        ),
        stops=True,
        says=("migrations/versions is a link that leads out of the repository",),
    ),
}

# No git

NO_GIT = (remove(".git"),)
LOCKED = (commit(RELEASED), run("history", "--lock"), commit({}))
OFF = write({"guard.toml": 'history = "off"'})
WITHOUT_GIT = {
    "never a repository": Row(
        steps=(commit(RELEASED), *NO_GIT), says=("History was not judged: not a git repository",)
    ),
    "no git program": Row(
        steps=(*BEGUN, commit(EDITED)),
        environ={"PATH": "/nowhere"},
        stops=True,
        says=("no git program found, so what is released cannot be told", 'history = "off"'),
    ),
    "no git program, and that is known": Row(
        steps=(*BEGUN, commit(EDITED), OFF),
        environ={"PATH": "/nowhere"},
        says=('as history = "off" in the guard settings says',),
    ),
    "a damaged repository": Row(
        steps=(*BEGUN, commit(EDITED), remove(".git/HEAD")),
        stops=True,
        says=("git cannot read", ".git, so what is released cannot be told"),
    ),
    "no repository, and the settings name the base": Row(
        steps=(commit(RELEASED), *NO_GIT, write({"guard.toml": "base = 'main'"})),
        stops=True,
        says=("base in the guard settings names what is released, and not a git repository",),
    ),
    "no repository, and CI names the base": Row(
        steps=(commit(RELEASED), *NO_GIT),
        environ={"GITHUB_BASE_REF": "main"},
        stops=True,
        says=("GITHUB_BASE_REF names what is released",),
    ),
    "no repository, and the user names the base": Row(
        steps=(commit(RELEASED), *NO_GIT),
        command=("history", "--base", "main"),
        stops=True,
        says=("--base main: not a git repository",),
    ),
    "a lock": Row(steps=(*LOCKED, *NO_GIT), says=("Compared with guard.lock, since not a git",)),
    "a lock and a new revision": Row(steps=(*LOCKED, *NO_GIT, write(NEW))),
    "a lock and an edit": Row(
        steps=(*LOCKED, *NO_GIT, write(EDITED)),
        rules=(EDIT,),
        says=("Revision r1 is on guard.lock already", "as it was when guard.lock was written"),
    ),
    "a lock and a comment": Row(steps=(*LOCKED, *NO_GIT, write(COMMENTED))),
    "a lock and a deletion": Row(
        steps=(*LOCKED, *NO_GIT, write({R2: None})), rules=("deleted-revision",)
    ),
    "a lock and a move": Row(steps=(*LOCKED, *NO_GIT, write(MOVED)), rules=("moved-revision",)),
    "a lock and another parent": Row(
        steps=(*LOCKED, *NO_GIT, write({R2: revision("r2", None, step("b"))})),
        rules=("multiple-heads", "reparented-revision"),
    ),
    "a lock and another id": Row(
        steps=(*LOCKED, *NO_GIT, write({R2: revision("r9", "r1", step("b"))})),
        rules=("reparented-revision",),
    ),
    "a lock that is damaged": Row(
        steps=(*LOCKED, *NO_GIT, write({"guard.lock": "version = 'x'"})),
        stops=True,
        says=("guard.lock is damaged",),
    ),
    "a lock that is asked for and not there": Row(
        steps=(*BEGUN,),
        command=("history", "--base", "guard.lock"),
        stops=True,
        says=("there is none: guard history --lock",),
    ),
    "a lock that is asked for, with git": Row(
        steps=(*LOCKED, commit(NEW), EDIT_NEW), command=("history", "--base", "guard.lock")
    ),
    "a lock that agrees with git": Row(steps=(*LOCKED, branch(), commit(NEW))),
    "a lock that lacks what git has": Row(
        steps=(*LOCKED, commit(NEW), branch()),
        says=("guard.lock does not have r3, which main has",),
    ),
    "a lock that says otherwise than git": Row(
        steps=(*LOCKED, commit(EDITED), branch()),
        says=("guard.lock says otherwise than main what r1 does: main counts",),
    ),
    "a lock is not written over an edit": Row(
        steps=(*LOCKED, *NO_GIT, write(EDITED)), command=("history", "--lock"), rules=(EDIT,)
    ),
}

# What the surroundings name

PUSH = '{"ref": "refs/heads/main", "before": "@main~1@", "repository": {"default_branch": "main"}}'
QUEUE = '{"merge_group": {"base_sha": "@main@", "base_ref": "refs/heads/main"}}'
PULL = '{"pull_request": {"base": {"sha": "@main@"}}, "repository": {"default_branch": "main"}}'
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "$/event.json"}
ZEROS = "0" * 40
TO_MAIN = (*cloned(), commit(EDITED), git("checkout", "-q", "--detach"))
SURROUNDINGS = {
    "a pull request": Row(
        steps=(*TO_MAIN, event(PULL)),
        environ=GITHUB | {"GITHUB_BASE_REF": "main"},
        rules=(EDIT,),
        says=("as GITHUB_BASE_REF says",),
    ),
    "a pull request whose branch is not here": Row(
        steps=(*BEGUN, commit(EDITED), event(PULL)),
        environ=GITHUB | {"GITHUB_BASE_REF": "gone"},
        rules=(EDIT,),
    ),
    "a pull request as it would be merged": Row(
        steps=(
            *cloned(),
            commit(EDITED),
            git("checkout", "-q", "--detach", "main"),
            git("merge", "-q", "--no-ff", "--no-edit", "change"),
        ),
        environ={"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"},
        rules=(EDIT,),
    ),
    "a merge queue": Row(
        steps=(*BEGUN, commit(EDITED), event(QUEUE)),
        environ=GITHUB,
        rules=(EDIT,),
        says=("as the merge queue's event says",),
    ),
    "a push to the default branch": Row(
        steps=(commit(RELEASED), commit(EDITED), event(PUSH)),
        environ=GITHUB,
        rules=(EDIT,),
        says=("as the push event says",),
    ),
    "a push to another branch": Row(
        steps=(
            commit({}),
            *BEGUN,
            commit(EDITED),
            event(PUSH.replace("heads/main", "heads/change")),
        ),
        environ=GITHUB,
        rules=(EDIT,),
    ),
    "the first push": Row(
        steps=(commit(RELEASED), event(PUSH.replace("@main~1@", ZEROS))), environ=GITHUB
    ),
    "a push over history that is gone": Row(
        steps=(commit(RELEASED), event(PUSH.replace("@main~1@", "1" * 40))),
        environ=GITHUB,
        stops=True,
        says=(f"git fetch origin {'1' * 40}",),
    ),
    "an event that is not there": Row(
        steps=(*BEGUN, commit(EDITED)), environ=GITHUB, rules=(EDIT,)
    ),
    "a merge request": Row(
        steps=TO_MAIN,
        environ={"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
        rules=(EDIT,),
    ),
    "a merge request whose branch is not here": Row(
        steps=(*BEGUN, commit(EDITED)),
        environ={
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "gone",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": "@main@",
        },
        rules=(EDIT,),
    ),
    "a pipeline of the default branch": Row(
        steps=(commit(RELEASED), commit(EDITED)),
        environ={
            "GITLAB_CI": "true",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_BRANCH": "main",
            "CI_COMMIT_BEFORE_SHA": "@main~1@",
        },
        rules=(EDIT,),
    ),
    "a pipeline of another branch": Row(
        steps=TO_MAIN,
        environ={"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "change"},
        rules=(EDIT,),
    ),
    "Azure": Row(
        steps=TO_MAIN, environ={"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, rules=(EDIT,)
    ),
    "Bitbucket": Row(
        steps=TO_MAIN, environ={"BITBUCKET_PR_DESTINATION_BRANCH": "main"}, rules=(EDIT,)
    ),
    "Bitbucket without the branch": Row(
        steps=(*BEGUN, commit(EDITED)),
        environ={
            "BITBUCKET_PR_DESTINATION_BRANCH": "gone",
            "BITBUCKET_PR_DESTINATION_COMMIT": "@main@",
        },
        rules=(EDIT,),
    ),
    "Jenkins, a change request": Row(
        steps=TO_MAIN, environ={"CHANGE_TARGET": "main"}, rules=(EDIT,)
    ),
    "Jenkins, the branch itself": Row(
        steps=(commit(RELEASED), commit(EDITED)),
        environ={"BRANCH_NAME": "main", "GIT_PREVIOUS_SUCCESSFUL_COMMIT": "@main~1@"},
        rules=(EDIT,),
    ),
    "Buildkite": Row(
        steps=TO_MAIN, environ={"BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"}, rules=(EDIT,)
    ),
    "CI names a branch that is not here": Row(
        steps=TO_MAIN,
        environ={"CHANGE_TARGET": "gone"},
        stops=True,
        says=("CHANGE_TARGET names origin/gone as the base", "git fetch origin gone"),
    ),
    "the option counts more than CI": Row(
        steps=TO_MAIN,
        command=("history", "--base", "HEAD"),
        environ={"CHANGE_TARGET": "gone"},
    ),
    "pre-commit between two refs": Row(
        steps=(commit(RELEASED), commit(EDITED)),
        environ={"PRE_COMMIT_FROM_REF": "@main~1@", "PRE_COMMIT_TO_REF": "HEAD"},
        rules=(EDIT,),
        says=("as PRE_COMMIT_FROM_REF says",),
    ),
    "pre-commit up to another commit": Row(
        steps=(commit(RELEASED), commit({}), commit({})),
        environ={"PRE_COMMIT_FROM_REF": "main~2", "PRE_COMMIT_TO_REF": "main~1"},
        says=("PRE_COMMIT_TO_REF is main~1, and what is checked out was judged",),
    ),
    "a push of a topic that was pushed before": Row(
        steps=(*BEGUN, commit(NEW), EDIT_NEW),
        environ={
            "PRE_COMMIT_FROM_REF": "@change~1@",
            "PRE_COMMIT_TO_REF": "@change@",
            "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/change",
        },
    ),
    "a push of main": Row(
        steps=(commit(RELEASED), commit(EDITED)),
        environ={
            "PRE_COMMIT_FROM_REF": "@main~1@",
            "PRE_COMMIT_TO_REF": "@main@",
            "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
        },
        rules=(EDIT,),
    ),
}

# Released as a database has it


def stamped(*ids: str, table: str = "alembic_version") -> Step:
    """Make a database that stands at these revisions."""

    def make(world: World) -> None:
        with sqlite3.connect(world.folder / "live.db") as connection:
            connection.execute(f"CREATE TABLE {table} (version_num VARCHAR(32) NOT NULL)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(id_,) for id_ in ids])

    return make


LIVE = {"GUARD_APPLIED_IN": "sqlite:///$/live.db"}
APPLIED = {
    "what the database has not run may be edited": Row(
        steps=(*BEGUN, commit({R2: revision("r2", "r1", step("e"))}), stamped("r1")),
        environ=LIVE,
        says=("the database stands at r1, so 1 revision of it count",),
    ),
    "what it has run may not": Row(
        steps=(*BEGUN, commit(EDITED), stamped("r2")), environ=LIVE, rules=(EDIT,)
    ),
    "a version table of another name": Row(
        steps=(*BEGUN, commit(EDITED), stamped("r2", table="shop_version")),
        environ=LIVE,
        rules=(EDIT,),
    ),
    "a database that never saw Alembic": Row(
        steps=(
            *BEGUN,
            lambda world: sqlite3.connect(world.folder / "live.db").execute("CREATE TABLE t (a)"),
        ),
        environ=LIVE,
        stops=True,
        says=("it has no table of Alembic's",),
    ),
    "a database that is not there": Row(
        steps=BEGUN, environ=LIVE, stops=True, says=("unable to open database file",)
    ),
    "a database at a revision that nobody has": Row(
        steps=(*BEGUN, stamped("r77")),
        environ=LIVE,
        stops=True,
        says=("stands at r77, and no revision here has that id",),
    ),
}

SITUATIONS = {
    f"{group}: {name}": row
    for group, rows in {
        "change": CHANGES,
        "branches": BRANCHES,
        "tags": TAGS,
        "checkout": CHECKOUTS,
        "links": LINKS,
        "without git": WITHOUT_GIT,
        "surroundings": SURROUNDINGS,
        "applied": APPLIED,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, tmp_path: Path) -> None:
    SITUATIONS[name].judge(tmp_path)
