"""Code that is running while a column is renamed asks for a name that is gone.

The rename itself is done in a moment; every query with the old name fails from then on, and new
code with the new name fails until then. SQLAlchemy names each mapped column in its queries. Add the
new column instead, write both, copy the values, let the code use the new one, and drop the old one
in a later deployment. Where the old name is there again at the end, nothing breaks, also in a view
that takes the name of its renamed table. It is a warning where the base has models and none of them
maps the old name: only SQL that is written out can use it.
"""

import re
from collections.abc import Iterator

from guard.operations import (
    AddColumn,
    CreateView,
    ModifyColumn,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    Update,
)
from guard.phrases import breaks, views_left
from guard.renames import same_name
from guard.rule import Context, Example, Problem, rule

REMEDY = (
    "Add {new}, let the code write both, copy the values of {old}, let the code read {new}, and "
    "drop {old} in a later deployment."
)
ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer()), sa.Column('note', sa.Text()))"


@rule(
    RenameColumn,
    ModifyColumn,
    instructs=(
        "NEVER rename a column that running code may use: add a new one, copy the values, and drop "
        "the old one in a later deployment",
    ),
    unsafe=(
        Example(
            upgrade="op.alter_column('orders', 'note', new_column_name='remark')",
            says="Renaming orders.note to remark breaks running code that still asks for note.",
            help="Add remark, let the code write both, copy the values of note, let the code read "
            "remark, and drop note in a later deployment.",
            at="op.alter_column",
        ),
        Example(
            upgrade="""op.execute('ALTER TABLE shop."Orders" RENAME "Note" TO remark')""",
            dialect="postgresql",
            says="Renaming shop.Orders.Note to remark breaks running code that still asks for "
            "Note.",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders CHANGE note remark TEXT')",
            dialect="mysql",
            says="Renaming orders.note to remark",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.alter_column('note', new_column_name='remark')
            """,
            dialect="sqlite",
            says="Renaming orders.note to remark",
            at="batch_op.alter_column",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), "
                "sa.Column('total', sa.Integer()))\nop.execute('CREATE VIEW large AS SELECT id "
                "FROM orders WHERE total > 99')",
            ),
            upgrade="op.execute('ALTER TABLE orders RENAME COLUMN total TO sum')",
            dialect="mysql",
            says="View large asks for it and fails from then on.",
            at="ALTER TABLE orders",
        ),
    ),
    safe=(
        f"{ORDERS}\nop.alter_column('orders', 'note', new_column_name='remark', "
        "existing_type=sa.Text())",
        """
        op.add_column('orders', sa.Column('remark', sa.Text()))
        op.alter_column('orders', 'remark', new_column_name='comment', existing_type=sa.Text())
        """,
        Example(
            upgrade="""
            op.execute('ALTER TABLE orders RENAME COLUMN total TO total_old')
            op.execute('ALTER TABLE orders ADD total bigint GENERATED ALWAYS AS (total_old)')
            """,
            downgrade="""
            op.execute('ALTER TABLE orders DROP COLUMN total')
            op.execute('ALTER TABLE orders RENAME COLUMN total_old TO total')
            """,
            dialect="mysql",
        ),
    ),
)
def rename_column(rename: Operation, context: Context) -> Iterator[Problem]:
    match rename:
        case RenameColumn(table=table, column=old, new=new):
            pass
        case ModifyColumn(table=table, column=column, new=str() as new):
            old = column.name
        case _:
            return
    if old.lower() == new.lower() and context.server.dialect != "postgresql":
        return
    if context.is_unreleased(table) or context.is_new_column(table, old):
        return
    if context.undoes_upgrade(rename) or _is_there_again(rename, table, old, context):
        return
    if _is_behind_view(table, old, context):
        return
    upgrade = context.statement.direction == "upgrade"
    mapped = context.mapped(table, old) if upgrade else None
    yield Problem(
        message=f"Renaming {table}.{old} to {new} {breaks(mapped, old)}."
        f"{views_left(table, old, context)}",
        remedy=REMEDY.format(old=old, new=new),
        severity="warning" if mapped and mapped.by is None else None,
    )


def _is_there_again(rename: Operation, table: Name, column: str, context: Context) -> bool:
    """Return whether a column with values takes the old name in this same revision."""
    here = (o for o in context.statement.operations if o is not rename)
    later = [o for statement in context.after for o in statement.operations]
    filled = [o.columns for o in later if isinstance(o, Update) and o.table == table]
    for other in (*here, *later):
        match other:
            case AddColumn(column=added) if added.generated or added.name in sum(filled, ()):
                name = added.name
            case RenameColumn(new=name) | ModifyColumn(new=str() as name):
                pass
            case _:
                continue
        if other.table == table and name.lower() == column.lower():
            return True
    return False


def _is_behind_view(table: Name, column: str, context: Context) -> bool:
    """Return whether the table is renamed as well, and a view has its old name and the column."""
    before, after = (
        [o for statement in statements for o in statement.operations]
        for statements in (context.before, context.after)
    )
    names = [o.table for o in before if isinstance(o, RenameTable) and same_name(o.new, table)]
    names += [o.table for o in after if isinstance(o, RenameTable) and same_name(o.table, table)]
    return any(
        isinstance(view, CreateView)
        and same_name(view.name, name)
        and column in re.findall(r"\w+", f"{view.query} {' '.join(view.columns or ())}")
        for view in after
        for name in names
    )
