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
