"""Time the round trip beside what else runs revisions up and down, on the same history.

    python benchmarks/roundtrip.py --peers BIN [--sizes 100 300 1000] [--repeat 3]
    python benchmarks/roundtrip.py --environments FOLDER --histories meltano redun
    python benchmarks/roundtrip.py --bare --sizes 300 3000

`--peers` is the bin folder of a virtual environment that holds pytest-alembic, pytest-mrt and
psycopg2. Real histories are those of corpus.json, each under an environment of its own as
`walk.py` makes them, into which pip puts the peers. Every way is a process of its own, start and
all, on the same env.py; on PostgreSQL they share one server, which never waits for the disk. A way
that takes longer than `--limit` seconds is ended, and left out of what is larger.

Each does what it does. guard: up, down and up again for every revision, with rows in all tables,
schema and rows compared, at the end once more against the models. pytest-alembic: its default tests
(without the one about models, for there are none), which go up and down once over empty tables; by
itself also its experimental test that a downgrade leaves no trace. pytest-mrt: its default tests.
Commands: `alembic upgrade`, `downgrade`, `upgrade` for each revision, in one process. Alembic
alone: the same steps of generated revisions in one run of env.py, as guard's, and nothing else.
Bare SQL: the same statements up, down and up, played from memory into sqlite3.

What each way imports is compiled before, as installers leave it; what it runs is not.

Printed are wall seconds and the user CPU seconds of the process and its children (not of the
server), which a busy machine disturbs less, and what guard takes of them; each is the best of the
repeats.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, event

from alembic import command

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.corpus import History, default_cache, prepare  # noqa: E402
from benchmarks.generate import generate  # noqa: E402
from guard.roundtrip import postgresql  # noqa: E402
from guard.worker.backends.postgresql_wire import Client, drop_database  # noqa: E402

ENV = """
import os

from alembic import context
from sqlalchemy import MetaData, create_engine, pool

engine = context.config.attributes.get("connection") or create_engine(
    os.environ["DATABASE_URL"], poolclass=pool.NullPool
)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=MetaData(), render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""
ENGINE = """
import os

import pytest
from sqlalchemy import create_engine

@pytest.fixture
def alembic_engine():
    return create_engine(os.environ["DATABASE_URL"])
"""
DEFAULT = """
from pytest_alembic.tests import test_single_head_revision, test_up_down_consistency, test_upgrade
"""
NO_TRACE = """
from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
"""
MRT = """
import os

from pytest_mrt import MRTConfig

def pytest_configure(config):
    config._mrt_config = MRTConfig(
        alembic_ini="alembic.ini", db_url=os.environ["DATABASE_URL"]
    )
"""
COMMANDS = """
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

config = Config("alembic.ini")
order = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
for revision in reversed(order):
    command.upgrade(config, revision)
    command.downgrade(config, "-1")
    command.upgrade(config, revision)
"""
STEPS = """
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory

config = Config("alembic.ini")
scripts = ScriptDirectory.from_config(config)

def steps(heads, context):
    for script in reversed([*scripts.walk_revisions()]):
        for up in (True, False, True):
            yield RevisionStep(scripts.revision_map, script, up)
            context.connection.connection.dbapi_connection.commit()

with EnvironmentContext(config, scripts, fn=steps, destination_rev="heads"):
    scripts.run_env()
"""
PEERS = ("pytest-alembic", "pytest-mrt")
BACKENDS = ("sqlite", "postgresql")
Statement = tuple[str, tuple[object, ...]]
Steps = list[list[Statement]]
Way = Callable[[], None]
DURABLE = "PRAGMA synchronous = FULL"  # as SQLite comes
FAST = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY"


class Bench(msgspec.Struct, frozen=True):
    """A history, the interpreter that has its packages, and the server to run it on, if any."""

    title: str
    project: Path
    python: str
    server: postgresql.PostgresqlServer | None
    generated: bool = False

    @property
    def backend(self) -> str:
        """What the run is on."""
        return "sqlite" if self.server is None else "postgresql"

    @contextlib.contextmanager
    def database(self) -> Iterator[dict[str, str]]:
        """Make an empty database for one run, and give the variables that lead to it."""
        if self.server is None:
            with tempfile.TemporaryDirectory() as folder:
                yield {"DATABASE_URL": f"sqlite:///{folder}/peer.sqlite3"}
            return
        client = Client(self.server.address, self.server.maintenance)
        client.query("CREATE DATABASE peer TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            yield {"DATABASE_URL": self.url("postgresql+psycopg2", "peer")}
        finally:
            drop_database(client, "peer")
            client.close()

    def url(self, scheme: str, name: str) -> str:
        """Return the address of a database on the server."""
        assert self.server is not None
        at = self.server.address
        return f"{scheme}://{at.user}:{at.password}@{at.host}:{at.port}/{name}"


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[])
    parser.add_argument("--histories", nargs="*", default=[], metavar="HISTORY")
    parser.add_argument("--backends", nargs="*", choices=BACKENDS, default=BACKENDS)
    parser.add_argument("--ways", nargs="*", help="only those whose names begin so")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--limit", type=float, default=600, help="seconds (default: %(default)s)")
    parser.add_argument("--peers", type=Path, metavar="BIN")
    parser.add_argument("--environments", type=Path, metavar="FOLDER")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--bare", action="store_true", help="also the bare SQL, on SQLite")
    arguments = parser.parse_args()
    for folder in ("guard", "rules"):
        compileall.compile_dir(HERE.parent / folder, quiet=1)
    over: set[tuple[str, str]] = set()
    for bench in benches(arguments):
        print(f"{bench.title}, {bench.backend}", flush=True)
        chosen = {
            title: way
            for title, way in ways(bench, arguments).items()
            if (bench.backend, title) not in over
            and (not arguments.ways or title.startswith(tuple(arguments.ways)))
        }
        over |= {(bench.backend, title) for title in compare(chosen, arguments.repeat)}


def benches(arguments: argparse.Namespace) -> Iterator[Bench]:
    """Yield every history on every server, the smallest first."""
    python = str(arguments.peers / "python") if arguments.peers else sys.executable
    histories = msgspec.json.decode((HERE / "corpus.json").read_bytes(), type=list[History])
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        programs = postgresql.installed(None)
        servers: dict[str, postgresql.PostgresqlServer | None] = {"sqlite": None}
        if "postgresql" in arguments.backends and programs is not None:
            servers["postgresql"] = stack.enter_context(postgresql.started(programs))
        wanted = [name for name in arguments.backends if name in servers]
        for size in arguments.sizes:
            project = folder / str(size)
            generate(project, size)
            (project / "migrations" / "env.py").write_text(ENV)
            for name in wanted:
                yield Bench(f"{size} revisions", project, python, servers[name], True)
        for history in histories:
            if history.id in arguments.histories:
                project, program = laid_out(history, arguments, folder)
                for name in wanted:
                    title = f"{history.id}, {history.revisions} revisions"
                    yield Bench(title, project, str(program), servers[name])


def laid_out(history: History, arguments: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """Return a copy of a real history with the env.py of all ways, and its interpreter."""
    package = history.requirement.partition("==")[0]
    python = arguments.environments.resolve() / package / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    project = folder / history.id
    shutil.copytree(prepare(history, arguments.cache), project, symlinks=True)
    inside, _, script = history.script_location.partition(":")
    (project / inside.replace(".", "/") / script / "env.py").write_text(ENV)
    return project, python


def ways(bench: Bench, arguments: argparse.Namespace) -> dict[str, Way]:
    """Return what is compared, by its title."""
    limit = arguments.limit
    chosen = {"guard": lambda: run_guard(bench, limit)}
    if arguments.peers or arguments.environments:
        tests = {"test_peer.py": ENGINE + DEFAULT}
        trace = {"test_peer.py": ENGINE + NO_TRACE}
        chosen |= {
            "pytest-alembic": lambda: run_pytest(bench, tests, limit),
            "pytest-alembic, no trace": lambda: run_pytest(bench, trace, limit),
            "pytest-mrt": lambda: run_pytest(bench, {"conftest.py": MRT}, limit),
            "commands": lambda: run_commands(bench, COMMANDS, limit, 1),
        }
    if bench.generated:
        chosen["Alembic alone"] = lambda: run_commands(bench, STEPS, limit)
    if arguments.bare and bench.server is None:
        steps = recorded_steps(bench.project)
        chosen["bare SQL"] = lambda: run_bare(steps, DURABLE)
        chosen["bare SQL, no fsync"] = lambda: run_bare(steps, FAST)
    return chosen


def compare(chosen: dict[str, Way], repeat: int) -> Iterator[str]:
    """Print the figures of each way, guard's first; yield those that took too long."""
    own: tuple[float, float] | None = None
    for title, way in chosen.items():
        try:
            wall, user = map(min, zip(*(timed(way) for _ in range(repeat)), strict=True))
        except subprocess.TimeoutExpired as late:
            print(f"  {title:26} more than {late.timeout:g} s", flush=True)
            yield title
            continue
        own = own or (wall, user)
        part = f"{own[0] / wall:9.2f}{own[1] / user:9.2f}"
        print(f"  {title:26}{wall:8.2f} s wall{user:8.2f} s user{part}", flush=True)


def timed(way: Way) -> tuple[float, float]:
    """Return the wall seconds and the user CPU seconds of one run, children included."""
    wall, user = time.perf_counter(), user_seconds()
    way()
    return time.perf_counter() - wall, user_seconds() - user


def user_seconds() -> float:
    """Return the user CPU seconds of this process and of those it waited for."""
    return sum(
        resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def run(bench: Bench, words: list[str], limit: float, more: Mapping[str, str], *codes: int) -> None:
    """Run a program in the project; raise if it ends with any code but these."""
    done = subprocess.run(
        words,
        cwd=bench.project,
        env={**os.environ, "PYTHONPATH": "", **more},
        timeout=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, *codes):
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def run_guard(bench: Bench, limit: float) -> None:
    """Make a whole round trip; findings are as they are in a real history."""
    words = ["roundtrip", "--all", "--python", bench.python, "--backend", bench.backend]
    if bench.server is not None:
        words += ["--url", bench.url("postgresql", bench.server.maintenance)]
    variables = {"DATABASE_URL": "postgresql:///x" if bench.server else "sqlite:///x"}
    (bench.project / "guard.toml").write_text('alembic-config = ["alembic.ini"]\ntimeout = 3600\n')
    program = [sys.executable, "-m", "guard", *words]
    run(bench, program, limit, {**variables, "PYTHONPATH": str(HERE.parent)}, 1)


def run_pytest(bench: Bench, files: Mapping[str, str], limit: float) -> None:
    """Run pytest with these files in the project, removed afterwards."""
    for name, text in files.items():
        (bench.project / name).write_text(text)
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "--rootdir", "."]
    mrt = "conftest.py" in files
    tests = [] if mrt else ["-p", "no:mrt", *files]
    try:
        with bench.database() as variables:
            run(bench, [bench.python, "-m", "pytest", *options, *tests], limit, variables, 1)
    finally:
        for name in files:
            (bench.project / name).unlink()


def run_commands(bench: Bench, code: str, limit: float, *codes: int) -> None:
    """Run Alembic's own commands or steps; in a real history some commands fail."""
    with bench.database() as variables:
        run(bench, [bench.python, "-c", code], limit, variables, *codes)


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
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'record.sqlite3'}"
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


if __name__ == "__main__":
    main()
