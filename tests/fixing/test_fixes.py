"""What a fix makes of a revision: the words of the file stay, and what is not certain is left."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from examples import judge, judge_again

from guard.fixing import apply_edits
from guard.rule import Example

HEAD = '''\
"""Add things.

Revision ID: b2
Revises: a1
"""
from alembic import op
import sqlalchemy as sa

revision = 'b2'
down_revision = 'a1'


'''
A1 = {
    "migrations/versions/a1.py": 'revision = "a1"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n'
}
PATH = "migrations/versions/b2.py"


def fixed(rule: str, text: str, folder: Path, dialect: str = "postgresql") -> str:
    """Return what becomes of the revision with that text, where the fix of the rule is made."""
    example = Example(base=A1, change={PATH: text}, dialect=dialect)
    edits = [e for f in judge(example, folder) if f.rule == rule for e in f.fix]
    return apply_edits(text, edits)


def upgrade(body: str) -> str:
    return (
        f"{HEAD}def upgrade() -> None:\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n\n\n"
        'def downgrade() -> None:\n    raise NotImplementedError("no way back")\n'
    )


BLOCK = "with op.get_context().autocommit_block():\n    "

KEPT = [
    ("create-index", "op.create_index('i', 'orders', ['a'])  # for search", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)  # for search"),
    ("create-index", "op.create_index(op.f('i'), 'orders', ['a'],)", f"{BLOCK}op.create_index(op.f('i'), 'orders', ['a'], postgresql_concurrently=True,)"),
    ("create-index", "op.create_index('i', 'orders', ['a'], postgresql_concurrently=False)", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)"),
    ("create-index", "op.create_index(\n    'i',\n    'orders',\n    ['a'],\n    unique=False,\n)", f"{BLOCK}op.create_index(\n        'i',\n        'orders',\n        ['a'],\n        unique=False,\n        postgresql_concurrently=True,\n    )"),
    ("create-index", "# why\nop.create_index('i', 'orders', ['a'])\nop.execute('SELECT 1')", f"# why\n{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)\nop.execute('SELECT 1')"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.create_index('i', ['a'])  # for search", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)  # for search"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.create_index('i', ['a'])", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)"),
    ("create-index", "with op.batch_alter_table('orders', schema='s') as batch:\n    batch.add_column(sa.Column('b', sa.Text()))\n    batch.create_index(batch.f('i'), ['a'], unique=True)\n    batch.drop_column('c')\nop.execute('SELECT 1')", f"with op.batch_alter_table('orders', schema='s') as batch:\n    batch.add_column(sa.Column('b', sa.Text()))\n    batch.drop_column('c')\n{BLOCK}op.create_index('i', 'orders', ['a'], schema='s', unique=True, postgresql_concurrently=True)\nop.execute('SELECT 1')"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.add_column(sa.Column('b', sa.Text()))\n    batch.create_index(\n        'i',\n        ['a'],\n    )", f"with op.batch_alter_table('orders') as batch:\n    batch.add_column(sa.Column('b', sa.Text()))\n{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)"),
    ("create-index", "if True:\n    op.create_index('i', 'orders', ['a'])", "if True:\n    with op.get_context().autocommit_block():\n        op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)"),
    ("create-index", "op.create_index('i', 'orders', [sa.text('''\nlower(a)\n''')])", f"{BLOCK}op.create_index('i', 'orders', [sa.text('''\nlower(a)\n''')], postgresql_concurrently=True)"),
    ("create-index", "op.create_index('i', 'orders', ['a'], postgresql_where=('a > 1'))", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_where=('a > 1'), postgresql_concurrently=True)"),
    ("create-index", "op.create_index(\n    'i',\n    'orders',\n    ['a'],  # of (a)\n)", f"{BLOCK}op.create_index(\n        'i',\n        'orders',\n        ['a'],  # of (a)\n        postgresql_concurrently=True,\n    )"),
    ("create-index", "op.create_index('i',\n    'orders', (['a'])  # of (a)\n)", f"{BLOCK}op.create_index('i',\n        'orders', (['a']),  # of (a)\n        postgresql_concurrently=True,\n    )"),
    ("create-index", "op.execute('CREATE INDEX i ON orders (a)')", f"{BLOCK}op.create_index('i', 'orders', ['a'], postgresql_concurrently=True)"),
    ("drop-index", "op.drop_index('i', table_name='orders')", f"{BLOCK}op.drop_index('i', table_name='orders', postgresql_concurrently=True)"),
    ("drop-index", "op.execute('DROP INDEX IF EXISTS i')", f"{BLOCK}op.drop_index('i', postgresql_concurrently=True, if_exists=True)"),
    ("add-foreign-key", "op.create_foreign_key('f', 'a', 'b', ['b_id'], ['id'])", "op.create_foreign_key('f', 'a', 'b', ['b_id'], ['id'], postgresql_not_valid=True)"),
    ("add-check-constraint", "op.create_check_constraint('c', 'a', 'n > 0')", "op.create_check_constraint('c', 'a', 'n > 0', postgresql_not_valid=True)"),
    ("add-unique-constraint", "op.create_unique_constraint('uq', 'a', ['n'])", "with op.get_context().autocommit_block():\n    op.create_index('uq', 'a', ['n'], unique=True, postgresql_concurrently=True)\nop.execute('ALTER TABLE a ADD CONSTRAINT uq UNIQUE USING INDEX uq')"),
    ("add-unique-constraint", "if True:\n    op.create_unique_constraint(op.f('uq'), 'a', ['n'])", "if True:\n    with op.get_context().autocommit_block():\n        op.create_index('uq', 'a', ['n'], unique=True, postgresql_concurrently=True)\n    op.execute('ALTER TABLE a ADD CONSTRAINT uq UNIQUE USING INDEX uq')"),
    ("add-unique-constraint", "op.create_unique_constraint('uq', 'a', ['n'], postgresql_nulls_not_distinct=True)", "with op.get_context().autocommit_block():\n    op.create_index('uq', 'a', ['n'], unique=True, postgresql_nulls_not_distinct=True, postgresql_concurrently=True)\nop.execute('ALTER TABLE a ADD CONSTRAINT uq UNIQUE USING INDEX uq')"),
    ("add-unique-constraint", "op.create_unique_constraint('uq', 'a', ['n'], deferrable=True, initially='DEFERRED')", "with op.get_context().autocommit_block():\n    op.create_index('uq', 'a', ['n'], unique=True, postgresql_concurrently=True)\nop.execute('ALTER TABLE a ADD CONSTRAINT uq UNIQUE USING INDEX uq DEFERRABLE INITIALLY DEFERRED')"),
    ("add-unique-constraint", "op.create_unique_constraint('uq', 'a', ['n'], schema='s')", "with op.get_context().autocommit_block():\n    op.create_index('uq', 'a', ['n'], schema='s', unique=True, postgresql_concurrently=True)\nop.execute('ALTER TABLE s.a ADD CONSTRAINT uq UNIQUE USING INDEX uq')"),
    ("unnamed-constraint", "op.create_unique_constraint(None, 'a', ['n'])", "op.create_unique_constraint('a_n_key', 'a', ['n'])"),
    ("unnamed-constraint", "op.create_foreign_key(\n    constraint_name=None, source_table='a', referent_table='b', local_cols=['b_id'], remote_cols=['id']\n)", "op.create_foreign_key(\n    constraint_name='a_b_id_fkey', source_table='a', referent_table='b', local_cols=['b_id'], remote_cols=['id']\n)"),
    ("unnamed-constraint", "op.create_check_constraint(None, 'a', 'n > 0')\nop.create_check_constraint(None, 'a', 'm > n')", "op.create_check_constraint('a_n_check', 'a', 'n > 0')\nop.create_check_constraint('a_check', 'a', 'm > n')"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = '{name}' WHERE id = 1\")", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(sa.text(\"UPDATE a SET n = :name WHERE id = 1\").bindparams(name=name))"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(sa.text(f'UPDATE a SET n = {name} WHERE m = :name').bindparams(name=1))", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(sa.text('UPDATE a SET n = :name2 WHERE m = :name').bindparams(name2=name).bindparams(name=1))"),
    ("string-built-sql", "row = op.get_bind().execute(sa.text('SELECT 1 AS id')).one()\nop.get_bind().execute(sa.text(f'UPDATE a SET n = 1 WHERE id = {row.id}'))", "row = op.get_bind().execute(sa.text('SELECT 1 AS id')).one()\nop.get_bind().execute(sa.text('UPDATE a SET n = 1 WHERE id = :id').bindparams(id=row.id))"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after"), KEPT)
def test_the_words_of_the_file_stay(rule: str, before: str, after: str, tmp_path: Path) -> None:
    assert fixed(rule, upgrade(before), tmp_path) == upgrade(after)


LEFT = [
    ("create-index", "for name in open('names'):\n    op.create_index(name, 'orders', ['a'])"),
    ("create-index", "op.create_index('i', 'orders', ['a']); op.execute('SELECT 1')"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.drop_column('b')\n    batch.create_index('i', ['a'])  # for search"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.create_index('i', ['a'], postgresql_where=sa.text('a > 1'))"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    batch.create_index(None, ['a'])"),
    ("create-index", "with op.batch_alter_table('orders') as batch, open('x'):\n    batch.create_index('i', ['a'])"),
    ("create-index", "with op.batch_alter_table('orders') as batch:\n    if op.get_bind():\n        batch.create_index('i', ['a'])"),
    ("create-index", "op.add_column('orders', sa.Column('n', sa.Integer(), index=True))"),
    ("create-index", "op.create_index('i', 'orders', ['a'], **{})"),
    ("create-index", "made = op.create_index('i', 'orders', ['a'])"),
    ("create-index", "op.execute('CREATE INDEX i ON orders (a) INCLUDE (b)')"),
    ("create-index", "op.execute('CREATE INDEX i ON orders (a); SELECT 1')"),
    ("create-index", "op.execute('CREATE INDEX IF NOT EXISTS i ON orders (a)')"),
    ("create-index", "try:\n    op.create_index('i', 'orders', ['a'])\nexcept Exception:\n    raise"),
    ("create-index", "op.execute(\n    # for search\n    'CREATE INDEX i ON orders (a)'\n)"),
    ("drop-index", "op.execute('DROP INDEX i CASCADE')"),
    ("add-foreign-key", "op.create_foreign_key(None, 'a', 'b', ['b_id'], ['id'])"),
    ("add-unique-constraint", "for name in open('names'):\n    op.create_unique_constraint(name, 'a', ['n'])"),
    ("add-unique-constraint", "with op.batch_alter_table('a') as batch:\n    batch.create_unique_constraint('uq', ['n'])"),
    ("add-unique-constraint", "with op.get_context().autocommit_block():\n    op.create_unique_constraint('uq', 'a', ['n'])"),
    ("add-unique-constraint", "op.execute('ALTER TABLE a ADD CONSTRAINT uq UNIQUE (n)')"),
    ("add-unique-constraint", "op.create_index('ix', 'a', ['n'], unique=True)\nop.create_unique_constraint('uq', 'a', ['n'])"),
    ("set-not-null", "op.alter_column('a', 'n', nullable=False)"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nop.alter_column('a', 'n', nullable=False, type_=sa.Text())"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nif op.get_bind():\n    op.alter_column('a', 'n', nullable=False)"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nfor name in open('names'):\n    op.alter_column('a', 'n', nullable=False)"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nwith op.batch_alter_table('a') as batch:\n    batch.alter_column('n', nullable=False)"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nop.execute('ALTER TABLE a ALTER n SET NOT NULL')"),
    ("set-not-null", "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')\nop.create_check_constraint('c', 'a', 'n IS NOT NULL', postgresql_not_valid=True)\nop.alter_column('a', 'n', nullable=False)"),
    ("add-foreign-key", "if op.get_bind():\n    op.create_foreign_key('f', 'a', 'b', ['b_id'], ['id'])"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = 'x{name}'\")"),
    ("unnamed-constraint", "op.create_check_constraint(None, 'a', 'n > 1')\nop.create_check_constraint(None, 'a', 'n > 2')"),
    ("unnamed-constraint", "op.create_table('z', sa.Column('n', sa.Integer()), sa.CheckConstraint('n > 1'))\nop.create_check_constraint('a_n_check', 'a', 'n < 9')\nop.create_check_constraint(None, 'a', 'n > 2')"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = '{name}'::jsonb\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = {name}::int\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = DATE '{name}'\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = E'{name}'\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"UPDATE a SET n = '''{name}'''\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f\"DELETE FROM a WHERE n IN ({name})\")"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f'DROP TABLE {name}')"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f'UPDATE a SET n = {name!r} WHERE id = 1')"),
    ("string-built-sql", "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute('UPDATE a SET n = %s WHERE id = 1' % name)"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before"), LEFT)
def test_what_is_not_certain_is_left(rule: str, before: str, tmp_path: Path) -> None:
    example = Example(base=A1, change={PATH: upgrade(before)}, dialect="postgresql")
    found = [f for f in judge(example, tmp_path) if f.rule == rule]
    assert found
    assert [f.fix for f in found if f.fix] == []


DROP_CHECK = "op.drop_constraint(op.f('ck_a_n_not_null'), 'a', type_='check')"
NULLABLE = "op.alter_column('a', 'n', nullable=True)"
TOLD = "'''Back.'''"


@pytest.mark.parametrize(
    ("downgrade", "after"),
    [
        ("pass", DROP_CHECK),
        (NULLABLE, f"{DROP_CHECK}\n    {NULLABLE}"),
        (f"# back\n    {NULLABLE}", f"{DROP_CHECK}\n    # back\n    {NULLABLE}"),
        (f"{TOLD}\n    {NULLABLE}", f"{TOLD}\n    {DROP_CHECK}\n    {NULLABLE}"),
        (TOLD, f"{TOLD}\n    {DROP_CHECK}"),
        ("raise NotImplementedError", "raise NotImplementedError"),
        (f"{NULLABLE}; {NULLABLE}", None),
    ],
)
def test_a_downgrade_drops_the_check_first(
    downgrade: str, after: str | None, tmp_path: Path
) -> None:
    """It is there when the downgrade begins, and the column may be gone when it ends."""
    fill = "op.execute('UPDATE a SET n = 0 WHERE n IS NULL')"
    body = "def upgrade():\n    {}\n    {}\n\n\ndef downgrade():\n    {}\n"
    text = HEAD + body.format(fill, "op.alter_column('a', 'n', nullable=False)", downgrade)
    check = "op.create_check_constraint(op.f('ck_a_n_not_null'), 'a', 'n IS NOT NULL', postgresql_not_valid=True)"
    wanted = HEAD + body.format(fill, check, after) if after else text
    assert fixed("set-not-null", text, tmp_path) == wanted


def test_a_helper_is_left(tmp_path: Path) -> None:
    text = f"{HEAD}def made():\n    op.create_index('i', 'orders', ['a'])\n\n\ndef upgrade():\n    made()\n\n\ndef downgrade():\n    op.drop_index('i')\n"
    assert fixed("create-index", text, tmp_path) == text


def test_no_revision_validates_what_a_downgrade_adds(tmp_path: Path) -> None:
    text = f"{HEAD}def upgrade():\n    op.drop_constraint('f', 'a')\n\n\ndef downgrade():\n    op.create_foreign_key('f', 'a', 'b', ['b_id'], ['id'])\n"
    example = Example(base=A1, change={PATH: text}, dialect="postgresql")
    (found,) = (f for f in judge(example, tmp_path) if f.rule == "add-foreign-key")
    assert (found.fix, found.rewrite) == ((), ())


CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'


@pytest.mark.parametrize(
    ("dialect", "body", "downgrade"),
    [
        ("postgresql", CREATE, "op.drop_table('orders')"),
        ("postgresql", "op.create_table('t', sa.Column('kind', sa.Enum('a', name='kind')))", "op.drop_table('t')\nsa.Enum(name='kind').drop(op.get_bind())"),
        ("postgresql", "op.add_column('t', sa.Column('a', sa.Text()), schema='s')\nop.create_index('i', 't', ['a'], schema='s')", "op.drop_index('i', 't', schema='s')\nop.drop_column('t', 'a', schema='s')"),
        ("postgresql", "op.create_check_constraint('c', 't', 'a > 0', postgresql_not_valid=True)", "op.drop_constraint('c', 't', type_='check')"),
        ("postgresql", "op.alter_column('t', 'a', new_column_name='b')", "op.alter_column('t', 'b', new_column_name='a')"),
        ("postgresql", f"{BLOCK}op.create_index('i', 't', ['a'], postgresql_concurrently=True)", f"{BLOCK}op.drop_index('i', 't', postgresql_concurrently=True)"),
        ("postgresql", "op.add_column('t', sa.Column('a', sa.Integer(), sa.ForeignKey('u.id', name='f')))", "op.drop_constraint('f', 't', type_='foreignkey')\nop.drop_column('t', 'a')"),
        ("sqlite", "op.add_column('t', sa.Column('a', sa.Text()))", "with op.batch_alter_table('t') as batch_op:\n    batch_op.drop_column('a')"),
        ("postgresql", "op.drop_table('t')", None),
        ("postgresql", f"{CREATE}\nop.execute('UPDATE t SET a = 1')", None),
        ("postgresql", "if op.get_bind():\n    op.create_table('t', sa.Column('id', sa.Integer()))", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["empty", "missing"])
def test_the_missing_half_of_a_revision(
    dialect: str, body: str, downgrade: str | None, form: str, tmp_path: Path
) -> None:
    first = f"{HEAD}def upgrade() -> None:\n{textwrap.indent(body, '    ')}\n"
    last = "\n\ndef downgrade() -> None:\n    pass\n"
    text = first + (last if form == "empty" else "")
    code = textwrap.indent(downgrade, "    ") if downgrade else ""
    wanted = f"{first}{last.replace('    pass', code)}" if downgrade else text
    assert fixed("missing-downgrade", text, tmp_path, dialect) == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\n\ndef downgrade():\n\top.drop_table('orders')\n"),
        ("\n\ndef downgrade():\n\t...\n", "\n\ndef downgrade():\n\top.drop_table('orders')\n"),
        ("\n\ndowngrade = lambda: None\n", None),
        ("\n\nasync def downgrade():\n\tpass\n", None),
    ],
)
def test_a_downgrade_is_written_where_there_is_none(
    before: str, after: str | None, tmp_path: Path
) -> None:
    first = f"{HEAD}def upgrade():\n\t{CREATE}\n"
    wanted = first + (before if after is None else after)
    assert fixed("missing-downgrade", first + before, tmp_path) == wanted


@pytest.mark.parametrize("head", ["def upgrade(engine_name):", "@once\ndef upgrade():"])
def test_a_function_that_is_called_otherwise_gets_no_other_half(head: str, tmp_path: Path) -> None:
    text = f"{HEAD}from sales import once\n\n\n{head}\n    {CREATE}\n"
    assert fixed("missing-downgrade", text, tmp_path) == text


def test_arguments_of_a_call_with_a_comment_at_its_end(tmp_path: Path) -> None:
    table = "op.create_table('t', sa.Column('a', sa.String(5), server_default='x', comment='c'))"
    text = upgrade(f"{table}\nop.alter_column(\n    't',\n    'a',\n    nullable=False  # now\n)")
    after = text.replace(
        "False  # now\n",
        """False,  # now
        existing_type=sa.String(5),
        existing_server_default=sa.text("'x'"),
        existing_comment='c',
""",
    )
    assert fixed("alter-column-loses-attributes", text, tmp_path, "mysql") == after


def test_a_downgrade_that_forgets_a_type(tmp_path: Path) -> None:
    text = f"{HEAD}def upgrade():\n    op.create_table('t', sa.Column('k', sa.Enum('a', name='k')))\n\n\ndef downgrade():\n    op.drop_table('t')  # gone\n"
    wanted = text + "    sa.Enum(name='k').drop(op.get_bind())\n"
    assert fixed("enum-type-left-behind", text, tmp_path) == wanted


def test_a_downgrade_that_knows_no_name(tmp_path: Path) -> None:
    text = f"{HEAD}def upgrade():\n    op.create_unique_constraint('u', 't', ['a'])\n\n\ndef downgrade():\n    op.drop_constraint(None, 't', type_='unique')\n"
    after = text.replace("(None, 't'", "('u', 't'")
    assert fixed("incomplete-downgrade", text, tmp_path) == after


def test_what_is_not_imported_is_imported(tmp_path: Path) -> None:
    text = upgrade("op.execute('CREATE INDEX i ON orders (lower(a))')")
    without = text.replace("import sqlalchemy as sa\n", "")
    assert "from alembic import op\nimport sqlalchemy as sa\n" in fixed(
        "create-index", without, tmp_path
    )


def test_a_name_that_means_something_else_is_left(tmp_path: Path) -> None:
    text = upgrade("op.execute('CREATE INDEX i ON orders (lower(a))')")
    other = text.replace("import sqlalchemy as sa", "import sales as sa")
    assert fixed("create-index", other, tmp_path) == other


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# why\n{0}", "{1}\n# why\n{0}"),
        ("# ### commands ###\n{0}", "# ### commands ###\n{1}\n{0}"),
        ("x = 1  # one\n\n{0}", "x = 1  # one\n\n{1}\n{0}"),
    ],
)
def test_a_comment_stays_with_its_statement(before: str, after: str, tmp_path: Path) -> None:
    add = "op.add_column('orders', sa.Column('n', sa.Text()))"
    timeout = "op.execute(\"SET LOCAL lock_timeout = '5s'\")"
    example = Example(
        base=A1,
        change={PATH: upgrade(before.format(add))},
        dialect="postgresql",
        config={"lock-timeout": None},
    )
    edits = [e for f in judge(example, tmp_path) if f.rule == "lock-timeout" for e in f.fix]
    assert apply_edits(upgrade(before.format(add)), edits) == upgrade(after.format(add, timeout))


def test_strings_are_quoted_as_the_others(tmp_path: Path) -> None:
    text = upgrade("op.execute('CREATE INDEX i ON orders (a)')").replace("'", '"')
    call = 'op.create_index("i", "orders", ["a"], postgresql_concurrently=True)'
    assert call in fixed("create-index", text, tmp_path)


def test_a_server_that_nobody_names_gets_nothing_of_one_alone(tmp_path: Path) -> None:
    body = (
        "if op.get_bind().dialect.name == 'postgresql':\n    op.create_index('i', 'orders', ['a'])"
    )
    here = Example(base=A1, change={PATH: upgrade(body)})
    (tmp_path / "one").mkdir()
    (found,) = (f for f in judge(here, tmp_path / "one") if f.rule == "create-index")
    assert found.fix
    body = f"{body}\nelse:\n    op.execute('SELECT 1')\nop.drop_index('i')"
    (tmp_path / "two").mkdir()
    both = Example(base=A1, change={PATH: upgrade(body)})
    assert [f.fix for f in judge(both, tmp_path / "two") if f.rule == "drop-index" and f.fix] == []


def test_newlines_and_tabs_stay(tmp_path: Path) -> None:
    text = upgrade("op.create_index('i', 'orders', ['a'])").replace("    ", "\t")
    after = fixed("create-index", text.replace("\n", "\r\n"), tmp_path)
    block = "\twith op.get_context().autocommit_block():\r\n\t\top.create_index("
    assert block in after
    assert "\n" not in after.replace("\r\n", "")


def test_the_change_comes_after_the_head_of_the_base(tmp_path: Path) -> None:
    text = upgrade("op.execute('SELECT 1')")
    other = text.replace("b2", "c3")
    example = Example(
        base=A1 | {"migrations/versions/c3.py": other}, change={PATH: text}, dialect="postgresql"
    )
    (found,) = (f for f in judge(example, tmp_path) if f.rule == "multiple-heads")
    after = apply_edits(text, found.fix)
    assert after == text.replace("Revises: a1", "Revises: c3").replace("= 'a1'", "= 'c3'")
    (tmp_path / PATH).write_text(after)
    assert "multiple-heads" not in [f.rule for f in judge_again(example, tmp_path)]
