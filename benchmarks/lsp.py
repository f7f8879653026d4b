"""Measure how soon `guard lsp` tells what it finds, after a change of an open revision.

    python benchmarks/lsp.py [--corpus FOLDER] [--revisions 450] [--changes 30]

A real client talks to a real server over its pipes. The history has that many revisions, those of a
history of the corpus among them if its folder is named, all committed; the open one is new and has
300 lines. The time of a change counts from when it is sent to when its diagnostics have come.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "support")]

from lsp_client import Client  # noqa: E402

from benchmarks.generate import (  # noqa: E402
    ADD,
    CREATE,
    INDEX,
    REVISION,
    generate,
    indent,
    revision_files,
)
from guard.history.graph import build_graph  # noqa: E402
from guard.project.environments import find_environments  # noqa: E402

TABLES = 11  # with what is done to each, a revision of 300 lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, help="an unpacked history of the corpus")
    parser.add_argument("--revisions", type=int, default=450)
    parser.add_argument("--changes", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "project"
        path = project(root, options.revisions, options.corpus)
        commit(root)
        text = new_revision(path.stem)
        path.write_text(text, encoding="utf-8")
        print(f"{options.revisions} revisions, the open one has {text.count(chr(10))} lines")
        measure(root, path, text, options.changes)


def project(root: Path, count: int, corpus: Path | None) -> Path:
    """Write a project of that many revisions; return the path of the next one."""
    if corpus is None:
        generate(root, count)
        return root / "migrations" / "versions" / f"{count:06}.py"
    shutil.copytree(corpus, root)
    (environment,) = find_environments(root)
    graph = build_graph(environment)
    folder, known = environment.version_locations[0], len(graph.revisions)
    for name, text in revision_files(count - known):
        chained = text.replace("down_revision = None", f"down_revision = {graph.heads[0]!r}")
        (folder / f"zz_{name}").write_text(chained, encoding="utf-8")
    return folder / f"zz_{count - known:06}.py"


def commit(root: Path) -> None:
    for command in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "base"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True)


def new_revision(after: str) -> str:
    """Return a revision that comes after the one of that id, with something to find in it."""
    up, down = [], []
    for number in range(TABLES):
        names = {"table": f"new_{number}", "column": "note"}
        up += [CREATE.format(**names), f"op.execute(\"UPDATE new_{number} SET name = 'x'\")"]
        up += [ADD.format(table=names["table"], column=f"more_{n}") for n in range(6)]
        up += [INDEX.format(table=f"accounts_{number}", column="note")]
        up += [f'op.drop_column("orders_{number}", "status")']
        down += [f'op.add_column("orders_{number}", sa.Column("status", sa.String(40)))']
        down += [f'op.drop_index("ix_accounts_{number}_note", table_name="accounts_{number}")']
        down += [f'op.drop_column("new_{number}", "more_{n}")' for n in range(6)]
        down += [f'op.drop_table("new_{number}")']
    return REVISION.format(
        number="last",
        title="much at once",
        id="new",
        down=re.sub(r"\D", "", after),
        upgrade=indent("\n".join(up)),
        downgrade=indent("\n".join(down)),
    )


def measure(root: Path, path: Path, text: str, changes: int) -> None:
    """Open the revision, cold and with what was kept of it, and change it letter by letter."""
    for kept in ("cold", "warm"):
        with Client(root) as client:
            started = time.perf_counter()
            told = client.open(path)
            print(f"opened, {kept}: {time.perf_counter() - started:.2f} s, {len(told)} findings")
            if kept == "cold":
                continue
            took, cpu = [], cpu_of(client.process.pid)
            for number in range(changes):
                changed = text.replace("def upgrade", f"# typed {number}\n\n\ndef upgrade")
                if number % 2:
                    changed = changed.replace('op.drop_column("orders_1", "status")', "pass")
                started = time.perf_counter()
                client.change(path, changed)
                took.append(time.perf_counter() - started)
            cpu = (cpu_of(client.process.pid) - cpu) / changes
            show(sorted(took), cpu)


def show(took: list[float], cpu: float) -> None:
    """Print how long the changes took from sent to told, and the server's CPU time of each."""
    most, middle = took[int(0.9 * len(took))], statistics.median(took)
    print(
        f"{len(took)} changes, told after: median {1000 * middle:.0f} ms, nine of ten within "
        f"{1000 * most:.0f} ms, the fastest {1000 * took[0]:.0f} ms"
    )
    print(f"CPU time of the server for each: {1000 * cpu:.0f} ms")


def cpu_of(process: int) -> float:
    """Return the seconds of CPU time that a process has used, as Linux tells."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
