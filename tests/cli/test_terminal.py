"""Links are shown where the terminal is known to show them, and never in a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import chain, guard, write

from guard.cli.terminal import shows_links

DROPPING = chain(("op.drop_table('old')", "op.create_table('old', sa.Column('id', sa.Integer()))"))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "alacritty"}, True),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"VTE_VERSION": "7600"}, True),
        ({"VTE_VERSION": "4205"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"WT_SESSION": "1"}, True),
        ({"WT_SESSION": "1", "TERM": "tmux-256color"}, False),
        ({"TERM_PROGRAM": "vscode", "CI": "true"}, False),
        ({"TERM_PROGRAM": "vscode", "TERM": "dumb"}, False),
        ({"TERM_PROGRAM": "vscode", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM": "tmux", "FORCE_HYPERLINK": "1"}, True),
    ],
    ids=str,
)
def test_terminals_that_show_links(environ: dict[str, str], expected: bool) -> None:
    assert shows_links(environ) is expected


def test_a_pipe_gets_no_link(tmp_path: Path) -> None:
    environ = {"FORCE_COLOR": "1", "FORCE_HYPERLINK": "1", "TERM_PROGRAM": "vscode"}
    done = guard(write(tmp_path, DROPPING), "lint", **environ)
    assert "\x1b[31m" in done.output
    assert "\x1b]8;;" not in done.output


@pytest.mark.parametrize("color", ["auto", "never"])
def test_a_terminal_gets_links_where_it_gets_colour(color: str, tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    plain = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run(
            [sys.executable, "-m", "guard", "lint", "-q", "--color", color],
            cwd=write(tmp_path, DROPPING),
            env=plain | {"TERM": "xterm-kitty"},
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        os.close(theirs)
        shown = terminal.read(65536).decode()
    assert "error[drop-table]" in shown
    assert ("\x1b]8;;https://" in shown) is (color == "auto")
