"""Compare the speed of `guard lint` with its peers, side by side on the same revisions.

    python benchmarks/lint.py --peers BIN [--sizes 1 100 1000 10000]

`--peers` is the bin folder of a virtual environment that holds alembic-guard, migsafe, bandit, ruff
and squawk-cli; those that are missing are left out. Each time is the best of several runs, process
start included. squawk reads SQL and no revisions: it is given what `alembic upgrade --sql` renders
for PostgreSQL, which is not counted. migration-lint has no place here: it runs that command itself,
and takes the revision from the second word of a file's name.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

GENERATE = Path(__file__).with_name("generate.py")
GUARD = [str(Path(sys.executable).with_name("guard")), "lint", "--all", "-q"]
Command = tuple[str, list[str], Callable[[], None] | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'':28}" + "".join(f"{size:>10}" for size in options.sizes) + "   (seconds, revisions)")
    table: dict[str, list[str]] = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder)
            generate = [sys.executable, str(GENERATE), "--revisions", str(size), folder]
            subprocess.run(generate, check=True, capture_output=True)
            subprocess.run(["git", "init", "-q"], cwd=project, check=True)
            for name, command, before in commands(project, options.peers):
                cell = measure(command, project, before, options.rounds if size < 5000 else 1)
                table.setdefault(name, [""] * options.sizes.index(size)).append(cell)
    for name, cells in table.items():
        print(f"{name:28}" + "".join(f"{cell:>10}" for cell in cells))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of any process: {peak:.0f} MB")


def commands(project: Path, peers: Path) -> list[Command]:
    """Return what is measured: a name, a command, and what happens before each run."""
    cache = project / ".cache"
    versions = str(project / "migrations" / "versions")
    os.environ["GUARD_CACHE_DIR"] = str(cache)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed tools run from compiled files

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    chosen: list[Command] = [
        ("guard lint, cold", GUARD, forget),
        ("guard lint, warm", GUARD, None),
        ("guard lint --help", [GUARD[0], "lint", "--help"], None),
    ]
    others = {
        "alembic-guard": ["--include-downgrade", versions],
        "migsafe": ["analyze", versions],
        "bandit": ["-q", "-r", versions],
        "ruff": ["check", "--no-cache", "--select", "S608", "-q", versions],
    }
    for name, arguments in others.items():
        if (peers / name).exists():
            chosen.append((name, [str(peers / name), *arguments], None))
    if (peers / "squawk").exists() and (sql := rendered(project)):
        chosen.append(("squawk (rendered SQL)", [str(peers / "squawk"), sql], None))
    return chosen


def rendered(project: Path) -> str | None:
    """Return a file with the SQL of all revisions, None where rendering fails."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=project,
        env={**os.environ, "DIALECT": "postgresql"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return None
    path = project / "rendered.sql"
    path.write_text(done.stdout)
    return str(path)


def measure(
    command: list[str], folder: Path, before: Callable[[], None] | None, rounds: int
) -> str:
    """Return the best time of several runs."""
    best = float("inf")
    for _ in range(rounds):
        if before is not None:
            before()
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        best = min(best, time.perf_counter() - started)
    return f"{best:.2f}"


if __name__ == "__main__":
    main()
