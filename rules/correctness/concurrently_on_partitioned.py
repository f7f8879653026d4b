"""PostgreSQL refuses CONCURRENTLY for the index of a partitioned table.

CREATE INDEX CONCURRENTLY fails on a partitioned table, with or without ONLY, and so does DROP INDEX
CONCURRENTLY of its index, whatever the transaction. Make the index for the parent alone (ON ONLY),
build it concurrently on each partition and attach those.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, table_sql
from guard.facts import DowngradeFailed, UpgradeFailed
from guard.index_code import partition_wise
from guard.operations import CreateIndex, DropIndex, Operation
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table

VISITS = """
op.execute('CREATE TABLE visits (year int, at date) PARTITION BY LIST (year)')
op.execute('CREATE TABLE visits_old PARTITION OF visits FOR VALUES IN (2025)')
"""
INDEX = "op.execute('CREATE INDEX ix_at ON visits (at)')"
BY_PARTITION = """
op.execute('CREATE INDEX ix_at ON ONLY visits (at)')
with op.get_context().autocommit_block():
    op.create_index('ix_at_visits_old', 'visits_old', ['at'], postgresql_concurrently=True)
op.execute('ALTER INDEX ix_at ATTACH PARTITION ix_at_visits_old')
"""


@rule(
    CreateIndex,
    DropIndex,
    dialects=("postgresql",),
    predicts=(UpgradeFailed, DowngradeFailed),
    unsafe=(
        Example(
            released=(VISITS,),
            upgrade="""
            with op.get_context().autocommit_block():
                op.create_index('ix_at', 'visits', ['at'], postgresql_concurrently=True)
            """,
            dialect="postgresql",
            says="Creating index ix_at CONCURRENTLY fails: visits is partitioned.",
            help="Make it for the parent alone, build it on each partition while writes go on, and "
            f"attach those:{BY_PARTITION.rstrip()}",
            at="op.create_index",
            fixed=BY_PARTITION,
        ),
        Example(
            released=(VISITS,),
            upgrade="op.execute('CREATE INDEX CONCURRENTLY ON visits (at DESC)')",
            dialect="postgresql",
            says="Creating an index CONCURRENTLY fails: visits is partitioned.",
            help="CREATE INDEX ix_visits_at ON ONLY visits, then one CONCURRENTLY on each "
            "partition, then ALTER INDEX ix_visits_at ATTACH PARTITION for each of those",
            at="CREATE INDEX",
        ),
        Example(
            released=(f"{VISITS}{INDEX}",),
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('DROP INDEX CONCURRENTLY ix_at')
            """,
            dialect="postgresql",
            says="Dropping index ix_at CONCURRENTLY fails: visits is partitioned.",
            help="Drop it without CONCURRENTLY, when little happens, with a lock_timeout:\n"
            "op.execute('DROP INDEX ix_at')",
            at="DROP INDEX",
            fixed="op.execute('DROP INDEX ix_at')",
        ),
        Example(
            released=(f"{VISITS}{INDEX}",),
            upgrade="op.drop_index('ix_at', 'visits', postgresql_concurrently=True)",
            dialect="postgresql",
            says="Dropping index ix_at CONCURRENTLY fails: visits is partitioned.",
            at="op.drop_index",
            fixed="op.execute('DROP INDEX ix_at')",
        ),
    ),
    safe=(
        Example(released=(VISITS,), upgrade=BY_PARTITION, dialect="postgresql"),
        Example(
            released=(VISITS,),
            upgrade="""
            with op.get_context().autocommit_block():
                op.create_index('ix', 'visits_old', ['at'], postgresql_concurrently=True)
                op.execute('REINDEX TABLE CONCURRENTLY visits')
            """,
            dialect="postgresql",
        ),
    ),
)
def concurrently_on_partitioned(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, CreateIndex) and operation.concurrently:
        table = context.schema.table(operation.table)
        if isinstance(table, Table) and table.partitioned:
            name = f"index {operation.name}" if operation.name else "an index"
            yield Problem(
                message=f"Creating {name} CONCURRENTLY fails: {table.name} is partitioned.",
                remedy=partition_wise(operation, context.schema, context.statement),
            )
    if isinstance(operation, DropIndex) and operation.concurrently:
        named = context.schema.table(operation.table) if operation.table else None
        table = named or context.schema.table_of_index(operation.name)
        if isinstance(table, Table) and table.partitioned:
            exists = "IF EXISTS " if operation.if_exists else ""
            sql = f"DROP INDEX {exists}{table_sql(operation.name, 'postgresql')}"
            yield Problem(
                message=f"Dropping index {operation.name} CONCURRENTLY fails: {table.name} is "
                "partitioned.",
                remedy="Drop it without CONCURRENTLY, when little happens, with a lock_timeout:\n"
                f"{executed(sql, context.statement)}",
            )
