"""A new rule for rows refuses what the code that is still running writes.

While a release rolls out, the old code goes on writing. A CHECK, a unique key, a foreign key or NOT
NULL holds for its rows at once, NOT VALID or not: what it breaks is an error for somebody. Deploy
code that keeps to it first. Off unless it is selected, since nobody but the team knows what its
code writes.
"""

from collections.abc import Iterator

from guard.operations import AddConstraint, CreateIndex, ModifyColumn, Name, Operation, SetNotNull
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["new-write-restriction"]}


@rule(
    AddConstraint,
    CreateIndex,
    SetNotNull,
    ModifyColumn,
    severity="off",
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT ck CHECK (sum > 0) NOT VALID')",
            dialect="postgresql",
            config=SELECTED,
            says="From now on CHECK ck refuses rows of orders that break it, also those which "
            "running code writes.",
            help="Deploy code that keeps to it first",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.create_index('uq', 'users', ['mail'], unique=True)",
            config=SELECTED,
            says="From now on unique index uq refuses rows of users",
            at="op.create_index",
        ),
        Example(
            upgrade="op.alter_column('users', 'mail', nullable=False)",
            dialect="postgresql",
            config=SELECTED,
            says="From now on NOT NULL of mail refuses rows of users",
            at="op.alter_column",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            op.create_table('users', sa.Column('mail', sa.String(80)))
            op.create_index('uq', 'users', ['mail'], unique=True)
            """,
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_index('ix', 'users', ['mail'])", config=SELECTED, dialect="mysql"
        ),
        Example(
            upgrade="""
            op.add_column('users', sa.Column('mail', sa.String(80)))
            op.create_unique_constraint('uq', 'users', ['mail'])
            """,
            config=SELECTED,
            dialect="mysql",
        ),
    ),
)
def new_write_restriction(operation: Operation, context: Context) -> Iterator[Problem]:
    table, restriction = getattr(operation, "table", None), _restriction(operation, context)
    if restriction is None or not isinstance(table, Name) or context.is_unreleased(table):
        return
    name, columns = restriction
    if context.statement.direction == "downgrade":
        return  # the code from before kept to it
    if columns and all(context.is_new_column(table, column) for column in columns):
        return  # running code does not know them
    yield Problem(
        message=f"From now on {name} refuses rows of {table} that break it, also those which "
        "running code writes.",
        remedy="Deploy code that keeps to it first, then add it in a later deployment",
    )


def _restriction(operation: Operation, context: Context) -> tuple[str, tuple[str, ...]] | None:
    """Return what is asked of rows anew, and of which columns; None for nothing new."""
    match operation:
        case AddConstraint(constraint=constraint, using_index=None):
            kind = "CHECK" if constraint.type == "check" else constraint.type
            return f"{kind} {constraint.name or ''}".strip(), constraint.columns
        case CreateIndex(unique=True, name=name, columns=columns):
            return f"unique index {name or ''}".strip(), columns
        case SetNotNull(column=column, table=table):
            if not context.is_never_null(table, column):
                return f"NOT NULL of {column}", (column,)
        case ModifyColumn(column=column, table=table) if not column.nullable:
            if not context.is_never_null(table, column.name):
                return f"NOT NULL of {column.name}", (column.name,)
    return None
