"""A table that SQLite makes anew takes the rows that refer to it along, where it enforces keys.

Alembic's batch mode copies the table, drops it and renames the copy. With `PRAGMA foreign_keys` on,
SQLite deletes the rows of a table before it drops it: `ON DELETE CASCADE` then deletes the rows of
other tables that refer to it, `SET NULL` and `SET DEFAULT` overwrite their values, without any
error, and with neither the migration fails. A batch that only adds plain columns or indexes drops
nothing. The PRAGMA does nothing inside a transaction.
"""

from collections.abc import Iterator

from guard.batch_mode import IN_BATCHES, enforces_foreign_keys, makes_anew
from guard.constraint_code import executed, in_autocommit_block
from guard.facts import DowngradeFailed, RowsLost, UpgradeFailedWithRows
from guard.operations import DropTable, Name, Operation
from guard.rule import Context, Example, Foretold, Problem, rule
from guard.schema.model import Reference

ON = "op.execute('PRAGMA foreign_keys=ON')\n"
SHOP = """
op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('total', sa.Integer()))
op.create_table(
    'lines',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('order_id', sa.Integer(), sa.ForeignKey('orders.id', ondelete='CASCADE')),
)
"""  # noqa: E501
ALTER = """
with op.batch_alter_table('orders') as batch_op:
    batch_op.alter_column('total', existing_type=sa.Integer(), type_=sa.Numeric())
"""
OFF = """
with op.get_context().autocommit_block():
    op.execute('PRAGMA foreign_keys=OFF')
"""
FILL = "op.execute('UPDATE orders SET total = 0 WHERE total IS NULL')\n"
OFF_TOO_LATE = "op.execute('PRAGMA foreign_keys=OFF')\n"
ANEW = """
op.create_table('new_orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('total', sa.Text()))
op.execute('INSERT INTO new_orders (id, total) SELECT id, total FROM orders')
op.drop_table('orders')
op.rename_table('new_orders', 'orders')
"""  # noqa: E501


@rule(
    DropTable,
    *IN_BATCHES,
    dialects=("sqlite",),
    predicts=(UpgradeFailedWithRows, DowngradeFailed, RowsLost),
    instructs=(
        "NEVER let a batch make a table anew on SQLite while `PRAGMA foreign_keys` is on and other "
        "tables refer to it",
    ),
    unsafe=(
        Example(
            released=(SHOP,),
            upgrade=ON + ALTER,
            dialect="sqlite",
            says="The batch drops orders to make it anew, and since foreign keys are enforced "
            "(PRAGMA foreign_keys=ON) that deletes each row of lines that refers to it.",
            help="Turn the enforcement off first, outside of a transaction, in which the PRAGMA "
            "does nothing:\nwith op.get_context().autocommit_block():\n"
            "    op.execute('PRAGMA foreign_keys=OFF')",
            at="op.batch_alter_table",
            fixed=OFF + ALTER,
        ),
        Example(
            released=(SHOP.replace("CASCADE", "SET NULL"),),
            upgrade=ON + ALTER,
            dialect="sqlite",
            says="that overwrites lines.order_id with NULL.",
            at="op.batch_alter_table",
            fixed=OFF + ALTER,
        ),
        Example(
            released=(SHOP.replace(", ondelete='CASCADE'", ""),),
            upgrade=ON + ALTER,
            dialect="sqlite",
            says="that fails as soon as a row of lines refers to it.",
            at="op.batch_alter_table",
            fixed=OFF + ALTER,
        ),
        Example(
            released=(SHOP,),
            upgrade=ON + FILL + OFF_TOO_LATE + ALTER,
            dialect="sqlite",
            says="that deletes each row of lines",
            at="op.batch_alter_table",
            fixed=OFF + FILL + ALTER,
        ),
        Example(
            released=(SHOP,),
            upgrade=ON + ANEW,
            dialect="sqlite",
            says="This drops orders to make it anew",
            at="op.drop_table('orders')",
            fixed=OFF + ANEW,
        ),
    ),
    safe=(
        Example(released=(SHOP,), upgrade=ALTER, dialect="sqlite"),
        Example(released=(SHOP,), upgrade=ON + OFF + ALTER, dialect="sqlite"),
        Example(
            released=(SHOP,),
            upgrade=f"""
            {ON}
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('note', sa.Text()))
            """,
            dialect="sqlite",
        ),
        Example(upgrade=ON + SHOP + ALTER, dialect="sqlite"),
    ),
)
def batch_cascade_delete(operation: Operation, context: Context) -> Iterator[Problem]:
    batch = makes_anew(operation, context)
    table = batch.table if batch else _made_anew_by_hand(operation, context)
    if table is None or context.is_empty(table) or not enforces_foreign_keys(context):
        return
    references = [r for r in _references(table, context) if not context.is_empty(r.table)]
    if not references:
        return
    what = f"The batch drops {table}" if batch else f"This drops {table}"
    yield Problem(
        message=f"{what} to make it anew, and since foreign keys are enforced "
        f"(PRAGMA foreign_keys=ON) that {'; it '.join(map(_harm, references))}.",
        remedy=_remedy(context),
        severity="warning" if context.statement.direction == "downgrade" else None,
        at=batch.span if batch else None,
        foretells=tuple(_foretold(table, context)),
    )


def _made_anew_by_hand(operation: Operation, context: Context) -> Name | None:
    """Return the table that is dropped, where all of its rows were copied before."""
    if not isinstance(operation, DropTable):
        return None
    remains = context.remains(operation.table)
    return operation.table if remains and remains.complete else None


def _references(table: Name, context: Context) -> list[Reference]:
    found = context.schema.table(table)
    own = [c for c in found.constraints if c.target == table] if found else []
    return [*context.schema.references_to(table), *(Reference(table, one) for one in own)]


def _action(reference: Reference) -> str:
    return (reference.constraint.on_delete or "").upper()


def _harm(reference: Reference) -> str:
    table, columns = reference.table, reference.constraint.columns
    named = ", ".join(f"{table}.{column}" for column in columns) or f"the key of {table}"
    match _action(reference):
        case "CASCADE":
            return f"deletes each row of {table} that refers to it"
        case "SET NULL":
            return f"overwrites {named} with NULL"
        case "SET DEFAULT":
            return f"overwrites {named} with its default"
    return f"fails as soon as a row of {table} refers to it"


def _foretold(table: Name, context: Context) -> Iterator[Foretold]:
    """Yield what goes with the rows of a table, and what goes with that."""
    emptied = [table]
    for parent in emptied:  # grows with each table that a cascade empties
        for reference in _references(parent, context):
            child, action = reference.table, _action(reference)
            if action == "CASCADE":
                yield Foretold(how="missing", kind="rows", table=str(child))
                emptied += [child] * (child not in emptied)
            elif action.startswith("SET"):
                for column in map(str, reference.constraint.columns):
                    yield Foretold(how="changed", kind="column", name=column, table=str(child))


def _remedy(context: Context) -> str:
    off = executed("PRAGMA foreign_keys=OFF", context.statement)
    code = off if context.statement.in_sql_file else in_autocommit_block(off)
    return (
        "Turn the enforcement off first, outside of a transaction, in which the PRAGMA does "
        f"nothing:\n{code}"
    )
