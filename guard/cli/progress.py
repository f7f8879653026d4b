"""One line on the terminal that says which step of the round trip runs."""

from __future__ import annotations

import shutil
import sys

import click

from guard.cli.output import is_terminal
from guard.printable import one_line


class Progress:
    """The line on standard error; where nobody looks at that, or with --quiet, there is none."""

    def __init__(self, *, quiet: bool) -> None:
        self._visible = is_terminal(sys.stderr) and not quiet
        self._shown = 0

    def show(self, label: str, done: int, total: int) -> None:
        """Say that `label` runs, after `done` of `total` revisions."""
        if not self._visible:
            return
        width = shutil.get_terminal_size((80, 24)).columns - 1
        line = f"round trip {done}/{total}: {one_line(label)}"[:width]
        click.echo("\r" + line.ljust(self._shown), nl=False, err=True)
        self._shown = len(line)

    def clear(self) -> None:
        """Leave the terminal as if there had been no line."""
        if self._shown:
            click.echo("\r" + " " * self._shown + "\r", nl=False, err=True)
