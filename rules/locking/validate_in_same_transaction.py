"""VALIDATE CONSTRAINT in the transaction that has a stricter lock reads every row under that.

VALIDATE by itself lets reads and writes go on. But locks last until the end of the transaction: the
ADD CONSTRAINT ... NOT VALID just before has taken ACCESS EXCLUSIVE (a CHECK) or SHARE ROW EXCLUSIVE
(a foreign key), so that all wait until the last row is read, as without NOT VALID. Alembic runs all
revisions that are new in one transaction unless env.py says transaction_per_migration: a second
revision in the same deployment does not help. Nor does an autocommit block for statements in one
text: PostgreSQL runs those in one transaction.
"""

from collections.abc import Iterator

from guard.constraint_code import in_autocommit_block, same_table, validate
from guard.effects.effect import Effect, TableEffect
from guard.operations import AddConstraint, ValidateConstraint
from guard.rule import Context, Example, Problem, rule

ADD = "op.create_check_constraint('ck', 'orders', 'total > 0', postgresql_not_valid=True)"
VALIDATE = "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck')"
APART = f"with op.get_context().autocommit_block():\n    {VALIDATE}"


@rule(
    ValidateConstraint,
    dialects=("postgresql",),
    instructs=(
        "NEVER run VALIDATE CONSTRAINT in the migration, or the release, that adds the constraint",
    ),
    unsafe=(
        Example(
            upgrade=f"{ADD}\n{VALIDATE}",
            dialect="postgresql",
            says="Validating ck reads every row of orders while the transaction has ACCESS "
            "EXCLUSIVE on it, taken where ck was added: reads and writes wait.",
            help=f"Validate it in a later release, or in a transaction of its own:\n{APART}",
            at="ALTER TABLE orders VALIDATE",
            fixed=f"{ADD}\n{APART}",
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE a ADD CONSTRAINT fk FOREIGN KEY (b_id) REFERENCES b NOT VALID, '
                       'VALIDATE CONSTRAINT fk')
            """,
            dialect="postgresql",
            says="Validating fk reads every row of a while the transaction has SHARE ROW EXCLUSIVE "
            "on it, taken where fk was added: writes wait.",
            at="ALTER TABLE a ADD",
            fixed="""
            op.execute('ALTER TABLE a ADD CONSTRAINT fk FOREIGN KEY (b_id) REFERENCES b NOT VALID')
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE a VALIDATE CONSTRAINT fk')
            """,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE orders ADD CONSTRAINT ck CHECK (total > 0) NOT VALID; '
                           'ALTER TABLE orders VALIDATE CONSTRAINT ck')
            """,
            dialect="postgresql",
            says="Validating ck reads every row of orders while the transaction has ACCESS "
            "EXCLUSIVE on it, taken where ck was added: reads and writes wait.",
            help="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck')",
            at="ALTER TABLE orders VALIDATE",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE orders ADD CONSTRAINT ck CHECK (total > 0) NOT VALID')
                op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck')
            """,
        ),
        Example(
            released=(ADD,),
            upgrade=f"op.add_column('orders', sa.Column('note', sa.Text()))\n{VALIDATE}",
            dialect="postgresql",
            says="Validating ck reads every row of orders while the transaction has ACCESS "
            "EXCLUSIVE on it, taken by an earlier statement: reads and writes wait.",
            at="ALTER TABLE orders VALIDATE",
            fixed=f"op.add_column('orders', sa.Column('note', sa.Text()))\n{APART}",
        ),
    ),
    safe=(
        Example(released=(ADD,), upgrade=VALIDATE, dialect="postgresql"),
        Example(upgrade=f"{ADD}\n{APART}", dialect="postgresql"),
        Example(
            released=(ADD,),
            upgrade=f"""
            {VALIDATE}
            op.alter_column('orders', 'total', comment='in cents')
            """,
            dialect="postgresql",
        ),
        Example(
            released=(ADD,),
            upgrade=f"op.add_column('users', sa.Column('note', sa.Text()))\n{VALIDATE}",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"""
            op.create_table('orders', sa.Column('total', sa.Integer()))
            {ADD}
            {VALIDATE}
            """,
            dialect="postgresql",
        ),
    ),
)
def validate_in_same_transaction(
    operation: ValidateConstraint, context: Context
) -> Iterator[Problem]:
    effect = context.effect(operation)
    if effect is None or not effect.scans:
        return
    if context.is_unreleased(operation.table) or context.is_empty(operation.table):
        return
    held = _strictest(operation, context)
    if held is None:
        return
    waiting = "reads and writes wait" if "reads" in held.blocks else "writes wait"
    yield Problem(
        message=f"Validating {operation.constraint} reads every row of {operation.table} while the "
        f"transaction has {held.lock} on it, {_taken(operation, context)}: {waiting}.",
        remedy=_remedy(operation, context),
        effect=Effect(
            table=operation.table,
            lock=held.lock,
            blocks=held.blocks,
            scans=True,
            source=effect.source,
        ),
    )


def _strictest(operation: ValidateConstraint, context: Context) -> TableEffect | None:
    """Return the lock that makes writes wait, or reads as well, while the rows are read."""
    here = (context.effect(o) for o in context.statement.operations if o != operation)
    taken = (*context.transaction.locks, *(effect for effect in here if effect))
    held = [
        lock
        for lock in taken
        if "writes" in lock.blocks and same_table(lock.table, operation.table)
    ]
    return max(held, key=lambda lock: len(lock.blocks), default=None)


def _taken(operation: ValidateConstraint, context: Context) -> str:
    """Return where the lock comes from."""
    for statement in (*context.transaction.before, context.statement):
        for other in statement.operations:
            if isinstance(other, AddConstraint) and other.constraint.name == operation.constraint:
                if statement.revision == context.statement.revision:
                    return f"taken where {operation.constraint} was added"
                return (
                    f"taken where {operation.constraint} was added: revision {statement.revision} "
                    "deploys with this one, and Alembic runs both in one transaction"
                )
    return "taken by an earlier statement"


def _remedy(operation: ValidateConstraint, context: Context) -> str:
    statement = context.statement
    code = validate(operation.table, operation.constraint, statement)
    if statement.in_sql_file:
        return f"Validate it in a later release, in a file of its own: {code}"
    return (
        "Validate it in a later release, or in a transaction of its own:\n"
        f"{in_autocommit_block(code)}"
    )
