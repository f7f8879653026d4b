"""Which rules speak of a changed type, an enum, a domain: by dialect, version and history."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example, revision_file

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.String(50)),
    sa.Column('total', sa.Numeric(10, 2)),
    sa.Column('placed_at', sa.DateTime()),
    sa.Column('size', sa.Integer()),
    sa.Column('tags', sa.Text()),
)
"""
CHANGES = "change-column-type"
NARROWS = "narrow-column-type"
BOTH = {CHANGES, NARROWS}
FREE: set[str] = set()
OTHERS = {"alter-column-loses-attributes", "rename-column"}  # what else a CHANGE does
PG, MY, MA, LITE = "postgresql", "mysql", "mariadb", "sqlite"


def alter(column: str, kind: str, **more: str) -> str:
    rest = "".join(f", {word}={value}" for word, value in more.items())
    return f"op.alter_column('orders', '{column}', type_={kind}{rest})"


def sql(text: str) -> str:
    return f"op.execute({text!r})"


BOUND = "op.get_bind().execute(sa.text('ALTER TABLE orders ALTER size TYPE bigint'))"
IN_UTC = sql("SET LOCAL timezone = 'UTC'") + "\n"
ZONED = alter("placed_at", "sa.DateTime(timezone=True)")
COMMENTED = "op.alter_column('orders', 'size', existing_type=sa.Integer(), comment='x')"
BATCH = """
with op.batch_alter_table('orders') as batch_op:
    batch_op.alter_column('note', type_=sa.String(10))
"""


@pytest.mark.parametrize(
    ("dialect", "upgrade", "rules"),
    [
        (PG, alter("note", "sa.String(20)"), BOTH),
        (PG, alter("note", "sa.String(100)"), FREE),
        (PG, alter("note", "sa.String(50)"), FREE),
        (PG, alter("note", "sa.Text()"), FREE),
        (PG, alter("tags", "sa.String()"), FREE),
        (PG, alter("tags", "sa.String(50)"), BOTH),
        (PG, alter("size", "sa.BigInteger()"), {CHANGES}),
        (PG, alter("size", "sa.SmallInteger()"), BOTH),
        (PG, alter("size", "sa.Integer()"), FREE),
        (PG, alter("total", "sa.Numeric(14, 2)"), FREE),
        (PG, alter("total", "sa.Numeric(14, 4)"), {CHANGES}),
        (PG, alter("total", "sa.Numeric(10, 1)"), BOTH),
        (PG, ZONED, {CHANGES}),
        (PG, alter("placed_at", "sa.Date()"), BOTH),
        (PG, alter("tags", "sa.JSON()", postgresql_using="'tags::json'"), {CHANGES}),
        (PG, sql("ALTER TABLE orders ALTER note TYPE varchar(99)"), FREE),
        (PG, sql('ALTER TABLE "orders" ALTER COLUMN "note" SET DATA TYPE varchar(10)'), BOTH),
        (PG, sql("ALTER TABLE IF EXISTS orders ADD x int, ALTER size TYPE int8"), {CHANGES}),
        (PG, sql("ALTER TABLE public.orders ALTER size TYPE bigint"), {CHANGES}),
        (PG, sql("DO $$ BEGIN ALTER TABLE orders ALTER size TYPE bigint; END $$"), {CHANGES}),
        (PG, BOUND, {CHANGES}),
        (PG, sql("ALTER TABLE orders ALTER note TYPE text USING upper(note)"), {CHANGES}),
        (PG, sql("ALTER TABLE orders ALTER size TYPE int USING size::int"), FREE),
        (PG, IN_UTC + ZONED, FREE),
        (PG, IN_UTC.replace("UTC", "Europe/London") + ZONED, {CHANGES}),
        (PG, sql("ALTER TABLE orders ALTER tags SET DEFAULT 'x'"), FREE),
        (MY, alter("note", "sa.String(60)"), FREE),
        (MY, alter("note", "sa.String(100)"), {CHANGES}),
        (MY, alter("note", "sa.String(20)"), BOTH),
        (MY, alter("size", "sa.BigInteger()"), {CHANGES}),
        (MY, alter("size", "mysql.INTEGER(unsigned=True)"), BOTH),
        (MY, COMMENTED, FREE),
        (MY, sql("ALTER TABLE orders MODIFY COLUMN size INT(5) NULL"), FREE),
        (MY, sql("ALTER TABLE `orders` MODIFY `size` bigint"), {CHANGES}),
        (MY, sql("ALTER TABLE orders CHANGE COLUMN note remark varchar(50)"), FREE),
        (MY, sql("ALTER TABLE orders MODIFY tags MEDIUMTEXT"), {CHANGES}),
        (MY, sql("ALTER TABLE orders MODIFY note varchar(50) CHARACTER SET latin1"), {CHANGES}),
        (MY, sql("ALTER TABLE orders MODIFY note varchar(50) COLLATE utf8mb4_bin"), {CHANGES}),
        (MY, sql("ALTER TABLE orders MODIFY note varchar(50) CHARSET utf8mb4"), FREE),
        (MA, sql("ALTER TABLE orders MODIFY note varchar(60)"), FREE),
        (MA, sql("ALTER TABLE orders MODIFY note varchar(70)"), {CHANGES}),
        (MA, sql("ALTER TABLE orders MODIFY note varchar(50) COLLATE utf8mb4_bin"), FREE),
        (MA, sql("ALTER TABLE orders MODIFY size bigint"), {CHANGES}),
        (LITE, BATCH, FREE),
    ],
)  # fmt: skip
def test_a_changed_type(dialect: str, upgrade: str, rules: set[str], tmp_path: Path) -> None:
    imports = "from sqlalchemy.dialects import mysql\n" if "mysql." in upgrade else ""
    example = Example(released=(ORDERS,), upgrade=f"{imports}{upgrade}", dialect=dialect)
    assert {f.rule for f in judge(example, tmp_path)} - OTHERS == rules


STATES = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.Text()),
    sa.Column('state', sa.Enum('new', 'paid', name='state')),
)
"""
ADDS = sql("ALTER TYPE state ADD VALUE 'sent'") + "\n"
BLOCK = f"with op.get_context().autocommit_block():\n    {ADDS}"
VALUES, ADDED, MISSING = (
    "enum-value-in-transaction",
    "change-enum-values",
    "enum-type-left-behind",
)
TABLE = "sa.table('orders', sa.column('state', sa.String()), sa.column('note', sa.Text()))"
THERE = sql("ALTER TYPE state ADD VALUE IF NOT EXISTS 'paid'") + "\n"
ROWS = f"rows = [{{'state': 'sent'}}]\nop.bulk_insert({TABLE}, rows)"
UPDATE = f"orders = {TABLE}\nop.execute(orders.update().values(state='sent'))"
WHERE = f"orders = {TABLE}\nop.execute(orders.delete().where(orders.c.state == 'sent'))"
NOTE = f"orders = {TABLE}\nop.execute(orders.update().values(note='sent'))"
BASE = """
Base = declarative_base()
class Order(Base):
    __tablename__ = 'orders'
    id = sa.Column(sa.Integer, primary_key=True)
    state = sa.Column(sa.String)
session = Session(bind=op.get_bind())
"""
ORM = "from sqlalchemy.orm import Session, declarative_base" + BASE
SESSION = ORM + "session.add(Order(id=1, state='sent'))"
QUERY = ORM + "session.query(Order).update({'state': 'sent'})"
PARAMETER = "op.get_bind().execute(sa.text('UPDATE orders SET state = :s'), {'s': 'sent'})"
CHECK = "op.create_check_constraint('ck', 'orders', \"state <> 'sent' OR note IS NULL\")"
INDEX = "op.create_index('ix', 'orders', ['id'], postgresql_where=sa.text(\"state = 'sent'\"))"


@pytest.mark.parametrize(
    ("upgrade", "rules"),
    [
        (ADDS, {ADDED}),
        (BLOCK, {ADDED}),
        (ADDS + sql("UPDATE orders SET state = 'sent'"), {ADDED, VALUES}),
        (ADDS + sql("INSERT INTO orders (id, state) VALUES (1, 'sent')"), {ADDED, VALUES}),
        (ADDS + sql("INSERT INTO orders (id, note) VALUES (1, 'sent')"), {ADDED}),
        (ADDS + sql("SELECT 'sent'::state"), {ADDED, VALUES}),
        (ADDS + sql("DO $$ BEGIN UPDATE orders SET state = 'sent'; END $$"), {ADDED, VALUES}),
        (ADDS + ROWS, {ADDED, VALUES}),
        (ADDS + UPDATE, {ADDED, VALUES}),
        (ADDS + WHERE, {ADDED, VALUES}),
        (ADDS + NOTE, {ADDED}),
        (ADDS + SESSION, {ADDED, VALUES}),
        (ADDS + QUERY, {ADDED, VALUES}),
        (ADDS + PARAMETER, {ADDED, VALUES}),
        (ADDS + CHECK, {ADDED, VALUES}),
        (ADDS + INDEX, {ADDED, VALUES}),
        (BLOCK + UPDATE, {ADDED}),
        (BLOCK + CHECK, {ADDED}),
        (THERE + UPDATE.replace("sent", "paid"), FREE),
        (sql("ALTER TYPE public.state RENAME VALUE 'paid' TO 'settled'"), {ADDED}),
        ("op.add_column('orders', sa.Column('kind', sa.Enum('a', name='kind')))", {MISSING}),
        (
            "kind = postgresql.ENUM('a', name='kind')\nkind.create(op.get_bind())\n"
            "op.add_column('orders', sa.Column('kind', kind))",
            FREE,
        ),
        ("op.add_column('orders', sa.Column('other', sa.Enum('new', name='state')))", FREE),
    ],
)  # fmt: skip
def test_enums_of_postgresql(upgrade: str, rules: set[str], tmp_path: Path) -> None:
    imports = "from sqlalchemy.dialects import postgresql\n" if "postgresql." in upgrade else ""
    config = {"select": [ADDED, VALUES, MISSING]}
    example = Example(
        released=(STATES,), upgrade=imports + upgrade, dialect=PG, version="16", config=config
    )
    assert {f.rule for f in judge(example, tmp_path)} == rules


def test_two_revisions_that_deploy_together(tmp_path: Path) -> None:
    change = revision_file("0002", "0001", ADDS) | revision_file("0003", "0002", UPDATE)
    example = Example(
        base=revision_file("0001", None, STATES),
        change=change,
        dialect=PG,
        config={"select": [VALUES]},
    )
    (found,) = judge(example, tmp_path)
    assert "revision 0003 uses it" in found.message


@pytest.mark.parametrize(
    ("members", "severity"),
    [
        ("'new', 'paid'", None),
        ("'new', 'paid', 'sent'", "warning"),
        ("'new', 'sent', 'paid'", "error"),
        ("'paid', 'new'", "error"),
        ("'new'", "error"),
    ],
)
@pytest.mark.parametrize("dialect", [MY, MA])
def test_lists_of_mysql(dialect: str, members: str, severity: str | None, tmp_path: Path) -> None:
    example = Example(
        released=(STATES,),
        upgrade=sql(f"ALTER TABLE orders MODIFY COLUMN state ENUM({members})"),
        dialect=dialect,
        config={"select": [ADDED]},
    )
    assert [f.severity for f in judge(example, tmp_path)] == [severity] * (severity is not None)


UNSIZED = "op.create_table('notes', sa.Column('id', sa.Integer()), sa.Column('note', sa.String()))"
RENAMED = "op.alter_column('notes', 'note', new_column_name='text', existing_type="


@pytest.mark.parametrize(
    ("upgrade", "rules"),
    [
        (f"{RENAMED}sa.String(255), existing_nullable=True)", FREE),
        (f"{RENAMED}sa.String(), nullable=False)", FREE),
        ("op.alter_column('notes', 'note', type_=sa.Integer(), existing_nullable=True)", {CHANGES}),
    ],
)
def test_a_varchar_of_no_length_is_no_type_that_mysql_narrows(
    tmp_path: Path, upgrade: str, rules: set[str]
) -> None:
    example = Example(upgrade=upgrade, released=(UNSIZED,), dialect=MY)
    assert {f.rule for f in judge(example, tmp_path)} & BOTH == rules


# Lengths that settings of the application have: a wider column or a narrower one, who knows.
SETTINGS = "from settings import LONG\n"
ALTER = "op.alter_column('notes', 'note', type_="
FROM = f"{SETTINGS}op.alter_column('notes', 'note', existing_type="
W, E = "warning", "error"
KEPT = "existing_nullable=True)"
NOTES = "op.create_table('notes', sa.Column('id', sa.Integer()), sa.Column('note', sa.Text()))"
OLD = f"{SETTINGS}{NOTES}".replace("sa.Text()", "sa.String(LONG)")


@pytest.mark.parametrize("dialect", [PG, MY])
@pytest.mark.parametrize(
    ("released", "upgrade", "severity"),
    [
        (NOTES, f"{FROM}sa.Text(), type_=sa.String(LONG), {KEPT}", E),
        (OLD, f"{ALTER}sa.String(128), {KEPT}", W),
        (OLD, f"{ALTER}sa.Integer(), {KEPT}", E),
        ("pass", f"{FROM}sa.String(LONG), type_=sa.String(128), {KEPT}", W),
        ("pass", f"{FROM}sa.String(length=LONG), type_=sa.String(9), {KEPT}", W),
        ("pass", f"{FROM}sa.Numeric(LONG, 2), type_=sa.Numeric(8, 2), {KEPT}", W),
        ("pass", f"{FROM}sa.Numeric(8, 2), type_=sa.Numeric(8, scale=LONG), {KEPT}", W),
        ("pass", f"{FROM}sa.Numeric(8, 2), type_=sa.Numeric(9, None), {KEPT}", E),
    ],
)  # fmt: skip
def test_a_length_that_nobody_knows_narrows_nothing(
    dialect: str, released: str, upgrade: str, severity: str, tmp_path: Path
) -> None:
    example = Example(upgrade=upgrade, released=(released,), dialect=dialect)
    found = {f.rule: f.severity for f in judge(example, tmp_path)}
    assert found[CHANGES] == severity
    assert NARROWS not in found or severity == "error"
