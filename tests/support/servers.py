"""The live servers that tests ask: PostgreSQL, the system's and the wheel's, and MariaDB.

A server that is not there skips its tests; with `GUARD_TEST_SERVERS=required` it fails them, so
that CI cannot pass without one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

import mariadb_server
import postgresql_server
import pytest
from mariadb_server import Mariadb
from postgresql_server import Postgresql, scratch_database

Psql = Callable[[str], str]
POSTGRESQL = {"installed": postgresql_server.installed, "embedded": postgresql_server.embedded}


def need(there: object, what: str) -> None:
    """Skip the test that lacks something, or fail it where all of it is required."""
    if not there:
        give_up = pytest.fail if os.environ.get("GUARD_TEST_SERVERS") == "required" else pytest.skip
        give_up(f"there is no {what}")


def _postgresql(which: str) -> Iterator[Postgresql]:
    programs = POSTGRESQL[which]()
    need(programs, f"PostgreSQL ({which})")
    assert programs is not None
    with postgresql_server.running(programs) as server:
        yield server


@pytest.fixture(scope="session")
def installed_postgresql() -> Iterator[Postgresql]:
    """PostgreSQL as the system has it, in whatever version."""
    yield from _postgresql("installed")


@pytest.fixture(scope="session")
def embedded_postgresql() -> Iterator[Postgresql]:
    """PostgreSQL as the wheel has it, the newest version."""
    yield from _postgresql("embedded")


@pytest.fixture(scope="session", params=POSTGRESQL)
def postgresql(request: pytest.FixtureRequest) -> Postgresql:
    """Each PostgreSQL there is, the test once for each, with its driver."""
    need(find_spec("psycopg"), "psycopg")
    server = request.getfixturevalue(f"{request.param}_postgresql")
    assert isinstance(server, Postgresql)
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mariadb]:
    """MariaDB as the system has it, with its driver."""
    need(mariadb_server.installed(), "MariaDB")
    need(find_spec("pymysql"), "pymysql")
    with mariadb_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def psql(installed_postgresql: Postgresql) -> Psql:
    """Call it with statements for an empty database of PostgreSQL, get their output."""
    return partial(installed_postgresql.psql, database=scratch_database(installed_postgresql))
