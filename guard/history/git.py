"""Git, asked as a program: what a commit, the index and the branches hold.

Only reading commands that run none of the repository's own programs (no diff drivers, filters,
hooks or file system monitors), and nothing is fetched, locked or written.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import subprocess
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from guard.errors import GuardError

SAFE_OPTIONS = ("--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false")
SAFE_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not fetch what it lacks, on any version
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
# Set by git for its hooks; they would lead a command elsewhere than the folder it is run in.
LEADING_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE")

SUBMODULE, LINK = b"160000", b"120000"  # the modes of entries that are these
UNKNOWN, SKIPPED = b"?", b"S"  # the tags of files that git does not track, or left out
LINKS_DEEP = 8  # as far as links are followed into each other

Entry = tuple[str, bytes, str]  # path, mode, and the id of the blob or of the submodule's commit


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout; `root` is its top folder. Paths are relative to it, with forward slashes.

    `objects` are the folders where the submodules that are checked out keep theirs, by path: what
    these hold belongs to the project. What git listed of the working tree is kept: for one run.
    """

    root: Path
    objects: Mapping[str, str] = {}
    listed: dict[tuple[str, ...], bytes] = msgspec.field(default_factory=dict)

    @classmethod
    def discover(cls, path: Path) -> Repository | None:
        """Return the checkout that `path` stands in; None outside of git, or without a git program.

        Raises GuardError where there is a repository that git refuses to read.
        """
        folder = path if path.is_dir() else path.parent
        if not _may_be_git(folder):
            return None
        try:
            done = _run(folder, "rev-parse", "--show-toplevel")
        except FileNotFoundError:
            return None
        if done.returncode == 0:
            root = Path(os.fsdecode(done.stdout.rstrip(b"\n")))
            return cls(root=root, objects=_submodules(root))
        error = _message(done)
        if "not a git repository" in error:
            return None
        if "dubious ownership" in error:
            raise GuardError(
                f"{folder}: git refuses to read this repository because another user owns it: "
                f"git config --global --add safe.directory {folder}"
            )
        if "must be run in a work tree" in error:
            raise GuardError(f"{folder}: a bare repository has no files to check: check it out")
        raise GuardError(f"{folder}: git cannot read the repository: {error}")

    def resolve(self, ref: str) -> str | None:
        """Return the id of the commit that a ref, a branch or an abbreviated id stands for."""
        return self.resolve_all((ref,)).get(ref)

    def resolve_all(self, refs: Iterable[str]) -> dict[str, str]:
        """Return the commit that each ref stands for, all asked of one git process.

        Those that stand for none are left out.
        """
        asked = [ref for ref in refs if not {"\n", "\0"} & {*ref}]
        if not asked:
            return {}
        lines = "".join(f"{ref}^{{commit}}\n" for ref in asked)
        told = self._check("cat-file", "--batch-check", stdin=os.fsencode(lines)).split(b"\n")
        answers = zip(asked, (line.split() for line in told[:-1]), strict=True)
        # An id, its type and its size; else "missing" or "ambiguous" after the name.
        return {ref: words[0].decode() for ref, words in answers if words[-1].isdigit()}

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, None where none is known here."""
        if one == other:
            return one
        done = self._git("merge-base", one, other)
        return _text(done) if done.returncode == 0 else None

    def current_branch(self) -> str | None:
        """Return the branch that is checked out, None where HEAD is detached."""
        return self.symbolic_ref("HEAD", "refs/heads/")

    def symbolic_ref(self, name: str, prefix: str) -> str | None:
        """Return what a symbolic ref points to, without the prefix, None where it does not."""
        done = self._git("symbolic-ref", "--quiet", name)
        target = _text(done)
        return target.removeprefix(prefix) if done.returncode == 0 and target else None

    def branches(self) -> tuple[str, ...]:
        """Return the names of the branches, here and as the remotes had them, each once."""
        names = [name.split("/", 2) for name in self._refs("refs/heads/", "refs/remotes/")]
        local = [rest for _, kind, rest in names if kind == "heads"]
        remote = [rest.partition("/")[2] for _, kind, rest in names if kind == "remotes"]
        return tuple(dict.fromkeys((*local, *(name for name in remote if name != "HEAD"))))

    def tags(self, pattern: str, merged: str | None = None) -> tuple[str, ...]:
        """Return the tags of a pattern, the highest version first; those `merged` into a commit."""
        only = [f"--merged={merged}"] if merged else []
        names = self._refs("--sort=-version:refname", *only, f"refs/tags/{pattern}")
        return tuple(name.removeprefix("refs/tags/") for name in names)

    def _refs(self, *arguments: str) -> list[str]:
        asked = ("-c", "versionsort.suffix=-", "for-each-ref", "--format=%(refname)", *arguments)
        return os.fsdecode(self._check(*asked)).splitlines()

    def is_ancestor(self, one: str, other: str) -> bool:
        """Return whether a commit is another one, or comes before it."""
        return self._git("merge-base", "--is-ancestor", one, other).returncode == 0

    def fetches_all_branches(self) -> bool:
        """Return whether the remotes, if there are any, were cloned with all their branches."""
        told = self._git("config", "-z", "--get-regexp", r"^remote\..*\.fetch$").stdout
        refspecs = [entry.partition(b"\n")[2] for entry in told.split(b"\0") if entry]
        return all(b"*" in refspec for refspec in refspecs)

    def is_shallow(self) -> bool:
        """Return whether the history was cut off when it was cloned."""
        return self._check("rev-parse", "--is-shallow-repository").strip() == b"true"

    def list_files(self, commit: str) -> dict[str, str]:
        """Return the files of a commit: the id of each one's blob, by path."""
        return {path: id_ for path, _, id_ in self._entries(commit)}

    def staged_files(self) -> dict[str, str]:
        """Return the files of the index: the id of each one's blob, by path.

        Raises GuardError while a merge is unresolved.
        """
        return {path: id_ for path, _, id_ in self._entries(None)}

    def files_through_links(self, commit: str | None) -> dict[str, str]:
        """Return the files of a commit (None: the index) as a program finds them that opens them.

        A link has the blob of what it leads to, a linked folder all that is in it, and a link that
        leads out of the repository has none: its id is empty.
        """
        entries = self._entries(commit)
        files = {path: id_ for path, mode, id_ in entries if mode != LINK}
        links = {path: id_ for path, mode, id_ in entries if mode == LINK}
        if not links:
            return files
        targets = self.read_blobs(links.values())
        left = {path: _leads_to(path, targets[id_]) for path, id_ in links.items()}
        for _ in range(LINKS_DEEP):
            found = _followed(left, files)
            left = {path: target for path, target in left.items() if path not in found}
            for reached in found.values():
                files |= reached
            if not (found and left):
                break
        return files | dict.fromkeys(left, "")

    def _entries(self, commit: str | None) -> list[Entry]:
        entries = self._staged() if commit is None else self._committed(commit)
        return [found for entry in entries for found in self._with_submodule(entry)]

    def _committed(self, commit: str) -> Iterator[Entry]:
        for entry in filter(
            None, _listing(self.root, commit, (*self.objects.values(),)).split(b"\0")
        ):
            fields, path = entry.split(b"\t", 1)
            mode, _, id_ = fields.split()
            yield os.fsdecode(path), mode, id_.decode()

    def _staged(self) -> Iterator[Entry]:
        listing = self._check("ls-files", "--stage", "-z")
        for entry in filter(None, listing.split(b"\0")):
            fields, path = entry.split(b"\t", 1)
            mode, id_, stage = fields.split()
            if stage != b"0":
                raise GuardError(
                    f"{os.fsdecode(path)}: the index holds an unresolved merge: resolve it first"
                )
            yield os.fsdecode(path), mode, id_.decode()

    def _with_submodule(self, entry: Entry) -> Iterator[Entry]:
        """The entry, or those of the commit at which a submodule is checked out."""
        path, mode, id_ = entry
        if mode != SUBMODULE:
            yield entry
        elif path in self.objects:
            if self.resolve(id_) is None:
                raise GuardError(
                    f"{path}: the submodule lacks the commit {id_[:12]}, so what is released "
                    f"there cannot be told: git -C {path} fetch origin {id_}"
                )
            for name, inner, blob in self._entries(id_):
                yield f"{path}/{name}", inner, blob

    def present_files(self) -> tuple[str, ...]:
        """Return the paths of the working tree that git tracks or would add: nothing ignored."""
        return tuple(dict.fromkeys(path for _, path in self._present()))

    def changed_files(self, commit: str) -> tuple[str, ...]:
        """Return the paths of the working tree that may differ from a commit: nothing ignored.

        A file whose times alone are new is among them, since no filter of the project is run.
        """
        differing = self._list("diff-index", "-z", "--name-only", "--no-renames", commit)
        tracked = (os.fsdecode(name) for name in differing.split(b"\0") if name)
        unknown = (path for tag, path in self._present() if tag == UNKNOWN)
        return tuple(dict.fromkeys((*tracked, *unknown)))

    def left_out(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Return the paths in the folders that a sparse checkout leaves out of the working tree."""
        if b"\0%b " % SKIPPED not in b"\0" + self._listed_files():
            return ()
        within = tuple("" if folder == "." else f"{folder}/" for folder in folders)
        skipped = (path for tag, path in self._present() if tag == SKIPPED)
        return tuple(
            path
            for path in skipped
            if path.startswith(within) and not os.path.lexists(self.root / path)
        )

    def _present(self) -> Iterator[tuple[bytes, str]]:
        """The paths of the working tree, each with git's tag for it; one is told twice at times."""
        for entry in self._listed_files().split(b"\0"):
            if entry:
                yield entry[:1], os.fsdecode(entry[2:])

    def _listed_files(self) -> bytes:
        return self._list("ls-files", "-t", "-z", "--cached", "--others", "--exclude-standard")

    def read_blobs(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs, all read by one git process.

        Raises GuardError where one is not here, as in a partial clone.
        """
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        lacking = GuardError(
            f"{self.root}: the clone lacks the contents of older files, so what is released "
            "cannot be compared: clone without --filter, or git fetch --refetch --no-filter"
        )
        done = self._git("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n")
        if done.returncode:
            raise lacking
        output = done.stdout
        found: dict[str, bytes] = {}
        at = 0
        for blob in wanted:
            end = output.index(b"\n", at)
            header = output[at:end].split()
            if header[-1] == b"missing":
                raise lacking
            size = int(header[2])
            found[blob] = output[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def _git(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return _run(self.root, *arguments, stdin=stdin, objects=self.objects.values())

    def _list(self, *arguments: str) -> bytes:
        if arguments not in self.listed:
            self.listed[arguments] = self._check(*arguments)
        return self.listed[arguments]

    def _check(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return _checked(self.root, arguments[0], self._git(*arguments, stdin=stdin))


@lru_cache(maxsize=8)
def _listing(root: Path, commit: str, objects: tuple[str, ...]) -> bytes:
    """Return what git lists of a commit: of one id it is always the same."""
    done = _run(root, "ls-tree", "-r", "-z", "--full-tree", commit, objects=objects)
    return _checked(root, "ls-tree", done)


def _checked(root: Path, command: str, done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode:
        raise GuardError(f"{root}: git {command} failed: {_message(done)}")
    return done.stdout


def blob_id(data: bytes, like: str) -> str:
    """Return the id that git gives to these contents, by the hash that made the id `like`."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def user_name(folder: Path) -> str:
    """Return git's user.name as it holds in a folder; empty where there is none, or no git."""
    try:
        done = _run(folder, "config", "user.name")
    except OSError:
        return ""
    return _text(done)


def _leads_to(link: str, target: bytes) -> str:
    """The path in the repository that a link leads to; one that leaves it begins with `..`."""
    where = posixpath.join(posixpath.dirname(link), os.fsdecode(target))
    return posixpath.normpath(where) if not target.startswith(b"/") else ".."


def _followed(links: Mapping[str, str], files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The files that each link leads to, of those links that lead to any."""
    found: dict[str, dict[str, str]] = {}
    names = sorted(files)
    for link, target in links.items():
        if target in files:
            found[link] = {link: files[target]}
        elif not f"{link}/".startswith(f"{target}/"):  # not the folder that it stands in
            first, last = (bisect(names, f"{target}{end}") for end in ("/", "0"))
            inside = {f"{link}{name[len(target) :]}": files[name] for name in names[first:last]}
            found |= {link: inside} if inside else {}
    return found


def _may_be_git(folder: Path) -> bool:
    """Return whether git could find a repository here, a bare one too: to ask it takes its time."""
    top = folder.resolve()
    marks = (above / mark for above in (top, *top.parents) for mark in (".git", "HEAD"))
    return any(map(os.path.lexists, marks))


def _submodules(root: Path) -> dict[str, str]:
    """Return the folder of the objects of each submodule that is checked out, by its path."""
    if not (root / ".gitmodules").is_file():
        return {}
    asked = _run(root, "config", "-z", "-f", ".gitmodules", "--get-regexp", r"\.path$")
    names = [os.fsdecode(e.partition(b"\n")[2]) for e in asked.stdout.split(b"\0") if e]
    found = {}
    for name in names:
        if (root / name / ".git").exists():
            told = _run(root / name, "rev-parse", "--git-path", "objects")
            if told.returncode == 0:
                found[name] = str(root / name / _text(told))
    return found


def _run(
    folder: Path, *arguments: str, stdin: bytes = b"", objects: Iterable[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    environ = {k: v for k, v in os.environ.items() if k not in LEADING_ELSEWHERE}
    if objects:
        own = [*filter(None, [environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")]), *objects]
        environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(own)
    return subprocess.run(  # noqa: S603
        ["git", *SAFE_OPTIONS, *arguments],  # noqa: S607  the user's own git
        cwd=folder,
        env=environ | SAFE_ENVIRONMENT,
        input=stdin,
        capture_output=True,
        check=False,
    )


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return os.fsdecode(done.stdout).strip()


def _message(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    fatal = [line for line in lines if line.startswith("fatal: ")] or lines
    return fatal[0].removeprefix("fatal: ") if fatal else f"exit code {done.returncode}"
