"""Adding a primary key builds its index, and reads or rebuilds the table, while traffic waits.

PostgreSQL takes ACCESS EXCLUSIVE for it. Over a unique index that was built with CONCURRENTLY (ADD
CONSTRAINT ... PRIMARY KEY USING INDEX) it takes a moment, if the columns are NOT NULL already;
else it reads every row for NULLs, unless a valid CHECK (c IS NOT NULL) proves that there are none.
MySQL and MariaDB keep the rows in the primary key: to add one builds the table anew while writes go
on, and to drop one copies it while nobody can write, unless the same ALTER TABLE adds another. That
a column which is added as a key has no value for the rows, or gives each another, other rules say.
"""

from collections.abc import Iterator

from guard.constraint_code import key_by_index, while_they_go_on, written_inline
from guard.index_code import no_key_of
from guard.operations import AddColumn, AddConstraint, DropConstraint, Operation
from guard.phrases import COPYING_TOOLS, reads_rows, what_waits
from guard.rule import Context, Example, Problem, rule

BY_INDEX = """
with op.get_context().autocommit_block():
    op.create_index('pk_users', 'users', ['id'], unique=True, postgresql_concurrently=True)
op.execute('ALTER TABLE users ADD CONSTRAINT pk_users PRIMARY KEY USING INDEX pk_users')
"""
WITHOUT = "op.create_table('users', sa.Column('id', sa.Integer(), nullable=False))"
USERS = """
op.create_table('users', sa.Column('id', sa.Integer(), nullable={nullable}))
op.create_index('uq_id', 'users', ['id'], unique=True)
"""
USING_INDEX = "op.execute('ALTER TABLE users ADD CONSTRAINT pk PRIMARY KEY USING INDEX uq_id')"
PROVEN = "op.create_check_constraint('ck_id', 'users', 'id IS NOT NULL')"


@rule(
    AddConstraint,
    AddColumn,
    DropConstraint,
    dialects=("postgresql", "mysql", "mariadb"),
    unsafe=(
        Example(
            released=(WITHOUT,),
            upgrade="op.create_primary_key('pk_users', 'users', ['id'])",
            dialect="postgresql",
            says="Adding primary key pk_users takes ACCESS EXCLUSIVE on users while every row is "
            "read: reads and writes wait.",
            help="Build its index while they go on, with columns that are NOT NULL, then make a "
            f"key of it, in a moment:{BY_INDEX.rstrip()}",
            at="op.create_primary",
            fixed=BY_INDEX,
        ),
        Example(
            released=(WITHOUT.replace(", nullable=False", ""),),
            upgrade="op.create_primary_key('pk_users', 'users', ['id'])",
            dialect="postgresql",
            says="Adding primary key pk_users takes ACCESS EXCLUSIVE on users",
            help="Prove before that no id is NULL: in earlier releases a CHECK (id IS NOT NULL) "
            "NOT VALID, then VALIDATE CONSTRAINT, then SET NOT NULL. Then build a unique index "
            "CONCURRENTLY, and make a key of that",
            at="op.create_primary",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE users ADD COLUMN n int DEFAULT 0 PRIMARY KEY')",
            dialect="postgresql",
            says="Adding a primary key on n takes ACCESS EXCLUSIVE on users",
            help="Add the column without it, fill it, make it NOT NULL by a CHECK",
            at="ALTER TABLE",
        ),
        Example(
            released=(USERS.format(nullable=True),),
            upgrade=USING_INDEX,
            dialect="postgresql",
            says="Making a primary key of index uq_id takes ACCESS EXCLUSIVE on users while every "
            "row is read: reads and writes wait. It looks for NULLs, since id is nullable.",
            help="Prove before that there is none: in earlier releases a CHECK (id IS NOT NULL) "
            "NOT VALID, then VALIDATE CONSTRAINT",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.create_primary_key('pk_users', 'users', ['id'])",
            dialect="mysql",
            says="Adding primary key pk_users rebuilds users with LOCK=NONE: reads and writes go "
            "on.",
            help="Run it when little is written to users",
            at="op.create_primary",
        ),
        Example(
            upgrade="op.drop_constraint('PRIMARY', 'users', type_='primary')",
            dialect="mysql",
            says="Dropping the primary key copies users with LOCK=SHARED: writes wait.",
            help="Add the new key in the same ALTER TABLE, which lets writes go on: "
            "ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY (...)",
            at="op.drop_constraint",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE users DROP PRIMARY KEY')",
            dialect="mariadb",
            says="Dropping the primary key copies users with LOCK=SHARED: writes wait.",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            released=(USERS.format(nullable=False),), upgrade=USING_INDEX, dialect="postgresql"
        ),
        Example(
            released=(f"{USERS.format(nullable=True)}{PROVEN}",),
            upgrade=USING_INDEX,
            dialect="postgresql",
        ),
        Example(released=(WITHOUT,), upgrade=BY_INDEX, dialect="postgresql"),
        Example(
            upgrade="""
            op.create_table('users', sa.Column('id', sa.Integer(), nullable=False))
            op.create_primary_key('pk_users', 'users', ['id'])
            """,
            dialect="postgresql",
        ),
    ),
)
def add_primary_key(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, DropConstraint):
        yield from _dropped(operation, context)
        return
    column = operation.column if isinstance(operation, AddColumn) else None
    add: Operation | None = operation
    if isinstance(operation, AddColumn):
        add = written_inline(operation, "primary key")
    if not isinstance(add, AddConstraint) or add.constraint.type != "primary key":
        return
    if add.using_index and (reason := no_key_of(add.table, add.using_index, context.schema)):
        yield Problem(
            message=f"Making a primary key of index {add.using_index} fails: it {reason}.",
            remedy="Build a unique index of all rows for it",
        )
        return
    effect = context.effect(operation)
    if effect is None or context.is_unreleased(add.table) or context.is_empty(add.table):
        return
    if not reads_rows(effect) or (column and context.server.is_mysql):
        return
    nullable = _nullable(add, context)
    if add.using_index and not nullable:
        return
    since = f" It looks for NULLs, since {nullable} is nullable." if add.using_index else ""
    worse = column is not None and (column.generated or column.default is None or effect.rewrites)
    yield Problem(
        message=f"{_what(add)} {what_waits(effect, context.size(add.table))}.{since}",
        remedy=_remedy(operation, add, nullable, context),
        severity="warning" if worse or context.server.is_mysql else None,
        effect=effect,
    )


def _drops_key(operation: Operation) -> bool:
    return isinstance(operation, DropConstraint) and operation.type == "primary key"


def _nullable(add: AddConstraint, context: Context) -> str:
    """Return the first column that surely may be NULL, "" where none is known to."""
    columns = add.constraint.columns
    if add.using_index:
        named = (i for i in context.schema.indexes(add.table) if i.name == add.using_index)
        columns = next((index.columns for index in named), ())
    for column in columns:
        found = context.schema.column(add.table, column)
        proven = context.schema.has_valid_check_not_null(add.table, column)
        if found and found.certain and found.nullable and not proven:
            return column
    return ""


def _what(add: AddConstraint) -> str:
    if add.using_index:
        return f"Making a primary key of index {add.using_index}"
    if add.constraint.name:
        return f"Adding primary key {add.constraint.name}"
    return f"Adding a primary key on {', '.join(add.constraint.columns)}"


def _remedy(operation: Operation, add: AddConstraint, nullable: str, context: Context) -> str:
    if context.server.is_mysql:
        return (
            f"Run it when little is written to {add.table}, or change a copy of the table with "
            f"{COPYING_TOOLS}"
        )
    column = nullable or ", ".join(add.constraint.columns)
    prove = f"a CHECK ({column} IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT, then SET NOT NULL"
    if add.using_index:
        return f"Prove before that there is none: in earlier releases {prove}"
    if isinstance(operation, AddColumn):
        return (
            f"Add the column without it, fill it, make it NOT NULL by a CHECK (in releases of "
            f"their own: {prove}), build a unique index CONCURRENTLY, and make a key of that: "
            "ADD CONSTRAINT ... PRIMARY KEY USING INDEX"
        )
    found = context.schema.table(add.table)
    if found and found.partitioned:
        return (
            "Make a new partitioned table that has the key, and move the rows: a partitioned table "
            "takes no key by USING INDEX"
        )
    if nullable:
        return (
            f"Prove before that no {column} is NULL: in earlier releases {prove}. Then build a "
            "unique index CONCURRENTLY, and make a key of that: ADD CONSTRAINT ... PRIMARY KEY "
            "USING INDEX"
        )
    return (
        f"Build its index {while_they_go_on(context.statement)}, with columns that are NOT NULL, "
        "then make a key of it, in a moment:\n"
        + key_by_index(add, "PRIMARY KEY", context.statement)
    )


def _dropped(drop: DropConstraint, context: Context) -> Iterator[Problem]:
    """MySQL and MariaDB: the rows are stored in the key that goes."""
    if not context.server.is_mysql or not _drops_key(drop) or context.is_unreleased(drop.table):
        return
    if any(_adds_key(o) for o in context.statement.operations) or context.is_empty(drop.table):
        return
    effect = context.effect(drop)
    if effect is None or context.undoes_upgrade(drop):
        return
    yield Problem(
        message=f"Dropping the primary key {what_waits(effect, context.size(drop.table))}.",
        remedy="Add the new key in the same ALTER TABLE, which lets writes go on: "
        f"ALTER TABLE {drop.table} DROP PRIMARY KEY, ADD PRIMARY KEY (...)",
        effect=effect,
    )


def _adds_key(operation: Operation) -> bool:
    if isinstance(operation, AddColumn):
        return operation.column.primary_key
    return isinstance(operation, AddConstraint) and operation.constraint.type == "primary key"
