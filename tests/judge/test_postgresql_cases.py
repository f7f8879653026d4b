"""Revisions for PostgreSQL that were run on live servers: what fails, locks or does no harm there.

A row names the rules that speak, whatever else is said; one that names none trips no error.
"""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from examples import judge

from guard.rule import Example

TABLES = """
op.create_table('users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('email', sa.String(100), nullable=False),
    sa.Column('name', sa.String(50)),
    sa.Column('age', sa.Integer()))
op.create_table('orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer()),
    sa.Column('status', sa.String(20), server_default='new'),
    sa.Column('total', sa.Numeric(10, 2)),
    sa.Column('note', sa.Text()),
    sa.Column('qty', sa.Integer(), nullable=False, server_default='1'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_orders_user'))
op.create_index('ix_orders_status', 'orders', ['status'])
op.execute('CREATE TABLE shop."Items" (id int PRIMARY KEY, "Name" varchar(30))')
"""


class Row(NamedTuple):
    """What it shows, the revision, the rules that speak of it, the server, what goes with it."""

    shows: str
    upgrade: str
    rules: str = ""
    version: str | None = None
    released: tuple[str, ...] = ()
    downgrade: str | None = None


def sql(*texts: str) -> str:
    """Return the body that executes the statements one by one."""
    return "\n".join(f"op.execute({text!r})" for text in texts)


FIRES = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$; "
LONGER = sql("ALTER TABLE users ALTER COLUMN name TYPE text")

COLUMNS = (
    Row("SQLAlchemy writes STORED before 18", "op.add_column('orders', sa.Column('twice', sa.Numeric(), sa.Computed('total * 2')))", "add-column-rewrite", "17"),
    Row("and nothing, which is VIRTUAL, on 18", "op.add_column('orders', sa.Column('twice', sa.Numeric(), sa.Computed('total * 2')))", "", "18"),
    Row("a domain with a default fills the rows", sql("ALTER TABLE orders ADD COLUMN n d NOT NULL"), "", None, (sql("CREATE DOMAIN d AS int DEFAULT 5"),)),
    Row("one whose default is gone does not", sql("ALTER TABLE orders ADD COLUMN n d NOT NULL"), "add-required-column", None, (sql("CREATE DOMAIN d AS int DEFAULT 5", "ALTER DOMAIN d DROP DEFAULT"),)),
    Row("a domain that is NOT NULL", sql("ALTER TABLE orders ADD COLUMN n d"), "add-required-column", None, (sql("CREATE DOMAIN d AS int NOT NULL"),)),
    Row("a domain with a CHECK", sql("ALTER TABLE orders ADD COLUMN n d"), "add-column-rewrite", None, (sql("CREATE DOMAIN d AS int CHECK (VALUE > 0)"),)),
    Row("a domain whose CHECK is gone", sql("ALTER TABLE orders ADD COLUMN n d"), "", None, (sql("CREATE DOMAIN d AS int CHECK (VALUE > 0)", "ALTER DOMAIN d DROP CONSTRAINT d_check"),)),
    Row("a domain that has another CHECK left", sql("ALTER TABLE orders ADD COLUMN n d"), "add-column-rewrite", None, (sql("CREATE DOMAIN d AS int CHECK (VALUE > 0) CHECK (VALUE < 9)", "ALTER DOMAIN d DROP CONSTRAINT d_check"),)),
    Row("one name twice in one ALTER", sql("ALTER TABLE orders ADD COLUMN a int, ADD COLUMN a text"), "duplicate-column"),
    Row("two names in one ALTER", sql('ALTER TABLE orders ADD COLUMN a int, ADD COLUMN "A" text')),
    Row("a view that lists a name twice", sql("CREATE VIEW v (a, b, a) AS SELECT 1, 2, 3"), "duplicate-column"),
)  # fmt: skip
NAMES = (
    Row("only the case changes", sql('ALTER TABLE shop."Items" RENAME COLUMN "Name" TO name'), "rename-column"),
    Row("a view has the old names", sql("ALTER TABLE orders RENAME TO bought", "ALTER TABLE bought RENAME note TO remark", "CREATE VIEW orders AS SELECT *, remark AS note FROM bought")),
    Row("the column first", sql("ALTER TABLE orders RENAME note TO remark", "ALTER TABLE orders RENAME TO bought", "CREATE VIEW orders AS SELECT id, remark AS note FROM bought")),
    Row("the view has the new one only", sql("ALTER TABLE orders RENAME TO bought", "ALTER TABLE bought RENAME note TO remark", "CREATE VIEW orders AS SELECT id, remark FROM bought"), "rename-column"),
    Row("a view's column", sql("ALTER VIEW v RENAME COLUMN note TO remark"), "rename-object", None, (sql("CREATE VIEW v AS SELECT note FROM orders"),)),
    Row("a view's column, without the word", sql("ALTER VIEW v RENAME note TO remark"), "rename-object", None, (sql("CREATE VIEW v AS SELECT note FROM orders"),)),
    Row("a table of this deployment with all of its own", sql("CREATE TABLE n (a int)", "DROP TABLE n CASCADE")),
    Row("a view of this deployment", sql("CREATE VIEW n AS SELECT 1 AS a", "DROP VIEW n CASCADE")),
    Row("the way back of a schema", sql("CREATE SCHEMA neu", "CREATE TABLE neu.t (a int)"), downgrade=sql("DROP SCHEMA neu CASCADE")),
    Row("a table that was there", sql("DROP TABLE users CASCADE"), "drop-cascade"),
)  # fmt: skip
TYPES = (
    Row("float of few bits is real", sql("ALTER TABLE w ALTER a TYPE real"), "", None, (sql("CREATE TABLE w (a float(10), b float8)"),)),
    Row("float is double precision", sql("ALTER TABLE w ALTER b TYPE float"), "", None, (sql("CREATE TABLE w (a float(10), b float8)"),)),
    Row("double precision to float of few bits", sql("ALTER TABLE w ALTER b TYPE float(10)"), "narrow-column-type", None, (sql("CREATE TABLE w (a float(10), b float8)"),)),
    Row("UPDATE OF the column", LONGER, "change-column-type", None, (sql(FIRES + "CREATE TRIGGER t BEFORE UPDATE OF age, name ON users FOR EACH ROW EXECUTE FUNCTION f()"),)),
    Row("UPDATE OF another one", LONGER, "", None, (sql(FIRES + "CREATE TRIGGER t BEFORE UPDATE OF email ON users FOR EACH ROW EXECUTE FUNCTION f()"),)),
    Row("WHEN", LONGER, "change-column-type", None, (sql(FIRES + "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (new.name IS NOT NULL) EXECUTE FUNCTION f()"),)),
    Row("the trigger is dropped before", sql("DROP TRIGGER t ON users") + "\n" + LONGER, "", None, (sql(FIRES + "CREATE TRIGGER t BEFORE UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION f()"),)),
    Row("the trigger follows a rename", sql("ALTER TABLE users ALTER COLUMN label TYPE text"), "change-column-type", None, (sql(FIRES + "CREATE TRIGGER t BEFORE UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION f()", "ALTER TABLE users RENAME name TO label"),)),
    Row("a policy", LONGER, "change-column-type", None, (sql("CREATE POLICY p ON users USING (name = current_user) WITH CHECK (age > 0)"),)),
    Row("a policy on another column", LONGER, "", None, (sql("CREATE POLICY p ON users USING (email = current_user)"),)),
)  # fmt: skip
REFUSED = (
    Row("an argument that alter_column does not have", "op.alter_column('users', 'name', type=sa.Text())", "opaque-sql"),
    Row("a UNIQUE is valid", sql("ALTER TABLE users ADD CONSTRAINT u UNIQUE (email) NOT VALID"), "unparsable-sql"),
    Row("no IF NOT EXISTS for constraints", sql("ALTER TABLE orders ADD CONSTRAINT IF NOT EXISTS q CHECK (qty > 0)"), "unparsable-sql"),
    Row("MERGE is of 15", sql("MERGE INTO orders o USING users u ON o.id = u.id WHEN MATCHED THEN DO NOTHING"), "unparsable-sql", "14"),
    Row("VIRTUAL is of 18", sql("CREATE TABLE n (a int, b int GENERATED ALWAYS AS (a) VIRTUAL)"), "unparsable-sql", "17"),
    Row("a named NOT NULL is of 18", sql("ALTER TABLE orders ADD CONSTRAINT n NOT NULL note NOT VALID"), "unparsable-sql", "17"),
    Row("a column may have had one before", sql("CREATE TABLE n (a int CONSTRAINT a_is_there NOT NULL)"), "", "17"),
    Row("DETACH CONCURRENTLY is of 14", sql("ALTER TABLE shop.a DETACH PARTITION shop.b CONCURRENTLY"), "unparsable-sql", "13"),
    Row("a comment is no syntax", sql("ALTER TABLE orders ADD COLUMN a int -- NULLS NOT DISTINCT"), "", "14"),
    Row("the version is not known", sql("CREATE TABLE n (a int UNIQUE NULLS NOT DISTINCT)")),
    Row("IF NOT EXISTS asks for a name", sql("CREATE INDEX IF NOT EXISTS ON orders (note)"), "unparsable-sql"),
)  # fmt: skip
KEYS = (
    Row("an index that is not unique", sql("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i"), "add-unique-constraint", None, (sql("CREATE INDEX i ON users (email)"),)),
    Row("a partial index", sql("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i"), "add-unique-constraint", None, (sql("CREATE UNIQUE INDEX i ON users (email) WHERE age > 1"),)),
    Row("an index on an expression", sql("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i"), "add-unique-constraint", None, (sql("CREATE UNIQUE INDEX i ON users (lower(email))"),)),
    Row("a unique index", sql("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i"), "", None, (sql("CREATE UNIQUE INDEX i ON users (email)"),)),
    Row("a key of a partial index", sql("ALTER TABLE logs ADD PRIMARY KEY USING INDEX i"), "add-primary-key", None, (sql("CREATE TABLE logs (id int NOT NULL)", "CREATE UNIQUE INDEX i ON logs (id) WHERE id > 0"),)),
    Row("a key that was NOT ENFORCED", sql('ALTER TABLE shop."Items" ALTER CONSTRAINT f ENFORCED'), "add-foreign-key", "18", (sql('ALTER TABLE shop."Items" ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES users (id) NOT ENFORCED'),)),
)  # fmt: skip
CONSTRAINT_TRIGGER = (
    FIRES
    + "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON orders DEFERRABLE INITIALLY {} FOR EACH ROW EXECUTE FUNCTION f()"
)
CHANGED = "UPDATE orders SET qty = 2 WHERE id = 1"
ALTERED = "ALTER TABLE orders ADD COLUMN n int"
PENDING = (
    Row("a constraint trigger that waits", sql(CHANGED, ALTERED), "pending-trigger-events", None, (sql(CONSTRAINT_TRIGGER.format("DEFERRED")),)),
    Row("one that does not", sql(CHANGED, ALTERED), "", None, (sql(CONSTRAINT_TRIGGER.format("IMMEDIATE")),)),
    Row("another change of rows", sql("DELETE FROM orders WHERE id = 1", ALTERED), "", None, (sql(CONSTRAINT_TRIGGER.format("DEFERRED")),)),
    Row("made after the change", sql(CHANGED, CONSTRAINT_TRIGGER.format("DEFERRED"), ALTERED)),
    Row("checked before", sql(CHANGED, "SET CONSTRAINTS ALL IMMEDIATE", ALTERED), "", None, (sql(CONSTRAINT_TRIGGER.format("DEFERRED")),)),
)  # fmt: skip
IN_USE = "op.create_table('moods', sa.Column('m', sa.Enum('sad', 'ok', name='mood')))"
MADE = sql("CREATE TYPE mood AS ENUM ('sad', 'ok')")
ENUMS = (
    Row("a table makes a type that a release has made", IN_USE, "enum-type-left-behind", None, (MADE,)),
    Row("a table makes a type that create() has made", "sa.Enum('sad', 'ok', name='mood').create(op.get_bind())\n" + IN_USE, "enum-type-left-behind"),
    Row("it is told not to", "op.create_table('moods', sa.Column('m', postgresql.ENUM('sad', 'ok', name='mood', create_type=False)))", "", None, (MADE,)),
    Row("two tables of one run", IN_USE + "\n" + IN_USE.replace("moods", "more")),
    Row("create() looks", "sa.Enum('sad', 'ok', name='mood').create(op.get_bind(), checkfirst=True)", "", None, (MADE,)),
    Row("a block that does not mind", sql("DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$"), "", None, (MADE,)),
)  # fmt: skip
STORAGE = (
    Row("the access method that it has", sql("ALTER TABLE orders SET ACCESS METHOD heap"), "", "16"),
    Row("another access method", sql("ALTER TABLE orders SET ACCESS METHOD columnar"), "rewrite-table", "16"),
    Row("back to heap", sql("ALTER TABLE orders SET ACCESS METHOD heap"), "rewrite-table", "16", (sql("ALTER TABLE orders SET ACCESS METHOD columnar"),)),
    Row("the tablespace that it is in", sql("ALTER TABLE orders SET TABLESPACE pg_default")),
    Row("back from another tablespace", sql("ALTER TABLE logs SET TABLESPACE pg_default"), "rewrite-table", None, (sql("CREATE TABLE logs (id int) TABLESPACE fast"),)),
    Row("a partitioned table on 18", sql("ALTER TABLE p SET UNLOGGED"), "rewrite-table", "18", (sql("CREATE TABLE p (a int) PARTITION BY HASH (a)"),)),
    Row("a partitioned table before", sql("ALTER TABLE p SET UNLOGGED"), "", "16", (sql("CREATE TABLE p (a int) PARTITION BY HASH (a)"),)),
    Row("an index to another tablespace", sql("ALTER INDEX ix_orders_status SET TABLESPACE fast"), "rewrite-table"),
)  # fmt: skip
TOTALS = "CREATE MATERIALIZED VIEW totals AS SELECT id, qty FROM orders"
VIEWS = (
    Row("a key of some rows", sql("REFRESH MATERIALIZED VIEW CONCURRENTLY totals"), "refresh-materialized-view", None, (sql(TOTALS, "CREATE UNIQUE INDEX t ON totals (id) WHERE qty > 0"),)),
    Row("a key of all rows", sql("REFRESH MATERIALIZED VIEW CONCURRENTLY totals"), "", None, (sql(TOTALS, "CREATE UNIQUE INDEX t ON totals (id)"),)),
)  # fmt: skip
RENAMES = (
    Row("a short form", sql("ALTER TABLE orders ADD COLUMN quantity int NOT NULL DEFAULT 1, DROP COLUMN qty"), "drop-and-re-add"),
    Row("a like name, nullable as an added column is", sql("ALTER TABLE users ADD COLUMN mail varchar(100), DROP COLUMN email"), "drop-and-re-add"),
    Row("a name of its own", sql("ALTER TABLE users ADD COLUMN height int, DROP COLUMN age"), "drop-column"),
)  # fmt: skip
ROWS = (*COLUMNS, *NAMES, *TYPES, *REFUSED, *KEYS, *PENDING, *ENUMS, *STORAGE, *VIEWS, *RENAMES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.shows)
def test_case(row: Row, tmp_path: Path) -> None:
    example = Example(
        upgrade=row.upgrade,
        released=(TABLES, *row.released),
        dialect="postgresql",
        version=row.version,
        downgrade=row.downgrade,
    )
    found = judge(example, tmp_path)
    told = [f"{f.severity} {f.rule}: {f.message}" for f in found]
    if row.rules:
        assert {*row.rules.split()} <= {f.rule for f in found}, told
    else:
        assert [f for f in found if f.severity == "error"] == [], told
