"""Whoever names a schema, view, index or constraint by its old name no longer finds it.

Running code reads views, calls functions, asks sequences and casts to types by name; ON CONFLICT ON
CONSTRAINT and hints name constraints and indexes, and so do later revisions. A table that is moved
to another schema is gone for code that names the old one. Renames of tables and columns have rules
of their own, and so have the values of enums.
"""

from collections.abc import Iterator

from guard.constraint_code import view_of
from guard.operations import (
    AlterConstraint,
    AlterObject,
    Name,
    Operation,
    RenameIndex,
    RenameObject,
    RenameTable,
)
from guard.phrases import breaks, say_so
from guard.renames import is_taken_again
from guard.rule import Context, Example, Problem, rule

WHO = {
    "index": "whatever names the index, later revisions among them",
    "constraint": "whatever names the constraint, ON CONFLICT and later revisions among them",
}


@rule(
    RenameObject,
    RenameIndex,
    RenameTable,
    AlterConstraint,
    AlterObject,
    severity="warning",
    unsafe=(
        Example(
            upgrade="op.execute('ALTER VIEW open_orders RENAME TO pending_orders')",
            dialect="postgresql",
            says="Renaming view open_orders to pending_orders breaks running code that still uses "
            "the old name.",
            help="Make one of the new name beside it, let the code use that one, and drop the old "
            "one in a later deployment.",
            at="ALTER VIEW",
        ),
        Example(
            upgrade="op.execute('ALTER SCHEMA shop RENAME TO store')",
            dialect="postgresql",
            says="Renaming schema shop to store breaks running code",
            at="ALTER SCHEMA",
        ),
        Example(
            released=("op.execute('CREATE SCHEMA archive')",),
            upgrade="op.execute('ALTER TABLE orders SET SCHEMA archive')",
            dialect="postgresql",
            says="Moving table orders to schema archive breaks running code that still asks for "
            "orders.",
            help="Leave a view under the old name until no running code uses it:\n"
            "op.execute('CREATE VIEW orders AS SELECT * FROM archive.orders')",
            at="ALTER TABLE",
            fixed="""
            op.execute('ALTER TABLE orders SET SCHEMA archive')
            op.execute('CREATE VIEW orders AS SELECT * FROM archive.orders')
            """,
        ),
        Example(
            upgrade="op.execute('ALTER INDEX ix_total RENAME TO ix_orders_total')",
            dialect="postgresql",
            says="Renaming index ix_total to ix_orders_total breaks whatever names the index, "
            "later "
            "revisions among them.",
            help="Leave the name as it is. If nothing names it: # guard: ignore[rename-object] "
            "<who "
            "was asked>",
            at="ALTER INDEX",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders RENAME CONSTRAINT uq_total TO "
            "uq_orders_total')",
            dialect="postgresql",
            says="Renaming constraint uq_total to uq_orders_total breaks whatever names the "
            "constraint",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="""
            op.execute('CREATE VIEW open_orders AS SELECT 1 AS id')
            op.execute('ALTER VIEW open_orders RENAME TO pending_orders')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.create_table('orders', sa.Column('id', sa.Integer()))
            op.create_index('ix', 'orders', ['id'])
            op.execute('ALTER INDEX ix RENAME TO ix_orders_id')
            """,
            dialect="postgresql",
        ),
    ),
)
def rename_object(rename: Operation, context: Context) -> Iterator[Problem]:
    found = _renamed(rename)
    if found is None or context.undoes_upgrade(rename) or _is_made_here(rename, context):
        return
    kind, old, new = found
    if isinstance(rename, RenameObject | RenameTable) and _is_taken_again(rename, context):
        return
    if isinstance(rename, RenameTable):
        yield _moved(rename, context)
        return
    if kind in (*WHO, "sequence") and _goes_with_table(old, context):
        return  # rename-table says it
    broken = WHO.get(kind, "running code that still uses the old name")
    yield Problem(
        message=f"Renaming {kind} {old} to {new} breaks {broken}.",
        remedy=_remedy(kind, context),
    )


def _moved(move: RenameTable, context: Context) -> Problem:
    """Say what SET SCHEMA breaks: what renaming the table would."""
    upgrade = context.statement.direction == "upgrade"
    mapped = context.mapped(move.table) if upgrade else None
    unmapped = mapped is not None and mapped.by is None
    view = view_of(move.table, move.new, context.server.dialect, context.statement)
    return Problem(
        message=f"Moving table {move.table} to schema {move.new.schema} "
        f"{breaks(mapped, str(move.table))}.",
        remedy=f"Leave a view under the old name until no running code uses it:\n{view}",
        severity="error" if upgrade and not unmapped else None,
    )


def _goes_with_table(label: str, context: Context) -> bool:
    """Return whether it is called like a table that this revision renames."""
    around = (*context.before, *context.after)
    renamed = (o for s in around for o in s.operations if isinstance(o, RenameTable))
    return any(rename.table.name.lower() in label.lower() for rename in renamed)


def _is_taken_again(rename: RenameObject | RenameTable, context: Context) -> bool:
    """Return whether another has the old name once this revision has run."""
    old = rename.name if isinstance(rename, RenameObject) else rename.table
    return is_taken_again(old, rename, context)


def _renamed(rename: Operation) -> tuple[str, str, str] | None:
    """Return the kind, the old name and the new one."""
    match rename:
        case RenameObject(object_type=kind, name=name, new=new):
            return kind, str(name), str(new)
        case RenameIndex(name=name, new=label):
            return "index", str(name), label
        case RenameTable(table=table, new=Name(name=same, schema=str() as schema)):
            return ("table", str(table), schema) if same == table.name else None
        case AlterConstraint(constraint=constraint, action="rename", detail=str() as label):
            return "constraint", constraint, label
        case AlterObject(action="rename-column", name=name, detail=detail):
            column, _, label = (detail or "").partition(" to ")
            return "column", f"{name}.{column}", label
    return None


def _is_made_here(rename: Operation, context: Context) -> bool:
    """Return whether only this deployment knows it, or the table that it belongs to."""
    schema = context.schema
    match rename:
        case RenameTable(table=table) | AlterConstraint(table=table):
            if context.is_unreleased(table):
                return True
        case RenameObject(name=name) | AlterObject(name=name):
            found = [o for o in schema.objects() if o.name.name.lower() == name.name.lower()]
            owners = [o for t in schema.tables() for o in t.objects if o.name.name == name.name]
            made = [o.created_by for o in (*found, *owners)]
            return bool(made) and all(map(context.is_made_here, made))
    label = _label(rename)
    parts = [(i.name, i.created_by) for table in schema.tables() for i in table.indexes]
    parts += [(c.name, c.created_by) for table in schema.tables() for c in table.constraints]
    made = [by for name, by in parts if name and label and name.lower() == label.lower()]
    return bool(made) and all(map(context.is_made_here, made))


def _label(rename: Operation) -> str | None:
    match rename:
        case RenameIndex(name=name):
            return name.name
        case AlterConstraint(constraint=constraint):
            return constraint
    return None


def _remedy(kind: str, context: Context) -> str:
    if kind in WHO:
        silenced = say_so(context.statement, "rename-object", "who was asked")
        return f"Leave the name as it is. If nothing names it: {silenced}"
    return (
        "Make one of the new name beside it, let the code use that one, and drop the old one in a "
        "later deployment."
    )
