"""One statement that changes every row of a table keeps them all locked until it is committed.

The larger the table, the longer: other writers of those rows wait, replicas fall behind, and on
PostgreSQL nothing is cleaned up meanwhile. It is worse in the transaction that has just altered a
table: the lock of that ALTER is held until the last row is changed, and reads wait as well. Batches
of some thousand rows, each committed by itself, hurt nobody. An UPDATE that overwrites what every
row had is the affair of update-without-where, a DELETE of all rows of delete-without-where.
"""

import re
from collections.abc import Iterator

from guard.column_code import fills_new_columns, takes_all_without_value
from guard.effects.effect import Effect, TableEffect
from guard.operations import Delete, Insert, Merge, Name, Operation, Update
from guard.patterns import lazy_re
from guard.phrases import say_so
from guard.rule import Context, Example, Problem, rule

ROWS = "https://www.postgresql.org/docs/current/explicit-locking.html"
INNODB = "https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html"
TABLES = """
op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), \
sa.Column('total', sa.Integer()))
op.create_table('sums', sa.Column('id', sa.Integer(), primary_key=True), \
sa.Column('total', sa.Integer()))
"""
ADD = "op.add_column('orders', sa.Column('state', sa.Text()))"
FILL = "op.execute(\"UPDATE orders SET state = 'open' WHERE state IS NULL\")"
FILL_ALL = "op.execute(\"UPDATE orders SET state = 'open'\")"
BATCHES = """
with op.get_context().autocommit_block():
    while op.get_bind().execute(sa.text(
        "UPDATE orders SET state = 'open' WHERE id IN "
        "(SELECT id FROM orders WHERE state IS NULL LIMIT 1000)"
    )).rowcount:
        pass
"""
SMALL = "where the table is small, say so: # guard: ignore[backfill] <how many rows>"


@rule(
    Update,
    Insert,
    Merge,
    Delete,
    severity="warning",
    instructs=(
        "ALWAYS fill a new column of an existing table in batches that are committed one by one, "
        "in a migration of their own",
    ),
    unsafe=(
        Example(
            upgrade=f"{ADD}\n{FILL_ALL}",
            says="The UPDATE fills `state` in every row of orders at once and locks them all until "
            "the transaction ends: the larger the table, the longer other writers wait.",
            help="Fill it in batches that are committed one by one, outside the migration's "
            f"transaction; {SMALL}",
            at="UPDATE orders",
        ),
        Example(
            upgrade=f"{ADD}\n{FILL}",
            dialect="postgresql",
            says="The UPDATE fills `state` in every row of orders at once and locks them all until "
            "the transaction ends, which has ACCESS EXCLUSIVE on orders from an earlier statement: "
            "the larger the table, the longer reads and writes wait.",
            at="UPDATE orders",
        ),
        Example(
            released=(TABLES, ADD),
            upgrade=FILL,
            dialect="mysql",
            says="The UPDATE fills `state` in every row of orders at once and locks them all until",
            at="UPDATE orders",
        ),
        Example(
            upgrade="op.drop_constraint('ck', 'orders', type_='check')\n"
            "op.execute(\"DELETE FROM lines WHERE state = 'void'\")",
            dialect="postgresql",
            says="The DELETE runs while the transaction has ACCESS EXCLUSIVE on orders from an "
            "earlier statement: the longer it takes, the longer reads and writes of orders wait.",
            help="Change the rows in a revision of their own that is released before or after",
            at="DELETE FROM lines",
        ),
        Example(
            released=(TABLES,),
            upgrade="op.execute('INSERT INTO sums (id, total) SELECT id, total FROM orders')",
            says="The INSERT copies every row of orders into sums at once",
            help="Copy them in batches that are committed one by one, outside the migration's "
            "transaction",
            at="INSERT INTO sums",
        ),
    ),
    safe=(
        Example(upgrade=BATCHES, released=(TABLES, ADD), dialect="postgresql"),
        f"{TABLES}{ADD}\n{FILL_ALL}",
        FILL,
        """
        op.add_column('orders', sa.Column('state', sa.Text()))
        op.execute("UPDATE orders SET state = 'open' WHERE id = 7")
        """,
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('state', sa.Text()))
            op.execute("INSERT INTO roles (name) SELECT 'admin' WHERE NOT EXISTS "
                       "(SELECT 1 FROM roles WHERE name = 'admin')")
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('state', sa.Text()))
            op.execute("UPDATE settings SET value = '2' WHERE id IN (1, 2)")
            """,
            dialect="postgresql",
        ),
        f"{ADD}\n# guard: ignore[backfill] 40 rows\n{FILL_ALL}",
    ),
)
def backfill(operation: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(operation, Update | Insert | Merge | Delete) or _is_batch(operation, context):
        return
    table = operation.table
    if context.is_empty(table) and not isinstance(operation, Insert):
        return
    lock = _held(context)
    done = _done(operation, context)
    if done is not None:
        waits = "other writers wait" if lock is None else "reads and writes wait"
        held = f", which has {lock.lock} on {lock.table} from an earlier statement" if lock else ""
        yield Problem(
            message=f"The {done} at once and locks them all until the transaction ends{held}: the "
            f"larger the table, the longer {waits}.",
            remedy=_remedy(operation, context),
            effect=_effect(table, context),
        )
    elif lock is not None and _may_be_many(operation, context):
        verb = {Update: "UPDATE", Delete: "DELETE", Insert: "INSERT"}.get(type(operation), "MERGE")
        waits = "reads and writes" if "reads" in lock.blocks else "writes"
        yield Problem(
            message=f"The {verb} runs while the transaction has {lock.lock} on {lock.table} from "
            f"an earlier statement: the longer it takes, the longer {waits} of {lock.table} wait.",
            remedy="Change the rows in a revision of their own that is released before or after",
            effect=_effect(table, context),
        )


def _done(operation: Operation, context: Context) -> str | None:
    """Return what is done to every row of a table in use; None where that is not so."""
    match operation:
        case Update(table=table, columns=columns) if not context.is_unreleased(table):
            if takes_all_without_value(operation) and fills_new_columns(operation, context):
                names = ", ".join(f"`{column}`" for column in columns)
                return f"UPDATE fills {names} in every row of {table}"
        case Insert(table=table, copy=copy, from_query=True):
            if copy and copy.all_rows and not context.is_unreleased(copy.source):
                used = not context.is_unreleased(table) or context.server.is_mysql
                if used and not context.is_empty(copy.source):
                    return f"INSERT copies every row of {copy.source} into {table}"
            elif _reads_tables(context) and not context.is_unreleased(table):
                return f"INSERT copies the rows of a query into {table}"
        case Merge(table=table, rows=None) if not context.is_unreleased(table):
            return f"statement writes rows of {table} in bulk"
    return None


def _reads_tables(context: Context) -> bool:
    """Return whether the query of an INSERT takes rows of tables, without a condition."""
    sql, count = context.statement.sql or "", 1
    while count:
        sql, count = re.subn(r"\([^()]*\)", " ", sql)
    return bool(re.search(r"\bFROM\s+[\w\"`]", sql, re.I)) and not _CONDITION.search(sql)


def _held(context: Context) -> TableEffect | None:
    """Return the strictest lock that the transaction has on a table in use."""
    locks = [
        lock
        for lock in context.transaction.locks
        if "writes" in lock.blocks and not context.is_unreleased(lock.table)
    ]
    return next((lock for lock in locks if "reads" in lock.blocks), next(iter(locks), None))


_CONDITION = lazy_re(r"\b(WHERE|LIMIT)\b", re.I)
_KEYS = ("id", "uuid", "key", "code", "slug", "name", "email")
_BATCH = lazy_re(r"\b(LIMIT|BETWEEN|ROWNUM|ctid)\b|[<>]\s*=?\s*:", re.I)


def _is_batch(operation: Operation, context: Context) -> bool:
    """Return whether it is one of many, or of few rows."""
    where = getattr(operation, "where", None)
    return context.statement.repeated or bool(where and _BATCH.search(where))


def _may_be_many(operation: Operation, context: Context) -> bool:
    """Return whether a row change of a table in use is not bound to a few rows."""
    match operation:
        case Insert(from_query=from_query, copy=copy):
            return from_query and copy is not None and not context.is_unreleased(copy.source)
        case Update(table=table, where=where) | Delete(table=table, where=where):
            return not context.is_unreleased(table) and not _names_rows(table, where, context)
    return False


def _names_rows(table: Name, where: str | None, context: Context) -> bool:
    """Return whether a condition gives the values of a key."""
    if not where:
        return False
    return any(
        column.lower().rpartition("_")[2] in _KEYS or context.schema.is_unique(table, [column])
        for column in context.expression(where).values
    )


def _remedy(operation: Operation, context: Context) -> str:
    verb = "Fill it" if isinstance(operation, Update) else "Copy them"
    small = say_so(context.statement, "backfill", "how many rows")
    return (
        f"{verb} in batches that are committed one by one, outside the migration's transaction; "
        f"where the table is small, say so: {small}"
    )


def _effect(table: Name, context: Context) -> Effect | None:
    """Return what the rows' locks do, so that the project may let small tables pass."""
    if context.server.dialect not in ("postgresql", "mysql", "mariadb"):
        return None
    mysql = context.server.is_mysql
    return Effect(
        table=table,
        lock="row locks" if mysql else "ROW EXCLUSIVE",
        blocks=frozenset(["writes", "ddl"]),
        scans=True,
        source=INNODB if mysql else ROWS,
    )
