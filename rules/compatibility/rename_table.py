"""Code that is running while a table is renamed asks for a name that is gone.

The rename itself is done in a moment; every query with the old name fails from then on, and new
code with the new name fails until then. A view under the old name, made in the same revision, keeps
running code going: PostgreSQL, MySQL and MariaDB write through it as well. So does another table
that takes the old name. It is a warning where the base has models and none of them maps the table.
"""

from collections.abc import Iterator

from guard.constraint_code import view_of
from guard.operations import Name, RenameTable
from guard.phrases import breaks, views_left
from guard.renames import is_taken_again
from guard.rule import Context, Example, Problem, rule

RENAME = "op.rename_table('orders', 'purchases')"
VIEW = "op.execute('CREATE VIEW orders AS SELECT * FROM purchases')"


@rule(
    RenameTable,
    instructs=(
        "NEVER rename a table that running code may use without a view under its old name in the "
        "same migration",
    ),
    unsafe=(
        Example(
            upgrade=RENAME,
            dialect="postgresql",
            says="Renaming orders to purchases breaks running code that still asks for orders.",
            help="Leave a view under the old name until no running code uses it:\n" + VIEW,
            at="op.rename_table",
            fixed=f"{RENAME}\n{VIEW}",
        ),
        Example(
            upgrade="op.execute('RENAME TABLE shop.orders TO shop.purchases')",
            dialect="mysql",
            says="Renaming shop.orders to shop.purchases breaks running code",
            help="op.execute('CREATE VIEW shop.orders AS SELECT * FROM shop.purchases')",
            at="RENAME TABLE",
            fixed="""
            op.execute('RENAME TABLE shop.orders TO shop.purchases')
            op.execute('CREATE VIEW shop.orders AS SELECT * FROM shop.purchases')
            """,
        ),
        Example(
            upgrade=RENAME,
            dialect="sqlite",
            says="Renaming orders to purchases breaks running code",
            help="Make purchases, let the code write both, copy the rows, let the code read "
            "purchases, and drop orders in a later deployment.",
            at="op.rename_table",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), "
                "sa.Column('total', sa.Integer()))\nop.execute('CREATE VIEW large AS SELECT id "
                "FROM orders WHERE total > 99')",
            ),
            upgrade="op.rename_table('orders', 'purchases')",
            dialect="mysql",
            says="View large asks for it and fails from then on.",
            at="op.rename_table",
            fixed="op.rename_table('orders', 'purchases')\n"
            "op.execute('CREATE VIEW orders AS SELECT * FROM purchases')",
        ),
    ),
    safe=(
        Example(upgrade=f"{RENAME}\n{VIEW}", dialect="postgresql"),
        "op.create_table('orders', sa.Column('id', sa.Integer()))\n" + RENAME,
        Example(
            upgrade="""
            op.rename_table('orders', 'orders_old')
            op.create_table('orders', sa.Column('id', sa.Integer()))
            """,
            dialect="mysql",
        ),
    ),
)
def rename_table(rename: RenameTable, context: Context) -> Iterator[Problem]:
    old, new = rename.table, rename.new
    if old.name == new.name or context.is_unreleased(old) or context.undoes_upgrade(rename):
        return
    if is_taken_again(old, rename, context):
        return
    upgrade = context.statement.direction == "upgrade"
    mapped = context.mapped(old) if upgrade else None
    yield Problem(
        message=f"Renaming {old} to {new} {breaks(mapped, str(old))}."
        f"{views_left(old, None, context)}",
        remedy=_remedy(rename, context),
        severity="warning" if mapped and mapped.by is None else None,
    )


def _remedy(rename: RenameTable, context: Context) -> str:
    dialect = context.server.dialect
    if dialect == "sqlite":  # no view there takes a write
        return (
            f"Make {rename.new}, let the code write both, copy the rows, let the code read "
            f"{rename.new}, and drop {rename.table} in a later deployment."
        )
    code = view_of(rename.table, _full(rename), dialect, context.statement)
    return f"Leave a view under the old name until no running code uses it:\n{code}"


def _full(rename: RenameTable) -> Name:
    """Return the new name with the schema that it keeps."""
    return Name(rename.new.name, rename.new.schema or rename.table.schema)
