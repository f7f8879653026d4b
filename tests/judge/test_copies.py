"""Rows and values that are copied before a drop: what is said of those that stay, and that go."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.finding import Finding
from guard.rule import Example

TABLES = """
op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))
op.create_table('backup', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))
"""
CORE = "t = sa.table('t', sa.column('id'), sa.column('a'), sa.column('b'))\n"
ADD_B = "op.add_column('t', sa.Column('b', sa.Text()))"
ADD_A = "op.add_column('t', sa.Column('a', sa.Text()))"
DROP_A = "op.drop_column('t', 'a')"
DROP_B = "op.drop_column('t', 'b')"
NEW = "op.create_table('n', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))"
SWAP = "op.drop_table('t')\nop.rename_table('n', 't')"
DROPS = {"drop-table", "drop-and-re-add", "drop-column", "truncate", "delete-without-where"}


def drops(folder: Path, upgrade: str, downgrade: str | None = None) -> list[Finding]:
    """Return the findings on drops in a revision behind the one that made the tables."""
    found = judge(Example(released=(TABLES,), upgrade=upgrade, downgrade=downgrade), folder)
    return [f for f in found if f.rule in DROPS]


def execute(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def lines(*parts: str) -> str:
    return "\n".join(parts)


TO_B, TO_A = execute("UPDATE t SET b = a"), execute("UPDATE t SET a = b")
BATCH_ADD_B = (
    "with op.batch_alter_table('t') as batch:\n    batch.add_column(sa.Column('b', sa.Text()))"
)
BATCH_DROP_A = "with op.batch_alter_table('t') as batch:\n    batch.drop_column('a')"
TO_SIDE = execute("CREATE TABLE side AS SELECT id, a FROM t")
FROM_SIDE = execute("UPDATE t SET a = (SELECT side.a FROM side WHERE side.id = t.id)")


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        (lines(ADD_B, TO_B, DROP_A), lines(ADD_A, TO_A, DROP_B)),
        (lines(ADD_B, execute("UPDATE t SET b = t.a WHERE a IS NOT NULL"), DROP_A), lines(ADD_A, TO_A, DROP_B)),
        (lines(ADD_B, execute("UPDATE t SET b = a WHERE b IS NULL"), DROP_A), lines(ADD_A, TO_A, DROP_B)),
        (lines(ADD_B, CORE + "op.execute(t.update().values(b=t.c.a))", DROP_A), lines(ADD_A, CORE + "op.execute(sa.update(t).values({t.c.a: t.c.b}))", DROP_B)),
        (lines(BATCH_ADD_B, TO_B, BATCH_DROP_A), lines(ADD_A, TO_A, DROP_B)),
        (lines(TO_SIDE, DROP_A), lines(ADD_A, FROM_SIDE, "op.drop_table('side')")),
        (lines(execute("INSERT INTO backup (id, a) SELECT id, a FROM t"), DROP_A), lines(ADD_A, execute("UPDATE t SET a = s.a FROM backup s WHERE s.id = t.id"))),
        (lines(TO_SIDE, "op.drop_table('t')"), lines(NEW.replace("'n'", "'t'"), execute("INSERT INTO t (id, a) SELECT id, a FROM side"))),
        (lines(TO_SIDE, execute("DELETE FROM t")), execute("INSERT INTO t SELECT id, a FROM side")),
        (lines(TO_SIDE, execute("TRUNCATE t")), execute("INSERT INTO t SELECT * FROM side")),
    ],
)  # fmt: skip
def test_the_downgrade_brings_back(upgrade: str, downgrade: str, tmp_path: Path) -> None:
    (said,) = drops(tmp_path, upgrade, downgrade)
    assert "from where downgrade() brings them back" in said.message
    assert said.severity == ("warning" if said.rule.startswith("drop") else "error")


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        (lines(ADD_B, TO_B, DROP_A), lines(ADD_A, DROP_B)),
        (lines(ADD_B, TO_B, DROP_A), lines(ADD_A, execute("UPDATE t SET a = 'x'"), DROP_B)),
        (lines(ADD_B, TO_B, DROP_A), lines(ADD_A, execute("UPDATE t SET a = b WHERE id > 5"), DROP_B)),
        (lines(TO_SIDE, DROP_A), ADD_A),
    ],
)  # fmt: skip
def test_the_values_are_kept_and_stay_away(upgrade: str, downgrade: str, tmp_path: Path) -> None:
    (said,) = drops(tmp_path, upgrade, downgrade)
    assert "only: downgrade() does not bring them back" in said.message
    assert said.severity == "error"


EACH = "for row in op.get_bind().execute(sa.text('SELECT id, b FROM t')):\n    "
SET_A = "op.execute(sa.text('UPDATE t SET a = :a WHERE id = :id').bindparams(a=row.b, id=row.id))"
PUT = "op.execute(sa.text('INSERT INTO t (id, a) VALUES (:id, :a)').bindparams(a=row.b, id=row.id))"


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "rewritten"),
    [
        (DROP_A, lines(ADD_A, EACH + SET_A), True),
        (DROP_A, lines(ADD_A, CORE + EACH + "op.execute(t.update().where(t.c.id == row.id).values(a=row.b))"), True),
        ("op.drop_table('t')", lines(NEW.replace("'n'", "'t'"), EACH + PUT), True),
        (execute("DELETE FROM t"), EACH + PUT, True),
        (execute("TRUNCATE t"), EACH + PUT, True),
        # what is written is something else, or the same for all
        (DROP_A, lines(ADD_A, EACH + SET_A.replace("SET a", "SET b")), False),
        (DROP_A, lines(ADD_A, EACH + SET_A.replace("UPDATE t", "UPDATE backup")), False),
        (DROP_A, lines(ADD_A, execute("UPDATE t SET a = 'x'")), False),
        (lines(EACH + SET_A, DROP_A), ADD_A, False),
        (execute("DELETE FROM t"), EACH + SET_A, False),
        ("op.drop_table('t')", lines(NEW.replace("'n'", "'t'"), EACH + PUT.replace("INTO t", "INTO backup")), False),
        (execute("TRUNCATE t CASCADE"), EACH + PUT, False),
    ],
)  # fmt: skip
def test_the_downgrade_writes_row_by_row(
    upgrade: str, downgrade: str, rewritten: bool, tmp_path: Path
) -> None:
    said = [f for f in drops(tmp_path, upgrade, downgrade) if f.direction == "upgrade"]
    assert ("downgrade() writes them anew" in said[0].message) == rewritten
    assert ("no downgrade restores them" in said[0].message) != rewritten
    assert said[0].severity == "error"


@pytest.mark.parametrize(
    "upgrade",
    [
        lines(ADD_B, DROP_A),
        lines(ADD_B, execute("UPDATE t SET b = id"), DROP_A),
        lines(ADD_B, execute("UPDATE t SET b = upper(a)"), DROP_A),
        lines(ADD_B, execute("UPDATE t SET b = a WHERE id > 5"), DROP_A),
        lines(ADD_B, TO_B, execute("UPDATE t SET b = 'x'"), DROP_A),
        lines(ADD_B, f"if op.get_context().opts['x']:\n    {TO_B}", DROP_A),
        lines(TO_SIDE, "op.drop_table('side')", DROP_A),
        lines(execute("CREATE TABLE side AS SELECT id, a FROM t LIMIT 5"), DROP_A),
    ],
)
def test_the_values_go(upgrade: str, tmp_path: Path) -> None:
    said = drops(tmp_path, upgrade, lines(ADD_A, TO_A, DROP_B))
    assert "no downgrade restores them" in said[0].message


@pytest.mark.parametrize(
    "upgrade",
    [
        lines(NEW, execute("INSERT INTO n (id, a) SELECT id, a FROM t"), SWAP),
        lines(NEW, execute("INSERT INTO n SELECT * FROM t"), SWAP),
        lines(execute("CREATE TABLE n AS SELECT * FROM t"), SWAP),
        lines(NEW, CORE + "n = sa.table('n', sa.column('id'), sa.column('a'))\nop.execute(n.insert().from_select(['id', 'a'], sa.select(t.c.id, t.c.a)))", SWAP),
        lines(execute("ALTER TABLE t RENAME TO o"), NEW.replace("'n'", "'t'"), execute("INSERT INTO t SELECT * FROM o", "DROP TABLE o")),
        lines(execute("CREATE TABLE n AS SELECT * FROM t", "DELETE FROM t", "INSERT INTO t SELECT * FROM n")),
    ],
)  # fmt: skip
def test_a_table_made_anew_loses_nothing(upgrade: str, tmp_path: Path) -> None:
    assert drops(tmp_path, upgrade) == []


@pytest.mark.parametrize(
    ("upgrade", "lost"),
    [
        (lines(NEW, execute("INSERT INTO n VALUES (1, 'x')"), SWAP), "deletes its rows"),
        (lines(NEW, execute("INSERT INTO n (id) SELECT id FROM t"), SWAP), "the values of a, which"),
        (lines(NEW, execute("INSERT INTO n (id, a) SELECT id, upper(a) FROM t"), SWAP), "the values of a, which"),
        (lines(NEW, execute("INSERT INTO n SELECT * FROM t WHERE id > 5"), SWAP), "leaves rows out"),
        (lines(NEW, execute("INSERT INTO n SELECT * FROM t LIMIT 5"), SWAP), "leaves rows out"),
        (lines(NEW, execute("INSERT INTO n SELECT t.* FROM t JOIN backup b ON b.id = t.id"), SWAP), "leaves rows out"),
        (lines(NEW, execute("INSERT INTO n SELECT * FROM backup"), SWAP), "deletes its rows"),
        (lines(NEW, execute("INSERT INTO n SELECT * FROM t", "DELETE FROM n WHERE id > 5"), SWAP), "leaves rows out"),
        (lines(NEW, CORE + "op.execute(sa.insert(sa.table('n')).from_select(['id', 'a'], sa.select(t.c.id, t.c.a).where(t.c.id > 5)))", SWAP), "leaves rows out"),
    ],
)  # fmt: skip
def test_a_table_made_anew_that_loses(upgrade: str, lost: str, tmp_path: Path) -> None:
    (said,) = drops(tmp_path, upgrade)
    assert lost in said.message
    assert "no downgrade restores them" in said.message


def test_columns_that_no_revision_made_may_be_left_out(tmp_path: Path) -> None:
    body = lines(NEW, execute("INSERT INTO n (id, a) SELECT id, a FROM old", "DROP TABLE old"))
    (said,) = drops(tmp_path, lines(body, "op.rename_table('n', 'old')"))
    assert "whatever columns the copy in old leaves out (it has id, a)" in said.message
