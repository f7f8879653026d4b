"""Columns that are added, changed, dropped."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name varchar(20));
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int, note varchar(20));
INSERT INTO users VALUES (1, 'a'), (2, 'b');
INSERT INTO orders VALUES (1, 1, 10, 'x'), (2, 2, 20, 'y');
"""

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE orders ADD COLUMN extra int",
        "ALTER TABLE orders ADD COLUMN extra int FIRST",
        "ALTER TABLE orders ADD COLUMN extra int NOT NULL DEFAULT 1",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT (60 * 60)",
        "ALTER TABLE orders ADD COLUMN extra double DEFAULT (rand())",
        "ALTER TABLE orders ADD COLUMN extra varchar(36) DEFAULT (uuid())",
        "ALTER TABLE orders ADD COLUMN extra int AS (total * 2) VIRTUAL",
        "ALTER TABLE orders ADD COLUMN extra int AS (total * 2) STORED",
        "ALTER TABLE orders ADD COLUMN extra int CHECK (extra > 0)",
        "ALTER TABLE orders ADD COLUMN extra int REFERENCES users (id)",
        "ALTER TABLE orders ADD COLUMN extra int UNIQUE",
        "ALTER TABLE orders DROP COLUMN note",
        "ALTER TABLE orders CHANGE note remark varchar(20)",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 1",
        "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT",
        "ALTER TABLE orders MODIFY total int NOT NULL",
        "ALTER TABLE orders MODIFY note varchar(20) COMMENT 'x'",
    ),
    *after(
        SHOP.replace("total int", "total int NOT NULL"),
        "ALTER TABLE orders MODIFY total int",
    ),
)
