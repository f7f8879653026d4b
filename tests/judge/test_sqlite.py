"""What SQLite refuses, by its version and by what the table holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.rule import Example
from guard.run.examples import judge

USERS = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.Text()))"  # noqa: E501


def add(column: str) -> str:
    return f'op.execute("ALTER TABLE users ADD COLUMN {column}")'


@pytest.mark.parametrize(
    ("version", "upgrade", "refused"),
    [
        (None, add("n INTEGER DEFAULT 0 CHECK (n > 0)"), True),
        (None, add("n INTEGER DEFAULT 1 CHECK (n > 0)"), False),
        (None, add("n INTEGER CHECK (n > 0)"), False),
        (None, add("n INTEGER CHECK (n IS NOT NULL)"), True),
        (None, add("n TEXT DEFAULT 'x' CHECK (n IN ('a', 'b'))"), True),
        (None, add("n TEXT DEFAULT 'a' CHECK (n IN ('a', 'b'))"), False),
        (None, add("n INTEGER DEFAULT 7 CHECK (n BETWEEN 1 AND 5)"), True),
        (None, add("n INTEGER DEFAULT (5)"), False),
        (None, f"{USERS.replace('users', 'fresh')}\n{add('n INTEGER')}", False),
        ("3.34", "op.drop_column('users', 'name')", True),
        ("3.35", "op.drop_column('users', 'name')", False),
        ("3.34", "with op.batch_alter_table('users') as b:\n    b.drop_column('name')", False),
        ("3.24", "op.alter_column('users', 'name', new_column_name='nick')", True),
        ("3.25", "op.alter_column('users', 'name', new_column_name='nick')", False),
    ],
)
def test_what_sqlite_refuses(
    version: str | None, upgrade: str, refused: bool, tmp_path: Path
) -> None:
    example = Example(released=(USERS,), upgrade=upgrade, dialect="sqlite", version=version)
    found = {finding.rule for finding in judge(example, tmp_path)}
    assert ("unsupported-alter" in found) is refused


P = "op.execute('CREATE TABLE p (id INTEGER PRIMARY KEY)')"
FAILS, LOSES = {"unsupported-alter"}, {"batch-loses-objects"}
VIEW = "op.execute('CREATE VIEW v AS SELECT a FROM t')"
ALTER = "with op.batch_alter_table('t') as b:\n    b.alter_column('a', type_=sa.BigInteger())"
ADD = "with op.batch_alter_table('t') as b:\n    b.add_column(sa.Column('z', sa.Integer()))"
SHOP = """
op.create_table('p', sa.Column('id', sa.Integer(), primary_key=True))
op.create_table('t', sa.Column('a', sa.Integer()), sa.Column('b', sa.ForeignKey('p.id', ondelete='CASCADE')))
"""  # noqa: E501


def t(columns: str) -> str:
    return f"op.execute('CREATE TABLE t (a INTEGER, {columns})')"


def trigger(body: str) -> str:
    return f"op.execute('CREATE TRIGGER r AFTER INSERT ON p BEGIN {body}; END')"


COPY = """
op.execute('CREATE TABLE t2 (a INTEGER)')
op.execute('INSERT INTO t2 SELECT a FROM t')
op.drop_table('t')
op.rename_table('t2', 't')
"""


@pytest.mark.parametrize(
    ("released", "upgrade", "expected"),
    [
        # what is computed cannot be filled
        ((t("g INTEGER AS (a + 1)"),), ALTER, FAILS),
        ((t("g INTEGER GENERATED ALWAYS AS (a + 1) STORED"),), ALTER, FAILS),
        ((t("g INTEGER AS (a + 1)"),), ADD, set()),
        # a view asks for the table while it is gone
        ((t("b TEXT"), VIEW), ALTER, FAILS),
        ((t("b TEXT"), VIEW), ADD, set()),
        ((t("b TEXT"), VIEW), f"op.execute('PRAGMA legacy_alter_table=ON')\n{ALTER}", set()),
        ((t("b TEXT"), VIEW.replace("FROM t", "FROM p AS t")), ALTER, set()),
        # ... or another table's trigger
        ((P, t("b TEXT"), trigger("UPDATE t SET b = 1")), ALTER, FAILS),
        ((P, t("b TEXT"), trigger("UPDATE t SET b = 1")), ADD, set()),
        (
            (P, t("b TEXT"), trigger("UPDATE t SET b = 1")),
            f"op.execute('DROP TRIGGER r')\n{ALTER}",
            set(),
        ),
        ((P, t("b TEXT"), trigger("DELETE FROM p")), ALTER, set()),
        # ... also where it is put in the place of the table by hand
        ((t("b TEXT"), VIEW), COPY, FAILS),
        ((P, t("b TEXT"), trigger("DELETE FROM t")), COPY, FAILS),
        ((P, t("b TEXT"), trigger("DELETE FROM p")), COPY, set()),
        ((t("b TEXT"), VIEW), f"op.execute('DROP VIEW v')\n{COPY}", set()),
        (
            (P, t("b TEXT"), trigger("DELETE FROM t")),
            "op.drop_table('t')\nop.drop_column('p', 'a')",
            FAILS,
        ),
        (
            (P, t("b TEXT"), trigger("DELETE FROM t")),
            "op.drop_table('t')\nop.add_column('p', sa.Column('z', sa.Integer()))",
            set(),
        ),
        # what is not read of a table is not made again
        ((P, t("b INTEGER REFERENCES p (id) ON DELETE CASCADE")), ALTER, LOSES),
        ((P, t("b INTEGER REFERENCES p (id)")), ALTER, set()),
        ((P, t("b INTEGER, FOREIGN KEY (b) REFERENCES p (id) ON DELETE CASCADE")), ALTER, set()),
        ((SHOP,), ALTER, set()),
        ((t("b TEXT COLLATE NOCASE"),), ALTER, LOSES),
        ((t("b TEXT COLLATE BINARY"),), ALTER, set()),
    ],
)
def test_a_batch_that_makes_its_table_anew(
    released: tuple[str, ...], upgrade: str, expected: set[str], tmp_path: Path
) -> None:
    example = Example(released=released, upgrade=upgrade, dialect="sqlite")
    assert {finding.rule for finding in judge(example, tmp_path)} & (FAILS | LOSES) == expected
