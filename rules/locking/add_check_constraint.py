"""Adding a CHECK reads or copies the whole table while traffic waits.

PostgreSQL takes ACCESS EXCLUSIVE on the table, so that reads and writes wait, and reads every row.
With NOT VALID it reads none: new rows are checked at once, and VALIDATE CONSTRAINT checks the old
ones later, while reads and writes go on. MySQL and MariaDB copy the table and let nobody write
meanwhile (MariaDB from 11.2 on lets them). A CHECK that is written into ADD COLUMN does the same,
but on MariaDB. What a CHECK of a volatile or counted column costs besides, add-column-rewrite says.
"""

from collections.abc import Iterator

from guard.constraint_code import (
    add_not_valid,
    condition_of,
    constraint_sql,
    executed,
    label_of,
    made_not_valid,
    quoted,
    table_sql,
    validate,
    written_inline,
)
from guard.operations import AddColumn, AddConstraint, AlterConstraint, Constraint, Operation
from guard.phrases import COPYING_TOOLS, reads_rows, what_waits
from guard.rule import Context, Example, Problem, rule

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('total', sa.Integer()),
)
"""


@rule(
    AddConstraint,
    AddColumn,
    AlterConstraint,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "ALWAYS add a CHECK to an existing table of PostgreSQL as `NOT VALID` "
        "(`postgresql_not_valid=True`), and validate it in a later release",
    ),
    unsafe=(
        Example(
            upgrade="op.create_check_constraint('ck_total', 'orders', 'total >= 0')",
            dialect="postgresql",
            says="Adding CHECK ck_total takes ACCESS EXCLUSIVE on orders while every row is read: "
            "reads and writes wait.",
            help="Add it NOT VALID, which reads no row, and validate it in a later release: "
            "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck_total'). Here:\n"
            "op.create_check_constraint('ck_total', 'orders', 'total >= 0', "
            "postgresql_not_valid=True)",
            at="op.create_check",
            fixed="op.create_check_constraint('ck_total', 'orders', 'total >= 0', "
            "postgresql_not_valid=True)",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ADD CHECK (total > 0), ADD note text')",
            dialect="postgresql",
            says="Adding CHECK (total > 0) takes ACCESS EXCLUSIVE on orders",
            help="op.create_check_constraint('orders_check', 'orders', 'total > 0', "
            "postgresql_not_valid=True)",
            at="ALTER TABLE orders",
            fixed="op.create_check_constraint('orders_check', 'orders', 'total > 0', "
            "postgresql_not_valid=True)",
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE shop."order" ADD COLUMN rank int CHECK (rank > 0)')
            """,
            dialect="postgresql",
            says="Adding column rank with a CHECK takes ACCESS EXCLUSIVE on shop.order while every "
            "row is read: reads and writes wait.",
            help="Add the column without its CHECK, then the CHECK NOT VALID, which reads no row, "
            'and validate it in a later release: op.execute(\'ALTER TABLE shop."order" VALIDATE '
            "CONSTRAINT order_rank_check')",
            at="ALTER TABLE shop",
            fixed="""
            op.execute('ALTER TABLE shop."order" ADD COLUMN rank int')
            op.create_check_constraint('order_rank_check', 'order', 'rank > 0', schema='shop', \
postgresql_not_valid=True)
            """,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0', name='ck_rank')))",
            dialect="mysql",
            says="Adding column rank with a CHECK copies orders with LOCK=SHARED: writes wait.",
            help="Add the column without its CHECK, then the CHECK NOT ENFORCED",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('rank', sa.Integer()))
            op.execute('ALTER TABLE orders ADD CONSTRAINT ck_rank CHECK (rank > 0) NOT ENFORCED')
            """,
        ),
        Example(
            upgrade="op.create_check_constraint('ck_total', 'orders', 'total >= 0')",
            dialect="mysql",
            says="Adding CHECK ck_total copies orders with LOCK=SHARED: writes wait.",
            help="Add it NOT ENFORCED, which copies nothing, and make it enforced when nobody "
            "writes (ALTER TABLE orders ALTER CHECK ck_total ENFORCED copies the table). Here:\n"
            "op.execute('ALTER TABLE orders ADD CONSTRAINT ck_total CHECK (total >= 0) NOT "
            "ENFORCED')",
            at="op.create_check",
            fixed="op.execute('ALTER TABLE orders ADD CONSTRAINT ck_total CHECK (total >= 0) NOT "
            "ENFORCED')",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER CHECK ck_total ENFORCED')",
            dialect="mysql",
            says="Enforcing ck_total copies orders with LOCK=SHARED: writes wait.",
            help="Run it when nobody writes to orders",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.create_check_constraint('ck_total', 'orders', 'total >= 0')",
            dialect="mariadb",
            version="10.11",
            says="Adding CHECK ck_total copies orders with LOCK=SHARED: writes wait.",
            help="Run it when nobody writes to orders",
            at="op.create_check",
        ),
        Example(
            upgrade="op.create_check_constraint('ck_total', 'orders', 'total >= 0')",
            dialect="mariadb",
            version="11.4",
            says="Adding CHECK ck_total rebuilds orders with LOCK=NONE: reads and writes go on.",
            help="Run it when little is written to orders",
            at="op.create_check",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_check_constraint('ck_total', 'orders', 'total >= 0', "
            "postgresql_not_valid=True)",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT ck_total CHECK (total >= 0) "
            "NOT VALID')",
            dialect="postgresql",
        ),
        Example(
            released=(
                ORDERS,
                "op.create_check_constraint('ck_total', 'orders', 'total >= 0', "
                "postgresql_not_valid=True)",
            ),
            upgrade="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck_total')",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"{ORDERS}op.create_check_constraint('ck_total', 'orders', 'total >= 0')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT ck_total CHECK (total >= 0) "
            "NOT ENFORCED')",
            dialect="mysql",
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0')))",
            dialect="mariadb",
        ),
    ),
)
def add_check_constraint(operation: Operation, context: Context) -> Iterator[Problem]:
    add = _check_of(operation, context)
    if add is None or context.is_unreleased(add.table) or context.is_empty(add.table):
        return
    effect = context.effect(operation)
    if effect is None or not reads_rows(effect):
        return
    if isinstance(operation, AddColumn) and effect.rewrites and effect.lock != "LOCK=SHARED":
        return  # the CHECK is not the reason
    yield Problem(
        message=f"{_what(operation, add)} {what_waits(effect, context.size(add.table))}.",
        remedy=_remedy(operation, add, context),
        rewrite=made_not_valid(add, context.statement)
        if context.server.dialect == "postgresql"
        else (),
        severity=None if "writes" in effect.blocks else "warning",
        effect=effect,
    )


def _check_of(operation: Operation, context: Context) -> AddConstraint | None:
    """Return the making of the CHECK that the operation makes or enforces."""
    match operation:
        case AddConstraint(constraint=constraint) if constraint.type == "check":
            return operation
        case AddColumn():
            return written_inline(operation, "check")
        case AlterConstraint(table=table, constraint=name, action="enforced"):
            if context.server.is_mysql:
                return AddConstraint(table=table, constraint=Constraint(type="check", name=name))
    return None


def _what(operation: Operation, add: AddConstraint) -> str:
    constraint = add.constraint
    if isinstance(operation, AlterConstraint):
        return f"Enforcing {constraint.name}"
    if isinstance(operation, AddColumn):
        return f"Adding column {operation.column.name} with a CHECK"
    return f"Adding CHECK {constraint.name or f'({condition_of(constraint)})'}"


def _remedy(operation: Operation, add: AddConstraint, context: Context) -> str:
    statement, label = context.statement, label_of(add.table, add.constraint)
    if context.server.dialect == "postgresql":
        it = "Add it NOT VALID"
        if isinstance(operation, AddColumn):
            it = "Add the column without its CHECK, then the CHECK NOT VALID"
        return (
            f"{it}, which reads no row, and validate it in a later release: "
            f"{validate(add.table, label, statement)}. Here:\n{add_not_valid(add, statement)}"
        )
    table = table_sql(add.table, "mysql")
    if context.server.dialect == "mysql" and not isinstance(operation, AlterConstraint):
        name = quoted(label, "mysql")
        sql = f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint_sql(add.constraint)}"
        it = "Add the column without its CHECK, then the CHECK" if _inline(operation) else "Add it"
        return (
            f"{it} NOT ENFORCED, which copies nothing, and make it enforced when nobody writes "
            f"(ALTER TABLE {table} ALTER CHECK {name} ENFORCED copies the table). Here:\n"
            f"{executed(f'{sql} NOT ENFORCED', statement)}"
        )
    often = "little is written" if context.server.at_least(11, 2) else "nobody writes"
    if context.server.dialect == "mysql":
        often = "nobody writes"
    return f"Run it when {often} to {add.table}, or change a copy of the table with {COPYING_TOOLS}"


def _inline(operation: Operation) -> bool:
    return isinstance(operation, AddColumn)
