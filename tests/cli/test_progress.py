"""How far the round trip is, as a person at a terminal and a reader of a log see it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write

from guard.cli.progress import Progress

pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
SLOW = ("import time\ntime.sleep(0.15)", "pass")


def seen(folder: Path, *arguments: str, columns: int = 80, **environ: str) -> list[str]:
    """Return the states of the last line of a terminal on which `guard roundtrip` runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    run = subprocess.run(
        [sys.executable, "-m", "guard", "roundtrip", *arguments],
        cwd=folder,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    os.close(theirs)
    written = b""
    with suppress(OSError):  # which is how a terminal ends
        while some := os.read(ours, 65536):
            written += some
    os.close(ours)
    return written.decode("ascii").split("\r")


def test_a_terminal_sees_a_bar_and_then_no_more_of_it(tmp_path: Path) -> None:
    lines = seen(write(tmp_path, chain(STEP, SLOW)))
    begins, ends = (
        "[....................] round trip 0/2: ",
        "[##########..........] round trip 1/2, ",
    )
    assert [line.strip() for line in lines if "0/2" in line] == [
        begins + step for step in ("upgrade r1", "downgrade r1", "upgrade r1")
    ]
    later = [line for line in lines if line.startswith(ends)]
    assert all("revisions/s: " in line for line in later), later
    assert later[-1].strip().endswith("upgrade r2")
    assert lines[-1] == ""
    assert not lines[-2].strip()


@pytest.mark.parametrize("columns", [1, 2, 10, 40, 61])
def test_a_narrow_terminal_stays_in_one_line(columns: int, tmp_path: Path) -> None:
    lines = seen(write(tmp_path, chain(STEP)), columns=columns)
    assert max(map(len, lines)) < columns
    assert not any("\n" in line for line in lines)
    assert any(lines) == (columns > 1)


def test_any_name_and_any_encoding(tmp_path: Path) -> None:
    files = {name: str(text).replace("r1", "größe✓") for name, text in chain(STEP).items()}
    lines = seen(write(tmp_path, files), LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert any("upgrade gr\\xf6\\xdfe\\u2713" in line for line in lines), lines


def test_a_terminal_sees_nothing_with_quiet(tmp_path: Path) -> None:
    assert seen(write(tmp_path, chain(STEP)), "--quiet") == [""]


SAID = "round trip {}/9, {} revisions/s"


@pytest.mark.parametrize(
    ("quiet", "said"),
    [
        (False, f"{SAID.format(3, 0.2)}: upgrade c\n{SAID.format(8, 0.3)}: upgrade f\n"),
        (True, ""),
    ],
)
def test_a_log_has_a_line_each_ten_seconds(
    quiet: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter((0, 0.1, 5, 12, 13, 21.9, 25))
    progress = Progress(quiet=quiet, clock=lambda: next(clock))
    for done, label in ((0, "a"), (1, "b"), (3, "c"), (5, "d"), (7, "e"), (8, "f")):
        progress.show(f"upgrade {label}", done, 9)
    progress.clear()
    assert capsys.readouterr().err == said


def test_a_short_run_leaves_a_log_alone(tmp_path: Path) -> None:
    assert "round trip 0/1" not in guard(write(tmp_path, chain(STEP)), "roundtrip").output
