"""`guard stats`: the sizes of a database's tables in a file, and the database as it was."""

from __future__ import annotations

import sqlite3
import tomllib
from pathlib import Path

import pytest
from command_line import PROJECT, guard, write
from mariadb_server import Mariadb
from postgresql_server import Postgresql, scratch_database

SERVER = pytest.mark.server


def sizes(folder: Path) -> dict[str, dict[str, int]]:
    tables: dict[str, dict[str, int]] = tomllib.loads((folder / "guard-stats.toml").read_text())
    return tables["tables"]  # type: ignore[return-value]


def test_sqlite_is_counted_and_only_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "live.db") as connection:
        connection.execute("CREATE TABLE orders (id integer)")
        connection.execute('CREATE TABLE "odd name" (id integer)')
        connection.executemany("INSERT INTO orders VALUES (?)", [(n,) for n in range(1234)])
    connection.close()
    before = (tmp_path / "live.db").read_bytes()
    done = guard(write(tmp_path, PROJECT), "stats", "--url", "sqlite:///live.db")
    assert done.says(
        "guard-stats.toml now says how large 2 tables are, the largest orders with 1,234 rows"
    )
    assert sizes(tmp_path) == {"orders": {"rows": 1300}, "odd name": {"rows": 0}}
    assert (tmp_path / "live.db").read_bytes() == before


def test_the_file_of_the_settings_is_written(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "live.db").execute("CREATE TABLE t (a)").connection.close()
    write(tmp_path, {**PROJECT, "guard.toml": "stats = 'sizes.json'"})
    assert guard(tmp_path, "stats", GUARD_STATS_URL="sqlite:///live.db").code == 0
    assert (tmp_path / "sizes.json").read_text() == (
        '{\n  "tables": {\n    "t": {\n      "rows": 0\n    }\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///nowhere.db", "--url sqlite:///nowhere.db: it cannot be asked: unable to open"),
        ("postgresql://ann:s3cr%65t@127.0.0.1:1/x", "--url postgresql://ann:***@127"),
    ],
)
def test_a_database_that_cannot_be_asked(url: str, says: str, tmp_path: Path) -> None:
    done = guard(write(tmp_path, PROJECT), "stats", "--url", url)
    assert done.code == 2
    assert done.says(says)
    assert "s3cr" not in done.output
    assert not (tmp_path / "guard-stats.toml").exists()


def test_a_database_without_tables(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "live.db").close()
    (tmp_path / "live.db").touch()
    done = guard(write(tmp_path, PROJECT), "stats", "--url", "sqlite:///live.db")
    assert done.code == 2
    assert done.says("there is no table of which the database knows the size")


POSTGRESQL_TABLES = """
CREATE TABLE orders (id int PRIMARY KEY, note text);
INSERT INTO orders SELECT n, 'x' FROM generate_series(1, 5000) n;
CREATE TABLE empty (id int);
CREATE SCHEMA app;
CREATE TABLE app.users (id int);
INSERT INTO app.users SELECT generate_series(1, 70);
CREATE TABLE events (day int) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200);
INSERT INTO events SELECT n FROM generate_series(0, 199) n;
ANALYZE;
CREATE TABLE unknown (id int);
INSERT INTO unknown VALUES (1);
"""


@SERVER
def test_postgresql(postgresql: Postgresql, tmp_path: Path) -> None:
    database = scratch_database(postgresql)
    postgresql.psql(POSTGRESQL_TABLES, database)
    done = guard(write(tmp_path, PROJECT), "stats", "--url", postgresql.url(database))
    assert done.says("the largest orders with 5,000 rows", "left out, since nobody has analyzed")
    assert {name: size["rows"] for name, size in sizes(tmp_path).items()} == {
        "orders": 5000,
        "empty": 0,
        "app.users": 70,
        "events": 200,
        "events_1": 100,
        "events_2": 100,
    }
    assert sizes(tmp_path)["orders"]["bytes"] > 200_000
    assert sizes(tmp_path)["events"]["bytes"] >= 2 * sizes(tmp_path)["events_1"]["bytes"]


@SERVER
def test_mariadb(mariadb: Mariadb, tmp_path: Path) -> None:
    database = mariadb.create_database("sizes")
    with mariadb.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE orders (id int PRIMARY KEY) SELECT seq AS id FROM seq_1_to_500"
        )
        cursor.execute("CREATE VIEW v AS SELECT * FROM orders")
        cursor.execute("ANALYZE TABLE orders")
    done = guard(write(tmp_path, PROJECT), "stats", "--url", mariadb.url(database))
    assert done.code == 0, done.output
    assert sizes(tmp_path).keys() == {"orders"}
    assert sizes(tmp_path)["orders"]["rows"] == 500
    assert sizes(tmp_path)["orders"]["bytes"] >= 16_000
