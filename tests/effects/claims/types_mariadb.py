"""Columns that change their type."""

from claim import after

NUMBERS = ", ".join(f"'m{number}'" for number in range(255))
SHOP = f"""
CREATE TABLE orders (
    id int PRIMARY KEY, small varchar(31), middle varchar(40), large varchar(100), note text,
    latin varchar(127) CHARACTER SET latin1, wide varchar(200) CHARACTER SET latin1,
    old varchar(40) CHARACTER SET utf8mb3, crossing varchar(80) CHARACTER SET utf8mb3,
    code char(5), total decimal(10, 2), size int(11), flag tinyint(1), at datetime,
    begun varchar(40) CHARACTER SET utf8mb3, whole varchar(40) CHARACTER SET utf8mb3,
    raw varbinary(20), KEY (begun(10)), KEY (whole),
    state enum('new', 'paid'), tags set('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    full_up enum({NUMBERS}), named varchar(20), KEY ix (named)
) CHARACTER SET utf8mb4;
INSERT INTO orders (id) VALUES (1), (2);
"""

CLAIMS = after(
    SHOP,
    "ALTER TABLE orders MODIFY small varchar(64)",
    "ALTER TABLE orders MODIFY small varchar(30)",
    "ALTER TABLE orders MODIFY middle varchar(60)",
    "ALTER TABLE orders MODIFY middle varchar(64)",
    "ALTER TABLE orders MODIFY large varchar(200)",
    "ALTER TABLE orders MODIFY large text",
    "ALTER TABLE orders MODIFY latin varchar(300) CHARACTER SET latin1",
    "ALTER TABLE orders MODIFY wide varchar(255) CHARACTER SET latin1",
    "ALTER TABLE orders MODIFY wide varchar(256) CHARACTER SET latin1",
    "ALTER TABLE orders MODIFY old varchar(40) CHARACTER SET utf8mb4",
    "ALTER TABLE orders MODIFY begun varchar(40) CHARACTER SET utf8mb4",
    "ALTER TABLE orders MODIFY begun varchar(60) CHARACTER SET utf8mb3",
    "ALTER TABLE orders MODIFY whole varchar(40) CHARACTER SET utf8mb4",
    "ALTER TABLE orders MODIFY crossing varchar(80) CHARACTER SET utf8mb4",
    "ALTER TABLE orders MODIFY middle varchar(40) CHARACTER SET latin1",
    "ALTER TABLE orders MODIFY middle varchar(40) COLLATE utf8mb4_bin",
    "ALTER TABLE orders MODIFY named varchar(20) COLLATE utf8mb4_bin",
    "ALTER TABLE orders MODIFY note mediumtext",
    "ALTER TABLE orders MODIFY code char(10)",
    "ALTER TABLE orders MODIFY total decimal(12, 2)",
    "ALTER TABLE orders MODIFY size bigint",
    "ALTER TABLE orders MODIFY size int unsigned",
    "ALTER TABLE orders MODIFY flag int",
    "ALTER TABLE orders MODIFY at datetime(6)",
    "ALTER TABLE orders MODIFY at timestamp NULL",
    "ALTER TABLE orders MODIFY raw varbinary(200)",
    "ALTER TABLE orders MODIFY state enum('new', 'paid', 'sent')",
    "ALTER TABLE orders MODIFY state enum('new', 'sent', 'paid')",
    "ALTER TABLE orders MODIFY state enum('new')",
    "ALTER TABLE orders MODIFY tags set('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')",
    f"ALTER TABLE orders MODIFY full_up enum({NUMBERS}, 'one more')",
    "ALTER TABLE orders CHANGE size width bigint",
)
