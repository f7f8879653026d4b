"""Whole tables: engines, row formats, character sets, partitions."""

from claim import after

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, note varchar(40), KEY (note)) DEFAULT CHARSET=utf8mb3;
CREATE TABLE words (id int PRIMARY KEY, body text) DEFAULT CHARSET=utf8mb3;
CREATE TABLE begun (id int PRIMARY KEY, note varchar(40), KEY (note(9))) DEFAULT CHARSET=utf8mb3;
CREATE TABLE mid (id int PRIMARY KEY, note varchar(80)) DEFAULT CHARSET=utf8mb3;
CREATE TABLE prices (id int PRIMARY KEY, price int) WITH SYSTEM VERSIONING;
INSERT INTO orders VALUES (1, 'x');
"""

CLAIMS = (
    *after(
        SHOP,
        "ALTER TABLE orders ENGINE=InnoDB",
        "ALTER TABLE orders FORCE",
        "ALTER TABLE orders ROW_FORMAT=COMPRESSED",
        "ALTER TABLE orders KEY_BLOCK_SIZE=8",
        "ALTER TABLE orders PAGE_COMPRESSED=1",
        "ALTER TABLE orders COMMENT='x'",
        "ALTER TABLE orders AUTO_INCREMENT=100",
        "ALTER TABLE orders DEFAULT CHARACTER SET utf8mb4",
        "ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4",
        "ALTER TABLE orders CONVERT TO CHARACTER SET latin1",
        "ALTER TABLE words CONVERT TO CHARACTER SET utf8mb4",
        "ALTER TABLE mid CONVERT TO CHARACTER SET utf8mb4",
        "ALTER TABLE begun CONVERT TO CHARACTER SET utf8mb4",
        "ALTER TABLE orders ADD SYSTEM VERSIONING",
        "ALTER TABLE prices DROP SYSTEM VERSIONING",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
    ),
)
