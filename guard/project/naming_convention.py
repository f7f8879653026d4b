"""Whether a project has its MetaData name what has no name: a look at its Python files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from guard.paths import read_bytes

_ELSEWHERE = frozenset({"node_modules", "site-packages", "venv", "env", "__pycache__"})
_MAX_FILES = 5_000


def finds_naming_convention(folder: Path) -> Callable[[], bool]:
    """Return what answers whether code in the folder sets a naming convention.

    Revisions do not count: what they give to a batch holds there only. The files are read when it
    is first asked.
    """

    @cache
    def names_constraints() -> bool:
        return any(map(_sets_one, _python_files(folder)))

    return names_constraints


def _sets_one(path: Path) -> bool:
    try:
        data = read_bytes(path)
    except OSError:
        return False
    return b"naming_convention" in data and b"down_revision" not in data


def _python_files(folder: Path) -> Iterator[Path]:
    seen = 0
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f[0] != "." and f not in _ELSEWHERE)
        for name in sorted(files):
            if name.endswith(".py"):
                yield Path(here, name)
                seen += 1
        if seen > _MAX_FILES:
            return
