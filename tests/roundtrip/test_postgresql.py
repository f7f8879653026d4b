"""The round trip on PostgreSQL itself: what only it finds, what it leaves alone, and what stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from notes import texts
from roundtrip_project import (
    ENV,
    SLEEPS,
    USERS,
    Step,
    add,
    env_with,
    project,
    round_trip,
    sql,
    story,
)
from servers import need

from guard.facts import SchemaNotRestored, UpgradeFailedWithRows
from guard.roundtrip import postgresql
from guard.roundtrip.backend import lay_out_driver
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.own_server import DATABASES, MEMORY
from guard.roundtrip.postgresql import PostgresqlServer
from guard.roundtrip.run import RoundTrip
from guard.worker.backends.postgresql_wire import Client, quote

pytestmark = [pytest.mark.slow, pytest.mark.server]

ENUM = (
    "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('m', sa.Enum('a', 'b', name='mood')))"
)
CONCURRENTLY = (
    "with op.get_context().autocommit_block():\n"
    "    op.create_index('ix', 'users', ['email'], postgresql_concurrently=True)",
    "with op.get_context().autocommit_block():\n"
    "    op.drop_index('ix', 'users', postgresql_concurrently=True)",
)
MAKE_VIEW, DROP_VIEW = "CREATE VIEW v AS SELECT id FROM users", "DROP VIEW v"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$"
TRIGGER = "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()"
CHECK = "ALTER TABLE users ADD CONSTRAINT c CHECK (length(email) < 99)"
FLAGS = sql("CREATE TABLE flags (id int PRIMARY KEY, n int)", "DROP TABLE flags")
PARTED = (
    "CREATE TABLE p (id int, d date) PARTITION BY RANGE (d);"
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2011-01-01') TO ('2012-01-01')"
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """A server of the user's, as it were, so that not every case has to start one."""
    programs = postgresql.installed(None)
    need(programs, "PostgreSQL")
    assert programs
    with postgresql.started(programs) as running:
        yield running


def url_of(server: PostgresqlServer, database: str = "postgres", driver: str = "") -> str:
    host, port, user, password, _ = server.address
    return f"postgresql{driver}://{user}:{password}@{host}:{port}/{database}"


def env_for(driver: str) -> str:
    """Return an env.py of the driver."""
    return env_with(f"postgresql+{driver}")


Run = Callable[..., RoundTrip]


@pytest.fixture
def run(server: PostgresqlServer, tmp_path: Path) -> Run:
    """Call it with revisions, get their round trip in databases on the server."""

    def go(*steps: Step, env: str = env_for("psycopg"), **settings: Any) -> RoundTrip:
        return round_trip(project(tmp_path, *steps, env=env), url=url_of(server), **settings)

    need(find_spec("psycopg"), "psycopg")
    return go


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ((ENUM, "op.drop_table('t')"), ["+ type mood: ENUM ('a', 'b')"]),
        (sql(MAKE_VIEW), ["+ view v: SELECT id FROM users;"]),
        (sql(FUNCTION), ["+ function f(): CREATE OR REPLACE FUNCTION public.f() RETURNS trigger "
                         "LANGUAGE plpgsql AS $function$BEGIN RETURN NEW; END$function$"]),
        (sql(f"{FUNCTION}; {TRIGGER}", "DROP FUNCTION f CASCADE; "
             "ALTER TABLE users ALTER COLUMN email SET DEFAULT 'x'"),
         ["- column users.email varchar(80)", "+ column users.email varchar(80) DEFAULT 'x'"]),
        (sql(CHECK), ["+ check c on users: (length(email) < 99)"]),
        (sql(f"{CHECK} NOT VALID"), ["+ check c on users: (length(email) < 99) NOT VALID"]),
        (sql("ALTER TABLE users DROP CONSTRAINT users_pkey",
             "ALTER TABLE users ADD CONSTRAINT other PRIMARY KEY (id)"),
         ["- primary key users_pkey of users (id)", "+ primary key other of users (id)"]),
        (sql("CREATE SEQUENCE s"), ["+ sequence s: AS bigint START 1 INCREMENT 1 MIN 1 MAX "
                                    "9223372036854775807"]),
        (sql("CREATE SCHEMA s"), ["+ schema s"]),
        (sql("CREATE DOMAIN d AS int CHECK (VALUE > 0)"),
         ["+ domain d: integer d_check CHECK ((VALUE > 0))"]),
        (sql("COMMENT ON TABLE users IS 'people'"), ["+ table users COMMENT 'people'"]),
        (sql("ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
             "CREATE POLICY p ON users USING (id > 1)"),
         ["+ table users ENABLE ROW LEVEL SECURITY",
          "+ policy p on users: PERMISSIVE FOR ALL TO public USING (id > 1)"]),
        (sql("REVOKE ALL ON users FROM guard; GRANT SELECT ON users TO public"),
         ["+ table users GRANTED =r/guard"]),
        (sql("CREATE INDEX i ON users (lower(email)) WHERE id > 3"),
         ["+ index i on users (lower((email)::text)) WHERE (id > 3)"]),
        (sql("ALTER TABLE users ALTER COLUMN email TYPE text COLLATE \"C\""),
         ["- column users.email varchar(80)", "+ column users.email text COLLATE C"]),
        (sql(PARTED, "DROP TABLE p1"), ["+ table p"]),
    ],
)  # fmt: skip
def test_what_a_downgrade_leaves_behind(step: Step, expected: list[str], run: Run) -> None:
    (fact,) = run(USERS, step).facts
    assert story(RoundTrip(facts=(fact,))) == [("r2", "downgrade drift")]
    assert isinstance(fact, SchemaNotRestored)
    assert list(fact.difference) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (add("n", "sa.Integer(), nullable=False"), "upgrade-with-rows fails"),
        (("op.create_unique_constraint('u', 'users', ['email'])",
          "op.drop_constraint('u', 'users')"), "upgrade-with-rows fails"),
        (sql("ALTER TABLE users ALTER COLUMN email SET NOT NULL",
             "ALTER TABLE users ALTER COLUMN email DROP NOT NULL"), "upgrade-with-rows fails"),
        (sql("ALTER TABLE users ALTER COLUMN email TYPE varchar(3)",
             "ALTER TABLE users ALTER COLUMN email TYPE varchar(80)"), "upgrade-with-rows fails"),
        (sql("ALTER TABLE users ALTER COLUMN email TYPE text",
             "ALTER TABLE users ALTER COLUMN email TYPE varchar(80) USING left(email, 3)"),
         "downgrade loses users"),
        (sql("ALTER TABLE users ALTER COLUMN email TYPE varchar(3) USING left(email, 3)",
             "ALTER TABLE users ALTER COLUMN email TYPE varchar(80)"), "upgrade loses users"),
        (sql("DELETE FROM users WHERE email IS NULL", "UPDATE users SET email = NULL"),
         "downgrade loses users"),
        (sql("ALTER TABLE users ALTER COLUMN email TYPE jsonb USING to_jsonb(email)",
             "ALTER TABLE users ALTER COLUMN email TYPE varchar(80)"), "downgrade loses users"),
        (("pass", "op.execute('SELECT nothing')"), "downgrade fails"),
        (("op.execute('SELECT nothing')", "pass"), "upgrade fails"),
        (("op.create_table('u', sa.Column('id', sa.Integer()))", "pass"), "downgrade drift"),
    ],
)  # fmt: skip
def test_what_goes_wrong(step: Step, expected: str, run: Run) -> None:
    assert story(run(USERS, step)) == [("r2", expected)]


def test_a_moment_without_its_zone_is_no_loss(run: Run) -> None:
    """That its type is another one is told as that."""
    first = "CREATE TABLE t (id int PRIMARY KEY, at timestamptz)", "DROP TABLE t"
    step = sql("ALTER TABLE t ALTER COLUMN at TYPE text", "ALTER TABLE t ALTER COLUMN at TYPE "
               "timestamp USING at::timestamptz::timestamp")  # fmt: skip
    assert story(run(sql(*first), step)) == [("r2", "downgrade drift")]


@pytest.mark.parametrize(
    "step",
    [
        CONCURRENTLY,
        (ENUM, "op.drop_table('t')\nop.execute('DROP TYPE mood')"),
        sql(MAKE_VIEW, DROP_VIEW),
        sql(f"{FUNCTION}; {TRIGGER}", "DROP TRIGGER g ON users; DROP FUNCTION f()"),
        sql("CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY)", "DROP SCHEMA s CASCADE"),
        sql(PARTED, "DROP TABLE p"),
        sql("ALTER TABLE users ALTER COLUMN id TYPE bigint",
            "ALTER TABLE users ALTER COLUMN id TYPE integer"),
        sql("ALTER TABLE flags ALTER COLUMN n TYPE boolean USING n::boolean",
            "ALTER TABLE flags ALTER COLUMN n TYPE integer USING n::integer"),
        add("n", "sa.Integer(), nullable=False, server_default='0'"),
        sql("SET lock_timeout = '5s'", "RESET lock_timeout"),
        sql("DELETE FROM users WHERE email IS NULL"),  # these rows are meant
        sql("UPDATE users SET email = lower(email)"),
    ],
)  # fmt: skip
def test_what_is_as_it_should_be(step: Step, run: Run) -> None:
    result = run(USERS, FLAGS, step)
    assert story(result) == []
    assert (result.upgraded, result.downgraded) == (6, 3)


def test_every_type_gets_rows(run: Run) -> None:
    types = (
        "int2, int8, numeric, numeric(5,2), float4, float8, money, bool, date, time, timetz, "
        "timestamp, timestamptz, interval, uuid, json, jsonb, bytea, bit(3), varbit, inet, cidr, "
        "macaddr, point, box, circle, path, polygon, tsvector, tsquery, int4range, numrange, "
        "daterange, tstzrange, text[], int[], char(2), varchar(3), text, name, mood, pos, pos[]"
    )
    named = enumerate(types.split(", "))
    columns = ", ".join(f"c{number} {type_} NOT NULL" for number, type_ in named)
    made = "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN pos AS int CHECK (VALUE > 0)"
    result = run(
        sql(f"{made}; CREATE TABLE every (id int PRIMARY KEY, {columns})",
            "DROP TABLE every; DROP DOMAIN pos; DROP TYPE mood"),
        ("pass", "pass"),
    )  # fmt: skip
    assert result.seeded_rows >= 3
    assert texts(result.notes) == ()


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ("id int PRIMARY KEY, name text", 14),
        ("id int PRIMARY KEY, name text CHECK (name IN ('a', 'b'))", 16),
        ("id int PRIMARY KEY, name text, EXCLUDE USING btree (lower(name) WITH =)", 10),
        ("id int PRIMARY KEY, name text, UNIQUE (name) DEFERRABLE INITIALLY DEFERRED", 12),
        ("id int PRIMARY KEY CHECK (id > 1004), n int", 10),
        ("id int PRIMARY KEY, parent int REFERENCES kept", 14),
        ("id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now() UNIQUE", 14),
        ("", 0),
    ],
)
def test_a_row_that_is_refused_takes_no_other_along(table: str, count: int, run: Run) -> None:
    result = run(sql(f"CREATE TABLE kept ({table})", "DROP TABLE kept"), ("pass", "pass"))
    assert result.seeded_rows == count


@pytest.mark.parametrize(
    "driver", ["psycopg", "psycopg2", "pg8000", "asyncpg async", "psycopg async"]
)
def test_the_driver_of_the_project(driver: str, run: Run) -> None:
    need(find_spec(driver.removesuffix(" async")), driver)
    need(find_spec("greenlet"), "greenlet")
    result = run(
        USERS,
        (ENUM, "op.drop_table('t')"),
        add("n", "sa.Integer(), nullable=False"),
        *([] if driver == "pg8000" else [CONCURRENTLY]),  # with which Alembic cannot do that
        env=env_for(driver),
    )
    assert story(result) == [("r2", "downgrade drift"), ("r3", "upgrade-with-rows fails")]
    failed = result.facts[1]
    assert isinstance(failed, UpgradeFailedWithRows)
    assert failed.error == 'column "n" of relation "users" contains null values'


@pytest.mark.parametrize(
    ("kind", "expected"), [("serial", []), ("int NOT NULL", [("r2", "upgrade-with-rows fails")])]
)
def test_numbers_of_a_sequence_come_once(
    kind: str, expected: list[tuple[str, str]], run: Run
) -> None:
    made = sql(f"CREATE TABLE kept (id {kind}, name text)", "DROP TABLE kept")
    keyed = sql(
        "ALTER TABLE kept ADD PRIMARY KEY (id)", "ALTER TABLE kept DROP CONSTRAINT kept_pkey"
    )
    assert story(run(made, keyed)) == expected


def test_a_table_that_the_history_starts_from_may_be_dropped(run: Run) -> None:
    result = run(sql("DROP TABLE legacy"), USERS)
    assert story(result) == []
    assert "none of them makes: legacy (r1" in " ".join(texts(result.notes))


def test_rows_of_the_project(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    rows = "INSERT INTO users (id, email) VALUES (901, '100 %'), (902, 'its; own');"
    (tmp_path / "rows" / "r2.sql").write_text(rows)
    upper = sql("UPDATE users SET email = upper(email) WHERE id = 902", "UPDATE users SET email = "
                "'its; own' WHERE id = 902")  # fmt: skip
    result = run(USERS, upper, sql("SELECT 1 / (1 - count(*)) FROM users WHERE email = 'ITS; OWN'"),
                 rows="rows")  # fmt: skip
    assert story(result) == [("r3", "upgrade-with-rows fails")]


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg async"])
def test_a_driver_that_is_not_installed(driver: str, run: Run) -> None:
    need(find_spec("greenlet"), "greenlet")
    missing = "import sys\nsys.modules.update(dict.fromkeys(['psycopg', 'psycopg2', 'asyncpg']))\n"
    result = run(USERS, (ENUM, "op.drop_table('t')"), env=missing + env_for(driver))
    assert story(result) == [("r2", "downgrade drift")]
    name = driver.removesuffix(" async")
    assert texts(result.notes) == (
        f"{name}, the driver of the project's URL, is not installed: pg8000 served.",
    )


def test_the_driver_that_guard_brings_needs_nothing_else(tmp_path: Path) -> None:
    need(find_spec("pg8000"), "pg8000")
    lay_out_driver("postgresql", tmp_path / "drivers")
    code = f"import sys; sys.path.append({str(tmp_path / 'drivers')!r}); import pg8000.dbapi"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_what_the_server_lacks_is_said_and_no_failure(run: Run) -> None:
    result = run(
        USERS,
        sql("CREATE EXTENSION no_such_thing; CREATE TABLE places (id int)", "DROP TABLE places"),
        sql("ALTER TABLE places ADD COLUMN n int", "ALTER TABLE places DROP COLUMN n"),
        add("n", "sa.Integer(), nullable=False"),
    )
    assert story(result) == [("r4", "upgrade-with-rows fails")]
    assert "lacks extension no_such_thing" in texts(result.notes)[0]
    assert "r3 could not be tested" in texts(result.notes)[1]


def test_a_version_table_in_a_schema_of_its_own(run: Run) -> None:
    env = env_for("psycopg").replace(
        "connection=connection)", "connection=connection, version_table_schema='meta')"
    )
    assert story(run(USERS, (ENUM, "op.drop_table('t')"), env=env)) == [("r2", "downgrade drift")]


def test_nothing_but_its_own_databases_is_touched(server: PostgresqlServer, tmp_path: Path) -> None:
    client = Client(server.address, "postgres")
    client.query("CREATE DATABASE real")
    real = Client(server.address, "real")
    real.query("CREATE TABLE users (id int); INSERT INTO users VALUES (1), (2)")
    url = url_of(server, "real", "+psycopg")
    steal = f"import psycopg\npsycopg.connect({url_of(server, 'real')!r})"
    folder = project(
        tmp_path, USERS, (steal, "pass"), env=ENV.replace("sqlite:///data.sqlite3", url)
    )
    result = round_trip(folder, url=url_of(server))
    assert story(result) == [("r2", "upgrade fails")]
    assert real.rows("SELECT id FROM users ORDER BY id") == [("1",), ("2",)]
    assert real.rows("SELECT to_regclass('alembic_version')") == [(None,)]
    names = [row[0] for row in client.rows("SELECT datname FROM pg_database")]
    assert not [name for name in names if str(name).startswith(DATABASES)]
    real.close()
    client.query("DROP DATABASE real")
    client.close()


def test_databases_of_a_dead_run_are_dropped_and_of_a_living_one_are_not(
    server: PostgresqlServer, run: Run
) -> None:
    client = Client(server.address, "postgres")
    alive, dead, other = f"{DATABASES}1_11_0", f"{DATABASES}1_12_0", f"{DATABASES}mine"
    for name in (alive, dead, other):
        client.query(f"CREATE DATABASE {quote(name)}")
    client.query("SELECT pg_advisory_lock(11)")
    run(USERS)
    names = [row[0] for row in client.rows("SELECT datname FROM pg_database")]
    assert {alive, other} <= set(names)
    assert dead not in names
    for name in (alive, other):
        client.query(f"DROP DATABASE {quote(name)}")
    client.close()


def test_databases_that_are_kept(server: PostgresqlServer, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path / "p", USERS), url=url_of(server), keep=True)
    round_trip(project(tmp_path / "q", USERS), url=url_of(server))
    client = Client(server.address, "postgres")
    names = [str(row[0]) for row in client.rows("SELECT datname FROM pg_database")]
    (kept,) = (name for name in names if name.startswith(DATABASES))
    (note,) = (note for note in texts(result.notes) if "was kept" in note)
    assert f"-U guard {kept}" in note
    assert f"DROP DATABASE {kept}" in note
    inside = Client(server.address, kept)
    assert inside.rows("SELECT version_num FROM alembic_version") == [("r1",)]
    inside.close()
    client.query(f"DROP DATABASE {quote(kept)}")
    client.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://127.0.0.1:1/postgres", "no PostgreSQL server answers there"),
        ("postgresql:///postgres", "reached by TCP"),
        ("oracle://root@localhost/x", "on PostgreSQL, MariaDB or MySQL"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RoundTripError, match=words):
        round_trip(project(tmp_path, USERS), url=url)


# A server of its own


def started(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Return a guard whose migration sleeps, and the folder of its server."""
    project(folder, SLEEPS, env=env_for("psycopg"))
    command = [sys.executable, "-m", "guard", "roundtrip", "--backend", "postgresql"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        found = [*servers_of(process.pid)]
        if found and (found[0] / "data" / "postmaster.pid").exists():
            time.sleep(2)
            return process, found[0]
        time.sleep(0.1)
    process.kill()
    raise AssertionError("no server was started")


def servers_of(pid: int) -> Iterator[Path]:
    for place in (MEMORY, Path(os.environ.get("TMPDIR", "/tmp"))):
        yield from place.glob(f"{postgresql.KIND.folders}{pid}-*")


def runs(pid: int) -> bool:
    try:
        return "postgres" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    process, folder = started(tmp_path)
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert not folder.exists()
    assert not runs(pid)


def test_what_a_killed_run_leaves_the_next_one_removes(tmp_path: Path) -> None:
    process, folder = started(tmp_path / "killed")
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    process.kill()
    process.communicate(timeout=60)
    assert folder.exists()
    (tmp_path / "next").mkdir()
    result = round_trip(
        project(tmp_path / "next", USERS, env=env_for("psycopg")), backend="postgresql"
    )
    assert result.server.startswith("PostgreSQL ")
    assert not folder.exists()
    assert not runs(pid)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dialect": "postgresql"}, "PostgreSQL "),
        ({"dialect": "postgresql", "backend": "sqlite"}, "SQLite"),
        ({"backend": "postgresql", "server_version": "15"}, "PostgreSQL "),
        ({}, "SQLite"),
    ],
)
def test_which_server_is_taken(settings: dict[str, Any], expected: str, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, USERS, env=env_for("psycopg")), **settings)
    assert result.server.startswith(expected)


def test_a_version_that_is_not_installed_is_said(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env=env_for("psycopg"))
    result = round_trip(folder, backend="postgresql", server_version="9.6")
    assert texts(result.notes) == (
        f"The round trip ran on {result.server}, since PostgreSQL 9 is not installed.",
    )


@pytest.mark.parametrize(("backend", "words"), [("auto", "how"), ("postgresql", "error")])
def test_without_a_server_it_is_said_how_to_get_one(
    backend: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "installed", lambda version: None)
    folder = project(tmp_path, USERS)
    if words == "error":
        with pytest.raises(RoundTripError, match="migration-guard\\[postgresql\\]"):
            round_trip(folder, backend=backend, dialect="postgresql")
    else:
        result = round_trip(folder, backend=backend, dialect="postgresql")
        assert result.server == "SQLite"
        assert "migration-guard[postgresql]" in texts(result.notes)[0]


def test_a_step_that_changes_nothing_but_the_version_is_known_by_it(tmp_path: Path) -> None:
    second = "sa.ran = getattr(sa, 'ran', 0) + 1\nif sa.ran == 2:\n    raise ValueError('again')"
    more = ("op.add_column('users', sa.Column('nick', sa.Text()))", "pass")
    result = round_trip(project(tmp_path, USERS, (second, "pass"), more), backend="postgresql")
    assert story(result) == [("r2", "second-upgrade fails"), ("r3", "downgrade drift")]


def test_a_text_that_becomes_json_is_not_lost(tmp_path: Path) -> None:
    becomes = "op.execute('ALTER TABLE users ALTER COLUMN email TYPE jsonb USING to_jsonb(email)')"
    step = becomes, "raise NotImplementedError('one way')"
    result = round_trip(project(tmp_path, USERS, step), backend="postgresql")
    assert story(result) == [("r2", "irreversible")]


@pytest.mark.parametrize(
    ("use", "is_tested"),
    [
        ("SELECT jsonb_array_elements(data)->>'name' FROM t", True),
        ("UPDATE t SET data = (SELECT jsonb_agg(e) FROM jsonb_array_elements(t.data) e)", True),
        ("SELECT jsonb_array_length(data) FROM t", True),
        ("SELECT * FROM t, jsonb_to_recordset(t.data) AS r(name text)", True),
        ("SELECT jsonb_each(data) FROM t", True),
        ("SELECT data::int FROM t", False),
        ("SELECT data - 'a' FROM (SELECT to_jsonb('x'::text) AS data FROM t) x", False),
        ("SELECT jsonb_array_elements(x.other) FROM (SELECT data AS other FROM t) x", False),
        ("SELECT jsonb_object_keys(x.other->0) FROM (SELECT jsonb_build_array(1) AS other"
         " FROM t) x", False),
        ("SELECT decode(data::text, 'hex') FROM t", False),
    ],
)  # fmt: skip
def test_json_in_another_shape_is_no_failure(use: str, is_tested: bool, run: Run) -> None:
    table = sql("CREATE TABLE t (id int PRIMARY KEY, data jsonb)", "DROP TABLE t")
    result = run(table, (f"op.execute({use!r})", "pass"))
    assert story(result) == []
    said = [note for note in result.notes if "Tested without rows" in note.text]
    assert bool(said) is not is_tested


@pytest.mark.parametrize("use", ["SELECT set_config('work_mem', 'x', false)", "SELECT data.x"])
def test_a_wrong_argument_is_a_failure(use: str, run: Run) -> None:
    table = sql("CREATE TABLE t (id int PRIMARY KEY, data jsonb)", "DROP TABLE t")
    assert story(run(table, (f"op.execute({use!r})", "pass"))) == [("r2", "upgrade fails")]
