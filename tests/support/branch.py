"""A branch with a change, and what guard says of it: helper words of tests on history rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from command_line import PROJECT, Content, guard
from git_repo import Repo

Files = Mapping[str, Content]


def branch(folder: Path, base: Files, change: Files, on_main: Files | None = None) -> Repo:
    """Return a repository on a branch with the change; `on_main` was committed there since."""
    repo = Repo(folder / "repo")
    repo.commit({**PROJECT, **base})
    repo.branch("change")
    repo.commit({**change, "touched.txt": "x"})
    if on_main:
        repo.git("checkout", "-q", "main")
        repo.commit(on_main)
        repo.git("checkout", "-q", "change")
    return repo


def findings(repo: Repo, *arguments: str, **environ: str) -> list[dict[str, Any]]:
    """Return the open findings, as JSON has them."""
    done = guard(repo.root, *arguments, "--output-format", "json", **environ)
    found: list[dict[str, Any]] = json.loads(done.output)["findings"]
    return [finding for finding in found if finding["status"] == "open"]
