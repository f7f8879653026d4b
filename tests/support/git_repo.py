"""A real git repository in a temporary folder."""

from __future__ import annotations

import subprocess
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


class Repo:
    """A repository to write files into and to commit them; HEAD is on main."""

    def __init__(self, root: Path, *init: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", "--template=", *init)

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


def clone(repo: Repo, folder: Path, *options: str) -> Repo:
    repo.git("clone", "-q", *options, repo.root.as_uri(), str(folder))
    return Repo.at(folder)
