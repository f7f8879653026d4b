"""A NOT NULL column without a default cannot be added to a table that has rows.

PostgreSQL and SQLite refuse it as soon as there is one row, so it passes on an empty test database
and fails in production. MySQL and MariaDB fill the rows with 0, '' or the first member of an enum,
which nobody chose. Add the column nullable or with a server default, fill it, then make it NOT
NULL.
"""

from collections.abc import Iterator

from guard.absence import adds_nothing
from guard.column_code import MODEL_FOLLOWS, domain_of, proof_of_not_null, set_not_null
from guard.facts import DowngradeFailed, UpgradeFailedWithRows
from guard.operations import AddColumn, Column, Update
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Domain
from guard.type_code import sql_type


@rule(
    AddColumn,
    predicts=(UpgradeFailedWithRows, DowngradeFailed),
    instructs=(
        "NEVER add a `NOT NULL` column without a `server_default` to a table that may have rows",
        "ALWAYS add such a column nullable, fill it, and make it `NOT NULL` in a later migration",
    ),
    unsafe=(
        Example(
            upgrade="op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False))",
            says="Adding total as NOT NULL without a default fails as soon as orders has one row.",
            help="Add it with nullable=True (or a server_default), fill it, then in a later "
            "revision (the model says nullable=False from then on):\n"
            "op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False)",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('total', sa.Integer()))
            op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')
            op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False)
            """,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE shop.orders ADD COLUMN total integer NOT NULL')",
            says="fails as soon as shop.orders has one row.",
            help="in a later revision (the model says nullable=False from then on):\n"
            "op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False, "
            "schema='shop')",
            at="ALTER TABLE shop.orders",
            fixed="""
            op.execute('ALTER TABLE shop.orders ADD COLUMN total integer')
            op.execute('UPDATE shop.orders SET total = 0 WHERE total IS NULL')
            op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False, \
schema='shop')
            """,
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('total', sa.Integer(), nullable=False))
            """,
            dialect="sqlite",
            says="fails as soon as orders has one row.",
            help="in a later revision (the model says nullable=False from then on):\n"
            "with op.batch_alter_table('orders') as batch_op:\n"
            "    batch_op.alter_column('total', nullable=False)",
            at="batch_op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('total', sa.Integer()))
            op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')
            with op.batch_alter_table('orders') as batch_op:
                batch_op.alter_column('total', nullable=False)
            """,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False))",
            dialect="mysql",
            says="Adding total as NOT NULL without a default fills existing rows of orders with 0, "
            "which nobody chose.",
            help="in a later revision (the model says nullable=False from then on):\n"
            "op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False)",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('total', sa.Integer()))
            op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')
            op.alter_column('orders', 'total', existing_type=sa.Integer(), nullable=False)
            """,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('paid_on', sa.Date(), nullable=False))",
            dialect="mariadb",
            says="fills existing rows of orders with the type's zero value, which nobody chose.",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('paid_on', sa.Date()))
            op.execute('UPDATE orders SET paid_on = CURRENT_DATE WHERE paid_on IS NULL')
            op.alter_column('orders', 'paid_on', existing_type=sa.Date(), nullable=False)
            """,
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT (NULL::text)')
            """,
            dialect="postgresql",
            says="Adding note as NOT NULL without a default fails as soon as orders has one row.",
            at="ALTER TABLE orders",
            help="fill it, and in a later release run ALTER TABLE orders VALIDATE CONSTRAINT "
            "ck_orders_note_not_null, then ALTER COLUMN note SET NOT NULL, which reads no row "
            "then, and drop the CHECK (the model says nullable=False from then on). What proves "
            "it:\nop.create_check_constraint("
            "op.f('ck_orders_note_not_null'), 'orders', 'note IS NOT NULL', "
            "postgresql_not_valid=True)",
            fixed="""
            op.execute('ALTER TABLE orders ADD COLUMN note text')
            op.execute("UPDATE orders SET note = '' WHERE note IS NULL")
            op.create_check_constraint(op.f('ck_orders_note_not_null'), 'orders', \
'note IS NOT NULL', postgresql_not_valid=True)
            """,
        ),
        Example(
            downgrade="op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False))",
            says="fails as soon as orders has one row.",
            help="Add it with nullable=True or a server_default, so that the way back works too.",
            at="op.add_column",
        ),
    ),
    safe=(
        "op.add_column('orders', sa.Column('total', sa.Integer(), nullable=True))",
        "op.add_column('orders', sa.Column('total', sa.Integer(), nullable=False, "
        "server_default='0'))",
        """
        op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
        op.add_column('scratch', sa.Column('total', sa.Integer(), nullable=False))
        """,
    ),
)
def add_required_column(add: AddColumn, context: Context) -> Iterator[Problem]:
    column = add.column
    domain = domain_of(column, context)
    required = not column.nullable or bool(domain and domain.not_null)
    given = _has_value(column, context) or bool(domain and domain.has_default)
    if not required or given or context.is_empty(add.table) or adds_nothing(add, context):
        return
    if context.server.is_mysql and _is_filled_later(add, context):
        return
    if context.server.is_mysql:
        effect = f"fills existing rows of {add.table} with {_implicit(column)}, which nobody chose"
    else:
        effect = f"fails as soon as {add.table} has one row"
    what = f"of domain {domain.name}, which is NOT NULL," if column.nullable and domain else None
    yield Problem(
        message=f"Adding {column.name} {what or 'as NOT NULL'} without a default {effect}.",
        remedy=_of_base_type(domain, add, context)
        if domain and domain.not_null
        else _remedy(add, context),
        severity="warning" if context.statement.direction == "downgrade" else None,
    )


def _of_base_type(domain: Domain, add: AddColumn, context: Context) -> str:
    kind = sql_type(domain.type, context.server.dialect) if domain.type else "its type"
    return (
        f"Add it as {kind}, which {domain.name} is made of, fill it, and keep NULL and what "
        f"{domain.name} forbids out with a CHECK that is NOT VALID"
    )


def _has_value(column: Column, context: Context) -> bool:
    """Return whether existing rows get a value without help: a default, or a generated one."""
    if column.generated or column.default is None:
        return column.generated is not None
    sql = column.default.sql
    return sql is None or context.expression(sql).is_null is not True


def _is_filled_later(add: AddColumn, context: Context) -> bool:
    """Return whether an UPDATE of the same revision puts a value in the place of MySQL's own."""
    return any(
        isinstance(operation, Update)
        and operation.all_rows
        and operation.table == add.table
        and add.column.name in operation.columns
        for statement in context.after
        for operation in statement.operations
    )


def _remedy(add: AddColumn, context: Context) -> str:
    statement, server = context.statement, context.server
    nullable = "without NOT NULL" if statement.in_sql_file else "with nullable=True"
    default = "with a DEFAULT" if statement.in_sql_file else "a server_default"
    if statement.direction == "downgrade":
        return f"Add it {nullable} or {default}, so that the way back works too."
    it, name = f"Add it {nullable} (or {default})", add.column.name
    if statement.in_sql_file and server.dialect == "sqlite":
        return (
            f"{it} and fill it; SQLite makes it NOT NULL only in a table that is made anew, filled "
            "from the old one and renamed"
        )
    if server.dialect == "postgresql":
        proof = proof_of_not_null(add.table, name, server, statement)
        return f"{it}, fill it, and in a later release {proof.later}. What proves it:\n{proof.add}"
    later = "file" if statement.in_sql_file else f"revision ({MODEL_FOLLOWS})"
    code = set_not_null(add.table, name, add.column.type, server.dialect, statement)
    return f"{it}, fill it, then in a later {later}:\n{code}"


def _implicit(column: Column) -> str:
    """Return the value that MySQL takes for the type."""
    kind = column.type.name if column.type else ""
    if kind in {"integer", "bigint", "smallint", "tinyint", "numeric", "double", "boolean"}:
        return "0"
    return "the type's zero value"
