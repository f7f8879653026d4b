"""A constraint or index that has no name can hardly be dropped again.

The server makes a name up, each its own way (orders_user_id_fkey, orders_ibfk_1, SYS_C0012), and
op.drop_constraint(None) raises an error, in the downgrade for one. SQLite's batch mode refuses to
add what has no name. Give it one, or give the MetaData a naming_convention, which names them all:
then this rule has nothing to say. Constraints that are made with their table are left alone, and so
is on PostgreSQL what goes with a new column.
"""

from collections.abc import Iterator

from guard.constraint_code import condition_of, label_of
from guard.operations import AddColumn, AddConstraint, Constraint, CreateIndex, Name, Operation
from guard.rewrite import Argument, Rewrite
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table


@rule(
    AddConstraint,
    CreateIndex,
    severity="warning",
    instructs=("ALWAYS name constraints and indexes that a migration adds",),
    unsafe=(
        Example(
            upgrade="op.create_foreign_key(None, 'orders', 'users', ['user_id'], ['id'])",
            says="The foreign key on user_id of orders gets a name that the server makes up: "
            "op.drop_constraint() cannot say which one it means.",
            help="Name it, orders_user_id_fkey for one, or give the MetaData a naming_convention",
            at="op.create_foreign_key",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CHECK (total > 0) NOT VALID')",
            dialect="postgresql",
            says="The CHECK (total > 0) of orders gets a name that the server makes up",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('CREATE INDEX CONCURRENTLY ON orders (total)')
            """,
            dialect="postgresql",
            says="The index on total of orders gets a name that the server makes up: a downgrade "
            "cannot say which one it means.",
            help="Name it, orders_total_idx for one",
            at="CREATE INDEX",
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.create_unique_constraint(None, ['number'])
            """,
            dialect="sqlite",
            says="Alembic refuses the unique constraint on number of orders: in batch mode on "
            "SQLite a constraint must have a name.",
            at="batch_op.create_unique",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], "
            "postgresql_not_valid=True)",
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.create_table('orders', sa.Column('number', sa.Integer()))
            op.create_unique_constraint(None, 'orders', ['number'])
            """,
            dialect="postgresql",
        ),
        Example(
            base={"app/models.py": "metadata = MetaData(naming_convention={'ck': 'ck_%(table)s'})"},
            upgrade="op.execute('ALTER TABLE orders ADD CHECK (total > 0) NOT ENFORCED')",
            dialect="mysql",
        ),
    ),
)
def unnamed_constraint(operation: Operation, context: Context) -> Iterator[Problem]:
    constraint = _unnamed(operation, context)
    table = getattr(operation, "table", None)
    if constraint is None or not isinstance(table, Name) or context.is_unreleased(table):
        return
    if context.names_constraints or _goes_with_its_column(table, constraint, context):
        return
    batch = context.statement.batch
    refused = batch is not None and context.server.dialect == "sqlite"
    if refused and batch is not None and batch.naming_convention:
        return
    label = _label(table, constraint, operation, context)
    what = f"{_what(operation, constraint)} of {table}"
    if refused:
        message = (
            f"Alembic refuses the {what}: in batch mode on SQLite a constraint must have a name."
        )
    else:
        message = f"The {what} gets a name that the server makes up: {_lost(context)}."
    yield Problem(
        message=message,
        remedy=f"Name it, {label} for one, or give the MetaData a naming_convention",
        rewrite=_named(operation, label, context),
        severity="error" if refused else None,
    )


def _named(operation: Operation, label: str, context: Context) -> Rewrite:
    """Return the call with the name."""
    called = context.statement.directive
    one = len(context.statement.operations) == 1 and not context.statement.repeated
    if called is None or not one or not called.name.startswith("create_"):
        return ()
    if _is_taken(label, operation, context):
        return ()
    word = "index_name" if isinstance(operation, CreateIndex) else "constraint_name"
    return (Argument(word, repr(label), position=0),)


def _label(table: Name, constraint: Constraint, operation: Operation, context: Context) -> str:
    """Return the name that PostgreSQL would give it: a CHECK is called after its one column."""
    if isinstance(operation, CreateIndex):
        return "_".join([table.name, *operation.columns, "idx"])
    columns = constraint.columns
    if constraint.type == "check" and constraint.sql and not columns:
        columns = context.expression(constraint.sql).columns
        columns = columns if len(columns) == 1 else ()
    return label_of(table, Constraint(type=constraint.type, columns=columns))


def _is_taken(label: str, operation: Operation, context: Context) -> bool:
    """Return whether the table has a constraint of that name, or gets one from another call."""
    table = getattr(operation, "table", None)
    if not isinstance(table, Name):
        return False
    found = context.schema.table(table)
    there = found.constraints if isinstance(found, Table) else ()
    others = [
        constraint
        for statement in (*context.before, *context.after)
        for other in statement.operations
        if getattr(other, "table", None) == table and (constraint := _unnamed(other, context))
    ]
    names = [one.name for one in there if not one.made_up]
    unnamed = [*others, *(one for one in there if one.made_up)]
    return label in (*names, *(_label(table, one, operation, context) for one in unnamed))


def _unnamed(operation: Operation, context: Context) -> Constraint | None:
    """Return the constraint that has no name, or what stands for the index."""
    if isinstance(operation, CreateIndex) and operation.name is None:
        return Constraint(type="unique", columns=operation.columns)
    if not isinstance(operation, AddConstraint) or operation.constraint.name is not None:
        return None
    nameless_key = operation.constraint.type == "primary key" and context.server.is_mysql
    return None if nameless_key or operation.using_index else operation.constraint


def _goes_with_its_column(table: Name, constraint: Constraint, context: Context) -> bool:
    """Return whether the way back is to drop the column, which takes it along."""
    columns = constraint.columns
    new = bool(columns) and all(context.is_new_column(table, column) for column in columns)
    added = {
        o.column.name
        for o in context.statement.operations
        if isinstance(o, AddColumn) and o.table == table
    }
    new = new or (bool(columns) and set(columns) <= added)
    return new and context.server.dialect == "postgresql"


def _what(operation: Operation, constraint: Constraint) -> str:
    if isinstance(operation, CreateIndex):
        return f"index on {', '.join(constraint.columns)}"
    if constraint.type == "check":
        return f"CHECK ({condition_of(constraint)})"
    kind = {"unique": "unique constraint", "exclude": "exclusion constraint"}.get(
        constraint.type, constraint.type
    )
    return f"{kind} on {', '.join(constraint.columns)}" if constraint.columns else kind


def _lost(context: Context) -> str:
    directive = context.statement.directive
    if directive is not None and directive.name != "execute":
        return "op.drop_constraint() cannot say which one it means"
    return "a downgrade cannot say which one it means"
