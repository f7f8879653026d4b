"""MySQL and MariaDB: what decides there, and PostgreSQL knows nothing of.

What a MODIFY does not repeat, how long a statement may wait, the engine of a table and what it
remembers of earlier changes, character sets and lengths.
"""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example

MY, MA = "mysql", "mariadb"


def sql(*texts: str) -> str:
    return "\n".join(f"op.execute({text!r})" for text in texts)


def adds(count: int) -> str:
    return f"for i in range({count}):\n    op.add_column('t', sa.Column(f'c{{i}}', sa.Integer()))"


T = sql("CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, a text, n int) ENGINE=InnoDB")
X = "op.add_column('t', sa.Column('x', sa.Integer()))"
STAMPED = sql(
    "CREATE TABLE t (id int PRIMARY KEY, at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)"
)
STAMPED_BY_SQLALCHEMY = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('at', sa.TIMESTAMP(), server_default=sa.text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')))"
MYISAM = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('v', sa.String(20)), mysql_engine='MyISAM', mariadb_engine='Aria')"
FULLTEXT = sql("ALTER TABLE t ADD FULLTEXT INDEX f (a)")
UNINDEXED = sql("DROP INDEX f ON t")
AT = "op.alter_column('t', 'at', existing_type=sa.TIMESTAMP(), existing_nullable=True, comment='x', existing_server_default=sa.text({!r}))"
LOST, REWRITE, TYPE = "alter-column-loses-attributes", "add-column-rewrite", "change-column-type"

# The dialect, its version, what is released, the upgrade: the rules that speak, and how.
VIRTUAL = sql("ALTER TABLE t ADD vc int AS (n + 1) VIRTUAL")
STORED = sql(
    "CREATE TABLE t (id int NOT NULL PRIMARY KEY, n int, sc int AS (n + 1) STORED, v varchar(50))"
)
KEYED = sql(
    "CREATE TABLE c (id int PRIMARY KEY, u varchar(20) CHARACTER SET utf8mb3, a varchar(20) CHARACTER SET ascii, KEY (u))"
)
FILLED = sql("UPDATE t SET v = ''")
ROWS: list[tuple[str, str, tuple[str, ...], str, str]] = [
    # ON UPDATE is lost with the rest
    (MY, "8.4", (STAMPED,), sql("ALTER TABLE t MODIFY at timestamp NULL DEFAULT CURRENT_TIMESTAMP"), f"{LOST} error"),
    (MA, "10.11", (STAMPED,), sql("ALTER TABLE t CHANGE at at timestamp NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'x'"), f"{LOST} error"),
    (MY, "8.4", (STAMPED,), sql("ALTER TABLE t MODIFY at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'x'"), ""),
    (MY, "8.4", (STAMPED,), AT.format("CURRENT_TIMESTAMP"), f"{LOST} error"),
    (MY, "8.4", (STAMPED,), AT.format("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"), ""),
    (MY, "8.4", (STAMPED_BY_SQLALCHEMY,), AT.format("CURRENT_TIMESTAMP"), f"{LOST} error"),
    (MY, "8.4", (STAMPED_BY_SQLALCHEMY,), sql("ALTER TABLE t MODIFY at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"), ""),
    (MY, "8.4", (STAMPED,), sql("ALTER TABLE t RENAME COLUMN id TO ident, ALTER COLUMN at SET DEFAULT '2024-01-01'"), "rename-column error"),
    # so many versions of its rows MySQL tells apart
    (MY, "8.0.36", (T, adds(64)), X, f"{REWRITE} warning"),
    (MY, "8.0.36", (T, adds(63)), X, ""),
    (MY, "8.0.28", (T, adds(64)), X, ""),
    (MY, "9.1", (T, adds(64)), X, ""),
    (MY, "9.1", (T, adds(255)), X, f"{REWRITE} warning"),
    (MA, "10.11", (T, adds(255)), X, ""),
    (MY, "8.4", (T, adds(64), sql("OPTIMIZE TABLE t")), X, ""),
    (MY, "8.4", (T, adds(64), sql("ALTER TABLE t FORCE")), X, ""),
    (MY, "8.4", (T, adds(64), sql("ALTER TABLE t MODIFY n bigint")), X, ""),
    # a FULLTEXT index leaves its numbers behind
    (MY, "8.4", (T, FULLTEXT, UNINDEXED), X, f"{REWRITE} warning"),
    (MA, "10.11", (T, FULLTEXT, UNINDEXED), X, f"{REWRITE} warning"),
    (MA, "10.11", (T, FULLTEXT, UNINDEXED, sql("ALTER TABLE t ENGINE=InnoDB")), X, ""),
    # another engine copies
    (MY, "8.4", (MYISAM,), X, f"{REWRITE} error"),
    (MA, "10.11", (MYISAM,), X, f"{REWRITE} error"),
    (MA, "10.11", (MYISAM,), "op.create_index('i', 't', ['v'])", "create-index error"),
    (MY, "8.4", (MYISAM,), sql("ALTER TABLE t MODIFY v varchar(30)"), f"{TYPE} error"),
    (MY, "8.4", (MYISAM, sql("ALTER TABLE t ENGINE=InnoDB")), X, ""),
    # several actions of one ALTER TABLE are as slow as the slowest
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD z int, ADD INDEX iz (z)"), f"{REWRITE} warning"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD z int, ADD INDEX iz (z)"), f"{REWRITE} warning"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD z int, ALTER n SET DEFAULT 5"), ""),
    (MY, "8.4", (T,), "op.add_column('t', sa.Column('z', sa.Integer(), index=True))", ""),
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD z int, ADD y int AS (n + 1) VIRTUAL"), f"{REWRITE} error"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD z int, ADD y int AS (n + 1) VIRTUAL"), ""),
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD x int AS (n) VIRTUAL, ADD y int AS (n + 1) VIRTUAL"), ""),
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD y int AS (n + 1) VIRTUAL, ADD INDEX iy (y)"), "create-index error"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD y int AS (n + 1) VIRTUAL, ADD INDEX iy (y)"), "create-index warning"),
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD y int AS (n + 1) VIRTUAL", "ALTER TABLE t ADD INDEX iy (y)"), ""),
    # a place in a table with virtual columns
    (MA, "10.11", (T, VIRTUAL), sql("ALTER TABLE t ADD z int FIRST"), f"{REWRITE} error"),
    (MA, "10.11", (T, VIRTUAL), sql("ALTER TABLE t ADD z int"), ""),
    (MA, "10.11", (STORED,), sql("ALTER TABLE t ADD z int FIRST"), ""),
    # a MODIFY that leaves the type as it is, or lengthens it
    (MA, "10.11", (STORED,), sql("ALTER TABLE t MODIFY sc int AS (n + 5) STORED"), f"{TYPE} error"),
    (MA, "10.11", (STORED,), sql("ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT"), f"{TYPE} error"),
    (MA, "10.11", (T,), sql("ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT COMMENT 'x'"), ""),
    (MA, "10.11", (STORED, FILLED), sql("ALTER TABLE t MODIFY v varchar(60) NOT NULL"), "set-not-null warning"),
    (MA, "10.11", (STORED, FILLED), sql("ALTER TABLE t MODIFY v varchar(60)"), ""),
    # a CHECK that is no more than words, keys that are not looked up
    (MY, "8.0.15", (T,), sql("ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0)"), ""),
    (MY, "8.0.16", (T,), sql("ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0)"), "add-check-constraint error"),
    (MY, "8.0", (T,), sql("ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0)"), "add-check-constraint error"),
    (MA, "10.11", (T,), sql("SET STATEMENT foreign_key_checks=0 FOR ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES t (id)"), ""),
    (MA, "10.11", (T,), sql("SET STATEMENT foreign_key_checks=0 FOR SELECT 1", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES t (id)"), "add-foreign-key error"),
    (MY, "8.4", (T,), sql("CREATE INDEX i ON t (n) ALGORITHM=DEFAULT LOCK=DEFAULT"), ""),
    # another character set
    (MA, "10.11", (KEYED,), sql("ALTER TABLE c MODIFY u varchar(20) CHARACTER SET utf8mb4"), ""),
    (MA, "10.11", (KEYED,), sql("ALTER TABLE c MODIFY a varchar(20) CHARACTER SET utf8mb4"), f"{TYPE} error"),
    (MY, "8.4", (KEYED,), sql("ALTER TABLE c MODIFY u varchar(20) CHARACTER SET utf8mb4"), f"{TYPE} error"),
    # a table that takes the place of one with rows
    (MA, "10.11", (T,), sql("CREATE OR REPLACE TABLE t (id int)"), "drop-table error"),
    (MA, "10.11", (), sql("CREATE OR REPLACE TABLE t (id int)"), ""),
    (MA, "10.11", (), T + "\n" + sql("CREATE OR REPLACE TABLE t (id int)"), ""),
    (MA, "10.11", (T,), sql("CREATE OR REPLACE TEMPORARY TABLE u (id int)"), ""),
    # a default in parentheses is an expression
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD x json DEFAULT ('[]')"), f"{REWRITE} warning"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD x datetime DEFAULT (NOW())"), f"{REWRITE} error"),
    (MY, "8.4", (T,), sql("ALTER TABLE t ADD x datetime DEFAULT NOW()"), ""),
    (MA, "10.11", (T,), sql("ALTER TABLE t ADD x json DEFAULT ('[]')"), ""),
]  # fmt: skip
QUIET = {"implicit-commit", "backfill"}


@pytest.mark.parametrize(("dialect", "version", "released", "upgrade", "expected"), ROWS)
def test_which_rules_speak(
    dialect: str,
    version: str,
    released: tuple[str, ...],
    upgrade: str,
    expected: str,
    tmp_path: Path,
) -> None:
    example = Example(released=released, upgrade=upgrade, dialect=dialect, version=version)
    found = {f"{f.rule} {f.severity}" for f in judge(example, tmp_path) if f.rule not in QUIET}
    assert ", ".join(sorted(found)) == expected


WAITING = [
    ("ALTER TABLE t WAIT 5 ADD COLUMN x int", set[str]()),
    ("ALTER TABLE t NOWAIT ADD COLUMN x int", set[str]()),
    ("SET STATEMENT lock_wait_timeout=5 FOR ALTER TABLE t ADD COLUMN x int", set[str]()),
    ("ALTER TABLE t WAIT 300 ADD COLUMN x int", {"lock-timeout"}),
    ("ALTER TABLE t ADD COLUMN x int", {"lock-timeout"}),
    ("ALTER TABLE t NOWAIT MODIFY n bigint", {TYPE}),
    ("CREATE INDEX i ON t (n) WAIT 5 ALGORITHM=COPY", {"copy-algorithm"}),
    ("DROP TABLE t WAIT 5", {"drop-table"}),
    ("RENAME TABLE t NOWAIT TO u", {"rename-table"}),
]


@pytest.mark.parametrize(("statement", "rules"), WAITING)
def test_a_statement_that_says_how_long_it_waits(
    statement: str, rules: set[str], tmp_path: Path
) -> None:
    config = {"lock-timeout": None}
    example = Example(released=(T,), upgrade=sql(statement), dialect=MA, config=config)
    assert {f.rule for f in judge(example, tmp_path)} == rules


def test_what_a_statement_sets_for_itself_holds_no_longer(tmp_path: Path) -> None:
    upgrade = sql("ALTER TABLE t WAIT 5 ADD COLUMN x int", "ALTER TABLE t ADD COLUMN y int")
    config = {"lock-timeout": None}
    example = Example(released=(T,), upgrade=upgrade, dialect=MA, config=config)
    assert "lock-timeout" in {f.rule for f in judge(example, tmp_path)}
