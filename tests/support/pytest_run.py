"""A pytest with guard's plugin inside a test, and how its items ended."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from command_line import inside

# An installation from before the plugin was there does not name it.
LOADED = [] if entry_points(group="pytest11", name="guard") else ["-p", "guard.pytest_plugin"]
ALWAYS = [*LOADED, "-v", "-p", "no:cacheprovider"]


class Ran:
    """Its exit code, what it printed, and its items by how they ended."""

    def __init__(self, code: int, output: str) -> None:
        self.code, self.output = code, output
        assert "Traceback" not in self.output, self.output
        assert "INTERNALERROR" not in self.output, self.output
        ended = re.findall(
            r"^(\S+::\S+) ([A-Z]+)\b|^\[gw\d\] .*? ([A-Z]+) (\S+)", self.output, re.M
        )
        self.items = {name or other: (word or word2).lower() for name, word, word2, other in ended}


def run_pytest(folder: Path, *arguments: str) -> Ran:
    """Run one in this process: whatever a start takes is there already."""
    printed = io.StringIO()
    with inside(folder), _as_it_was(folder), redirect_stdout(printed), redirect_stderr(printed):
        code = pytest.main([*ALWAYS, "--capture=sys", *arguments])
    return Ran(code, printed.getvalue())


@contextmanager
def _as_it_was(folder: Path) -> Iterator[None]:
    """Forget in the end what was imported from the folder, and what else the run leaves behind."""
    path = [*sys.path]
    # Modules of the tests' own that are called as those of the folder would stand in for them.
    names = {file.stem for file in folder.rglob("*.py")} & sys.modules.keys()
    hidden = {name: sys.modules.pop(name) for name in names}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # What the outer one was told (to measure what is covered) is no business of this one.
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        patch.setenv("PYTEST_CURRENT_TEST", "")
        warnings.resetwarnings()
        yield
    sys.path[:] = path
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None)).startswith(str(folder)):
            del sys.modules[name]
    sys.modules.update(hidden)


def start_pytest(folder: Path, *arguments: str, python: str = sys.executable) -> Ran:
    """Run one in a process of its own."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    command = [python, "-m", "pytest", *ALWAYS, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return Ran(done.returncode, done.stdout + done.stderr)
