"""Which edits of a revision change what it does, how far, and which lines tell."""

from __future__ import annotations

import pytest

from guard.history.difference import Difference, difference_of
from guard.python_source import PythonSource

SOURCE = '''\
"""Make the table."""

import logging
import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from typing_extensions import Sequence

from migrations.helpers import grant

revision = "a"
down_revision: str = None
WAIT = "2s"
NAME = "ix_orders"

log = logging.getLogger(__name__)


def upgrade() -> None:
    """Go up."""
    conn = op.get_bind()
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index(NAME, "orders", ["id"])
    conn.execute("UPDATE orders SET id = 1")
    log.info("made %s", NAME)
    grant(op, "orders")


def downgrade():
    op.drop_table("orders")
'''


def changed_text(*changes: str) -> str:
    """The source once each first text has become the one after it."""
    after = SOURCE
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in after, old
        after = after.replace(old, new)
    return after


def edit(*changes: str) -> Difference | None:
    texts = (SOURCE, changed_text(*changes))
    before, after = (PythonSource.of_text("a.py", text) for text in texts)
    return difference_of(before, after)


COLUMN = 'sa.Column("id", sa.Integer(), primary_key=True)'
INDEX = 'op.create_index(NAME, "orders", ["id"])'
UPDATE = 'conn.execute("UPDATE orders SET id = 1")'
GRANT = '    grant(op, "orders")\n'
LAZY_IMPORT = "    from migrations.helpers import grant\n"


@pytest.mark.parametrize(
    "changes",
    [
        ("import os\n", ""),
        ("import os\n", "import os\nimport sys\n"),
        ("import logging\nimport os\n", "import os\nimport logging\n"),
        ("typing_extensions", "typing"),
        ("from typing_extensions import Sequence\n", ""),
        ("import sqlalchemy as sa", "import sqlalchemy", "sa.", "sqlalchemy."),
        ("sa.Integer()", "Integer()", "import text", "import Integer, text"),
        ("from alembic import op", "import alembic", " op.", " alembic.op.", "(op,",
         "(alembic.op,"),
        (" -> None", ""),
        ("def downgrade():", "def downgrade() -> None:"),
        ("conn = op", "conn: object = op"),
        ("down_revision: str", "down_revision: str | None"),
        ("made %s", "created %s"),
        ('    log.info("made %s", NAME)\n', ""),
        ("    log.info", "    print('x', len(NAME))\n    log.info"),
        ("    log.info", "    if NAME:\n        log.debug('x')\n    log.info"),
        ("log.info", "logger.warning", "log = logging", "logger = logging"),
        ('"made %s", NAME', 'f"made {NAME}"'),
        ('"UPDATE orders SET id = 1"', 'f"UPDATE orders SET id = 1"'),
        ('"UPDATE orders SET id = 1"', 'text("UPDATE orders SET id = 1")'),
        ('"UPDATE orders SET id = 1"', 'sa.text("UPDATE orders " "SET id = 1")'),
        (GRANT, f"{GRANT}    return None\n"),
        (GRANT, f"{GRANT}    return\n"),
        ("Make the table.", "Make orders."),
        ("Go up.", "Go on."),
        ('WAIT = "2s"\n', '"""A text that stands alone."""\nWAIT = "2s"\n'),
        ('WAIT = "2s"\n', ""),
        ('WAIT = "2s"\n', 'WAIT = "3s"\n'),
        ("primary_key=True", "primary_key=True, default=uuid4"),
        ("primary_key=True", "primary_key=True, onupdate=now, info={}, doc='x'"),
        ("primary_key=True", "key='id', primary_key=True", "key='id', ", ""),
        ("\n\ndef downgrade", "\n\ndef unused():\n    op.drop_table('x')\n\n\ndef downgrade"),
        ("from migrations.helpers import grant\n", "", "    conn", LAZY_IMPORT + "    conn", UPDATE,
         UPDATE, LAZY_IMPORT + "    " + UPDATE, "    " + UPDATE),
    ],
)  # fmt: skip
def test_an_edit_that_changes_nothing(changes: tuple[str, ...]) -> None:
    assert edit(*changes) is None


@pytest.mark.parametrize(
    ("changes", "at", "lines"),
    [
        # Beside edits that change nothing, what changes something is told and nothing else.
        (("import os\n", "", "Integer()", "BigInteger()"), 'op.create_table',
         [f"-     op.create_table(\"orders\", {COLUMN})",
          f"+     op.create_table(\"orders\", {COLUMN.replace('Int', 'BigInt')})"]),
        (("from migrations.helpers import grant\n", "", GRANT, ""), "def upgrade",
         ['- grant(op, "orders")']),
        (("import os", "import sys", GRANT, f'{GRANT}    op.execute("ANALYZE")\n'), 'op.execute',
         ['+ op.execute("ANALYZE")']),
        (('"ix_orders"', '"ix_order"'), 'NAME =', ['- NAME = "ix_orders"', '+ NAME = "ix_order"']),
        # The same words from elsewhere.
        (("migrations.helpers", "migrations.other"), 'from migrations.other', None),
        (("import sqlalchemy as sa", "import other as sa"), 'import other as sa', None),
        # Looks like what changes nothing.
        (('"UPDATE orders SET id = 1"', 'f"UPDATE orders SET id = {1}"'), "conn", None),
        (('"UPDATE orders SET id = 1"', 'text("UPDATE orders SET id = 2")'), "conn", None),
        (('"UPDATE orders SET id = 1"', 'text("UPDATE orders SET id = :one")'), "conn", None),
        (('"UPDATE orders SET id = 1"', 'op.text("UPDATE orders SET id = 1")'), "conn", None),
        (("primary_key=True", "primary_key=True, server_default='1'"), 'op.create_table', None),
        (("primary_key=True", "primary_key=True, default=sa.Sequence('s')"), "op.", None),
        (("op.create_t", "orders = op.create_t", "True)", "True, default=1)"), "orders", None),
        (('"made %s", NAME', '"made %s", conn.execute("DELETE FROM orders")'), 'log.info', None),
        (("    log.info", "    return None\n    log.info"), 'return None', None),
        (("    log.info", "    if op.drop_table('x'):\n        log.info"), 'if op.drop', None),
        ((f"    {INDEX}\n    {UPDATE}", f"    {UPDATE}\n    {INDEX}"), 'conn.execute', None),
        (("WAIT =", 'NAME = "a"\nWAIT =', 'NAME = "ix_orders"\n', ""), 'NAME = "a"', None),
        (("\n\ndef downgrade", "\n\nNAME = 'x'\n\n\ndef downgrade"), "NAME = 'x'", None),
        (("\n\ndef downgrade", "\n\nupgrade = grant\n\n\ndef downgrade"), 'upgrade =', None),
        (("down_revision", "op.drop_table('x')\ndown_revision"), 'op.drop_table', None),
        (("NAME, \"orders\"", "NAME, __doc__", "Make the table.", "Make orders."), '"""Make', None),
        ((INDEX, "globals()[NAME]()", "WAIT = \"2s\"", "WAIT = \"3s\""), 'WAIT =', None),
    ],
)  # fmt: skip
def test_an_edit_that_changes_something(
    changes: tuple[str, ...], at: str, lines: list[str] | None
) -> None:
    found = edit(*changes)
    assert found is not None
    assert found.reach == "upgrade"
    assert changed_text(*changes).split("\n")[found.line - 1].strip().startswith(at)
    assert found.lines
    if lines is not None:
        assert [(a[0], a[1:].strip()) for a in found.lines] == [
            (b[0], b[1:].strip()) for b in lines
        ]


LOCK = """op.execute("SET lock_timeout = '2s'")"""
STATEMENT = """op.execute(text(f"SET statement_timeout = '{WAIT}'"))"""
DROP = 'op.drop_table("orders")'
MYSQL = "op.execute('SET SESSION innodb_lock_wait_timeout = 5')"


@pytest.mark.parametrize(
    ("first", "changes", "reach"),
    [
        ("", (DROP, 'op.execute("DROP TABLE IF EXISTS orders")'), "downgrade"),
        ("", (DROP, "raise NotImplementedError('kept')"), "downgrade"),
        (LOCK, (), "timeout"),
        (LOCK.replace("SET", "set local").replace("'2s'", "0"), (), "timeout"),
        (STATEMENT, (), "timeout"),
        (MYSQL, (), "timeout"),
        (LOCK, (DROP, "pass"), "timeout"),
        (LOCK, ("primary_key", "nullable"), "upgrade"),
        (LOCK.replace("'2s'\"", "'2s'; DROP TABLE a\""), (), "upgrade"),
        (LOCK.replace("lock_timeout", "search_path"), (), "upgrade"),
    ],
)
def test_how_far_an_edit_reaches(first: str, changes: tuple[str, ...], reach: str) -> None:
    found = edit("    conn = op", f"    {first}\n    conn = op", *changes)
    assert found is not None
    assert found.reach == reach


def test_a_long_line_is_shown_where_it_differs() -> None:
    long = "'" + "x" * 300 + "{}" + "y" * 300 + "'"
    texts = (f"def upgrade():\n    op.execute({long.format(n)})\n" for n in "12")
    before, after = (PythonSource.of_text("a.py", text) for text in texts)
    found = difference_of(before, after)
    assert found is not None
    gone, come = found.lines
    assert gone.replace("- ...", "+ ...").replace("x1y", "x2y") == come
    assert "x2y" in come
    assert len(come) < 140
