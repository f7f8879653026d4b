"""What the small projects are on PostgreSQL, where they are not what they are on SQLite.

By the name of the case: what is written otherwise, and what is said then; or why there is none.
"""

from __future__ import annotations

from hazards import SHOP, Otherwise, cases_of, sql, table

NO_BATCH = "nothing has to be rebuilt there: a batch is an ALTER TABLE"
OTHER_NAME = "r2 schema-not-restored"  # a new table's primary key has the name of that table
RETURNS = "it knows no such function, and JSON has types of its own"
LARGE = (
    SHOP[0]
    + "\n"
    + sql("INSERT INTO users (id, name) SELECT n, 'n' || n FROM generate_series(2001, 3500) n"),
    SHOP[1],
)
OTHERWISE: Otherwise = {
    "a delete hides no cascade": {
        "upgrade": sql(
            "DELETE FROM orders WHERE user_id IS NULL",
            "DELETE FROM users WHERE email IS NOT NULL",
        ),
    },
    "replaces rows by its own words": {
        "upgrade": sql(
            "INSERT INTO users (id, email) SELECT id, 'x' FROM users "
            "ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = NULL"
        ),
    },
    "removes duplicates, then forbids them": {"says": "r2 rows-lost"},  # of the orders: a cascade
    "renamed away, copied, dropped": {"says": OTHER_NAME},
    "renamed away, copied in part, dropped": {"says": ("r2 rows-lost", OTHER_NAME)},
    "made anew with two columns mixed up": {"says": ("r2 rows-lost", OTHER_NAME)},
    "made anew with values computed": {"says": OTHER_NAME},
    "two tables become one and two again": {
        "base": table(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))"
        ),
    },
    "a way back that is refused hides no loss on the way up": NO_BATCH,
    "a batch rebuild of a parent empties its children": NO_BATCH,
    "a batch rebuild without enforced keys": NO_BATCH,
    "an index comes back as orders (user_id COLLATE BINARY)": "a number has no collation there",
    "an index comes back as orders (`user_id` asc)": "it has no such quotes",
    "a table comes back in other words": {
        "base": table(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 0 CHECK (a>=0), "
            "b BOOLEAN DEFAULT false, c TEXT DEFAULT ('x'), e NUMERIC(10,2), "
            "CONSTRAINT u UNIQUE (a, b))"
        ),
        "downgrade": sql(
            'CREATE TABLE "t" (id integer not null primary key, "a" int4 default (0), '
            "b BOOL DEFAULT 'f', c TEXT DEFAULT 'x', e DECIMAL(10, 2) NULL DEFAULT NULL, "
            "CHECK((a >= 0)), CONSTRAINT u UNIQUE (a, b))"
        ),
    },
    "a view comes back in other words": {
        "downgrade": sql("create or replace view v as\n  select users.id, email from users;"),
    },
    **{
        f"a CHECK that forgets {left}": {"says": "r2 upgrade-fails-with-rows"}  # no batch forgets
        for left in ("new", "late", "done")
    },
    "a type that cuts values off": {
        "upgrade": sql("ALTER TABLE users ALTER name TYPE varchar(3) USING left(name, 3)"),
        "downgrade": sql("ALTER TABLE users ALTER name TYPE varchar(40)"),
    },
    "inserts only what is not there": {
        "upgrade": sql(
            "INSERT INTO users (id, name) VALUES (1, 'admin') ON CONFLICT (id) DO NOTHING"
        ),
    },
    "JSON in SQL": {
        "upgrade": sql(
            "ALTER TABLE users ADD COLUMN made TEXT", "UPDATE users SET made = name::json ->> 'a'"
        ),
    },
    "JSON in SQL of a name that a parameter gives": RETURNS,
    "many rows that stay": {
        "upgrade": sql("ALTER TABLE users ALTER id TYPE bigint"),
        "downgrade": sql("ALTER TABLE users ALTER id TYPE integer"),
        "base": LARGE,
    },
}  # fmt: skip
CASES_OF_POSTGRESQL = cases_of(OTHERWISE)
