"""IF NOT EXISTS hides the invalid index that a failed CREATE INDEX CONCURRENTLY leaves behind.

A build that fails (a lock_timeout, a deadlock, duplicates under UNIQUE) leaves an INVALID index,
which each write maintains and no query uses. The next run finds the name taken, says so in a notice
and passes. Drop the index first, which does nothing where there is none, and build it without IF
NOT EXISTS.
"""

from collections.abc import Iterator

from guard.constraint_code import in_autocommit_block
from guard.index_code import (
    create_concurrently,
    create_concurrently_sql,
    drop_concurrently,
    drop_concurrently_sql,
)
from guard.operations import CreateIndex, DropIndex, Name
from guard.rule import Context, Example, Problem, rule

DROP_FIRST = """
with op.get_context().autocommit_block():
    op.drop_index('ix', 'orders', postgresql_concurrently=True, if_exists=True)
    op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)
"""


@rule(
    CreateIndex,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.create_index(
                    'ix', 'orders', ['total'], postgresql_concurrently=True, if_not_exists=True
                )
            """,
            dialect="postgresql",
            says="Where an earlier build of ix failed, IF NOT EXISTS passes over the invalid index "
            "that it left, which no query uses.",
            help=f"Drop what may be left of it, then build it:{DROP_FIRST.rstrip()}",
            at="op.create_index",
            fixed=DROP_FIRST,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq ON s.orders (a)')
            """,
            dialect="postgresql",
            says="Where an earlier build of uq failed, IF NOT EXISTS passes over",
            at="CREATE UNIQUE",
            fixed="""
            with op.get_context().autocommit_block():
                op.drop_index('uq', 'orders', schema='s', postgresql_concurrently=True, \
if_exists=True)
                op.create_index('uq', 'orders', ['a'], schema='s', unique=True, \
postgresql_concurrently=True)
            """,
        ),
    ),
    safe=(
        Example(upgrade=DROP_FIRST, dialect="postgresql"),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix')
                op.execute('CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (total)')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.execute('CREATE TABLE logs (id int PRIMARY KEY)')
            op.execute('CREATE INDEX IF NOT EXISTS ix ON logs (id)')
            """,
            dialect="postgresql",
        ),
    ),
)
def invalid_index_hidden(create: CreateIndex, context: Context) -> Iterator[Problem]:
    if not (create.concurrently and create.if_not_exists) or create.name is None:
        return
    dropped = (o for s in context.before for o in s.operations if isinstance(o, DropIndex))
    if any(drop.name.name == create.name for drop in dropped):
        return
    if context.is_unreleased(create.table):
        return
    yield Problem(
        message=f"Where an earlier build of {create.name} failed, IF NOT EXISTS passes over the "
        "invalid index that it left, which no query uses.",
        remedy=_remedy(create, context),
    )


def _remedy(create: CreateIndex, context: Context) -> str:
    what = "Drop what may be left of it, then build it"
    name = Name(create.name or "", create.table.schema)
    if context.statement.in_sql_file:
        sql = create_concurrently_sql(create)
        drop = drop_concurrently_sql(DropIndex(name=name, if_exists=True))
        return f"{what}:\n{drop};\n{sql};" if sql else f"{what}: {drop}, each in a migration"
    drop = drop_concurrently(DropIndex(name=name, table=create.table, if_exists=True))
    code = create_concurrently(create)
    if code is None:
        return f"{what} without IF NOT EXISTS: `{drop}`"
    return f"{what}:\n{in_autocommit_block(drop, code)}"
