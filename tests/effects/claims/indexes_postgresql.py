"""Indexes that are made, dropped, built anew."""

from claim import after

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, total int, note text);
CREATE INDEX ix ON orders (total);
INSERT INTO orders VALUES (1, 10, 'x'), (2, 20, 'y');
"""
PARTED = """
CREATE TABLE orders (id int, total int) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (1) TO (100);
CREATE INDEX ix ON orders (total);
INSERT INTO orders VALUES (1, 10), (2, 20);
"""

CLAIMS = (
    *after(
        SHOP,
        "CREATE INDEX ix_note ON orders (note)",
        "CREATE UNIQUE INDEX ix_note ON orders (note)",
        "CREATE INDEX ix_note ON ONLY orders (note)",
        "CREATE INDEX CONCURRENTLY ix_note ON orders (note)",
        "DROP INDEX ix",
        "DROP INDEX CONCURRENTLY ix",
        "ALTER INDEX ix RENAME TO ix_total",
        "REINDEX INDEX ix",
        "REINDEX TABLE orders",
        "REINDEX TABLE CONCURRENTLY orders",
        "REINDEX INDEX CONCURRENTLY ix",
    ),
    *after(
        PARTED,
        "CREATE INDEX ix_id ON orders (id)",
        "CREATE INDEX ix_id ON ONLY orders (id)",
        "DROP INDEX ix",
    ),
)
