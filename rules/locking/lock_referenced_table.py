"""What makes or drops a foreign key locks the other table too, where nobody looks for it.

PostgreSQL takes SHARE ROW EXCLUSIVE on the referenced table for CREATE TABLE ... REFERENCES, and
ACCESS EXCLUSIVE for each drop of a foreign key: by DROP CONSTRAINT, with its column or with its
table. Either lasts a moment, but waits for every transaction that has used the referenced table, a
long report among them, and all that comes later waits behind it. With a lock_timeout it gives up
instead. Of a downgrade it is not said, nor again what add-foreign-key says of both tables.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, same_table
from guard.effects.effect import TableEffect
from guard.operations import (
    AddConstraint,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropTable,
    Name,
    Operation,
)
from guard.rule import Context, Example, Problem, rule

NO_LIMIT = {"lock-timeout": None}
LIMIT = """op.execute("SET LOCAL lock_timeout = '5s'")"""
USERS = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))"
ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id', name='fk_user')),
)
"""
DROP = "op.drop_constraint('fk_user', 'orders', type_='foreignkey')"


@rule(
    CreateTable,
    AddConstraint,
    DropConstraint,
    DropTable,
    DropColumn,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade=ORDERS,
            dialect="postgresql",
            config=NO_LIMIT,
            says="Creating orders takes SHARE ROW EXCLUSIVE on users, which its foreign key leads "
            "to, as soon as no open transaction uses users: until then writes to it wait as well.",
            help=f"Let it give up soon instead, and run it again:\n{LIMIT}",
            at="op.create_table",
            fixed=f"{LIMIT}\n{ORDERS}",
        ),
        Example(
            upgrade="""
            op.create_table('orders', sa.Column('user_id', sa.Integer()))
            op.create_foreign_key('fk_user', 'orders', 'users', ['user_id'], ['id'])
            """,
            dialect="postgresql",
            config=NO_LIMIT,
            says="Adding foreign key fk_user takes SHARE ROW EXCLUSIVE on users",
            at="op.create_foreign",
            fixed=f"""
            {LIMIT}
            op.create_table('orders', sa.Column('user_id', sa.Integer()))
            op.create_foreign_key('fk_user', 'orders', 'users', ['user_id'], ['id'])
            """,
        ),
        Example(
            released=(f"{USERS}{ORDERS}",),
            upgrade=DROP,
            dialect="postgresql",
            config=NO_LIMIT,
            says="Dropping foreign key fk_user takes ACCESS EXCLUSIVE on users, which it leads to, "
            "as soon as no open transaction uses users: until then reads and writes of it wait as "
            "well.",
            at="op.drop_constraint",
            fixed=f"{LIMIT}\n{DROP}",
        ),
    ),
    safe=(
        Example(upgrade=f"{USERS}{ORDERS}", dialect="postgresql"),
        Example(upgrade=f"{LIMIT}{ORDERS}", dialect="postgresql"),
        Example(upgrade=ORDERS, dialect="mysql"),
        Example(
            upgrade="op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], "
            "postgresql_not_valid=True)",
            downgrade="op.drop_constraint('fk', 'orders', type_='foreignkey')",
            dialect="postgresql",
        ),
        Example(
            released=(f"{USERS}{ORDERS}",),
            upgrade="op.create_index('ix_user', 'orders', ['user_id'], if_not_exists=True)",
            dialect="sqlite",
        ),
    ),
)
def lock_referenced_table(operation: Operation, context: Context) -> Iterator[Problem]:
    own = getattr(operation, "table", None)
    effect = context.effect(operation)
    if effect is None or not isinstance(own, Name) or _gives_up(context):
        return
    is_new = context.is_unreleased(own)
    if isinstance(operation, AddConstraint) and not is_new:
        return  # add-foreign-key speaks of both tables
    if isinstance(operation, DropConstraint | DropTable | DropColumn) and is_new:
        return
    if context.statement.direction == "downgrade":
        return
    locked = [other for other in effect.related if _matters(other, context)]
    if not locked:
        return
    tables = " and ".join(str(other.table) for other in locked)
    strictest = max(locked, key=lambda other: len(other.blocks))
    waiting = "reads and writes of" if "reads" in strictest.blocks else "writes to"
    it = "it" if len(locked) == 1 else "them"
    yield Problem(
        message=f"{_what(operation)} takes {strictest.lock} on {tables}, {_why(operation, locked)},"
        f" as soon as no open transaction uses {tables}: until then {waiting} {it} wait as well.",
        remedy="Let it give up soon instead, and run it again:\n"
        + executed("SET LOCAL lock_timeout = '5s'", context.statement),
        effect=effect,
    )


def _gives_up(context: Context) -> bool:
    """Return whether it waits for a while only."""
    timeout = context.settings.get("lock_timeout")
    return timeout is not None and timeout.value.strip("'\"") not in ("0", "0s", "0ms", "DEFAULT")


def _matters(other: TableEffect, context: Context) -> bool:
    """Return whether it is a table in use that the transaction has not locked like that yet."""
    if "writes" not in other.blocks or context.is_unreleased(other.table):
        return False
    around = [o for s in (*context.before, *context.after) for o in s.operations]
    if any(isinstance(o, DropTable) and same_table(o.table, other.table) for o in around):
        return False
    return not any(
        same_table(held.table, other.table) and other.blocks <= held.blocks
        for held in context.transaction.locks
    )


def _what(operation: Operation) -> str:
    match operation:
        case CreateTable():
            return f"Creating {operation.table}"
        case AddConstraint(constraint=constraint):
            name = constraint.name or f"on {', '.join(constraint.columns)}"
            return f"Adding {constraint.type} {name}"
        case DropConstraint(constraint=name):
            return f"Dropping {operation.type or 'constraint'} {name or ''}".strip()
        case DropColumn():
            return f"Dropping column {operation.subject}"
    return f"Dropping {operation.subject}"


def _why(operation: Operation, locked: list[TableEffect]) -> str:
    if isinstance(operation, AddConstraint | DropConstraint):
        return "which it leads to"
    return "which its foreign key leads to" if len(locked) == 1 else "where its foreign keys lead"
