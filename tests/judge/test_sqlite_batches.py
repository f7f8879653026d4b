"""Batches on SQLite: where foreign keys are enforced while they run, as env.py has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.rule import Example
from guard.run.examples import judge

ENV = """
from alembic import context
from sqlalchemy import create_engine, event

{top}
with create_engine("sqlite://").connect() as connection:
    {before}
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    {after}
"""
LISTENER = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def enforce(connection, record):
    connection.cursor().execute("PRAGMA foreign_keys=ON")
"""
LEFT_OUT = (
    LISTENER
    + """
import contextlib

@contextlib.contextmanager
def without_keys(context):
    context.execute("PRAGMA foreign_keys=OFF")
    context.execute("BEGIN IMMEDIATE")
    yield
    context.execute("PRAGMA foreign_keys=ON")
"""
)
ON = 'connection.exec_driver_sql("PRAGMA foreign_keys=ON")'
OFF = ON.replace("ON", "OFF")
SHOP = """
op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Text()))
op.create_table('lines', sa.Column('order_id', sa.ForeignKey('orders.id', ondelete='CASCADE')))
"""  # noqa: E501
ALTER = """
with op.batch_alter_table('orders') as batch_op:
    batch_op.alter_column('a', type_=sa.String(5))
"""


@pytest.mark.parametrize(
    ("top", "before", "after", "enforced"),
    [
        ("", "pass", "pass", False),
        ("", ON, "pass", True),
        (LISTENER, "pass", "pass", True),
        (LISTENER, OFF, "pass", False),
        (LISTENER, OFF, ON, False),
        ("", OFF, ON, False),
        (LEFT_OUT, "pass", "pass", False),
        ("from app.db import Base", "pass", "pass", True),
    ],
)
def test_rows_are_deleted_where_keys_are_enforced(
    top: str, before: str, after: str, enforced: bool, tmp_path: Path
) -> None:
    env = ENV.format(top=top, before=before, after=after)
    base = {"migrations/env.py": env, "app/__init__.py": "", "app/db.py": LISTENER}
    example = Example(released=(SHOP,), upgrade=ALTER, base=base, dialect="sqlite")
    found = [finding.rule for finding in judge(example, tmp_path)]
    assert ("batch-cascade-delete" in found) is enforced


TABLE = "op.create_table('t', sa.Column('a', sa.Text()), sa.Column('b', sa.Text()))\n"


@pytest.mark.parametrize(
    ("index", "body", "fails"),
    [
        ("CREATE INDEX ix ON t (a)", "{}.drop_column('a')", True),
        ("CREATE UNIQUE INDEX ix ON t (b, A)", "{}.drop_column('a')", True),
        ("CREATE INDEX ix ON t (b) WHERE a > 1", "{}.drop_column('a')", True),
        ("CREATE INDEX ix ON t (b)", "{}.drop_column('a')", False),
        ("CREATE INDEX ix ON t (lower(a))", "{}.drop_column('a')", False),  # is not made again
        ("CREATE INDEX ix ON t (a)", "{0}.drop_index('ix')\n    {0}.drop_column('a')", False),
        ("CREATE INDEX ix ON t (a)", "{0}.drop_column('a')\n    {0}.drop_index('ix')", False),
    ],
)
def test_a_batch_makes_the_indexes_of_a_dropped_column_again(
    index: str, body: str, fails: bool, tmp_path: Path
) -> None:
    batch = f"with op.batch_alter_table('t') as batch_op:\n    {body.format('batch_op')}"
    released = (TABLE + f"op.execute('{index}')",)
    found = judge(Example(released=released, upgrade=batch, dialect="sqlite"), tmp_path)
    said = [f.message for f in found if f.rule == "unsupported-alter"]
    told = "The batch keeps index ix, which names a: making t anew without that column fails."
    assert said == ([told] if fails else [])


@pytest.mark.parametrize(
    ("top", "is_told"),
    [("", True), (LISTENER, True), (LEFT_OUT, False), ("transactional_ddl = None", True)],
)
def test_ddl_is_taken_back_where_env_py_begins(top: str, is_told: bool, tmp_path: Path) -> None:
    env = ENV.format(top=top, before="pass", after="pass")
    upgrade = """
    op.add_column('orders', sa.Column('b', sa.Text()))
    op.create_index('uq', 'orders', ['a'], unique=True)
    """
    example = Example(
        released=(SHOP,),
        upgrade=upgrade,
        base={"migrations/env.py": env},
        dialect="sqlite",
        config={"ignore": []},
    )
    assert ("implicit-commit" in {f.rule for f in judge(example, tmp_path)}) is is_told


def test_ddl_is_taken_back_where_alembic_is_told_so(tmp_path: Path) -> None:
    env = ENV.format(top="", before="pass", after="pass")
    told = env.replace("connection=connection", "connection=connection, transactional_ddl=True")
    example = Example(
        released=(SHOP,),
        upgrade="op.add_column('orders', sa.Column('b', sa.Text()))\n"
        "op.create_index('uq', 'orders', ['a'], unique=True)",
        base={"migrations/env.py": told},
        dialect="sqlite",
        config={"ignore": []},
    )
    assert "implicit-commit" not in {f.rule for f in judge(example, tmp_path)}


@pytest.mark.parametrize(("top", "enforced"), [("", True), (LISTENER, True), (LEFT_OUT, False)])
def test_a_pragma_changes_nothing_where_env_py_began(
    top: str, enforced: bool, tmp_path: Path
) -> None:
    env = ENV.format(top=top, before="pass", after="pass")
    pragma = "op.execute('PRAGMA foreign_keys=ON')"
    example = Example(
        released=(SHOP,),
        upgrade=f"{pragma}{ALTER}",
        base={"migrations/env.py": env},
        dialect="sqlite",
    )
    found = [finding.rule for finding in judge(example, tmp_path)]
    assert ("batch-cascade-delete" in found) is enforced
