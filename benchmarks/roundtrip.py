"""Time the round trip beside pytest-alembic and beside the bare SQL, on the same history.

    python benchmarks/roundtrip.py --revisions 300 --repeat 3 --peer-python PEER/bin/python
    python benchmarks/roundtrip.py --revisions 3000

Each does what it does: guard goes up, down and up again for every revision, with rows in all
tables and schema and rows compared; pytest-alembic's test_up_down_consistency goes up once and
down once over empty tables; the bare SQL goes up, down and up, played from memory into sqlite3.
Process start counts where there is one. PEER is a virtual environment with pytest-alembic.
Printed are wall seconds and the user CPU seconds of the process and its children, which a busy
machine disturbs less; each is the best of the repeats.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, event

from alembic import command
from guard.config import Config
from guard.project.environments import Environment
from guard.project.settings import Settings
from guard.roundtrip.run import run_roundtrip

PEER_TEST = """
import pytest
from pytest_alembic.tests import test_up_down_consistency
from sqlalchemy import create_engine

@pytest.fixture
def alembic_engine(tmp_path):
    return create_engine(f"sqlite:///{tmp_path / 'peer.sqlite3'}")
"""
PEER_ENV = """
from alembic import context
from sqlalchemy import create_engine

engine = context.config.attributes.get("connection") or create_engine(
    context.config.get_main_option("sqlalchemy.url")
)
with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
Statement = tuple[str, tuple[object, ...]]
Steps = list[list[Statement]]
DURABLE = "PRAGMA synchronous = FULL"  # as SQLite comes
FAST = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY"


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--peer-python", help="an interpreter that has pytest-alembic")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate = Path(__file__).with_name("generate.py")
        count = str(arguments.revisions)
        subprocess.run([sys.executable, generate, "--revisions", count, folder], check=True)
        (folder / "migrations" / "env.py").write_text(PEER_ENV)
        steps = recorded_steps(folder)
        ways: dict[str, Callable[[], None]] = {
            "guard": lambda: run_guard(folder),
            "bare SQL": lambda: run_bare(steps, DURABLE),
            "bare SQL, no fsync": lambda: run_bare(steps, FAST),
        }
        if arguments.peer_python:
            ways["pytest-alembic"] = lambda: run_peer(folder, arguments.peer_python)
        for title, way in ways.items():
            wall, user = map(min, zip(*(timed(way) for _ in range(arguments.repeat)), strict=True))
            print(f"{title:24}{wall:8.2f} s wall{user:8.2f} s user", flush=True)


def timed(way: Callable[[], None]) -> tuple[float, float]:
    """Return the wall seconds and the user CPU seconds of one run, children included."""
    wall, user = time.perf_counter(), user_seconds()
    way()
    return time.perf_counter() - wall, user_seconds() - user


def user_seconds() -> float:
    """Return the user CPU seconds of this process and of those it waited for."""
    return sum(
        resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def run_guard(folder: Path) -> None:
    """Make a whole round trip; a finding would make the comparison unfair."""
    environment = Environment(
        name="benchmark",
        kind="alembic",
        config_path=folder / "alembic.ini",
        script_location=folder / "migrations",
        version_locations=(folder / "migrations" / "versions",),
    )
    settings = Settings(config=Config(python=sys.executable, timeout=3600), folder=folder)
    result = run_roundtrip(environment, root=folder, revisions=None, settings=settings)
    assert not result.facts, result.facts[0]


def run_bare(steps: tuple[Steps, Steps], settings: str) -> None:
    """Play the same statements into sqlite3 alone, up, down and up by revision."""
    ups, downs = steps
    with tempfile.TemporaryDirectory() as name:
        connection = sqlite3.connect(Path(name, "bare.sqlite3"), isolation_level=None)
        connection.executescript(settings)
        for up, down in zip(ups, reversed(downs), strict=True):
            for statements in (up, down, up):
                connection.execute("BEGIN")
                for sql, parameters in statements:
                    connection.execute(sql, parameters)
                connection.execute("COMMIT")
        connection.close()


def recorded_steps(folder: Path) -> tuple[Steps, Steps]:
    """Return the statements of each revision up, in order, and of each down, in order."""
    heard: list[Statement] = []

    def hear(_: object, __: object, sql: str, parameters: tuple[object, ...], *___: object) -> None:
        heard.append((sql, parameters))

    def hurry(connection: sqlite3.Connection, _: object) -> None:
        connection.executescript(FAST)

    config = AlembicConfig(str(folder / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{folder / 'record.sqlite3'}")
    event.listen(Engine, "before_cursor_execute", hear)
    event.listen(Engine, "connect", hurry)
    try:
        command.upgrade(config, "head")
        ups = list(_by_revision(heard))
        heard.clear()
        command.downgrade(config, "base")
        downs = list(_by_revision(heard))
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
        event.remove(Engine, "connect", hurry)
    return ups, downs


def _by_revision(heard: list[Statement]) -> Iterator[list[Statement]]:
    """Cut at the statement with which Alembic notes each step; leave out what only reads."""
    step: list[Statement] = []
    for sql, parameters in heard:
        words = sql.split()
        if words[0] in ("SELECT", "PRAGMA") or "CREATE TABLE alembic_version" in sql:
            continue
        if "alembic_version" in sql:
            yield step
            step = []
        else:
            step.append((sql, parameters))


def run_peer(folder: Path, python: str) -> None:
    """Run pytest with pytest-alembic's up and down."""
    test = folder / "test_peer.py"
    test.write_text(PEER_TEST)
    subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", test],
        cwd=folder,
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    main()
