"""The whole table is written anew, and traffic waits until that is done.

On PostgreSQL: CLUSTER and VACUUM FULL, SET LOGGED and UNLOGGED, another access method or
tablespace, each under ACCESS EXCLUSIVE. On MySQL and MariaDB: another engine or character set,
partitioning and its removal, which copy the table while writes wait. What InnoDB rebuilds beside
the traffic (FORCE, OPTIMIZE, another row format) is a warning: it takes the disk twice, and
replicas fall behind. A batch with recreate="always" is Alembic's own copy: what is written between
the copy and the DROP TABLE is lost.
"""

from collections.abc import Iterator

from guard.action_words import TableAction
from guard.batch_mode import IN_BATCHES, makes_anew
from guard.effects.effect import Effect
from guard.operations import AlterObject, AlterTable, Maintenance, Operation
from guard.phrases import COPYING_TOOLS, what_waits
from guard.rule import Context, Example, Problem, rule
from guard.statement import Batch

ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer()), sa.Column('note', sa.Text()))"
WORDS: dict[TableAction, str] = {
    "add-system-versioning": "Adding system versioning",
    "coalesce-partition": "Merging partitions",
    "convert-to-character-set": "Converting the character set",
    "encryption": "Encrypting or decrypting it",
    "engine": "Setting the engine",
    "force": "ALTER TABLE ... FORCE",
    "key-block-size": "Setting the size of its blocks",
    "optimize-partition": "Optimizing a partition",
    "order-by": "Sorting it",
    "partition-by": "Partitioning it",
    "rebuild-partition": "Rebuilding a partition",
    "remove-partitioning": "Removing its partitions",
    "reorganize-partition": "Reorganizing partitions",
    "row-format": "Setting the row format",
    "set-access-method": "Setting the access method",
    "set-logged": "SET LOGGED",
    "set-tablespace": "Moving it to another tablespace",
    "set-unlogged": "SET UNLOGGED",
}
OTHER_RULES = ("algorithm", "drop-system-versioning", "lock")  # have a rule that says it
HARDLY_FILLED = ("reorganize-partition",)  # that is most often the last one, to split it


@rule(
    AlterTable,
    AlterObject,
    Maintenance,
    *IN_BATCHES,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=("NEVER use `VACUUM FULL` or `CLUSTER` in a migration",),
    unsafe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('VACUUM FULL orders')
            """,
            dialect="postgresql",
            says="VACUUM FULL takes ACCESS EXCLUSIVE on orders while every row and all indexes are "
            "written anew: reads and writes wait.",
            help="Leave it out of the migrations: VACUUM frees space for new rows beside the "
            "traffic, and pg_repack gives it back to the disk.",
            at="VACUUM FULL",
        ),
        Example(
            upgrade="op.execute('CLUSTER orders USING orders_pkey')",
            dialect="postgresql",
            says="CLUSTER takes ACCESS EXCLUSIVE on orders",
            help="pg_repack sorts it beside the traffic",
            at="CLUSTER",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('VACUUM (FULL, ANALYZE)')
            """,
            dialect="postgresql",
            says="VACUUM FULL writes every table of the database anew, each under ACCESS EXCLUSIVE",
            at="VACUUM (FULL",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders SET UNLOGGED')",
            dialect="postgresql",
            says="SET UNLOGGED takes ACCESS EXCLUSIVE on orders while every row and all indexes "
            "are "
            "written anew: reads and writes wait.",
            help="Make a table that is as you want it from the start, copy the rows in batches, "
            "and "
            "let the code use that one.",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders SET TABLESPACE fast')",
            dialect="postgresql",
            says="Moving it to another tablespace takes ACCESS EXCLUSIVE on orders",
            help="pg_repack --tablespace",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4')",
            dialect="mysql",
            says="Converting the character set copies orders with LOCK=SHARED: writes wait.",
            help="Run it when nobody writes to orders, or let gh-ost or pt-online-schema-change",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ENGINE=InnoDB, ROW_FORMAT=DYNAMIC')",
            dialect="mariadb",
            says="Setting the engine rebuilds orders with LOCK=NONE: reads and writes go on.",
            help="Run it when there is little traffic, and enough disk for the table once more: "
            "replicas fall behind by as long as it takes.",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders PARTITION BY HASH (id) PARTITIONS 8')",
            dialect="mariadb",
            says="Partitioning it copies orders with LOCK=SHARED: writes wait.",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('OPTIMIZE TABLE orders')",
            dialect="mysql",
            says="OPTIMIZE rebuilds orders with LOCK=NONE: reads and writes go on.",
            at="OPTIMIZE",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            with op.batch_alter_table('orders', recreate='always') as batch_op:
                batch_op.add_column(sa.Column('total', sa.Integer()))
            """,
            dialect="postgresql",
            says="This batch copies every row of orders into a new table and drops the old one: "
            "rows that are written meanwhile are lost, and its triggers and grants are gone.",
            help="Leave recreate out: Alembic then changes orders in place.",
            at="batch_op.add_column",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('total', sa.Integer()))
            """,
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('total', sa.Integer()))
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('VACUUM (FULL FALSE, ANALYZE) orders')
            op.execute('ANALYZE orders')
            op.execute('ALTER TABLE orders SET (fillfactor = 70)')
            op.execute('ALTER TABLE orders CLUSTER ON orders_pkey')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade=f"""
            {ORDERS}
            op.execute('CREATE INDEX ix ON orders (id)')
            op.execute('CLUSTER orders USING ix')
            """,
            dialect="postgresql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders SET LOGGED')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders DEFAULT CHARACTER SET utf8mb4')",
            dialect="mysql",
        ),
        Example(
            released=(
                "op.create_table('codes', sa.Column('code', sa.String(20)), "
                "mariadb_charset='utf8mb3')",
            ),
            upgrade="op.execute('ALTER TABLE codes CONVERT TO CHARACTER SET utf8mb4')",
            dialect="mariadb",
        ),
    ),
)
def rewrite_table(change: Operation, context: Context) -> Iterator[Problem]:
    batch = context.statement.batch
    if batch is not None and batch.recreate == "always":
        if makes_anew(change, context):
            yield from _copied(batch, context)
        return
    if isinstance(change, Maintenance) and change.table is None:
        yield from _all_tables(change, context)
        return
    if isinstance(change, AlterObject):
        yield from _moved(change, context)
        return
    if not isinstance(change, AlterTable | Maintenance) or change.table is None:
        return
    if _is_refused(change, context):
        yield Problem(
            message=f"{_words(change)} fails: {change.table} is partitioned, and has no rows of "
            "its own.",
            remedy="Change its partitions",
        )
        return
    effect = _rewriting(change, context)
    if effect is None or context.is_unreleased(change.table) or context.undoes_upgrade(change):
        return
    waits = "writes" in effect.blocks
    mild = not waits or (isinstance(change, AlterTable) and change.action in HARDLY_FILLED)
    upgrade = context.statement.direction == "upgrade"
    yield Problem(
        message=f"{_words(change)} {what_waits(effect, context.size(change.table))}.",
        remedy=_remedy(change, context, waits=waits),
        effect=effect,
        severity="warning" if mild and upgrade else None,
    )


def _copied(batch: Batch, context: Context) -> Iterator[Problem]:
    """Say what Alembic's own copy of a table leaves out."""
    if context.is_unreleased(batch.table) or context.is_empty(batch.table):
        return
    yield Problem(
        message=f"This batch copies every row of {batch.table} into a new table and drops the old "
        "one: rows that are written meanwhile are lost, and its triggers and grants are gone.",
        remedy=f"Leave recreate out: Alembic then changes {batch.table} in place.",
    )


def _rewriting(change: AlterTable | Maintenance, context: Context) -> Effect | None:
    """Return what it does, where it is the first action of its statement that rewrites."""
    if isinstance(change, AlterTable) and change.action in OTHER_RULES:
        return None
    effect = context.effect(change)
    if effect is None or not effect.rewrites:
        return None
    for other in context.statement.operations:
        if other is change:
            return effect
        before = context.effect(other) if isinstance(other, AlterTable) else None
        if before is not None and before.rewrites and before.table == effect.table:
            return None
    return effect


def _is_refused(change: AlterTable | Maintenance, context: Context) -> bool:
    """Return whether PostgreSQL 18 refuses it, which older versions do nothing for."""
    if not isinstance(change, AlterTable) or change.action not in ("set-logged", "set-unlogged"):
        return False
    table = context.schema.table(change.table)
    return bool(table and table.partitioned and table.certain) and context.server.at_least(18)


def _all_tables(command: Maintenance, context: Context) -> Iterator[Problem]:
    if context.server.dialect != "postgresql":
        return
    if command.command == "cluster" or (command.command == "vacuum" and command.full):
        which = "every table that was clustered" if command.command == "cluster" else "every table"
        yield Problem(
            message=f"{_words(command)} writes {which} of the database anew, each under ACCESS "
            "EXCLUSIVE: reads and writes wait.",
            remedy=_repack(command),
        )


def _moved(change: AlterObject, context: Context) -> Iterator[Problem]:
    """An index or a materialized view that goes to another tablespace."""
    if change.action != "set-tablespace" or change.object_type not in (
        "index",
        "materialized view",
    ):
        return
    table = context.schema.table_of_index(change.name)
    if context.is_unreleased(table.name if table else change.name):
        return
    yield Problem(
        message=f"Moving {change.object_type} {change.name} to another tablespace copies it under "
        "ACCESS EXCLUSIVE: whatever uses it waits.",
        remedy="Leave it out of the migrations: pg_repack --tablespace moves it beside traffic.",
    )


def _words(change: AlterTable | Maintenance) -> str:
    if isinstance(change, AlterTable):
        return WORDS.get(change.action, f"ALTER TABLE ... {change.detail or change.action}")
    return "VACUUM FULL" if change.command == "vacuum" else change.command.upper()


def _remedy(change: AlterTable | Maintenance, context: Context, *, waits: bool) -> str:
    if context.server.dialect == "postgresql":
        if isinstance(change, Maintenance):
            return _repack(change)
        if change.action == "set-tablespace":
            return "Leave it out of the migrations: pg_repack --tablespace moves it beside traffic."
        return (
            "Make a table that is as you want it from the start, copy the rows in batches, and let "
            "the code use that one."
        )
    if not waits:
        return (
            "Run it when there is little traffic, and enough disk for the table once more: "
            "replicas "
            "fall behind by as long as it takes."
        )
    return f"Run it when nobody writes to {change.table}, or let {COPYING_TOOLS} do it."


def _repack(command: Maintenance) -> str:
    if command.command == "cluster":
        return "Leave it out of the migrations: pg_repack sorts it beside the traffic."
    return (
        "Leave it out of the migrations: VACUUM frees space for new rows beside the traffic, and "
        "pg_repack gives it back to the disk."
    )
