"""Constraints that are added, validated, dropped, and triggers."""

from claim import after

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int, user_id int, total int, note text NOT NULL);
INSERT INTO users VALUES (1, 'a'), (2, 'b');
INSERT INTO orders VALUES (1, 1, 10, 'x'), (2, 2, 20, 'y');
"""
KEYED = SHOP + "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users;"
FOREIGN = "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"
CHECK = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (total > 0)"
TRIGGER = (
    SHOP
    + """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER made BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
"""
)
DOMAIN = """
CREATE DOMAIN amount AS int;
CREATE TABLE orders (id int, total amount);
CREATE TABLE invoices (id int, total amount);
INSERT INTO orders VALUES (1, 10);
INSERT INTO invoices VALUES (1, 10);
"""

CLAIMS = (
    *after(
        SHOP,
        CHECK,
        f"{CHECK} NOT VALID",
        FOREIGN,
        f"{FOREIGN} NOT VALID",
        "CREATE TABLE lines (id int, user_id int REFERENCES users (id))",
        "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (total)",
        "ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY (id)",
        "ALTER TABLE orders ADD CONSTRAINT ex EXCLUDE (total WITH =)",
    ),
    *after(f"{SHOP}{CHECK} NOT VALID;", "ALTER TABLE orders VALIDATE CONSTRAINT ck"),
    *after(f"{SHOP}{FOREIGN} NOT VALID;", "ALTER TABLE orders VALIDATE CONSTRAINT fk"),
    *after(
        KEYED,
        "ALTER TABLE orders DROP CONSTRAINT fk",
        "ALTER TABLE orders DROP COLUMN user_id",
        "ALTER TABLE orders ALTER CONSTRAINT fk DEFERRABLE",
        "DROP TABLE orders",
        "DROP TABLE users CASCADE",
    ),
    *after(
        f"{SHOP}CREATE UNIQUE INDEX ix ON orders (note);",
        "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE USING INDEX ix",
        "ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix",
    ),
    *after(
        f"{SHOP}CREATE UNIQUE INDEX ix ON orders (total);",
        "ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix",
    ),
    *after(
        f"{SHOP}CREATE UNIQUE INDEX ix ON orders (total);"
        "ALTER TABLE orders ADD CHECK (total IS NOT NULL);",
        "ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix",
    ),
    *after(
        TRIGGER,
        "CREATE TRIGGER other BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE orders DISABLE TRIGGER made",
        "ALTER TABLE orders ENABLE TRIGGER made",
        "DROP TRIGGER made ON orders",
    ),
    *after(
        DOMAIN,
        "ALTER DOMAIN amount ADD CONSTRAINT ck CHECK (VALUE > 0)",
        "ALTER DOMAIN amount ADD CONSTRAINT ck CHECK (VALUE > 0) NOT VALID",
        "ALTER DOMAIN amount SET NOT NULL",
    ),
    *after(
        SHOP,
        f"{CHECK} NOT ENFORCED",
        f"{FOREIGN} NOT ENFORCED",
        "ALTER TABLE orders ADD CONSTRAINT nn NOT NULL total",
        "ALTER TABLE orders ADD CONSTRAINT nn NOT NULL total NOT VALID",
        since=(18,),
    ),
    *after(
        f"{SHOP}{FOREIGN} NOT ENFORCED;",
        "ALTER TABLE orders ALTER CONSTRAINT fk ENFORCED",
        since=(18,),
    ),
    *after(
        f"{SHOP}ALTER TABLE orders ADD CONSTRAINT nn NOT NULL total NOT VALID;",
        "ALTER TABLE orders VALIDATE CONSTRAINT nn",
        "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
        since=(18,),
    ),
)
