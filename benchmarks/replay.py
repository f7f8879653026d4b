"""Hold the replayed schema of real histories against the database, after every step of their walk.

    python benchmarks/replay.py --environments FOLDER [HISTORY ...]

As walk.py walks them, on SQLite, but read for SQLite too. Printed are a row for each history, the
steps and tables that agree of those that guard is sure of, and how often each kind of difference
comes, the most frequent first; with --all every difference.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.corpus import History, default_cache  # noqa: E402
from benchmarks.walk import Walk, environment, lay_out  # noqa: E402

WORDS = ("roundtrip", "--all", "--verify-reader", "--output-format", "json")
SQLITE = ("--backend", "sqlite", "--dialect", "sqlite")
AGREES = re.compile(r"(\d+) of (\d+) steps agree, (\d+) of (\d+) tables")
DIFFERS = "guard itself is wrong"


def differences(project: Path, python: Path) -> tuple[str, list[str]]:
    """Return what agrees, or why that is not known, and the lines that differ."""
    done = subprocess.run(
        [sys.executable, "-m", "guard", *WORDS, *SQLITE, "--python", python],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.startswith("{"):
        return done.stderr.strip(), []
    report = json.loads(done.stdout)
    wrong = [error for error in report["errors"] if error.startswith(DIFFERS)]
    others = [error for error in report["errors"] if error not in wrong]
    found = next(filter(None, map(AGREES.search, report["summary"]["checked"])), None)
    lines = [line.strip() for error in wrong for line in error.splitlines()[1:]]
    return found[0] if found else "; ".join(others), lines


def kind(line: str) -> str:
    """Return what sort of difference a line is."""
    sign, *words = line.split()
    named = ("unique index", "primary key", "foreign key")
    first = " ".join(words[:2])
    return f"{sign} {first if first in named else words[0]}"


def main() -> None:
    """Print the rows as they come, then the kinds."""
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    walks = msgspec.toml.decode((HERE / "walk.toml").read_bytes(), type=dict[str, Walk])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("histories", nargs="*", metavar="HISTORY", help="default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--environments", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--all", action="store_true", help="print every difference")
    arguments = parser.parse_args()
    kinds: Counter[str] = Counter()
    for history in histories:
        wanted = not arguments.histories or history.id in arguments.histories
        if not wanted or "sqlite" not in history.dialects:
            continue
        walk = walks.get(history.id, Walk())
        python = environment(history, walk, arguments.environments.resolve())
        with tempfile.TemporaryDirectory() as folder:
            project = lay_out(history, walk, "sqlite", arguments.cache, Path(folder))
            said, lines = differences(project, python)
        print(f"| {history.id} | {history.revisions} | {said} | {len(lines)} |", flush=True)
        print("".join(f"    {line}\n" for line in lines if arguments.all), end="")
        kinds.update(map(kind, lines))
    for name, count in kinds.most_common():
        print(f"{count:5} {name}")


if __name__ == "__main__":
    main()
