"""Paths as reports show them, and what lies there."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from pathlib import Path

# A file that is longer is not read: a second goes for each megabyte of SQL, and more for Python.
MAX_BYTES = 5_000_000
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def relative(path: Path, root: Path) -> str:
    """Return the path as reports show it: relative to the root, with forward slashes."""
    # Texts are compared, since pathlib takes ten times as long.
    shown, top = path.as_posix(), root.as_posix()
    if shown == top:
        return "."
    return shown.removeprefix(top if top.endswith("/") else f"{top}/")


def too_long(size: int) -> str:
    """Return why a file of so many bytes is not read, and what to do."""
    most = f"{MAX_BYTES / 1e6:.0f} MB"
    return (
        f"it is {size / 1e6:.1f} MB long, and guard reads up to {most}: keep the data elsewhere, "
        "or exclude the file"
    )


def read_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises OSError, also for a pipe or a device: reading one may never end.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a file, its line ends `\n`; raises OSError, UnicodeDecodeError."""
    return read_bytes(path).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def matches(path: str, glob: str) -> bool:
    """Return whether a glob of `*` means the path; few get as far as being compiled."""
    return path.startswith(glob.partition("*")[0]) and fnmatch.fnmatchcase(path, glob)
