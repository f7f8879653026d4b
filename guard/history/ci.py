"""What the surroundings say of the base: the variables and events of CI services, and pre-commit's.

`docs/released.md` lists them for the user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

DEFAULTS = ("main", "master")  # what the branch of the released state is usually called
# The branch that a pull request is made for; a commit of it that may be here where it is not.
TARGETS = (
    ("BITBUCKET_PR_DESTINATION_BRANCH", "BITBUCKET_PR_DESTINATION_COMMIT"),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", ""),  # Azure Pipelines
    ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", ""),
    ("CHANGE_TARGET", ""),  # Jenkins
    ("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME", ""),  # GitLab, for a repository on GitHub
    ("CODEBUILD_WEBHOOK_BASE_REF", ""),
    ("CIRRUS_BASE_BRANCH", "CIRRUS_BASE_SHA"),
    ("DRONE_TARGET_BRANCH", ""),
    ("GITHUB_BASE_REF", ""),
)
TAGS = ("CI_COMMIT_TAG", "BITBUCKET_TAG", "TAG_NAME", "BUILDKITE_TAG", "DRONE_TAG", "CIRRUS_TAG")


class Wanted(msgspec.Struct, frozen=True):
    """A base that somebody named: the refs to try for it, and who named it."""

    name: str
    refs: tuple[str, ...]
    said_by: str


def remote(branch: str) -> str:
    """Return the ref of a branch as the remote had it."""
    return f"refs/remotes/origin/{branch}"


def local(branch: str) -> str:
    """Return the ref of a branch here."""
    return f"refs/heads/{branch}"


def wanted_branch(name: str, said_by: str, commit: str | None = None) -> Wanted:
    """Return a branch of the remote as the base, a commit of it where the branch is not here."""
    name = name.removeprefix("refs/heads/")
    refs = (remote(name), local(name), *filter(None, [commit]))
    return Wanted(f"origin/{name}", refs, said_by)


def wanted_by_surroundings(environ: Mapping[str, str]) -> Wanted | None:
    """Return the base that the surroundings name, None where they name none."""
    wanted = _by_pre_commit(environ)
    if wanted is not None:
        return wanted
    if environ.get("GITHUB_ACTIONS") or environ.get("GITHUB_EVENT_PATH"):
        return _by_github(environ)
    if environ.get("GITLAB_CI") or environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        return _by_gitlab(environ)
    for branch, commit in TARGETS:
        if environ.get(branch):
            return wanted_branch(environ[branch], branch, environ.get(commit))
    return _by_jenkins(environ)


def built_tag(environ: Mapping[str, str]) -> str | None:
    """Return the tag that a CI service builds, which is not released before that is done."""
    if environ.get("GITHUB_REF_TYPE") == "tag":
        return environ.get("GITHUB_REF_NAME")
    azure = environ.get("BUILD_SOURCEBRANCH", "")
    if azure.startswith("refs/tags/"):
        return azure.removeprefix("refs/tags/")
    return next((environ[name] for name in TAGS if environ.get(name)), None)


def _commit(sha: str, said_by: str, *others: str) -> Wanted:
    return Wanted(sha[:12], (sha, *others), said_by)


def _by_pre_commit(environ: Mapping[str, str]) -> Wanted | None:
    """`pre-commit run --from-ref REF --to-ref REF` names the base.

    Before a push it says the same of the branch that is pushed: what was pushed of a topic before
    is not released by that.
    """
    ref = environ.get("PRE_COMMIT_FROM_REF", "")
    pushed_to = environ.get("PRE_COMMIT_REMOTE_BRANCH", "").removeprefix("refs/heads/")
    if not ref.strip("0") or (pushed_to and pushed_to not in DEFAULTS):
        return None
    return Wanted(ref, (local(ref), ref, remote(ref)), "PRE_COMMIT_FROM_REF")


def _by_github(environ: Mapping[str, str]) -> Wanted | None:
    event = _github_event(environ)
    if branch := environ.get("GITHUB_BASE_REF"):
        sha = _dig(event, "pull_request", "base", "sha")
        return wanted_branch(branch, "GITHUB_BASE_REF", sha)
    if sha := _dig(event, "merge_group", "base_sha"):
        onto = _dig(event, "merge_group", "base_ref") or ""
        branches = (remote(onto.removeprefix("refs/heads/")),) if onto else ()
        return _commit(sha, "the merge queue's event", *branches)
    default = _dig(event, "repository", "default_branch")
    before = _dig(event, "before")
    if default and before and _dig(event, "ref") == f"refs/heads/{default}" and before.strip("0"):
        return _commit(before, "the push event")
    return wanted_branch(default, "the event's default branch") if default else None


def _github_event(environ: Mapping[str, str]) -> object:
    try:
        event: object = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):
        return {}
    return event


def _dig(value: object, *keys: str) -> str | None:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def _by_gitlab(environ: Mapping[str, str]) -> Wanted | None:
    target = "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    if branch := environ.get(target):
        return wanted_branch(branch, target, environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
    outside = "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"
    if branch := environ.get(outside):
        return wanted_branch(branch, outside)
    default = environ.get("CI_DEFAULT_BRANCH")
    before = environ.get("CI_COMMIT_BEFORE_SHA", "")
    if default and environ.get("CI_COMMIT_BRANCH") == default and before.strip("0"):
        return _commit(before, "CI_COMMIT_BEFORE_SHA")
    return wanted_branch(default, "CI_DEFAULT_BRANCH") if default else None


def _by_jenkins(environ: Mapping[str, str]) -> Wanted | None:
    """A build of the released branch itself: what it was when it last passed."""
    branch = environ.get("BRANCH_NAME") or environ.get("GIT_BRANCH", "").removeprefix("origin/")
    before = environ.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT")
    if before and branch in DEFAULTS:
        return _commit(before, "GIT_PREVIOUS_SUCCESSFUL_COMMIT")
    return None
