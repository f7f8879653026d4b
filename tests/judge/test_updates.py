"""Updates that change no value or fill what was empty: what is said, what needs no way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example, revision_file

TABLE = "op.create_table('t', sa.Column('a', sa.Text()), sa.Column('b', sa.Text()))"
CORE = "t = sa.table('t', sa.column('a'), sa.column('b'))\n"


def findings(folder: Path, upgrade: str, rule: str) -> list[str]:
    found = judge(Example(released=(TABLE,), upgrade=upgrade, downgrade="pass"), folder)
    return [f.message for f in found if f.rule == rule]


@pytest.mark.parametrize(
    ("upgrade", "overwrites"),
    [
        ("op.execute('UPDATE t SET a = a')", False),
        ("op.execute('UPDATE t SET a = a, b = t.b')", False),
        ("op.execute('UPDATE t AS x SET a = x.a WHERE true')", False),
        (CORE + "op.execute(t.update().values(a=t.c.a))", False),
        (CORE + "op.execute(sa.update(t).values({t.c.a: t.c.a, 'b': t.c.b}))", False),
        ("op.execute('UPDATE t SET a = b')", True),
        ("op.execute('UPDATE t SET a = a, b = a')", True),
        ("op.execute('UPDATE t SET a = upper(a)')", True),
        ("op.execute('UPDATE t SET a = u.a FROM u')", True),
        (CORE + "op.execute(t.update().values(a='a'))", True),
        (CORE + "op.execute(t.update().values(a=t.c.b))", True),
    ],
)
def test_setting_columns_to_themselves(upgrade: str, overwrites: bool, tmp_path: Path) -> None:
    (said,) = findings(tmp_path, upgrade, "update-without-where")
    assert ("overwrites" in said) == overwrites
    assert ("without changing a value" in said) != overwrites


@pytest.mark.parametrize(
    ("upgrade", "missing"),
    [
        ("op.execute('UPDATE t SET a = 1 WHERE a IS NULL')", False),
        ("op.execute('UPDATE t SET a = b WHERE t.a IS NULL AND b > 1')", False),
        ("op.execute('UPDATE t SET a = 1, b = 2 WHERE a IS NULL AND b IS NULL')", False),
        ("op.execute('UPDATE t SET a = a')", False),
        (CORE + "op.execute(t.update().where(t.c.a.is_(None)).values(a='x'))", False),
        ("op.execute('UPDATE t SET a = 1 WHERE b IS NULL')", True),
        ("op.execute('UPDATE t SET a = 1, b = 2 WHERE a IS NULL')", True),
        ("op.execute('UPDATE t SET a = 1 WHERE a IS NULL OR b = 2')", True),
        ("op.execute('UPDATE t SET a = 1 WHERE a IS NOT NULL')", True),
        ("op.execute('UPDATE t SET a = 1 WHERE NOT (a IS NULL)')", True),
        ("op.execute('UPDATE t SET a = 1')", True),
        ("op.execute('UPDATE t SET a = 1 WHERE a IS NULL')\nop.drop_column('t', 'b')", True),
        ("op.add_column('t', sa.Column('c', sa.Text()))\nop.execute('UPDATE t SET c = a')", True),
    ],
)
def test_a_backfill_needs_no_way_back(upgrade: str, missing: bool, tmp_path: Path) -> None:
    assert bool(findings(tmp_path, upgrade, "missing-downgrade")) == missing


ADD = "op.add_column('t', sa.Column('c', sa.Text()))"
FILL = "op.execute('UPDATE t SET c = a')"


@pytest.mark.parametrize("is_released", [False, True])
def test_a_column_that_another_revision_added(is_released: bool, tmp_path: Path) -> None:
    table = revision_file("1", None, TABLE, "op.drop_table('t')")
    add = revision_file("2", "1", ADD, "op.drop_column('t', 'c')")
    fill = revision_file("3", "2", FILL, "pass")
    base = table | add if is_released else table
    change = fill if is_released else add | fill
    found = judge(Example(base=base, change=change), tmp_path)
    assert ("missing-downgrade" in [f.rule for f in found]) == is_released


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO rates (id) SELECT 7 FROM DUAL", False),
        ("INSERT INTO rates (id) SELECT 7 FROM dual WHERE NOT EXISTS (SELECT 1 FROM rates)", False),
        ("INSERT INTO rates (id) SELECT 7 FROM DUAL UNION SELECT id FROM orders", True),
        ("INSERT INTO rates (id) SELECT id FROM orders", True),
        ("REPLACE INTO rates (id) VALUES (1), (2)", False),
        ("REPLACE rates SET id = 1", False),
        ("REPLACE INTO rates SELECT * FROM orders", True),
    ],
)
@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_rows_that_are_written_there(
    statement: str, told: bool, dialect: str, tmp_path: Path
) -> None:
    example = Example(upgrade=f"op.execute({statement!r})", dialect=dialect)
    found = {finding.rule for finding in judge(example, tmp_path)}
    assert ("backfill" in found) is told
