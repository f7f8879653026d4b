"""Schema and rows in one revision, once the rule is selected."""

from __future__ import annotations

from pathlib import Path

import pytest
from branch import branch, findings

from guard.rule import revision_file as rev

ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
BASE = rev("a1", None, ORDERS, "op.drop_table('orders')")
ADD = "op.add_column('orders', sa.Column('note', sa.Text()))"
DROP = "op.drop_column('orders', 'note')"
FILL = "op.execute(\"UPDATE orders SET note = '' WHERE note IS NULL\")"
ITEMS = ORDERS.replace("orders", "items")
TABLE = "orders = sa.table('orders', sa.column('id'), sa.column('note'))\n"

MIXED = {
    "a backfill": (f"{ADD}\n{FILL}", DROP),
    "rows first": (f"op.execute('DELETE FROM orders WHERE id < 1')\n{ADD}", DROP),
    "bulk_insert": (f"{TABLE}{ADD}\nop.bulk_insert(orders, [{{'id': 1}}])", DROP),
    "Core": (f"{TABLE}{ADD}\nop.execute(orders.update().values(note='x'))", DROP),
    "a bind": (f"{ADD}\nop.get_bind().execute(sa.text('DELETE FROM orders WHERE id = 1'))", DROP),
    "one SQL text": ("op.execute('ALTER TABLE orders ADD note text; DELETE FROM orders')", DROP),
    "an index": (f"{FILL}\nop.create_index('ix', 'orders', ['id'])", "op.drop_index('ix')"),
    "another table is made": (f"{ITEMS}\n{FILL}", DROP),
    "a batch": (
        "with op.batch_alter_table('orders') as batch:\n"
        f"    batch.add_column(sa.Column('note', sa.Text()))\n{FILL}",
        DROP,
    ),
    "from a new table": (
        f"{ITEMS}\nop.execute('INSERT INTO orders SELECT * FROM items')",
        "pass",
    ),
    "the downgrade": (ADD, f"op.execute('DELETE FROM orders WHERE id = 1')\n{DROP}"),
    "a helper": (f"def fill():\n    {FILL}\n\n\nfill()\n{ADD}", DROP),
}  # fmt: skip

APART = {
    "schema": (ADD, DROP),
    "rows": (FILL, "pass"),
    "rows of a new table": (
        f"{ITEMS}\nop.execute('INSERT INTO items (id) VALUES (1)')",
        "op.drop_table('items')",
    ),
    "from an old table into a new one": (
        f"{ITEMS}\nop.execute('INSERT INTO items SELECT id FROM orders')",
        "op.drop_table('items')",
    ),
    "rows up, schema down": (FILL, DROP),
    "a query": (f"op.get_bind().execute(sa.text('SELECT 1 FROM orders'))\n{ADD}", DROP),
    "a setting": (f"op.execute(\"SET lock_timeout = '2s'\")\n{ADD}", DROP),
    "analyze": (f"{ADD}\nop.execute('ANALYZE orders')", DROP),
    "a lock": (f"op.execute('LOCK TABLE orders')\n{ADD}", DROP),
    "a grant and rows": (f"op.execute('GRANT SELECT ON orders TO x')\n{FILL}", "pass"),
    "an index and an index": ("op.create_index('ix', 'orders', ['id'])", "op.drop_index('ix')"),
    "what another dialect does": (
        f"if op.get_bind().dialect.name == 'mysql':\n    {FILL}\n{ADD}",
        DROP,
    ),
}  # fmt: skip


def rules(folder: Path, case: tuple[str, str], *options: str) -> list[tuple[str, str]]:
    repo = branch(folder, BASE, rev("n1", "a1", *case))
    found = findings(repo, "lint", "--dialect", "postgresql", *options)
    return [(f["rule"], f["severity"]) for f in found if f["rule"] == "mixed-schema-and-data"]


SELECT = ("--select", "mixed-schema-and-data")


@pytest.mark.parametrize("case", MIXED)
def test_schema_and_rows_are_mixed(case: str, tmp_path: Path) -> None:
    assert rules(tmp_path, MIXED[case], *SELECT) == [("mixed-schema-and-data", "warning")]


@pytest.mark.parametrize("case", APART)
def test_schema_and_rows_are_apart(case: str, tmp_path: Path) -> None:
    assert not rules(tmp_path, APART[case], *SELECT)


def test_it_is_off_unless_it_is_selected(tmp_path: Path) -> None:
    assert not rules(tmp_path, MIXED["a backfill"])
