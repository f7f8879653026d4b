"""Building an index makes writes wait until every row has been read.

PostgreSQL takes SHARE on the table, and on each partition of a partitioned one; CONCURRENTLY, which
runs outside of a transaction only, lets writes go on. A partitioned table knows no CONCURRENTLY:
there the index is made ON ONLY the parent, built concurrently on each partition and attached. MySQL
and MariaDB build an index while writes go on, unless it is FULLTEXT or SPATIAL, or of MySQL's
multi-valued ones. Where a statement asks for a copy or a lock itself, copy-algorithm says so.
"""

from collections.abc import Iterator

from guard.index_code import OUTSIDE, build_concurrently, made_concurrent, partition_wise
from guard.operations import AddColumn, CreateIndex
from guard.phrases import COPYING_TOOLS, what_waits
from guard.rewrite import Rewrite
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.create_index('ix_orders_total', 'orders', ['total'], postgresql_concurrently=True)
"""
VISITS = """
op.execute('CREATE TABLE visits (year int, at date) PARTITION BY LIST (year)')
op.execute('CREATE TABLE visits_old PARTITION OF visits FOR VALUES IN (2025)')
op.execute('CREATE TABLE visits_new PARTITION OF visits FOR VALUES IN (2026)')
"""
BY_PARTITION = """
op.execute('CREATE INDEX ix_at ON ONLY visits (at)')
with op.get_context().autocommit_block():
    op.create_index('ix_at_visits_old', 'visits_old', ['at'], postgresql_concurrently=True)
    op.create_index('ix_at_visits_new', 'visits_new', ['at'], postgresql_concurrently=True)
op.execute('ALTER INDEX ix_at ATTACH PARTITION ix_at_visits_old')
op.execute('ALTER INDEX ix_at ATTACH PARTITION ix_at_visits_new')
"""
POSTGRESQL = "postgresql"


@rule(
    CreateIndex,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "ALWAYS build an index on an existing table of PostgreSQL with "
        "`postgresql_concurrently=True`, inside `with op.get_context().autocommit_block():`",
    ),
    unsafe=(
        Example(
            upgrade="op.create_index('ix_orders_total', 'orders', ['total'])",
            dialect=POSTGRESQL,
            says="Creating index ix_orders_total takes SHARE on orders while every row is read: "
            "writes wait.",
            help=f"Build it while writes go on, outside of the transaction:{CONCURRENTLY.rstrip()}",
            at="op.create_index",
            fixed=CONCURRENTLY,
        ),
        Example(
            upgrade='op.execute(\'CREATE UNIQUE INDEX "uq" ON shop.orders USING btree '
            "(lower(note)) WHERE total > 0')",
            dialect=POSTGRESQL,
            says="Creating index uq takes SHARE on shop.orders",
            help="op.create_index('uq', 'orders', [sa.text('lower(note)')], schema='shop', "
            "unique=True, postgresql_using='btree', postgresql_where=sa.text('total > 0'), "
            "postgresql_concurrently=True)",
            at="CREATE UNIQUE",
            fixed="""
            with op.get_context().autocommit_block():
                op.create_index('uq', 'orders', [sa.text('lower(note)')], schema='shop', \
unique=True, postgresql_using='btree', postgresql_where=sa.text('total > 0'), \
postgresql_concurrently=True)
            """,
        ),
        Example(
            upgrade="op.execute('CREATE INDEX ON orders (total DESC) INCLUDE (note)')",
            dialect=POSTGRESQL,
            says="Creating an index takes SHARE on orders",
            help="Build it CONCURRENTLY, so that writes go on, inside `with "
            "op.get_context().autocommit_block():`, since that runs outside of a transaction only",
            at="CREATE INDEX",
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('total', sa.Integer(), index=True))",
            dialect=POSTGRESQL,
            says="Creating index ix_orders_total takes SHARE on orders",
            help="Build it while writes go on, outside of the transaction, and leave index=True "
            f"out here:{CONCURRENTLY.rstrip()}",
            at="op.add_column",
            fixed=f"op.add_column('orders', sa.Column('total', sa.Integer())){CONCURRENTLY}",
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.create_index('ix_orders_total', ['total'])
            """,
            dialect=POSTGRESQL,
            says="Creating index ix_orders_total takes SHARE on orders",
            at="batch_op.create_index",
            fixed=CONCURRENTLY,
        ),
        Example(
            upgrade="op.execute('DO $$ BEGIN CREATE INDEX IF NOT EXISTS i ON orders (a); END $$')",
            dialect=POSTGRESQL,
            says="Creating index i takes SHARE on orders",
            at="DO $$",
        ),
        Example(
            released=(VISITS,),
            upgrade="op.create_index('ix_at', 'visits', ['at'])",
            dialect=POSTGRESQL,
            says="Creating index ix_at takes SHARE on visits, and SHARE on visits_old, and SHARE "
            "on visits_new while every row is read: writes wait.",
            help="Make it for the parent alone, build it on each partition while writes go on, "
            f"and attach those:{BY_PARTITION.rstrip()}",
            at="op.create_index",
            fixed=BY_PARTITION,
        ),
        Example(
            upgrade="op.create_index('ft', 'orders', ['note'], mysql_prefix='FULLTEXT')",
            dialect="mysql",
            says="Creating index ft copies orders with LOCK=SHARED: writes wait.",
            help="Add it when few write, or with gh-ost or pt-online-schema-change",
            at="op.create_index",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD SPATIAL INDEX sp (place)')",
            dialect="mariadb",
            says="Creating index sp reads orders with LOCK=SHARED: writes wait.",
            at="ALTER TABLE",
        ),
        Example(
            downgrade="op.create_index('ix_orders_total', 'orders', ['total'])",
            dialect=POSTGRESQL,
            says="Creating index ix_orders_total takes SHARE on orders",
            at="op.create_index",
            fixed_downgrade=CONCURRENTLY,
        ),
    ),
    safe=(
        Example(upgrade=CONCURRENTLY, dialect=POSTGRESQL),
        Example(released=(VISITS,), upgrade=BY_PARTITION, dialect=POSTGRESQL),
        Example(
            upgrade="""
            op.create_table(
                'logs',
                sa.Column('id', sa.Integer(), primary_key=True),
                sa.Column('at', sa.DateTime(timezone=True), index=True),
            )
            op.create_index('ix_logs', 'logs', ['id', 'at'])
            """,
            dialect=POSTGRESQL,
        ),
        Example(
            upgrade="""
            op.execute('CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id')
            op.execute('CREATE UNIQUE INDEX by_id ON totals (id)')
            op.execute('CREATE INDEX also_by_id ON totals (id)')
            """,
            dialect=POSTGRESQL,
        ),
        Example(
            upgrade="""
            if not sa.inspect(op.get_bind()).has_table('logs'):
                op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True))
                op.create_index('ix_logs', 'logs', ['id'])
            """,
            dialect=POSTGRESQL,
        ),
        Example(
            upgrade="op.execute('CREATE TEMPORARY TABLE ids (id int); CREATE INDEX i ON ids (id)')",
            dialect=POSTGRESQL,
        ),
        Example(upgrade="op.create_index('ix', 'orders', ['total'])", dialect="mysql"),
        Example(upgrade="op.execute('ALTER TABLE orders ADD INDEX ix (total)')", dialect="mariadb"),
        Example(upgrade="op.create_index('ix', 'orders', ['total'])", dialect="sqlite"),
    ),
)
def create_index(create: CreateIndex, context: Context) -> Iterator[Problem]:
    if context.is_unreleased(create.table) or context.is_empty(create.table):
        return
    if context.schema.view(create.table) or _says_how(create, context):
        return  # of a materialized view only a refresh waits
    if create.if_not_exists and _is_there(create, context):
        return
    effect = context.effect(create)
    if effect is not None and (virtual := _new_virtual(create, context)):
        yield Problem(
            message=f"Creating {create.name or 'an index'} on {virtual} in the same ALTER TABLE "
            f"that adds this virtual column takes LOCK=SHARED on {create.table} while every row is "
            "read: writes wait.",
            remedy="Add the column first, and the index in a statement of its own: writes go on",
            severity=None if context.server.dialect == "mariadb" else "warning",  # not tried there
        )
        return
    if effect is None or "writes" not in effect.blocks:
        return
    if not (effect.scans or any(other.scans for other in effect.related)):
        return
    what = f"index {create.name}" if create.name else "an index"
    yield Problem(
        message=f"Creating {what} {what_waits(effect, context.size(create.table))}.",
        remedy=_on_mysql() if context.server.is_mysql else _remedy(create, context),
        rewrite=_rewrite(create, context),
        effect=effect,
    )


def _new_virtual(create: CreateIndex, context: Context) -> str | None:
    """Return the virtual column that the index is on and that the same ALTER TABLE adds."""
    in_sql = (context.statement.sql or "").strip()[:5].upper() == "ALTER"
    if not context.server.is_mysql or not in_sql or context.statement.joined:
        return None
    parts = {part.lower() for part in create.columns}
    for other in context.statement.operations:
        if isinstance(other, AddColumn) and other.table == create.table:
            made = other.column.generated
            virtual = made is not None and made.by == "expression" and not made.stored
            if virtual and other.column.name.lower() in parts:
                return other.column.name
    return None


def _is_there(create: CreateIndex, context: Context) -> bool:
    indexes = context.schema.indexes(create.table)
    return any(index.certain and index.name == create.name for index in indexes)


def _says_how(create: CreateIndex, context: Context) -> bool:
    """Return whether MySQL would build it while writes go on, if it were not told otherwise."""
    plain = create.method not in ("fulltext", "spatial")
    told = create.algorithm == "copy" or create.lock in ("shared", "exclusive")
    return context.server.is_mysql and plain and told


def _on_mysql() -> str:
    return f"Add it when few write, or with {COPYING_TOOLS}"


def _remedy(create: CreateIndex, context: Context) -> str:
    statement, table = context.statement, context.schema.table(create.table)
    if isinstance(table, Table) and table.partitioned:
        return partition_wise(create, context.schema, statement)
    code = build_concurrently(create, statement)
    if code is None or statement.joined:
        return _in_words(context)
    inline = statement.directive is not None and statement.directive.name == "add_column"
    without = ", and leave index=True out here" if inline else ""
    where = OUTSIDE if statement.in_sql_file else "outside of the transaction"
    return f"Build it while writes go on, {'in ' * statement.in_sql_file}{where}{without}:\n{code}"


def _rewrite(create: CreateIndex, context: Context) -> Rewrite:
    table = context.schema.table(create.table)
    partitioned = isinstance(table, Table) and table.partitioned
    takes_it = context.server.dialect == POSTGRESQL and not partitioned
    return made_concurrent(create, context.statement) if takes_it else ()


def _in_words(context: Context) -> str:
    if context.statement.in_sql_file:
        return f"Build it CONCURRENTLY, so that writes go on, in {OUTSIDE}"
    alone = ", in a statement of its own" if context.statement.joined else ""
    return (
        f"Build it CONCURRENTLY, so that writes go on{alone}, inside `with "
        "op.get_context().autocommit_block():`, since that runs outside of a transaction only"
    )
