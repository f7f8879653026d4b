"""Names that the user's code computes, in the code of a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.judge.holes import filled
from guard.rule import Example


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("op.drop_index('ix', '{schema}orders')", "op.drop_index('ix', f'{schema}orders')"),
        ("op.execute('DROP TABLE {a.b}c')", "op.execute(f'DROP TABLE {a.b}c')"),
        ("f('{names[0]}_new')", "f(f'{names[0]}_new')"),
        ("op.drop_table('{name}')", "op.drop_table(name)"),
        ("f(\"{names['a']}_b\")", "f(f\"{names['a']}_b\")"),
        # nothing that Python computes
        ("op.drop_table('orders')", "op.drop_table('orders')"),
        ("sa.text(\"'{}'\")", "sa.text(\"'{}'\")"),
        ("sa.text(\"'{a}'\")", "sa.text(\"'{a}'\")"),
        ("sa.text('{\"a\": 1}')", "sa.text('{\"a\": 1}')"),
        ("server_default='{a,b}'", "server_default='{a,b}'"),
        ("f('{0}', '{:x}')", "f('{0}', '{:x}')"),
        # what an older Python does not take
        ("f('{names[\\'a\\']}_b')", "f('{names[\\'a\\']}_b')"),
    ],
)
def test_filled(code: str, expected: str) -> None:
    assert filled(code) == expected


def test_a_schema_that_the_environment_names(tmp_path: Path) -> None:
    example = Example(
        upgrade="""
        import os
        schema = os.environ["SCHEMA"] + "."
        op.execute("ALTER TABLE " + schema + "orders ALTER COLUMN size TYPE bigint")
        """,
        dialect="postgresql",
    )
    (found,) = [f for f in judge(example, tmp_path) if f.rule == "change-column-type"]
    assert "schema=os.environ['SCHEMA'])" in found.remedy


def test_one_table_with_and_without_a_computed_schema(tmp_path: Path) -> None:
    example = Example(
        upgrade="""
        import os
        schema = os.environ["SCHEMA"] + "."
        op.execute("ALTER TABLE " + schema + "orders ADD COLUMN a int")
        op.add_column("orders", sa.Column("b", sa.Integer()), schema=schema[:-1])
        """,
        dialect="postgresql",
    )
    assert "lock-many-tables" not in {f.rule for f in judge(example, tmp_path)}
