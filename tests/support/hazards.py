"""Small projects, each with one revision that is a hazard or only looks like one."""

from __future__ import annotations

from typing import Any, NamedTuple

from roundtrip_project import ENFORCING_ENV, ENV, Step


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def batch(table: str, *calls: str, **options: Any) -> str:
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    body = "".join(f"\n    batch.{call}" for call in calls) or "\n    pass"
    return f"with op.batch_alter_table({table!r}{given}) as batch:{body}"


SHOP = (
    sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER, status VARCHAR(20), note TEXT,"
        " user_id INTEGER,"
        " CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)",
        "CREATE INDEX ix_orders_user ON orders (user_id)",
    ),
    sql("DROP TABLE orders", "DROP TABLE users"),
)
REBUILT = batch("users", recreate="always")
NOTHING = "op.get_bind()"


class Case(NamedTuple):
    """Revisions r1 (the shop), r2 (this one), then those `after`; `says`: "r2 rows-lost" or so."""

    name: str
    upgrade: str
    downgrade: str
    says: tuple[str, ...] | str = ()
    base: Step = SHOP
    after: tuple[Step, ...] = ()
    env: str = ENV


def table(create: str, *more: str) -> Step:
    """Return a first revision that makes one table."""
    return sql(create, *more), sql("DROP TABLE " + create.split()[2])


EXEMPTIONS = [
    Case(
        "a delete hides no cascade",
        sql("DELETE FROM orders WHERE user_id IS NULL") + "\n" + REBUILT,
        NOTHING,
        "r2 rows-lost",
        env=ENFORCING_ENV,
    ),
    Case(
        "an update of some hides no downgrade that blanks all",
        sql("UPDATE orders SET note = 'none' WHERE note IS NULL"),
        sql("UPDATE orders SET note = ''"),
        "r2 rows-lost",
    ),
    Case(
        "an update of all hides no downgrade that blanks all",
        sql("UPDATE orders SET note = coalesce(note, '') || '.'"),
        sql("UPDATE orders SET note = NULL"),
        "r2 rows-lost",
    ),
    Case(
        "an update of one column hides no loss of another",
        sql("UPDATE orders SET note = 'none' WHERE note IS NULL"),
        sql("UPDATE orders SET status = ''"),
        "r2 rows-lost",
    ),
    Case(
        "a delete of some hides no downgrade that deletes all",
        sql("DELETE FROM orders WHERE user_id IS NULL"),
        sql("DELETE FROM orders"),
        "r2 rows-lost",
    ),
    Case(
        "a delete that matches nothing hides nothing",
        sql("DELETE FROM orders WHERE id < 0"),
        sql("DELETE FROM orders WHERE user_id IS NULL"),
        "r2 rows-lost",
    ),
    Case(
        "a delete in a downgrade",
        sql("ALTER TABLE orders ADD COLUMN n INTEGER"),
        sql("ALTER TABLE orders DROP COLUMN n", "DELETE FROM orders WHERE user_id IS NULL"),
        "r2 rows-lost",
    ),
    Case(
        "an update of another table hides nothing",
        sql("UPDATE users SET name = 'x'"),
        sql("UPDATE orders SET note = ''"),
        "r2 rows-lost",
    ),
    Case("deletes orphans", sql("DELETE FROM orders WHERE user_id IS NULL"), NOTHING),
    Case("deletes everything by its own words", sql("DELETE FROM orders"), NOTHING),
    Case(
        "deletes everything, and the key too",
        sql("DELETE FROM orders") + "\n" + batch("orders", "drop_column('id')"),
        "raise NotImplementedError('no way back')",
        "r2 declared-irreversible",
    ),
    Case("fills NULLs", sql("UPDATE orders SET note = '' WHERE note IS NULL"), NOTHING),
    Case("cleans up values", sql("UPDATE users SET email = lower(trim(email))"), NOTHING),
    Case(
        "changes a unit, and back",
        sql("UPDATE orders SET total = total * 100"),
        sql("UPDATE orders SET total = total / 100"),
    ),
    Case(
        "joins two states that no downgrade can tell apart",
        sql("UPDATE orders SET status = 'closed'"),
        sql("UPDATE orders SET status = 'done' WHERE status = 'closed'"),
    ),
    Case(
        "updates row by row",
        """
        rows = op.get_bind().execute(sa.text("SELECT id, note FROM orders")).fetchall()
        for row in rows:
            op.get_bind().execute(
                sa.text("UPDATE orders SET note = :note WHERE id = :id"),
                {"id": row.id, "note": (row.note or "") + "."},
            )
        """,
        NOTHING,
    ),
    Case(
        "updates with Core",
        "orders = sa.table('orders', sa.column('note'), sa.column('id'))\n"
        "op.get_bind().execute(orders.update().values(note='x'))\n"
        "op.get_bind().execute(orders.delete().where(orders.c.id == 1002))",
        NOTHING,
    ),
    Case(
        "updates over the driver's own cursor",
        "cursor = op.get_bind().connection.cursor()\n"
        "cursor.execute(\"UPDATE orders SET note = 'x'\")",
        NOTHING,
    ),
    Case(
        "deletes with a common table expression",
        sql(
            "WITH poor AS (SELECT id FROM orders WHERE user_id IS NULL) "
            "DELETE FROM orders WHERE id IN (SELECT id FROM poor)"
        ),
        NOTHING,
    ),
    Case(
        "replaces rows by its own words",
        sql("INSERT OR REPLACE INTO users (id, email) SELECT id, 'x' FROM users"),
        NOTHING,
    ),
    Case(
        "updates where a row exists",
        sql(
            "INSERT INTO users (id, name) SELECT id, 'x' FROM users WHERE true "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name"
        ),
        NOTHING,
    ),
    Case(
        "gives rows other keys",
        sql("UPDATE orders SET id = id + 100000"),
        sql("UPDATE orders SET id = id - 100000"),
    ),
    Case(
        "removes duplicates, then forbids them",
        sql(
            "DELETE FROM users WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email)",
            "CREATE UNIQUE INDEX ux_mail ON users (email)",
        ),
        sql("DROP INDEX ux_mail"),
    ),
]

IDENTITY = [
    Case(
        "a table is renamed away and another made under its name",
        sql(
            "ALTER TABLE orders RENAME TO old_orders",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)",
        ),
        sql("DROP TABLE orders", "ALTER TABLE old_orders RENAME TO orders"),
    ),
    Case(
        "renamed away, copied, dropped",
        sql(
            "ALTER TABLE users RENAME TO old",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))",
            "INSERT INTO users SELECT id, email, name FROM old",
            "DROP TABLE old",
        ),
        NOTHING,
        base=table(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))"
        ),
    ),
    Case(
        "renamed away, copied in part, dropped",
        sql(
            "ALTER TABLE users RENAME TO old",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))",
            "INSERT INTO users SELECT id, email, name FROM old WHERE email IS NOT NULL",
            "DROP TABLE old",
        ),
        NOTHING,
        "r2 rows-lost",
        base=table(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))"
        ),
    ),
    Case(
        "made anew with two columns mixed up",
        sql(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, a TEXT, b TEXT)",
            "INSERT INTO new SELECT * FROM t",
            "DROP TABLE t",
            "ALTER TABLE new RENAME TO t",
        ),
        NOTHING,
        "r2 rows-lost",
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a TEXT)"),
    ),
    Case(
        "made anew with values computed",
        sql(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, a TEXT, b TEXT)",
            "INSERT INTO new (id, b, a) SELECT id, b, trim(a) || '.' FROM t",
            "DROP TABLE t",
            "ALTER TABLE new RENAME TO t",
        ),
        NOTHING,
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a TEXT)"),
    ),
    Case(
        "a downgrade renames two columns crosswise",
        sql(
            "ALTER TABLE users RENAME COLUMN email TO mail",
            "ALTER TABLE users RENAME COLUMN name TO nick",
        ),
        sql(
            "ALTER TABLE users RENAME COLUMN mail TO name",
            "ALTER TABLE users RENAME COLUMN nick TO email",
        ),
        ("r2 rows-lost", "r2 schema-not-restored"),
    ),
    Case(
        "a dropped table comes back empty in a downgrade",
        sql("CREATE TABLE t (id INTEGER PRIMARY KEY)"),
        sql("DROP TABLE t", "DROP TABLE notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY)"),
        "r2 rows-lost",
        base=table("CREATE TABLE notes (id INTEGER PRIMARY KEY)"),
    ),
    Case(
        "rows are put away and brought back",
        sql(
            "CREATE TABLE kept AS SELECT * FROM orders WHERE note IS NOT NULL",
            "DELETE FROM orders WHERE note IS NOT NULL",
        ),
        sql("INSERT INTO orders SELECT * FROM kept", "DROP TABLE kept"),
    ),
    Case(
        "two tables become one and two again",
        sql(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))",
            "INSERT INTO people SELECT id, email, name FROM users",
            "DROP TABLE users",
        ),
        sql(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), name VARCHAR(40))",
            "INSERT INTO users SELECT id, email, name FROM people",
            "DROP TABLE people",
        ),
    ),
    Case(
        "a way back that is refused hides no loss on the way up",
        REBUILT,
        "raise NotImplementedError('no way back')",
        ("r2 rows-lost", "r2 declared-irreversible"),
        env=ENFORCING_ENV,
    ),
    Case(
        "a renamed table comes back empty",
        sql("ALTER TABLE notes RENAME TO remarks"),
        sql("DROP TABLE remarks", "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"),
        "r2 rows-lost",
        base=table("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"),
    ),
    Case(
        "a renamed column comes back empty",
        sql("ALTER TABLE users RENAME COLUMN email TO mail"),
        sql("ALTER TABLE users DROP COLUMN mail")
        + "\n"
        + sql("ALTER TABLE users ADD COLUMN email VARCHAR(80)"),
        "r2 rows-lost",
    ),
    Case(
        "a column is renamed and back",
        sql("ALTER TABLE users RENAME COLUMN email TO mail"),
        sql("ALTER TABLE users RENAME COLUMN mail TO email"),
    ),
    Case(
        "a column is renamed in a batch and back",
        batch("users", "alter_column('email', new_column_name='mail')"),
        batch("users", "alter_column('mail', new_column_name='email')"),
    ),
    Case(
        "tables change their names",
        "op.rename_table('users', 'swap')\nop.rename_table('people', 'users')\n"
        "op.rename_table('swap', 'people')",
        "op.rename_table('users', 'swap')\nop.rename_table('people', 'users')\n"
        "op.rename_table('swap', 'people')",
        base=(
            sql(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT)",
                "CREATE TABLE people (id INTEGER PRIMARY KEY, b TEXT)",
            ),
            sql("DROP TABLE users", "DROP TABLE people"),
        ),
    ),
    Case(
        "values move to a table of their own and back",
        sql(
            "CREATE TABLE mails (user_id INTEGER PRIMARY KEY REFERENCES users (id), mail TEXT)",
            "INSERT INTO mails SELECT id, email FROM users",
            "ALTER TABLE users DROP COLUMN email",
        ),
        sql(
            "ALTER TABLE users ADD COLUMN email VARCHAR(80)",
            "UPDATE users SET email = (SELECT mail FROM mails WHERE user_id = users.id)",
            "DROP TABLE mails",
        ),
    ),
    Case("a table is dropped and made again", sql("DROP TABLE orders"), SHOP[0].split("\n", 1)[1]),
    Case(
        "a batch rebuild of a parent empties its children",
        REBUILT,
        NOTHING,
        "r2 rows-lost",
        env=ENFORCING_ENV,
    ),
    Case("a batch rebuild without enforced keys", REBUILT, REBUILT),
    Case(
        "a batch rebuild of a child",
        batch("orders", recreate="always"),
        batch("orders", recreate="always"),
        env=ENFORCING_ENV,
    ),
    Case(
        "the order of rows without a key changes",
        sql(
            "CREATE TABLE other (a INTEGER, b TEXT)",
            "INSERT INTO other SELECT a, b FROM logs ORDER BY a DESC, b DESC",
            "DROP TABLE logs",
            "ALTER TABLE other RENAME TO logs",
        ),
        NOTHING,
        base=table("CREATE TABLE logs (a INTEGER, b TEXT)"),
    ),
]

SPELLING = [
    Case(
        f"an index comes back as {again}",
        sql("DROP INDEX ix_orders_user"),
        sql(f"CREATE INDEX ix_orders_user ON {again}"),
    )
    for again in (
        "orders (user_id ASC)",
        '"orders" ("user_id")',
        "orders(user_id)",
        "ORDERS (USER_ID)",
        "orders (user_id COLLATE BINARY)",
        "orders (`user_id` asc)",
    )
] + [
    Case(
        "an index comes back otherwise",
        sql("DROP INDEX ix_orders_user"),
        sql("CREATE INDEX ix_orders_user ON orders (user_id DESC)"),
        "r2 schema-not-restored",
    ),
    Case(
        "a table comes back in other words",
        sql("DROP TABLE t"),
        sql(
            'CREATE TABLE "t" (id integer not null primary key, "a" int default (0), '
            "b BOOLEAN DEFAULT FALSE, c TEXT DEFAULT 'x', e NUMERIC(10, 2) NULL DEFAULT NULL, "
            "CHECK((a >= 0)), UNIQUE (a, b))"
        ),
        base=table(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 0 CHECK (a>=0), "
            "b BOOLEAN DEFAULT 0, c TEXT DEFAULT ('x'), e NUMERIC(10,2), "
            "CONSTRAINT u UNIQUE (a, b))"
        ),
    ),
    Case(
        "a view comes back in other words",
        sql("DROP VIEW v"),
        sql("create view if not exists v as\n  select id, email from users;"),
        base=(
            SHOP[0] + "\n" + sql("CREATE VIEW v AS SELECT id, email FROM users"),
            sql("DROP VIEW v") + "\n" + SHOP[1],
        ),
    ),
    Case(
        "a partial index comes back in other words",
        sql("DROP INDEX part"),
        sql("create unique index if not exists part on users (email) where (email is not null)"),
        base=(
            SHOP[0].replace("email VARCHAR", "email TEXT, e2 VARCHAR")
            + "\n"
            + sql("CREATE UNIQUE INDEX part ON users (email) WHERE email IS NOT NULL"),
            SHOP[1],
        ),
    ),
    Case(
        "a column's place in its table",
        sql("ALTER TABLE users DROP COLUMN email"),
        sql("ALTER TABLE users ADD COLUMN email VARCHAR(80)"),
    ),
]

TRUE_STATES = [
    Case(
        "a bad downgrade is not the next one's",
        sql("ALTER TABLE users ADD COLUMN a TEXT"),
        sql("ALTER TABLE users DROP COLUMN email"),
        "r2 schema-not-restored",
        after=(
            (
                sql("CREATE INDEX ix_mail ON users (email)", "CREATE INDEX ix_a ON users (a)"),
                sql("DROP INDEX ix_mail", "DROP INDEX ix_a"),
            ),
        ),
    ),
    Case(
        "an empty downgrade is not the next one's",
        sql("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x')"),
        NOTHING,
        "r2 schema-not-restored",
        after=((sql("ALTER TABLE kept ADD COLUMN b TEXT"), sql("ALTER TABLE kept DROP COLUMN b")),),
    ),
    Case(
        "a downgrade that drops a column is not the next one's, though the upgrade runs again",
        sql("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY)"),
        sql("DROP TABLE kept", "ALTER TABLE users DROP COLUMN name"),
        "r2 schema-not-restored",
        after=(
            (
                sql("UPDATE users SET name = 'x' WHERE name IS NULL"),
                sql("UPDATE users SET name = NULL WHERE name = 'x'"),
            ),
        ),
    ),
    Case(
        "the next one is found bad all the same",
        sql("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY)"),
        sql("ALTER TABLE users DROP COLUMN name"),
        ("r2 schema-not-restored", "r3 rows-lost"),
        after=((sql("ALTER TABLE users ADD COLUMN c TEXT"),
                sql("ALTER TABLE users DROP COLUMN c", "UPDATE users SET name = ''")),),
    ),
    Case(
        "rows that a downgrade deletes are there for the next one",
        sql("CREATE TABLE kept (id INTEGER PRIMARY KEY)"),
        sql("DROP TABLE kept", "DELETE FROM users WHERE name IS NULL"),
        "r2 rows-lost",
        after=((batch("users", "alter_column('name', existing_type=sa.String(40), nullable=False)"),
                batch("users", "alter_column('name', existing_type=sa.String(40), nullable=True)")),
               ),
    )._replace(says=("r2 rows-lost", "r3 upgrade-fails-with-rows")),
    Case(
        "a revision that cannot go up is not the next one's",
        sql("DROP TABLE nobody"),
        NOTHING,
        "r2 upgrade-fails",
        after=((sql("ALTER TABLE users ADD COLUMN c TEXT"),
                sql("ALTER TABLE users DROP COLUMN c")),),
    ),
]  # fmt: skip


def fills(create: str, upgrade: str, downgrade: str = NOTHING) -> dict[str, Any]:
    return {"base": table(create), "upgrade": upgrade, "downgrade": downgrade}


TAGS = table("CREATE TABLE zebras (id INTEGER PRIMARY KEY)")
SEEDS = [
    Case(
        "one to one over two children of one parent",
        sql("CREATE UNIQUE INDEX one ON orders (user_id)"),
        sql("DROP INDEX one"),
        "r2 upgrade-fails-with-rows",
    ),
    Case(
        "one to one over two children of one parent that there has to be",
        sql("CREATE UNIQUE INDEX one ON pages (book_id)"),
        sql("DROP INDEX one"),
        "r2 upgrade-fails-with-rows",
        base=(
            sql(
                "CREATE TABLE books (id INTEGER PRIMARY KEY)",
                "CREATE TABLE pages (id INTEGER PRIMARY KEY,"
                " book_id INTEGER NOT NULL REFERENCES books (id))",
            ),
            sql("DROP TABLE pages", "DROP TABLE books"),
        ),
    ),
    Case(
        "two NULLs become two equal values",
        sql("UPDATE users SET name = 'unknown' WHERE name IS NULL",
            "CREATE UNIQUE INDEX ux ON users (name) WHERE name = 'unknown'"),
        sql("DROP INDEX ux"),
        "r2 upgrade-fails-with-rows",
    ),
    Case(
        "two NULLs of a unique column become two equal values",
        sql("UPDATE t SET code = '' WHERE code IS NULL"),
        NOTHING,
        "r2 upgrade-fails-with-rows",
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE)"),
    ),
    *(
        Case(
            f"a CHECK that forgets {left}",
            batch("t", f"create_check_constraint('known', \"state IN ({kept})\")"),
            batch("t", "drop_constraint('known', type_='check')"),
            ("r2 upgrade-fails-with-rows", "r2 schema-not-restored"),  # a batch forgets a CHECK
            base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT NOT NULL"
                       " CHECK (state IN ('new', 'open', 'done', 'gone', 'late')))"),
        )
        for left, kept in (("new", "'open','done','gone','late'"),
                           ("late", "'new','open','done','gone'"),
                           ("done", "'new','open','gone','late'"))
    ),
    Case(
        "unique without case",
        sql("CREATE UNIQUE INDEX low ON t (lower(mail))"),
        sql("DROP INDEX low"),
        "r2 upgrade-fails-with-rows",
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, mail VARCHAR(80) NOT NULL UNIQUE)"),
    ),
    Case(
        "a key in lower case",
        sql("UPDATE t SET name = lower(name)"),
        NOTHING,
        "r2 upgrade-fails-with-rows",
        base=table("CREATE TABLE t (name TEXT PRIMARY KEY)"),
    ),
    *(
        Case(
            f"a CHECK over {what}",
            batch("t", f"create_check_constraint('good', \"{check}\")"),
            batch("t", "drop_constraint('good', type_='check')"),
            "r2 upgrade-fails-with-rows",
            base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL,"
                       " name VARCHAR(20) NOT NULL, price NUMERIC(8, 2) NOT NULL)"),
        )
        for what, check in (("negative numbers", "n >= 0"), ("zero", "n <> 0"),
                            ("negative prices", "price >= 0"), ("empty strings", "name <> ''"),
                            ("blanks", "length(name) > 0"))
    ),
    Case(
        "a CHECK after its repair",
        sql("UPDATE t SET n = 0 WHERE n < 0")
        + "\n" + batch("t", "create_check_constraint('good', 'n >= 0')"),
        batch("t", "drop_constraint('good')"),
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"),
    ),
    Case(
        "division by what may be zero",
        sql("ALTER TABLE t ADD COLUMN share REAL", "UPDATE t SET share = 100.0 / n")
        + "\n" + batch("t", "alter_column('share', existing_type=sa.REAL(), nullable=False)"),
        batch("t", "drop_column('share')"),
        "r2 upgrade-fails-with-rows",
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"),
    ),
    *(
        Case(
            f"a foreign key over what may be no {name}",
            batch("visits", f"create_foreign_key('fk', '{name}', ['{name}_id'], ['id'])"),
            batch("visits", "drop_constraint('fk', type_='foreignkey')"),
            "r2 upgrade-fails-with-rows",
            base=(sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)",
                      f"CREATE TABLE visits (id INTEGER PRIMARY KEY, {name}_id INTEGER)"),
                  sql("DROP TABLE visits", f"DROP TABLE {name}")),
            env=ENFORCING_ENV,
        )
        for name in ("aardvark", "zebra")
    ),
    *(
        Case(
            f"a foreign key without orphans to {name}",
            sql(f"DELETE FROM visits WHERE {name}_id NOT IN (SELECT id FROM {name})") + "\n"
            + batch("visits", f"create_foreign_key('fk', '{name}', ['{name}_id'], ['id'])"),
            batch("visits", "drop_constraint('fk', type_='foreignkey')"),
            base=(sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)",
                      f"CREATE TABLE visits (id INTEGER PRIMARY KEY, {name}_id INTEGER)"),
                  sql("DROP TABLE visits", f"DROP TABLE {name}")),
            env=ENFORCING_ENV,
        )
        for name in ("aardvark", "zebra")
    ),
    Case(
        "four CHECKs of four literals",
        sql("UPDATE t SET a = ''") ,
        NOTHING,
        "r2 upgrade-fails-with-rows",
        base=table(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, "
            + ", ".join(f"{c} TEXT NOT NULL CHECK ({c} IN ('k', 'l', 'm', 'n{c}'))" for c in "abcd")
            + ")"
        ),
    ),
    Case(
        "a NOT NULL column without default",
        sql("ALTER TABLE users ADD COLUMN age INTEGER NOT NULL"),
        sql("ALTER TABLE users DROP COLUMN age"),
        "r2 upgrade-fails-with-rows",
    ),
    Case(
        "a downgrade that brings a NOT NULL column back",
        batch("t", "drop_column('n')"),
        batch("t", "add_column(sa.Column('n', sa.Integer(), nullable=False))"),
        "r2 downgrade-fails",
        base=table("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"),
    ),
    Case(
        "a downgrade drops the parent first",
        sql("CREATE TABLE p (id INTEGER PRIMARY KEY)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p (id))"),
        sql("DROP TABLE p", "DROP TABLE c"),
        "r2 downgrade-fails",
        env=ENFORCING_ENV,
    ),
    Case(
        "a downgrade drops the child first",
        sql("CREATE TABLE p (id INTEGER PRIMARY KEY)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p (id))"),
        sql("DROP TABLE c", "DROP TABLE p"),
        env=ENFORCING_ENV,
    ),
    Case(
        "a type that cuts values off",
        batch("users", "alter_column('name', existing_type=sa.String(40), type_=sa.Integer())"),
        batch("users", "alter_column('name', existing_type=sa.Integer(), type_=sa.String(40))"),
        "r2 rows-lost",
    ),
    Case(
        "a wider type",
        batch("users", "alter_column('name', existing_type=sa.String(40), type_=sa.Text())"),
        batch("users", "alter_column('name', existing_type=sa.Text(), type_=sa.String(40))"),
    ),
    Case(
        "inserts its rows again",
        sql("INSERT INTO users (id, name) VALUES (1, 'admin')"),
        NOTHING,
        "r2 second-upgrade-fails",
    ),
    Case(
        "inserts and removes its rows",
        sql("INSERT INTO users (id, name) VALUES (1, 'admin')"),
        sql("DELETE FROM users WHERE id = 1"),
    ),
    Case(
        "inserts only what is not there",
        sql("INSERT OR IGNORE INTO users (id, name) VALUES (1, 'admin')"),
        NOTHING,
    ),
]  # fmt: skip

LOOP = "for row in op.get_bind().execute(sa.text('SELECT * FROM users')).fetchall():\n    "
LOSES = sql("UPDATE orders SET note = ''")
ADDS = sql("ALTER TABLE users ADD COLUMN made TEXT")
TAKES = sql("ALTER TABLE users DROP COLUMN made")
CODE = [
    (f"import {module}\n" + LOOP + code)
    for module, code in (
        ("decimal", "if row.name is not None: decimal.Decimal(row.name)"),
        ("uuid", "if row.name is not None: uuid.UUID(row.name)"),
        ("json", "if row.name: json.loads(row.name)['a']['b']"),
        ("datetime", "if row.name: datetime.datetime.strptime(row.name, '%d.%m.%Y')"),
        ("ast", "if row.name: ast.literal_eval(row.name)"),
        ("base64", "if row.name: base64.b64decode(row.name, validate=True)"),
        ("ipaddress", "if row.name: ipaddress.ip_address(row.name)"),
        ("enum", "if row.name: enum.Enum('State', 'new old')[row.name]"),
        ("zoneinfo", "if row.name: zoneinfo.ZoneInfo(row.name)"),
        ("os", "if row.name: first, last = row.name.split(':')"),
        ("os", "if row.name: {'admin': 1, 'user': 2}[row.name]"),
        ("os", "if row.name and row.name not in ('a', 'b'): raise RuntimeError('bad rows')"),
        ("os", "assert row.name in (None, 'a', 'b'), row.name"),
    )
]
MADE_UP = [
    *(
        Case(f"made-up values: {code.splitlines()[-1].strip()}", f"{code}\n{ADDS}", TAKES)
        for code in CODE
    ),
    *(
        Case(f"made-up values, and a loss: {code.splitlines()[-1].strip()}",
             f"{code}\n{ADDS}", f"{TAKES}\n{LOSES}", "r2 rows-lost")
        for code in CODE[:3]
    ),
    Case(
        "JSON in SQL",
        sql("ALTER TABLE users ADD COLUMN made TEXT",
            "UPDATE users SET made = json_extract(name, '$.a')"),
        sql("ALTER TABLE users DROP COLUMN made"),
    ),
    Case(
        "JSON in SQL of a name that a parameter gives",
        "column = 'na' + 'me'\nop.execute('UPDATE users SET email = json_extract(%s, 1)' % column)",
        NOTHING,
    ),
    Case(
        "refuses to go up over rows that it cannot bring along",
        "if op.get_bind().execute(sa.text('SELECT count(*) FROM users')).scalar():\n"
        "    raise RuntimeError('bad rows')\n" + ADDS,
        TAKES,
    ),
    Case(
        "a downgrade's own code over made-up values",
        ADDS,
        LOOP + "if row.name: int(row.name)\n" + TAKES,
    ),
    Case(
        "refuses to go down over rows that it cannot bring back",
        ADDS,
        LOOP + "raise RuntimeError('two of one name')\n" + TAKES,
    ),
    Case(
        "refuses to go down whatever the rows are",
        ADDS + "\n" + sql("DELETE FROM users WHERE id > 1"),
        "refuse = True\nif refuse:\n    raise RuntimeError('no way back')",
        ("r2 declared-irreversible", "r2 rows-lost"),
        env=ENFORCING_ENV,
    ),
    Case("NULL is not made up", LOOP + "row.name.strip()", NOTHING, "r2 upgrade-fails-with-rows"),
    Case("a name that nobody defined", LOOP + "nobody(row)", NOTHING, "r2 upgrade-fails-with-rows"),
    Case("a wrong call", LOOP + "len(row, row)", NOTHING, "r2 upgrade-fails-with-rows"),
    Case("a column that is not selected", LOOP + "row.surname", NOTHING,
         "r2 upgrade-fails-with-rows"),
    Case(
        "text that is no UTF-8",
        sql("INSERT INTO users (id, name) VALUES (1, CAST(x'ff4142' AS TEXT))") + "\n" + ADDS,
        TAKES + "\n" + sql("DELETE FROM users WHERE id = 1"),
    ),
    Case(
        "text that is no UTF-8 is lost",
        ADDS,
        TAKES + "\n" + sql("DELETE FROM users WHERE id = 1"),
        "r2 rows-lost",
        base=(SHOP[0] + "\n"
              + sql("INSERT INTO users (id, name) VALUES (1, CAST(x'ff4142' AS TEXT))"), SHOP[1]),
    ),
]  # fmt: skip

MANY = (
    "WITH RECURSIVE n(i) AS (SELECT 2001 UNION ALL SELECT i + 1 FROM n WHERE i < 3500) "
    "INSERT INTO users (id, name) SELECT i, 'n' || i FROM n"
)
LARGE = (SHOP[0] + "\n" + sql(MANY), SHOP[1])
ROWS = [
    Case("the last of many rows", ADDS, TAKES + "\n" + sql("DELETE FROM users WHERE id > 3499"),
         "r2 rows-lost", base=LARGE),
    Case("a value of the last of many rows", ADDS,
         TAKES + "\n" + sql("UPDATE users SET name = '' WHERE id > 3499"), "r2 rows-lost",
         base=LARGE),
    Case("many rows that stay", REBUILT, REBUILT, base=LARGE),
    Case("many rows that are updated", sql("UPDATE users SET name = lower(name) || '.'"), NOTHING,
         base=LARGE),
]  # fmt: skip

CASES = [*EXEMPTIONS, *IDENTITY, *SPELLING, *TRUE_STATES, *SEEDS, *MADE_UP, *ROWS]

Otherwise = dict[str, dict[str, Any] | str]  # by the name of a case: its changes, or why none


def cases_of(otherwise: Otherwise) -> list[Case]:
    """Return the cases as they are on another server: some written otherwise, some left out."""
    changed = ((case, otherwise.get(case.name, {})) for case in CASES)
    return [case._replace(**other) for case, other in changed if not isinstance(other, str)]
