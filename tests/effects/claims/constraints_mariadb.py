"""Constraints that are added and dropped."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE orders (
    id int PRIMARY KEY,
    user_id int,
    total int,
    other_id int,
    CONSTRAINT kept CHECK (total > 0),
    CONSTRAINT other_fkey FOREIGN KEY (other_id) REFERENCES users (id)
);
CREATE TABLE bare (id int NOT NULL, total int);
INSERT INTO users VALUES (1), (2);
INSERT INTO orders VALUES (1, 1, 10, 1), (2, 2, 20, 2);
INSERT INTO bare VALUES (1, 1), (2, 2);
"""
ADD = "ALTER TABLE orders ADD CONSTRAINT new"

CLAIMS = after(
    SHOP,
    f"{ADD} CHECK (total > 0)",
    f"{ADD} FOREIGN KEY (user_id) REFERENCES users (id)",
    f"{ADD} UNIQUE (total)",
    "ALTER TABLE bare ADD PRIMARY KEY (id)",
    "ALTER TABLE orders DROP PRIMARY KEY",
    "ALTER TABLE orders DROP FOREIGN KEY other_fkey",
    "ALTER TABLE orders DROP CONSTRAINT kept",
    "ALTER TABLE orders ADD COLUMN extra int UNIQUE",
    "ALTER TABLE orders ADD COLUMN extra int REFERENCES users (id)",
    "ALTER TABLE orders ADD COLUMN extra int CHECK (extra > 0)",
)
