"""Which rules speak together of one statement, and that what they advise goes together."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.String(50), nullable=False),
    sa.Column('size', sa.Integer()),
    sa.Column('placed_at', sa.DateTime()),
)
"""
FILLED = "op.execute('UPDATE orders SET size = 0 WHERE size IS NULL')"
NO_NAME = "op.drop_constraint(None, 'orders', type_='unique')"
KEY = "op.create_unique_constraint('uq', 'orders', ['note'])"
PG, MY, LITE = "postgresql", "mysql", "sqlite"
Said = dict[str, tuple[str, str]]  # by rule: its severity, and a part of what it advises


@pytest.mark.parametrize(
    ("dialect", "upgrade", "said"),
    [
        (
            PG,
            "op.alter_column('orders', 'note', type_=sa.String(20))",
            {
                "change-column-type": ("error", "Leave the type as it is: a CHECK"),
                "narrow-column-type": ("error", "with a CHECK instead of the type"),
            },
        ),
        (
            PG,
            "op.alter_column('orders', 'size', type_=sa.SmallInteger())",
            {
                "change-column-type": ("error", "op.add_column('orders', sa.Column('size_new'"),
                "narrow-column-type": ("error", "Look for such rows first"),
            },
        ),
        (
            PG,
            "op.alter_column('orders', 'size', type_=sa.BigInteger(), nullable=False)",
            {
                "change-column-type": ("error", "Add a column of the new type"),
                "set-not-null": ("warning", "Leave NOT NULL to the column of the new type"),
            },
        ),
        (
            PG,
            "op.execute('ALTER TABLE orders ALTER size TYPE bigint, ALTER size SET NOT NULL')",
            {
                "change-column-type": ("error", "Add a column of the new type"),
                "set-not-null": ("warning", "Leave NOT NULL to the column of the new type"),
            },
        ),
        (  # of a type that is free to change there is no new column
            PG,
            "op.execute('ALTER TABLE orders ALTER size TYPE int, ALTER size SET NOT NULL')",
            {"set-not-null": ("error", "op.create_check_constraint(")},
        ),
        (
            PG,
            "op.alter_column('orders', 'placed_at', new_column_name='at', "
            "type_=sa.DateTime(timezone=True))",
            {
                "change-column-type": ("error", "op.add_column('orders', sa.Column('at', "),
                "rename-column": ("error", "Add at, let the code write both"),
            },
        ),
        (
            PG,
            "op.execute('VACUUM FULL orders')",
            {
                "not-in-transaction": ("error", "Leave it out of the migrations"),
                "rewrite-table": ("error", "Leave it out of the migrations"),
            },
        ),
        (
            PG,
            "op.execute('ALTER TABLE orders SET UNLOGGED')",
            {
                "rewrite-table": ("error", "Make a table that is as you want it"),
                "unlogged-table": ("warning", "Leave out UNLOGGED"),
            },
        ),
        (
            PG,
            "op.add_column('orders', sa.Column('key', sa.Integer(), primary_key=True))",
            {
                "add-column-ignored-option": ("error", "Leave it out, fill the column"),
                "add-column-rewrite": ("error", "Add it as a plain nullable column"),
            },
        ),
        (
            MY,
            "op.alter_column('orders', 'note', new_column_name='text', "
            "existing_type=sa.String(50))",
            {
                "alter-column-loses-attributes": ("error", "If it has to be renamed at once"),
                "rename-column": ("error", "Add text, let the code write both"),
            },
        ),
    ],
)
def test_two_causes(dialect: str, upgrade: str, said: Said, tmp_path: Path) -> None:
    example = Example(released=(ORDERS, FILLED), upgrade=upgrade, dialect=dialect)
    found = {finding.rule: finding for finding in judge(example, tmp_path)}
    assert {rule: found[rule].severity for rule in found} == {r: s for r, (s, _) in said.items()}
    for rule, (_, advice) in said.items():
        assert advice in found[rule].remedy


@pytest.mark.parametrize(
    ("dialect", "advice"),
    [
        (PG, 'here:\nop.drop_constraint("uq", "orders", type_="unique")'),
        (
            LITE,
            "here:\nwith op.batch_alter_table('orders') as batch_op:\n"
            '    batch_op.drop_constraint("uq", type_="unique")',
        ),
    ],
)
def test_a_constraint_without_a_name_is_told_of_once(
    dialect: str, advice: str, tmp_path: Path
) -> None:
    example = Example(released=(ORDERS,), upgrade=KEY, downgrade=NO_NAME, dialect=dialect)
    found = [f for f in judge(example, tmp_path) if f.span.line > 10]
    (of_downgrade,) = [f for f in found if "without a name" in f.message or "None" in f.message]
    assert of_downgrade.rule == "incomplete-downgrade"
    assert advice in of_downgrade.remedy
