"""Revisions put another way: what does the same is the same, whatever else changes is an edit.

Each row is the body of an upgrade() before and after, or a file.
"""

from __future__ import annotations

from textwrap import indent

import pytest

from guard.history.difference import Difference, difference_of
from guard.python_source import PythonSource

ADD = "op.add_column('t', sa.Column('x', {}))"
HELPER = (
    "def _make():\n    op.drop_table('a')\n    op.drop_table('b')\n\n\n"
    "def upgrade():\n    _make()\n"
)
TWO_BATCHES = "with op.batch_alter_table('t') as a, op.batch_alter_table('u') as b:\n"
RETURNS = "    if x():\n        return\n"
DROPS = "op.drop_table('a')\nop.drop_table('b')"
OTHER_WAYS: dict[str, tuple[str, str]] = {
    "a length by name": (ADD.format("sa.String(10)"), ADD.format("sa.String(length=10)")),
    "a precision by name": (
        "op.alter_column('t', 'x', type_=sa.Numeric(10, 2))",
        "op.alter_column('t', 'x', type_=sa.Numeric(scale=2, precision=10))",
    ),
    "a type without brackets": (
        "op.add_column('t', sa.Column('x', sa.Integer))",
        "op.add_column('t', sa.Column('x', sa.Integer()))",
    ),
    "the arguments of an operation by name": (
        "op.create_index('ix', 't', ['a'], unique=True)",
        "op.create_index(index_name='ix', unique=True, columns=['a'], table_name='t')",
    ),
    **{
        f"a column that says {given}": (
            ADD.format(f"sa.String(10){key}"),
            ADD.format(f"sa.String(10){key}, {given}"),
        )
        for key, given in (
            ("", "nullable=True"),
            ("", "unique=False"),
            ("", "index=False"),
            ("", "primary_key=False"),
            ("", "nullable=True, server_default=None, comment=None"),
            ("", "autoincrement='auto'"),
            (", primary_key=True", "nullable=False"),
        )
    },
    "a type that says its default": (ADD.format("sa.DateTime()"), ADD.format("sa.DateTime(False)")),
    "a length that is none": (ADD.format("sa.String()"), ADD.format("sa.String(length=None)")),
    "other quotes": ("op.drop_table('t')", 'op.drop_table("t")'),
    "an index that says it is not unique": (
        "op.create_index('ix', 't', ['a'])",
        "op.create_index('ix', 't', ['a'], unique=False, schema=None)",
    ),
    "a foreign key without a name": (
        "op.create_table('t', sa.ForeignKeyConstraint(['a'], ['b.a']))",
        "op.create_table('t', sa.ForeignKeyConstraint(['a'], ['b.a'], name=None, ondelete=None))",
    ),
    "an alteration that says what it does not do": (
        "op.alter_column('t', 'x', type_=sa.Text())",
        "op.alter_column('t', 'x', type_=sa.Text(), nullable=None, server_default=False)",
    ),
    "text from elsewhere": (
        "op.create_check_constraint('c', 't', sa.text('x > 0'))",
        "op.create_check_constraint('c', 't', text('x > 0'))",
    ),
    "a text in a constant": ("op.execute('ANALYZE')", "sql = 'ANALYZE'\nop.execute(sql)"),
    "a name in a constant of the module": (
        "op.drop_table('t')",
        "TABLE = 't'\n\n\ndef upgrade():\n    op.drop_table(TABLE)\n",
    ),
    "a name in a constant in a text": (
        "op.execute('DROP TABLE t CASCADE')",
        "T = 't'\n\n\ndef upgrade():\n    op.execute(f'DROP TABLE {T} CASCADE')\n",
    ),
    "a text in pieces": (
        "op.execute('DROP TABLE t CASCADE')",
        "op.execute('DROP TABLE ' + 't' + ' CASCADE')",
    ),
    "SQL on more lines": (
        "op.execute('UPDATE t SET a = 1 WHERE b = 2')",
        'op.execute("""\n    UPDATE t\n    SET a = 1\n    WHERE b = 2\n""")',
    ),
    "the name of a batch": (
        "with op.batch_alter_table('t') as batch:\n    batch.drop_column('x')",
        "with op.batch_alter_table('t') as batch_op:\n    batch_op.drop_column('x')",
    ),
    "the name of a connection": (
        "conn = op.get_bind()\nconn.execute(run(conn), {'a': 1})",
        "bind = op.get_bind()\nbind.execute(run(bind), {'a': 1})",
    ),
    "the name of an exception and of a loop": (
        "for row in rows():\n    try:\n        run(row)\n    except OSError as e:\n        log(e)",
        "for one in rows():\n    try:\n        run(one)\n    except OSError as x:\n        log(x)",
    ),
    "a helper": (DROPS, HELPER),
    "a helper with arguments": (
        "op.add_column('a', sa.Column('x', sa.Text()))\n"
        "op.add_column('b', sa.Column('x', sa.Text()))",
        "def _add(op, table, name='x'):\n    op.add_column(table, sa.Column(name, sa.Text()))\n\n\n"
        "def upgrade():\n    _add(op, 'a')\n    _add(op, table='b')\n",
    ),
    "a helper that gives a value": (
        "op.add_column('a', sa.Column('x', sa.Text()))",
        "def _column(name):\n    return sa.Column(name, sa.Text())\n\n\n"
        "def upgrade():\n    op.add_column('a', _column('x'))\n",
    ),
    "a helper of a helper": (
        "op.drop_table('a')",
        "def _drop(name):\n    op.drop_table(name)\n\n\ndef _a():\n    _drop('a')\n\n\n"
        "def upgrade():\n    _a()\n",
    ),
    "a helper that uses the connection": (
        "conn = op.get_bind()\nrows = conn.execute(sql())\nfor row in rows:\n    run(conn, row)",
        "def _run(bind):\n    rows = bind.execute(sql())\n    for row in rows:\n"
        "        run(bind, row)\n\n\ndef upgrade():\n    conn = op.get_bind()\n    _run(conn)\n",
    ),
    "a loop over names": (DROPS, "for name in ('a', 'b'):\n    op.drop_table(name)"),
    "a loop over pairs": (
        "op.drop_column('a', 'x')\nop.drop_column('b', 'y')",
        "for t, c in [('a', 'x'), ('b', 'y')]:\n    op.drop_column(t, c)",
    ),
    "a loop over a constant, in a text": (
        "op.execute('ANALYZE a')\nop.execute('ANALYZE b')",
        "NAMES = ('a', 'b')\n\n\ndef upgrade():\n    for n in NAMES:\n"
        "        op.execute(f'ANALYZE {n}')\n",
    ),
}
# Looks like the same put another way, and is not.
OTHER_THINGS: dict[str, tuple[str, str]] = {
    "another length": (ADD.format("sa.String(10)"), ADD.format("sa.String(20)")),
    "another length by name": (
        "op.add_column('t', sa.Column('x', sa.String(10)))",
        "op.add_column('t', sa.Column('x', sa.String(length=20)))",
    ),
    "a length that is a collation": (
        "op.add_column('t', sa.Column('x', sa.String('C')))",
        "op.add_column('t', sa.Column('x', sa.String(collation='C')))",
    ),
    "precision and scale the other way round": (
        "op.alter_column('t', 'x', type_=sa.Numeric(10, 2))",
        "op.alter_column('t', 'x', type_=sa.Numeric(precision=2, scale=10))",
    ),
    "another type": (
        "op.add_column('t', sa.Column('x', sa.Integer))",
        "op.add_column('t', sa.Column('x', sa.BigInteger()))",
    ),
    "an option that guard does not read": (
        "op.create_index('ix', 't', ['a'], postgresql_with={'fillfactor': 70})",
        "op.create_index('ix', 't', ['a'], postgresql_with={'fillfactor': 90})",
    ),
    "the order of columns": (
        "op.create_index('ix', 't', ['a', 'b'])",
        "op.create_index('ix', 't', columns=['b', 'a'])",
    ),
    "tables the other way round": (
        "op.create_foreign_key('fk', 'a', 'b', ['x'], ['y'])",
        "op.create_foreign_key('fk', 'b', 'a', ['x'], ['y'])",
    ),
    "a constant of another value": ("op.drop_table('t')", "t = 'u'\nop.drop_table(t)"),
    "a constant that is bound again": (
        "t = 'a'\nop.drop_table(t)",
        "t = 'a'\nt = name() or t\nop.drop_table(t)",
    ),
    "a constant that is bound again elsewhere": (
        "op.drop_table('t')",
        "T = 't'\n\n\ndef upgrade():\n    global T\n    T = name()\n    op.drop_table(T)\n",
    ),
    "a value that is bound": (
        "conn = op.get_bind()\nconn.execute(sql(), {'a': 1, 'b': 2})",
        "conn = op.get_bind()\nconn.execute(sql(), {'a': 2, 'b': 1})",
    ),
    **{
        f"a column that becomes {given}": (
            ADD.format(f"sa.Integer(){key}"),
            ADD.format(f"sa.Integer(){key}, {given}"),
        )
        for key, given in (
            ("", "nullable=False"),
            ("", "unique=True"),
            ("", "index=True"),
            ("", "server_default=''"),
            (", primary_key=True", "nullable=True"),
            (", primary_key=is_key()", "nullable=True"),
            (", sa.Identity()", "nullable=True"),
            (", autoincrement=True", "nullable=False"),
        )
    },
    "a default that is dropped": (
        "op.alter_column('t', 'x', type_=sa.Text())",
        "op.alter_column('t', 'x', type_=sa.Text(), server_default=None)",
    ),
    "a row that is inserted": (
        "op.bulk_insert(table(), [{'a': 1}])",
        "op.bulk_insert(table(), [{'a': 2}])",
    ),
    "white space inside of quotes": (
        "op.execute(\"UPDATE t SET a = 'x y'\")",
        "op.execute(\"UPDATE t SET a = 'x  y'\")",
    ),
    "a line comment that swallows the rest": (
        "op.execute('UPDATE t SET a = 1 -- all\\nWHERE b = 2')",
        "op.execute('UPDATE t SET a = 1 -- all WHERE b = 2')",
    ),
    "another batch": (
        "with op.batch_alter_table('t') as b:\n    b.drop_column('x')",
        "with op.batch_alter_table('u') as b:\n    b.drop_column('x')",
    ),
    "the other of two batches": (
        f"{TWO_BATCHES}    a.drop_column('x')",
        f"{TWO_BATCHES}    b.drop_column('x')",
    ),
    "the other of two imports": (
        "from m import x as a, y as b\na, c = a, b\nrun(a)",
        "from m import x as a, y as b\na, c = a, b\nrun(c)",
    ),
    "a helper that does less": (DROPS, HELPER.replace("    op.drop_table('b')\n", "")),
    "a helper called twice": (DROPS, f"{HELPER}    _make()\n"),
    "a helper under a condition": (
        DROPS,
        HELPER.replace("    _make()", "    if x():\n        _make()"),
    ),
    "a helper that may return before": (
        DROPS,
        HELPER.replace("    op.drop_table('b')", f"{RETURNS}    op.drop_table('b')"),
    ),
    "a helper that is decorated": (DROPS, HELPER.replace("def _make", "@twice\ndef _make")),
    "a helper that is defined again": (
        DROPS,
        HELPER.replace("def upgrade", "def _make():\n    op.drop_table('c')\n\n\ndef upgrade"),
    ),
    "a helper that is replaced": (
        DROPS, HELPER.replace("def upgrade", "_make = other(_make)\n\n\ndef upgrade"),
    ),
    "a helper that is a generator": (DROPS, HELPER.replace("('b')", "('b')\n    yield")),
    "a helper with its arguments the other way round": (
        "op.rename_table('a', 'b')",
        "def _move(new, old):\n    op.rename_table(old, new)\n\n\ndef upgrade():\n"
        "    _move('a', 'b')\n",
    ),
    "a helper whose names mean something else where it is called": (
        "t = name()\nop.drop_table(t)",
        "t = other()\n\n\ndef _drop():\n    op.drop_table(t)\n\n\ndef upgrade():\n"
        "    t = name()\n    _drop()\n",
    ),
    "a helper with a name of its own that is the caller's": (
        "conn = op.get_bind()\nx = one(conn)\nrun(x)",
        "def _run(c):\n    conn = two(c)\n    x = one(conn)\n    run(x)\n\n\n"
        "def upgrade():\n    conn = op.get_bind()\n    _run(conn)\n",
    ),
    "one turn less": (DROPS, "for name in ('a',):\n    op.drop_table(name)"),
    "turns the other way round": (DROPS, "for name in ('b', 'a'):\n    op.drop_table(name)"),
    "a loop that stops": (DROPS, "for name in ('a', 'b'):\n    op.drop_table(name)\n    break"),
    "a loop whose name is used after it": (
        f"{DROPS}\nop.drop_table(name)",
        "for name in ('a', 'b'):\n    op.drop_table(name)\nop.drop_table(name)",
    ),
    "a loop that binds its name": (
        DROPS, "for name in ('a', 'b'):\n    name = other(name)\n    op.drop_table(name)",
    ),
    "names that are looked up": (
        "a = 'x'\nrun(locals())", "b = 'x'\nrun(locals())",
    ),
    "code that nobody can read": ("run(one())", "run(two())"),
}  # fmt: skip


def rewritten(before: str, after: str) -> Difference | None:
    """The difference of two files, each given whole or as the body of its upgrade()."""
    imports = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy import text\n\n\n"
    files = (
        imports + (code if "def " in code else f"def upgrade():\n{indent(code, '    ')}\n")
        for code in (before, after)
    )
    return difference_of(*(PythonSource.of_text("a.py", text) for text in files))


@pytest.mark.parametrize("case", OTHER_WAYS)
def test_the_same_put_another_way(case: str) -> None:
    before, after = OTHER_WAYS[case]
    assert rewritten(before, after) is None
    assert rewritten(after, before) is None


@pytest.mark.parametrize("case", OTHER_THINGS)
def test_what_looks_the_same_and_is_not(case: str) -> None:
    before, after = OTHER_THINGS[case]
    found = rewritten(before, after)
    assert found is not None
    assert found.lines
    assert rewritten(after, before) is not None
