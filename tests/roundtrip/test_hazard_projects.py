"""Small projects with one revision that is a hazard or only looks like one, on each server."""

from __future__ import annotations

from pathlib import Path

import pytest
from hazards import CASES, Case
from hazards_mariadb import CASES_OF_MARIADB, OTHERWISE
from mariadb_server import Mariadb
from roundtrip_project import env_with, project, round_trip

from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    RowsLost,
    SchemaNotRepeatable,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UpgradeFailed,
    UpgradeFailedWithRows,
)

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
    return {f"{fact.revision} {RULES[type(fact)]}" for fact in result.facts}


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


def test_what_is_otherwise_on_mariadb_is_otherwise_somewhere() -> None:
    assert OTHERWISE.keys() <= {case.name for case in CASES}
