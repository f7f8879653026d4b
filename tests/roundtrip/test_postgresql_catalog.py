"""What is read anew after a change of a PostgreSQL database is what reading all of it gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import need

from guard.roundtrip import postgresql
from guard.roundtrip.postgresql import PostgresqlServer
from guard.worker.backends import postgresql_queries as queries
from guard.worker.backends.postgresql_catalog import Catalog
from guard.worker.backends.postgresql_wire import Client

pytestmark = [pytest.mark.slow, pytest.mark.server]

BEFORE = """
CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('1');
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE SEQUENCE numbers;
CREATE TABLE users (id serial PRIMARY KEY, email varchar(80) UNIQUE, m mood, n int);
CREATE TABLE orders (id int PRIMARY KEY DEFAULT nextval('numbers'), of int
    CONSTRAINT fk REFERENCES users ON DELETE CASCADE, CHECK (id > 0));
CREATE TABLE twins (id int REFERENCES users);
CREATE INDEX ix ON users (email, n);
CREATE VIEW v AS SELECT id, email FROM users;
CREATE VIEW w AS SELECT id FROM orders;
CREATE MATERIALIZED VIEW mv AS SELECT n FROM users;
INSERT INTO users (email, n) VALUES ('x', 1), ('y', 2); INSERT INTO orders VALUES (1, 1), (2, 2);
CREATE SCHEMA shop; CREATE TABLE shop.goods (id int);
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$INSERT INTO shop.goods VALUES (8)$$;
CREATE ROLE guard_reader;
"""
CLEAR = (
    "DROP SCHEMA IF EXISTS public, r, s, shop, store CASCADE; CREATE SCHEMA public;"
    "DROP OWNED BY guard_reader; DROP ROLE guard_reader"
)
STEP = "UPDATE alembic_version SET version_num = version_num || '1'"
CHANGES = {
    "a column": "ALTER TABLE users ADD COLUMN z int DEFAULT 3",
    "a column less": "ALTER TABLE users DROP COLUMN n CASCADE",
    "a column's name": "ALTER TABLE users RENAME COLUMN id TO key",
    "the name of a column in a view": "ALTER TABLE users RENAME COLUMN email TO mail",
    "a column's type": "ALTER TABLE users ALTER COLUMN m TYPE text",
    "a default": "ALTER TABLE users ALTER COLUMN m SET DEFAULT 'a'",
    "not null": "ALTER TABLE users ALTER COLUMN email SET NOT NULL",
    "a table's name": "ALTER TABLE users RENAME TO people",
    "a table": "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, parent int REFERENCES users)",
    "a table less": "DROP TABLE orders CASCADE",
    "a table for another": "DROP TABLE twins; CREATE TABLE twins (id int, more int)",
    "a constraint": "ALTER TABLE users ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
    "a constraint less": "ALTER TABLE orders DROP CONSTRAINT fk",
    "a constraint's name": "ALTER TABLE orders RENAME CONSTRAINT fk TO fk2",
    "an index": "CREATE UNIQUE INDEX iy ON orders (of) WHERE of > 0",
    "an index less": "DROP INDEX ix",
    "an index's name": "ALTER INDEX ix RENAME TO iz",
    "an enum's member": "ALTER TYPE mood ADD VALUE 'c'",
    "an enum's name": "ALTER TYPE mood RENAME TO feeling",
    "an attribute of a type": "ALTER TYPE pair ADD ATTRIBUTE c text",
    "the type of an attribute": "ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint",
    "a domain": "CREATE DOMAIN positive AS int CHECK (value > 0)",
    "a rule": "CREATE RULE r AS ON DELETE TO twins DO INSTEAD NOTHING",
    "a sequence": "CREATE SEQUENCE more; ALTER TABLE twins ADD COLUMN s serial",
    "a schema's name": "CREATE SCHEMA s; ALTER TABLE twins SET SCHEMA s;ALTER SCHEMA s RENAME TO r",
    "a sequence's name": "ALTER SEQUENCE numbers RENAME TO figures",
    "a sequence's owner": "ALTER SEQUENCE numbers OWNED BY orders.id",
    "a view": "CREATE OR REPLACE VIEW v AS SELECT id, email FROM users WHERE n > 1",
    "a view's name": "ALTER VIEW v RENAME TO vv",
    "a trigger": "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION nothing()",
    "a function": "ALTER FUNCTION nothing() RENAME TO never",
    "a policy": "CREATE POLICY p ON users USING (n > 1);"
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
    "a comment": "COMMENT ON COLUMN users.email IS 'where'; COMMENT ON TABLE orders IS 'what'",
    "a privilege": "GRANT SELECT ON users TO guard_reader;"
    "GRANT ALL ON SCHEMA public TO guard_reader",
    "an option": "ALTER TABLE users SET (fillfactor = 70)",
    "a parent": "CREATE TABLE heir () INHERITS (users); ALTER TABLE heir ADD COLUMN o int",
    "partitions": "CREATE TABLE parts (d date) PARTITION BY RANGE (d);"
    "CREATE TABLE part PARTITION OF parts DEFAULT; INSERT INTO parts VALUES ('2020-01-01')",
    "statistics": "CREATE STATISTICS st ON email, n FROM users",
    "default privileges": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO guard_reader",
    "a privilege on a column": "GRANT UPDATE (n) ON users TO guard_reader",
    "a privilege less": "GRANT ALL ON twins TO guard_reader; REVOKE ALL ON twins FROM guard_reader",
    "the owner's own privilege": "REVOKE DELETE ON twins FROM CURRENT_USER",
    "a privilege by a function": "DO $$BEGIN GRANT SELECT ON orders TO PUBLIC; END$$",
    "a schema's name by a function": "DO $$BEGIN ALTER SCHEMA shop RENAME TO store; END$$",
    "a sequence's other owner": "ALTER SEQUENCE users_id_seq OWNED BY twins.id",
    "a sequence's owner less": "ALTER SEQUENCE users_id_seq OWNED BY NONE",
    "a sequence less": "DROP SEQUENCE numbers CASCADE",
    "a sequence's type": "ALTER SEQUENCE numbers AS smallint MAXVALUE 99",
    "a sequence's place": "SELECT nextval('numbers'), setval('users_id_seq', 70)",
    "a view less, by a cascade": "DROP TABLE users CASCADE",
    "columns less, by a cascade": "DROP TYPE mood CASCADE",
    "a function less, by a cascade": "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW "
    "EXECUTE FUNCTION nothing(); DROP FUNCTION nothing() CASCADE",
    "a schema less, by a cascade": "DROP SCHEMA shop CASCADE",
    "a table of another schema": "ALTER TABLE shop.goods ADD COLUMN z int",
    "a table's schema": "ALTER TABLE twins SET SCHEMA shop",
    "the catalogue by hand": "UPDATE pg_attribute SET atttypmod = 44 "
    "WHERE attrelid = 'users'::regclass AND attname = 'email'",
    "an enum by hand": "UPDATE pg_enum SET enumlabel = 'z' WHERE enumlabel = 'a'",
    "an index's option": "ALTER INDEX ix SET (fillfactor = 70)",
    "an index and rows": "DROP INDEX ix; DELETE FROM twins; CREATE INDEX ix ON users (n)",
    "a constraint's validity": "ALTER TABLE twins ADD CONSTRAINT p FOREIGN KEY (id) "
    "REFERENCES users NOT VALID; ALTER TABLE twins VALIDATE CONSTRAINT p",
    "a table in a function": "DO $$BEGIN CREATE TABLE t (id serial); "
    "ALTER TABLE twins ADD u int UNIQUE; END$$",
    "a table after a savepoint": "SAVEPOINT a; CREATE TABLE t (id int); RELEASE a",
    "a table of a rolled back part": "CREATE TABLE t (id int); SAVEPOINT a; DROP TABLE twins; "
    "ROLLBACK TO a",
    "a table before a commit": "CREATE TABLE t (id int); COMMIT; BEGIN",
    "a table in another's transaction": "CREATE TABLE t (id int); COMMIT; BEGIN; "
    "ALTER TABLE users ADD COLUMN z int",
    "a table's parent less": "CREATE TABLE heir () INHERITS (users); "
    "ALTER TABLE heir NO INHERIT users",
    "row level security": "ALTER TABLE users FORCE ROW LEVEL SECURITY",
    "an identity": "ALTER TABLE twins ALTER id SET NOT NULL, ALTER id ADD GENERATED ALWAYS AS "
    "IDENTITY",
    "an extension": "CREATE EXTENSION IF NOT EXISTS plpgsql; COMMENT ON TABLE twins IS 'two'",
    "a materialized view anew": "REFRESH MATERIALIZED VIEW mv",
    "rows by a function": "SELECT fill()",
    "rows and a table by a function": "SELECT fill(); CREATE TABLE t AS SELECT 1 AS one",
    "rows": "INSERT INTO users (email) VALUES ('z')",
    "rows less, by a cascade": "DELETE FROM users WHERE n = 1",
    "rows of another order": "UPDATE users SET n = n + 1 WHERE email = 'x'",
    "all rows": "TRUNCATE users CASCADE",
    "rows before a commit": "DELETE FROM users; COMMIT",
    "rows after a savepoint": "SAVEPOINT a; DELETE FROM orders; RELEASE a",
    "rows of a rolled back part": "SAVEPOINT a; DELETE FROM orders; ROLLBACK TO a",
    "nothing": "SELECT 1",
}
# What leaves all that is compared as it was.
UNSEEN = (
    "nothing",
    "rows of a rolled back part",
    "a sequence's place",
    "a materialized view anew",
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    programs = postgresql.installed(None)
    need(programs is not None, "no PostgreSQL to start")
    assert programs is not None
    with postgresql.started(programs) as one:
        yield one


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_read_anew(server: PostgresqlServer, change: str) -> None:
    project, reader = (Client(server.address, server.maintenance) for _ in range(2))
    try:
        project.query(BEFORE)
        kept = Catalog("alembic_version")
        kept.prepare(reader)
        first = kept.read(reader, False)
        step(project, kept, reader, CHANGES[change])
        known = kept.read(reader, False)
        assert (known == first) is (change in UNSEEN)
        assert known == Catalog("alembic_version").read(reader, False)
    finally:
        project.query(CLEAR)
        project.close()
        reader.close()


def step(project: Client, kept: Catalog, reader: Client, sql: str) -> None:
    """Do what a step of the walk does: a transaction that ends with the version."""
    project.query("BEGIN")
    project.query(sql)
    project.query(STEP)
    (pid,) = project.rows("SELECT pg_backend_pid()")[0]
    locked = reader.rows(queries.locked_by(int(str(pid))))
    project.query("COMMIT")
    kept.writes.step(locked)


def test_a_trigger_makes_every_table_read_again(server: PostgresqlServer) -> None:
    client = Client(server.address, server.maintenance)
    client.query("CREATE TABLE a (id int); CREATE TABLE log (id int)")
    client.query(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END$$;"
        "CREATE TRIGGER n AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION note()"
    )
    catalog = Catalog("alembic_version")
    catalog.prepare(client)
    catalog.read(client, False)
    catalog.writes.put("a")
    client.query("INSERT INTO a VALUES (7)")
    assert catalog.read(client, True).rows == {"a": [(7,)], "log": [(7,)]}
    client.close()
