"""The base: which commit holds what is already released, and who said so.

`--base`, then the configuration, then what the surroundings tell (`ci`), then the remote's default
branch. A base that is named but not here stops the run: what cannot be proven is not passed.
Without git it is guard.lock that says what is released.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.facts import LOCK
from guard.history.ci import (
    DEFAULTS,
    Wanted,
    built_tag,
    local,
    remote,
    wanted_branch,
    wanted_by_surroundings,
)
from guard.history.git import Repository
from guard.history.lock import Lock
from guard.note import Note

DEEPEN = (
    "fetch the whole history (GitHub Actions: fetch-depth: 0, GitLab: GIT_DEPTH: 0, "
    "by hand: git fetch --unshallow)"
)
OR_OFF = 'or say history = "off" in the guard settings'
NO_COMMIT = "There is no commit yet: every revision counts as new."
ORIGIN_HEAD = "refs/remotes/origin/HEAD"
TAG = "tag:"  # a base that begins with this is a pattern of tags


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` as the user knows it; `commit` is the merge base with it and `tip` its own commit.

    Without a commit what is released is in the `lock`, and without that nothing is known to be: the
    notes say why. With a commit, the lock is one to check against it. `applied` are the revisions
    at which a database stands: what comes after those is not released, whatever the commit has.
    """

    ref: str = ""
    commit: str | None = None
    tip: str | None = None
    lock: Lock | None = None
    applied: tuple[str, ...] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is known what is released."""
        return self.commit is not None or self.lock is not None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What may name a base: an option, the settings, the surroundings; and the lock, if any.

    `folder` is where the checkout is, or would be.
    """

    option: str | None = None
    config: str | None = None
    environ: Mapping[str, str] = {}
    lock: Lock | None = None
    folder: Path | None = None


def find_base(repo: Repository | None, asked: Asked) -> Base:
    """Return the base to compare with; raise GuardError where one is wanted and not here."""
    named = asked.option or asked.config
    if named == LOCK or (repo is None and not asked.option and asked.lock is not None):
        return _locked(asked, named == LOCK)
    if repo is None:
        return _without_git(asked)
    found = repo.resolve_all(("HEAD", ORIGIN_HEAD, *map(remote, DEFAULTS), *map(local, DEFAULTS)))
    head = found.get("HEAD")
    if head is None and not asked.option:
        return Base(notes=(Note("not-compared", NO_COMMIT),))
    if head is None:
        raise GuardError(f"--base {asked.option}: there is no commit here yet to compare with it")
    wanted = _by_user(repo, head, asked)
    wanted = wanted or wanted_by_surroundings(asked.environ) or _by_remote(repo, found)
    if wanted is None:
        branch = repo.current_branch()
        wanted = _by_local_branch(branch, found)
        if wanted is None:
            return _on_the_base_itself(repo, head, branch, asked.lock)
    found |= repo.resolve_all(ref for ref in wanted.refs if ref not in found)
    tip = next((found[ref] for ref in wanted.refs if ref in found), None)
    if tip is None:
        raise GuardError(_absent(repo, wanted))
    commit = repo.merge_base(head, tip)
    if commit is None:
        raise GuardError(_unrelated(repo, wanted))
    note = _compared(f"{wanted.name} at {commit[:12]}, as {wanted.said_by} says.")
    notes = () if wanted.name == asked.option else (note, *_other_head(repo, head, asked.environ))
    return Base(ref=wanted.name, commit=commit, tip=tip, lock=asked.lock, notes=notes)


def _compared(how: str) -> Note:
    return Note("base", f"Compared with {how}")


def base_of_ci(repo: Repository, environ: Mapping[str, str]) -> Base | None:
    """Return the base that the surroundings tell, None where they tell none or it is not here."""
    wanted, head = wanted_by_surroundings(environ), repo.resolve("HEAD")
    if wanted is None or head is None:
        return None
    found = repo.resolve_all(wanted.refs)
    tip = next((found[ref] for ref in wanted.refs if ref in found), None)
    commit = repo.merge_base(head, tip) if tip else None
    return Base(ref=wanted.name, commit=commit, tip=tip) if commit else None


def _locked(asked: Asked, named: bool) -> Base:
    if asked.lock is None:
        raise GuardError(f"{LOCK} is named as the base, and there is none: guard history --lock")
    why = "" if named else f", since {_no_git(asked.folder)}"
    return Base(ref=LOCK, lock=asked.lock, notes=(_compared(f"{LOCK}{why}."),))


def _without_git(asked: Asked) -> Base:
    """Nothing can be compared: that is an error where somebody wants it, or where git was used."""
    why = _no_git(asked.folder)
    if asked.option:
        raise GuardError(f"--base {asked.option}: {why}, so there is nothing to compare with")
    said_by = "base in the guard settings" if asked.config else ""
    wanted = wanted_by_surroundings(asked.environ)
    said_by = said_by or (wanted.said_by if wanted else "")
    if said_by or _marked(asked.folder):
        told = f"{said_by} names what is released, and " if said_by else ""
        raise GuardError(
            f"{told}{why}, so what is released cannot be told: make git work here, "
            f"commit a {LOCK} (guard history --lock), {OR_OFF}"
        )
    text = f"History was not judged: {why}. Every revision counts as new."
    return Base(notes=(Note("not-compared", text),))


def _no_git(folder: Path | None) -> str:
    if not shutil.which("git"):
        return "no git program found"
    marked = _marked(folder)
    return f"git cannot read {marked}" if marked else "not a git repository"


def _marked(folder: Path | None) -> Path | None:
    """The `.git` around a folder, though git does not know the checkout."""
    around = (folder, *folder.parents) if folder else ()
    return next((one / ".git" for one in around if (one / ".git").exists()), None)


def _by_user(repo: Repository, head: str, asked: Asked) -> Wanted | None:
    ref = asked.option or asked.config
    said_by = "--base" if asked.option else "base in the guard settings"
    if not ref:
        return None
    if ref.startswith(TAG):
        return _by_tag(repo, head, ref.removeprefix(TAG), said_by, built_tag(asked.environ))
    return Wanted(ref, refs_of(ref), said_by)


def refs_of(name: str) -> tuple[str, ...]:
    """Return what a name may stand for: a branch before a tag of that name, which git would take.

    A branch that is not here is one of the remote.
    """
    return (local(name), f"refs/remotes/{name}", name, remote(name))


def _by_tag(repo: Repository, head: str, pattern: str, said_by: str, built: str | None) -> Wanted:
    """The newest tag that the change stands on, or that was set beside it since it began."""
    below = next((tag for tag in repo.tags(pattern, merged=head) if tag != built), None)
    newest = next((tag for tag in repo.tags(pattern) if tag != built), None)
    if newest is None:
        shallow = repo.is_shallow() or not repo.fetches_all_branches()
        fetch = DEEPEN if shallow else "fetch the tags (git fetch --tags)"
        raise GuardError(
            f"{said_by} names the tags {pattern} as the base, and there is none here, so what is "
            f"released cannot be told: {fetch}, or name another: --base REF"
        )
    chosen = newest if below is None else below
    if below not in (None, newest):
        at = repo.resolve_all((f"refs/tags/{below}", f"refs/tags/{newest}"))
        left = repo.merge_base(head, at[f"refs/tags/{newest}"])
        if left and repo.is_ancestor(at[f"refs/tags/{below}"], left):
            chosen = newest
    return Wanted(chosen, (f"refs/tags/{chosen}",), f"{said_by} ({TAG}{pattern})")


def _other_head(repo: Repository, head: str, environ: Mapping[str, str]) -> tuple[Note, ...]:
    """Whether pre-commit speaks of another commit than the one that is checked out."""
    to = environ.get("PRE_COMMIT_TO_REF", "")
    commit = repo.resolve(to) if to.strip("0") else None
    if commit in (None, head):
        return ()
    text = f"PRE_COMMIT_TO_REF is {to}, and what is checked out was judged: check that out."
    return (Note("checked-out", text),)


def _by_remote(repo: Repository, found: Mapping[str, str]) -> Wanted | None:
    if ORIGIN_HEAD in found:
        target = repo.symbolic_ref(ORIGIN_HEAD, "refs/remotes/")
        ref = f"refs/remotes/{target}"
        if target and (ref in found or repo.resolve(ref)):
            return Wanted(target, (ref,), "origin/HEAD")
    name = next((name for name in DEFAULTS if remote(name) in found), None)
    return wanted_branch(name, "the remote") if name else None


def _by_local_branch(current: str | None, found: Mapping[str, str]) -> Wanted | None:
    others = () if current in DEFAULTS else DEFAULTS
    name = next((name for name in others if local(name) in found), None)
    return Wanted(name, (local(name),), "the local branch of that name") if name else None


def _on_the_base_itself(repo: Repository, head: str, branch: str | None, lock: Lock | None) -> Base:
    alone = branch and repo.branches() == (branch,) and repo.fetches_all_branches()
    if branch in DEFAULTS or alone:
        note = _compared(f"HEAD, as {branch} is the base itself: only what is not committed.")
        return Base(ref="HEAD", commit=head, tip=head, lock=lock, notes=(note,))
    where = f"branch {branch}" if branch else "a detached HEAD"
    raise GuardError(
        f"on {where}, and no origin/HEAD, main or master tells what is released: "
        "name the branch that does: --base REF"
    )


def _absent(repo: Repository, wanted: Wanted) -> str:
    branch = wanted.name.removeprefix("origin/")
    if wanted.refs[0].startswith(wanted.name):  # a commit
        branch = wanted.refs[0]
    elif not repo.fetches_all_branches():
        branch = f"{branch}:{remote(branch)}"
    fetch = DEEPEN if repo.is_shallow() else f"fetch it (git fetch origin {branch})"
    return (
        f"{wanted.said_by} names {wanted.name} as the base, and it is not in this clone, so what "
        f"is released cannot be told: {fetch}, or name another: --base REF"
    )


def _unrelated(repo: Repository, wanted: Wanted) -> str:
    if repo.is_shallow():
        return (
            f"the clone is shallow and does not reach back to where this change left "
            f"{wanted.name}, so what is released cannot be told: {DEEPEN}"
        )
    return (
        f"HEAD and {wanted.name} (named by {wanted.said_by}) have no commit in common: "
        "name the branch that this change is made for: --base REF"
    )
