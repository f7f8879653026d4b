"""A table without a primary key has rows that nothing tells apart.

Logical replication cannot change them, batches cannot walk through them, SQLAlchemy cannot map the
table, and InnoDB makes up a hidden key that nobody can use. A UNIQUE over NOT NULL columns could be
the key. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.constraint_code import same_table
from guard.operations import AddColumn, AddConstraint, CreateTable, Operation
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["missing-primary-key"]}


@rule(
    CreateTable,
    severity="off",
    unsafe=(
        Example(
            upgrade="op.create_table('events', sa.Column('at', sa.DateTime()))",
            config=SELECTED,
            says="Table events has no primary key.",
            help="Give it one: sa.Column('id', sa.BigInteger(), primary_key=True)",
            at="op.create_table",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE users (mail text NOT NULL UNIQUE)')",
            config=SELECTED,
            says="Table users has no primary key, but could: mail is unique and NOT NULL.",
            help="Make mail its primary key",
            at="CREATE TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))",
            config=SELECTED,
        ),
        Example(
            upgrade="""
            op.create_table('t', sa.Column('id', sa.Integer(), nullable=False))
            op.create_primary_key('pk', 't', ['id'])
            """,
            config=SELECTED,
        ),
        Example(upgrade="op.execute('CREATE TEMPORARY TABLE t (a int)')", config=SELECTED),
    ),
)
def missing_primary_key(create: CreateTable, context: Context) -> Iterator[Problem]:
    own = create.temporary or create.like or create.partition_of or create.filled
    if own or not create.complete or not create.columns or _has_key(create):
        return
    later = (o for statement in context.after for o in statement.operations)
    if context.statement.direction == "downgrade" or any(_adds_key(o, create) for o in later):
        return
    candidate = _candidate(create)
    if candidate:
        yield Problem(
            message=f"Table {create.table} has no primary key, but could: {candidate} is unique "
            "and NOT NULL.",
            remedy=f"Make {candidate} its primary key",
        )
        return
    yield Problem(
        message=f"Table {create.table} has no primary key.",
        remedy=f"Give it one: {_key(context)}",
    )


def _key(context: Context) -> str:
    if context.statement.in_sql_file:
        return "id bigint PRIMARY KEY"
    return "sa.Column('id', sa.BigInteger(), primary_key=True)"


def _has_key(create: CreateTable) -> bool:
    return any(column.primary_key for column in create.columns) or any(
        constraint.type == "primary key" for constraint in create.constraints
    )


def _adds_key(operation: Operation, create: CreateTable) -> bool:
    match operation:
        case AddConstraint(table=table, constraint=constraint):
            return constraint.type == "primary key" and same_table(table, create.table)
        case AddColumn(table=table, column=column):
            return column.primary_key and same_table(table, create.table)
    return False


def _candidate(create: CreateTable) -> str:
    """Return the columns that could be the key, "" where none are known to."""
    required = {column.name for column in create.columns if not column.nullable}
    for column in create.columns:
        if column.unique and column.name in required:
            return column.name
    for constraint in create.constraints:
        if constraint.type == "unique" and set(constraint.columns) <= required:
            return ", ".join(constraint.columns)
    return ""
