"""Replay real histories as pull requests and write down everything that guard finds in them.

    python benchmarks/pull_requests.py [--cache FOLDER] [--python PROGRAM] [--jobs N]
                                       [--output FILE] [HISTORY ...]

Each history starts, in a git repository of its own, without its newest 20 revisions (half of them,
if it is short). Each of these comes back as a pull request, and is merged; then come the edits of
edits.py, a pull request each. `guard check` judges every one of them as CI would, with its round
trip where the revisions can be imported under `--python`.

Prints a table, and writes all findings with their source to `--output`: whether they are true and
worth telling, people have to read. Exits with 1 where guard failed, or found what a change did not
bring.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.corpus import History, default_cache, last_line, prepare  # noqa: E402
from benchmarks.edits import EDITS, Released  # noqa: E402
from guard.history.graph import Graph, build_graph  # noqa: E402
from guard.project.environments import read_environments  # noqa: E402

# Of different sorts; the other histories of corpus.json can be named.
DEFAULT = (
    "apache-airflow-core",
    "dagster",
    "mailman",
    "manila",
    "mlflow",
    "prefect-postgresql",
    "prefect-sqlite",
    "redun",
    "rucio",
    "zenml",
)
NEWEST = 20
# What a history that knows several is mostly run on.
DIALECTS = ("postgresql", "mysql", "sqlite")
KEPT = (".py", ".ini", ".toml", ".cfg", ".sql", ".mako", ".json")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What guard said of one pull request; `failure` is empty where it did its work."""

    name: str
    findings: list[dict[str, Any]] = []
    notes: list[str] = []
    failure: str = ""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A history in a repository, whose branch `main` is what was merged."""

    project: Path
    python: str
    roundtrip: bool

    def git(self, *arguments: str) -> str:
        author = ("-c", "user.name=replay", "-c", "user.email=replay@localhost")
        done = subprocess.run(
            ["git", *author, *arguments],
            cwd=self.project,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def judge(self, name: str) -> Change:
        """Commit what lies there to the branch that is checked out, and check it against main."""
        self.commit(name)
        changed = set(self.git("diff", "--name-only", "--no-renames", "main").splitlines())
        how = () if self.roundtrip else ("--no-roundtrip",)
        done = guard(self.project, "check", "--base", "main", "--python", self.python, *how)
        if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
            return Change(name=name, failure=last_line(done.stderr or done.stdout))
        report = json.loads(done.stdout)
        findings = [
            {"outside": finding["path"] not in changed, "source": self.source(finding)} | finding
            for finding in report["findings"]
        ]
        failure = "; ".join(report["errors"])
        notes = report["summary"]["notes"]
        return Change(name=name, findings=findings, notes=notes, failure=failure)

    def source(self, finding: dict[str, Any]) -> list[str]:
        file = self.project / finding["path"]
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return lines[max(finding["line"] - 3, 0) : finding["end_line"] + 2]


def replay(history: History, project: Path, python: str) -> Iterator[Change]:
    """Yield what guard says of each pull request, in the repository that is made of `project`."""
    graph = _graph(project)
    count = min(NEWEST, len(graph.order) // 2)
    files = [(revision, graph.revisions[revision].path) for revision in graph.order]
    # Put aside beside the repository, not in it.
    aside = project.parent / "newest"
    aside.mkdir()
    for revision, file in files[-count:]:
        shutil.move(file, aside / f"{revision}.py")

    runs = guard(project, "roundtrip", "--all", "--python", python).returncode != 2
    made = Replay(project=project, python=python, roundtrip=runs)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("released")
    for revision, file in files[-count:]:
        made.git("switch", "--quiet", "--create", "change")
        shutil.move(aside / f"{revision}.py", file)
        yield made.judge(revision)
        made.git("switch", "--quiet", "main")
        made.git("merge", "--quiet", "--ff-only", "change")
        made.git("branch", "--quiet", "--delete", "change")

    revisions = tuple(reversed(files))
    released = Released(project=project, dialect=dialect_of(history), revisions=revisions)
    released.prepare()
    made.commit("prepared")
    for name, edit in EDITS.items():
        made.git("switch", "--quiet", "--force-create", "change", "main")
        if edit(released):
            yield made.judge(name)
        made.git("switch", "--quiet", "--force", "main")


def _graph(project: Path) -> Graph:
    (environment,) = read_environments(project / "alembic.ini", project)
    return build_graph(environment, root=project)


def measure(history: History, cache: Path, python: str) -> list[Change]:
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(prepare(history, cache), project, ignore=_not_kept)
        configure(history, project)
        return list(replay(history, project.resolve(), python))


def _not_kept(folder: str, names: list[str]) -> list[str]:
    files = [name for name in names if not (Path(folder) / name).is_dir()]
    return [name for name in files if not name.endswith(KEPT)]


def configure(history: History, project: Path) -> None:
    ini = project / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    ini.write_text(text.replace("[alembic]\n", "[alembic]\nprepend_sys_path = %(here)s\n"), "utf-8")
    dialect = dialect_of(history)
    with (project / "guard.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'dialect = "{dialect}"\nenv = "none"\n')


def dialect_of(history: History) -> str:
    return next(dialect for dialect in DIALECTS if dialect in history.dialects)


def guard(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", *arguments, "--output-format", "json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def table(results: dict[str, list[Change]]) -> Iterator[str]:
    yield "| history | changes | findings | outside | failed | rules |"
    yield "|---|--:|--:|--:|--:|---|"
    everything = [change for changes in results.values() for change in changes]
    for name, changes in [*results.items(), ("all", everything)]:
        findings = [finding for change in changes for finding in change.findings]
        rules = Counter(finding["rule"] for finding in findings)
        cells = (
            name,
            len(changes),
            len(findings),
            sum(finding["outside"] for finding in findings),
            sum(bool(change.failure) for change in changes),
            ", ".join(f"{rule} {count}" for rule, count in rules.most_common()),
        )
        yield "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("histories", nargs="*", metavar="HISTORY", help="default: ten of them")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--python", default=sys.executable, help="what runs the revisions")
    parser.add_argument("--jobs", type=int, default=1, help="histories at a time (default: 1)")
    parser.add_argument("--output", type=Path, help="where all findings are written, as JSON")
    arguments = parser.parse_args()

    wanted = arguments.histories or DEFAULT
    if unknown := set(wanted) - {history.id for history in histories}:
        parser.error(f"unknown history {', '.join(sorted(unknown))}")
    chosen = [history for history in histories if history.id in wanted]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        judged = pool.map(lambda h: measure(h, arguments.cache, arguments.python), chosen)
        results = {history.id: changes for history, changes in zip(chosen, judged, strict=True)}
    if arguments.output:
        arguments.output.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    print("\n".join(table(results)))
    changes = [change for changes in results.values() for change in changes]
    outside = any(finding["outside"] for change in changes for finding in change.findings)
    sys.exit(outside or any(change.failure for change in changes))


if __name__ == "__main__":
    main()
