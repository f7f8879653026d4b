"""What the small projects are on MariaDB, where they are not what they are on SQLite.

By the name of the case: what is written otherwise, and what is said then; or why there is none.
"""

from __future__ import annotations

from hazards import SHOP, Otherwise, batch, cases_of, sql, table

NO_BATCH = "nothing has to be rebuilt there: a batch is an ALTER TABLE"
NO_PARTIAL = "it has neither partial indexes nor indexes of expressions"
NO_CASE = "its unique keys tell no upper case from lower"
IMPLICIT = "a column that may not be NULL gets the default of its type"
STATUS = (SHOP[0] + "\n" + sql("CREATE INDEX ix_status ON orders (status)"), SHOP[1])
LARGE = (
    SHOP[0]
    + "\n"
    + sql("INSERT INTO users (id, name) SELECT seq, concat('n', seq) FROM seq_2001_to_3500"),
    SHOP[1],
)
NOT_UTF8 = "its server refuses text that is not of the column's character set"
LEAVES_INDEX = "r2 schema-not-restored"  # the key is dropped, and the index that came with it stays
OTHERWISE: Otherwise = {
    "a delete hides no cascade": {
        "upgrade": sql(
            "DELETE FROM orders WHERE user_id IS NULL",
            "REPLACE INTO users (id, email) SELECT id, email FROM users",
        ),
    },
    "deletes with a common table expression": "its DELETE has no WITH",
    "replaces rows by its own words": {
        "upgrade": sql("REPLACE INTO orders (id, note) SELECT id, 'x' FROM orders"),
    },
    "updates where a row exists": {
        "upgrade": sql(
            "INSERT INTO users (id, name) SELECT id, 'x' FROM users "
            "ON DUPLICATE KEY UPDATE name = values(name)"
        ),
    },
    "removes duplicates, then forbids them": {
        "downgrade": sql("ALTER TABLE users DROP INDEX ux_mail"),
        "says": "r2 rows-lost",  # of the orders, whose key cascades
    },
    "two tables become one and two again": {
        "base": table(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))"
        ),
    },
    "a way back that is refused hides no loss on the way up": NO_BATCH,
    "a column is renamed in a batch and back": {
        "upgrade": batch(
            "users", "alter_column('email', new_column_name='mail', existing_type=sa.String(80))"
        ),
        "downgrade": batch(
            "users", "alter_column('mail', new_column_name='email', existing_type=sa.String(80))"
        ),
    },
    "a batch rebuild of a parent empties its children": NO_BATCH,
    "a batch rebuild without enforced keys": NO_BATCH,
    "a batch rebuild of a child": NO_BATCH,
    "many rows that stay": {
        "upgrade": sql("ALTER TABLE users FORCE"), "downgrade": sql("SELECT 1"), "base": LARGE
    },
    **{
        f"an index comes back as {again}": {
            "upgrade": sql("DROP INDEX ix_status ON orders"),
            "downgrade": sql(f"CREATE INDEX ix_status ON {again.replace('user_id', 'status')}"),
            "base": STATUS,
        }
        for again in (
            "orders (user_id ASC)", '"orders" ("user_id")', "orders(user_id)",
            "orders (`user_id` asc)",
        )
    },
    "an index comes back as ORDERS (USER_ID)": "its names of tables are told by their case",
    "an index comes back as orders (user_id COLLATE BINARY)": "an index has no collation there",
    "an index comes back otherwise": {
        "upgrade": sql("DROP INDEX ix_status ON orders"),
        "downgrade": sql("CREATE INDEX ix_status ON orders (status DESC)"),
        "base": STATUS,
    },
    "a table comes back in other words": {
        "base": table(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 0, b BOOLEAN DEFAULT 0, "
            "c TEXT DEFAULT ('x'), e NUMERIC(10,2), CONSTRAINT u UNIQUE (a, b), CHECK (a>=0))"
        ),
        "downgrade": sql(
            'create table "t" (id integer(11) not null primary key, "a" int default (0), '
            "b BOOL NULL DEFAULT FALSE, c TEXT DEFAULT 'x', e DECIMAL(10, 2) DEFAULT NULL, "
            "CHECK((a >= 0)), UNIQUE INDEX u (a asc, b)) comment ''"
        ),
    },
    "a view comes back in other words": {
        "downgrade": sql("create or replace view v as\n  select `id`, email from users"),
    },
    "a partial index comes back in other words": NO_PARTIAL,
    "a bad downgrade is not the next one's": {
        "after": (
            (
                sql("CREATE INDEX ix_mail ON users (email)", "CREATE INDEX ix_a ON users (a(9))"),
                sql("DROP INDEX ix_mail ON users", "DROP INDEX ix_a ON users"),
            ),
        ),
    },
    "one to one over two children of one parent": {
        # The index of the foreign key makes way for it, and does not come back.
        "downgrade": sql("CREATE INDEX ix_orders_user2 ON orders (user_id)",
                         "DROP INDEX one ON orders",
                         "ALTER TABLE orders RENAME INDEX ix_orders_user2 TO ix_orders_user"),
        "upgrade": sql("CREATE UNIQUE INDEX one ON orders (user_id)",
                       "DROP INDEX ix_orders_user ON orders"),
    },
    "one to one over two children of one parent that there has to be": {
        "downgrade": sql("ALTER TABLE pages DROP FOREIGN KEY pages_ibfk_1",
                         "DROP INDEX one ON pages",
                         "ALTER TABLE pages ADD FOREIGN KEY (book_id) REFERENCES books (id)"),
    },
    "two NULLs become two equal values": NO_PARTIAL,
    "two NULLs of a unique column become two equal values": {
        "base": table("CREATE TABLE t (id INTEGER PRIMARY KEY, code VARCHAR(20) UNIQUE)"),
    },
    **{
        f"a CHECK that forgets {left}": {"says": "r2 upgrade-fails-with-rows"}  # no batch forgets
        for left in ("new", "late", "done")
    },
    "unique without case": NO_CASE,
    "a key in lower case": NO_CASE,
    "a CHECK after its repair": {"downgrade": batch("t", "drop_constraint('good', type_='check')")},
    **{
        f"a foreign key over what may be no {name}": {
            "says": ("r2 upgrade-fails-with-rows", LEAVES_INDEX)
        }
        for name in ("aardvark", "zebra")
    },
    **{
        f"a foreign key without orphans to {name}": {"says": LEAVES_INDEX}
        for name in ("aardvark", "zebra")
    },
    "a NOT NULL column without default": IMPLICIT,
    "a downgrade that brings a NOT NULL column back": IMPLICIT,
    "a type that cuts values off": "it refuses to, unless sql_mode is not strict: made-up values",
    "inserts only what is not there": {
        "upgrade": sql("INSERT IGNORE INTO users (id, name) VALUES (1, 'admin')"),
    },
    "text that is no UTF-8": NOT_UTF8,
    "text that is no UTF-8 is lost": NOT_UTF8,
    "the last of many rows": {"base": LARGE},
    "a value of the last of many rows": {"base": LARGE},
}  # fmt: skip
CASES_OF_MARIADB = cases_of(OTHERWISE)
