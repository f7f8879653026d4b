"""What other linters say of the hazards in guard's own acceptance table, and what guard says.

    python benchmarks/comparison.py [--peers FOLDER] [--missed TOOL] [--keep FILE]

Each PostgreSQL row of tests/judge/test_hazards.py becomes a project: released revisions, and a new
one that is unsafe or only looks so. Every tool gets that new revision in the form it reads: the
file, or for squawk the SQL that Alembic renders of it. Whatever a tool reports inside `upgrade()`
counts, under whatever name and severity; rules of style and of missing timeouts are left out, also
guard's. So a peer is right on an unsafe row when it says anything at all, and wrong on a harmless
one when it says anything at all.

Prints the table of docs/comparison.md. The peers are installed at the versions below into an
environment of their own (`--peers`: where it is kept). `--missed TOOL` prints the rows that the
tool judged otherwise than the table; `--keep` writes all answers as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from alembic.config import Config as AlembicConfig

from alembic import command

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from guard.rule import revision_file  # noqa: E402
from guard.run.examples import git  # noqa: E402

PEERS = (
    "squawk-cli==2.70.0",
    "zdm==0.9.1",
    "lockcheck==0.1.0",
    "alembic-guard==0.1.1",
    "oneport-migrate==0.3.0",
)
INI = "[alembic]\nscript_location = migrations\n"
ENV = """\
from alembic import context

context.configure(dialect_name="postgresql", literal_binds=True)
with context.begin_transaction():
    context.run_migrations()
"""
SETTINGS = 'dialect = "postgresql"\nlock-timeout = "elsewhere"\n'
# Style, and what asks for a timeout: neither is about the hazard of the row.
STYLE = {
    "squawk": re.compile(r"prefer-|require-(lock|statement)-timeout|require-timeout-settings"),
    "guard": re.compile(r"lock-timeout|irreversible-downgrade|naming-convention"),
    "zdm": re.compile(r"irreversible"),
}


class Case(NamedTuple):
    """A row of the table as a project on disk; `first` to `last` are the lines of upgrade()."""

    hazard: str
    unsafe: bool
    folder: Path
    revision: Path
    first: int
    last: int
    version: str


def write_case(row: Any, tables: str, folder: Path) -> Case:
    """Return the row as a project, with what is released committed."""
    bodies = [tables, *row.released]
    files = {"alembic.ini": INI, "migrations/env.py": ENV, "guard.toml": SETTINGS}
    if row.version:
        files["guard.toml"] += f'server-version = "{row.version}"\n'
    for number, body in enumerate(bodies):
        files |= revision_file(f"{number + 1:04}", f"{number:04}" if number else None, body)
    write(files, folder)
    for line in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "released"]):
        git(folder, *line)
    new = revision_file(f"{len(bodies) + 1:04}", f"{len(bodies):04}", row.upgrade)
    write(new, folder)
    ((name, text),) = new.items()
    lines = text.splitlines()
    first = lines.index("def upgrade():") + 1
    last = lines.index("def downgrade():")
    return Case(
        row.hazard, row.rule is not None, folder, folder / name, first, last, row.version or "14"
    )


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files of a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rendered(case: Case) -> str:
    """Return the SQL that Alembic renders of the new revision; "" where it needs a database."""
    number = int(case.revision.stem[:4])
    sql = io.StringIO()
    config = AlembicConfig(case.folder / "alembic.ini", output_buffer=sql)
    config.set_main_option("script_location", str(case.folder / "migrations"))
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            command.upgrade(config, f"{number - 1:04}:{number:04}", sql=True)
    except Exception:  # noqa: BLE001  (whatever the revision does with a connection that is not there)
        return ""
    return re.sub(r"^UPDATE alembic_version .*?;$", "", sql.getvalue(), flags=re.MULTILINE)


def run(*arguments: str | Path, folder: Path, given: str | None = None) -> str:
    """Return what a program prints."""
    done = subprocess.run(
        [*map(str, arguments)],
        cwd=folder,
        input=given,
        env={**os.environ, "NO_COLOR": "1", "GUARD_CACHE_DIR": str(folder / ".cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def squawk(case: Case, bin_: Path) -> list[str]:
    sql = rendered(case)
    version = f"--pg-version={case.version}"
    said = run(bin_ / "squawk", "--reporter=json", version, folder=case.folder, given=sql)
    return [found["rule_name"] for found in json.loads(said or "[]")] if sql else []


def zdm(case: Case, bin_: Path) -> list[str]:
    said = run(bin_ / "zdm", "--output-format=json", case.revision, folder=case.folder)
    return list(
        inside(case, ((f["rule_name"], f["line"]) for f in json.loads(said)["diagnostics"]))
    )


def lockcheck(case: Case, bin_: Path) -> list[str]:
    said = run(bin_ / "lockcheck", case.revision, folder=case.folder)
    found = re.findall(r"^\s+(\d+)\s+(LC\d+)", said, re.MULTILINE)
    return list(inside(case, ((name, int(line)) for line, name in found)))


def alembic_guard(case: Case, bin_: Path) -> list[str]:
    said = run(bin_ / "alembic-guard", "--format=json", case.revision, folder=case.folder)
    return list(inside(case, ((f["name"], f["line"]) for f in json.loads(said))))


def oneport(case: Case, bin_: Path) -> list[str]:
    program = (bin_ / "oneport-migrate", "check", "--no-llm", "--format=json")
    found = json.loads(run(*program, case.revision, folder=case.folder))["findings"]
    return list(inside(case, ((f["rule_id"], f["location"]["line"]) for f in found)))


def guard(case: Case, _: Path) -> list[str]:
    program = (sys.executable, "-m", "guard", "lint", "--output-format=json")
    found = json.loads(run(*program, folder=case.folder))["findings"]
    loud = [one for one in found if one["severity"] != "info"]
    return list(inside(case, ((one["rule"], one["line"]) for one in loud)))


def inside(case: Case, found: Iterator[tuple[str, int]] | Any) -> Iterator[str]:
    """Yield the names of what was found in upgrade()."""
    return (name for name, line in found if case.first <= line <= case.last)


TOOLS: dict[str, Callable[[Case, Path], list[str]]] = {
    "guard": guard,
    "squawk": squawk,
    "zdm": zdm,
    "lockcheck": lockcheck,
    "alembic-guard": alembic_guard,
    "oneport-migrate": oneport,
}


def install(folder: Path) -> Path:
    """Return the folder of programs of an environment that holds the peers."""
    if not (folder / "bin").is_dir():
        venv.create(folder, with_pip=True)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    return folder / "bin"


def answers(bin_: Path) -> Iterator[tuple[Case, dict[str, list[str]]]]:
    """Yield each row with what the tools say of it."""
    table = runpy.run_path(str(ROOT / "tests" / "judge" / "test_hazards.py"))
    for row in (*table["POSTGRESQL"], *table["IN_OTHER_WORDS"]):
        with tempfile.TemporaryDirectory(prefix="guard-comparison-") as name:
            case = write_case(row, table["TABLES"], Path(name).resolve())
            said = {tool: ask(case, bin_) for tool, ask in TOOLS.items()}
            yield (
                case,
                {
                    tool: [one for one in found if not (s := STYLE.get(tool)) or not s.match(one)]
                    for tool, found in said.items()
                },
            )


def main() -> None:
    """Ask, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir()) / "guard-peers")
    parser.add_argument("--missed", choices=TOOLS)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    asked = list(answers(install(arguments.peers)))
    if arguments.keep:
        rows = [{"hazard": c.hazard, "unsafe": c.unsafe, "said": said} for c, said in asked]
        arguments.keep.write_text(json.dumps(rows, indent=1))
    if arguments.missed:
        for case, said in asked:
            if bool(said[arguments.missed]) != case.unsafe:
                print("missed" if case.unsafe else "false", case.hazard, *said[arguments.missed])
    unsafe = sum(case.unsafe for case, _ in asked)
    print(
        f"| tool | unsafe, of {unsafe} | harmless but reported, of {len(asked) - unsafe} | right |"
    )
    print("|---|--:|--:|--:|")
    for tool in TOOLS:
        told = sum(case.unsafe and bool(said[tool]) for case, said in asked)
        false = sum(not case.unsafe and bool(said[tool]) for case, said in asked)
        right = (told + len(asked) - unsafe - false) / len(asked)
        print(f"| {tool} | {told} | {false} | {right:.0%} |")


if __name__ == "__main__":
    main()
