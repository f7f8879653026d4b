"""A foreign key without an index makes each delete in the referenced table read all of the other.

Neither PostgreSQL nor SQLite nor SQLAlchemy makes that index (MySQL and MariaDB do): for each row
that is deleted or gets another key, the server looks for rows that refer to it, under a lock. The
key's columns must be the first ones of an index on all rows. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.constraint_code import (
    columns_sql,
    in_autocommit_block,
    of_column,
    quoted,
    same_table,
    table_sql,
)
from guard.operations import (
    AddColumn,
    AddConstraint,
    Constraint,
    CreateIndex,
    CreateTable,
    Name,
    Operation,
)
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["foreign-key-without-index"]}
ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id')),
)
"""
INDEX = "op.create_index('ix_orders_user_id', 'orders', ['user_id'])"


@rule(
    AddConstraint,
    AddColumn,
    CreateTable,
    severity="off",
    dialects=("postgresql", "sqlite"),
    unsafe=(
        Example(
            upgrade=ORDERS,
            dialect="postgresql",
            config=SELECTED,
            says="No index of orders begins with user_id, which refers to users: each delete there "
            "reads all of orders.",
            help=f"Index it:\n{INDEX}",
            at="op.create_table",
            fixed=f"{ORDERS}{INDEX}",
        ),
        Example(
            released=(
                "op.execute('CREATE TABLE users (a int, b int, UNIQUE (a, b))')\n"
                "op.execute('CREATE TABLE orders (a int, b int)')",
            ),
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (a, b) "
            "REFERENCES users (a, b) NOT VALID')",
            dialect="postgresql",
            config=SELECTED,
            says="No index of orders begins with a, b, which refers to users",
            help="Index it, while writes go on:\nwith op.get_context().autocommit_block():\n"
            "    op.create_index('ix_orders_a_b', 'orders', ['a', 'b'], "
            "postgresql_concurrently=True)",
            at="ALTER TABLE",
            fixed="""
            with op.get_context().autocommit_block():
                op.create_index('ix_orders_a_b', 'orders', ['a', 'b'], postgresql_concurrently=True)
            op.execute('ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (a, b) \
REFERENCES users (a, b) NOT VALID')
            """,
        ),
    ),
    safe=(
        Example(upgrade=f"{ORDERS}{INDEX}", dialect="postgresql", config=SELECTED),
        Example(upgrade=ORDERS, dialect="mysql", config=SELECTED),
        Example(
            upgrade=ORDERS.replace("ForeignKey('users.id')", "ForeignKey('users.id'), index=True"),
            dialect="sqlite",
            config=SELECTED,
        ),
        Example(
            upgrade=ORDERS.replace("ForeignKey('users.id')", "ForeignKey('users.id'), unique=True"),
            dialect="sqlite",
            config=SELECTED,
        ),
    ),
)
def foreign_key_without_index(operation: Operation, context: Context) -> Iterator[Problem]:
    table = getattr(operation, "table", None)
    if not isinstance(table, Name) or context.statement.direction == "downgrade":
        return
    made = list(_indexed(operation, context, table))
    for key in _keys(operation):
        columns = key.columns
        covered = any(set(index[: len(columns)]) == set(columns) for index in made)
        if not columns or covered or context.schema.indexes_covering(table, columns):
            continue
        yield Problem(
            message=f"No index of {table} begins with {', '.join(columns)}, which refers to "
            f"{key.target}: each delete there reads all of {table}.",
            remedy=_remedy(table, columns, context),
        )


def _keys(operation: Operation) -> Iterator[Constraint]:
    """Yield the foreign keys that are made."""
    match operation:
        case AddConstraint(constraint=constraint):
            made = [constraint]
        case AddColumn(column=column):
            made = list(of_column(column))
        case CreateTable(columns=columns, constraints=constraints):
            made = [*constraints, *(c for column in columns for c in of_column(column))]
        case _:
            made = []
    yield from (one for one in made if one.type == "foreign key")


def _indexed(operation: Operation, context: Context, table: Name) -> Iterator[tuple[str, ...]]:
    """Yield the columns of the indexes that come with the operation or later in the revision."""
    later = (o for statement in context.after for o in statement.operations)
    for other in (*context.statement.operations, *later):
        own = getattr(other, "table", None)
        if not isinstance(own, Name) or not same_table(own, table):
            continue
        if isinstance(other, CreateIndex) and other.where is None:
            yield other.columns
        if isinstance(other, AddConstraint) and other.constraint.type in ("unique", "primary key"):
            yield other.constraint.columns
        if isinstance(other, CreateTable):
            yield tuple(column.name for column in other.columns if column.primary_key)
            yield from (c.columns for c in other.constraints if c.type in ("unique", "primary key"))
            yield from ((column.name,) for column in other.columns if column.unique)
        if isinstance(other, AddColumn) and (other.column.unique or other.column.primary_key):
            yield (other.column.name,)


def _remedy(table: Name, columns: tuple[str, ...], context: Context) -> str:
    name = "_".join(["ix", table.name, *columns])
    in_use = context.server.dialect == "postgresql" and not context.is_unreleased(table)
    if isinstance(context.statement.operations[0], CreateTable):
        in_use = False
    if context.statement.in_sql_file:
        how = "CREATE INDEX CONCURRENTLY" if in_use else "CREATE INDEX"
        sql = f"{how} {quoted(name, None)} ON {table_sql(table, None)}"
        return f"Index it: {sql} ({columns_sql(columns, None)});"
    schema = f", schema={table.schema!r}" if table.schema else ""
    options = ", postgresql_concurrently=True" if in_use else ""
    code = f"op.create_index({name!r}, {table.name!r}, {list(columns)}{schema}{options})"
    if in_use:
        return f"Index it, while writes go on:\n{in_autocommit_block(code)}"
    return f"Index it:\n{code}"
