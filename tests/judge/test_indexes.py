"""Indexes in many spellings: which rules speak, and where none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.rule import Example
from guard.run.examples import judge

MINE = {
    "create-index",
    "drop-index",
    "reindex",
    "copy-algorithm",
    "index-corruption",
    "concurrently-on-partitioned",
    "invalid-index-hidden",
    "not-in-transaction",
    "lock-outside-transaction",
    "identifier-too-long",
    "duplicate-column",
}
ORDERS = """
op.create_table(
    'orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Text())
)
"""
PARTED = "op.execute('CREATE TABLE visits (id int, at date) PARTITION BY RANGE (at)')"
INDEXED = f"{ORDERS}\nop.create_index('ix_a', 'orders', ['a'])"
VIEW = "op.execute('CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id')"
BLOCK = "with op.get_context().autocommit_block():\n    "


def sql(*texts: str) -> str:
    return "\n".join(f"op.execute({text!r})" for text in texts)


def block(*lines: str) -> str:
    return BLOCK + "\n    ".join("\n".join(lines).split("\n"))


CREATE = {"create-index"}
REFUSED = {"not-in-transaction"}
PARTITIONED = {"concurrently-on-partitioned"}
NONE: set[str] = set()
# the revisions released before, the upgrade, the rules that speak
POSTGRESQL = [
    ((ORDERS,), "op.create_index(op.f('ix'), 'orders', ['a'])", CREATE),
    ((ORDERS,), "op.create_index('ix', 'orders', ['a'], unique=True, schema='public')", CREATE),
    ((ORDERS,), "op.create_index('ix', 'orders', [sa.text('lower(a)')])", CREATE),
    ((ORDERS,), "op.create_index('ix', 'orders', ['a'], postgresql_concurrently=False)", CREATE),
    ((ORDERS,), "op.create_index('ix', 'orders', ['a'], if_not_exists=True)", CREATE),
    ((), sql("CREATE INDEX IF NOT EXISTS ix ON unknown_table (a)"), CREATE),
    ((), sql('create unique index "ix" on "public"."orders" using btree ("a" desc)'), CREATE),
    ((), "op.get_bind().execute(sa.text('CREATE INDEX ix ON orders (a)'))", CREATE),
    ((), "op.execute(sa.text('CREATE INDEX ix ON orders USING gin (a)'))", CREATE),
    ((), sql("CREATE INDEX a ON orders (a); CREATE INDEX b ON orders (b)"), CREATE),
    ((), sql("DO $$ BEGIN EXECUTE 'CREATE INDEX ix ON orders (a)'; END $$"), CREATE),
    ((ORDERS,), sql("CREATE INDEX ix ON ONLY orders (a)"), CREATE),
    ((PARTED,), sql("CREATE INDEX ix ON visits (at)"), CREATE),
    ((), block("op.create_index('ix', 'orders', ['a'])"), CREATE),
    (
        (ORDERS,),
        "with op.batch_alter_table('orders') as b:\n    b.create_index('ix', ['a'], unique=True)",
        CREATE,
    ),
    (
        (ORDERS,),
        "op.add_column('orders', sa.Column('b', sa.Text(), unique=True, index=True))",
        CREATE,
    ),
    (
        (ORDERS,),
        "t = sa.Table('orders', sa.MetaData(), sa.Column('a'))\n"
        "sa.Index('ix', t.c.a).create(op.get_bind())",
        CREATE,
    ),
    # harmless
    ((PARTED,), sql("CREATE INDEX ix ON ONLY visits (at)"), NONE),
    ((), sql("CREATE INDEX ix ON ONLY unknown_table (at)"), NONE),
    ((), f"{ORDERS}\nop.create_index('ix', 'orders', ['a'])", NONE),
    ((), sql("CREATE TABLE IF NOT EXISTS t (id int)", "CREATE INDEX ON t (id)"), NONE),
    ((), sql("CREATE TABLE t AS SELECT 1 AS id", "CREATE INDEX ix ON t (id)"), NONE),
    ((), sql("SELECT 1 AS id INTO t", "CREATE INDEX ix ON t (id)"), NONE),
    ((), sql("DO $$ BEGIN CREATE TABLE t (id int); CREATE INDEX ix ON t (id); END $$"), NONE),
    ((), sql("CREATE TABLE t (id int); CREATE INDEX ix ON t (id)"), NONE),
    (
        (),
        sql("CREATE TABLE t (id int)", "ALTER TABLE t RENAME TO u", "CREATE INDEX i ON u (id)"),
        NONE,
    ),
    ((), sql("CREATE TABLE s.t (id int)", "CREATE INDEX i ON s.t (id)"), NONE),
    ((), sql("CREATE TABLE public.t (id int)", "CREATE INDEX i ON t (id)"), NONE),
    ((), f"{VIEW}\n{sql('CREATE UNIQUE INDEX ix ON totals (id)')}", NONE),
    ((VIEW,), sql("CREATE UNIQUE INDEX ix ON totals (id)"), NONE),
    (
        (PARTED,),
        sql("CREATE TABLE v1 PARTITION OF visits DEFAULT", "CREATE INDEX i ON v1 (id)"),
        NONE,
    ),
    (
        (),
        "op.create_table('t', sa.Column('id', sa.Integer(), index=True), sa.Index('ix', 'id'))",
        NONE,
    ),
    (
        (),
        "if op.get_bind().dialect.name == 'sqlite':\n    op.create_index('ix', 'orders', ['a'])",
        NONE,
    ),
    ((INDEXED,), sql("ALTER INDEX ix_a RENAME TO ix_b"), NONE),
    # dropped, built anew
    ((INDEXED,), sql("DROP INDEX ix_a"), {"drop-index"}),
    ((), sql("DROP INDEX IF EXISTS public.ix_a, ix_b CASCADE"), {"drop-index"}),
    ((INDEXED,), block(sql("DROP INDEX CONCURRENTLY ix_a")), NONE),
    ((), f"{INDEXED}\n{sql('DROP INDEX ix_a')}", NONE),
    ((INDEXED,), sql("REINDEX INDEX ix_a"), {"reindex"}),
    ((INDEXED,), block(sql("REINDEX INDEX CONCURRENTLY ix_a")), NONE),
    ((PARTED,), sql("REINDEX TABLE visits"), REFUSED),
    ((), sql("REINDEX DATABASE shop"), REFUSED),
    ((), block(sql("REINDEX DATABASE shop")), {"reindex"}),
    # what refuses a transaction
    ((), sql("CREATE INDEX CONCURRENTLY ix ON orders (a)"), REFUSED),
    (
        (),
        sql("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (a)"),
        REFUSED | {"invalid-index-hidden"},
    ),
    ((), block(sql("CREATE INDEX CONCURRENTLY ix ON orders (a);")), NONE),
    ((), block(sql("DROP INDEX CONCURRENTLY a; DROP INDEX CONCURRENTLY b")), REFUSED),
    ((), sql("COMMIT", "CREATE INDEX CONCURRENTLY ix ON orders (a)"), NONE),
    (
        (),
        "op.get_bind().execution_options(isolation_level='AUTOCOMMIT')\n" + sql("VACUUM orders"),
        REFUSED,
    ),
    ((), sql("CLUSTER"), REFUSED),
    ((), sql("VACUUM FULL orders"), REFUSED),
    ((), block(sql("VACUUM ANALYZE orders")), NONE),
    ((), sql("ANALYZE orders"), NONE),
    ((), sql("DROP DATABASE old"), REFUSED),
    ((), sql("ALTER TABLE visits DETACH PARTITION v1 CONCURRENTLY"), REFUSED),
    ((), sql("ALTER TABLE visits DETACH PARTITION v1 FINALIZE"), NONE),
    ((), sql("ALTER DATABASE shop SET work_mem = '1MB'"), NONE),
    ((PARTED,), block(sql("CREATE INDEX CONCURRENTLY ix ON ONLY visits (at)")), PARTITIONED),
    ((PARTED,), sql("CREATE INDEX CONCURRENTLY ix ON visits (at)"), PARTITIONED),
    ((), block(sql("LOCK TABLE orders")), {"lock-outside-transaction"}),
    ((), sql("LOCK TABLE orders"), NONE),
    # names
    ((ORDERS,), sql("ALTER TABLE orders ADD COLUMN a text"), {"duplicate-column"}),
    ((ORDERS,), sql("ALTER TABLE orders DROP COLUMN a, ADD COLUMN a text"), NONE),
    (
        (ORDERS,),
        sql("DO $$ BEGIN IF x() THEN ALTER TABLE orders ADD COLUMN a text; END IF; END $$"),
        NONE,
    ),
    ((), sql(f"CREATE TABLE {'t' * 64} (id int)"), {"identifier-too-long"}),
    ((), sql(f"CREATE TABLE {'t' * 63} (id int)"), NONE),
]
MYSQL = [
    (sql("CREATE INDEX ix ON orders (a)"), NONE),
    (sql("CREATE INDEX ix ON orders (a) ALGORITHM=INPLACE LOCK=NONE"), NONE),
    (sql("CREATE INDEX ix ON orders (a) ALGORITHM=COPY"), {"copy-algorithm"}),
    (sql("CREATE INDEX ix ON orders (a) LOCK=EXCLUSIVE"), {"copy-algorithm"}),
    (sql("ALTER TABLE orders ADD KEY ix (a), ALGORITHM=COPY, LOCK=SHARED"), {"copy-algorithm"}),
    (sql("ALTER TABLE orders DROP INDEX ix, LOCK=SHARED"), {"copy-algorithm"}),
    (sql("CREATE FULLTEXT INDEX ix ON orders (a)"), CREATE),
    (sql("ALTER TABLE orders ADD FULLTEXT KEY ix (a)"), CREATE),
    (sql("CREATE SPATIAL INDEX ix ON orders (a)"), CREATE),
    (sql("CREATE FULLTEXT INDEX ix ON orders (a) ALGORITHM=COPY"), CREATE),
    (sql("CREATE TABLE t (id int, a text, FULLTEXT KEY ix (a))"), NONE),
    (sql("CREATE UNIQUE INDEX ix ON orders (a)"), NONE),
    (sql("ALTER TABLE orders RENAME INDEX ix TO iy"), NONE),
    (sql("DROP INDEX ix ON orders"), NONE),
    (sql("UPDATE orders SET a = 1, a = 2 WHERE id = 1"), NONE),
    (sql("INSERT INTO orders (a, A) VALUES (1, 2)"), {"duplicate-column"}),
    (sql(f"CREATE TABLE {'t' * 65} (id int)"), {"identifier-too-long"}),
    (sql(f"CREATE TABLE {'ü' * 64} (id int)"), NONE),
]


def speaking(example: Example, folder: Path) -> set[str]:
    return {finding.rule for finding in judge(example, folder)} & MINE


@pytest.mark.parametrize(("released", "upgrade", "expected"), POSTGRESQL)
def test_postgresql(
    released: tuple[str, ...], upgrade: str, expected: set[str], tmp_path: Path
) -> None:
    example = Example(released=released, upgrade=upgrade, dialect="postgresql")
    assert speaking(example, tmp_path) == expected


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
@pytest.mark.parametrize(("upgrade", "expected"), MYSQL)
def test_mysql(upgrade: str, expected: set[str], dialect: str, tmp_path: Path) -> None:
    assert speaking(Example(upgrade=upgrade, dialect=dialect), tmp_path) == expected


INSTANT = sql("ALTER TABLE t ADD c int, ALGORITHM=INSTANT, LOCK=NONE")
BUILD = block(sql("CREATE INDEX CONCURRENTLY i ON t (a)"))
OTHERS = [
    ("mysql", "8.4", INSTANT, {"copy-algorithm"}),
    ("mariadb", "10.11", INSTANT, NONE),
    ("mysql", "8.4", sql("CREATE INDEX ix ON t ((CAST(a->'$.b' AS UNSIGNED ARRAY)))"), CREATE),
    ("sqlite", None, "op.create_index('ix', 'orders', ['a'])", NONE),
    ("sqlite", None, sql("DROP INDEX ix"), NONE),
    ("sqlite", None, sql("INSERT INTO t (a, a) VALUES (1, 2)"), NONE),
    ("sqlite", None, sql("CREATE TABLE t (a int, A int)"), {"duplicate-column"}),
    ("postgresql", "14.3", BUILD, {"index-corruption"}),
    ("postgresql", "14.4", BUILD, NONE),
]


@pytest.mark.parametrize(("dialect", "version", "upgrade", "expected"), OTHERS)
def test_others(
    dialect: str, version: str | None, upgrade: str, expected: set[str], tmp_path: Path
) -> None:
    example = Example(upgrade=upgrade, dialect=dialect, version=version)
    assert speaking(example, tmp_path) == expected


DOWNGRADES = [
    ("op.create_index('ix', 'orders', ['a'])", "op.drop_index('ix', 'orders')", CREATE),
    (
        block("op.create_index('ix', 'orders', ['a'], postgresql_concurrently=True)"),
        "op.drop_index('ix', table_name='orders')",
        NONE,
    ),
    (
        block("op.drop_index('ix', 'orders', postgresql_concurrently=True)"),
        "op.create_index('ix', 'orders', ['a'])",
        CREATE,
    ),
]


@pytest.mark.parametrize(("upgrade", "downgrade", "expected"), DOWNGRADES)
def test_downgrades(upgrade: str, downgrade: str, expected: set[str], tmp_path: Path) -> None:
    example = Example(upgrade=upgrade, downgrade=downgrade, dialect="postgresql")
    assert speaking(example, tmp_path) == expected
