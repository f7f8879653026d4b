"""Lint the histories of real projects and print what guard made of each.

    python benchmarks/corpus.py [--cache FOLDER] [--jobs N] [HISTORY ...]

Downloads the packages of corpus.json once (by pip, none is installed and none of their code runs),
unpacks them, and runs `guard lint --all` on each history in a process of its own, for the server
that it is run on in production. A second table tells of each rule how often it speaks, and in which
part of the revisions that were judged for a server that it knows. Exits with 1 where guard failed
on a history or counted other revisions than corpus.json says.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
# One platform for all, so that everybody measures the same files.
PLATFORM = ("--python-version=3.11", "--implementation=cp", "--platform=manylinux_2_28_x86_64")


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One history of corpus.json; `script_location` is `package:folder`, as Alembic writes it."""

    id: str
    requirement: str
    script_location: str
    version_dirs: tuple[str, ...]
    revisions: int
    heads: int
    sdist: bool
    dialects: tuple[str, ...]  # that it is written for


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What guard said; `failure` is empty where it did its work."""

    history: History
    seconds: float = 0.0
    summary: dict[str, Any] = {}
    rules: Counter[str] = msgspec.field(default_factory=Counter)
    findings: list[dict[str, Any]] = []
    failure: str = ""


def default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "migration-guard" / "corpus"


def download(history: History, folder: Path) -> Path:
    """Return the package's archive in `folder`, downloaded; raise CalledProcessError."""
    # No package is built: an sdist's build requirements come as wheels, and only to name it.
    name = history.requirement.partition("==")[0]
    kind = (f"--no-binary={name}",) if history.sdist else ("--only-binary=:all:", *PLATFORM)
    command = ("download", "--quiet", "--no-deps", "--dest", str(folder), *kind)
    subprocess.run(
        [sys.executable, "-m", "pip", *command, history.requirement],
        check=True,
        capture_output=True,
        text=True,
    )
    return next(path for path in folder.iterdir() if path.suffix in (".whl", ".gz"))


def unpack(archive: Path, target: Path) -> None:
    """Unpack a wheel or an sdist into `target`; an sdist's own top folder is left out."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist.getmembers():
            _, _, member.name = member.name.partition("/")
            if member.name:
                sdist.extract(member, target, filter="data")


def prepare(history: History, cache: Path) -> Path:
    """Return the history's project folder, made if it is not in the cache."""
    project = cache / f"{history.id}-{history.requirement.partition('==')[2]}"
    if project.is_dir():
        return project
    cache.mkdir(parents=True, exist_ok=True)
    # Made elsewhere and then moved: a folder in the cache is a whole one.
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        made = Path(scratch) / "project"
        unpack(download(history, Path(scratch)), made)
        for other in made.rglob("alembic.ini"):
            other.unlink()
        configure(history, made)
        shutil.move(made, project)
    return project


def configure(history: History, project: Path) -> None:
    package, _, folder = history.script_location.partition(":")
    script = f"%(here)s/{package.replace('.', '/')}/{folder}"
    locations = "\n".join(f"    {script}/{part}" for part in history.version_dirs)
    (project / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {script}\npath_separator = newline\n"
        f"version_locations =\n{locations}\n",
        encoding="utf-8",
    )
    settings = f'alembic-config = ["alembic.ini"]\nheads = {history.heads}\n'
    (project / "guard.toml").write_text(settings, encoding="utf-8")


def measure(history: History, cache: Path) -> Result:
    try:
        project = prepare(history, cache)
    except subprocess.CalledProcessError as error:
        return Result(history=history, failure="not downloaded: " + last_line(error.stderr))
    start = time.perf_counter()
    run = guard(project, "lint", "--all", "--no-cache", "--dialect", production(history))
    seconds = time.perf_counter() - start
    shown = guard(project, "show", "--all")
    for done in (run, shown):
        if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
            failure = f"exit {done.returncode}: {last_line(done.stderr or done.stdout)}"
            return Result(history=history, seconds=seconds, failure=failure)
    report = json.loads(run.stdout)
    summary = report["summary"] | {"operations": count_operations(json.loads(shown.stdout))}
    wrong = summary["revisions"] != history.revisions
    return Result(
        history=history,
        seconds=seconds,
        summary=summary,
        rules=Counter(finding["rule"] for finding in report["findings"]),
        findings=report["findings"],
        failure=f"{history.revisions} revisions expected" if wrong else "",
    )


def production(history: History) -> str:
    """Return the dialect of the server that such a history is most likely run on."""
    return next(d for d in ("postgresql", "mysql", "sqlite") if d in history.dialects)


def guard(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", *arguments, "--output-format", "json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def count_operations(shown: dict[str, Any]) -> int:
    """Return how many operations `guard show` lists that are not opaque."""
    return sum(
        statement["kind"] != "opaque"
        for revision in shown["revisions"]
        for direction in ("upgrade", "downgrade")
        for statement in revision[direction]["statements"]
    )


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


def table(results: list[Result]) -> Iterator[str]:
    columns = ("revisions", "statements", "operations", "opaque")
    yield f"{'history':30}" + "".join(f"{name:>11}" for name in columns) + f"{'seconds':>9}  rules"
    for result in results:
        numbers = "".join(f"{result.summary.get(name, '-'):>11}" for name in columns)
        rules = ", ".join(f"{rule} {count}" for rule, count in result.rules.most_common())
        said = "  ".join(
            part for part in (result.failure and f"FAILED {result.failure}", rules) if part
        )
        yield f"{result.history.id:30}{numbers}{result.seconds:9.2f}  {said}"
    totals = "".join(f"{sum(r.summary.get(name, 0) for r in results):>11}" for name in columns)
    failed = sum(1 for result in results if result.failure)
    seconds = sum(result.seconds for result in results)
    yield f"{'all':30}{totals}{seconds:9.2f}  {failed} failed"


def by_rule(results: list[Result]) -> Iterator[str]:
    """Yield a line for each rule: its findings by severity, and in how many revisions it speaks."""
    counts: dict[str, Counter[str]] = {}
    places: dict[str, set[tuple[str, str]]] = {}
    for result in results:
        for finding in result.findings:
            rule = finding["rule"]
            counts.setdefault(rule, Counter())[finding["severity"]] += 1
            if finding["revision"]:
                places.setdefault(rule, set()).add((result.history.id, finding["revision"]))
    revisions = sum(result.summary.get("revisions", 0) for result in results)
    yield f"{'rule':34}{'errors':>8}{'warnings':>10}{'infos':>7}{'revisions':>11}{'share':>8}"
    for rule in sorted(counts, key=lambda name: -len(places.get(name, ()))):
        count, spoken = counts[rule], len(places.get(rule, ()))
        told = f"{count['error']:>8}{count['warning']:>10}{count['info']:>7}"
        yield f"{rule:34}{told}{spoken:>11}{spoken / max(revisions, 1):>8.1%}"


def main() -> None:
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("histories", nargs="*", metavar="HISTORY", help="default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=1, help="histories at a time (default: 1)")
    arguments = parser.parse_args()

    unknown = set(arguments.histories) - {history.id for history in histories}
    if unknown:
        parser.error(f"unknown history {', '.join(sorted(unknown))}")
    chosen = [h for h in histories if not arguments.histories or h.id in arguments.histories]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda history: measure(history, arguments.cache), chosen))
    print("\n".join((*table(results), "", *by_rule(results))))
    sys.exit(any(result.failure for result in results))


if __name__ == "__main__":
    main()
