"""How far the round trip is: a bar on a terminal, now and then a line where it is read later."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import click

from guard.cli.output import is_terminal
from guard.printable import one_line

PAUSE = 10.0  # seconds before the first line where there is no terminal, and between two
BAR = 20  # columns
NARROW = 60  # columns; below that there is no bar


class Progress:
    """The progress on standard error, nothing with --quiet; `clock` gives seconds."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet or sys.stderr is None
        self._draws = is_terminal(sys.stderr)
        self._clock = clock
        self._began = self._said = clock()
        self._done = 0  # revisions of the history at hand
        self._shown = 0  # columns of the bar on the terminal

    def show(self, label: str, done: int, total: int) -> None:
        """Say that `label` runs, after `done` of `total` revisions."""
        if self._quiet:
            return
        now = self._clock()
        if done < self._done:  # the next history begins
            self._began = now
        self._done = done
        rate = (
            f", {done / (now - self._began):.1f} revisions/s" if done and now > self._began else ""
        )
        # ASCII, whatever the terminal takes: one letter is one column.
        label = one_line(label).encode("ascii", "backslashreplace").decode()
        said = f"round trip {done}/{total}{rate}: {label}"
        if self._draws:
            self._draw(said, done / max(total, 1))
        elif now - self._said >= PAUSE:
            self._said = now
            click.echo(said, err=True)

    def clear(self) -> None:
        """Leave the terminal as if there had been no bar."""
        if self._shown:
            click.echo("\r" + " " * self._shown + "\r", nl=False, err=True)
            self._shown = 0

    def _draw(self, said: str, part: float) -> None:
        width = max(_columns() - 1, 0)  # a letter in the last column would begin a new line
        if width >= NARROW:
            said = f"[{'#' * int(BAR * part):.<{BAR}}] {said}"
        said = said[:width]
        click.echo("\r" + said.ljust(min(self._shown, width)), nl=False, err=True)
        self._shown = len(said)


def _columns() -> int:
    """Return how wide the terminal of standard error is: standard output may lead elsewhere."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
