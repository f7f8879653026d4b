"""Dropping an index of PostgreSQL makes its table wait; MySQL keeps one that a foreign key needs.

DROP INDEX takes ACCESS EXCLUSIVE on the table, for a moment, but not before every open transaction
that uses the table has ended, and all others queue behind it. DROP INDEX CONCURRENTLY, which runs
outside of a transaction only, lets them go on. The index of a partitioned table knows no
CONCURRENTLY. MySQL and MariaDB refuse to drop the last index that begins with the columns of a
foreign key, of the table that has the key or of the one that it leads to.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing
from guard.constraint_code import in_autocommit_block
from guard.facts import DowngradeFailed, UpgradeFailed
from guard.index_code import OUTSIDE, drop_concurrently, drop_concurrently_sql, made_concurrent
from guard.operations import DropIndex, DropTable
from guard.phrases import checks_foreign_keys, what_waits
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import StoredConstraint, Table
from guard.statement import Statement

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.drop_index('ix_orders_total', 'orders', postgresql_concurrently=True)
"""
CREATE = """
op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))
op.create_index('ix_orders_id', 'orders', ['id'])
"""
VISITS = """
op.execute('CREATE TABLE visits (year int, at date) PARTITION BY LIST (year)')
op.execute('CREATE TABLE visits_old PARTITION OF visits FOR VALUES IN (2025)')
op.execute('CREATE INDEX ix_at ON visits (at)')
"""
PAID = """
op.create_table(
    'bills',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('number', sa.Integer()),
)
op.create_index('uq_number', 'bills', ['number'], unique=True)
op.create_table(
    'payments',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('order_id', sa.Integer()),
    sa.Column('number', sa.Integer()),
    sa.ForeignKeyConstraint(['order_id'], ['bills.id'], name='fk_order'),
    sa.ForeignKeyConstraint(['number'], ['bills.number'], name='fk_number'),
)
op.create_index('ix_payments_order_id', 'payments', ['order_id'])
"""


@rule(
    DropIndex,
    severity="warning",
    dialects=("postgresql", "mysql", "mariadb"),
    predicts=(UpgradeFailed, DowngradeFailed),
    unsafe=(
        Example(
            upgrade="op.drop_index('ix_orders_total', 'orders')",
            dialect="postgresql",
            says="Dropping index ix_orders_total takes ACCESS EXCLUSIVE on orders, for a moment, "
            "but not before each open transaction that uses it has ended: reads and writes wait.",
            help=f"Drop it while they go on, outside of the transaction:{CONCURRENTLY.rstrip()}",
            at="op.drop_index",
            fixed=CONCURRENTLY,
        ),
        Example(
            released=(CREATE,),
            upgrade="op.execute('DROP INDEX IF EXISTS ix_orders_id')",
            dialect="postgresql",
            says="Dropping index ix_orders_id takes ACCESS EXCLUSIVE on orders",
            help="op.drop_index('ix_orders_id', postgresql_concurrently=True, if_exists=True)",
            at="DROP INDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.drop_index('ix_orders_id', postgresql_concurrently=True, if_exists=True)
            """,
        ),
        Example(
            upgrade="op.execute('DROP INDEX shop.by_total')",
            dialect="postgresql",
            says="Dropping index shop.by_total takes ACCESS EXCLUSIVE on its table",
            at="DROP INDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.drop_index('by_total', schema='shop', postgresql_concurrently=True)
            """,
        ),
        Example(
            released=(VISITS,),
            upgrade="op.drop_index('ix_at', 'visits')",
            dialect="postgresql",
            says="takes ACCESS EXCLUSIVE on visits, and ACCESS EXCLUSIVE on visits_old",
            help="Set a lock_timeout and try again where it fails: the index of a partitioned "
            "table cannot be dropped CONCURRENTLY",
            at="op.drop_index",
        ),
        Example(
            released=(PAID,),
            upgrade="op.drop_index('ix_payments_order_id', 'payments')",
            dialect="mysql",
            says="Dropping index ix_payments_order_id fails: foreign key fk_order needs it.",
            help="Build another index that begins with order_id first, or drop foreign key "
            "fk_order before it",
            at="op.drop_index",
        ),
        Example(
            upgrade=PAID,
            downgrade="op.drop_index('ix_payments_order_id', 'payments')\n"
            "op.drop_table('payments')\nop.drop_table('bills')",
            dialect="mariadb",
            says="Dropping index ix_payments_order_id fails: foreign key fk_order needs it.",
            help="Leave it out: the index goes with payments, which is dropped after it",
            at="op.drop_index",
            fixed_downgrade="op.drop_table('payments')\nop.drop_table('bills')",
        ),
        Example(
            released=(PAID,),
            upgrade="op.execute('ALTER TABLE bills DROP INDEX uq_number')",
            dialect="mariadb",
            says="Dropping index uq_number fails: foreign key fk_number needs it.",
            at="ALTER TABLE bills",
        ),
    ),
    safe=(
        Example(upgrade=CONCURRENTLY, dialect="postgresql"),
        Example(upgrade=f"{CREATE}op.drop_index('ix_orders_id', 'orders')", dialect="postgresql"),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)
            """,
            downgrade="op.drop_index('ix', 'orders')",
            dialect="postgresql",
        ),
        Example(upgrade="op.drop_index('ix_orders_total', 'orders')", dialect="mysql"),
        Example(
            released=(PAID,),
            upgrade="op.create_index('ix_both', 'payments', ['order_id', 'number'])\n"
            "op.drop_index('ix_payments_order_id', 'payments')",
            dialect="mysql",
        ),
        Example(
            released=(PAID,),
            upgrade="op.execute('ALTER TABLE payments DROP INDEX ix_payments_order_id, "
            "ADD INDEX ix_both (order_id, number)')",
            dialect="mariadb",
        ),
        Example(upgrade="op.drop_index('ix_orders_total')", dialect="sqlite"),
    ),
)
def drop_index(drop: DropIndex, context: Context) -> Iterator[Problem]:
    if context.server.is_mysql:
        yield from _refused(drop, context)
        return
    effect = context.effect(drop)
    if effect is None or "reads" not in effect.blocks or context.undoes_upgrade(drop):
        return
    if context.is_unreleased(effect.table) or drops_nothing(drop, context):
        return
    waits = what_waits(effect, context.size(effect.table))
    if effect.table == drop.name:  # no revision says of which table it is
        waits = waits.replace(f"on {drop.name},", "on its table,", 1)
    yield Problem(
        message=f"Dropping index {drop.name} {waits}.",
        remedy=_remedy(drop, context),
        rewrite=() if _is_kept_from(drop, context) else made_concurrent(drop, context.statement),
        effect=effect,
    )


def _remedy(drop: DropIndex, context: Context) -> str:
    if _is_kept_from(drop, context):
        which = "with CASCADE an index" if drop.cascade else "the index of a partitioned table"
        return (
            f"Set a lock_timeout and try again where it fails: {which} cannot be dropped "
            "CONCURRENTLY"
        )
    if context.statement.in_sql_file:
        code = f"{drop_concurrently_sql(drop)};"
        return f"Drop it while they go on, in {OUTSIDE}:\n{code}"
    code = in_autocommit_block(drop_concurrently(drop))
    return f"Drop it while they go on, outside of the transaction:\n{code}"


def _is_kept_from(drop: DropIndex, context: Context) -> bool:
    """Return whether PostgreSQL refuses to drop it CONCURRENTLY."""
    found = context.schema.table_of_index(drop.name)
    return drop.cascade or (isinstance(found, Table) and found.partitioned)


def _refused(drop: DropIndex, context: Context) -> Iterator[Problem]:
    """Say where InnoDB keeps an index, since no other one begins with the columns of a key."""
    table = context.schema.table(drop.table) if drop.table else None
    alone = len(context.statement.operations) == 1  # else the same ALTER may replace it
    if not table or not table.certain or not alone or not checks_foreign_keys(context):
        return
    keys = [(key, True) for key in table.constraints if key.type == "foreign key"]
    keys += [(other.constraint, False) for other in context.schema.references_to(table.name)]
    for key, own in keys:
        if not key.certain or not _is_last(drop, table, key, own):
            continue
        listed, remedy = ", ".join(key.columns if own else key.target_columns), ""
        label = f"foreign key {key.name}" if key.name else f"the foreign key on {listed}"
        if any(_drops(statement, table) for statement in context.after):
            remedy = f"Leave it out: the index goes with {table.name}, which is dropped after it"
        yield Problem(
            message=f"Dropping index {drop.name} fails: {label} needs it.",
            remedy=remedy
            or f"Build another index that begins with {listed} first, or drop {label} before it",
            severity="error" if context.statement.direction == "upgrade" else "warning",
        )
        return


def _is_last(drop: DropIndex, table: Table, key: StoredConstraint, own: bool) -> bool:
    """Return whether it begins with the columns of the key, and no other index of the table does.

    What InnoDB makes for a key is called as the key, and goes as soon as there is another one.
    """
    wanted = [column.lower() for column in (key.columns if own else key.target_columns)]
    parts = [(index.name, index.columns) for index in table.indexes]
    unique = (c for c in table.constraints if c.type in ("primary key", "unique"))
    parts += [(constraint.name, constraint.columns) for constraint in unique]
    fitting = {
        (name or "").lower()
        for name, columns in parts
        if [part.lower() for part in columns[: len(wanted)]] == wanted
    }
    made = {key.name.lower()} if own and key.name else set()
    return (fitting or made) == {drop.name.name.lower()}


def _drops(statement: Statement, table: Table) -> bool:
    return any(isinstance(o, DropTable) and o.table == table.name for o in statement.operations)
