"""Locks on several tables that one transaction collects end in deadlocks.

PostgreSQL holds each lock until the transaction ends. While a migration waits for the second table,
the first one stays locked, and a request that has begun with the second and now needs the first
waits for the migration: PostgreSQL ends one of the two. It is told of locks that not even a
read can pass. Alembic runs all new revisions in one
transaction, so that putting them into several files is not enough: deploy them one after the
other, or let each have its own transaction. Tables that the deployment makes or drops do not count,
nor does a foreign key by itself, which needs both of its tables at once.
"""

from collections.abc import Iterator

from guard.effects.effect import Effect, TableEffect
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    CreateIndex,
    CreateObject,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropObject,
    DropTable,
    LockTable,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    Truncate,
    is_known,
)
from guard.renames import same_name
from guard.rule import Context, Example, Problem, revision_file, rule
from guard.schema.model import ABSENT

BOTH = """
op.alter_column('orders', 'state', nullable=True)
op.alter_column('users', 'state', nullable=True)
"""
APART = """
op.alter_column('orders', 'state', nullable=True)
with op.get_context().autocommit_block():
    op.execute("SET lock_timeout = '5s'")
    op.alter_column('users', 'state', nullable=True)
"""
IRREVERSIBLE = "raise NotImplementedError('an example')"
RELEASED = revision_file("a1", None, "op.execute('ANALYZE')")
ONE_EACH = revision_file(
    "b2", "a1", "op.alter_column('orders', 'state', nullable=True)", IRREVERSIBLE
) | revision_file("c3", "b2", "op.alter_column('users', 'state', nullable=True)", IRREVERSIBLE)
PER_MIGRATION = {
    "migrations/env.py": """
from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite://").connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
}


@rule(
    AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, AttachPartition,
    ChangeColumnType, CreateIndex, CreateObject, DetachPartition, DropColumn, DropConstraint,
    DropDefault, DropIndex, DropNotNull, DropObject, DropTable, LockTable, RenameColumn,
    RenameTable, SetDefault, SetNotNull, Truncate,
    severity="warning",
    dialects=("postgresql",),
    instructs=(
        "ALWAYS change one table in a migration, so that no transaction holds the locks of several",
    ),
    unsafe=(
        Example(
            upgrade=BOTH,
            dialect="postgresql",
            says="The transaction holds ACCESS EXCLUSIVE on orders and now waits for ACCESS "
            "EXCLUSIVE on users: orders stays locked meanwhile, and a request that uses both in "
            "the other order ends in a deadlock.",
            help="Let a later release change users, or let each revision have a transaction "
            "(transaction_per_migration=True in context.configure()); or put it into "
            "`with op.get_context().autocommit_block():`, which commits before",
            at="op.alter_column('users'",
            fixed=APART,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER state DROP NOT NULL')\n"
            "op.execute('ALTER TABLE users ALTER state DROP NOT NULL')",
            dialect="postgresql",
            says="holds ACCESS EXCLUSIVE on orders and now waits for ACCESS EXCLUSIVE on users",
            at="ALTER TABLE users",
            fixed=APART,
        ),
        Example(
            base=RELEASED,
            change=ONE_EACH,
            dialect="postgresql",
            says="holds ACCESS EXCLUSIVE on orders and now waits for ACCESS EXCLUSIVE on users",
            at="op.alter_column('users'",
            fixed=APART,
        ),
    ),
    safe=(
        Example(upgrade=APART, dialect="postgresql"),
        Example(
            upgrade="""
            op.alter_column('orders', 'state', nullable=True)
            op.alter_column('orders', 'note', nullable=True)
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.create_table('notes', sa.Column('id', sa.Integer(), primary_key=True))
            op.alter_column('orders', 'state', nullable=True)
            op.alter_column('notes', 'id', server_default='1')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('hint', sa.Text()))
            op.add_column('users', sa.Column('hint', sa.Text()))
            """,
            dialect="sqlite",
        ),
        Example(
            upgrade="""
            op.execute('SET LOCAL search_path TO shop, public')
            op.execute('ALTER TABLE orders ALTER state DROP NOT NULL')
            op.execute('ALTER TABLE shop.orders ALTER note DROP NOT NULL')
            """,
            dialect="postgresql",
        ),
        Example(upgrade="op.execute('SELECT 1')", downgrade=BOTH, dialect="postgresql"),
        Example(base=RELEASED, change=ONE_EACH | PER_MIGRATION, dialect="postgresql"),
    ),
)  # fmt: skip
def lock_many_tables(operation: Operation, context: Context) -> Iterator[Problem]:
    effect = context.effect(operation)
    if effect is None or context.statement.direction == "downgrade":
        return
    taken = effect.related if isinstance(operation, DropTable) else (effect, *effect.related)
    held = _held(context)
    more = [
        one
        for one in _strong(taken, context)
        if not any(_is_one(one.table, table, context) for table in held)
    ]
    if not held or not more or _is_told(context):
        return
    table, lock = next(iter(held.items()))
    wanted = more[0]
    yield Problem(
        message=f"The transaction holds {lock} on {table} and now waits for {wanted.lock} on "
        f"{wanted.table}: {table} stays locked meanwhile, and a request that uses both in the "
        "other order ends in a deadlock.",
        remedy=f"Let a later release change {wanted.table}, {_apart(context)}",
        effect=effect,
    )


def _apart(context: Context) -> str:
    """Return how the second table gets a transaction of its own."""
    if context.statement.in_sql_file:
        return "or a migration of its own, which is run in a transaction of its own"
    return (
        "or let each revision have a transaction (transaction_per_migration=True in "
        "context.configure()); or put it into `with op.get_context().autocommit_block():`, which "
        "commits before"
    )


def _held(context: Context) -> dict[Name, str]:
    """Return the tables that others use and that are locked already, each with its lock."""
    return {one.table: one.lock for one in _strong(context.transaction.locks, context)}


def _is_one(one: Name, other: Name, context: Context) -> bool:
    """Return whether the names are of one table: a search_path leads to one without its schema."""
    return one == other or ("search_path" in context.settings and same_name(one, other))


def _strong(locks: tuple[TableEffect, ...], context: Context) -> Iterator[TableEffect]:
    """Yield those that all traffic waits for: not on a table that is dropped, which nobody uses."""
    for one in locks:
        gone = context.schema.table(one.table) is ABSENT
        named = is_known(one.table)  # else it may be another's name with a schema before it
        if "reads" in one.blocks and named and not gone and not context.is_unreleased(one.table):
            yield one


def _is_told(context: Context) -> bool:
    """Return whether an earlier statement of the transaction took a second table already."""
    held: set[Name] = set()
    told = False
    for one in _strong(context.transaction.locks, context):
        # An Effect begins what one operation takes, the related ones follow.
        others = any(not _is_one(one.table, table, context) for table in held)
        told = told or (isinstance(one, Effect) and others)
        held.add(one.table)
    return told
