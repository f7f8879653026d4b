"""A table whose rows have just changed cannot be altered while deferred checks wait for COMMIT.

A foreign key that is INITIALLY DEFERRED is checked at the end of the transaction. Until then
PostgreSQL refuses ALTER TABLE, CREATE INDEX, TRUNCATE and DROP TABLE: "cannot ALTER TABLE because
it has pending trigger events". Without rows nothing waits, so that an empty test database shows
nothing. What waits: an INSERT into the referencing table, an UPDATE of its key columns, a DELETE
from the referenced table, and whatever fires a constraint trigger that is INITIALLY DEFERRED.
"""

from collections.abc import Iterator
from typing import NamedTuple

from guard.constraint_code import executed, same_table
from guard.facts import DowngradeFailed, UpgradeFailedWithRows
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    ChangeColumnType,
    CreateIndex,
    CreateObject,
    Delete,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    DropTable,
    Insert,
    Merge,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    TransactionControl,
    Truncate,
    Update,
    ValidateConstraint,
)
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

TABLES = """
op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer()),
    sa.Column('note', sa.Text()),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], deferrable=True, initially='DEFERRED'),
)
"""
SMALL = "# guard: ignore[backfill] 200 orders"
FILL = "op.execute('UPDATE orders SET user_id = 1001 WHERE user_id IS NULL')"
INSERT = "op.execute('INSERT INTO orders (user_id) SELECT id FROM users')"
INDEX = "op.create_index('ix_note', 'orders', ['note'])"
NOW = "op.execute('SET CONSTRAINTS ALL IMMEDIATE')"
ALTER = "op.add_column('orders', sa.Column('total', sa.Integer()))"


REFUSED = (
    AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, ChangeColumnType,
    CreateIndex, DropColumn, DropConstraint, DropDefault, DropNotNull, DropTable, RenameColumn,
    RenameTable, SetDefault, SetNotNull, Truncate, ValidateConstraint,
)  # fmt: skip


@rule(
    AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, ChangeColumnType,
    CreateIndex, DropColumn, DropConstraint, DropDefault, DropNotNull, DropTable, RenameColumn,
    RenameTable, SetDefault, SetNotNull, Truncate, ValidateConstraint,
    dialects=("postgresql",),
    predicts=(UpgradeFailedWithRows, DowngradeFailed),
    unsafe=(
        Example(
            released=(TABLES,),
            upgrade=f"{FILL}\n{ALTER}",
            dialect="postgresql",
            says="PostgreSQL refuses to alter orders here: the UPDATE of its rows has left checks "
            "of a deferred foreign key (orders_user_id_fkey) pending until the end of the "
            "transaction.",
            help=f"Have them checked before:\n{NOW}",
            at="op.add_column",
            fixed=f"{FILL}\n{NOW}\n{ALTER}",
        ),
        Example(
            upgrade=f"{TABLES}{INSERT}\n{INDEX}",
            dialect="postgresql",
            says="PostgreSQL refuses to alter orders here: the INSERT of its rows",
            at="op.create_index",
            fixed=f"{TABLES}{INSERT}\n{NOW}\n{INDEX}",
        ),
    ),
    safe=(
        Example(
            released=(TABLES,),
            upgrade=f"{FILL.replace('user_id', 'note')}\n{ALTER}",
            dialect="postgresql",
        ),
        Example(released=(TABLES,), upgrade=f"{FILL}\n{NOW}\n{ALTER}", dialect="postgresql"),
        Example(
            released=(TABLES.replace("deferrable=True, initially='DEFERRED'", "deferrable=True"),),
            upgrade=f"{FILL}\n{ALTER}",
            dialect="postgresql",
        ),
        Example(
            released=(TABLES,),
            upgrade=f"""
            with op.get_context().autocommit_block():
                {FILL}
            {ALTER}
            """,
            dialect="postgresql",
        ),
        Example(released=(TABLES,), upgrade=f"{ALTER}\n{SMALL}\n{FILL}", dialect="postgresql"),
    ),
)  # fmt: skip
def pending_trigger_events(operation: Operation, context: Context) -> Iterator[Problem]:
    table = getattr(operation, "table", None)
    keys = _deferred(table, context) if isinstance(table, Name) else ()
    if not isinstance(table, Name) or not keys:
        return
    found = _pending(table, keys, context)
    if found is None:
        return
    change, key = found
    what = "trigger" if key.fired_by else "foreign key"
    verb = type(change).__name__.upper()
    yield Problem(
        message=f"PostgreSQL refuses to alter {table} here: the {verb} of its rows has left checks "
        f"of a deferred {what} ({key.name}) pending until the end of the transaction.",
        remedy="Have them checked before:\n"
        + executed("SET CONSTRAINTS ALL IMMEDIATE", context.statement),
    )


class Key(NamedTuple):
    """A deferred foreign key on either side, or a constraint trigger: what waits for COMMIT.

    `columns` are those of the table in question. `fired_by`: of a trigger, its changes of rows.
    """

    owner: Name
    name: str | None
    columns: tuple[str, ...]
    refers: bool  # the table in question is the one that has it
    fired_by: tuple[str, ...] = ()


def _deferred(table: Name, context: Context) -> tuple[Key, ...]:
    """Return the table's foreign keys and triggers, and the keys that lead to it, that wait."""
    found = context.schema.table(table)
    all_wait = any(_sets_constraints(s, "DEFERRED") for s in context.transaction.before)
    own = [
        Key(table, c.name, c.columns, refers=True)
        for c in (found.constraints if found else ())
        if c.type == "foreign key" and (c.initially_deferred or (all_wait and c.deferrable))
    ]
    to_it = [
        Key(r.table, r.constraint.name, r.constraint.target_columns, refers=False)
        for r in context.schema.references_to(table)
        if (r.constraint.initially_deferred or (all_wait and r.constraint.deferrable))
        and r.constraint.on_delete in (None, "NO ACTION")
    ]
    fired = [
        Key(table, o.name.name, o.columns, refers=True, fired_by=o.body.on)
        for o in (found.objects if found else ())
        if o.object_type == "trigger" and o.enabled and o.body and o.body.deferred
    ]
    return (*own, *to_it, *fired)


def _sets_constraints(statement: Statement, when: str) -> bool:
    return when in (statement.sql or "").upper() and any(
        isinstance(o, TransactionControl) and o.command == "set-constraints"
        for o in statement.operations
    )


def _pending(table: Name, keys: tuple[Key, ...], context: Context) -> tuple[Operation, Key] | None:
    """Return the change of rows that leaves a check pending here, and the key; None for none.

    Nor where an earlier statement would have been refused for it already.
    """
    pending: tuple[Operation, Key] | None = None
    alive = list(keys)
    for statement in context.transaction.before:
        for other in statement.operations:
            if isinstance(other, TransactionControl):
                ends = (
                    other.command == "set-constraints"
                    and "IMMEDIATE" in (statement.sql or "").upper()
                )
                pending = None if ends else pending
            elif made := _made_key(other, keys):
                pending = pending if pending and str(pending[1].name) != made else None
            elif pending and isinstance(other, REFUSED) and _is_on(other, table):
                return None
            elif _is_on(other, table):
                left = [key for key in alive if _leaves_a_check(other, key)]
                pending = (other, left[0]) if left and not pending else pending
    return pending


def _made_key(operation: Operation, keys: tuple[Key, ...]) -> str | None:
    """Return the name of the key or trigger that is made here: nothing before waits for it."""
    if isinstance(operation, CreateObject) and operation.object_type == "trigger":
        name = operation.name.name
        return next((name for key in keys if key.fired_by and key.name == name), None)
    if not isinstance(operation, AddConstraint) or operation.constraint.type != "foreign key":
        return None
    for key in keys:
        if same_table(key.owner, operation.table) and (
            operation.constraint.name in (key.name, None)
        ):
            return str(key.name)
    return None


def _is_on(operation: Operation, table: Name) -> bool:
    own = getattr(operation, "table", None)
    return isinstance(own, Name) and same_table(own, table)


def _leaves_a_check(operation: Operation, key: Key) -> bool:
    if key.fired_by and type(operation).__name__.lower() not in (*key.fired_by, "merge"):
        return False
    match operation:
        case Insert():
            return key.refers
        case Update(columns=columns) if columns and (key.columns or not key.fired_by):
            return bool(set(columns) & set(key.columns))
        case Update():
            return True
        case Delete():
            return bool(key.fired_by) or not key.refers
        case Merge():
            return True
    return False
