"""Whole tables: renamed, emptied, written anew, parted; views; maintenance."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int);
CREATE INDEX ix ON orders (total);
CREATE VIEW cheap AS SELECT id FROM orders WHERE total < 10;
CREATE MATERIALIZED VIEW sums AS SELECT user_id, sum(total) FROM orders GROUP BY user_id;
CREATE UNIQUE INDEX ix_sums ON sums (user_id);
CREATE SEQUENCE numbers;
INSERT INTO users VALUES (1, 'a'), (2, 'b');
INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20);
"""
FILLED = f"{SHOP}REFRESH MATERIALIZED VIEW sums;"
PARTED = """
CREATE TABLE orders (id int NOT NULL, total int) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (1) TO (100);
CREATE TABLE more (id int NOT NULL, total int);
INSERT INTO orders VALUES (1, 10), (2, 20);
INSERT INTO more VALUES (101, 10), (102, 20);
"""
BOUNDED = f"{PARTED}ALTER TABLE more ADD CHECK (id >= 100 AND id < 200);"
DEFAULT = f"""{PARTED}
CREATE TABLE rest PARTITION OF orders DEFAULT;
INSERT INTO orders VALUES (1000, 10);
"""
ATTACH = "ALTER TABLE orders ATTACH PARTITION more FOR VALUES FROM (100) TO (200)"

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE orders RENAME TO purchases",
        "ALTER TABLE orders OWNER TO current_user",
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON orders USING (true)",
        "CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING",
        "ALTER TABLE orders REPLICA IDENTITY FULL",
        "ALTER TABLE orders SET (fillfactor = 70)",
        "COMMENT ON TABLE orders IS 'x'",
        "CREATE STATISTICS st ON user_id, total FROM orders",
        "ANALYZE orders",
        "VACUUM orders",
        "VACUUM FULL orders",
        "CLUSTER orders USING ix",
        "TRUNCATE orders",
        "ALTER TABLE orders SET UNLOGGED",
        "LOCK TABLE orders",
        "LOCK TABLE orders IN SHARE MODE",
        "CREATE OR REPLACE VIEW cheap AS SELECT id FROM orders WHERE total < 20",
        "DROP VIEW cheap",
        "ALTER SEQUENCE numbers RESTART",
        "CREATE TABLE copies (id int)",
    ),
    *after(
        FILLED,
        "REFRESH MATERIALIZED VIEW sums",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY sums",
        "DROP MATERIALIZED VIEW sums",
    ),
    *after(
        PARTED,
        ATTACH,
        "ALTER TABLE orders DETACH PARTITION orders_1",
        "ALTER TABLE orders DETACH PARTITION orders_1 CONCURRENTLY",
        "CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (100) TO (200)",
    ),
    *after(BOUNDED, ATTACH),
    *after(
        DEFAULT,
        ATTACH,
        "ALTER TABLE orders DETACH PARTITION orders_1",
        "CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (100) TO (200)",
    ),
    *after(
        "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE orders (id int, mood mood);",
        "ALTER TYPE mood ADD VALUE 'b'",
        "ALTER TYPE mood RENAME VALUE 'a' TO 'c'",
    ),
)
