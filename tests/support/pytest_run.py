"""A pytest with guard's plugin, in a process of its own: a helper word of several test files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

# An installation from before the plugin was there does not name it.
LOADED = [] if entry_points(group="pytest11", name="guard") else ["-p", "guard.pytest_plugin"]


class Ran:
    """A pytest: its exit code, what it printed, and its items by how they ended."""

    def __init__(self, folder: Path, *arguments: str, python: str = sys.executable) -> None:
        command = [python, "-m", "pytest", *LOADED, "-v", "-p", "no:cacheprovider", *arguments]
        # What the outer one was told (to measure what is covered) is no business of this one.
        environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        self.code, self.output = done.returncode, done.stdout + done.stderr
        assert "Traceback" not in self.output, self.output
        assert "INTERNALERROR" not in self.output, self.output
        ended = re.findall(
            r"^(\S+::\S+) ([A-Z]+)\b|^\[gw\d\] .*? ([A-Z]+) (\S+)", self.output, re.M
        )
        self.items = {name or other: (word or word2).lower() for name, word, word2, other in ended}
