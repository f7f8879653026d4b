"""What guard takes for released where CI, a hook or a database tells it: one row, one situation."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from git_situations import (
    BEGUN,
    EDIT,
    EDIT_NEW,
    EDITED,
    NEW,
    R2,
    RELEASED,
    Row,
    Step,
    World,
    cloned,
    commit,
    event,
    git,
    step,
)
from roundtrip_project import revision

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
        with closing(sqlite3.connect(world.folder / "live.db")) as connection, connection:
            connection.execute(f"CREATE TABLE {table} (version_num VARCHAR(32) NOT NULL)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(id_,) for id_ in ids])

    return make


def without_alembic(world: World) -> None:
    with closing(sqlite3.connect(world.folder / "live.db")) as connection:
        connection.execute("CREATE TABLE t (a)")


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
        steps=(*BEGUN, without_alembic),
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
        "surroundings": SURROUNDINGS,
        "applied": APPLIED,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, tmp_path: Path) -> None:
    SITUATIONS[name].judge(tmp_path)
