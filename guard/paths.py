"""Paths as reports show them."""

from __future__ import annotations

from pathlib import Path


def relative(path: Path, root: Path) -> str:
    """Return the path as reports show it: relative to the root, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
