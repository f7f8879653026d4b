"""Some statements of PostgreSQL fail inside a transaction, and Alembic begins one.

CREATE INDEX CONCURRENTLY, VACUUM, ALTER SYSTEM, CREATE DATABASE and others refuse to run in a
transaction block, in a DO block or a function, and beside other statements in one text. Alembic
runs revisions in one, also with transaction_per_migration or transactional_ddl=False: what helps is
`with op.get_context().autocommit_block():` around the statement, or a connection whose isolation
level is AUTOCOMMIT. After a COMMIT of its own it depends on the driver; see transaction-statement.
"""

import re
from collections.abc import Iterator

from guard.absence import drops_nothing
from guard.constraint_code import executed, in_autocommit_block
from guard.facts import DowngradeFailed, UpgradeFailed, UpgradeFailedWithRows
from guard.index_code import OUTSIDE, create_concurrently, drop_concurrently
from guard.operations import (
    AlterObject,
    AlterSystem,
    CreateDatabase,
    CreateIndex,
    CreateObject,
    DetachPartition,
    DropDatabase,
    DropIndex,
    DropObject,
    Maintenance,
    Name,
    Operation,
    Reindex,
    SetOption,
)
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table
from guard.statement import Statement

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)
"""
VACUUM = """
with op.get_context().autocommit_block():
    op.execute('VACUUM orders')
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite://"{}).connect() as connection:
    context.configure(connection=connection{})
    with context.begin_transaction():
        context.run_migrations()
"""
AUTOCOMMIT = {"migrations/env.py": ENV.format(', isolation_level="AUTOCOMMIT"', "")}
PER_MIGRATION = {"migrations/env.py": ENV.format("", ", transaction_per_migration=True")}
NO_DDL = {"migrations/env.py": ENV.format("", ", transactional_ddl=False")}


# What PostgreSQL asks the publisher for.
_CHANGE = re.compile(r"\b(?:(?:SET|ADD|DROP)\s+PUBLICATION|SET\s*\(\s*failover)\b", re.IGNORECASE)


def _fails(statement: str, says: str) -> Example:
    """Return the unsafe example of a statement that is run as it is."""
    return Example(
        upgrade=f"op.execute({statement!r})",
        dialect="postgresql",
        says=f"{says} fails inside a transaction, and Alembic begins one.",
        at=statement,
        fixed=f"with op.get_context().autocommit_block():\n    op.execute({statement!r})",
    )


@rule(
    CreateIndex,
    DropIndex,
    Reindex,
    DetachPartition,
    Maintenance,
    SetOption,
    AlterSystem,
    CreateDatabase,
    DropDatabase,
    CreateObject,
    DropObject,
    AlterObject,
    dialects=("postgresql",),
    predicts=(UpgradeFailed, UpgradeFailedWithRows, DowngradeFailed),
    instructs=(
        "ALWAYS put what cannot run in a transaction (`CONCURRENTLY`, `VACUUM`) inside "
        "`with op.get_context().autocommit_block():`, each in an `op.execute` of its own",
    ),
    unsafe=(
        Example(
            upgrade="op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)",
            dialect="postgresql",
            says="CREATE INDEX CONCURRENTLY fails inside a transaction, and Alembic begins one.",
            help=f"Run it in an autocommit block:{CONCURRENTLY.rstrip()}",
            at="op.create_index",
            fixed=CONCURRENTLY,
        ),
        Example(
            upgrade="op.execute('CREATE INDEX CONCURRENTLY ix ON orders (total DESC)')",
            base=PER_MIGRATION,
            dialect="postgresql",
            says="CREATE INDEX CONCURRENTLY fails inside a transaction",
            help="op.execute('CREATE INDEX CONCURRENTLY ix ON orders (total DESC)')",
            at="CREATE INDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute('CREATE INDEX CONCURRENTLY ix ON orders (total DESC)')
            """,
        ),
        Example(
            upgrade="op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True, "
            "postgresql_include=['id'])",
            dialect="postgresql",
            says="CREATE INDEX CONCURRENTLY fails inside a transaction",
            help="Run it in an autocommit block: `with op.get_context().autocommit_block():`",
            at="op.create_index",
        ),
        Example(
            upgrade="op.drop_index('ix', 'orders', postgresql_concurrently=True, if_exists=True)",
            base=NO_DDL,
            dialect="postgresql",
            says="DROP INDEX CONCURRENTLY fails inside a transaction",
            at="op.drop_index",
            fixed="""
            with op.get_context().autocommit_block():
                op.drop_index('ix', 'orders', postgresql_concurrently=True, if_exists=True)
            """,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('SET lock_timeout = 0; DROP INDEX CONCURRENTLY ix')
            """,
            dialect="postgresql",
            says="DROP INDEX CONCURRENTLY fails beside other statements in one text: PostgreSQL "
            "runs those in one transaction.",
            help="Run it in an op.execute of its own, in an autocommit block:\n"
            "with op.get_context().autocommit_block():\n"
            "    op.execute('DROP INDEX CONCURRENTLY ix')",
            at="DROP INDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute('DROP INDEX CONCURRENTLY ix')
            """,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('DO $$ BEGIN CREATE INDEX CONCURRENTLY ix ON orders (a); END $$')
            """,
            dialect="postgresql",
            says="CREATE INDEX CONCURRENTLY fails in a DO block, which is a transaction.",
            help="Take it out of the block, into an autocommit block:\n",
            at="DO $$",
            fixed="""
            with op.get_context().autocommit_block():
                op.create_index('ix', 'orders', ['a'], postgresql_concurrently=True)
            """,
        ),
        _fails("REINDEX INDEX CONCURRENTLY ix", "REINDEX CONCURRENTLY"),
        _fails("REINDEX (CONCURRENTLY) TABLE orders", "REINDEX CONCURRENTLY"),
        _fails(
            "ALTER TABLE events DETACH PARTITION events_may CONCURRENTLY",
            "DETACH PARTITION CONCURRENTLY",
        ),
        _fails("VACUUM (ANALYZE) orders", "VACUUM"),
        _fails("ALTER SYSTEM SET work_mem = '64MB'", "ALTER SYSTEM"),
        _fails("CREATE DATABASE reports", "CREATE DATABASE"),
        _fails("ALTER DATABASE shop SET TABLESPACE fast", "ALTER DATABASE SET TABLESPACE"),
        _fails("CREATE TABLESPACE fast LOCATION '/fast'", "CREATE TABLESPACE"),
        _fails("DROP TABLESPACE fast", "DROP TABLESPACE"),
        _fails("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION"),
        _fails("DROP SUBSCRIPTION s", "DROP SUBSCRIPTION"),
        _fails("ALTER SUBSCRIPTION s SET PUBLICATION p", "ALTER SUBSCRIPTION SET PUBLICATION"),
        _fails(
            "ALTER SUBSCRIPTION s REFRESH PUBLICATION WITH (copy_data = false)",
            "ALTER SUBSCRIPTION REFRESH PUBLICATION",
        ),
        _fails("DISCARD ALL", "DISCARD ALL"),
        Example(
            downgrade="op.drop_index('ix', 'orders', postgresql_concurrently=True)",
            dialect="postgresql",
            says="DROP INDEX CONCURRENTLY fails inside a transaction",
            at="op.drop_index",
            fixed_downgrade="""
            with op.get_context().autocommit_block():
                op.drop_index('ix', 'orders', postgresql_concurrently=True)
            """,
        ),
    ),
    safe=(
        Example(upgrade=f"{CONCURRENTLY}{VACUUM}", dialect="postgresql"),
        Example(
            upgrade="op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)",
            base=AUTOCOMMIT,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            engine = op.get_bind().engine
            with engine.connect().execution_options(isolation_level='AUTOCOMMIT') as connection:
                connection.execute(sa.text('VACUUM orders'))
            """,
            dialect="postgresql",
        ),
        Example(upgrade="op.execute('ANALYZE orders')", dialect="postgresql"),
        Example(upgrade="op.execute('RESET ALL')", dialect="postgresql"),
        Example(
            upgrade="op.execute('CREATE SUBSCRIPTION s CONNECTION \\'x\\' PUBLICATION p WITH "
            "(create_slot = false)')",
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.execute('ALTER SUBSCRIPTION s DISABLE')
            op.execute('ALTER SUBSCRIPTION s SET (slot_name = NONE)')
            op.execute('DROP SUBSCRIPTION s')
            op.execute('ALTER SUBSCRIPTION other ADD PUBLICATION p WITH (refresh = false)')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('REFRESH MATERIALIZED VIEW CONCURRENTLY totals')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)",
            dialect="mysql",
        ),
    ),
)
def not_in_transaction(operation: Operation, context: Context) -> Iterator[Problem]:
    what = _refusing(operation, context)
    if what is None or not context.transaction.begun:
        return
    statement, sure = context.statement, True
    if statement.run_by is not None:
        why = f"{what} fails in a function, which runs in a transaction."
    elif (statement.sql or "")[:2].upper() == "DO":
        why = f"{what} fails in a DO block, which is a transaction."
    elif statement.joined:
        why = (
            f"{what} fails beside other statements in one text: PostgreSQL runs those in one "
            "transaction."
        )
    else:
        begins = "and Alembic begins one"
        begins = "and this migration runs in one" if statement.in_sql_file else begins
        sure = statement.in_sql_file or context.transaction.certain
        unless = "" if sure else ", unless the connection that env.py is given commits by itself"
        why = f"{what} fails inside a transaction, {begins}{unless}."
    yield Problem(
        message=why, remedy=_remedy(operation, context), severity=None if sure else "warning"
    )


def _refusing(operation: Operation, context: Context) -> str | None:
    """Return what refuses a transaction, in SQL's words; None for what does not."""
    match operation:
        case CreateIndex(concurrently=True, table=table) if not _is_partitioned(table, context):
            return "CREATE INDEX CONCURRENTLY"
        case DropIndex(concurrently=True) if not _drops_of_partitioned(operation, context):
            return "DROP INDEX CONCURRENTLY"
        case Reindex():
            return _reindex(operation, context)
    return _refusing_elsewhere(operation, context)


def _refusing_elsewhere(operation: Operation, context: Context) -> str | None:
    """Return the same of what is about no index."""
    match operation:
        case DetachPartition(concurrently=True):
            return "DETACH PARTITION CONCURRENTLY"
        case Maintenance(command="vacuum"):
            return "VACUUM"
        case Maintenance(command="cluster", table=None):
            return "CLUSTER of all tables"
        case Maintenance(command="cluster", table=Name() as table):
            return "CLUSTER of a partitioned table" if _is_partitioned(table, context) else None
        case SetOption(name="discard all"):
            return "DISCARD ALL"
        case AlterSystem():
            return "ALTER SYSTEM"
        case CreateDatabase() | DropDatabase():
            return "CREATE DATABASE" if isinstance(operation, CreateDatabase) else "DROP DATABASE"
    return _refusing_object(operation, context)


def _refusing_object(operation: Operation, context: Context) -> str | None:
    """Return the same of tablespaces, subscriptions and the like."""
    match operation:
        case CreateObject(object_type="tablespace"):
            return "CREATE TABLESPACE"
        case DropObject(object_type="tablespace"):
            return "DROP TABLESPACE"
        case AlterObject(object_type="database", action="set-tablespace"):
            return "ALTER DATABASE SET TABLESPACE"
        case CreateObject(object_type="subscription"):
            sql = context.statement.sql
            asked = _is_off(sql, "create_slot") or _is_off(sql, "connect")
            return None if asked else "CREATE SUBSCRIPTION"
        case DropObject(object_type="subscription", name=name):
            gone = _is_slotless(name, context) or drops_nothing(operation, context)
            return None if gone else "DROP SUBSCRIPTION"
        case AlterObject(object_type="subscription"):
            return _subscribing(operation, context.statement)
    return None


def _subscribing(change: AlterObject, statement: Statement) -> str | None:
    """Return what refuses a transaction of a change that asks the publisher for something."""
    found = _CHANGE.search(statement.sql or "")
    if change.action == "refresh":
        return "ALTER SUBSCRIPTION REFRESH PUBLICATION"
    if found is None or _is_off(statement.sql, "refresh"):
        return None
    return f"ALTER SUBSCRIPTION {' '.join(found[0].upper().replace('(', ' ').split())}"


def _is_off(sql: str | None, option: str) -> bool:
    value = _option(sql, option)
    return value is not None and value.lower() in ("false", "off", "0")


def _option(sql: str | None, name: str) -> str | None:
    """Return what a subscription's option is set to, None where it is not."""
    found = re.search(rf"[(,]\s*{name}\s*=\s*'?(\w+)", sql or "", re.IGNORECASE)
    return found[1] if found else None


def _is_slotless(name: Name, context: Context) -> bool:
    """Return whether the subscription was parted from its slot in this same direction."""
    return any(
        isinstance(other, AlterObject)
        and (other.object_type, other.name) == ("subscription", name)
        and (_option(statement.sql, "slot_name") or "").lower() == "none"
        for statement in context.before
        for other in statement.operations
    )


def _reindex(reindex: Reindex, context: Context) -> str | None:
    if reindex.concurrently:
        return "REINDEX CONCURRENTLY"
    if reindex.target in ("schema", "database", "system"):
        return f"REINDEX {reindex.target.upper()}"
    if reindex.name is None:
        return None
    if reindex.target == "table":
        parted = _is_partitioned(reindex.name, context)
        return "REINDEX of a partitioned table" if parted else None
    found = context.schema.table_of_index(reindex.name)
    parted = isinstance(found, Table) and found.partitioned
    return "REINDEX of a partitioned index" if parted else None


def _is_partitioned(name: Name, context: Context) -> bool:
    table = context.schema.table(name)
    return isinstance(table, Table) and table.partitioned


def _drops_of_partitioned(drop: DropIndex, context: Context) -> bool:
    """Return whether it fails anyway, as concurrently-on-partitioned says."""
    found = context.schema.table_of_index(drop.name)
    named = drop.table is not None and _is_partitioned(drop.table, context)
    return named or (isinstance(found, Table) and found.partitioned)


def _remedy(operation: Operation, context: Context) -> str:
    statement, block = context.statement, (context.statement.sql or "")[:2].upper() == "DO"
    if isinstance(operation, Maintenance) and (operation.full or operation.command == "cluster"):
        return "Leave it out of the migrations: outside a transaction it makes traffic wait"
    if statement.in_sql_file:
        return f"Put it into {OUTSIDE}, and nothing else"
    if statement.run_by is not None:
        return "Take it out of the function, into an autocommit block of the revision"
    if block:
        how = "Take it out of the block, into an autocommit block"
    elif statement.joined:
        how = "Run it in an op.execute of its own, in an autocommit block"
    else:
        how = "Run it in an autocommit block"
    code = _code(operation, context, block=block)
    return f"{how}:\n{in_autocommit_block(code)}" if code else f"{how}: {_BLOCK}"


_BLOCK = "`with op.get_context().autocommit_block():`"


def _code(operation: Operation, context: Context, *, block: bool) -> str | None:
    """Return the call to put into the block; None where it cannot be told in full."""
    statement = context.statement
    if statement.sql and not block and "\n" not in statement.sql and not statement.pieces:
        return executed(statement.sql, statement)
    if isinstance(operation, CreateIndex):
        return create_concurrently(operation)
    return drop_concurrently(operation) if isinstance(operation, DropIndex) else None
