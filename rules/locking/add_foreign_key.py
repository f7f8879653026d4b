"""Adding a foreign key reads or copies the whole table while nobody can write.

PostgreSQL takes SHARE ROW EXCLUSIVE on both tables and reads both: nobody writes to either. With
NOT VALID both locks last a moment; VALIDATE CONSTRAINT then reads the rows in a later release,
while reads and writes go on. Before version 18 it refuses NOT VALID where the referencing table is
partitioned. Alembic adds the foreign key of a new column by a statement of its own: all values are
NULL, and every row is read all the same, under the ACCESS EXCLUSIVE of ADD COLUMN. MySQL and
MariaDB copy the table unless foreign_key_checks is off.
"""

from collections.abc import Iterator

from guard.constraint_code import (
    add_not_valid,
    add_unchecked,
    label_of,
    made_not_valid,
    validate,
    written_inline,
)
from guard.operations import AddColumn, AddConstraint, AlterConstraint, Constraint, Operation
from guard.phrases import checks_foreign_keys, reads_rows, what_waits
from guard.rule import Context, Example, Problem, rule

CALL = "op.create_foreign_key('fk_user', 'orders', 'users', ['user_id'], ['id'])"
NOT_VALID = CALL.replace("])", "], postgresql_not_valid=True)")
UNCHECKED = f"""
op.execute('SET SESSION foreign_key_checks = 0')
{CALL}
op.execute('SET SESSION foreign_key_checks = 1')
"""
INLINE_FIXED = """
op.execute('ALTER TABLE orders ADD user_id int')
op.create_foreign_key('orders_user_id_fkey', 'orders', 'users', ['user_id'], ['id'], \
postgresql_not_valid=True)
"""
PARTED = """
op.execute('CREATE TABLE orders (id int, user_id int) PARTITION BY RANGE (id)')
"""


@rule(
    AddConstraint,
    AddColumn,
    AlterConstraint,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "ALWAYS add a foreign key to an existing table of PostgreSQL as `NOT VALID` "
        "(`postgresql_not_valid=True`), and validate it in a later release",
    ),
    unsafe=(
        Example(
            upgrade=CALL,
            dialect="postgresql",
            says="Adding foreign key fk_user takes SHARE ROW EXCLUSIVE on orders, and SHARE ROW "
            "EXCLUSIVE on users while every row is read: writes wait.",
            help="Add it NOT VALID, which reads no row, and validate it in a later release: "
            f"op.execute('ALTER TABLE orders VALIDATE CONSTRAINT fk_user'). Here:\n{NOT_VALID}",
            at="op.create_foreign_key",
            fixed=NOT_VALID,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('user_id', sa.Integer(), "
            "sa.ForeignKey('shop.users.id', ondelete='CASCADE')), schema='shop')",
            dialect="postgresql",
            says="Adding the foreign key on user_id takes SHARE ROW EXCLUSIVE on shop.orders, and "
            "SHARE ROW EXCLUSIVE on shop.users while every row is read: writes wait. Reads of "
            "shop.orders wait as well, for the ACCESS EXCLUSIVE that the transaction has on it.",
            help="Add the column without it, then the key NOT VALID, which reads no row",
            at="op.add_column",
            fixed="""
            op.add_column('orders', sa.Column('user_id', sa.Integer()), schema='shop')
            op.create_foreign_key('orders_user_id_fkey', 'orders', 'users', ['user_id'], ['id'], \
source_schema='shop', referent_schema='shop', ondelete='CASCADE', postgresql_not_valid=True)
            """,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD u int DEFAULT 1 REFERENCES users(id)')",
            dialect="postgresql",
            says="Adding the foreign key on u takes ACCESS EXCLUSIVE on orders, and SHARE "
            "ROW EXCLUSIVE on users while every row is read: reads and writes wait.",
            at="ALTER TABLE",
            fixed=INLINE_FIXED.replace("user_id", "u"),
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD user_id int REFERENCES users (id)')",
            dialect="postgresql",
            says="Adding the foreign key on user_id takes ACCESS EXCLUSIVE on orders, and SHARE "
            "ROW EXCLUSIVE on users, for a moment, but not before each open transaction",
            help="Add the column without it, then the key NOT VALID",
            at="ALTER TABLE",
            fixed=INLINE_FIXED,
        ),
        Example(
            released=(PARTED,),
            upgrade=CALL,
            dialect="postgresql",
            version="15",
            says="SHARE ROW EXCLUSIVE on users while every row is read: writes wait.",
            help="PostgreSQL 15 refuses NOT VALID here, since orders is partitioned: add the key "
            "to each partition NOT VALID, validate those in a later release, then add it to orders",
            at="op.create_foreign_key",
        ),
        Example(
            released=(PARTED,),
            upgrade=NOT_VALID,
            dialect="postgresql",
            version="17",
            says="PostgreSQL 17 refuses NOT VALID for foreign key fk_user, since orders is "
            "partitioned.",
            help="Add the key to each partition NOT VALID",
            at="op.create_foreign_key",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER CONSTRAINT fk_user ENFORCED')",
            dialect="postgresql",
            version="18",
            says="Enforcing fk_user takes ACCESS EXCLUSIVE on orders while every row is read",
            help="Drop it, add it NOT VALID, which reads no row",
            at="ALTER TABLE",
        ),
        Example(
            upgrade=CALL,
            dialect="mysql",
            says="Adding foreign key fk_user copies orders with LOCK=SHARED: writes wait.",
            help="Look for rows that refer to nothing, then add it while foreign_key_checks is "
            f"off, in place and with LOCK=NONE:{UNCHECKED.rstrip()}",
            at="op.create_foreign_key",
            fixed=UNCHECKED,
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('user_id', sa.Integer(), "
            "sa.ForeignKey('users.id', name='fk_user')))",
            dialect="mariadb",
            says="Adding foreign key fk_user copies orders with LOCK=SHARED: writes wait.",
            at="op.add_column",
            fixed=f"op.add_column('orders', sa.Column('user_id', sa.Integer())){UNCHECKED}",
        ),
        Example(
            upgrade=CALL,
            dialect="mariadb",
            version="11.8",
            says="Adding foreign key fk_user rebuilds orders with LOCK=NONE: reads and writes go "
            "on.",
            at="op.create_foreign_key",
            fixed=UNCHECKED,
        ),
    ),
    safe=(
        Example(upgrade=NOT_VALID, dialect="postgresql"),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT fk_user FOREIGN KEY (user_id) "
            "REFERENCES users (id) NOT VALID')",
            dialect="postgresql",
        ),
        Example(released=(PARTED,), upgrade=NOT_VALID, dialect="postgresql", version="18"),
        Example(
            released=(NOT_VALID,),
            upgrade="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT fk_user')",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"""
            op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
            op.create_table(
                'orders',
                sa.Column('id', sa.Integer(), primary_key=True),
                sa.Column('user_id', sa.Integer()),
            )
            {CALL}
            """,
            dialect="postgresql",
        ),
        Example(upgrade=UNCHECKED, dialect="mysql"),
        Example(upgrade=UNCHECKED, dialect="mariadb"),
    ),
)
def add_foreign_key(operation: Operation, context: Context) -> Iterator[Problem]:
    add = _key_of(operation, context)
    if add is None or context.is_unreleased(add.table) or context.is_empty(add.table):
        return
    enforces = isinstance(operation, AlterConstraint)  # one that was NOT ENFORCED
    if add.constraint.not_valid and not enforces and context.server.dialect == "postgresql":
        yield from _refused(add, context)
        return
    effect = context.effect(operation)
    if effect is None or not checks_foreign_keys(context):
        return
    reads = reads_rows(effect)
    if not reads and not effect.related:
        return
    blocks = "writes" in effect.blocks
    yield Problem(
        message=f"{_what(operation, add)} {what_waits(effect, context.size(add.table))}."
        f"{_reads_wait(operation, context)}",
        remedy=_remedy(operation, add, context),
        rewrite=made_not_valid(add, context.statement)
        if context.server.dialect == "postgresql" and _takes_not_valid(add, context)
        else (),
        severity=None if reads and blocks else "warning",
        effect=effect,
    )


def _key_of(operation: Operation, context: Context) -> AddConstraint | None:
    """Return the making of the foreign key that the operation makes or enforces."""
    match operation:
        case AddConstraint(constraint=constraint) if constraint.type == "foreign key":
            return operation
        case AddColumn():
            if context.server.dialect == "mysql" and not context.server.at_least(9):
                return None  # which reads it and forgets it
            return written_inline(operation, "foreign key")
        case AlterConstraint(table=table, constraint=name, action="enforced"):
            found = context.schema.table(table)
            keys = [c for c in (found.constraints if found else ()) if c.name == name]
            known = keys[0] if keys else Constraint(type="foreign key", name=name)
            if context.server.dialect == "postgresql":
                return AddConstraint(table=table, constraint=known)
    return None


def _refused(add: AddConstraint, context: Context) -> Iterator[Problem]:
    """Say so where the server does not take NOT VALID."""
    if _takes_not_valid(add, context):
        return
    yield Problem(
        message=f"{_server(context)} refuses NOT VALID for foreign key {add.constraint.name or ''}"
        f", since {add.table} is partitioned.",
        remedy=_by_partition(add),
    )


def _takes_not_valid(add: AddConstraint, context: Context) -> bool:
    found = context.schema.table(add.table)
    return context.server.at_least(18) or not (found and found.partitioned)


def _server(context: Context) -> str:
    return f"PostgreSQL {context.server.effective_version[0]}"


def _what(operation: Operation, add: AddConstraint) -> str:
    constraint = add.constraint
    if isinstance(operation, AlterConstraint):
        return f"Enforcing {constraint.name}"
    if constraint.name:
        return f"Adding foreign key {constraint.name}"
    return f"Adding the foreign key on {', '.join(constraint.columns)}"


def _reads_wait(operation: Operation, context: Context) -> str:
    """Return a sentence on a stricter lock that the transaction has, of ADD COLUMN mostly."""
    if context.server.dialect != "postgresql" or not isinstance(operation, AddConstraint):
        return ""
    table = operation.table
    here = any(isinstance(o, AddColumn) and o.table == table for o in context.statement.operations)
    held = any(lock.table == table and "reads" in lock.blocks for lock in context.transaction.locks)
    if not (here or held):
        return ""
    return (
        f" Reads of {table} wait as well, for the ACCESS EXCLUSIVE that the transaction has on it."
    )


def _remedy(operation: Operation, add: AddConstraint, context: Context) -> str:
    statement, server = context.statement, context.server
    if server.is_mysql:
        return (
            "Look for rows that refer to nothing, then add it while foreign_key_checks is off, in "
            f"place and with LOCK=NONE:\n{add_unchecked(add, statement)}"
        )
    if not _takes_not_valid(add, context):
        return (
            f"{_server(context)} refuses NOT VALID here, since {add.table} is partitioned: "
            f"{_by_partition(add)[:1].lower()}{_by_partition(add)[1:]}"
        )
    if isinstance(operation, AlterConstraint):
        return "Drop it, add it NOT VALID, which reads no row, and validate it in a later release"
    it = "Add it NOT VALID"
    if any(isinstance(o, AddColumn) for o in statement.operations):
        it = "Add the column without it, then the key NOT VALID"
    later = validate(add.table, label_of(add.table, add.constraint), statement)
    return (
        f"{it}, which reads no row, and validate it in a later release: {later}. Here:\n"
        f"{add_not_valid(add, statement)}"
    )


def _by_partition(add: AddConstraint) -> str:
    return (
        "Add the key to each partition NOT VALID, validate those in a later release, then add it "
        f"to {add.table}, which takes theirs and reads nothing"
    )
