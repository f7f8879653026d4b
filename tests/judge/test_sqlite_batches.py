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
