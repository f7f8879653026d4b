"""Small projects with one revision that is a hazard or only looks like one, on each server."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hazards import CASES, Case, Otherwise
from hazards_mariadb import CASES_OF_MARIADB
from hazards_mariadb import OTHERWISE as OTHERWISE_ON_MARIADB
from hazards_postgresql import CASES_OF_POSTGRESQL
from hazards_postgresql import OTHERWISE as OTHERWISE_ON_POSTGRESQL
from mariadb_server import Mariadb
from roundtrip_project import env_with, project, round_trip
from servers import need

from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    RowsLost,
    RowsReachable,
    SchemaNotRepeatable,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UpgradeFailed,
    UpgradeFailedWithRows,
)
from guard.roundtrip import postgresql

RULES: dict[type[Fact], str] = {
    UpgradeFailed: "upgrade-fails",
    UpgradeFailedWithRows: "upgrade-fails-with-rows",
    DowngradeFailed: "downgrade-fails",
    SecondUpgradeFailed: "second-upgrade-fails",
    SchemaNotRestored: "schema-not-restored",
    SchemaNotRepeatable: "schema-not-repeatable",
    RowsLost: "rows-lost",
    DeclaredIrreversible: "declared-irreversible",
}


def found(case: Case, folder: Path, env: str, url: str | None = None) -> set[str]:
    """Return what the round trip of a case says."""
    steps = (case.base, (case.upgrade, case.downgrade), *case.after)
    names = tuple(f"r{number}" for number in range(2, len(steps) + 1))
    result = round_trip(project(folder, *steps, env=env), revisions=names, url=url)
    # What would happen where keys are enforced is a finding where the application has them so.
    facts = (fact for fact in result.facts if not isinstance(fact, RowsReachable))
    return {f"{fact.revision} {RULES[type(fact)]}" for fact in facts}


def expected(says: tuple[str, ...] | str) -> set[str]:
    return {says} if isinstance(says, str) else set(says)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_on_sqlite(case: Case, tmp_path: Path) -> None:
    assert found(case, tmp_path, case.env) == expected(case.says)


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("case", CASES_OF_MARIADB, ids=[case.name for case in CASES_OF_MARIADB])
def test_on_mariadb(case: Case, mariadb: Mariadb, tmp_path: Path) -> None:
    env = env_with("mysql+pymysql").replace('/app")', '/app", connect_args={"init_command": ANSI})')
    env = "ANSI = \"SET sql_mode = 'ANSI,STRICT_TRANS_TABLES'\"\n" + env
    assert found(case, tmp_path, env, mariadb.tcp_url()) == expected(case.says)


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    """The URL of a server of the user's, as it were, so that not every case has to start one."""
    programs = postgresql.installed(None)
    need(programs, "PostgreSQL")
    need(find_spec("psycopg"), "psycopg")
    assert programs
    with postgresql.started(programs) as running:
        host, port, user, password, _ = running.address
        yield f"postgresql://{user}:{password}@{host}:{port}/postgres"


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("case", CASES_OF_POSTGRESQL, ids=[c.name for c in CASES_OF_POSTGRESQL])
def test_on_postgresql(case: Case, postgresql_url: str, tmp_path: Path) -> None:
    env = env_with("postgresql+psycopg")
    assert found(case, tmp_path, env, postgresql_url) == expected(case.says)


@pytest.mark.parametrize("otherwise", [OTHERWISE_ON_MARIADB, OTHERWISE_ON_POSTGRESQL])
def test_what_is_otherwise_on_a_server_is_a_case(otherwise: Otherwise) -> None:
    assert otherwise.keys() <= {case.name for case in CASES}
