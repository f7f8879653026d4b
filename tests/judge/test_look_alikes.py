"""Statements that look like a hazard and are none, or another one than it seems."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.finding import Finding
from guard.rule import Example

PG, MY, LITE = "postgresql", "mysql", "sqlite"
ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(20), nullable=False, server_default=''),
    sa.Column('state', sa.String(20)),
)
op.create_unique_constraint('uq', 'orders', ['user_id', 'number'])
op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
"""
RENAMED = """
op.drop_constraint('uq', 'orders', type_='unique')
op.alter_column('orders', 'user_id', new_column_name='owner_id')
op.create_unique_constraint('uq_owner', 'orders', ['owner_id', '{}'])
"""
DROP = "op.drop_column('orders', 'user_id')"
BACK = "op.add_column('orders', sa.Column('user_id', sa.Integer()))\n"
FOUND = "op.execute('UPDATE orders SET user_id = u.id FROM users u WHERE u.id = orders.id')"
SET = "op.execute('UPDATE orders SET user_id = 0')"


def told(rule: str, folder: Path, example: Example) -> list[Finding]:
    return [finding for finding in judge(example, folder) if finding.rule == rule]


@pytest.mark.parametrize(("other", "is_told"), [("number", False), ("state", True)])
def test_what_was_unique_under_other_names(other: str, is_told: bool, tmp_path: Path) -> None:
    example = Example(released=(ORDERS,), upgrade=RENAMED.format(other), dialect=PG)
    assert bool(told("unique-over-existing-rows", tmp_path, example)) is is_told


@pytest.mark.parametrize(("downgrade", "is_found"), [(FOUND, True), (SET, False)])
def test_values_that_the_way_back_finds(downgrade: str, is_found: bool, tmp_path: Path) -> None:
    example = Example(released=(ORDERS,), upgrade=DROP, downgrade=BACK + downgrade, dialect=PG)
    (found,) = told("drop-column", tmp_path, example)
    assert ("downgrade() writes them anew, as far as" in found.message) is is_found
    assert ("no downgrade restores them" in found.message) is not is_found


STATE = "op.create_table('parcels', sa.Column('state', sa.Enum('new', 'paid', name='state')))"
AGAIN = "op.alter_column('parcels', 'state', type_=sa.Enum('new', 'paid', 'lost', name='state'))"


@pytest.mark.parametrize(
    ("then", "is_told"),
    [
        ("", True),
        (
            "ALTER TYPE state RENAME TO old; CREATE TYPE state AS ENUM ('new', 'paid', 'lost')",
            False,
        ),
        ("ALTER TYPE state RENAME TO old; CREATE TYPE state AS ENUM ('new', 'paid')", True),
        ("ALTER TYPE state ADD VALUE 'lost'", False),
        ("ALTER TYPE mood ADD VALUE 'lost'", True),
    ],
)
def test_values_that_a_type_gets_after_it_is_given_again(
    then: str, is_told: bool, tmp_path: Path
) -> None:
    upgrade = f"{AGAIN}\nop.execute({then!r})" if then else AGAIN
    example = Example(released=(STATE,), upgrade=upgrade, dialect=PG)
    found = told("change-enum-values", tmp_path, example)
    assert any("adds no value" in finding.message for finding in found) is is_told


PERHAPS = """
if context.get_x_argument(as_dictionary=True).get('wide'):
    op.alter_column('orders', '{column}', type_=sa.Text(){more})
"""
REQUIRE = "op.alter_column('orders', '{}', type_=sa.String(99), nullable=False)"


@pytest.mark.parametrize("dialect", [PG, MY])
@pytest.mark.parametrize(
    ("column", "more", "is_told"),
    [
        ("number", ", existing_nullable=False", False),  # NOT NULL, whichever way it went
        ("number", ", nullable=True", True),
        ("state", ", existing_nullable=True", True),
    ],
)
def test_a_column_that_was_perhaps_changed(
    column: str, more: str, is_told: bool, dialect: str, tmp_path: Path
) -> None:
    perhaps = PERHAPS.format(column=column, more=more)
    example = Example(released=(ORDERS, perhaps), upgrade=REQUIRE.format(column), dialect=dialect)
    assert bool(told("not-null-without-backfill", tmp_path, example)) is is_told


@pytest.mark.parametrize(
    ("nullable", "word"), [(", nullable=True", " writes NULL "), ("", " fails ")]
)
def test_a_default_that_goes_with_not_null(nullable: str, word: str, tmp_path: Path) -> None:
    upgrade = f"op.alter_column('orders', 'number', server_default=None{nullable})"
    example = Example(released=(ORDERS,), upgrade=upgrade, dialect=PG)
    (found,) = told("drop-default", tmp_path, example)
    assert word in found.message


@pytest.mark.parametrize(
    ("handler", "is_told"),
    [("", True), ("EXCEPTION WHEN insufficient_privilege THEN NULL; ", False)],
)
def test_an_extension_that_may_be_missing(handler: str, is_told: bool, tmp_path: Path) -> None:
    block = f"DO $$ BEGIN CREATE EXTENSION pgcrypto; {handler}END $$"
    example = Example(upgrade=f"op.execute({block!r})", dialect=PG)
    assert bool(told("create-extension", tmp_path, example)) is is_told


GIVEN = """
from alembic import context

connection = context.config.attributes.get("connection"){}
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
"""


@pytest.mark.parametrize(
    ("otherwise", "severity"),
    [("", "warning"), (" or sa.create_engine('sqlite://').connect()", "error")],
)
def test_a_connection_of_which_nobody_sees_how_it_commits(
    otherwise: str, severity: str, tmp_path: Path
) -> None:
    example = Example(
        upgrade="op.execute('VACUUM orders')",
        base={"migrations/env.py": GIVEN.format(otherwise)},
        dialect=PG,
    )
    (found,) = told("not-in-transaction", tmp_path, example)
    assert found.severity == severity
    assert ("unless the connection that env.py is given" in found.message) is (
        severity == "warning"
    )


@pytest.mark.parametrize(("new", "is_told"), [("made", False), ("orders", True)])
def test_a_table_of_a_computed_name(new: str, is_told: bool, tmp_path: Path) -> None:
    upgrade = f"""
    import uuid
    made = 'orders_' + uuid.uuid4().hex
    orders = 'orders'
    op.create_table(made, sa.Column('id', sa.Integer(), primary_key=True))
    op.rename_table({new}, 'orders_new')
    """
    example = Example(released=(ORDERS,), upgrade=upgrade, dialect=PG)
    assert bool(told("rename-table", tmp_path, example)) is is_told


@pytest.mark.parametrize(
    ("change", "added"),
    [
        (
            'op.execute(\'ALTER TABLE orders ALTER state TYPE "State" USING state::"State"\')',
            "op.execute('ALTER TABLE orders ADD COLUMN state_new \"State\"')",
        ),
        (
            "op.execute('ALTER TABLE orders ALTER state TYPE ltree USING state::ltree')",
            "op.execute('ALTER TABLE orders ADD COLUMN state_new ltree')",
        ),
    ],
)
def test_a_type_that_only_sql_names(change: str, added: str, tmp_path: Path) -> None:
    example = Example(released=(ORDERS,), upgrade=change, dialect=PG)
    (found,) = told("change-column-type", tmp_path, example)
    assert found.remedy.endswith(added)


MADE = f"""{ORDERS}
op.execute('CREATE SCHEMA shop')
op.execute('CREATE TABLE shop.bags (id integer)')
"""
ADOPTED = "pass"
OPAQUE = "op.execute(open('more.sql').read())"
TABLE, COLUMN = "DROP TABLE IF EXISTS spare", "ALTER TABLE orders DROP COLUMN IF EXISTS spare"
SPARE_TABLE = "op.create_table('spare', sa.Column('id', sa.Integer()))"
SPARE_COLUMN = "op.add_column('orders', sa.Column('spare', sa.Integer()))"
CONDITION = f"if context.get_x_argument():\n    {SPARE_TABLE}"


# What is released, what is dropped, and the rules that speak.
@pytest.mark.parametrize(
    ("released", "dropped", "rules"),
    [
        ((MADE,), TABLE, ""),
        ((MADE,), "DROP TABLE IF EXISTS public.spare CASCADE", ""),
        ((MADE,), "DROP TABLE IF EXISTS spare, spare_too", ""),
        ((MADE,), COLUMN, ""),
        ((MADE,), "DROP SCHEMA IF EXISTS spare CASCADE", ""),
        ((MADE,), "DROP VIEW IF EXISTS spare CASCADE", ""),
        ((MADE, SPARE_TABLE, "op.drop_table('spare')"), TABLE, ""),
        ((MADE, SPARE_COLUMN, "op.drop_column('orders', 'spare')"), COLUMN, ""),
        ((MADE,), 'DROP TABLE IF EXISTS "Orders"', ""),
        ((MADE,), "DROP INDEX IF EXISTS spare", ""),
        ((MADE,), "ALTER TABLE orders DROP CONSTRAINT IF EXISTS spare CASCADE", ""),
        ((MADE,), "ALTER TABLE orders ADD COLUMN IF NOT EXISTS user_id integer NOT NULL", ""),
        ((MADE,), "ALTER TABLE orders ADD COLUMN IF NOT EXISTS state text DEFAULT random()", ""),
        ((MADE,), "ALTER TABLE orders ADD IF NOT EXISTS n int NOT NULL", "add-required-column"),
        ((MADE,), "ALTER TABLE orders ADD state text", "duplicate-column"),
        ((MADE,), "ALTER TABLE orders DROP CONSTRAINT spare", "drop-constraint"),
        ((MADE,), "ALTER TABLE orders DROP CONSTRAINT IF EXISTS uq", "drop-constraint"),
        ((ADOPTED, MADE), "DROP INDEX IF EXISTS spare", "drop-index"),
        ((MADE,), "DROP TABLE spare", "drop-table"),
        ((MADE,), "ALTER TABLE orders DROP COLUMN spare", "drop-column"),
        ((MADE,), "DROP TABLE IF EXISTS bags", "drop-table"),  # the search path may lead to it
        ((MADE,), "DROP TABLE IF EXISTS alembic_version", "drop-table"),
        ((MADE,), "ALTER TABLE orders DROP COLUMN IF EXISTS state", "drop-column"),
        ((MADE,), "DROP SCHEMA IF EXISTS public CASCADE", "drop-cascade drop-schema"),
        ((MADE,), "DROP SCHEMA IF EXISTS shop CASCADE", "drop-cascade drop-schema"),
        ((MADE, SPARE_TABLE), TABLE, "drop-table"),
        ((MADE, SPARE_COLUMN), COLUMN, "drop-column"),
        ((MADE, CONDITION), TABLE, "drop-table"),
        ((MADE, OPAQUE), TABLE, "drop-table"),
        ((MADE, OPAQUE), COLUMN, "drop-column"),
        ((MADE, "op.drop_column('users_too', 'a')"), TABLE, "drop-table"),  # which none made
        ((ADOPTED, MADE), TABLE, "drop-table"),
        ((), TABLE, "drop-table"),
        ((), "DROP VIEW IF EXISTS spare", "drop-object"),
    ],
)
def test_what_is_dropped_if_it_exists(
    released: tuple[str, ...], dropped: str, rules: str, tmp_path: Path
) -> None:
    example = Example(released=released, upgrade=f"op.execute({dropped!r})", dialect=PG)
    assert {finding.rule for finding in judge(example, tmp_path)} == {*rules.split()}
