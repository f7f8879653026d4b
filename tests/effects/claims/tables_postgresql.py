"""Whole tables: partitions, storage, upkeep, triggers, policies, views, renames."""

from claim import after

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, total int);
CREATE INDEX ix_total ON orders (total);
CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders);
CREATE UNLOGGED TABLE cache (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW sums AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX ux_sums ON sums (id);
CREATE VIEW open_orders AS SELECT id FROM orders;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON orders USING (true);
INSERT INTO orders VALUES (1, 10), (2, 20);
INSERT INTO items VALUES (1, 1);
INSERT INTO cache VALUES (1);
"""
EVENTS = """
CREATE TABLE events (id int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 (id int NOT NULL, day date NOT NULL);
INSERT INTO events_1 VALUES (1, '2024-01-05');
INSERT INTO events_2 VALUES (1, '2024-02-05');
"""
REST = """
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events_rest VALUES (1, '2030-01-01');
"""
BOUNDS = "FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')"
ATTACH = f"ALTER TABLE events ATTACH PARTITION events_2 {BOUNDS}"
CHECK = "ALTER TABLE events_2 ADD CHECK"
APART = "ALTER TABLE events_rest ADD CHECK"

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE items SET UNLOGGED",
        "ALTER TABLE items SET LOGGED",
        "ALTER TABLE cache SET LOGGED",
        "ALTER TABLE orders SET (fillfactor = 70)",
        "ALTER TABLE orders RESET (fillfactor)",
        "ALTER TABLE orders CLUSTER ON ix_total",
        "ALTER TABLE orders SET WITHOUT CLUSTER",
        "ALTER TABLE orders DISABLE TRIGGER touched",
        "ALTER TABLE orders ENABLE TRIGGER touched",
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE orders REPLICA IDENTITY FULL",
        "ALTER TABLE orders RENAME TO purchases",
        "ALTER TABLE orders RENAME total TO amount",
        "CLUSTER orders USING ix_total",
        "ANALYZE orders",
        "TRUNCATE items",
        "DROP TABLE cache",
        "LOCK TABLE orders",
        "LOCK TABLE orders IN SHARE MODE",
        "CREATE TRIGGER more BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()",
        "DROP TRIGGER touched ON orders",
        "CREATE POLICY more ON orders USING (true)",
        "ALTER POLICY own ON orders USING (false)",
        "DROP POLICY own ON orders",
        "CREATE RULE silent AS ON INSERT TO orders DO ALSO NOTHING",
        "COMMENT ON TABLE orders IS 'x'",
        "COMMENT ON COLUMN orders.total IS 'x'",
    ),
    *after(EVENTS, ATTACH, "ALTER TABLE events DETACH PARTITION events_1", "DROP TABLE events_1"),
    *after(f"{EVENTS}{CHECK} (day >= '2024-02-01' AND day < '2024-03-01');", ATTACH),
    *after(f"{EVENTS}{CHECK} (day BETWEEN '2024-02-01' AND '2024-02-28');", ATTACH),
    *after(f"{EVENTS}{CHECK} (day >= '2024-02-01');", ATTACH),
    *after(
        f"{EVENTS}{REST}",
        ATTACH,
        "ALTER TABLE events DETACH PARTITION events_1",
        "DROP TABLE events_1",
    ),
    *after(
        f"{EVENTS}{REST}{CHECK} (day >= '2024-02-01' AND day < '2024-03-01');"
        f"{APART} (day >= '2025-01-01');",
        ATTACH,
    ),
)
