"""Paths as reports show them."""

from __future__ import annotations

from pathlib import Path


def relative(path: Path, root: Path) -> str:
    """Return the path as reports show it: relative to the root, with forward slashes."""
    # Texts are compared, since pathlib takes ten times as long.
    shown, top = path.as_posix(), root.as_posix()
    if shown == top:
        return "."
    return shown.removeprefix(top if top.endswith("/") else f"{top}/")
