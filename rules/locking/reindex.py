"""Building an index of PostgreSQL anew makes writes of its table wait, and reads that would use it.

REINDEX takes SHARE on the table, and ACCESS EXCLUSIVE on each index while that is built, for which
even the planning of a query waits. REINDEX CONCURRENTLY, which runs outside of a transaction only,
lets all go on.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, in_autocommit_block, table_sql
from guard.index_code import OUTSIDE
from guard.operations import Reindex
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.execute('REINDEX TABLE CONCURRENTLY orders')
"""


@rule(
    Reindex,
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.execute('REINDEX TABLE orders')",
            dialect="postgresql",
            says="REINDEX takes SHARE on orders while every row is read: reads and writes wait.",
            help="Build it anew while they go on, outside of the transaction:"
            f"{CONCURRENTLY.rstrip()}",
            at="REINDEX",
            fixed=CONCURRENTLY,
        ),
        Example(
            upgrade="op.execute('REINDEX (VERBOSE) INDEX shop.by_total')",
            dialect="postgresql",
            says="REINDEX takes SHARE on the table of shop.by_total",
            help="op.execute('REINDEX INDEX CONCURRENTLY shop.by_total')",
            at="REINDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX INDEX CONCURRENTLY shop.by_total')
            """,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX SCHEMA shop')
            """,
            dialect="postgresql",
            says="REINDEX takes SHARE on one table of schema shop after the other while every row "
            "is read: reads and writes wait.",
            at="REINDEX",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX SCHEMA CONCURRENTLY shop')
            """,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX SYSTEM shop')
            """,
            dialect="postgresql",
            says="REINDEX takes SHARE on one table of the system's catalogue after the other",
            help="Run it while nothing else uses the database: REINDEX SYSTEM knows no "
            "CONCURRENTLY",
            at="REINDEX",
        ),
    ),
    safe=(
        Example(upgrade=CONCURRENTLY, dialect="postgresql"),
        Example(
            upgrade="""
            op.execute('CREATE TABLE logs (id int PRIMARY KEY)')
            op.execute('REINDEX TABLE logs')
            """,
            dialect="postgresql",
        ),
    ),
)
def reindex(reindex: Reindex, context: Context) -> Iterator[Problem]:
    effect = context.effect(reindex)
    name = reindex.name
    if reindex.concurrently or (effect and context.is_unreleased(effect.table)):
        return
    found = context.schema.table(effect.table) if effect else None
    if context.transaction.begun and (effect is None or (found and found.partitioned)):
        return  # it fails, as not-in-transaction says
    if effect is None:
        where = _WHERE.get(reindex.target, "").format(name=name) or "the database"
        waits = (
            f"takes SHARE on one table of {where} after the other while every row is read: reads "
            "and writes wait"
        )
    else:
        waits = what_waits(effect, context.size(effect.table))
        if reindex.target == "index" and effect.table == name:
            waits = waits.replace(f"on {name} ", f"on the table of {name} ", 1)
    yield Problem(message=f"REINDEX {waits}.", remedy=_remedy(reindex, context), effect=effect)


_WHERE = {"schema": "schema {name}", "system": "the system's catalogue"}


def _remedy(reindex: Reindex, context: Context) -> str:
    if reindex.target == "system":
        return "Run it while nothing else uses the database: REINDEX SYSTEM knows no CONCURRENTLY"
    name = f" {table_sql(reindex.name, 'postgresql')}" if reindex.name else ""
    code = executed(f"REINDEX {reindex.target.upper()} CONCURRENTLY{name}", context.statement)
    if context.statement.in_sql_file:
        return f"Build it anew while they go on, in {OUTSIDE}:\n{code}"
    code = in_autocommit_block(code)
    return f"Build it anew while they go on, outside of the transaction:\n{code}"
