"""Constraints that are added, validated, altered, dropped, or go with something else."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, code int UNIQUE);
CREATE TABLE orders (
    id int PRIMARY KEY,
    user_id int,
    other_id int CONSTRAINT other_fkey REFERENCES users (id),
    total int,
    number int NOT NULL,
    CONSTRAINT kept CHECK (total > 0)
);
CREATE TABLE lines (order_id int REFERENCES orders (id));
INSERT INTO users VALUES (1, 1), (2, 2);
INSERT INTO orders VALUES (1, 1, 1, 10, 1), (2, 2, 2, 20, 2);
CREATE UNIQUE INDEX on_total ON orders (total);
CREATE UNIQUE INDEX on_number ON orders (number);
"""
LATER = """
ALTER TABLE orders ADD CONSTRAINT late_check CHECK (total > 1) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT late_key FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
"""
NO_KEY = SHOP.replace("    id int PRIMARY KEY,\n    user_id", "    id int UNIQUE,\n    user_id")
PARTED = """
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE parts (id int, user_id int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
INSERT INTO users VALUES (1);
INSERT INTO parts VALUES (1, 1), (2, 1);
"""
ADD = "ALTER TABLE orders ADD CONSTRAINT new"

CLAIMS = (
    *after(
        SHOP,
        f"{ADD} CHECK (total > 0)",
        f"{ADD} CHECK (total > 0) NOT VALID",
        f"{ADD} FOREIGN KEY (user_id) REFERENCES users (id)",
        f"{ADD} FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
        f"{ADD} FOREIGN KEY (user_id) REFERENCES orders (id)",
        f"{ADD} UNIQUE (user_id)",
        f"{ADD} UNIQUE USING INDEX on_total",
        "ALTER TABLE orders VALIDATE CONSTRAINT kept",
        "ALTER TABLE orders RENAME CONSTRAINT kept TO held",
        "ALTER TABLE orders ALTER CONSTRAINT other_fkey DEFERRABLE",
        "ALTER TABLE orders DROP CONSTRAINT kept",
        "ALTER TABLE orders DROP CONSTRAINT other_fkey",
        "ALTER TABLE orders DROP COLUMN other_id",
        "DROP TABLE lines",
        "CREATE TABLE new (user_id int REFERENCES users (id))",
        "ALTER TABLE orders ADD COLUMN extra int CHECK (extra > 0)",
        "ALTER TABLE orders ADD COLUMN extra int UNIQUE",
        "ALTER TABLE orders ADD COLUMN extra int REFERENCES users (id)",
        "ALTER TABLE orders ADD COLUMN extra int DEFAULT 1 REFERENCES users (id)",
    ),
    *after(
        NO_KEY,
        f"{ADD} PRIMARY KEY (number)",
        f"{ADD} PRIMARY KEY USING INDEX on_number",
        f"{ADD} PRIMARY KEY USING INDEX on_total",
    ),
    *after(
        f"{NO_KEY}ALTER TABLE orders ADD CHECK (total IS NOT NULL);",
        f"{ADD} PRIMARY KEY USING INDEX on_total",
    ),
    *after(
        SHOP + LATER,
        "ALTER TABLE orders VALIDATE CONSTRAINT late_check",
        "ALTER TABLE orders VALIDATE CONSTRAINT late_key",
    ),
    *after(
        SHOP,
        f"{ADD} NOT NULL total",
        f"{ADD} NOT NULL total NOT VALID",
        f"{ADD} CHECK (total > 0) NOT ENFORCED",
        "ALTER TABLE orders ALTER CONSTRAINT other_fkey NOT ENFORCED",
        since=(18,),
    ),
    *after(
        f"{SHOP}ALTER TABLE orders ADD CONSTRAINT loose FOREIGN KEY (user_id) "
        "REFERENCES users (id) NOT ENFORCED;",
        "ALTER TABLE orders ALTER CONSTRAINT loose ENFORCED",
        since=(18,),
    ),
    *after(
        PARTED,
        "ALTER TABLE parts ADD FOREIGN KEY (user_id) REFERENCES users (id)",
        "ALTER TABLE parts ADD UNIQUE (id)",
        "ALTER TABLE parts ADD CHECK (id > 0) NOT VALID",
    ),
)
