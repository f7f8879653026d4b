"""Environments as people write them: each runs as it is, on the scratch database."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import CommandLine
from notes import texts
from roundtrip_project import ENV, USERS, Step, project, revision, round_trip, story

import alembic
from guard.roundtrip.errors import RoundTripError

STEPS: tuple[Step, ...] = (
    USERS,
    ("op.create_index('ix', 'users', ['email'])", "pass"),
    ("op.add_column('users', sa.Column('n', sa.Integer()))", "op.drop_column('users', 'n')"),
)
FOUND = [("r2", "downgrade drift")]

CONFIGURE = """
from alembic import context
import sqlalchemy as sa

def migrate(connection, **options):
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()

"""
ENVIRONMENTS = {
    "create_engine": ENV,
    "a server whose driver is not installed": CONFIGURE
    + "with sa.create_engine('postgresql+nodriver://u:p@db.example/app', pool_size=5,"
    " connect_args={'sslmode': 'require'}, isolation_level='REPEATABLE READ').connect() as c:\n"
    "    migrate(c)",
    "engine_from_config": CONFIGURE
    + "engine = sa.engine_from_config({'sqlalchemy.url': 'mysql://u:p@db/app',"
    " 'sqlalchemy.echo': 'false', 'sqlalchemy.pool_recycle': '60'}, prefix='sqlalchemy.')\n"
    "with engine.connect() as c:\n    migrate(c)",
    "names imported from inner modules": CONFIGURE
    + "from sqlalchemy.engine.create import create_engine\n"
    "with create_engine('oracle://u:p@db/app').connect() as c:\n    migrate(c)",
    "one transaction around all": CONFIGURE
    + "with sa.create_engine('sqlite:///data.sqlite3').begin() as c:\n    migrate(c)",
    "transactions as SQLAlchemy's manual has them begin": CONFIGURE
    + "engine = sa.create_engine('sqlite:///data.sqlite3')\n"
    "@sa.event.listens_for(engine, 'connect')\n"
    "def connect(raw, record):\n    raw.isolation_level = None\n"
    "@sa.event.listens_for(engine, 'begin')\n"
    "def begin(c):\n    c.exec_driver_sql('BEGIN')\n"
    "with engine.connect() as c:\n    migrate(c)",
    "transactional DDL": CONFIGURE
    + "with sa.create_engine('sqlite:///data.sqlite3').connect() as c:\n"
    "    migrate(c, transactional_ddl=True)",
    "transaction per migration": CONFIGURE
    + "with sa.create_engine('sqlite:///data.sqlite3').connect() as c:\n"
    "    migrate(c, transaction_per_migration=True, render_as_batch=True)",
    "its own version table": CONFIGURE
    + "with sa.create_engine('sqlite:///data.sqlite3').connect() as c:\n"
    "    migrate(c, version_table='my versions')",
    "a version table in a schema": CONFIGURE
    + "with sa.create_engine('postgresql://u:p@db/app').connect() as c:\n"
    "    migrate(c, version_table='versions', version_table_schema='app')",
    "a connection handed over": CONFIGURE
    + "context.config.attributes['connection'] = sa.create_engine('sqlite://').connect()\n"
    "migrate(context.config.attributes['connection'])",
    "a URL from the ini": CONFIGURE + "url = context.config.get_main_option('sqlalchemy.url')\n"
    "with sa.create_engine(url).connect() as c:\n    migrate(c)",
    "arguments of the command line": CONFIGURE
    + "assert not context.get_x_argument(as_dictionary=True).get('tenant')\n"
    "assert not context.is_offline_mode() and not context.config.cmd_opts.sql\n"
    "with sa.create_engine('sqlite:///data.sqlite3').connect() as c:\n    migrate(c)",
    "naming conventions": CONFIGURE
    + "metadata = sa.MetaData(naming_convention={'ix': 'ix_%(column_0_label)s'})\n"
    "sa.Table('users', metadata, sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('email', sa.String), sa.Column('n', sa.Integer),"
    " sa.Index('ix', 'email'))\n"
    "with sa.create_engine('sqlite:///data.sqlite3').connect() as c:\n"
    "    migrate(c, target_metadata=metadata)",
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_runs_as_it_is(name: str, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, *STEPS, env=ENVIRONMENTS[name]))
    assert story(result) == FOUND
    assert result.downgraded == 3
    assert not list(tmp_path.rglob("*.sqlite3"))


@pytest.mark.real_start
def test_without_env_py(tmp_path: Path) -> None:
    folder = project(tmp_path, *STEPS, env="raise RuntimeError('not to be run')")
    assert story(round_trip(folder, env="none")) == FOUND


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///app.db", "postgresql+asyncpg://db/app"])
def test_without_env_py_an_asynchronous_driver_serves_as_well(url: str, tmp_path: Path) -> None:
    folder = project(tmp_path, *STEPS, ini=f"sqlalchemy.url = {url}\n")
    assert story(round_trip(folder, env="none")) == FOUND


def test_schemas_are_folded_into_the_one_database(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        ('op.execute("CREATE SCHEMA shop")', 'op.execute("DROP SCHEMA shop")'),
        (
            "op.create_table('orders', sa.Column('id', sa.Integer()), schema='shop')\n"
            "op.add_column('orders', sa.Column('n', sa.Integer()), schema='shop')\n"
            "op.execute('UPDATE shop.orders SET n = 1')\n"
            "op.create_index('ix', 'orders', ['n'], schema='shop')",
            "op.drop_index('ix', schema='shop')",
        ),
        env=ENVIRONMENTS["a server whose driver is not installed"],
    )
    result = round_trip(folder)
    assert story(result) == FOUND
    assert any("tables of shop were made in one database" in note for note in texts(result.notes))


def test_a_pyproject_environment(tmp_path: Path) -> None:
    folder = project(tmp_path, *STEPS)
    (folder / "alembic.ini").unlink()
    (folder / "pyproject.toml").write_text("[tool.alembic]\nscript_location = 'migrations'\n")
    if tuple(map(int, alembic.__version__.split(".")[:2])) < (1, 16):
        with pytest.raises(RoundTripError, match=r"upgrade alembic to 1\.16"):
            round_trip(folder, config_name="pyproject.toml")
        return
    assert story(round_trip(folder, config_name="pyproject.toml")) == FOUND


def test_the_environment_of_alembic_init_leaves_the_real_database_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    init("generic")
    check_that_the_real_database_stays(tmp_path)


@pytest.mark.slow
def test_the_asynchronous_environment_of_alembic_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = install(tmp_path / "venv", sys.executable, "alembic", "sqlalchemy", "greenlet")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    init("async")
    check_that_the_real_database_stays(folder, python=python)


def check_that_the_real_database_stays(folder: Path, python: str | None = None) -> None:
    for number, step in enumerate(STEPS, 1):
        parent = f"r{number - 1}" if number > 1 else None
        (folder / f"migrations/versions/r{number}.py").write_text(
            revision(f"r{number}", parent, step)
        )
    before = real_database(folder / "data.sqlite3")
    assert story(round_trip(folder, python=python)) == FOUND
    assert (folder / "data.sqlite3").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "alembic.ini",
        "data.sqlite3",
        "migrations",
    ]


def test_each_database_of_a_multidb_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    init("multidb")
    (tmp_path / "migrations/versions/r1.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        "revision = 'r1'\ndown_revision = None\n\n"
        "def upgrade(engine_name):\n    globals()['upgrade_' + engine_name]()\n\n"
        "def downgrade(engine_name):\n    globals()['downgrade_' + engine_name]()\n\n"
        "def upgrade_engine1():\n    op.create_table('a', sa.Column('id', sa.Integer()))\n\n"
        "def downgrade_engine1():\n    op.drop_table('a')\n\n"
        "def upgrade_engine2():\n    op.create_table('b', sa.Column('id', sa.Integer()))\n\n"
        "def downgrade_engine2():\n    op.drop_table('nobody')\n"
    )
    result = round_trip(tmp_path, databases=("engine1", "engine2"))
    assert story(result) == [("r1", "downgrade fails")]
    assert (result.upgraded, result.downgraded) == (3, 1)
    assert story(round_trip(tmp_path, databases=("engine1", "engine2"), env="none")) == [
        ("r1", "downgrade fails")
    ]


TWICE = """
from alembic import context
from sqlalchemy import create_engine

for name, options in (("one", {}), ("two", SECOND)):
    with create_engine(URL.format(name)).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
"""


@pytest.mark.parametrize(
    ("url", "second", "refused"),
    [
        ("sqlite:///same.db", "{}", True),
        ("sqlite:///{}.db", "{}", False),
        ("sqlite:///same.db", "{'version_table': 'other'}", False),
    ],
)
@pytest.mark.parametrize("databases", [(), ("one", "two")])
def test_two_databases_that_are_one(
    databases: tuple[str, ...], url: str, second: str, refused: bool, tmp_path: Path
) -> None:
    step = ("op.execute('CREATE TABLE IF NOT EXISTS a (x)')", "op.execute('DROP TABLE a')")
    env = f"URL, SECOND = {url!r}, {second}\n{TWICE}"
    folder = project(tmp_path, step, ("pass", "pass"), env=env)
    if not refused:
        round_trip(folder, databases=databases)
        return
    with pytest.raises(RoundTripError) as error:
        round_trip(folder, databases=databases)
    which = "The database two" if databases else "A database"
    assert f"{which} is the same as one before it: both share a version table" in str(error.value)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            "import os\nos.environ['APP_DATABASE_URL']",
            "migrations/env.py:2: env.py cannot run: KeyError: 'APP_DATABASE_URL'. "
            "Remedy: set what it needs",
        ),
        ("import nowhere_installed", "No module named 'nowhere_installed'"),
        ("def f(:", "env.py:1: env.py cannot run: SyntaxError"),
        ("raise SystemExit('settings are missing')", "settings are missing"),
        ("pass", "without running any migration"),
        (
            "import sqlite3\nsqlite3.connect('data.sqlite3')",
            "guard refused the opening of the SQLite database data.sqlite3",
        ),
        (
            "import socket\nsocket.create_connection(('127.0.0.1', 5432))",
            "guard refused a connection to 127.0.0.1:5432",
        ),
        (
            CONFIGURE + "from sqlalchemy.pool import NullPool\nimport sqlite3\n"
            "from sqlalchemy.engine import Engine\n"
            "from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as D\n"
            "d = D(dbapi=sqlite3)\n"
            "engine = Engine(NullPool(lambda: sqlite3.connect(':memory:'), dialect=d), d, '')\n"
            "with engine.connect() as c:\n    migrate(c)",
            "does not lead to guard's scratch database",
        ),
    ],
)
def test_an_environment_that_cannot_run_is_one_clear_error(
    env: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(RoundTripError) as error:
        round_trip(project(tmp_path, *STEPS, env=env))
    assert message in str(error.value)
    assert "Traceback" not in str(error.value)


def test_a_settings_module_that_needs_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path, *STEPS, env="import settings" + ENV, ini="prepend_sys_path = .\n")
    (folder / "settings.py").write_text("import os\nurl = os.environ['APP_URL']\n")
    with pytest.raises(RoundTripError, match=r"settings\.py:2: env\.py cannot run: KeyError"):
        round_trip(folder)
    assert story(round_trip(folder, env="none")) == FOUND
    assert story(round_trip(folder, env_vars={"APP_URL": "sqlite:///data.sqlite3"})) == FOUND
    monkeypatch.setenv("APP_URL", "sqlite:///data.sqlite3")
    assert story(round_trip(folder)) == FOUND


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RoundTripError, match=r"interpreter nowhere/python was not found"):
        round_trip(project(tmp_path), python="nowhere/python")


def test_an_interpreter_without_alembic(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    with pytest.raises(
        RoundTripError,
        match=r"cannot import sqlalchemy: .*Remedy: install sqlalchemy",
    ):
        round_trip(project(tmp_path, *STEPS), python=str(bare / "bin" / "python"))


def test_the_interpreter_of_a_virtual_environment_beside_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    folder = project(tmp_path, *STEPS)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    with pytest.raises(RoundTripError, match=r"\.venv/bin/python cannot import sqlalchemy"):
        round_trip(folder)


def test_a_revision_file_that_does_not_load_is_named(tmp_path: Path) -> None:
    folder = project(tmp_path, *STEPS)
    (folder / "migrations/versions/r2.py").write_text("import not_here\n")
    with pytest.raises(RoundTripError, match=r"versions/r2\.py:1: Alembic cannot read the rev"):
        round_trip(folder)


@pytest.mark.slow
def test_the_oldest_stack(tmp_path: Path) -> None:
    python = oldest_python()
    if python is None:
        pytest.skip("there is no Python 3.9 on this machine")
    old = install(tmp_path / "old", python, "alembic==1.9.*", "sqlalchemy==1.4.*", "greenlet")
    for number, name in enumerate(ENVIRONMENTS):
        folder = project(tmp_path / str(number), *STEPS, env=ENVIRONMENTS[name])
        assert story(round_trip(folder, python=old)) == FOUND, name
    asynchronous = (
        "import asyncio\nfrom sqlalchemy.ext.asyncio import AsyncEngine\n"
        + CONFIGURE
        + "async def main():\n"
        "    engine = AsyncEngine(sa.create_engine('postgresql+asyncpg://db/app', future=True))\n"
        "    async with engine.connect() as connection:\n"
        "        await connection.run_sync(migrate)\n\nasyncio.run(main())\n"
    )
    folder = project(tmp_path / "async", *STEPS, env=asynchronous)
    assert story(round_trip(folder, python=old)) == FOUND


def oldest_python() -> str | None:
    installed = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))
    for python in (shutil.which("python3.9"), *map(str, installed)):
        if (
            python
            and not subprocess.run([python, "-V"], capture_output=True, check=False).returncode
        ):
            return python
    return None


def install(venv: Path, python: str, *packages: str) -> str:
    """Make a virtual environment with `packages` and return its interpreter."""
    subprocess.run([python, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin/pip", "install", "-q", *packages], check=True)
    return str(venv / "bin/python")


def init(template: str) -> None:
    """Run `alembic init` here, with the real database's URL written into the ini."""
    CommandLine().main(["init", "-t", template, "migrations"])
    ini = Path("alembic.ini").read_text()
    Path("alembic.ini").write_text(
        ini.replace("driver://user:pass@localhost/dbname2", "sqlite:///second.sqlite3").replace(
            "driver://user:pass@localhost/dbname", "sqlite:///data.sqlite3"
        )
    )


def real_database(path: Path) -> bytes:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
        connection.execute("INSERT INTO users VALUES (1, 'real')")
    connection.close()
    return path.read_bytes()
