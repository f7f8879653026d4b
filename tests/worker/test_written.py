"""What an upgrade's statements say that they take away, by the rows that they match."""

from __future__ import annotations

import sqlite3

import pytest

from guard.worker.written import Rows, Written

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, NULL);
CREATE TABLE logs (line TEXT);
INSERT INTO logs VALUES ('x'), ('x'), ('y');
"""


def written(*statements: str) -> Written:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)

    def rows_of(table: str) -> Rows | None:
        found = connection.execute(f"PRAGMA table_info({table})").fetchall()
        keys = tuple(row[1] for row in found if row[5])
        if not found:
            return None
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        return Rows(tuple(row[1] for row in found), keys, rows)

    heard = Written(rows_of)
    for sql in statements:
        heard.hear(sql)
        connection.execute(sql)
    heard.close()
    connection.close()
    return heard


@pytest.mark.parametrize(
    ("statements", "deleted", "updated"),
    [
        (["DELETE FROM users WHERE id = 1"], {"1"}, {}),
        (['delete from main."users" where id > 1'], {"2", "3"}, {}),
        (["DELETE FROM users WHERE id = 9"], set(), {}),
        (["UPDATE users SET name = upper(name)"], set(), {"name": {"1", "2"}}),
        (["UPDATE OR IGNORE users SET name = 'a'"], set(), {"name": {"2", "3"}}),
        (["UPDATE users SET id = id + 10"], {"1", "2", "3"}, {}),
        (["INSERT OR REPLACE INTO users VALUES (1, 'z'), (4, 'z')"], set(), {"name": {"1"}}),
        (["INSERT INTO users VALUES (1, 'z') ON CONFLICT DO UPDATE SET name = 'q'"], set(),
         {"name": {"1"}}),
        (["INSERT INTO users VALUES (7, 'z')"], set(), {}),
        (["WITH w AS (SELECT 1 AS i) DELETE FROM users WHERE id IN (SELECT i FROM w)"], {"1"}, {}),
        (["SELECT 'DELETE FROM users'"], set(), {}),
        (["UPDATE users SET name = 'x' WHERE id = 1", "SELECT 1",
          "UPDATE users SET name = 'x' WHERE id = 2"], set(), {"name": {"1", "2"}}),
        (["DELETE FROM users WHERE id = 1", "ALTER TABLE users RENAME TO people",
          "DELETE FROM people WHERE id = 2"], {"1", "2"}, {}),
    ],
)  # fmt: skip
def test_rows_that_statements_match(
    statements: list[str], deleted: set[str], updated: dict[str, set[str]]
) -> None:
    effects = written(*statements).effects_on("users")
    assert {key[0] for key in effects.deleted} == deleted
    assert {c: {key[0] for key in keys} for c, keys in effects.updated.items()} == updated


def test_without_a_key_rows_are_told_by_what_they_hold() -> None:
    effects = written("DELETE FROM logs WHERE line = 'x'").effects_on("logs")
    assert +effects.without_key == {"('x',)": 2}


@pytest.mark.parametrize(
    ("statements", "place"),
    [
        ([], "users"),
        (["ALTER TABLE users RENAME TO people"], "people"),
        (["ALTER TABLE users RENAME TO old", "CREATE TABLE users (id INTEGER)"], "old"),
        (["ALTER TABLE users RENAME TO old", "CREATE TABLE users (id INTEGER)", "DROP TABLE old"],
         "users"),
        (["CREATE TABLE new (id INTEGER)", "DROP TABLE users", "ALTER TABLE new RENAME TO users"],
         "users"),
        (["CREATE TABLE _alembic_tmp_users (id INTEGER)", "DROP TABLE users",
          "ALTER TABLE _alembic_tmp_users RENAME TO users", "ALTER TABLE users RENAME TO people"],
         "people"),
    ],
)  # fmt: skip
def test_where_a_table_is_found_again(statements: list[str], place: str) -> None:
    assert written(*statements).place_of("users") == place


@pytest.mark.parametrize(
    ("statements", "column"),
    [
        ([], "name"),
        (["ALTER TABLE users RENAME COLUMN name TO nick"], "nick"),
        (["ALTER TABLE users RENAME name TO nick", "ALTER TABLE users RENAME nick TO call"],
         "call"),
        (["ALTER TABLE users DROP COLUMN name"], None),
        (["ALTER TABLE users RENAME TO people", 'ALTER TABLE people DROP "name"'], None),
    ],
)  # fmt: skip
def test_what_a_column_is_called_then(statements: list[str], column: str | None) -> None:
    assert written(*statements).column_of("users", "name") == column


@pytest.mark.parametrize(
    ("statement", "place", "column"),
    [
        ("ALTER TABLE users CHANGE name nick VARCHAR(20) NULL", "users", "nick"),
        ("ALTER TABLE `users` CHANGE COLUMN `name` `nick` DECIMAL(8, 2)", "users", "nick"),
        ("ALTER TABLE users MODIFY id BIGINT, CHANGE name nick TEXT", "users", "nick"),
        ("ALTER TABLE users ADD n INT, DROP COLUMN IF EXISTS name, ADD m INT", "users", None),
        ("ALTER TABLE users DROP INDEX name, DROP FOREIGN KEY name", "users", "name"),
        ("ALTER TABLE users RENAME INDEX name TO nick", "users", "name"),
        ("ALTER TABLE users RENAME AS people", "people", "name"),
        ("RENAME TABLE orders TO bills, users TO people", "people", "name"),
    ],
)
def test_words_of_mysql(statement: str, place: str, column: str | None) -> None:
    heard = Written(lambda table: None)
    heard.hear(statement)
    assert heard.place_of("users") == place
    assert heard.column_of("users", "name") == column
