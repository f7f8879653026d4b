"""Columns that change their type, with what stands on them; domains. Pairs: test_type_pairs."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, code varchar(20) UNIQUE);
CREATE TABLE orders (
    id int PRIMARY KEY, code varchar(20) REFERENCES users (code), number varchar(20),
    name varchar(20) CHECK (name <> ''), note varchar(20), state varchar(20), total numeric(10, 2),
    at timestamp, size int
);
ALTER TABLE orders ADD CONSTRAINT unproven CHECK (number <> '') NOT VALID;
CREATE INDEX plain ON orders (number, state);
CREATE INDEX expressed ON orders (lower(note));
CREATE INDEX partly ON orders (id) WHERE state IS NOT NULL;
INSERT INTO users VALUES (1, 'a'), (2, 'b');
INSERT INTO orders (id, code, note, size) VALUES (1, 'a', 'x', 1), (2, 'b', 'y', 2);
"""
DOMAIN = """
CREATE DOMAIN word AS text;
CREATE TABLE notes (id int, note word);
CREATE TABLE others (id int, note word);
INSERT INTO notes VALUES (1, 'a'), (2, 'b');
INSERT INTO others VALUES (1, 'a'), (2, 'b');
"""

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE orders ALTER COLUMN number TYPE varchar(50)",
        "ALTER TABLE orders ALTER COLUMN number TYPE text",
        "ALTER TABLE orders ALTER COLUMN number TYPE varchar(20)",
        "ALTER TABLE orders ALTER COLUMN number TYPE varchar(20) USING number",
        "ALTER TABLE orders ALTER COLUMN number TYPE text USING number::text",
        "ALTER TABLE orders ALTER COLUMN number TYPE text USING upper(number)",
        "ALTER TABLE orders ALTER COLUMN number TYPE varchar(10)",
        'ALTER TABLE orders ALTER COLUMN number TYPE varchar(20) COLLATE "C"',
        "ALTER TABLE orders ALTER COLUMN name TYPE varchar(50)",
        "ALTER TABLE orders ALTER COLUMN name TYPE varchar(20)",
        "ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)",
        "ALTER TABLE orders ALTER COLUMN state TYPE varchar(50)",
        "ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 2)",
        "ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 4)",
        "ALTER TABLE orders ALTER COLUMN size TYPE bigint",
        "ALTER TABLE orders ALTER COLUMN at TYPE timestamptz USING at AT TIME ZONE 'UTC'",
        "ALTER TABLE orders ALTER COLUMN code TYPE varchar(50)",
        "ALTER TABLE users ALTER COLUMN code TYPE varchar(50)",
        "ALTER TABLE users ALTER COLUMN code TYPE char(20)",
        "ALTER TABLE orders ALTER COLUMN code TYPE char(20)",
    ),
    *after(
        DOMAIN,
        "ALTER DOMAIN word ADD CONSTRAINT filled CHECK (VALUE <> '')",
        "ALTER DOMAIN word SET NOT NULL",
    ),
    *after(
        DOMAIN + "ALTER DOMAIN word ADD CONSTRAINT filled CHECK (VALUE <> '') NOT VALID;",
        "ALTER DOMAIN word VALIDATE CONSTRAINT filled",
    ),
)
