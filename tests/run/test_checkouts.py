"""What guard says of a change in the ways in which it may lie on disk: one row, one situation."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_situations import (
    BEGUN,
    COMMENTED,
    EDIT,
    EDIT_NEW,
    EDITED,
    MOVED,
    NEW,
    R1,
    R2,
    R3,
    RELEASED,
    Row,
    Step,
    below,
    branch,
    clone,
    cloned,
    commit,
    git,
    link,
    remove,
    run,
    step,
    worktree,
    write,
)
from roundtrip_project import revision


def pushed(*options: str) -> tuple[Step, ...]:
    """A clone of the branch `change`, which was pushed with an edit on it."""
    return (*BEGUN, commit(EDITED), git("checkout", "-q", "main"), clone(*options))


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
    "a sparse checkout without the new revision": Row(
        steps=(
            commit(RELEASED),
            branch(),
            commit(NEW),
            git("sparse-checkout", "set", "--no-cone", "/*", f"!/{next(iter(NEW))}"),
        ),
        stops=True,
        says=("a sparse checkout leaves this revision out", "git sparse-checkout add migrations"),
    ),
    "a sparse checkout without a released revision": Row(
        steps=(
            commit(RELEASED),
            branch(),
            git("sparse-checkout", "set", "--no-cone", "/*", f"!/{R1}"),
        ),
        stops=True,
        says=("a sparse checkout leaves this revision out",),
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
    "a lock of two services": Row(
        steps=(
            commit({f"{n}/{path}": text for n in ("a", "b") for path, text in RELEASED.items()}),
            write({"pyproject.toml": ""}),
            run("history", "--lock"),
            *NO_GIT,
            write({f"b/{R1}": EDITED[R1]}),
        ),
        rules=(EDIT,),
        says=(f"b/{R1}",),
    ),
    "a lock of .sql files": Row(
        steps=(
            commit({"db/V1__a.sql": "CREATE TABLE a (id int);", "db/V2__b.sql": "SELECT 1;"}),
            run("history", "--lock"),
            *NO_GIT,
            write({"db/V1__a.sql": "CREATE TABLE a (id bigint);", "db/V2__b.sql": None}),
        ),
        rules=(EDIT, "deleted-revision"),
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

SITUATIONS = {
    f"{group}: {name}": row
    for group, rows in {
        "checkout": CHECKOUTS,
        "links": LINKS,
        "without git": WITHOUT_GIT,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, tmp_path: Path) -> None:
    SITUATIONS[name].judge(tmp_path)
