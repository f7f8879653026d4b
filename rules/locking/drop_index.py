"""Dropping an index of PostgreSQL makes reads and writes of its table wait.

DROP INDEX takes ACCESS EXCLUSIVE on the table, for a moment, but not before every open transaction
that uses the table has ended, and all others queue behind it. DROP INDEX CONCURRENTLY, which runs
outside of a transaction only, lets them go on. The index of a partitioned table knows no
CONCURRENTLY.
"""

from collections.abc import Iterator

from guard.constraint_code import in_autocommit_block
from guard.index_code import OUTSIDE, drop_concurrently, drop_concurrently_sql
from guard.operations import DropIndex
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table

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


@rule(
    DropIndex,
    severity="warning",
    dialects=("postgresql",),
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
        Example(upgrade="op.drop_index('ix_orders_total')", dialect="sqlite"),
    ),
)
def drop_index(drop: DropIndex, context: Context) -> Iterator[Problem]:
    effect = context.effect(drop)
    if effect is None or "reads" not in effect.blocks or context.undoes_upgrade(drop):
        return
    if context.is_unreleased(effect.table):
        return
    waits = what_waits(effect, context.size(effect.table))
    if effect.table == drop.name:  # no revision says of which table it is
        waits = waits.replace(f"on {drop.name},", "on its table,", 1)
    yield Problem(
        message=f"Dropping index {drop.name} {waits}.",
        remedy=_remedy(drop, context),
        effect=effect,
    )


def _remedy(drop: DropIndex, context: Context) -> str:
    found = context.schema.table_of_index(drop.name)
    if drop.cascade or (isinstance(found, Table) and found.partitioned):
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
