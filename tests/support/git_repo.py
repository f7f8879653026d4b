"""A real git repository in a temporary folder."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from guard.history.base import Asked, Base, find_base
from guard.history.git import Repository

# Nothing is kept, so nothing is tidied up or waits for the disk.
OPTIONS = (
    "user.name=a",
    "user.email=a@b.c",
    "commit.gpgsign=false",
    "protocol.file.allow=always",
    "core.fsync=none",
    "maintenance.auto=false",
    "gc.auto=0",
)
INIT = ("init", "-b", "main", "--template=")


class Repo:
    """A repository to write files into and to commit them; HEAD is on main."""

    def __init__(self, root: Path, *init: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        if init:
            self.git(*INIT, "-q", *init)
        elif not (root / ".git").exists():
            shutil.copytree(_empty().root / ".git", root / ".git")

    @classmethod
    def at(cls, root: Path) -> Repo:
        """Return the repository that is already there."""
        repo = cls.__new__(cls)
        repo.root = root
        return repo

    def git(self, *arguments: str) -> str:
        options = [part for option in OPTIONS for part in ("-c", option)]
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode() if isinstance(text, str) else text)

    def branch(self, name: str) -> None:
        """Check out a new branch at HEAD, a commit of a branch, as `git checkout -b` does."""
        git = self.root / ".git"
        now = (git / "HEAD").read_text().removeprefix("ref: ").strip()
        (git / "refs" / "heads" / name).write_bytes((git / now).read_bytes())
        (git / "HEAD").write_text(f"ref: refs/heads/{name}\n")

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> None:
        self.write(files or {"a.txt": str(len(self.git("log", "--oneline", "--all")))})
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    @property
    def head(self) -> str:
        """The id of the last commit."""
        return self.git("rev-parse", "HEAD")

    def open(self) -> Repository:
        found = Repository.discover(self.root)
        assert found is not None
        return found

    def base(self, **asked: str) -> Base:
        """Find the base; keyword arguments in capitals are environment variables."""
        environ = {name: value for name, value in asked.items() if name.isupper()}
        asks = Asked(option=asked.get("option"), config=asked.get("config"), environ=environ)
        return find_base(self.open(), asks)


@functools.cache
def _empty() -> Repo:
    """The repository that new ones are copies of: to start a program for each takes longer."""
    folder = tempfile.mkdtemp(prefix="guard-empty-")
    atexit.register(shutil.rmtree, folder)
    return Repo(Path(folder), "--quiet")


def clone(repo: Repo, folder: Path, *options: str) -> Repo:
    repo.git("clone", "-q", *options, repo.root.as_uri(), str(folder))
    return Repo.at(folder)
