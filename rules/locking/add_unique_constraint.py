"""Adding a UNIQUE constraint builds its index while nobody can read or write the table.

PostgreSQL takes ACCESS EXCLUSIVE for it, also for UNIQUE in ADD COLUMN, and has no NOT VALID for
keys. CREATE UNIQUE INDEX CONCURRENTLY builds the same index while reads and writes go on, and ADD
CONSTRAINT ... USING INDEX makes a constraint of it in a moment. It does not on a partitioned table,
where each partition gets its index and the parent's takes them. MySQL and MariaDB build the index
while writes go on; with a column that is added in the same statement they build the table anew.
"""

from collections.abc import Iterator

from guard.constraint_code import (
    key_by_index,
    made_key_by_index,
    while_they_go_on,
    written_inline,
)
from guard.index_code import no_key_of
from guard.operations import AddColumn, AddConstraint, Operation
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

BY_INDEX = """
with op.get_context().autocommit_block():
    op.create_index('uq_mail', 'users', ['mail'], unique=True, postgresql_concurrently=True)
op.execute('ALTER TABLE users ADD CONSTRAINT uq_mail UNIQUE USING INDEX uq_mail')
"""
USERS = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('mail', sa.Text(), nullable=False),
)
"""
INDEX = "op.create_index('ix_mail', 'users', ['mail'], unique=True)"


@rule(
    AddConstraint,
    AddColumn,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "ALWAYS build the unique index of a new UNIQUE constraint with CONCURRENTLY on PostgreSQL, "
        "then add it with `USING INDEX`",
    ),
    unsafe=(
        Example(
            upgrade="op.create_unique_constraint('uq_mail', 'users', ['mail'])",
            dialect="postgresql",
            says="Adding unique constraint uq_mail takes ACCESS EXCLUSIVE on users while every row "
            "is read: reads and writes wait.",
            help="Build its index while they go on, then make a constraint of it, in a moment:"
            f"{BY_INDEX.rstrip()}",
            at="op.create_unique",
            fixed=BY_INDEX,
        ),
        Example(
            released=(f"{USERS}{INDEX}",),
            upgrade="op.execute('ALTER TABLE users ADD CONSTRAINT uq_mail UNIQUE (mail)')",
            dialect="postgresql",
            says="Adding unique constraint uq_mail takes ACCESS EXCLUSIVE on users",
            help="ix_mail is such an index already, make a constraint of that, in a moment:\n"
            "op.execute('ALTER TABLE users ADD CONSTRAINT uq_mail UNIQUE USING INDEX ix_mail')",
            at="ALTER TABLE",
            fixed="op.execute('ALTER TABLE users ADD CONSTRAINT uq_mail UNIQUE USING INDEX "
            "ix_mail')",
        ),
        Example(
            released=("op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))",),
            upgrade="op.create_unique_constraint('uq_id', 'users', ['id'])",
            dialect="postgresql",
            says="Adding unique constraint uq_id takes ACCESS EXCLUSIVE on users",
            help="Leave it out: users_pkey allows no value twice already",
            at="op.create_unique",
        ),
        Example(
            upgrade="op.add_column('users', sa.Column('mail', sa.Text(), unique=True))",
            dialect="postgresql",
            says="Adding a unique constraint on mail takes ACCESS EXCLUSIVE on users while every "
            "row is read",
            help="Add the column without it, build its index",
            at="op.add_column",
            fixed="""
            op.add_column('users', sa.Column('mail', sa.Text()))
            with op.get_context().autocommit_block():
                op.create_index('users_mail_key', 'users', ['mail'], unique=True, \
postgresql_concurrently=True)
            op.execute('ALTER TABLE users ADD CONSTRAINT users_mail_key UNIQUE USING INDEX \
users_mail_key')
            """,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE users ADD COLUMN mail text UNIQUE')",
            dialect="postgresql",
            says="Adding a unique constraint on mail takes ACCESS EXCLUSIVE on users",
            at="ALTER TABLE",
            fixed="""
            op.add_column('users', sa.Column('mail', sa.Text()))
            with op.get_context().autocommit_block():
                op.create_index('users_mail_key', 'users', ['mail'], unique=True, \
postgresql_concurrently=True)
            op.execute('ALTER TABLE users ADD CONSTRAINT users_mail_key UNIQUE USING INDEX \
users_mail_key')
            """,
        ),
        Example(
            released=("op.execute('CREATE TABLE users (mail text) PARTITION BY LIST (mail)')",),
            upgrade="op.create_unique_constraint('uq_mail', 'users', ['mail'])",
            dialect="postgresql",
            says="Adding unique constraint uq_mail takes ACCESS EXCLUSIVE on users",
            help="CREATE UNIQUE INDEX on ONLY users, then one CONCURRENTLY on each partition, "
            "attached by ALTER INDEX ... ATTACH PARTITION",
            at="op.create_unique",
        ),
    ),
    safe=(
        Example(upgrade=BY_INDEX, dialect="postgresql"),
        Example(
            released=(f"{USERS}{INDEX}",),
            upgrade="op.execute('ALTER TABLE users ADD CONSTRAINT uq UNIQUE USING INDEX ix_mail')",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"{USERS}op.create_unique_constraint('uq_mail', 'users', ['mail'])",
            dialect="postgresql",
        ),
        Example(
            released=(f"{USERS}{INDEX}".replace("sa.Text()", "sa.String(80)"),),
            upgrade="op.create_unique_constraint('uq_mail', 'users', ['mail', 'id'])",
            dialect="mysql",
        ),
    ),
)
def add_unique_constraint(operation: Operation, context: Context) -> Iterator[Problem]:
    add = written_inline(operation, "unique") if isinstance(operation, AddColumn) else operation
    if not isinstance(add, AddConstraint) or add.constraint.type != "unique":
        return
    if add.using_index:
        if reason := no_key_of(add.table, add.using_index, context.schema):
            yield Problem(
                message=f"Making a unique constraint of index {add.using_index} fails: it "
                f"{reason}.",
                remedy="Leave the constraint out, or build a unique index of all rows for it",
            )
        return
    if context.is_unreleased(add.table) or context.is_empty(add.table):
        return
    effect = context.effect(operation)
    on_mysql = context.server.is_mysql
    if effect is None or (on_mysql and not effect.rewrites):
        return
    yield Problem(
        message=f"Adding {_what(add)} {what_waits(effect, context.size(add.table))}.",
        remedy=_remedy(add, context),
        rewrite=()
        if on_mysql or not _builds_index(add, context)
        else made_key_by_index(add, context.statement),
        severity="warning" if effect.rewrites else None,  # add-column-rewrite speaks of that
        effect=effect,
    )


def _what(add: AddConstraint) -> str:
    if add.constraint.name:
        return f"unique constraint {add.constraint.name}"
    return f"a unique constraint on {', '.join(add.constraint.columns)}"


def _remedy(add: AddConstraint, context: Context) -> str:
    statement = context.statement
    if context.server.is_mysql:
        return "Add the column first, and UNIQUE in a statement of its own, which only reads"
    if _is_partitioned(add, context):
        return (
            f"CREATE UNIQUE INDEX on ONLY {add.table}, then one CONCURRENTLY on each partition, "
            "attached by ALTER INDEX ... ATTACH PARTITION: a unique index is all that a foreign "
            "key or ON CONFLICT needs"
        )
    ready = _ready(add, context)
    if ready and _is_of_constraint(ready, add, context):
        return f"Leave it out: {ready} allows no value twice already"
    if ready:
        return (
            f"{ready} is such an index already, make a constraint of that, in a moment:\n"
            f"{key_by_index(add, 'UNIQUE', statement, ready)}"
        )
    it = "Build its index"
    if any(isinstance(o, AddColumn) for o in statement.operations):
        it = "Add the column without it, build its index"
    return (
        f"{it} {while_they_go_on(statement)}, then make a constraint of it, in a moment:\n"
        f"{key_by_index(add, 'UNIQUE', statement)}"
    )


def _builds_index(add: AddConstraint, context: Context) -> bool:
    """Return whether its index can be built while writes go on, and is not there yet."""
    indexes = context.schema.indexes(add.table)
    taken = any(index.name == add.constraint.name for index in indexes)
    return not (taken or _is_partitioned(add, context) or _ready(add, context))


def _is_partitioned(add: AddConstraint, context: Context) -> bool:
    found = context.schema.table(add.table)
    return bool(found and found.partitioned)


def _is_of_constraint(index: str, add: AddConstraint, context: Context) -> bool:
    """Return whether a key or constraint has the index, which can serve no second one."""
    table = context.schema.table(add.table)
    return any(one.name == index for one in (table.constraints if table else ()))


def _ready(add: AddConstraint, context: Context) -> str | None:
    """Return the name of an index that the constraint can be made of."""
    if add.constraint.include or add.constraint.nulls_not_distinct:
        return None  # what an index has of it is not known well enough
    return next(
        (
            index.name
            for index in context.schema.indexes(add.table)
            if index.unique
            and index.valid
            and not index.where
            and index.certain
            and index.columns == add.constraint.columns
            and index.name
        ),
        None,
    )
