"""SET NOT NULL reads the whole table while nobody else may read or write it.

PostgreSQL looks at every row under ACCESS EXCLUSIVE, unless a validated CHECK says already that the
column is never NULL: that can be added and validated while traffic goes on, in a release before.
From PostgreSQL 18 on NOT NULL itself can be added NOT VALID and validated later. MySQL and MariaDB
rebuild the table, and reads and writes go on meanwhile, unless it has a FULLTEXT index. Whether
there are rows with NULL is the affair of not-null-without-backfill; where that fails the revision,
this is a warning only.
"""

from collections.abc import Iterator

from guard.column_code import made_not_null_in_two_steps, proof_of_not_null
from guard.constraint_code import validate
from guard.operations import (
    AddConstraint,
    ChangeColumnType,
    ModifyColumn,
    Name,
    Operation,
    SetNotNull,
)
from guard.phrases import COPYING_TOOLS, what_waits
from guard.rewrite import Rewrite
from guard.rule import Context, Example, Problem, rule

OF_THE_NEW_COLUMN = (
    "Leave NOT NULL to the column of the new type: a CHECK that is NOT VALID, made with it, reads "
    "no row, and is validated in a later release"
)
ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('total', sa.Integer()),
    sa.Column('note', sa.Text(), nullable=False),
)
"""
FILL = "op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')"
ADD = (
    "op.create_check_constraint(op.f('ck_orders_total_not_null'), 'orders', 'total IS NOT NULL', "
    "postgresql_not_valid=True)"
)
NOT_NULL = (
    "op.execute('ALTER TABLE orders ADD CONSTRAINT orders_total_not_null NOT NULL total NOT VALID')"
)
VALIDATE = "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total_not_null')"
SET = "op.alter_column('orders', 'total', nullable=False)"
DROP = "op.drop_constraint('ck_orders_total_not_null', 'orders')"


@rule(
    SetNotNull,
    AddConstraint,
    ModifyColumn,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "NEVER `SET NOT NULL` on an existing column of PostgreSQL before a validated "
        "`CHECK (column IS NOT NULL)` proves it, which a release before adds `NOT VALID`",
    ),
    unsafe=(
        Example(
            released=(ORDERS, FILL),
            upgrade=SET,
            downgrade="op.alter_column('orders', 'total', nullable=True)",
            dialect="postgresql",
            says="Making orders.total NOT NULL takes ACCESS EXCLUSIVE on orders while every row is "
            "read: reads and writes wait.",
            help="Add a CHECK that is NOT VALID, which reads no row; in a later release run ALTER "
            "TABLE orders VALIDATE CONSTRAINT ck_orders_total_not_null, then ALTER COLUMN total "
            "SET NOT NULL, which reads no row then, and drop the CHECK "
            f"(the model says nullable=False from then on). Here:\n{ADD}",
            at=SET,
            fixed=ADD,
            fixed_downgrade=DROP,
        ),
        Example(
            released=(ORDERS, FILL),
            upgrade=SET,
            downgrade="op.alter_column('orders', 'total', nullable=True)",
            dialect="postgresql",
            version="18",
            says="Making orders.total NOT NULL takes ACCESS EXCLUSIVE on orders",
            help="Add the NOT NULL as a constraint that is NOT VALID",
            at=SET,
            fixed=NOT_NULL,
        ),
        Example(
            released=(ORDERS, FILL),
            upgrade="op.execute('ALTER TABLE orders ALTER total SET NOT NULL, ADD extra int')",
            dialect="postgresql",
            version="18",
            says="Making orders.total NOT NULL takes ACCESS EXCLUSIVE on orders",
            help="Add the NOT NULL as a constraint that is NOT VALID, which reads no row; in a "
            "later release run ALTER TABLE orders VALIDATE CONSTRAINT orders_total_not_null. Here:"
            f"\n{NOT_NULL}",
            at="ALTER TABLE orders",
            fixed=NOT_NULL,
        ),
        Example(
            released=(ORDERS, FILL),
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT n NOT NULL total')",
            dialect="postgresql",
            version="18",
            says="Making orders.total NOT NULL takes ACCESS EXCLUSIVE on orders",
            at="ALTER TABLE orders",
            fixed=NOT_NULL,
        ),
        Example(
            released=(ORDERS, FILL, ADD),
            upgrade=SET,
            dialect="postgresql",
            says="Making orders.total NOT NULL takes ACCESS EXCLUSIVE on orders",
            help="Validate ck_orders_total_not_null in a release before, with which SET NOT NULL "
            f"reads no row. Here:\n{VALIDATE}",
            at="op.alter_column",
            fixed=VALIDATE,
        ),
        Example(
            released=(ORDERS, FILL),
            upgrade="op.execute('ALTER TABLE orders MODIFY total INTEGER NOT NULL')",
            dialect="mysql",
            says="Making orders.total NOT NULL rebuilds orders with LOCK=NONE: reads and writes go "
            "on.",
            help="Run it when little is written to orders, or change a copy of the table with",
            at="ALTER TABLE orders",
        ),
    ),
    safe=(
        Example(released=(ORDERS, FILL), upgrade=ADD, dialect="postgresql"),
        Example(released=(ORDERS, FILL, ADD), upgrade=VALIDATE, dialect="postgresql"),
        Example(
            released=(ORDERS, FILL, ADD, VALIDATE),
            upgrade=f"{SET}\n{DROP}",
            dialect="postgresql",
        ),
        Example(
            released=(
                ORDERS,
                FILL.replace("= 0", "= 1"),
                "op.execute('ALTER TABLE orders ADD CHECK (total IS NOT NULL AND total > 0) "
                "NOT VALID')",
                "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check')",
            ),
            upgrade=SET,
            dialect="postgresql",
        ),
        Example(
            released=(
                ORDERS,
                FILL,
                "op.execute('ALTER TABLE orders ADD CONSTRAINT n NOT NULL total NOT VALID')",
            ),
            upgrade="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT n')",
            dialect="postgresql",
            version="18",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', nullable=False)",
            dialect="postgresql",
        ),
        Example(upgrade=f"{ORDERS}{SET}", dialect="postgresql"),
        Example(
            released=(ORDERS,),
            upgrade="op.execute(\"ALTER TABLE orders MODIFY note TEXT NOT NULL COMMENT 'free'\")",
            dialect="mysql",
        ),
    ),
)
def set_not_null(operation: Operation, context: Context) -> Iterator[Problem]:
    found = _column_of(operation, context)
    if found is None:
        return
    table, column = found
    if context.is_unreleased(table) or context.is_empty(table):
        return
    effect, nulls = context.effect(operation), context.nulls(table, column)
    if effect is None or not (effect.scans or effect.rewrites):
        return
    if context.statement.direction == "downgrade" and nulls != "none":
        return  # not-null-without-backfill says more
    blocks, anew = "writes" in effect.blocks, _is_written_anew(table, column, context)
    yield Problem(
        message=f"Making {table}.{column} NOT NULL {what_waits(effect, context.size(table))}.",
        remedy=OF_THE_NEW_COLUMN if anew else _remedy(table, column, context, blocks=blocks),
        rewrite=_rewrite(table, column, context) if nulls != "all" and not anew else (),
        severity=None if blocks and nulls != "all" and not anew else "warning",
        effect=effect,
    )


def _is_written_anew(table: Name, column: str, context: Context) -> bool:
    """Return whether the statement changes the type as well, so that another column takes over."""
    for other in context.statement.operations:
        match other:
            case ChangeColumnType(table=of, column=name) if (of, name) == (table, column):
                effect = context.effect(other)
                return effect is not None and effect.rewrites
    return False


def _column_of(operation: Operation, context: Context) -> tuple[Name, str] | None:
    """Return the column that becomes NOT NULL."""
    match operation:
        case SetNotNull(table=table, column=column):
            return table, column
        case AddConstraint(table=table, constraint=constraint):
            if constraint.type == "not null" and not constraint.not_valid:
                return table, constraint.columns[0]
        case ModifyColumn(table=table, column=column):
            before = context.schema.column(table, column.name)
            if before and before.nullable and not column.nullable:
                return table, column.name
    return None


def _rewrite(table: Name, column: str, context: Context) -> Rewrite:
    if context.server.is_mysql or _proving(table, column, context) is not None:
        return ()
    return made_not_null_in_two_steps(table, column, context.server, context.statement)


def _proving(table: Name, column: str, context: Context) -> str | None:
    """Return the name of a CHECK that is there and forbids NULL, once it is validated."""
    owner = context.schema.table(table)
    for constraint in owner.constraints if owner else ():
        says = constraint.type == "check" and constraint.sql and constraint.name
        if says and context.expression(constraint.sql or "").forbids_null(column):
            return constraint.name
    return None


def _remedy(table: Name, column: str, context: Context, *, blocks: bool) -> str:
    if context.server.is_mysql:
        often = "nobody writes" if blocks else "little is written"
        return f"Run it when {often} to {table}, or change a copy of the table with {COPYING_TOOLS}"
    if check := _proving(table, column, context):
        return (
            f"Validate {check} in a release before, with which SET NOT NULL reads no row. Here:\n"
            f"{validate(table, check, context.statement)}"
        )
    proof = proof_of_not_null(table, column, context.server, context.statement)
    it = "the NOT NULL as a constraint" if context.server.at_least(18) else "a CHECK"
    return (
        f"Add {it} that is NOT VALID, which reads no row; in a later release {proof.later}. Here:\n"
        f"{proof.add}"
    )
