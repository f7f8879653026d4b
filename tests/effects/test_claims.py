"""What guard says of locks, scans and rewrites, held against live servers.

The claims stand in `claims/<family>_<dialect>.py`: a statement that guard says nothing of is
skipped, one of which it says what a server does not show fails.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import observe_mariadb
import observe_postgresql
import pytest
from claim import Claim, Seen, told
from mariadb_server import Mariadb
from postgresql_server import Postgresql

from guard.effects.row import BLOCKS
from guard.server import Server

CLAIMS = Path(__file__).parent / "claims"


def claims(dialect: str) -> list[Any]:
    return [
        pytest.param(claim, id=f"{path.stem}-{claim.statement}")
        for path in sorted(CLAIMS.glob(f"*_{dialect}.py"))
        for claim in runpy.run_path(str(path))["CLAIMS"]
    ]


def said(claim: Claim, dialect: str, version: tuple[int, ...]) -> dict[str, Seen]:
    """Return what guard says of the statement; skip where it is of no such server, or unsaid."""
    if not claim.holds_for(version):
        pytest.skip(f"not for {dialect} {version[0]}")
    found = told(claim, Server(dialect, version))
    if found is None:
        pytest.skip("guard says nothing of it")
    return found


@pytest.fixture(scope="module")
def watched(postgresql: Postgresql) -> str:
    return observe_postgresql.watched_database(postgresql)


@pytest.mark.server
@pytest.mark.parametrize("claim", claims("postgresql"))
def test_postgresql_does_what_guard_says(
    claim: Claim, postgresql: Postgresql, watched: str
) -> None:
    expected = said(claim, "postgresql", postgresql.version)
    seen = observe_postgresql.observe(postgresql, watched, claim, named=expected.keys())
    assert seen
    assert seen == {table: one for table, one in expected.items() if table in seen}  # no new ones


@pytest.mark.server
@pytest.mark.parametrize("claim", claims("mariadb"))
def test_mariadb_does_what_guard_says(claim: Claim, mariadb: Mariadb) -> None:
    expected = said(claim, "mariadb", mariadb.version)
    seen = observe_mariadb.observe(mariadb, "claims", claim.setup, claim.statement)
    own = next(iter(expected.values()))  # what it does to others, and whether it scans, is not seen
    assert (seen.lock, seen.rewrites) == (own.lock, own.rewrites)


LOCKS = [lock for lock in BLOCKS if not lock.startswith("LOCK=")]


@pytest.mark.server
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_of_postgresql_blocks_what_guard_says(
    lock: str, postgresql: Postgresql, watched: str
) -> None:
    claim = Claim(setup="CREATE TABLE t (a int)", statement=f"LOCK TABLE t IN {lock} MODE")
    seen = observe_postgresql.observe(postgresql, watched, claim, named={"t"})
    assert seen == {"t": Seen(lock, frozenset(BLOCKS[lock]))}


@pytest.mark.parametrize("dialect", ["postgresql", "mariadb"])
def test_there_are_claims(dialect: str) -> None:
    assert len(claims(dialect)) > 10
