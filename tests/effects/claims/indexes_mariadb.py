"""Indexes that are made, dropped, renamed."""

from claim import after

SHOP = """
CREATE TABLE orders (
    id int PRIMARY KEY, total int, note text, code varchar(50), place geometry NOT NULL
) ENGINE=InnoDB;
CREATE INDEX by_total ON orders (total);
"""
SEARCHED = "CREATE FULLTEXT INDEX by_note ON orders (note);"

CLAIMS = (
    *after(
        SHOP,
        "CREATE INDEX ix ON orders (code)",
        "CREATE UNIQUE INDEX ix ON orders (code)",
        "ALTER TABLE orders ADD INDEX ix (code)",
        "CREATE FULLTEXT INDEX ix ON orders (note)",
        "ALTER TABLE orders ADD FULLTEXT INDEX ix (note)",
        "CREATE SPATIAL INDEX ix ON orders (place)",
        "ALTER TABLE orders DROP INDEX by_total",
        "ALTER TABLE orders RENAME INDEX by_total TO by_sum",
    ),
    *after(SHOP + SEARCHED, "CREATE FULLTEXT INDEX ix ON orders (code)"),
)
