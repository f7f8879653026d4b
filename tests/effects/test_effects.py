"""What operations do to the tables of a running server, row by row."""

from __future__ import annotations

import pytest

from guard.effects import Effect, effect_of
from guard.effects.lookup import SERVERS, rows_of
from guard.effects.row import BLOCKS
from guard.operations import Operation
from guard.schema import Schema
from guard.server import DIALECTS, Server
from guard.sql import read_sql

MADE = """
CREATE TABLE t (a int, b int CHECK (b IS NOT NULL), c int);
CREATE TABLE child (
    a int REFERENCES t, b int NOT NULL, c int,
    CONSTRAINT old CHECK (a > 0) NOT VALID, CONSTRAINT done CHECK (a > 1),
    CONSTRAINT leads FOREIGN KEY (b) REFERENCES t NOT VALID
);
CREATE UNIQUE INDEX on_b ON child (b);
CREATE UNIQUE INDEX on_c ON child (c);
CREATE TABLE parts (a int) PARTITION BY RANGE (a);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN word AS text;
"""
MADE_ON_MYSQL = """
CREATE TABLE texts (id int, body text, n int, FULLTEXT (body));
CREATE TABLE small (id int) ROW_FORMAT=COMPRESSED;
"""


def effect(sql: str, dialect: str, *version: int) -> Effect | None:
    """Return what the one operation of the SQL does where MADE ran before."""
    schema = Schema.empty(dialect=dialect)
    made = MADE + MADE_ON_MYSQL if dialect == "mysql" else MADE
    for statement in (s for part in made.split(";") for s in read_sql(part, dialect).statements):
        for operation in statement.operations:
            schema = schema.apply(operation)
    ((operation,),) = (s.operations for s in read_sql(sql, dialect).statements)
    return effect_of(operation, schema, Server(dialect, version or None))


def told(found: Effect | None) -> str:
    if found is None:
        return "not known"
    does = ["scans"] * found.scans + ["rewrites"] * found.rewrites
    also = [f"{e.lock} on {e.table}" for e in found.related]
    return ", ".join([found.lock, *does, *also])


FOREIGN = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)"
BOTH = "SHARE ROW EXCLUSIVE on u"


@pytest.mark.parametrize(
    ("sql", "version", "answer"),
    [
        ("ALTER TABLE t ADD d int", (14,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ADD d word", (14,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ADD d positive", (14,), "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t ADD d int DEFAULT 1", (11,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ADD d int NOT NULL DEFAULT 1", (11,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ADD d int DEFAULT 1", (10, 4), "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t ADD d timestamptz DEFAULT now()", (11,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ADD d float DEFAULT random()", (17,), "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t ADD d int DEFAULT my_own()", (17,), "not known"),
        ("ALTER TABLE t ALTER a SET NOT NULL", (17,), "ACCESS EXCLUSIVE, scans"),
        ("ALTER TABLE t ALTER b SET NOT NULL", (12,), "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t ALTER b SET NOT NULL", (11, 9), "ACCESS EXCLUSIVE, scans"),
        ("CREATE INDEX i ON t (a)", (17,), "SHARE, scans"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", (17,), "SHARE UPDATE EXCLUSIVE, scans"),
        (FOREIGN, (17,), f"SHARE ROW EXCLUSIVE, scans, {BOTH}"),
        (f"{FOREIGN} NOT VALID", (17,), f"SHARE ROW EXCLUSIVE, {BOTH}"),
        ("DROP TABLE t", (17,), "ACCESS EXCLUSIVE"),
        ("DROP ROLE r", (17,), "not known"),
    ],
)
def test_postgresql(sql: str, version: tuple[int, ...], answer: str) -> None:
    assert told(effect(sql, "postgresql", *version)) == answer


ADD = "ALTER TABLE child ADD CONSTRAINT x"
AE, SRE, SUE = "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"


@pytest.mark.parametrize(
    ("sql", "version", "answer"),
    [
        (f"{ADD} CHECK (a > 0)", 15, f"{AE}, scans"),
        (f"{ADD} CHECK (a > 0) NOT VALID", 15, AE),
        (f"{ADD} CHECK (a > 0) NOT ENFORCED", 18, AE),
        (f"{ADD} NOT NULL c NOT VALID", 18, AE),
        (f"{ADD} NOT NULL c", 18, f"{AE}, scans"),
        (f"{ADD} UNIQUE (a)", 15, f"{AE}, scans"),
        (f"{ADD} UNIQUE USING INDEX on_c", 15, AE),
        (f"{ADD} PRIMARY KEY (a)", 15, f"{AE}, scans"),
        (f"{ADD} PRIMARY KEY USING INDEX on_b", 15, AE),
        (f"{ADD} PRIMARY KEY USING INDEX on_c", 15, f"{AE}, scans"),
        (f"{ADD} EXCLUDE USING gist (a WITH =)", 15, f"{AE}, scans"),
        (f"{ADD} FOREIGN KEY (a) REFERENCES child (b)", 15, f"{SRE}, scans"),
        ("ALTER TABLE parts ADD UNIQUE (a)", 17, f"{AE}, SHARE on part"),
        ("ALTER TABLE parts ADD UNIQUE (a)", 18, f"{AE}, {AE} on part"),
        (
            "ALTER TABLE parts ADD FOREIGN KEY (a) REFERENCES t (a)",
            18,
            f"{SRE}, {SRE} on t, {SRE} on part",
        ),
        ("ALTER TABLE child ADD d int CHECK (d > 0)", 15, f"{AE}, scans"),
        ("ALTER TABLE child ADD d int UNIQUE", 15, f"{AE}, scans"),
        ("ALTER TABLE child ADD d int REFERENCES t", 15, f"{AE}, {SRE} on t"),
        ("ALTER TABLE child ADD d int DEFAULT 1 REFERENCES t", 15, f"{AE}, scans, {SRE} on t"),
        ("ALTER TABLE child VALIDATE CONSTRAINT old", 15, f"{SUE}, scans"),
        ("ALTER TABLE child VALIDATE CONSTRAINT done", 15, SUE),
        ("ALTER TABLE child VALIDATE CONSTRAINT leads", 15, f"{SUE}, scans, ROW SHARE on t"),
        ("ALTER TABLE child ALTER CONSTRAINT leads DEFERRABLE", 15, AE),
        ("ALTER TABLE child ALTER CONSTRAINT leads ENFORCED", 18, f"{AE}, scans, {SRE} on t"),
        ("ALTER TABLE child ALTER CONSTRAINT leads NOT ENFORCED", 18, f"{AE}, {AE} on t"),
        ("ALTER TABLE child DROP CONSTRAINT leads", 15, f"{AE}, {AE} on t"),
        ("ALTER TABLE child DROP CONSTRAINT old", 15, AE),
        ("ALTER TABLE t DROP CONSTRAINT pk CASCADE", 15, f"{AE}, {AE} on child"),
        ("ALTER TABLE child DROP COLUMN b", 15, f"{AE}, {AE} on t"),
        ("DROP TABLE child", 15, f"{AE}, {AE} on t"),
        ("CREATE TABLE z (a int REFERENCES t)", 15, f"{AE}, {SRE} on t"),
    ],
)
def test_constraints_on_postgresql(sql: str, version: int, answer: str) -> None:
    assert told(effect(sql, "postgresql", version)) == answer


@pytest.mark.parametrize(
    ("sql", "dialect", "version", "answer"),
    [
        (f"{ADD} CHECK (a > 0)", "mysql", (8, 4), "LOCK=SHARED, rewrites"),
        (f"{ADD} CHECK (a > 0) NOT ENFORCED", "mysql", (8, 4), "LOCK=NONE"),
        (f"{ADD} CHECK (a > 0)", "mariadb", (10, 11), "LOCK=SHARED, rewrites"),
        (f"{ADD} CHECK (a > 0)", "mariadb", (11, 4), "LOCK=NONE, rewrites"),
        (f"{ADD} FOREIGN KEY (a) REFERENCES t (a)", "mysql", (9,), "LOCK=SHARED, rewrites"),
        (f"{ADD} FOREIGN KEY (a) REFERENCES t (a)", "mariadb", (10, 6), "LOCK=SHARED, rewrites"),
        (f"{ADD} FOREIGN KEY (a) REFERENCES t (a)", "mariadb", (11, 4), "LOCK=NONE, rewrites"),
        (
            f"{ADD} FOREIGN KEY (a) REFERENCES t (a) ON DELETE CASCADE",
            "mariadb",
            (11, 4),
            "LOCK=SHARED, rewrites",
        ),
        (f"{ADD} UNIQUE (a)", "mysql", (8, 4), "LOCK=NONE, scans"),
        (f"{ADD} UNIQUE (a)", "mariadb", (10, 11), "LOCK=NONE, scans"),
        (f"{ADD} PRIMARY KEY (a)", "mysql", (8, 4), "LOCK=NONE, rewrites"),
        (f"{ADD} PRIMARY KEY (a)", "mariadb", (10, 11), "LOCK=NONE, rewrites"),
        ("ALTER TABLE child DROP PRIMARY KEY", "mysql", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE child DROP PRIMARY KEY", "mariadb", (10, 11), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE child DROP FOREIGN KEY leads", "mysql", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE child ADD d int CHECK (d > 0)", "mysql", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE child ADD d int UNIQUE", "mysql", (8, 4), "LOCK=NONE, rewrites"),
        ("ALTER TABLE child ADD d int UNIQUE", "mariadb", (10, 11), "LOCK=NONE, rewrites"),
        ("ALTER TABLE child ADD d int REFERENCES t (a)", "mysql", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE child ADD d int REFERENCES t (a)", "mysql", (9,), "LOCK=SHARED, rewrites"),
        (
            "ALTER TABLE child ADD d int REFERENCES t (a)",
            "mariadb",
            (10, 6),
            "LOCK=SHARED, rewrites",
        ),
        ("ALTER TABLE child ALTER CHECK old ENFORCED", "mysql", (8, 4), "LOCK=SHARED, rewrites"),
    ],
)
def test_constraints_on_mysql_and_mariadb(
    sql: str, dialect: str, version: tuple[int, ...], answer: str
) -> None:
    assert told(effect(sql, dialect, *version)) == answer


@pytest.mark.parametrize(
    ("sql", "version", "answer"),
    [
        ("ALTER TABLE t ADD d int", (8, 0, 12), "LOCK=NONE"),
        ("ALTER TABLE t ADD d int", (8, 0, 11), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t ADD d int FIRST", (8, 0, 28), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t ADD d int FIRST", (8, 0, 29), "LOCK=NONE"),
        ("ALTER TABLE t ADD d int AUTO_INCREMENT", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d int DEFAULT 1", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE t ADD d bit DEFAULT b'1'", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE t ADD d int DEFAULT (0)", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d datetime DEFAULT CURRENT_TIMESTAMP", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE t ADD d datetime DEFAULT (now())", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d char(36) DEFAULT (uuid())", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d json DEFAULT (json_array())", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d int DEFAULT (a + 1)", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d int AS (a + 1) STORED", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ADD d int AS (a + 1)", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE texts ADD d int", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE texts ADD d int AS (id + 1)", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE small ADD d int", (8, 4), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t DROP c", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE t DROP c", (8, 0, 28), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t MODIFY c int NOT NULL", (8, 4), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t MODIFY c int FIRST", (8, 4), "LOCK=NONE, rewrites"),
        ("ALTER TABLE t MODIFY c int DEFAULT 1", (8, 4), "LOCK=NONE"),
        ("ALTER TABLE t MODIFY c int AUTO_INCREMENT", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE texts MODIFY n int NOT NULL", (8, 4), "LOCK=SHARED, rewrites"),
        ("ALTER TABLE t ALTER c SET DEFAULT 1", (8, 4), "LOCK=NONE"),
    ],
)
def test_mysql(sql: str, version: tuple[int, ...], answer: str) -> None:
    assert told(effect(sql, "mysql", *version)) == answer


def test_an_effect_says_what_waits_since_when_and_where_that_stands() -> None:
    found = effect("ALTER TABLE t ALTER b SET NOT NULL", "postgresql", 17)
    assert found is not None
    assert found.blocks == {"reads", "writes", "ddl"}
    assert (found.since, found.until) == ((12,), None)
    assert found.source == "https://www.postgresql.org/docs/17/sql-altertable.html"
    assert str(found.table) == "t"


def test_an_unknown_version_is_the_oldest_that_is_supported() -> None:
    assert told(effect("ALTER TABLE t ADD d int FIRST", "mysql")) == "LOCK=NONE"


@pytest.mark.parametrize("dialect", SERVERS)
def test_each_row_has_its_place(dialect: str) -> None:
    assert dialect in DIALECTS
    for row in (row for rows in rows_of(dialect).values() for row in rows):
        assert row.since is None or row.until is None or row.since < row.until


def test_more_is_blocked_the_stronger_the_lock() -> None:
    assert all("ddl" in blocked for blocked in BLOCKS.values())
    assert all("writes" in blocked for blocked in BLOCKS.values() if "reads" in blocked)


# Whole tables

PARTED = (
    "CREATE TABLE ev (id int NOT NULL, d date NOT NULL) PARTITION BY RANGE (d)",
    "CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')",
    "CREATE TABLE c (id int NOT NULL, d date NOT NULL)",
    "CREATE TABLE li (r text) PARTITION BY LIST (r)",
    "CREATE TABLE lc (r text)",
)
REST = "CREATE TABLE rest PARTITION OF ev DEFAULT"
CHECK = "ALTER TABLE c ADD CONSTRAINT k CHECK"
FEBRUARY = f"{CHECK} (d >= '2024-02-01' AND d < '2024-03-01')"
ATTACH = "ALTER TABLE ev ATTACH PARTITION c FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')"
LIST = "ALTER TABLE li ATTACH PARTITION lc FOR VALUES IN ('a', 'b')"
IN_LIST = "ALTER TABLE lc ADD CHECK (r IN ('a'))"
MAKE = "CREATE TABLE n PARTITION OF ev FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')"
APART = "ALTER TABLE rest ADD CONSTRAINT away CHECK"


@pytest.mark.parametrize(
    ("before", "sql", "scanned"),
    [
        ((), ATTACH, "c"),
        ((FEBRUARY,), ATTACH, ""),
        ((f"{FEBRUARY} NOT VALID",), ATTACH, "c"),
        ((f"{FEBRUARY} NOT VALID", "ALTER TABLE c VALIDATE CONSTRAINT k"), ATTACH, ""),
        ((f"{CHECK} (d BETWEEN '2024-02-01' AND '2024-02-29')",), ATTACH, ""),
        ((f"{CHECK} (d BETWEEN '2024-02-01' AND '2024-03-01')",), ATTACH, "c"),
        ((f"{CHECK} (d > '2024-01-31'::date AND d < date '2024-03-01')",), ATTACH, "c"),
        ((f"{CHECK} (d >= '2024-02-01 00:00:00' AND d < '2024-03-01')",), ATTACH, ""),
        ((f"{CHECK} (d >= '2024-02-01')",), ATTACH, "c"),
        ((f"{CHECK} (d >= '2024-02-01' OR d < '2024-03-01')",), ATTACH, "c"),
        ((FEBRUARY, "ALTER TABLE c ALTER d DROP NOT NULL"), ATTACH, "c"),
        ((REST,), ATTACH, "c rest"),
        ((REST, FEBRUARY), ATTACH, "rest"),
        ((REST, FEBRUARY, f"{APART} (d >= '2025-01-01')"), ATTACH, ""),
        ((REST, FEBRUARY, f"{APART} (NOT (d >= '2024-02-01' AND d < '2024-03-01'))"), ATTACH, ""),
        ((REST, FEBRUARY, f"{APART} (d < '2024-02-01' OR d >= '2024-04-01')"), ATTACH, ""),
        ((REST, FEBRUARY, f"{APART} (d < '2024-02-15')"), ATTACH, "rest"),
        ((), "ALTER TABLE ev ATTACH PARTITION c DEFAULT", "c"),
        ((), "ALTER TABLE li ATTACH PARTITION lc DEFAULT", ""),
        ((), LIST, "lc"),
        ((IN_LIST,), LIST, "lc"),
        ((IN_LIST, "ALTER TABLE lc ADD CHECK (r IS NOT NULL)"), LIST, ""),
        (("ALTER TABLE lc ADD CHECK (r = 'c' AND r IS NOT NULL)",), LIST, "lc"),
        ((), MAKE, ""),
        ((REST,), MAKE, "rest"),
        ((REST, f"{APART} (d >= '2025-01-01')"), MAKE, ""),
    ],
)
def test_which_rows_a_new_partition_reads(before: tuple[str, ...], sql: str, scanned: str) -> None:
    found = effect_after((*PARTED, *before), sql)
    assert found is not None
    assert " ".join(str(e.table) for e in found.related if e.scans) == scanned


def effect_after(before: tuple[str, ...], sql: str, dialect: str = "postgresql") -> Effect | None:
    schema = Schema.empty(dialect=dialect)
    for statement in before:
        for operation in operations(statement, dialect):
            schema = schema.apply(operation)
    return effect_of(operations(sql, dialect)[0], schema, Server(dialect, (18,)))


def operations(sql: str, dialect: str) -> tuple[Operation, ...]:
    return tuple(o for s in read_sql(sql, dialect).statements for o in s.operations)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("ALTER TABLE t SET UNLOGGED", "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE ul SET UNLOGGED", "ACCESS EXCLUSIVE"),
        ("ALTER TABLE ul SET LOGGED", "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t SET ACCESS METHOD columnar", "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t SET TABLESPACE fast", "ACCESS EXCLUSIVE, rewrites"),
        ("ALTER TABLE t SET (fillfactor = 70)", "SHARE UPDATE EXCLUSIVE"),
        ("ALTER TABLE t CLUSTER ON i", "SHARE UPDATE EXCLUSIVE"),
        ("ALTER TABLE t DISABLE TRIGGER ALL", "SHARE ROW EXCLUSIVE"),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ACCESS EXCLUSIVE"),
        ("CLUSTER t USING i", "ACCESS EXCLUSIVE, rewrites"),
        ("VACUUM FULL t", "ACCESS EXCLUSIVE, rewrites"),
        ("VACUUM t", "SHARE UPDATE EXCLUSIVE"),
        ("REFRESH MATERIALIZED VIEW mv", "ACCESS EXCLUSIVE, rewrites"),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY mv", "EXCLUSIVE, scans"),
        ("TRUNCATE t", "ACCESS EXCLUSIVE"),
        ("TRUNCATE t CASCADE", "ACCESS EXCLUSIVE, ACCESS EXCLUSIVE on child"),
        ("LOCK TABLE t", "ACCESS EXCLUSIVE"),
        ("LOCK TABLE t IN SHARE MODE", "SHARE"),
        ("ALTER TABLE t RENAME TO u", "ACCESS EXCLUSIVE"),
        ("ALTER TABLE t RENAME a TO b", "ACCESS EXCLUSIVE"),
        ("CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "SHARE ROW EXCLUSIVE"),
        ("DROP TRIGGER g ON t", "ACCESS EXCLUSIVE"),
        ("CREATE POLICY p ON t USING (true)", "ACCESS EXCLUSIVE"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "ACCESS EXCLUSIVE"),
        ("CREATE OR REPLACE VIEW w AS SELECT 1", "not known"),
        ("COMMENT ON TABLE t IS 'x'", "SHARE UPDATE EXCLUSIVE"),
    ],
)
def test_whole_tables_on_postgresql(sql: str, answer: str) -> None:
    before = (
        "CREATE TABLE t (id int PRIMARY KEY, a int)",
        "CREATE UNLOGGED TABLE ul (id int)",
        "CREATE TABLE child (t_id int REFERENCES t)",
        "CREATE VIEW v AS SELECT 1",
    )
    assert told(effect_after(before, sql)) == answer


@pytest.mark.parametrize(
    ("sql", "mysql", "mariadb"),
    [
        ("ENGINE=InnoDB", "LOCK=NONE, rewrites", "LOCK=NONE, rewrites"),
        ("ENGINE=MyISAM", "LOCK=SHARED, rewrites", "LOCK=SHARED, rewrites"),
        ("ROW_FORMAT=DYNAMIC", "LOCK=NONE, rewrites", "LOCK=NONE, rewrites"),
        ("FORCE", "LOCK=NONE, rewrites", "LOCK=NONE, rewrites"),
        ("DEFAULT CHARACTER SET utf8mb4", "LOCK=NONE", "LOCK=NONE"),
        ("CONVERT TO CHARACTER SET utf8mb4", "LOCK=SHARED, rewrites", "LOCK=NONE"),
        ("CONVERT TO CHARACTER SET utf8mb3", "LOCK=NONE", "LOCK=NONE"),
        ("CONVERT TO CHARACTER SET latin1", "LOCK=SHARED, rewrites", "LOCK=SHARED, rewrites"),
        ("PARTITION BY HASH (id) PARTITIONS 4", "LOCK=SHARED, rewrites", "LOCK=SHARED, rewrites"),
        ("REMOVE PARTITIONING", "LOCK=SHARED, rewrites", "LOCK=SHARED, rewrites"),
        ("ADD PARTITION PARTITIONS 2", "LOCK=SHARED, rewrites", "LOCK=SHARED, rewrites"),
        ("ADD PARTITION (PARTITION p VALUES LESS THAN (9))", "LOCK=NONE", "LOCK=NONE"),
        ("COMMENT='x'", "LOCK=NONE", "LOCK=NONE"),
        ("RENAME TO u", "LOCK=EXCLUSIVE", "LOCK=EXCLUSIVE"),
    ],
)
def test_whole_tables_with_innodb(sql: str, mysql: str, mariadb: str) -> None:
    before = ("CREATE TABLE t (id int, c varchar(40)) DEFAULT CHARSET=utf8mb3",)
    for dialect, answer in (("mysql", mysql), ("mariadb", mariadb)):
        assert told(effect_after(before, f"ALTER TABLE t {sql}", dialect)) == answer
