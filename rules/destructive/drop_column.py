"""A dropped column takes its values with it, and breaks the code that still selects it.

SQLAlchemy names every mapped column in its queries, so processes that run the old code fail on the
next query. On PostgreSQL an index, key or foreign key that contains the column goes with it,
silently. Remove the column from the models first and deploy that; drop it in a later deployment,
approved by somebody who knows that the values are not needed (those of a generated column can be
computed again). Where the change is compared with a base that has models, those say whether running
code still maps the column. A change of type `USING` a constant throws the values away as well.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing
from guard.facts import DestructiveCall, Fact, ModelsDiffer
from guard.operations import ChangeColumnType, DropColumn, Operation
from guard.phrases import (
    APPROVE,
    brought_back,
    dropped_by_code,
    running_code_fails,
    taken_away,
    undo_no_more,
    views_left,
    without_it_first,
)
from guard.renames import new_column
from guard.rule import Context, Example, Mapped, Problem, rule

NUMBER_WITH_INDEX = """
op.create_table('orders', sa.Column('number', sa.Text()))
op.create_index('ix_orders_number', 'orders', ['number'], unique=True)
"""


@rule(
    DropColumn,
    ChangeColumnType,
    DestructiveCall,
    predicts=(ModelsDiffer,),
    approvable=True,
    instructs=(
        "NEVER use `DROP COLUMN`",
        "ALWAYS remove a column from the models and deploy that before a migration drops it",
    ),
    unsafe=(
        Example(
            upgrade="op.drop_column('orders', 'note')",
            says="Dropping column orders.note deletes its values, no downgrade restores them, and "
            "running code that still selects it fails.",
            help="Remove note from the model and deploy that first; then drop it in a later "
            "deployment, and record who agreed: guard approve",
            at="op.drop_column",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders DROP COLUMN note')",
            says="Dropping column orders.note deletes its values",
            at="ALTER TABLE orders DROP COLUMN",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('net', sa.Integer()), "
                "sa.Column('gross', sa.Integer(), sa.Computed('net * 2', persisted=True)))",
            ),
            upgrade="op.drop_column('orders', 'gross')",
            dialect="postgresql",
            says="Dropping column orders.gross deletes nothing that cannot be computed again, and "
            "running code that still selects it fails.",
            at="op.drop_column",
        ),
        Example(
            path="app/service.py",
            source="""
            def forget(cursor):
                cursor.execute("ALTER TABLE orders DROP COLUMN note")
            """,
            says="This drops orders.note with its values each time the code runs, and no revision "
            "knows.",
            help="Drop it in a revision, where a downgrade and a review belong to it: "
            "op.drop_column('orders', 'note'). If the code is meant to, record who agreed",
            at="cursor.execute",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING NULL')",
            dialect="postgresql",
            says="USING NULL deletes the values of column orders.note, and no downgrade restores "
            "them.",
            help="Convert the values, USING an expression of note, or record who agreed: guard "
            "approve",
            at="ALTER TABLE orders ALTER",
        ),
        Example(
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.drop_column('note')
            """,
            says="Dropping column orders.note deletes its values",
            at="batch_op.drop_column",
        ),
        Example(
            released=(NUMBER_WITH_INDEX,),
            upgrade="op.drop_column('orders', 'number')",
            says="It takes index ix_orders_number with it.",
            at="op.drop_column",
        ),
        Example(
            released=(NUMBER_WITH_INDEX,),
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.drop_column('number')
            """,
            dialect="postgresql",
            says="It takes index ix_orders_number with it.",
            at="batch_op.drop_column",
        ),
        Example(
            downgrade="op.drop_column('orders', 'note')",
            says="Dropping column orders.note deletes its values, no upgrade restores them",
            help="Let downgrade() undo what upgrade() did and no more, or record who agreed: guard "
            "approve",
            at="op.drop_column",
        ),
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('state', sa.Text()))
            op.execute('UPDATE orders SET state = status')
            op.drop_column('orders', 'status')
            """,
            downgrade="""
            op.add_column('orders', sa.Column('status', sa.Text()))
            op.execute('UPDATE orders SET status = state')
            op.drop_column('orders', 'state')
            """,
            says="Dropping column orders.status leaves its values in orders.state, from where "
            "downgrade() brings them back, and running code that still selects it fails.",
            at="op.drop_column('orders', 'status')",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), "
                "sa.Column('total', sa.Integer()))\nop.execute('CREATE VIEW large AS SELECT id "
                "FROM orders WHERE total > 99')",
            ),
            upgrade="op.drop_column('orders', 'total')",
            dialect="mysql",
            says="View large asks for it and fails from then on.",
            at="op.drop_column",
        ),
    ),
    safe=(
        Example(
            released=("op.create_table('orders', sa.Column('note', sa.String(50)))",),
            upgrade="op.execute('ALTER TABLE orders ALTER note TYPE text USING note::text')",
            downgrade="raise NotImplementedError('no way back')",
            dialect="postgresql",
        ),
        """
        op.add_column('orders', sa.Column('note_new', sa.Text()))
        # guard: ignore[backfill] 200 orders
        op.execute('UPDATE orders SET note_new = note WHERE note IS NOT NULL')
        op.drop_column('orders', 'note')
        op.alter_column('orders', 'note_new', new_column_name='note', existing_type=sa.Text())
        """,
        """
        op.create_table(
            'scratch',
            sa.Column('id', sa.Integer(), primary_key=True),
            sa.Column('note', sa.Text()),
        )
        op.drop_column('scratch', 'note')
        """,
        Example(
            released=(NUMBER_WITH_INDEX,),
            upgrade="op.execute('ALTER TABLE orders DROP COLUMN IF EXISTS never_made')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('note', sa.Text()))",
            downgrade="op.drop_column('orders', 'note')",
        ),
    ),
)
def drop_column(drop: Operation | Fact, context: Context) -> Iterator[Problem]:
    if isinstance(drop, DestructiveCall) and drop.does == "drop column":
        table, _, column = drop.tables.rpartition(".")
        call = f"op.drop_column({table!r}, {column!r})"
        message, remedy = dropped_by_code(f"{drop.tables} with its values", call)
        yield Problem(message=message, remedy=remedy)
    if isinstance(drop, ChangeColumnType):
        yield from _thrown_away(drop, context)
    if not isinstance(drop, DropColumn):
        return
    if context.is_unreleased(drop.table) or context.is_new_column(drop.table, drop.column):
        return
    if context.undoes_upgrade(drop) or drops_nothing(drop, context):
        return
    remains = context.remains(drop.table, drop.column)
    if remains and remains.rebuilt and remains.complete:
        return  # made anew under its own name, with every value
    if remains is None and new_column(drop, context):
        return  # drop-and-re-add says what that looks like
    computed = _is_computed(drop, context)
    rewritten = context.rewrites(drop.table, drop.column)
    effect = taken_away("its values", remains, context.statement, rewritten=rewritten)
    if computed:
        effect = "deletes nothing that cannot be computed again"
    mapped = _mapped(drop, context)
    begin = f"Dropping column {drop.table}.{drop.column}"
    rest = f".{_dependents(drop, context)}{views_left(drop.table, drop.column, context)}"
    yield Problem(
        message=f"{begin} {_and_code(effect, mapped)}{rest}",
        if_restored=""
        if computed or (remains and remains.brought_back)
        else f"{begin} {_and_code(brought_back('its values'), mapped)}{rest}",
        severity=remains.severity if remains else None,
        remedy=_remedy(drop, mapped, context, keep=not computed),
    )


def _is_computed(drop: DropColumn, context: Context) -> bool:
    """Return whether an expression of other columns gives it its values."""
    found = context.schema.column(drop.table, drop.column)
    generated = found.generated if found and found.certain else None
    return generated is not None and generated.by == "expression"


def _mapped(drop: DropColumn, context: Context) -> Mapped | None:
    """Return who maps the column while the upgrade is deployed."""
    if context.statement.direction == "downgrade":
        return None
    return context.mapped(drop.table, drop.column)


def _and_code(effect: str, mapped: Mapped | None) -> str:
    """Return what it does to the values, and to the code that is running."""
    if mapped is not None and mapped.by is None:
        return effect
    fails = "running code that still selects it fails"
    if mapped is not None:
        fails = running_code_fails(mapped, "it")
    return f"{effect.replace(', and ', ', ')}, and {fails}"


def _remedy(drop: DropColumn, mapped: Mapped | None, context: Context, *, keep: bool) -> str:
    if context.statement.direction == "downgrade":
        return undo_no_more(context.statement)
    first = without_it_first(mapped, drop.column)
    if not first:
        copy = "Keep a copy of the values, and " if keep else "If that holds everywhere, "
        return f"No model maps it any more. {copy}{APPROVE}"
    return f"{first}, and {APPROVE}"


def _thrown_away(change: ChangeColumnType, context: Context) -> Iterator[Problem]:
    """Say so where a new type comes with one value for every row."""
    if not change.using or not context.expression(change.using).is_constant:
        return
    if context.is_unreleased(change.table) or context.is_new_column(change.table, change.column):
        return
    remains = context.remains(change.table, change.column)
    values = taken_away(f"the values of column {change.subject}", remains, context.statement)
    yield Problem(
        message=f"USING {change.using} {values}.",
        remedy=f"Convert the values, USING an expression of {change.column}, or {APPROVE}",
    )


def _dependents(drop: DropColumn, context: Context) -> str:
    """Return a sentence on what contains the column, empty where nothing does."""
    found = ", ".join(context.dependents_of(drop.table, drop.column))
    if not found:
        return ""
    if context.server.dialect == "sqlite" and context.statement.batch is None:
        return ""  # SQLite refuses it: unsupported-alter says so
    return f" It takes {found} with it."
