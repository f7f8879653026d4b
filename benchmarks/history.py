"""Measure `guard history` on a long history in git.

    python benchmarks/history.py [--revisions 10000] [--repeat 5]

A repository with that many released revisions and one new one is made in a temporary folder; the
first run fills the cache. Printed is the best of the repeats, in seconds: by the clock, and of the
processor in guard and its children.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
GUARD = ("-m", "guard", "history", "-q")


def main() -> None:
    """Make the repository, run guard in it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        make(folder, asked.revisions)
        environ = {**os.environ, "GUARD_CACHE_DIR": str(Path(name) / "cache")}
        first = measure(folder, environ)
        rest = [measure(folder, environ) for _ in range(asked.repeat)]
    print(f"{asked.revisions} revisions, nothing in the cache: {said(first)}")
    print(f"{asked.revisions} revisions, best of {asked.repeat}: {said(min(rest))}")


def make(folder: Path, revisions: int) -> None:
    """Make a repository whose last revision is not committed to main."""
    size = ("--revisions", str(revisions))
    subprocess.run([sys.executable, HERE / "generate.py", *size, folder], check=True)
    newest = max((folder / "migrations" / "versions").glob("*.py"))
    text = newest.read_bytes()
    newest.unlink()
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        (*identity, "commit", "-q", "-m", "released"),
        ("switch", "-q", "-c", "change"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    newest.write_bytes(text)


def measure(folder: Path, environ: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of one run, by the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, *GUARD], cwd=folder, env=environ, check=True)
    took = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used


def said(seconds: tuple[float, float]) -> str:
    """Return both numbers in words."""
    return f"{seconds[0]:.2f} s, {seconds[1]:.2f} s of the processor"


if __name__ == "__main__":
    main()
