"""The rows that tables are given before an upgrade, and how two schemas are compared."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import guard.worker
from guard.worker.backends.protocol import State
from guard.worker.backends.sqlite import SqliteDatabase
from guard.worker.backends.sqlite_engines import SqliteScratch
from guard.worker.compare import schema_difference
from guard.worker.fence import Fence
from guard.worker.seed import Seeder


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


def database_of(connection: sqlite3.Connection) -> SqliteDatabase:
    database = SqliteDatabase(SqliteScratch("", Fence("", print)))
    database.take(connection, "alembic_version")
    return database


def seeded(connection: sqlite3.Connection, sql: str) -> tuple[State, Seeder]:
    connection.executescript(sql)
    seeder = Seeder({})
    return seeder.seed(database_of(connection)), seeder


def read(connection: sqlite3.Connection, sql: str) -> State:
    connection.executescript("PRAGMA writable_schema = RESET;" + sql)
    return database_of(connection).snapshot()


def test_a_table_of_one_row_gets_it(connection: sqlite3.Connection) -> None:
    state, seeder = seeded(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id = 1))")
    assert state.rows["t"] == [(1,)]
    assert not seeder.notes


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id CHAR(32) PRIMARY KEY, n BIGINT NOT NULL UNIQUE)",
        "CREATE TABLE t (a TEXT, b TEXT NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "CREATE TABLE t (k TEXT NOT NULL CHECK (k IN ('one', 'two')))",
        "CREATE TABLE t (n INTEGER NOT NULL CHECK (n BETWEEN 3 AND 5))",
        "CREATE TABLE t (a INT, b INT, CHECK ((a IS NULL) <> (b IS NULL)))",
        "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, CHECK (a < 10 AND b > 20))",
        "CREATE TABLE t (flag BOOLEAN NOT NULL CHECK (flag IN (0, 1)))",
        "CREATE TABLE t (j JSON NOT NULL CHECK (json_valid(j)))",
        "CREATE TABLE t (a INT NOT NULL, b INT GENERATED ALWAYS AS (a + 1) STORED)",
        "CREATE TABLE t (c VARCHAR(2) NOT NULL CHECK (length(c) <= 2))",
        "CREATE TABLE t (a INT); CREATE UNIQUE INDEX u ON t (a) WHERE a IS NOT NULL",
        "CREATE TABLE p (id INTEGER PRIMARY KEY);"
        "CREATE TABLE t (p INTEGER NOT NULL REFERENCES p (id))",
        "CREATE TABLE t (p INTEGER NOT NULL REFERENCES p, UNIQUE (p));"
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);"
        "CREATE TABLE t (a INT NOT NULL REFERENCES a, b INT NOT NULL REFERENCES b,"
        " PRIMARY KEY (a, b))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t (id))",
        'CREATE TABLE t ("order" INT, "a ""b" TEXT, [c d] DATETIME)',
    ],
)
def test_every_table_gets_rows_that_its_constraints_allow(
    sql: str, connection: sqlite3.Connection
) -> None:
    state, seeder = seeded(connection, sql)
    assert len(state.rows["t"]) >= 2
    assert not seeder.notes
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        pytest.param(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER DEFAULT 7)",
            [
                (1001, None, 7),
                (1002, None, None),
                (1003, "Ünï 1011", 62),
                (1004, "Ünï 1011", 62),
                (1005, "Ünï 1012", 62),
                (1006, "", -1),
                (1007, "", 0),
            ],
            id="NULL, default, equal, negative, zero and empty",
        ),
        pytest.param(
            "CREATE TABLE t (a TEXT NOT NULL UNIQUE, n INTEGER NOT NULL UNIQUE)",
            [
                ("Ünï 1001", 21001),
                ("Ünï 1002", 21002),
                ("Ünï 1003", 21003),
                ("ÜNï 1003", 21004),
                ("Ünï 1005", 21005),
                ("", -1),
            ],
            id="unique: by case only another",
        ),
        pytest.param(
            "CREATE TABLE p (id INTEGER PRIMARY KEY);"
            "CREATE TABLE t (p INTEGER NOT NULL REFERENCES p (id), p_id INTEGER)",
            [(1001, None), (1001, None), (1001, 1001), (1001, 1001), (1002, 42), (1003, 42),
             (1004, 42)],
            id="children of one parent, and what looks like one",
        ),
        pytest.param(
            "CREATE TABLE t (s TEXT NOT NULL CHECK (s IN ('a', 'b', 'c')))",
            [("a",), ("a",), ("a",), ("a",), ("a",), ("a",), ("a",), ("b",), ("c",)],
            id="every literal",
        ),
    ],
)  # fmt: skip
def test_rows(sql: str, rows: list[tuple[object, ...]], connection: sqlite3.Connection) -> None:
    state, _ = seeded(connection, sql)
    assert state.rows["t"] == rows


def test_a_table_that_cannot_hold_rows_is_said(connection: sqlite3.Connection) -> None:
    trigger = (
        "CREATE TABLE t (a INT); CREATE TRIGGER no BEFORE INSERT ON t "
        "BEGIN SELECT RAISE(ABORT, 'never'); END"
    )
    state, seeder = seeded(connection, trigger)
    assert state.rows["t"] == []
    assert seeder.notes == {"t": "never"}


def test_only_what_changed_is_given_more_rows(connection: sqlite3.Connection) -> None:
    connection.executescript("CREATE TABLE a (x INT); CREATE TABLE b (x INT)")
    seeder, database = Seeder({}), database_of(connection)
    seeder.seed(database)
    connection.execute("ALTER TABLE b ADD COLUMN y INT")
    database.take(connection, "alembic_version")
    state = seeder.seed(database)
    assert [len(state.rows[name]) for name in "ab"] == [7, 14]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CREATE TABLE t (a INTEGER, b TEXT)", 'create table "t" ( "b" text,\n "a" INTEGER )'),
        ("CREATE TABLE t (a INT DEFAULT 0)", "CREATE TABLE t (a INT DEFAULT '0')"),
        ("CREATE TABLE t (a INT DEFAULT (0))", "CREATE TABLE t (a INT DEFAULT 0)"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER NOT NULL, "
         "CONSTRAINT pk PRIMARY KEY (id))"),
        ("CREATE TABLE t (a INT CHECK (a>1))", "CREATE TABLE t (a INT, CHECK ( a > 1 ))"),
        ("CREATE TABLE t (a INT); CREATE INDEX i ON t(a)",
         'CREATE TABLE t (a INT); CREATE INDEX "i" ON "t" ("a") -- again'),
    ],
)  # fmt: skip
def test_differences_that_mean_nothing(before: str, after: str) -> None:
    assert differences(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("CREATE TABLE t (a INT)", "", ["- table t"]),
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (a BIGINT)",
         ["- column t.a INT", "+ column t.a BIGINT"]),
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT NOT NULL)",
         ["- column t.a INT", "+ column t.a INT NOT NULL"]),
        ("CREATE TABLE t (a INT DEFAULT 1)", "CREATE TABLE t (a INT)",
         ["- column t.a INT DEFAULT 1", "+ column t.a INT"]),
        ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT)", ["- unique on t (a)"]),
        ("CREATE TABLE t (a INT CHECK (a > 1))", "CREATE TABLE t (a INT)",
         ["- check on t: a > 1"]),
        ("CREATE TABLE t (a TEXT COLLATE NOCASE)", "CREATE TABLE t (a TEXT)",
         ["- column t.a TEXT COLLATE NOCASE", "+ column t.a TEXT"]),
        ("CREATE TABLE t (a INT); CREATE INDEX i ON t (a) WHERE a > 1",
         "CREATE TABLE t (a INT); CREATE INDEX i ON t (a)",
         ["- index i on t (a) WHERE a > 1", "+ index i on t (a)"]),
        ("CREATE TABLE t (a INT REFERENCES p (id) ON DELETE CASCADE)", "CREATE TABLE t (a INT)",
         ["- foreign key on t (a) to p (id) ON DELETE CASCADE"]),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
         "CREATE TABLE t (id INTEGER PRIMARY KEY)",
         ["- column t.id INTEGER NOT NULL AUTOINCREMENT", "+ column t.id INTEGER NOT NULL"]),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2",
         ["- view v: CREATE VIEW v AS SELECT 1", "+ view v: CREATE VIEW v AS SELECT 2"]),
    ],
)  # fmt: skip
def test_differences(before: str, after: str, expected: list[str]) -> None:
    assert differences(before, after) == expected


def differences(before: str, after: str) -> list[str]:
    states = []
    for sql in (before, after):
        connection = sqlite3.connect(":memory:")
        states.append(read(connection, sql))
        connection.close()
    return schema_difference(*states)


@pytest.mark.parametrize("path", sorted(Path(guard.worker.__path__[0]).rglob("*.py")), ids=str)
def test_the_worker_is_written_for_its_oldest_python(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    assert "guard" not in imported
    assert "msgspec" not in imported
