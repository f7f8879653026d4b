"""A dropped column takes its values with it, and breaks the code that still selects it.

SQLAlchemy names every mapped column in its queries, so processes that run the old code fail on the
next query. On PostgreSQL an index, key or foreign key that contains the column goes with it,
silently. Remove the column from the models first and deploy that; drop it in a later deployment,
approved by somebody who knows that the values are not needed.
"""

from collections.abc import Iterator

from guard.operations import DropColumn
from guard.rule import Context, Example, Problem, rule


@rule(
    DropColumn,
    approvable=True,
    unsafe=(
        "op.drop_column('orders', 'note')",
        "op.execute('ALTER TABLE orders DROP COLUMN note')",
        """
        with op.batch_alter_table('orders') as batch_op:
            batch_op.drop_column('note')
        """,
        Example(
            released=(
                """
                op.create_table('orders', sa.Column('number', sa.Text()))
                op.create_index('ix_orders_number', 'orders', ['number'], unique=True)
                """,
            ),
            upgrade="op.drop_column('orders', 'number')",
        ),
    ),
    safe=(
        """
        op.create_table(
            'scratch',
            sa.Column('id', sa.Integer(), primary_key=True),
            sa.Column('note', sa.Text()),
        )
        op.drop_column('scratch', 'note')
        """,
    ),
)
def drop_column(drop: DropColumn, context: Context) -> Iterator[Problem]:
    if context.is_unreleased(drop.table) or context.is_new_column(drop.table, drop.column):
        return
    if context.undoes_upgrade(drop):
        return
    column = f"{drop.table}.{drop.column}"
    back = context.statement.opposite_direction
    remedy = (
        f"Remove {drop.column} from the model and deploy that first; then drop it in a later "
        "deployment and record who agreed: guard approve"
        if back == "downgrade"
        else "Let downgrade() take back what upgrade() did and no more, or record who agreed: "
        "guard approve"
    )
    with_it = context.dependents_of(drop.table, drop.column)
    also = f" It takes {', '.join(with_it)} with it." if with_it else ""
    if with_it and context.server.dialect == "sqlite":
        also = f" Outside a batch SQLite refuses it, since it is part of {', '.join(with_it)}."
    yield Problem(
        message=f"Dropping column {column} deletes its values, no {back} restores them, and "
        f"running code that still selects it fails.{also}",
        remedy=remedy,
    )
