"""The scratch folder of a run: held under a lock, removed at the end or by the next run."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "guard-roundtrip-"
LOCK = "guard.lock"
OLD = 24 * 3600.0  # seconds; a folder without a lock, or whose lock cannot be tried


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder, nobody else's, which is gone afterwards."""
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        being_made = folder / f"{LOCK}.new"
        with being_made.open("wb") as lock:
            if _try(lock.fileno()):  # before it has its name: nobody sees it there and not locked
                being_made.rename(folder / LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove the folders of this user's runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and _is_ours(folder) and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _is_abandoned(folder: Path) -> bool:
    try:
        with (folder / LOCK).open("r+b") as lock:
            held = _try(lock.fileno())
    except FileNotFoundError:  # it is being made at this moment, or an older guard made it
        held = None
    return held if held is not None else time.time() - folder.stat().st_mtime > OLD


def _try(lock: int) -> bool | None:
    """Return whether the lock, gone with its process, is ours now; None where there are none."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
