"""Words of one server that another does not know, as `guard lint` says it."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example

MY, MA, LITE, PG = "mysql", "mariadb", "sqlite", "postgresql"
ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('qty', sa.Integer()))"


def sql(text: str) -> str:
    return f"op.execute({text!r})"


# A body, and the servers on which it fails for its words: MariaDB 10.11, SQLite 3.40 and PostgreSQL
# 15 were asked; of MySQL the manual says it.
@pytest.mark.parametrize(
    ("body", "fails"),
    [
        (sql("ALTER TABLE orders ADD COLUMN IF NOT EXISTS x int"), {MY, LITE}),
        (sql("alter table orders add column if not exists x int"), {MY, LITE}),
        (sql("ALTER TABLE orders DROP COLUMN IF EXISTS gone"), {MY, LITE}),
        (sql("ALTER TABLE IF EXISTS orders ADD COLUMN x int"), {MY, LITE}),
        (sql("CREATE INDEX IF NOT EXISTS i ON orders (qty)"), {MY}),
        (sql("CREATE OR REPLACE VIEW v AS SELECT 1 AS one"), {LITE}),
        (sql("CREATE MATERIALIZED VIEW v AS SELECT 1 AS one"), {MY, MA, LITE}),
        (sql("CREATE INDEX i ON orders (qty) WHERE qty > 1"), {MY, MA}),
        (sql("ALTER TABLE orders ALTER COLUMN qty TYPE bigint"), {MY, MA}),
        (sql("CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY)"), set()),
        (sql("INSERT INTO orders (qty) VALUES ('ADD COLUMN IF NOT EXISTS x')"), set()),
        (sql("SELECT 1 -- ADD COLUMN IF NOT EXISTS"), set()),
        ("op.add_column('orders', sa.Column('x', sa.Integer()), if_not_exists=True)", {MY, LITE}),
        ("op.drop_column('orders', 'gone', if_exists=True)", {MY, LITE}),
        ("op.create_index('i', 'orders', ['qty'], if_not_exists=True)", {MY}),
        ("op.create_index('i', 'orders', ['qty'], postgresql_where=sa.text('qty > 1'))", set()),
        ("op.drop_index('i', 'orders', if_exists=True)", {MY}),
        (sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)"), {LITE}),
        (sql("CREATE TABLE a (id int PRIMARY KEY);\n-- no more\n"), set()),
        (sql("CREATE TRIGGER t AFTER INSERT ON orders BEGIN UPDATE orders SET qty = 1 WHERE id = new.id; DELETE FROM orders WHERE id = 0; END"), {PG}),
    ],
)  # fmt: skip
def test_where_it_fails_for_its_words(body: str, fails: set[str], tmp_path: Path) -> None:
    told = set()
    for dialect in (MY, MA, LITE, PG):
        if "TRIGGER" in body and dialect in (MY, MA):
            continue
        example = Example(released=(ORDERS,), upgrade=body, dialect=dialect)
        (folder := tmp_path / dialect).mkdir()
        found = judge(example, folder)
        told |= {dialect for f in found if f.rule == "unparsable-sql" and f.severity == "error"}
    assert told == fails
