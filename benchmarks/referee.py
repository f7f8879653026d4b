"""Hold what guard reads in real histories against what running them sends to a database.

    python benchmarks/referee.py [--cache FOLDER] [--python PROGRAM] [-v] [HISTORY ...]

Runs every revision up and down, on SQLite and PostgreSQL (where one is installed) and in Alembic's
offline mode, under `--python`: the more of a history's requirements are installed there, the more
of its revisions run. Modules that are missing are stood in for by stubs; the table says where. The
project's own env.py is not used.

Recall: statements that were sent, and of which the reader has the same operations at the same
line. Precision: operations that the reader is certain of, and that running showed. Silent: upgrades
and downgrades of which `guard show` says that they do nothing, and that sent something; exits with
1 where there is any.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests" / "support"), str(HERE.parent)]

import postgresql_server  # noqa: E402
from postgresql_server import Postgresql  # noqa: E402
from referee import record  # noqa: E402
from referee.compare import Comparison, Miss, compare, sent_by  # noqa: E402

from benchmarks.corpus import History, default_cache, prepare  # noqa: E402
from guard.history.graph import Graph, build_graph  # noqa: E402
from guard.operations import Opaque  # noqa: E402
from guard.project.environments import read_environments  # noqa: E402
from guard.python_source import PythonSource  # noqa: E402
from guard.reader import ParsedRevision, read_revision  # noqa: E402
from guard.reader.modules import Module, Resolver  # noqa: E402

DIALECTS = ("sqlite", "postgresql", "mysql")
# Histories that start from tables which they do not make themselves.
BEFORE = {"mlflow": "mlflow.store.tracking.dbmodels.initial_models:Base.metadata"}
# What the project's own env.py would have imported.
IMPORTS = {
    "prefect-sqlite": ["prefect.server.utilities.database"],
    "prefect-postgresql": ["prefect.server.utilities.database"],
}
Run = dict[tuple[str, str], record.Record]


class Row(msgspec.Struct, kw_only=True):
    """The numbers of one history on one dialect."""

    history: str
    dialect: str
    stubs: list[str] = []
    revisions: int = 0
    executed: int = 0
    sent: int = 0
    found: int = 0
    at_line: int = 0
    said: int = 0
    shown: int = 0
    statements: int = 0
    opaque: int = 0
    silent: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    details: list[str] = []

    def add(self, where: str, comparison: Comparison) -> None:
        self.sent += comparison.sent
        self.found += comparison.found
        self.at_line += comparison.at_line
        self.said += comparison.said
        self.shown += comparison.shown
        for mark, misses in (("missed", comparison.missed), ("surplus", comparison.surplus)):
            self.details += [_detail(mark, where, miss) for miss in misses]


def _detail(mark: str, where: str, miss: Miss) -> str:
    text = " ".join(miss.text.split())[:160]
    return f"{mark}{' (opaque)' if miss.opaque else ''} {where}:{miss.line} {text}"


def measure(
    history: History, cache: Path, program: str, server: Postgresql | None
) -> Iterator[Row]:
    """Yield a row for each dialect that the history is written for."""
    project = prepare(history, cache)
    (environment,) = read_environments(project / "alembic.ini", project)
    graph = build_graph(environment, root=project)
    for dialect in history.dialects:
        paths = [str(graph.revisions[r].path) for r in graph.order]
        paths = [p for p in paths if not _is_for_another(p, dialect, project)]
        job: dict[str, Any] = {"paths": paths, "dialect": dialect, "url": None, "before": None}
        job |= {"sys_path": [str(project)], "imports": IMPORTS.get(history.id, [])}
        runs, stubs = [], set[str]()
        urls: list[str | None] = [None]
        if dialect == "sqlite":
            urls = ["sqlite://", None]
        elif dialect == "postgresql" and server is not None:
            urls = [server.url(server.create_database("referee"), "psycopg2"), None]
        for url in urls:
            before = BEFORE.get(history.id) if url else None
            done = _execute(program, {**job, "url": url, "before": before}, project)
            runs.append(done[0])
            stubs |= done[1]
        yield _judge(history, dialect, graph, project, paths, runs, stubs)


def _is_for_another(path: str, dialect: str, project: Path) -> bool:
    """A history may hold one folder of versions for each dialect."""
    parts = Path(path).relative_to(project).parts
    return any(other in parts for other in DIALECTS) and dialect not in parts


def _execute(program: str, job: dict[str, Any], project: Path) -> tuple[Run, set[str]]:
    script = HERE.parent / "tests" / "support" / "referee" / "record.py"
    done = subprocess.run(
        [program, "-W", "ignore", str(script)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        cwd=project,
        check=False,
    )
    try:
        result = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"  {project.name}: the run failed: {last}", file=sys.stderr)
        return {}, set()
    return {(r["path"], r["direction"]): r for r in result["records"]}, set(result["stubs"])


def _judge(
    history: History,
    dialect: str,
    graph: Graph,
    project: Path,
    paths: list[str],
    runs: list[Run],
    stubs: set[str],
) -> Row:
    row = Row(history=history.id, dialect=dialect, stubs=sorted(stubs), revisions=len(paths))
    readings = _read(graph, project, paths, dialect)
    for path in paths:
        name = str(Path(path).name)
        executed = True
        for direction in ("upgrade", "downgrade"):
            procedure = getattr(readings[path], direction)
            statements = [s for s in procedure.statements if s.applies_to(dialect)]
            row.statements += len(statements)
            for statement in statements:
                for operation in statement.operations:
                    if isinstance(operation, Opaque):
                        row.opaque += 1
                        row.reasons[operation.reason] += 1
                        where = f"{name}:{statement.span.line}"
                        row.details.append(f"opaque {where} {operation.reason}")
            chosen = _best([run[path, direction] for run in runs if (path, direction) in run])
            if chosen is None:
                executed = False
                continue
            error = chosen["error"]
            if error and procedure.raises is None:
                executed = False
                row.details.append(f"failed {name} {direction}: {' '.join(error.split())[:160]}")
            comparison = compare(
                statements, sent_by(chosen, dialect), dialect, complete=error is None
            )
            row.add(f"{name} {direction}", comparison)
            if comparison.sent and not procedure.statements and procedure.raises is None:
                row.silent += 1
                row.details.append(f"silent {name} {direction}")
        row.executed += executed
    return row


def _best(records: list[record.Record]) -> record.Record | None:
    """Return the run that went through, the live one first; else the one that got furthest."""
    through = [r for r in records if r["error"] is None]
    return through[0] if through else max(records, key=lambda r: len(r["emitted"]), default=None)


def _read(graph: Graph, project: Path, paths: list[str], dialect: str) -> dict[str, ParsedRevision]:
    resolver = Resolver(project)
    readings = {}
    for path in paths:
        file = Path(path)
        module = Module(PythonSource(file.name, file.read_bytes()), file)
        readings[path] = read_revision(module, resolver, file.stem, dialect)
    return readings


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def table(rows: list[Row]) -> Iterator[str]:
    columns = ("executed", "sent", "at line %", "recall %", "precision %", "opaque %", "silent")
    yield f"| history | dialect | {' | '.join(columns)} |"
    yield f"|---|---|{'--:|' * len(columns)}"
    total = Row(history="all", dialect="")
    for row in rows:
        for number in ("revisions", "executed", "sent", "found", "at_line", "said", "shown"):
            setattr(total, number, getattr(total, number) + getattr(row, number))
        total.statements += row.statements
        total.opaque += row.opaque
        total.silent += row.silent
    for row in [*rows, total]:
        cells = (
            row.history + (" (stubs)" if row.stubs else ""),
            row.dialect,
            f"{row.executed}/{row.revisions}",
            str(row.sent),
            percent(row.at_line, row.sent),
            percent(row.found, row.sent),
            percent(row.shown, row.said),
            percent(row.opaque, row.statements),
            str(row.silent),
        )
        yield "| " + " | ".join(cells) + " |"


def main() -> None:
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("histories", nargs="*", metavar="HISTORY", help="default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--python", default=sys.executable, help="what runs the revisions")
    parser.add_argument("-v", "--verbose", action="store_true", help="list what does not agree")
    arguments = parser.parse_args()

    unknown = set(arguments.histories) - {history.id for history in histories}
    if unknown:
        parser.error(f"unknown history {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    with ExitStack() as stack:
        programs = postgresql_server.installed()
        server = stack.enter_context(postgresql_server.running(programs)) if programs else None
        for history in histories:
            if arguments.histories and history.id not in arguments.histories:
                continue
            for row in measure(history, arguments.cache, arguments.python, server):
                rows.append(row)
                if arguments.verbose:
                    print(f"{row.history} {row.dialect}")
                    print("\n".join(f"  {line}" for line in row.details))
    print("\n".join(table(rows)))
    sys.exit(any(row.silent for row in rows))


if __name__ == "__main__":
    main()
