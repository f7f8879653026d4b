"""Compare the speed of `guard lint` with its peers, side by side on the same revisions.

    python benchmarks/lint.py --peers BIN [--sizes 1 100 1000 10000]
    python benchmarks/lint.py --corpus FOLDER [--guard PROGRAM] [--rounds N]

`--peers` is the bin folder of a virtual environment that holds alembic-guard, migsafe, bandit, ruff
and squawk-cli; those that are missing are left out. Each time is the best of several runs, process
start included. squawk reads SQL and no revisions: it is given what `alembic upgrade --sql` renders
for PostgreSQL, which is not counted. migration-lint has no place here: it runs that command itself,
and takes the revision from the second word of a file's name.

`--corpus` measures real histories, in the folder where benchmarks/corpus.py has unpacked them,
against a floor: one process that reads and ast.parses each Python file that guard parses there,
once. Those are the revisions, the helpers and models that they import, and the source files that
are judged; files that guard opens and puts away at a cheap look are not counted. guard may use all
cores: both the wall time and the user CPU time are compared. Then what one new revision costs in a
history in git, and `guard --version` beside `import click`.
`--guard` is the program to measure, such as that of another version.
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
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--guard", type=Path, default=Path(GUARD[0]))
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.corpus:
        measure_corpus(options.corpus, str(options.guard), options.rounds)
    if options.peers:
        measure_peers(options)


def measure_peers(options: argparse.Namespace) -> None:
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


# The five largest histories of the corpus.
LARGEST = ("zenml", "rucio", "apache-airflow-core", "prefect-postgresql", "prefect-sqlite")
FLOOR = """
import ast, sys
for name in sys.stdin.read().splitlines():
    with open(name, "rb") as file:
        ast.parse(file.read())
"""
# Runs guard in one process, and prints the Python files of the project that it parses.
PARSED = """
import ast, io, os, sys
os.cpu_count = lambda: 1
from guard.python_source import PythonSource
parsed, parse = {}, PythonSource.__dict__["_parsed"].func
def noting(source):
    parsed.setdefault(os.path.abspath(source.path))
    return parse(source)
PythonSource.__dict__["_parsed"].func = noting
sys.argv, out = ["guard", "lint", "--all", "-q", "--no-cache"], sys.stdout
sys.stdout = io.StringIO()
from guard.__main__ import main
try:
    main()
except SystemExit:
    pass
out.write("\\n".join(name for name in parsed if os.path.isfile(name)))
"""


def measure_corpus(corpus: Path, program: str, rounds: int) -> None:
    """Print how guard compares with the least that reading takes, and what a small change costs."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    lint = [program, "lint", "--all", "-q"]
    print(f"{'wall (user) seconds':25} files {'floor':>11} {'cold':>11} {'times':>11} {'warm':>11}")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GUARD_CACHE_DIR"] = cache
        for folder in (next(corpus.glob(f"{name}-[0-9]*")) for name in LARGEST):
            listing = [str(Path(program).with_name("python")), "-c", PARSED]
            done = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True)
            floor = best([sys.executable, "-c", FLOOR], folder, rounds, done.stdout)
            cold = best([*lint, "--no-cache"], folder, rounds)
            subprocess.run(lint, cwd=folder, capture_output=True, check=False)
            warm = best(lint, folder, rounds)
            times = f"{cold[0] / floor[0]:.1f} ({cold[1] / floor[1]:.1f})"
            cells = [f"{wall:.2f} ({user:.2f})" for wall, user in (floor, cold, warm)]
            cells.insert(2, times)
            row = "".join(f"{cell:>12}" for cell in cells)
            print(f"{folder.name:25} {len(done.stdout.splitlines()):5}{row}", flush=True)
        for size, warm_up in ((1_000, True), (450, False)):
            one_new(program, size, rounds, warm_up=warm_up)
    _, start = best([program, "--version"], Path(), rounds)
    _, click = best([sys.executable, "-c", "import click"], Path(), rounds)
    told = f"{start:.3f} s of user CPU, import click: {click:.3f}, {start / click:.1f} times"
    print(f"guard --version: {told}")


def one_new(program: str, size: int, rounds: int, *, warm_up: bool) -> None:
    """Print what checking one new revision takes where `size` of them are committed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate = [sys.executable, str(GENERATE), "--revisions", str(size + 1), name]
        subprocess.run(generate, check=True, capture_output=True)
        new = next((folder / "migrations" / "versions").glob(f"{size + 1:06d}_*.py"))
        text = new.read_text(encoding="utf-8")
        new.unlink()
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        for arguments in (
            ["init", "-qb", "main"],
            ["add", "-A"],
            [*identity, "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *arguments], cwd=folder, check=True)
        check = [program, "check", "--no-roundtrip", "-q"]
        if warm_up:
            subprocess.run(check, cwd=folder, capture_output=True, check=False)
        new.write_text(text, encoding="utf-8")
        times = []
        for number in range(rounds):  # each time another text, which no run has read
            new.write_text(f"{text}# {number}\n", encoding="utf-8")
            times.append(once([*check, *([] if warm_up else ["--no-cache"])], folder))
        wall, user = min(times)
        print(f"one new of {size + 1:,}, {'warm' if warm_up else 'cold'}: {wall:.2f} ({user:.2f})")


def best(command: list[str], folder: Path, rounds: int, given: str = "") -> tuple[float, float]:
    """Return the least wall time and user CPU time of several runs, children included."""
    times = [once(command, folder, given) for _ in range(rounds)]
    return min(wall for wall, _ in times), min(user for _, user in times)


def once(command: list[str], folder: Path, given: str = "") -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, input=given.encode(), capture_output=True, check=False
    )
    wall = time.perf_counter() - started
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


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
