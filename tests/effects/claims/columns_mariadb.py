"""Columns that are added, changed, dropped."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name varchar(20));
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int, note varchar(20));
CREATE TABLE texts (id int PRIMARY KEY, body text, n int, FULLTEXT (body));
CREATE TABLE small (id int PRIMARY KEY, body text) ROW_FORMAT=COMPRESSED;
CREATE TABLE sums (id int PRIMARY KEY, a int, s int AS (a + 1) STORED, v int AS (a + 2) VIRTUAL);
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
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT (total + 1)",
        "ALTER TABLE orders ADD COLUMN extra datetime DEFAULT now()",
        "ALTER TABLE orders ADD COLUMN extra datetime DEFAULT sysdate()",
        "ALTER TABLE orders ADD COLUMN extra date DEFAULT (curdate())",
        "ALTER TABLE orders ADD COLUMN extra varchar(40) DEFAULT lower(uuid())",
        "ALTER TABLE orders ADD COLUMN extra int AUTO_INCREMENT UNIQUE",
        "ALTER TABLE texts ADD COLUMN extra int",
        "ALTER TABLE texts ADD COLUMN extra int AS (id + 1) VIRTUAL",
        "ALTER TABLE texts DROP COLUMN n",
        "ALTER TABLE texts MODIFY n int NOT NULL",
        "ALTER TABLE small ADD COLUMN extra int",
        "ALTER TABLE small ADD COLUMN extra int AS (id + 1) VIRTUAL",
        "ALTER TABLE small DROP COLUMN body",
        "ALTER TABLE sums DROP COLUMN v",
        "ALTER TABLE sums DROP COLUMN s",
        "ALTER TABLE sums MODIFY s int AS (a + 3) STORED",
        "ALTER TABLE sums MODIFY s int",
        "ALTER TABLE orders MODIFY id int AUTO_INCREMENT",
        "ALTER TABLE orders MODIFY note varchar(20) FIRST",
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
