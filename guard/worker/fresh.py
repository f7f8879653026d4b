"""Revisions as each run of Alembic finds them: with nothing in them that an earlier step left.

The round trip runs in one process what Alembic's users run in several.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import types
from typing import Any

from alembic.script import Script

from alembic import util

_CONSTANT = (
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    type,
    re.Pattern,
    logging.Logger,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
)


class Fresh:
    """Loads a revision anew before it runs again, where it holds what a step can change."""

    def __init__(self) -> None:
        self._ran: set[str] = set()

    def prepare(self, script: Script) -> None:
        """Give the revision the module that a process of its own would load."""
        again = script.revision in self._ran
        self._ran.add(script.revision)
        if again and not all(map(_is_constant, _names(script.module))):
            # One that cannot be loaded twice stays as it is.
            with contextlib.suppress(Exception):
                script.module = util.load_python_file(*os.path.split(script.path))


def _names(module: types.ModuleType) -> list[Any]:
    return [value for name, value in vars(module).items() if not name.startswith("__")]


def _is_constant(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_constant, value))
    return isinstance(value, _CONSTANT) or type(value).__module__ == "typing"
