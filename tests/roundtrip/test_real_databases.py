"""Real databases beside the scratch one stay as they are, whatever driver a revision takes.

Each row is also run without guard, on the same database: there it does its damage.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
from mariadb_server import Mariadb
from notes import texts
from postgresql_server import Postgresql
from roundtrip_project import USERS, project, round_trip
from servers import need

from guard.facts import UpgradeFailed

pytestmark = [pytest.mark.slow, pytest.mark.real_start]

NAMED = "named"  # refused by its name, before it does anything
REFUSED = "refused"  # by the kernel, and explained by guard
UNKNOWN = "unknown"  # by the kernel, and the library does not tell
SILENT = "silent"  # in a child, which tells nobody

SQLITE = {
    "sqlite3": ("sqlite3", NAMED, "sqlite3.connect(file, isolation_level=None).execute(SQL)"),
    "sqlite3, a URI": (
        "sqlite3",
        NAMED,
        "sqlite3.connect('file:' + file, uri=True, isolation_level=None).execute(SQL)",
    ),
    "sqlite3, ATTACH with a parameter": (
        "sqlite3",
        NAMED,
        "c = sqlite3.connect(':memory:', isolation_level=None); "
        "c.execute('ATTACH DATABASE ? AS other', (file,)); c.execute(SQL)",
    ),
    "the bind, ATTACH with a parameter": (
        "",
        NAMED,
        "c = op.get_bind(); c.exec_driver_sql('ATTACH DATABASE ? AS other', (file,)); "
        "c.exec_driver_sql(SQL); c.exec_driver_sql('COMMIT')",
    ),
    "apsw": ("apsw", NAMED, "apsw.Connection(file).execute(SQL)"),
    "apsw, from its own inside": (
        "apsw",
        UNKNOWN,
        "f = apsw.VFSFile('unix', file, [apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_MAIN_DB, 0])"
        "; f.xTruncate(0)",
    ),
    "pysqlite3": ("pysqlite3", NAMED, "pysqlite3.connect(file).executescript(SQL)"),
    "pysqlite3.dbapi2": (
        "pysqlite3",
        REFUSED,
        "from pysqlite3 import dbapi2; dbapi2.connect(file).executescript(SQL)",
    ),
    "the sqlite3 program": ("", SILENT, "subprocess.run(['sqlite3', file, SQL])"),
    "a Python child": (
        "",
        SILENT,
        "subprocess.run([sys.executable, '-c', 'import sqlite3, sys; "
        "sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])', file, SQL])",
    ),
}
ASYNC_PG = """
async def go():
    c = await {connect}
    await c.execute(SQL)
import asyncio
asyncio.run(go())
"""
POSTGRESQL = {
    "psycopg": ("psycopg", NAMED, "psycopg.connect(dsn, autocommit=True).execute(SQL)"),
    "psycopg, by PGHOST": (
        "psycopg",
        NAMED,
        "psycopg.connect('dbname=real user=guard', autocommit=True).execute(SQL)",
    ),
    "psycopg.pq": (
        "psycopg",
        UNKNOWN,
        "from psycopg import pq; c = pq.PGconn.connect(dsn.encode()); c.exec_(SQL.encode())",
    ),
    "psycopg2": ("psycopg2", NAMED, "c = psycopg2.connect(dsn); c.autocommit = True\n"
        "c.cursor().execute(SQL)"),
    "psycopg2.extensions": (
        "psycopg2",
        REFUSED,
        "from psycopg2.extensions import connection; c = connection(dsn); c.autocommit = True\n"
        "c.cursor().execute(SQL)",
    ),
    "asyncpg": (
        "asyncpg",
        NAMED,
        ASYNC_PG.format(connect="asyncpg.connect(host=folder, user='guard', database='real')"),
    ),
    "asyncpg, its inside": (
        "asyncpg",
        REFUSED,
        ASYNC_PG.format(
            connect="__import__('asyncpg.connection').connection.connect"
            "(host=folder, user='guard', database='real')"
        ),
    ),
    "pg8000": (
        "pg8000",
        REFUSED,
        "import pg8000.native; pg8000.native.Connection('guard', database='real', "
        "unix_sock=folder + '/.s.PGSQL.5432').run(SQL)",
    ),
    "psql": ("", SILENT, "subprocess.run([*'psql -U guard real -h'.split(), folder, '-c', SQL])"),
    "psql, by PGHOST": ("", SILENT, "subprocess.run([*'psql -U guard real -c'.split(), SQL])"),
}  # fmt: skip
MARIADB = {
    "pymysql": (
        "pymysql",
        NAMED,
        "pymysql.connect(unix_socket=file, user=user, database='real', autocommit=True)"
        ".cursor().execute(SQL)",
    ),
    "pymysql.connections": (
        "pymysql",
        REFUSED,
        "from pymysql.connections import Connection; Connection(unix_socket=file, user=user, "
        "database='real', autocommit=True).cursor().execute(SQL)",
    ),
    "aiomysql": (
        "aiomysql",
        NAMED,
        """
        import asyncio
        async def go():
            c = await aiomysql.connect(unix_socket=file, user=user, db='real', autocommit=True)
            await (await c.cursor()).execute(SQL)
        asyncio.run(go())""",
    ),
    "asyncmy": (
        "asyncmy",
        NAMED,
        """
        import asyncio
        async def go():
            c = await asyncmy.connect(unix_socket=file, user=user, db='real', autocommit=True)
            await c.cursor().execute(SQL)
        asyncio.run(go())""",
    ),
    "MySQLdb": (
        "MySQLdb",
        NAMED,
        "MySQLdb.connect(unix_socket=file, user=user, database='real', autocommit=True)"
        ".cursor().execute(SQL)",
    ),
    "MySQLdb._mysql": (
        "MySQLdb",
        REFUSED,
        "from MySQLdb import _mysql; "
        "_mysql.connect(unix_socket=file, user=user, database='real')"
        ".query(SQL)",
    ),
    "mariadb": (
        "",
        SILENT,
        "subprocess.run(['mariadb', '--no-defaults', '-S', file, 'real', '-e', SQL])",
    ),
}


def attempt(module: str, code: str, **values: str) -> str:
    """Return the code of a row, with its values; skip where its driver is not installed."""
    if module and not find_spec(module):
        pytest.skip(f"{module} is not installed")
    head = [f"import {module}"] if module else []
    head += ["import subprocess, sys", *(f"{name} = {value!r}" for name, value in values.items())]
    return "\n".join([*head, textwrap.dedent(code)])


def run_freely(code: str) -> None:
    code = code.replace("op.get_bind()", "__import__('sqlalchemy').create_engine('sqlite://')")
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)


def fenced_run(code: str, outcome: str, folder: Path) -> None:
    """Run the code as a revision, and expect guard's words for it."""
    result = round_trip(project(folder / "p", USERS, (code, "")), timeout=120.0)
    if "files" not in result.held:
        pytest.skip("no kernel's fence here")
    if outcome == SILENT:
        assert [
            note for note in texts(result.notes) if "was started by code of the project" in note
        ]
        return
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    if outcome == UNKNOWN:
        return
    assert failure.error.startswith("guard refused"), failure.error
    assert ("guard refused what a library asked for" in failure.error) == (outcome == REFUSED)


@pytest.mark.parametrize("how", SQLITE)
def test_a_real_sqlite_file(how: str, tmp_path: Path) -> None:
    module, outcome, code = SQLITE[how]
    if "program" in how and not shutil.which("sqlite3"):
        pytest.skip("no sqlite3 program here")
    path = tmp_path / "real.data"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    code = attempt(module, code, file=str(path), SQL="DELETE FROM t")
    fenced_run(code, outcome, tmp_path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith("real")] == [path.name]
    if "the bind" not in how:
        run_freely(code)
        assert hashlib.sha256(path.read_bytes()).hexdigest() != before


@pytest.mark.server
@pytest.mark.parametrize("how", POSTGRESQL)
def test_a_real_postgresql_database(
    how: str, installed_postgresql: Postgresql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = installed_postgresql
    server.create_database("real")
    server.psql("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100)", "real")
    module, outcome, code = POSTGRESQL[how]
    for name in ("PGHOST", "PGSERVICE", "PGSERVICEFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGHOST", str(server.folder))
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    folder = str(server.folder)
    dsn = f"host={folder} user=guard dbname=real"
    code = attempt(module, code, folder=folder, dsn=dsn, SQL="DELETE FROM t")

    def state() -> str:
        return server.psql(
            "SELECT count(*), md5(string_agg(a::text, ',' ORDER BY a)) FROM t", "real"
        )

    before = state()
    assert before.startswith("100|")
    fenced_run(code, outcome, tmp_path)
    assert state() == before
    run_freely(code)
    assert state().startswith("0|")


@pytest.mark.server
@pytest.mark.parametrize("how", MARIADB)
def test_a_real_mariadb_database(how: str, mariadb: Mariadb, tmp_path: Path) -> None:
    import getpass

    need(shutil.which("mariadb"), "mariadb program")
    mariadb.create_database("real")
    module, outcome, code = MARIADB[how]
    code = attempt(
        module, code, file=str(mariadb.socket_path), user=getpass.getuser(), SQL="DELETE FROM t"
    )
    with mariadb.connect("real") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)")

    def state() -> tuple[object, ...]:
        with mariadb.connect("real") as connection, connection.cursor() as cursor:
            cursor.execute("CHECKSUM TABLE t")
            checksum = cursor.fetchone()[1]
            cursor.execute("SELECT count(*) FROM t")
            return cursor.fetchone()[0], checksum

    before = state()
    assert before[0] == 3
    fenced_run(code, outcome, tmp_path)
    assert state() == before
    run_freely(code)
    assert state()[0] == 0
