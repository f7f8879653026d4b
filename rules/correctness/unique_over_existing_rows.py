"""A unique constraint or index on columns that hold rows fails at the first duplicate.

An empty test database has none. Look for them first, and decide which of the rows stays: a DELETE
or an UPDATE before in the same migration answers that. Where the columns were unique already, or
are new and hold nothing, there can be none. CREATE UNIQUE INDEX CONCURRENTLY leaves an invalid
index behind when it fails, which has to be dropped.
"""

from collections.abc import Iterator
from typing import NamedTuple

from guard.constraint_code import columns_sql, same_table, table_sql, written_inline
from guard.facts import DowngradeFailed, UpgradeFailedWithRows
from guard.operations import (
    AddColumn,
    AddConstraint,
    Column,
    CreateIndex,
    Default,
    Delete,
    Merge,
    ModifyColumn,
    Name,
    Operation,
    Update,
)
from guard.rule import Context, Example, Problem, rule

USERS = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('mail', sa.String(80)),
    sa.Column('name', sa.String(80)),
)
"""
DEDUPE = "op.execute('DELETE a FROM users a JOIN users b ON a.mail = b.mail WHERE a.id > b.id')"
UNIQUE = "op.create_index('uq_mail', 'users', ['mail'], unique=True)"


@rule(
    AddConstraint,
    CreateIndex,
    AddColumn,
    ModifyColumn,
    severity="warning",
    predicts=(UpgradeFailedWithRows, DowngradeFailed),
    unsafe=(
        Example(
            released=(USERS,),
            upgrade="op.create_unique_constraint('uq_mail', 'users', ['mail'])",
            dialect="mysql",
            says="Making mail of users unique fails as soon as two rows have the same.",
            help="Look for duplicates and delete or change them first: SELECT mail FROM users "
            "GROUP BY mail HAVING count(*) > 1",
            at="op.create_unique",
        ),
        Example(
            upgrade="op.execute('CREATE UNIQUE INDEX uq ON users (mail, lower(name))')",
            dialect="sqlite",
            says="Making mail, lower(name) of users unique fails as soon as two rows have the same",
            at="CREATE UNIQUE",
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('users') as batch_op:
                batch_op.create_unique_constraint('uq_mail', ['mail'])
            """,
            dialect="sqlite",
            says="Making mail of users unique fails",
            at="batch_op.create",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE users ADD COLUMN rank int DEFAULT 0 UNIQUE')",
            says="Making rank of users unique fails as soon as there are two rows, since all get "
            "the same default.",
            help="Add it without a default, fill it with values of which no two are the same, then "
            "make it unique",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.create_index('uq', 'users', ['mail'], unique=True, postgresql_concurrently=True)
            """,
            dialect="postgresql",
            says="Making mail of users unique fails as soon as two rows have the same, and leaves "
            "an invalid index uq behind.",
            at="op.create_index",
        ),
    ),
    safe=(
        Example(
            released=(f"{USERS}{UNIQUE}",),
            upgrade="op.create_unique_constraint('uq_both', 'users', ['mail', 'name'])",
            dialect="mysql",
        ),
        Example(
            released=(f"{USERS}{UNIQUE}",),
            upgrade="""
            op.drop_index('uq_mail', 'users')
            op.create_unique_constraint('uq_mail', 'users', ['mail'])
            """,
            dialect="mysql",
        ),
        Example(upgrade=f"{DEDUPE}\n{UNIQUE}", dialect="mysql"),
        Example(
            upgrade=f"""
            op.add_column('users', sa.Column('mail', sa.String(80)))
            {UNIQUE}
            """,
            dialect="mysql",
        ),
        f"{USERS}{UNIQUE}",
    ),
)
def unique_over_existing_rows(operation: Operation, context: Context) -> Iterator[Problem]:
    made = _made(operation)
    if made is None or context.is_unreleased(made.table) or context.is_empty(made.table):
        return
    table, columns = made.table, made.columns
    if context.was_unique(table, columns) or _is_key(table, columns, context):
        return
    if _settled(table, context):
        return
    new = [_new_column(table, column, context) for column in columns]
    if any(column and not _is_constant(column.default, context) for column in new):
        return  # it is NULL in all rows, or different
    same = all(new)
    on_the_way_back = context.statement.direction == "downgrade"
    yield Problem(
        message=f"Making {', '.join(columns)} of {table} unique fails as soon as "
        f"{_when(same)}{_left_behind(operation)}.",
        remedy=_remedy(made, same, context),
        severity="info" if on_the_way_back or made.concurrently else None,
    )


class Made(NamedTuple):
    """What is to be unique from now on."""

    table: Name
    columns: tuple[str, ...]
    concurrently: bool = False


def _made(operation: Operation) -> Made | None:
    match operation:
        case AddConstraint(table=table, constraint=constraint, using_index=None):
            if constraint.type == "unique" and constraint.columns:
                return Made(table, constraint.columns)
        case CreateIndex(table=table, unique=True, columns=columns, only=False) if columns:
            return Made(table, columns, concurrently=operation.concurrently)
        case AddColumn(table=table, column=column):
            if written_inline(operation, "unique"):
                return Made(table, (column.name,))
        case ModifyColumn(table=table, column=column) if column.unique:
            return Made(table, (column.name,))
    return None


def _is_constant(default: Default | None, context: Context) -> bool:
    """Return whether all rows get the same value, and no NULL."""
    if default is None or default.sql is None:
        return False
    value = context.expression(default.sql)
    return value.is_constant is True and value.is_null is not True


def _is_key(table: Name, columns: tuple[str, ...], context: Context) -> bool:
    """Return whether a table that no revision makes has its key among the columns."""
    return not context.schema.table(table) and "id" in columns


def _settled(table: Name, context: Context) -> bool:
    """Return whether rows were deleted or changed before: that is taken for the answer."""
    return any(
        isinstance(other, Delete | Update | Merge) and same_table(other.table, table)
        for statement in context.before
        for other in statement.operations
    )


def _new_column(table: Name, name: str, context: Context) -> Column | None:
    """Return the column where this deployment adds it, None where it was there before."""
    for other in context.statement.operations:
        if isinstance(other, AddColumn) and other.column.name == name:
            return other.column
    found = context.schema.column(table, name)
    return found if found and context.is_new_column(table, name) else None


def _when(same: bool) -> str:
    if same:
        return "there are two rows, since all get the same default"
    return "two rows have the same"


def _left_behind(operation: Operation) -> str:
    if isinstance(operation, CreateIndex) and operation.concurrently:
        return f", and leaves an invalid index {operation.name or ''} behind"
    return ""


def _remedy(made: Made, same: bool, context: Context) -> str:
    if same:
        return (
            "Add it without a default, fill it with values of which no two are the same, then make "
            "it unique"
        )
    dialect = context.server.dialect
    plain = all(context.schema.column(made.table, c) or c.isidentifier() for c in made.columns)
    columns = columns_sql(made.columns, dialect) if plain else ", ".join(made.columns)
    query = "SELECT {0} FROM {1} GROUP BY {0} HAVING count(*) > 1"
    return (
        "Look for duplicates and delete or change them first: "
        f"{query.format(columns, table_sql(made.table, dialect))}"
    )
