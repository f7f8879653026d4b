"""The base: which commit holds what is already released, and who said so.

`--base`, then the configuration, then what the CI service tells, then the remote's default branch.
A base that is named but not here stops the run: history that cannot be proven is not passed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.history.git import Repository

DEEPEN = (
    "fetch the whole history (GitHub Actions: fetch-depth: 0, GitLab: GIT_DEPTH: 0, "
    "by hand: git fetch --unshallow)"
)


ORIGIN_HEAD = "refs/remotes/origin/HEAD"
DEFAULTS = ("main", "master")  # what the branch of the released state is usually called


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` as the user knows it; `commit` is the merge base with it and `tip` its own commit.

    Without a commit nothing is known to be released, and the notes say why.
    """

    ref: str = ""
    commit: str | None = None
    tip: str | None = None
    notes: tuple[str, ...] = ()


class _Wanted(msgspec.Struct, frozen=True):
    """A base that somebody named: the refs to try for it, and who named it."""

    name: str
    refs: tuple[str, ...]
    said_by: str


def find_base(
    repo: Repository | None,
    *,
    option: str | None = None,
    config: str | None = None,
    environ: Mapping[str, str],
) -> Base:
    """Return the base to compare with; raise GuardError where one is wanted and not here."""
    if repo is None:
        why = "not a git repository" if shutil.which("git") else "no git program found"
        if option:
            raise GuardError(f"--base {option}: {why}, so there is nothing to compare with")
        return Base(notes=(f"History was not judged: {why}. Every revision counts as new.",))
    found = repo.resolve_all(("HEAD", ORIGIN_HEAD, *map(_remote, DEFAULTS), *map(_local, DEFAULTS)))
    head = found.get("HEAD")
    if head is None and not option:
        return Base(notes=("There is no commit yet: every revision counts as new.",))
    if head is None:
        raise GuardError(f"--base {option}: there is no commit here yet to compare with it")
    wanted = _by_user(option, "--base") or _by_user(config, "base in the guard settings")
    wanted = wanted or _by_ci(environ) or _by_remote(repo, found)
    if wanted is None:
        branch = repo.current_branch()
        wanted = _by_local_branch(branch, found)
        if wanted is None:
            return _on_the_base_itself(repo, head, branch)
    found |= repo.resolve_all(ref for ref in wanted.refs if ref not in found)
    tip = next((found[ref] for ref in wanted.refs if ref in found), None)
    if tip is None:
        raise GuardError(_absent(repo, wanted))
    commit = repo.merge_base(head, tip)
    if commit is None:
        raise GuardError(_unrelated(repo, wanted))
    note = f"Compared with {wanted.name} at {commit[:12]}, as {wanted.said_by} says."
    return Base(ref=wanted.name, commit=commit, tip=tip, notes=() if option else (note,))


def base_of_ci(repo: Repository, environ: Mapping[str, str]) -> Base | None:
    """Return the base that the CI service tells, None where it tells none or that is not here."""
    wanted, head = _by_ci(environ), repo.resolve("HEAD")
    if wanted is None or head is None:
        return None
    found = repo.resolve_all(wanted.refs)
    tip = next((found[ref] for ref in wanted.refs if ref in found), None)
    commit = repo.merge_base(head, tip) if tip else None
    return Base(ref=wanted.name, commit=commit, tip=tip) if commit else None


def _by_user(ref: str | None, said_by: str) -> _Wanted | None:
    return _Wanted(ref, (ref, _remote(ref)), said_by) if ref else None


def _remote(branch: str) -> str:
    return f"refs/remotes/origin/{branch}"


def _local(branch: str) -> str:
    return f"refs/heads/{branch}"


def _branch(name: str, said_by: str) -> _Wanted:
    name = name.removeprefix("refs/heads/")
    return _Wanted(f"origin/{name}", (_remote(name), _local(name)), said_by)


def _commit(sha: str, said_by: str) -> _Wanted:
    return _Wanted(sha[:12], (sha,), said_by)


def _by_ci(environ: Mapping[str, str]) -> _Wanted | None:
    if environ.get("GITHUB_ACTIONS") or environ.get("GITHUB_EVENT_PATH"):
        return _by_github(environ)
    if environ.get("GITLAB_CI") or environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        return _by_gitlab(environ)
    for variable in (
        "BITBUCKET_PR_DESTINATION_BRANCH",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",  # Azure Pipelines
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "CHANGE_TARGET",  # Jenkins
        "GITHUB_BASE_REF",
    ):
        if environ.get(variable):
            return _branch(environ[variable], variable)
    return None


def _by_github(environ: Mapping[str, str]) -> _Wanted | None:
    event = _github_event(environ)
    if branch := environ.get("GITHUB_BASE_REF"):
        wanted = _branch(branch, "GITHUB_BASE_REF")
        sha = _dig(event, "pull_request", "base", "sha")
        return msgspec.structs.replace(wanted, refs=(*wanted.refs, sha)) if sha else wanted
    if sha := _dig(event, "merge_group", "base_sha"):
        return _commit(sha, "the merge queue's event")
    default = _dig(event, "repository", "default_branch")
    before = _dig(event, "before")
    if default and before and _dig(event, "ref") == f"refs/heads/{default}" and before.strip("0"):
        return _commit(before, "the push event")
    return _branch(default, "the event's default branch") if default else None


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


def _by_gitlab(environ: Mapping[str, str]) -> _Wanted | None:
    if branch := environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        wanted = _branch(branch, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
        sha = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
        return msgspec.structs.replace(wanted, refs=(*wanted.refs, sha)) if sha else wanted
    default = environ.get("CI_DEFAULT_BRANCH")
    before = environ.get("CI_COMMIT_BEFORE_SHA", "")
    if default and environ.get("CI_COMMIT_BRANCH") == default and before.strip("0"):
        return _commit(before, "CI_COMMIT_BEFORE_SHA")
    return _branch(default, "CI_DEFAULT_BRANCH") if default else None


def _by_remote(repo: Repository, found: Mapping[str, str]) -> _Wanted | None:
    if ORIGIN_HEAD in found:
        target = repo.symbolic_ref(ORIGIN_HEAD, "refs/remotes/")
        ref = f"refs/remotes/{target}"
        if target and (ref in found or repo.resolve(ref)):
            return _Wanted(target, (ref,), "origin/HEAD")
    name = next((name for name in DEFAULTS if _remote(name) in found), None)
    return _branch(name, "the remote") if name else None


def _by_local_branch(current: str | None, found: Mapping[str, str]) -> _Wanted | None:
    others = () if current in DEFAULTS else DEFAULTS
    name = next((name for name in others if _local(name) in found), None)
    return _Wanted(name, (_local(name),), "the local branch of that name") if name else None


def _on_the_base_itself(repo: Repository, head: str, branch: str | None) -> Base:
    if branch in DEFAULTS or (branch and repo.branches() == (branch,)):
        note = f"Compared with HEAD, as {branch} is the base itself: only what is not committed."
        return Base(ref="HEAD", commit=head, tip=head, notes=(note,))
    where = f"branch {branch}" if branch else "a detached HEAD"
    raise GuardError(
        f"on {where}, and no origin/HEAD, main or master tells what is released: "
        "name the branch that does: --base REF"
    )


def _absent(repo: Repository, wanted: _Wanted) -> str:
    branch = wanted.name.removeprefix("origin/")
    fetch = DEEPEN if repo.is_shallow() else f"fetch it (git fetch origin {branch})"
    return (
        f"{wanted.said_by} names {wanted.name} as the base, and it is not in this clone, so what "
        f"is released cannot be told: {fetch}, or name another: --base REF"
    )


def _unrelated(repo: Repository, wanted: _Wanted) -> str:
    if repo.is_shallow():
        return (
            f"the clone is shallow and does not reach back to where this change left "
            f"{wanted.name}, so what is released cannot be told: {DEEPEN}"
        )
    return (
        f"HEAD and {wanted.name} (named by {wanted.said_by}) have no commit in common: "
        "name the branch that this change is made for: --base REF"
    )
