"""TOML as guard reads it: the standard library's, without its one way to break down."""

from __future__ import annotations

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a text in TOML says; raise tomllib.TOMLDecodeError, also for too deep a text."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None
