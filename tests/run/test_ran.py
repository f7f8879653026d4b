"""What an upgrade ran beside what was read of it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from roundtrip_project import ENV, USERS, project

from guard.config import Config
from guard.project.settings import SettingsFiles
from guard.run.check import run
from guard.run.scope import Request

# Deletes rows whenever Alembic adds a column, which no revision shows.
LISTENING = (
    """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "before_cursor_execute")
def listen(connection, cursor, sql, *rest):
    if "ADD COLUMN" in sql:
        cursor.execute("DELETE FROM users")
"""
    + ENV
)
ADD = "op.add_column('users', sa.Column('n', sa.Integer()))"


def told(
    folder: Path, up: str, *, env: str = ENV, dialect: str | None = None
) -> list[tuple[str, str]]:
    """Return the rules that speak of the second revision, with what the run shows of each."""
    written = project(folder, USERS, (up, "raise NotImplementedError('no way back')"), env=env)
    settings = SettingsFiles.everywhere(
        Config(select=["opaque-sql", "destructive"], dialect=dialect, backend="sqlite"), written
    )
    report = run(Request(start=written, today=datetime.date(2026, 11, 27)), settings).report
    return [
        (finding.rule, " ".join(finding.evidence) or finding.message.partition(": ")[2])
        for finding in report.findings
        if finding.revision == "r2" and finding.rule != "rows-lost"
    ]


OPAQUE = "op.execute(__import__('codecs').decode({!r}, 'rot13'))"
DELETES = (
    "DELETE FROM users: A DELETE without a WHERE deletes every row of users, and no downgrade "
    "restores them."
)


@pytest.mark.parametrize(
    ("up", "env", "expected"),
    [
        (OPAQUE.format('QRYRGR SEBZ hfref'), ENV,
         [("opaque-sql", f"in the scratch run it executed {DELETES}")]),
        (ADD, LISTENING, [("opaque-sql", DELETES.replace(": ", ". "))]),
    ],
)  # fmt: skip
def test_what_it_did_not_say_is_told(
    up: str, env: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert told(tmp_path, up, env=env) == expected


HIDDEN = "f = getattr(op, 'batch_alter_' + __import__('sys').argv[0][:0] + 'table')\n"


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("b.alter_column('email', nullable=False, server_default='')", []),
        ("b.drop_column('email')", ["DROP COLUMN"]),
    ],
)
def test_the_copy_of_a_batch_that_was_not_read_drops_no_table(
    inside: str, shown: list[str], tmp_path: Path
) -> None:
    found = " ".join(
        says for _, says in told(tmp_path, f"{HIDDEN}with f('users') as b:\n    {inside}")
    )
    assert "DROP TABLE" not in found
    assert all(words in found for words in shown)


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        (ADD, []),
        (OPAQUE.format("HCQNGR hfref FRG rznvy = rznvy JURER vq = 1"), ["opaque-sql"]),
        ("op.execute('DELETE FROM users')", ["delete-without-where"]),
        ("op.drop_table('users')", ["drop-table"]),
        ("for name in ['users']:\n    op.execute(f'DROP TABLE {name}')", ["drop-table"]),
        ("with op.batch_alter_table('users') as b:\n    b.drop_column('email')", ["drop-column"]),
        ("with op.batch_alter_table('users') as b:\n"
         "    b.alter_column('email', nullable=False, server_default='')", []),
        ("t = sa.table('users', sa.column('id'))\n"
         "op.get_bind().execute(t.delete())", ["delete-without-where"]),
        ("sa.MetaData().drop_all(op.get_bind())", ["opaque-sql"]),
    ],
)  # fmt: skip
def test_what_it_was_read_to_do_is_told_once(up: str, expected: list[str], tmp_path: Path) -> None:
    found = told(tmp_path, up)
    assert [rule for rule, _ in found] == expected
    assert not any("executed" in evidence for _, evidence in found)


def test_what_a_stand_in_ran_is_not_held_against_what_was_read_for_the_server(
    tmp_path: Path,
) -> None:
    branch = (
        "if op.get_context().dialect.name != 'postgresql':\n"
        "    with op.batch_alter_table('users') as b:\n"
        "        b.alter_column('email', type_=sa.Text())"
    )
    assert told(tmp_path, branch, dialect="postgresql") == []
