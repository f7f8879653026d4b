"""Columns that are added, changed, dropped."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int, note text CHECK (note <> ''));
CREATE DOMAIN word AS text;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
INSERT INTO users VALUES (1, 'a'), (2, 'b');
INSERT INTO orders VALUES (1, 1, 10, 'x'), (2, 2, 20, 'y');
"""
PROVEN = "ALTER TABLE orders ADD CHECK (total IS NOT NULL);"
GUESSED = "ALTER TABLE orders ADD CHECK (total IS NOT NULL) NOT VALID;"

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE orders ADD COLUMN extra int",
        "ALTER TABLE orders ADD COLUMN extra word",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT 1",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT -1",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT (1 + 2) * 3",
        "ALTER TABLE orders ADD COLUMN extra int NOT NULL DEFAULT 1",
        "ALTER TABLE orders ADD COLUMN extra text DEFAULT lower('X')",
        "ALTER TABLE orders ADD COLUMN extra jsonb DEFAULT '{}'::jsonb",
        "ALTER TABLE orders ADD COLUMN extra timestamptz DEFAULT now()",
        "ALTER TABLE orders ADD COLUMN extra date DEFAULT current_date",
        "ALTER TABLE orders ADD COLUMN extra float DEFAULT random()",
        "ALTER TABLE orders ADD COLUMN extra text DEFAULT md5(random()::text)",
        "ALTER TABLE orders ADD COLUMN extra uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE orders ADD COLUMN extra timestamptz DEFAULT clock_timestamp()",
        "ALTER TABLE orders ADD COLUMN extra serial",
        "ALTER TABLE orders ADD COLUMN extra int GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE orders ADD COLUMN extra int GENERATED ALWAYS AS (total * 2) STORED",
        "ALTER TABLE orders ADD COLUMN extra positive",
        "ALTER TABLE orders ADD COLUMN extra positive DEFAULT 1",
        "ALTER TABLE orders ADD COLUMN extra int CHECK (extra > 0)",
        "ALTER TABLE orders ADD COLUMN extra int REFERENCES users",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT 1 REFERENCES users",
        "ALTER TABLE orders ADD COLUMN extra int UNIQUE",
        "ALTER TABLE orders DROP COLUMN note",
        "ALTER TABLE orders ALTER COLUMN note DROP NOT NULL",
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'",
        "ALTER TABLE orders ALTER COLUMN note DROP DEFAULT",
        "ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL",
        "ALTER TABLE orders ALTER COLUMN note SET STATISTICS 100",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "COMMENT ON COLUMN orders.note IS 'x'",
        "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
    ),
    *after(
        SHOP,
        "ALTER TABLE orders ADD COLUMN extra int GENERATED ALWAYS AS (total * 2) VIRTUAL",
        since=(18,),
    ),
    *after(SHOP + PROVEN, "ALTER TABLE orders ALTER COLUMN total SET NOT NULL"),
    *after(SHOP + GUESSED, "ALTER TABLE orders ALTER COLUMN total SET NOT NULL"),
)
