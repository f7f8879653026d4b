"""Histories, run by Alembic on live servers: what they make is what the replay says.

Each is a history of several revisions in the words that revisions are written in.
"""

# ruff: noqa: E501  (a revision of a table is a line)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from held import differences
from mariadb_server import Mariadb
from postgresql_server import Postgresql, scratch_database

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SHOP = """
op.create_table('users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('email', sa.String(100), nullable=False, unique=True),
    sa.Column('name', sa.String(50)),
    sa.Column('active', sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column('seen', sa.DateTime(timezone=True), server_default=sa.func.now()))
op.create_table('orders',
    sa.Column('id', sa.BigInteger(), primary_key=True),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(20), server_default='new', index=True),
    sa.Column('total', sa.Numeric(10, 2)),
    sa.Column('note', sa.Text()),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_orders_user', ondelete='CASCADE'),
    sa.UniqueConstraint('user_id', 'status', name='uq_orders'),
    sa.CheckConstraint('total >= 0', name='ck_total'))
op.create_index('ix_orders_total', 'orders', ['total', 'status'])
"""
ALTERED = """
op.add_column('orders', sa.Column('placed', sa.Date()))
op.alter_column('orders', 'note', new_column_name='remark', existing_type=sa.Text())
op.alter_column('users', 'name', type_=sa.String(80), nullable=False, existing_type=sa.String(50))
op.drop_index('ix_orders_total', table_name='orders')
op.create_index('ix_placed', 'orders', ['placed'])
op.rename_table('users', 'people')
"""
# Whatever the server: the history, its revisions one by one.
EVERYWHERE = {
    "made": (SHOP,),
    "a column that goes takes its parts along": (
        SHOP,
        "op.drop_constraint('fk_orders_user', 'orders', type_='foreignkey')",
        "op.drop_index('ix_orders_total', table_name='orders')\nop.drop_column('orders', 'note')",
    ),
    "altered": (SHOP, ALTERED),
    "made again": (SHOP, "op.drop_table('orders')\nop.drop_table('users')", SHOP),
    "a loop": (
        "for name in ('a', 'b'):\n    op.create_table(name, sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.SmallInteger(), nullable=name == 'a'))",
    ),
}
POSTGRESQL = {
    "constraints": (
        SHOP,
        "op.execute('ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, user_id), DROP CONSTRAINT ck_total')",
        "op.execute('ALTER TABLE orders ADD CHECK (total < 9), ADD UNIQUE (total), ALTER note SET DEFAULT $$x$$')",
    ),
    "types": (
        SHOP,
        "op.execute('ALTER TABLE orders ALTER total TYPE numeric(12, 4), ALTER status TYPE text, ALTER user_id TYPE bigint, ALTER status DROP DEFAULT, ALTER user_id DROP NOT NULL')\nop.add_column('orders', sa.Column('tags', postgresql.ARRAY(sa.String(9))))\nop.add_column('orders', sa.Column('data', postgresql.JSONB(), server_default='{}'))".replace(
            "op.add", "from sqlalchemy.dialects import postgresql\nop.add", 1
        ),
    ),
    "enums": (
        "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('m', sa.Enum('a', 'b', name='mood')))",
        "op.execute(\"ALTER TYPE mood ADD VALUE 'c'\")",
        "op.execute(\"ALTER TABLE t ADD n mood DEFAULT 'a'\")",
    ),
    "columns that the server fills": (
        "op.execute('CREATE TABLE t (a int, b serial, c bigint GENERATED ALWAYS AS IDENTITY, d int GENERATED ALWAYS AS (a + 1) STORED, e timestamptz(3) DEFAULT now(), f interval, g float4, h char(3), i varbit(9), j uuid DEFAULT gen_random_uuid())')",
        "op.execute('ALTER TABLE t RENAME a TO z; ALTER TABLE t ALTER c DROP IDENTITY; ALTER TABLE t ALTER d DROP EXPRESSION')",
    ),
    "indexes": (
        SHOP,
        "op.execute('CREATE UNIQUE INDEX u ON orders (lower(note)) WHERE total > 1; CREATE INDEX ON orders (note, total DESC); ALTER INDEX ix_orders_total RENAME TO by_total; CREATE UNIQUE INDEX v ON users (name); ALTER TABLE users ADD CONSTRAINT w UNIQUE USING INDEX v')",
    ),
    "schemas": (
        "op.execute('CREATE SCHEMA s')\nop.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), schema='s')",
        "op.create_table('u', sa.Column('t_id', sa.Integer(), sa.ForeignKey('s.t.id')))\nop.execute('ALTER TABLE s.t SET SCHEMA public')",
    ),
    "dropped with CASCADE": (
        SHOP,
        "op.execute('DROP TABLE users CASCADE; ALTER TABLE orders DROP COLUMN status CASCADE')",
    ),
    "a batch": (
        SHOP,
        "with op.batch_alter_table('orders') as b:\n    b.drop_constraint('uq_orders')\n    b.alter_column('total', nullable=False)\n    b.add_column(sa.Column('n', sa.Integer(), nullable=False, server_default='0'))",
    ),
    "do": (
        SHOP,
        "op.execute('DO $$ BEGIN ALTER TABLE orders ADD COLUMN n int NOT NULL DEFAULT 1; CREATE INDEX ix_n ON orders (n); END $$')",
    ),
}
MYSQL = {
    "types": (
        'op.execute(\'CREATE TABLE t (id int unsigned AUTO_INCREMENT PRIMARY KEY, a tinyint(1) DEFAULT 0, b varchar(30) NOT NULL, c text, d datetime(6), e enum("x", "y"), f decimal(8,3) NOT NULL DEFAULT 1.5, g double, KEY (b), UNIQUE KEY u (f, b))\')',
        "op.execute('ALTER TABLE t MODIFY b varchar(60), CHANGE c cc longtext NOT NULL, ADD h json, DROP KEY u')",
    ),
    "keys": (
        SHOP,
        "op.execute('ALTER TABLE orders DROP FOREIGN KEY fk_orders_user, DROP PRIMARY KEY, ADD PRIMARY KEY (id, user_id)')",
        "op.execute('RENAME TABLE orders TO bills')\nop.execute('CREATE INDEX p ON bills (note(10))')",
    ),
    "a column of a key goes": (
        "op.execute('CREATE TABLE t (a int, b int, c int, KEY k (a, b), KEY l (b))')",
        "op.execute('ALTER TABLE t DROP COLUMN b')",
    ),
}
SQLITE = {
    "a batch": (
        SHOP,
        "with op.batch_alter_table('orders') as b:\n    b.drop_constraint('uq_orders')\n    b.alter_column('total', nullable=False, type_=sa.Float())\n    b.add_column(sa.Column('n', sa.Integer(), nullable=False, server_default='0'))\n    b.create_foreign_key('f', 'users', ['n'], ['id'])",
    ),
    "a column of an index goes in a batch": (
        SHOP,
        "with op.batch_alter_table('orders') as b:\n    b.drop_constraint('ck_total')\n    b.drop_index('ix_orders_total')\n    b.drop_column('total')",
    ),
    "put in its place": (
        "op.execute('CREATE TABLE t (a int, b text DEFAULT 1)')",
        "op.execute('CREATE TABLE t2 (a int NOT NULL, c text)')\nop.execute('INSERT INTO t2 SELECT a, b FROM t')\nop.drop_table('t')\nop.rename_table('t2', 't')",
    ),
}


def histories(*tables: Mapping[str, tuple[str, ...]]) -> list[object]:
    return [pytest.param(bodies, id=name) for table in tables for name, bodies in table.items()]


@pytest.mark.parametrize("bodies", histories(EVERYWHERE, POSTGRESQL))
def test_on_postgresql(bodies: tuple[str, ...], postgresql: Postgresql, tmp_path: Path) -> None:
    real, made = (postgresql.url(scratch_database(postgresql)) for _ in range(2))
    assert differences(bodies, "postgresql", tmp_path, real, made) == ""


@pytest.mark.parametrize("bodies", histories(EVERYWHERE, MYSQL))
def test_on_mariadb(bodies: tuple[str, ...], mariadb: Mariadb, tmp_path: Path) -> None:
    real, made = (mariadb.url(mariadb.create_database(name)) for name in ("real", "made"))
    assert differences(bodies, "mariadb", tmp_path, real, made) == ""


SENT = {
    name: bodies for name, bodies in EVERYWHERE.items() if name in ("made", "made again", "a loop")
}


@pytest.mark.parametrize("bodies", histories(SENT, SQLITE))
def test_on_sqlite(bodies: tuple[str, ...], tmp_path: Path) -> None:
    real, made = (f"sqlite:///{tmp_path}/{name}.db" for name in ("real", "made"))
    assert differences(bodies, "sqlite", tmp_path, real, made) == ""
