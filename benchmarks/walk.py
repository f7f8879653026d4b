"""Walk the histories of real projects up, down and up again, and say which findings are true.

    python benchmarks/walk.py --environments FOLDER [--backend NAME] [HISTORY ...]

Each history of corpus.json runs under an environment of its own, FOLDER/<package>, which pip fills
the first time: the project's own code runs, inside of guard's fence. Walked is a copy, with what
walk.toml says that it takes to start. Printed are a row for each history and server, what could
not be run, and each finding with the verdict that walk.toml has for it; exits with 1 where a
finding has none.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.corpus import History, default_cache, prepare  # noqa: E402

BACKENDS = ("sqlite", "postgresql")
URLS = {"sqlite": "sqlite:///project.db", "postgresql": "postgresql://localhost/project"}
# What `alembic init` writes and corpus.py leaves out: env.py gives it to logging.config.
LOGGING = """
[loggers]
keys = root
[handlers]
keys =
[formatters]
keys =
[logger_root]
handlers =
"""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found by hand of a finding, of all of a rule where `revision` is "*".

    `backends`: where it is expected, empty for all.
    """

    rule: str
    revision: str
    true: bool = True
    why: str
    backends: tuple[str, ...] = ()


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """What one history takes: packages besides its own, lines of guard.toml, files by path."""

    packages: tuple[str, ...] = ()
    settings: str = ""
    files: dict[str, str] = {}
    verdicts: tuple[Verdict, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What guard said of a history on a server; `failure` is empty where it could be walked."""

    history: History
    backend: str
    seconds: float
    walked: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    failure: str = ""


def environment(history: History, walk: Walk, folder: Path) -> Path:
    """Return the interpreter that has the history's packages; raise CalledProcessError."""
    place = folder / history.requirement.partition("==")[0]
    python = place / "bin" / "python"
    if not (place / "complete").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        packages = (history.requirement, "psycopg2-binary", *walk.packages)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        (place / "complete").touch()
    return python


def lay_out(history: History, walk: Walk, backend: str, cache: Path, folder: Path) -> Path:
    """Return a copy of the history that starts; `$URL` in its settings is one of the backend."""
    project = folder / history.id
    shutil.copytree(prepare(history, cache), project, symlinks=True)
    ini = project / "alembic.ini"
    text = ini.read_text(encoding="utf-8")
    if history.version_dirs == ("versions",):  # where every Alembic looks, however old
        text = text.partition("path_separator")[0]
    ini.write_text(f"{text}prepend_sys_path = %(here)s\n{LOGGING}", encoding="utf-8")
    with (project / "guard.toml").open("a", encoding="utf-8") as settings:
        settings.write("timeout = 3600\n" + walk.settings.replace("$URL", URLS[backend]))
    for name, text in walk.files.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return project


def run(history: History, project: Path, python: Path, backend: str) -> Result:
    """Return what the round trip over all revisions says."""
    words = ("roundtrip", "--all", "--output-format", "json")
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "guard", *words, "--python", python, "--backend", backend],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    summary = report.get("summary", {})
    if not summary.get("checked"):
        said = "; ".join(report.get("errors", ())) or done.stderr
        return Result(history=history, backend=backend, seconds=seconds, failure=said.strip())
    return Result(
        history=history,
        backend=backend,
        seconds=seconds,
        walked=summary["checked"][0],
        notes=tuple(summary["notes"]),
        findings=tuple(report["findings"]),
    )


def verdict(finding: dict[str, Any], result: Result, walk: Walk) -> Verdict | None:
    """Return what is known of a finding; None where nobody looked yet."""
    for known in walk.verdicts:
        same = known.rule == finding["rule"] and known.revision in ("*", finding["revision"])
        if same and (not known.backends or result.backend in known.backends):
            return known
    return None


def told(result: Result, walk: Walk) -> Iterator[str]:
    """Yield the row of a table, then what belongs to it."""
    found = [verdict(finding, result, walk) for finding in result.findings]
    true, false = (
        sum(v is not None and v.true for v in found),
        sum(not (v and v.true) for v in found),
    )
    row = (result.history.id, result.backend, result.history.revisions, f"{result.seconds:.1f}")
    yield f"| {' | '.join(map(str, row))} | {true} | {false} | {result.failure or result.walked} |"
    for note in result.notes:
        yield f"    note: {note}"
    for finding, known in zip(result.findings, found, strict=True):
        says = "?" if known is None else f"{'true' if known.true else 'FALSE'}: {known.why}"
        where = f"{finding['path'].rpartition('/')[2]}:{finding['line']}"
        yield f"    {finding['rule']} {finding['revision']} {where}: {finding['message']} -- {says}"
    met = {(f["rule"], r) for f in result.findings for r in (f["revision"], "*")}
    for known in walk.verdicts:
        if (
            result.backend in (known.backends or BACKENDS)
            and (known.rule, known.revision) not in met
        ):
            yield f"    gone: {known.rule} {known.revision}"


def main() -> None:
    """Print the rows as they come."""
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    walks = msgspec.toml.decode((HERE / "walk.toml").read_bytes(), type=dict[str, Walk])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("histories", nargs="*", metavar="HISTORY", help="default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--environments", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--backend", choices=BACKENDS, help="default: both")
    arguments = parser.parse_args()
    unknown = set(arguments.histories) - {history.id for history in histories}
    if unknown:
        parser.error(f"unknown history {', '.join(sorted(unknown))}")
    unseen = 0
    for history in histories:
        if arguments.histories and history.id not in arguments.histories:
            continue
        walk = walks.get(history.id, Walk())
        python = environment(history, walk, arguments.environments.resolve())
        for backend in BACKENDS:
            if backend not in history.dialects or arguments.backend not in (None, backend):
                continue
            with tempfile.TemporaryDirectory() as folder:
                project = lay_out(history, walk, backend, arguments.cache, Path(folder))
                result = run(history, project, python, backend)
            print("\n".join(told(result, walk)), flush=True)
            unseen += sum(verdict(finding, result, walk) is None for finding in result.findings)
    sys.exit(bool(unseen))


if __name__ == "__main__":
    main()
