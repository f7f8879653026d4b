"""A key that is written into a column is left out: the column is added, and the key is not made.

Alembic leaves primary_key=True of a column that is added out unless it is told
inline_primary_key=True, so that the table gets a column, on PostgreSQL a serial one,
and no key. MySQL before 9.0 reads REFERENCES behind a column and does nothing about it, as MariaDB
did before 10.5; only a FOREIGN KEY of the table counts there.
"""

from collections.abc import Iterator

from guard.column_code import schema_code
from guard.constraint_code import add_unchecked, constraint_sql
from guard.operations import AddColumn, AddConstraint, Constraint, CreateTable, Name, Operation
from guard.rule import Context, Example, Problem, rule


@rule(
    AddColumn,
    CreateTable,
    unsafe=(
        Example(
            upgrade="op.add_column('orders', sa.Column('uid', sa.String(36), primary_key=True, "
            "server_default='x'))",
            says="Alembic leaves primary_key=True out: orders gets the column uid and no primary "
            "key.",
            help="Leave it out, fill the column with values that differ, drop the key that orders "
            "has, if any, and add this one by itself: op.create_primary_key('orders_pkey', "
            "'orders', ['uid'])",
            at="op.add_column",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('number', sa.String(36), nullable=False))",
            ),
            upgrade="op.add_column('orders', sa.Column('uid', sa.String(36), primary_key=True, "
            "server_default='x'))",
            says="orders gets the column uid and no primary key.",
            help="Leave it out, fill the column with values that differ, and add the key by itself:"
            "\nop.create_primary_key('orders_pkey', 'orders', ['uid'])",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('uid', sa.String(36)))
            op.execute('UPDATE orders SET uid = number WHERE uid IS NULL')
            op.create_primary_key('orders_pkey', 'orders', ['uid'])
            """,
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('number', sa.String(36), nullable=False), "
                "sa.PrimaryKeyConstraint('number', name='pk_orders'))",
            ),
            upgrade="op.add_column('orders', sa.Column('uid', sa.String(36), primary_key=True, "
            "server_default='x'))",
            says="orders gets the column uid and no primary key.",
            help="Leave it out, fill the column with values that differ, and put the key in the "
            "place of pk_orders:\nop.drop_constraint('pk_orders', 'orders', type_='primary')\n"
            "op.create_primary_key('orders_pkey', 'orders', ['uid'])",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('uid', sa.String(36)))
            op.execute('UPDATE orders SET uid = number WHERE uid IS NULL')
            op.drop_constraint('pk_orders', 'orders', type_='primary')
            op.create_primary_key('orders_pkey', 'orders', ['uid'])
            """,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('uid', sa.String(36), primary_key=True, "
            "server_default='x'))",
            dialect="postgresql",
            says="orders gets the column uid and no primary key.",
            help="Leave it out, fill the column with values that differ, make it NOT NULL by a "
            "CHECK, build a unique index CONCURRENTLY, and make a key of that, in the place of the "
            "one that orders has, if any: ADD CONSTRAINT ... PRIMARY KEY USING INDEX",
            at="op.add_column",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN user_id INT REFERENCES users (id) "
            "ON DELETE CASCADE')",
            dialect="mysql",
            says="MySQL before 9.0 ignores REFERENCES behind a column: orders.user_id gets no "
            "foreign key to users.",
            help="Add the foreign key by itself, while no row has a value there:\n"
            "op.execute('SET SESSION foreign_key_checks = 0')\n"
            "op.create_foreign_key('orders_user_id_fkey', "
            "'orders', 'users', ['user_id'], ['id'], ondelete='CASCADE')\n"
            "op.execute('SET SESSION foreign_key_checks = 1')",
            at="ALTER TABLE orders",
            fixed="""
            op.execute('ALTER TABLE orders ADD COLUMN user_id INT')
            op.execute('SET SESSION foreign_key_checks = 0')
            op.create_foreign_key('orders_user_id_fkey', 'orders', 'users', ['user_id'], ['id'], \
ondelete='CASCADE')
            op.execute('SET SESSION foreign_key_checks = 1')
            """,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('user_id', sa.Integer(), "
            "sa.ForeignKey('users.id')), inline_references=True)",
            dialect="mysql",
            version="8.0",
            says="MySQL before 9.0 ignores REFERENCES behind a column",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('user_id', sa.Integer()))
            op.execute('SET SESSION foreign_key_checks = 0')
            op.create_foreign_key('orders_user_id_fkey', 'orders', 'users', ['user_id'], ['id'])
            op.execute('SET SESSION foreign_key_checks = 1')
            """,
        ),
        Example(
            upgrade="""
            op.execute("CREATE TABLE items (id INT PRIMARY KEY, "
                       "order_id INT REFERENCES orders (id))")
            """,
            dialect="mysql",
            says="items.order_id gets no foreign key to orders.",
            help="Write it as FOREIGN KEY (order_id) REFERENCES orders (id) of the table",
            at="CREATE TABLE items",
        ),
    ),
    safe=(
        "op.add_column('orders', sa.Column('user_id', sa.Integer(), "
        "sa.ForeignKey('users.id', name='fk')))",
        Example(
            upgrade="op.create_table('items', sa.Column('id', sa.Integer(), primary_key=True), "
            "sa.Column('order_id', sa.Integer(), sa.ForeignKey('orders.id'), index=True))",
            dialect="mysql",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE items (id INT PRIMARY KEY, order_id INT, "
            "FOREIGN KEY (order_id) REFERENCES orders (id))')",
            dialect="mysql",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE items (id INT PRIMARY KEY, order_id INT REFERENCES "
            "orders (id))')",
            dialect="mysql",
            version="9.1",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE items (id INT PRIMARY KEY, order_id INT REFERENCES "
            "orders (id))')",
            dialect="mariadb",
        ),
    ),
)
def add_column_ignored_option(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, CreateTable):
        for column in operation.columns:
            yield from _references(operation.table, column.name, column.constraints, context)
    if isinstance(operation, AddColumn):
        yield from _key(operation, context)
        column = operation.column
        found = _references(operation.table, column.name, column.constraints, context, added=True)
        yield from found


def _key(add: AddColumn, context: Context) -> Iterator[Problem]:
    directive = context.statement.directive
    if directive is None or "primary_key" not in directive.ignored:
        return
    yield Problem(
        message=f"Alembic leaves primary_key=True out: {add.table} gets the column "
        f"{add.column.name} and no primary key.",
        remedy="Leave it out, fill the column with values that differ, "
        + _key_by_itself(add, context),
        severity="warning" if context.statement.direction == "downgrade" else None,
    )


def _key_by_itself(add: AddColumn, context: Context) -> str:
    """Return how the table gets the key: it has one at most."""
    if context.server.dialect == "postgresql" and not context.is_unreleased(add.table):
        return (
            "make it NOT NULL by a CHECK, build a unique index CONCURRENTLY, and make a key of "
            f"that, in the place of the one that {add.table} has, if any: ADD CONSTRAINT ... "
            "PRIMARY KEY USING INDEX"
        )
    name, schema = repr(add.table.name), schema_code(add.table)
    label, columns = repr(f"{add.table.name}_pkey"), [add.column.name]
    code = f"op.create_primary_key({label}, {name}, {columns}{schema})"
    table = context.schema.table(add.table)
    old = next((c for c in table.constraints if c.type == "primary key"), None) if table else None
    if table and not old:
        return f"and add the key by itself:\n{code}"
    if not old or not old.name:
        return f"drop the key that {add.table} has, if any, and add this one by itself: {code}"
    drop = f"op.drop_constraint({old.name!r}, {name}{schema}, type_='primary')"
    return f"and put the key in the place of {old.name}:\n{drop}\n{code}"


def _references(
    table: Name,
    column: str,
    constraints: tuple[Constraint, ...],
    context: Context,
    *,
    added: bool = False,
) -> Iterator[Problem]:
    since = {"mysql": (9, 0), "mariadb": (10, 5)}.get(context.server.dialect or "")
    if since is None or context.server.at_least(*since):
        return
    named = "MySQL before 9.0" if context.server.dialect == "mysql" else "MariaDB before 10.5"
    for constraint in constraints:
        if constraint.type != "foreign key":
            continue
        whole = AddConstraint(
            table=table,
            constraint=Constraint(
                type="foreign key",
                name=constraint.name,
                columns=(column,),
                target=constraint.target,
                target_columns=constraint.target_columns,
                on_delete=constraint.on_delete,
                on_update=constraint.on_update,
            ),
        )
        yield Problem(
            message=f"{named} ignores REFERENCES behind a column: {table}.{column} gets no foreign "
            f"key to {constraint.target}.",
            remedy=_remedy(whole, context, added=added),
        )


def _remedy(whole: AddConstraint, context: Context, *, added: bool) -> str:
    written = constraint_sql(whole.constraint, "mysql")
    if not added:
        return f"Write it as {written} of the table"
    code = add_unchecked(whole, context.statement)
    return f"Add the foreign key by itself, while no row has a value there:\n{code}"
