"""The round trip on MariaDB itself: what only it finds, what it leaves alone, and what stays."""

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
from mariadb_server import Mariadb
from notes import texts
from roundtrip_project import (
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

from guard.facts import SchemaNotRestored, UpgradeFailed, UpgradeFailedWithRows
from guard.roundtrip import mysql
from guard.roundtrip.backend import lay_out_driver
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.own_server import DATABASES, MEMORY
from guard.roundtrip.run import RoundTrip

pytestmark = [pytest.mark.slow, pytest.mark.server]

CHECK = "ALTER TABLE users ADD CONSTRAINT c CHECK (length(email) < 99)"
PARTED = (
    "CREATE TABLE p (id int, d int NOT NULL) PARTITION BY RANGE (d) "
    "(PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)"
)
TRIGGER = "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW SET NEW.email = lower(NEW.email)"
FUNCTION = "CREATE FUNCTION f(n int) RETURNS int DETERMINISTIC RETURN n + 1"
EVENT = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM users WHERE id < 0"


def env_for(driver: str) -> str:
    """Return an env.py of the driver."""
    return env_with(f"mysql+{driver}")


Run = Callable[..., RoundTrip]


@pytest.fixture
def run(mariadb: Mariadb, tmp_path: Path) -> Run:
    """Call it with revisions, get their round trip in databases on the server."""

    def go(*steps: Step, env: str = env_for("pymysql"), **settings: Any) -> RoundTrip:
        return round_trip(project(tmp_path, *steps, env=env), url=mariadb.tcp_url(), **settings)

    return go


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (sql("CREATE VIEW v AS SELECT id FROM users"),
         ["+ view v: select users.id AS id from users"]),
        (sql(TRIGGER), ["+ trigger g: BEFORE INSERT ON users FOR EACH ROW SET NEW.email = "
                        "lower(NEW.email)"]),
        (sql(FUNCTION), ["+ function f: (n int) RETURNS int(11) DETERMINISTIC RETURN n + 1"]),
        (sql("CREATE PROCEDURE r() SELECT 1"), ["+ procedure r: () SELECT 1"]),
        (sql("CREATE SEQUENCE s START 5"), ["+ sequence s: start with 5 minvalue 1 maxvalue "
         "9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB"]),
        (sql(CHECK), ["+ check c on users: octet_length(email) < 99"]),
        (sql("CREATE INDEX i ON users (email(10))"), ["+ index i on users (email(10))"]),
        (sql("CREATE INDEX i ON users (email DESC)"), ["+ index i on users (email DESC)"]),
        (sql("CREATE FULLTEXT INDEX i ON users (email)"), ["+ fulltext index i on users (email)"]),
        (sql("CREATE UNIQUE INDEX i ON users (id, email)"),
         ["+ unique index i on users (id, email)"]),
        (sql("ALTER TABLE users COMMENT 'people'"), ["+ table users COMMENT 'people'"]),
        (sql("ALTER TABLE users ENGINE = Aria"),
         ["- table users ENGINE InnoDB", "+ table users ENGINE Aria",
          "+ table users PAGE_CHECKSUM 1"]),
        (sql("ALTER TABLE users ROW_FORMAT = COMPRESSED"), ["+ table users ROW_FORMAT COMPRESSED"]),
        (sql("ALTER TABLE users MODIFY email varchar(80) CHARACTER SET latin1"),
         ["- column users.email varchar(80)",
          "+ column users.email varchar(80) CHARACTER SET latin1 COLLATE latin1_swedish_ci"]),
        (sql("ALTER TABLE users MODIFY email varchar(80) DEFAULT 'x' COMMENT 'it''s'"),
         ["- column users.email varchar(80)",
          "+ column users.email varchar(80) DEFAULT 'x' COMMENT 'it''s'"]),
        (sql("ALTER TABLE users ADD made timestamp NOT NULL DEFAULT current_timestamp() "
             "ON UPDATE current_timestamp()"),
         ["+ column users.made timestamp NOT NULL DEFAULT current_timestamp() "
          "ON UPDATE current_timestamp()"]),
        (sql("ALTER TABLE users ADD low varchar(80) AS (lower(email)) STORED"),
         ["+ column users.low varchar(80) GENERATED ALWAYS AS (lcase(email)) STORED"]),
        (sql("ALTER TABLE users ADD data json"), ["+ column users.data longtext CHARACTER SET "
         "utf8mb4 COLLATE utf8mb4_bin CHECK (json_valid(data))"]),
        (sql("ALTER TABLE users ADD up_id int, ADD CONSTRAINT k FOREIGN KEY (up_id) "
             "REFERENCES users (id) ON DELETE CASCADE",
             "ALTER TABLE users DROP FOREIGN KEY k"),
         ["+ column users.up_id int", "+ index k on users (up_id)"]),
        (sql(PARTED, "ALTER TABLE p REMOVE PARTITIONING"), ["+ table p"]),
        (sql(EVENT), ["+ event e: ON SCHEDULE EVERY 1 DAY STARTS '#' ON COMPLETION NOT PRESERVE "
                      "ENABLE DO DELETE FROM users WHERE id < 0"]),
        (("op.execute(f'ALTER DATABASE {op.get_bind().engine.url.database} CHARACTER SET latin1')",
          "pass"),
         ["- database CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
          "+ database CHARACTER SET latin1 COLLATE latin1_swedish_ci"]),
    ],
)  # fmt: skip
def test_what_a_downgrade_leaves_behind(step: Step, expected: list[str], run: Run) -> None:
    (fact,) = run(USERS, step).facts
    assert story(RoundTrip(facts=(fact,))) == [("r2", "downgrade drift")]
    assert isinstance(fact, SchemaNotRestored)
    assert [_without_times(line) for line in fact.difference] == expected


def _without_times(line: str) -> str:
    import re

    return re.sub(r"'\d{4}-\d\d-\d\d [\d:]+'", "'#'", line)


@pytest.mark.parametrize(
    "step",
    [
        sql("CREATE VIEW v AS SELECT id FROM users", "DROP VIEW v"),
        sql(TRIGGER, "DROP TRIGGER g"),
        sql(FUNCTION, "DROP FUNCTION f"),
        sql(PARTED, "DROP TABLE p"),
        sql(CHECK, "ALTER TABLE users DROP CONSTRAINT c"),
        sql("ALTER TABLE users MODIFY id bigint NOT NULL AUTO_INCREMENT",
            "ALTER TABLE users MODIFY id int NOT NULL AUTO_INCREMENT"),
        sql("ALTER TABLE users MODIFY email varchar(80) FIRST",
            "ALTER TABLE users MODIFY email varchar(80) AFTER id"),
        sql("ALTER TABLE users CONVERT TO CHARACTER SET latin1",
            "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4"),
        add("n", "sa.Integer(), nullable=False"),  # MySQL makes it 0
        add("n", "sa.Boolean(), server_default=sa.false()"),
        sql("SET foreign_key_checks = 0"),
        sql("DELETE FROM users WHERE email IS NULL"),  # these rows are meant
        sql("UPDATE users SET email = lower(email)"),
        sql("CREATE TABLE other AS SELECT * FROM users", "DROP TABLE other"),
        sql("INSERT INTO users (id, email) VALUES (0, 'x')", "DELETE FROM users WHERE email = 'x'"),
    ],
)  # fmt: skip
def test_what_is_as_it_should_be(step: Step, run: Run) -> None:
    result = run(USERS, step)
    assert story(result) == []
    assert (result.upgraded, result.downgraded) == (4, 2)


def test_every_type_gets_rows(run: Run) -> None:
    types = (
        "tinyint, tinyint unsigned, bool, smallint, mediumint, int unsigned, bigint, decimal(5,2), "
        "decimal, float, double unsigned, bit, bit(3), date, time, time(3), datetime, datetime(6), "
        "timestamp, year, char(2), varchar(3), text, tinytext, longtext, binary(4), varbinary(9), "
        "blob, enum('a','it''s'), set('a','b'), json, uuid, inet6, point, linestring, polygon, "
        "multipoint, multilinestring, multipolygon, geometry, geometrycollection, "
        "varchar(9) UNIQUE, smallint unsigned zerofill, int AS (1 + 1), text CHARACTER SET latin1"
    )
    columns = ", ".join(
        f"c{number} {type_}{'' if ' AS ' in type_ else ' NOT NULL'}"
        for number, type_ in enumerate(types.split(", "))
    )
    keys = "FULLTEXT (c22), SPATIAL (c33), CHECK (c3 > 0)"
    result = run(
        sql(f"CREATE TABLE every (id int PRIMARY KEY, {columns}, {keys})", "DROP TABLE every"),
        sql("ALTER TABLE every ADD x int", "ALTER TABLE every DROP x"),
        ("op.execute('DELETE FROM every'); op.execute('SELECT nothing')", "pass"),
        sql("ALTER TABLE every ADD y int", "ALTER TABLE every DROP y"),
    )
    assert story(result) == [("r3", "upgrade fails")]
    assert result.seeded_rows >= 6
    assert texts(result.notes) == (
        "Every revision after r3 was tested on what of it does, since its upgrade does not run.",
    )


HALF = (
    "op.create_table('half', sa.Column('id', sa.Integer(), primary_key=True))\n"
    'op.execute("DELETE FROM users WHERE email IS NULL")\n'
    "op.drop_column('users', 'email')\n"
    "op.execute('DROP VIEW v')\n"
    "op.execute('ALTER TABLE nobody ADD n int')"
)
AFTER_IT = (
    "op.create_table('half', sa.Column('id', sa.Integer(), primary_key=True))\n"
    "op.execute(\"UPDATE users SET email = 'x' WHERE email IS NULL\")\n"
    "op.execute('DROP VIEW v')",
    "op.drop_table('half')\nop.execute('CREATE VIEW v AS SELECT id FROM users')",
)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ((HALF, "pass"), [("r4", "upgrade fails")]),
        (("op.alter_column('users', 'email', new_column_name='mail', existing_type=sa.String(80))\n"
          "op.alter_column('users', 'mail', new_column_name='email', existing_type=sa.Text())",
          "raise NotImplementedError('no way back')"), [("r4", "irreversible")]),
        (("pass", HALF), [("r4", "downgrade fails")]),
        (("pass", HALF.rpartition("\n")[0]), [("r4", "downgrade loses users"),
                                              ("r4", "downgrade drift")]),
    ],
)  # fmt: skip
def test_a_half_state_is_not_the_next_ones(
    bad: Step, expected: list[tuple[str, str]], run: Run
) -> None:
    """DDL commits there, so what ran before the failure stays."""
    result = run(
        USERS,
        sql("CREATE VIEW v AS SELECT id FROM users", "DROP VIEW v"),
        sql(TRIGGER, "DROP TRIGGER g"),
        bad,
        AFTER_IT,
    )
    assert set(story(result)) == set(expected)


DRIVERS = ["pymysql", "mysqldb", "mysqlconnector", "aiomysql async", "asyncmy async"]
MODULES = {"mysqldb": "MySQLdb", "mysqlconnector": "mysql"}


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_driver_of_the_project(driver: str, run: Run) -> None:
    name = driver.removesuffix(" async")
    if not find_spec(MODULES.get(name, name)):
        pytest.skip(f"{name} is not installed")
    need(find_spec("greenlet"), "greenlet")
    result = run(
        USERS,
        sql("CREATE VIEW v AS SELECT id FROM users"),
        sql("ALTER TABLE users MODIFY email varchar(80) NOT NULL",
            "ALTER TABLE users MODIFY email varchar(80)"),
        sql("UPDATE users SET email = lower(email)", "UPDATE users SET email = ''"),
        env=env_for(driver),
    )  # fmt: skip
    assert story(result) == [
        ("r2", "downgrade drift"),
        ("r3", "upgrade-with-rows fails"),
        ("r4", "downgrade loses users"),
    ]
    failed = result.facts[1]
    assert isinstance(failed, UpgradeFailedWithRows)
    assert "Data truncated for column 'email'" in failed.error or "NULL" in failed.error
    assert texts(result.notes) == ()


@pytest.mark.parametrize("driver", ["mysqldb", "asyncmy async"])
def test_a_driver_that_is_not_installed(driver: str, run: Run) -> None:
    need(find_spec("greenlet"), "greenlet")
    missing = (
        "import sys\n"
        "gone = ['MySQLdb', 'mysql', 'asyncmy', 'aiomysql', 'mariadb']\n"
        "sys.modules.update(dict.fromkeys(gone))\n"
    )
    result = run(USERS, sql("CREATE VIEW v AS SELECT id FROM users"), env=missing + env_for(driver))
    assert story(result) == [("r2", "downgrade drift")]
    name = driver.removesuffix(" async")
    assert texts(result.notes) == (
        f"{name}, the driver of the project's URL, is not installed: pymysql served.",
    )


def test_the_driver_that_guard_brings_needs_nothing_else(tmp_path: Path) -> None:
    lay_out_driver("mysql", tmp_path / "drivers")
    code = f"import sys; sys.path.append({str(tmp_path / 'drivers')!r}); import pymysql"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_what_the_server_lacks_is_said_and_no_failure(run: Run) -> None:
    result = run(
        USERS,
        sql("CREATE TABLE places (id int) COLLATE utf8mb4_no_such_ci", "DROP TABLE places"),
        sql("ALTER TABLE places ADD COLUMN n int", "ALTER TABLE places DROP COLUMN n"),
        sql("ALTER TABLE users DROP CHECK c"),  # as MySQL writes it
        sql("ALTER TABLE users MODIFY email varchar(80) NOT NULL",
            "ALTER TABLE users MODIFY email varchar(80)"),
    )  # fmt: skip
    assert story(result) == [("r5", "upgrade-with-rows fails")]
    assert "lacks the collation utf8mb4_no_such_ci" in texts(result.notes)[0]
    assert "lacks the syntax at 'CHECK c'" in texts(result.notes)[1]
    assert "r3 could not be tested" in texts(result.notes)[2]


def test_a_key_that_rows_break_is_told_of_the_table_that_is_altered(run: Run) -> None:
    ids = "sa.Column('id', sa.Integer, primary_key=True)"
    table = f"op.create_table('parents', {ids})\nop.create_table('children', {ids})"
    column = "sa.Column('parent_id', sa.Integer, server_default='7', nullable=False)"
    key = "op.create_foreign_key('fk', 'children', 'parents', ['parent_id'], ['id'])"
    gone = "op.drop_constraint('fk', 'children', type_='foreignkey')"
    result = run(
        (table, "op.drop_table('children')\nop.drop_table('parents')"),
        (f"op.add_column('children', {column})\n{key}",
         f"{gone}\nop.drop_column('children', 'parent_id')"),
    )  # fmt: skip
    (failure,) = [fact for fact in result.facts if isinstance(fact, UpgradeFailedWithRows)]
    assert "(`children`, CONSTRAINT" in failure.error


def test_tables_that_no_revision_makes_are_said(run: Run) -> None:
    child = (
        "CREATE TABLE o (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES u (id))"
    )
    result = run(sql("ALTER TABLE u ADD x int"), sql(child, "DROP TABLE o"))
    assert story(result) == []
    (note,) = texts(result.notes)
    assert "start from tables that none of them makes: u (r1," in note


def test_a_schema_is_folded_into_the_scratch_database(run: Run) -> None:
    env = env_for("pymysql").replace(
        "connection=connection)", "connection=connection, version_table_schema='meta')"
    )
    made = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), schema='shop')"
    result = run(USERS, (made, "op.drop_table('t', schema='shop')"), env=env)
    assert story(result) == []
    assert texts(result.notes) == (
        "MariaDB has databases for schemas: the tables of meta, shop were made in one database, "
        "and the models were not compared.",
    )


# The server of somebody else


STATE = (
    "SELECT count(*), group_concat(id ORDER BY id) FROM `real`.users; "
    "SELECT group_concat(table_name) FROM information_schema.tables WHERE table_schema = 'real'"
)


@pytest.mark.parametrize(
    "steal",
    [
        "op.execute('DELETE FROM `real`.users')",
        "op.execute('DROP TABLE `real`.users')",
        "op.execute('DROP DATABASE `real`')",
        "op.execute('CREATE TABLE `real`.other (id int)')",
        "op.execute('USE `real`')",
        "op.execute(\"SELECT 1 INTO OUTFILE '/tmp/guard-outfile'\")",
        "op.execute('SET GLOBAL general_log = 1')",
        "import pymysql\npymysql.connect(host={host!r}, port={port}, user={user!r}, "
        "password={password!r}, database='real').cursor().execute('DELETE FROM users')",
    ],
)
def test_nothing_but_its_own_databases_is_touched(
    steal: str, mariadb: Mariadb, tmp_path: Path
) -> None:
    from mariadb_server import PASSWORD, ROLE

    mariadb.create_database("real")
    with mariadb.connect("real") as real, real.cursor() as cursor:
        cursor.execute("CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1), (2)")

        def state() -> object:
            cursor.execute("CHECKSUM TABLE `real`.users")
            found = [cursor.fetchall()]
            for statement in STATE.split("; "):
                cursor.execute(statement)
                found.append(cursor.fetchall())
            return found

        before = state()
        code = steal.format(host="127.0.0.1", port=mariadb.port, user=ROLE, password=PASSWORD)
        url = mariadb.tcp_url("real").replace("mysql:", "mysql+pymysql:")
        env = env_for("pymysql").replace("mysql+pymysql://u:p@db.example.org/app", url)
        result = round_trip(
            project(tmp_path, USERS, (code, "pass"), env=env), url=mariadb.tcp_url()
        )
        assert [fact.revision for fact in result.facts if isinstance(fact, UpgradeFailed)] == ["r2"]
        assert state() == before
        cursor.execute("SHOW DATABASES")
        assert not [name for (name,) in cursor.fetchall() if name.startswith(DATABASES)]
        cursor.execute("SELECT user FROM mysql.user")
        assert not [name for (name,) in cursor.fetchall() if name.startswith(DATABASES)]


def test_databases_of_a_dead_run_are_dropped_and_of_a_living_one_are_not(
    mariadb: Mariadb, run: Run
) -> None:
    alive, dead, other = f"{DATABASES}1_11_0", f"{DATABASES}1_12_0", f"{DATABASES}mine"
    with mariadb.connect() as connection, connection.cursor() as cursor:
        for name in (alive, dead, other):
            cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"CREATE USER {DATABASES}1_12; SELECT GET_LOCK('{DATABASES}11', 0)")
        run(USERS)
        cursor.execute("SHOW DATABASES")
        names = {name for (name,) in cursor.fetchall()}
        assert {alive, other} <= names
        assert dead not in names
        cursor.execute(f"SELECT 1 FROM mysql.user WHERE user = '{DATABASES}1_12'")
        assert cursor.fetchall() == ()
        cursor.execute(f"DROP DATABASE {alive}; DROP DATABASE {other}")


def test_databases_that_are_kept(mariadb: Mariadb, run: Run, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path / "p", USERS), url=mariadb.tcp_url(), keep=True)
    run(USERS)
    (note,) = (note for note in texts(result.notes) if "was kept" in note)
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW DATABASES LIKE '{DATABASES}%'")
        ((kept,),) = cursor.fetchall()
        assert f"DROP DATABASE {kept}" in note
        cursor.execute(f"SELECT version_num FROM {kept}.alembic_version")
        assert cursor.fetchall() == (("r1",),)
        cursor.execute(f"SELECT user FROM mysql.user WHERE user LIKE '{DATABASES}%'")
        assert cursor.fetchall() == ()
        cursor.execute(f"DROP DATABASE {kept}")


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        (r"ALL ON `guard\_scratch\_%`.*", ""),
        (r"ALL ON *.*", "can make no role for the run"),
        (r"SELECT ON `real`.*", "can make no role for the run"),
    ],
)
def test_a_role_that_can_make_none(
    grant: str, words: str, mariadb: Mariadb, tmp_path: Path
) -> None:
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER poor@'%' IDENTIFIED BY 'p'")
        cursor.execute(f"GRANT {grant} TO poor@'%'")
        cursor.execute("REVOKE CREATE USER ON *.* FROM poor@'%'")
    url = f"mysql://poor:p@127.0.0.1:{mariadb.port}"
    folder = project(tmp_path, USERS, env=env_for("pymysql"))
    if words:
        with pytest.raises(RoundTripError, match=words):
            round_trip(folder, url=url)
    else:
        assert story(round_trip(folder, url=url)) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://127.0.0.1:1", "no MySQL server answers there"),
        ("mariadb+pymysql:///x?unix_socket=/tmp/s", "reached by TCP"),
    ],
)
def test_a_url_that_leads_nowhere(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RoundTripError, match=words):
        round_trip(project(tmp_path, USERS), url=url)


# A server of its own


def started(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Return a guard whose migration sleeps, and the folder of its server."""
    project(folder, SLEEPS, env=env_for("pymysql"))
    command = [sys.executable, "-m", "guard", "roundtrip", "--backend", "mariadb"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        found = [*servers_of(process.pid)]
        if found and (found[0] / mysql.KIND.pid).exists():
            time.sleep(2)
            return process, found[0]
        time.sleep(0.1)
    process.kill()
    raise AssertionError("no server was started")


def servers_of(pid: int) -> Iterator[Path]:
    for place in (MEMORY, Path(os.environ.get("TMPDIR", "/tmp"))):
        yield from place.glob(f"{mysql.KIND.folders}{pid}-*")


def runs(pid: int) -> bool:
    try:
        return "mariadbd" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_an_end_by_force_leaves(how: signal.Signals, mariadb: Mariadb, tmp_path: Path) -> None:
    process, folder = started(tmp_path / "ended")
    pid = int((folder / mysql.KIND.pid).read_text())
    assert runs(pid)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert folder.exists() == (how == signal.SIGKILL)
    with mysql.KIND.folder():
        """The next run removes what a killed one leaves."""
    assert not folder.exists()
    assert not runs(pid)


@pytest.mark.parametrize(
    ("settings", "expected", "note"),
    [
        ({"dialect": "mariadb"}, "MariaDB ", ""),
        ({"dialect": "mariadb", "server_version": "10.11"}, "MariaDB ", ""),
        ({"dialect": "mariadb", "backend": "sqlite"}, "SQLite", "engine is for mysql"),
        ({"dialect": "mysql"}, "MariaDB ", "since MySQL is not installed"),
        ({"backend": "mariadb", "server_version": "5.5"}, "MariaDB ", "since MariaDB 5.5 is not"),
    ],
)
def test_which_server_is_taken(
    settings: dict[str, Any], expected: str, note: str, mariadb: Mariadb, tmp_path: Path
) -> None:
    result = round_trip(project(tmp_path, USERS, env=env_for("pymysql")), **settings)
    assert result.server.startswith(expected)
    assert [note in one for one in texts(result.notes)] == [True] * bool(note)


@pytest.mark.parametrize("backend", ["auto", "mariadb"])
def test_without_a_server_it_is_said_how_to_get_one(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql, "installed", lambda *_: None)
    folder = project(tmp_path, USERS)
    if backend == "mariadb":
        with pytest.raises(RoundTripError, match="apt-get install mariadb-server-core"):
            round_trip(folder, backend=backend, dialect="mariadb")
    else:
        result = round_trip(folder, backend=backend, dialect="mariadb")
        assert result.server == "SQLite"
        assert "apt-get install mariadb-server-core" in texts(result.notes)[0]


MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("t", metadata, sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(20), nullable=False, server_default="x"),
    sa.Column("on", sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column("made", sa.DateTime(), server_default=sa.func.now()),
    sa.Column("data", sa.JSON()), sa.Column("price", sa.Numeric(8, 2)),
    sa.Column("kind", sa.Enum("a", "b"{member})), sa.CheckConstraint("price > {least}"),
    sa.UniqueConstraint("name"), sa.Index("ix", "kind"))
"""


@pytest.mark.parametrize(
    ("member", "least", "expected"),
    [
        ("", 0, []),
        (', "c"', 0, ["- column t.kind ENUM a, b", "+ column t.kind ENUM a, b, c"]),
        ("", 5, ["+ check on t price > 5"]),
    ],
)
def test_models(member: str, least: int, expected: list[str], run: Run) -> None:
    env = env_for("pymysql").replace(
        "connection=connection)", "connection=connection, target_metadata=metadata)"
    )
    made = MODELS.replace("{member}", "").replace("{least}", "0")
    upgrade = f"{made}\nmetadata.create_all(op.get_bind())"
    head = MODELS.replace("{member}", member).replace("{least}", str(least))
    result = run((upgrade, "op.drop_table('t')"), env=head + env)
    found = [line for fact in result.facts for line in getattr(fact, "difference", ())]
    assert [line.partition(":")[0] for line in found] == expected
