"""A column that holds NULL cannot become NOT NULL: the revision fails on the first such row.

It passes on an empty test database and fails in production. Fill the rows first, in this revision
or in one before; a new server default fills new rows only. The same happens where a table is made
anew and its rows are copied into columns that do not allow NULL.
"""

from collections.abc import Iterator

from guard.column_code import fill_nulls, proof_of_not_null
from guard.facts import DowngradeFailed, UpgradeFailedWithRows
from guard.operations import (
    AddConstraint,
    Insert,
    ModifyColumn,
    Name,
    Operation,
    SetDefault,
    SetNotNull,
    is_known,
)
from guard.rule import Context, Example, Problem, rule

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('total', sa.Integer()),
    sa.Column('note', sa.Text(), nullable=False),
)
"""
FILL = "op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')"
BATCH = """
with op.batch_alter_table('orders') as batch_op:
    batch_op.alter_column('total', nullable=False)
"""
PROOF = (
    "op.create_check_constraint(op.f('ck_orders_total_not_null'), 'orders', 'total IS NOT NULL', "
    "postgresql_not_valid=True)"
)


@rule(
    SetNotNull,
    ModifyColumn,
    AddConstraint,
    Insert,
    predicts=(UpgradeFailedWithRows, DowngradeFailed),
    instructs=("ALWAYS fill the rows without a value before a column becomes `NOT NULL`",),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade=BATCH,
            dialect="sqlite",
            says="Making orders.total NOT NULL fails as soon as one row has NULL there, and "
            "nothing has filled it.",
            help=f"Fill it first:\n{FILL}",
            at="batch_op.alter_column",
            fixed=f"{FILL}\n{BATCH}",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.alter_column('total', nullable=False, server_default='0')
            """,
            dialect="sqlite",
            says="and nothing has filled it: the new default fills new rows only.",
            at="batch_op.alter_column",
            fixed=f"{FILL}\n{BATCH}",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', nullable=False)",
            dialect="postgresql",
            says="Making orders.total NOT NULL fails as soon as one row has NULL there",
            help="Fill it first, and let a CHECK prove it, so that nobody waits for the scan: in a "
            "later release run ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total_not_null, "
            "then ALTER COLUMN total SET NOT NULL, which reads no row then, and drop the CHECK "
            "(the model says nullable=False from then on). "
            f"Here:\n{FILL}\n{PROOF}",
            at="op.alter_column",
            fixed=f"{FILL}\n{PROOF}",
        ),
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('rank', sa.Integer()))
            op.execute('ALTER TABLE orders MODIFY `rank` INT NOT NULL')
            """,
            dialect="mysql",
            says="Making orders.rank NOT NULL fails as soon as one row has NULL there",
            help="Fill it first:\nop.execute('UPDATE orders SET `rank` = 0 WHERE `rank` IS NULL')",
            at="ALTER TABLE orders MODIFY",
            fixed="""
            op.add_column('orders', sa.Column('rank', sa.Integer()))
            op.execute('UPDATE orders SET `rank` = 0 WHERE `rank` IS NULL')
            op.execute('ALTER TABLE orders MODIFY `rank` INT NOT NULL')
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.execute('UPDATE orders SET total = i.sum FROM invoices i WHERE i.id = orders.id')
            op.alter_column('orders', 'total', nullable=False)
            """,
            says="Making orders.total NOT NULL fails as soon as one row has NULL there, and what "
            "filled it may have left rows out.",
            at="op.alter_column",
            fixed=f"{FILL}\nop.alter_column('orders', 'total', nullable=False)",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.execute('CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER NOT NULL)')
            op.execute('INSERT INTO orders_new (id, total) SELECT id, total FROM orders')
            """,
            dialect="sqlite",
            says="The copy into orders_new fails as soon as one row of orders has NULL in total, "
            "which orders_new does not allow.",
            help="Copy a value where there is none: COALESCE(total, 0)",
            at="INSERT INTO orders_new",
            fixed="""
            op.execute('CREATE TABLE orders_new (id INTEGER PRIMARY KEY, total INTEGER NOT NULL)')
            op.execute('INSERT INTO orders_new (id, total) SELECT id, COALESCE(total, 0) FROM '
                       'orders')
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', existing_type=sa.Text(), nullable=True)",
            downgrade="op.alter_column('orders', 'note', existing_type=sa.Text(), nullable=False)",
            says="Making orders.note NOT NULL fails as soon as one row has NULL there",
            help="Fill it first, so that the way back works too:",
            at="op.alter_column('orders', 'note', existing_type=sa.Text(), nullable=False)",
            fixed_downgrade="""
            op.execute("UPDATE orders SET note = '' WHERE note IS NULL")
            op.alter_column('orders', 'note', existing_type=sa.Text(), nullable=False)
            """,
        ),
    ),
    safe=(
        Example(released=(ORDERS,), upgrade=f"{FILL}\n{BATCH}", dialect="sqlite"),
        Example(released=(ORDERS, FILL), upgrade=BATCH, dialect="sqlite"),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', nullable=False, existing_type=sa.Text())",
        ),
        Example(
            released=(ORDERS,),
            upgrade='op.execute("DELETE FROM orders WHERE total IS NULL")\n'
            "op.alter_column('orders', 'total', nullable=False, existing_type=sa.Integer())",
        ),
        f"{ORDERS}op.alter_column('orders', 'total', nullable=False, existing_type=sa.Integer())",
        """
        op.add_column('orders', sa.Column('rank', sa.Integer(), server_default='0'))
        op.alter_column('orders', 'rank', nullable=False, existing_type=sa.Integer())
        """,
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY note TEXT NOT NULL')",
            dialect="mysql",
        ),
        Example(
            released=(ORDERS.replace("sa.Text()", "sa.String(10)"),),
            upgrade="op.alter_column('orders', 'note', type_=sa.String(20), "
            "existing_type=sa.String(10), existing_nullable=False)",
            dialect="mysql",
        ),
    ),
)
def not_null_without_backfill(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, Insert):
        yield from _copied(operation, context)
        return
    found = _column_of(operation, context)
    if found is None:
        return
    table, column = found
    nulls = context.nulls(table, column)
    if nulls == "none" or context.is_unreleased(table):
        return
    filled = "and nothing has filled it" if nulls == "all" else "and what filled it may have left"
    rest = _of_default(table, column, context) if nulls == "all" else " rows out"
    sure = nulls == "all" and _is_meant(operation, context)
    yield Problem(
        message=f"Making {table}.{column} NOT NULL fails as soon as one row has NULL there, "
        f"{filled}{rest}.",
        remedy=_remedy(table, column, context),
        severity=None if sure and context.statement.direction == "upgrade" else "warning",
    )


def _column_of(operation: Operation, context: Context) -> tuple[Name, str] | None:
    """Return the column that becomes NOT NULL."""
    match operation:
        case SetNotNull(table=table, column=column):
            return table, column
        case AddConstraint(table=table, constraint=constraint):
            if constraint.type == "not null" and not constraint.not_valid:
                return table, constraint.columns[0]
        case ModifyColumn(table=table, column=column):
            counted = column.generated is not None
            asked = "nullable" in operation.meant or _is_sql(context)
            known = bool(context.schema.column(table, column.name))
            if not column.nullable and not counted and (asked or known):
                return table, column.name
    return None


def _is_sql(context: Context) -> bool:
    directive = context.statement.directive
    return directive is None or directive.name == "execute"


def _is_meant(operation: Operation, context: Context) -> bool:
    """Return whether it surely was nullable before; MODIFY may only say again what it is."""
    if not isinstance(operation, ModifyColumn) or "nullable" in operation.meant:
        return True
    return bool(context.schema.column(operation.table, operation.column.name))


def _of_default(table: Name, column: str, context: Context) -> str:
    """Return what is wrong with a default that was to fill the rows."""
    made = (
        operation
        for statement in (*context.before, context.statement)
        for operation in statement.operations
        if isinstance(operation, SetDefault)
    )
    new = any(o.table == table and o.column == column for o in made)
    return ": the new default fills new rows only" if new else ""


def _remedy(table: Name, column: str, context: Context) -> str:
    server, statement = context.server, context.statement
    found = context.schema.column(table, column)
    kind = found.type if found else None
    fill = fill_nulls(table, column, kind, server.dialect, statement)
    if statement.direction == "downgrade":
        return f"Fill it first, so that the way back works too:\n{fill}"
    if server.dialect != "postgresql":
        return f"Fill it first:\n{fill}"
    proof = proof_of_not_null(table, column, server, statement)
    what = "the constraint" if server.at_least(18) else "a CHECK"
    return (
        f"Fill it first, and let {what} prove it, so that nobody waits for the scan: in a later "
        f"release {proof.later}. Here:\n{fill}\n{proof.add}"
    )


# Rows that are copied


def _copied(insert: Insert, context: Context) -> Iterator[Problem]:
    for column, source in _pairs(insert, context):
        there = context.schema.column(insert.table, column)
        strict = there and there.certain and not there.nullable and there.generated is None
        if strict and insert.copy and _may_be_null(insert.copy.source, source, context):
            yield Problem(
                message=f"The copy into {insert.table} fails as soon as one row of "
                f"{insert.copy.source} has NULL in {source}, which {insert.table} does not allow.",
                remedy=f"Copy a value where there is none: COALESCE({source}, 0)"
                if _is_number(insert.copy.source, source, context)
                else f"Copy a value where there is none: COALESCE({source}, '')",
            )


def _pairs(insert: Insert, context: Context) -> Iterator[tuple[str, str]]:
    """Yield the columns that are filled, each with the one that its value is taken from."""
    copy = insert.copy
    if copy is None or not copy.all_rows:
        return
    into, source = context.schema.table(insert.table), context.schema.table(copy.source)
    own = tuple(c.name for c in into.columns) if into else ()
    names = copy.names or insert.columns or own
    taken = copy.columns
    if taken == ("*",):
        taken = tuple(c.name for c in source.columns) if source and source.complete else ()
    for name, column in zip(names, taken, strict=False):
        if column is not None and is_known(column):
            yield name, column


def _may_be_null(source: Name, column: str, context: Context) -> bool:
    found = context.schema.column(source, column)
    return bool(found and found.certain) and context.nulls(source, column) == "all"


def _is_number(source: Name, column: str, context: Context) -> bool:
    found = context.schema.column(source, column)
    return bool(found and found.type and found.type.name in ("integer", "bigint", "numeric"))
