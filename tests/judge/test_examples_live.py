"""Every example of every rule, run for real on live servers, up and down, with rows.

A safe one runs as it is, an unsafe one with the code of its remedy, and as its fix leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from examples import judge
from mariadb_server import Mariadb
from mended import mended
from msgspec.structs import replace
from postgresql_server import Postgresql
from presumed import SCHEMAS
from run_example import run_example

from guard.judge.load_rules import load_rules
from guard.rewrite import Afterwards
from guard.rule import Example, Rule

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
Fresh = Callable[[], str]
LIMITS = "&options=-c%20lock_timeout%3D5s%20-c%20statement_timeout%3D20s"
EMPTY = """
DO $$ DECLARE one record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  FOR one IN SELECT oid::regnamespace AS name FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %s CASCADE', one.name);
  END LOOP;
END $$;
"""
# What no test can run, and why: the whole rule, or one of its examples.
UNRUN = {
    "empty-revision-1": "it refuses on purpose",
    **{
        f"not-in-transaction-{number}": "a subscription needs a second server"
        for number in ("5", "6", "15-fixed", "16-fixed", "17-fixed", "18-fixed")
    },
    "not-in-transaction-12-fixed": "no database moves to another tablespace while it is used",
    "not-in-transaction-13-fixed": "a tablespace needs a folder of the server",
    "not-in-transaction-14-fixed": "a tablespace needs a folder of the server",
    "attach-partition-3": "it ends a DETACH CONCURRENTLY that was interrupted",
    "detach-partition-1": "it ends a DETACH CONCURRENTLY that was interrupted",
    "add-check-constraint-4": "NOT ENFORCED is MySQL's",
    "add-check-constraint-3-fixed": "NOT ENFORCED is MySQL's",
    "add-check-constraint-4-fixed": "NOT ENFORCED is MySQL's",
    "unnamed-constraint-2": "NOT ENFORCED is MySQL's",
    "unparsable-sql-2": "a name for the CHECK of a column is MySQL's",
}


def cases(*dialects: str | None) -> list[Any]:
    """Return the examples that are bodies of revisions, and what else they name."""
    found = []
    for rule in load_rules():
        for number, example in enumerate(rule.safe):
            found.append((example, "", f"{rule.name}-{number}"))
        for number, example in enumerate(rule.unsafe):
            if example.fixed or example.fixed_downgrade:
                upgrade = example.fixed or example.upgrade
                downgrade = example.fixed_downgrade or example.downgrade
                fixed = replace(example, upgrade=upgrade, downgrade=downgrade)
                found.append((fixed, example.upgrade, f"{rule.name}-{number}-fixed"))
    return [
        pytest.param(example, names, id=name)
        for example, names, name in found
        if example.source is None and not example.change and example.dialect in dialects
        if name not in UNRUN
    ]


def check(
    example: Example,
    folder: Path,
    fresh: Fresh,
    names: str,
    dialect: str,
    later: tuple[Afterwards, ...] = (),
) -> None:
    """Run the example; one that names no dialect may also be what guard refuses for this one."""
    try:
        run_example(example, folder, fresh, names, later)
    except Exception:
        told = folder / "told"
        told.mkdir()
        found = () if example.dialect else judge(replace(example, dialect=dialect, config={}), told)
        if not any(finding.severity == "error" for finding in found):
            raise


@pytest.fixture(scope="module")
def shop(postgresql: Postgresql) -> Fresh:
    """Call it to empty the shop's database, and get its URL."""
    with postgresql.connect() as connection:
        for name in ("shop", "shop_owner"):
            connection.execute(f"DROP ROLE IF EXISTS {name}")
            connection.execute(f"CREATE ROLE {name} SUPERUSER")
    name = postgresql.create_database("shop")

    def fresh() -> str:
        with postgresql.connect(name) as connection:
            connection.execute(EMPTY)
            connection.execute("CREATE SCHEMA public")
        return postgresql.url(name) + LIMITS

    return fresh


@pytest.mark.parametrize(("example", "names"), cases("postgresql", None))
def test_on_postgresql(
    example: Example, names: str, shop: Fresh, postgresql: Postgresql, tmp_path: Path
) -> None:
    if is_for_newer(example, postgresql):
        pytest.skip("for a newer server")
    check(example, tmp_path, shop, names, "postgresql")


def is_for_newer(example: Example, server: Postgresql) -> bool:
    return int((example.version or "0").partition(".")[0]) > server.version[0]


@pytest.mark.parametrize(("example", "names"), cases("mysql", "mariadb", None))
def test_on_mariadb(example: Example, names: str, mariadb: Mariadb, tmp_path: Path) -> None:
    dialect = example.dialect or "mysql"
    check(example, tmp_path, emptied(mariadb, dialect), names, dialect)


def emptied(mariadb: Mariadb, dialect: str) -> Fresh:
    def fresh() -> str:
        with mariadb.connect() as connection, connection.cursor() as cursor:
            for schema in (*SCHEMAS, "reporting"):
                cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
        return mariadb.url(mariadb.create_database("main"), dialect)

    return fresh


@pytest.mark.parametrize(("example", "names"), cases("sqlite", None))
def test_on_sqlite(example: Example, names: str, tmp_path: Path) -> None:
    numbers = count(1)
    check(example, tmp_path, lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db", names, "sqlite")


# The rules that offer a fix for a revision, and on which server the fixed examples run.
FIXING = {
    "add-check-constraint": "postgresql",
    "add-foreign-key": "postgresql",
    "add-unique-constraint": "postgresql",
    "alter-column-loses-attributes": "mysql",
    "create-index": "postgresql",
    "drop-index": "postgresql",
    "enum-type-left-behind": "postgresql",
    "incomplete-downgrade": "postgresql",
    "lock-timeout": "postgresql",
    "set-not-null": "postgresql",
    "unnamed-constraint": "postgresql",
}


@pytest.mark.parametrize(
    "rule", [r for r in load_rules() if r.name in FIXING], ids=lambda r: r.name
)
def test_what_a_fix_leaves(
    rule: Rule, shop: Fresh, postgresql: Postgresql, mariadb: Mariadb, tmp_path: Path
) -> None:
    server, ran = FIXING[rule.name], 0
    for number, example in enumerate(rule.unsafe):
        plain = example.source is None and not example.change
        folder = tmp_path / str(number)
        folder.mkdir()
        found = mended(rule, example, folder) if plain else None
        alike = (server, "mariadb") if server == "mysql" else (server,)
        if found is None or (example.dialect or server) not in alike:
            continue
        if server == "postgresql" and is_for_newer(example, postgresql):
            continue
        fixed, later = found
        fresh = shop if server == "postgresql" else emptied(mariadb, "mysql")
        (folder / "run").mkdir()
        check(fixed, folder / "run", fresh, example.upgrade, server, later)
        ran += 1
    assert ran
