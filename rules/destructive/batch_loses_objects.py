"""A batch that makes its table anew on SQLite forgets triggers, unnamed CHECKs and more.

Alembic's batch mode copies what it can read of the table: columns, keys, named constraints and
plain indexes. Triggers go with the old table, a CHECK without a name is left out (also the one of a
Boolean or an Enum), and so is an index on an expression, a column's COLLATE, and what a foreign key
does that was written inside its column (ON DELETE, ON UPDATE). Nothing fails, the rows are just no
longer checked. A batch that only adds plain columns or indexes makes no table anew. Say the lost
parts again: a CHECK in `table_args`, with a name this time, a trigger and an index after the batch.
"""

from collections.abc import Iterator

from guard.batch_mode import IN_BATCHES, in_batch, makes_anew, operations_of
from guard.operations import (
    AddConstraint,
    ChangeColumnType,
    CreateIndex,
    CreateObject,
    DropColumn,
    DropConstraint,
    DropIndex,
    Name,
    Operation,
)
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Index, StoredConstraint, Table
from guard.statement import Batch

CHECKED = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('total', sa.Integer()),
    sa.Column('note', sa.Text()),
    sa.CheckConstraint('total > 0'),
)
"""
NAMED = CHECKED.replace("'total > 0'", "'total > 0', name='ck_orders_total'")
TRIGGER = """
op.execute('CREATE TRIGGER seen AFTER INSERT ON orders BEGIN DELETE FROM drafts; END')
"""
PLAIN = CHECKED.replace("    sa.CheckConstraint('total > 0'),\n", "")
ALTER = """
with op.batch_alter_table('orders') as batch_op:
    batch_op.alter_column('note', existing_type=sa.Text(), server_default='')
"""
WITH_CHECK = ALTER.replace(
    "'orders')",
    "'orders', table_args=[sa.CheckConstraint('total > 0', name='ck_orders_total')])",
)


@rule(
    *IN_BATCHES,
    dialects=("sqlite",),
    instructs=(
        "ALWAYS give a CHECK a name, and make triggers again after a batch on SQLite: it forgets "
        "what has no name, and triggers",
    ),
    unsafe=(
        Example(
            released=(CHECKED,),
            upgrade=ALTER,
            dialect="sqlite",
            says="The batch makes orders anew and leaves out CHECK (total > 0), which has no name: "
            "from then on nothing checks that.",
            help="Say it again, with a name:\nwith op.batch_alter_table('orders', table_args="
            "[sa.CheckConstraint('total > 0', name='ck_orders_total')]) as batch_op:",
            at="op.batch_alter_table",
            fixed=WITH_CHECK,
        ),
        Example(
            released=(PLAIN + TRIGGER,),
            upgrade=ALTER,
            dialect="sqlite",
            says="The batch makes orders anew and leaves out trigger seen.",
            help="Make trigger seen again after the batch.",
            at="op.batch_alter_table",
            fixed=ALTER + TRIGGER,
        ),
        Example(
            released=(PLAIN + "op.execute('CREATE INDEX ix ON orders (lower(note))')",),
            upgrade=ALTER,
            dialect="sqlite",
            says="leaves out index ix.",
            help="Make index ix again after the batch.",
            at="op.batch_alter_table",
            fixed=ALTER + "op.execute('CREATE INDEX ix ON orders (lower(note))')",
        ),
    ),
    safe=(
        Example(released=(NAMED,), upgrade=ALTER, dialect="sqlite"),
        Example(released=(CHECKED,), upgrade=WITH_CHECK, dialect="sqlite"),
        Example(released=(PLAIN + TRIGGER,), upgrade=ALTER + TRIGGER, dialect="sqlite"),
        Example(
            released=(CHECKED + TRIGGER,),
            upgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('paid', sa.Integer(), server_default='0'))
                batch_op.create_index('ix_orders_paid', ['paid'])
            """,
            dialect="sqlite",
        ),
    ),
)
def batch_loses_objects(operation: Operation, context: Context) -> Iterator[Problem]:
    batch = makes_anew(operation, context)
    table = context.schema.table(batch.table) if batch else None
    if batch is None or not table:
        return
    checks = [] if batch.table_args or batch.copy_from else _lost_checks(table, batch, context)
    others = [*_lost_triggers(table, context), *_lost_indexes(table, batch, context)]
    unread = [] if batch.copy_from else [*_lost_actions(table, batch, context)]
    unread += [] if batch.copy_from else [*_lost_collations(table, batch, context)]
    if not checks and not others and not unread:
        return
    lost = _and(*map(_said, checks), *others, *unread)
    unchecked = ", which has no name: from then on nothing checks that" if checks else ""
    yield Problem(
        message=f"The batch makes {table.name} anew and leaves out {lost}"
        f"{'' if others or unread else unchecked}.",
        remedy=" ".join(_remedy(table.name, checks, others, unread)),
        severity="warning" if context.statement.direction == "downgrade" else None,
        at=batch.span,
    )


def _lost_checks(table: Table, batch: Batch, context: Context) -> list[StoredConstraint]:
    """Return the CHECKs without a name, but for those that the batch says anew or wants gone."""
    if batch.naming_convention:
        return []
    done = list(operations_of(batch, context))
    added = {
        _plain(o.constraint.sql)
        for o in done
        if isinstance(o, AddConstraint) and o.constraint.type == "check"
    }
    gone = [o.column for o in done if isinstance(o, DropColumn)]
    changed = [o.column for o in done if isinstance(o, ChangeColumnType)]
    return [
        check
        for check in table.constraints
        if check.type == "check"
        and (check.name is None or check.made_up)
        and check.certain
        and _plain(check.sql) not in added
        and not any(_concerns(check, column, context) for column in gone)
        and not any(_is_of_type(check, column, context) for column in changed)
    ]


def _plain(sql: str | None) -> str:
    return "".join((sql or "").lower().split())


def _is_of_type(check: StoredConstraint, column: str, context: Context) -> bool:
    """Return whether it lists a column's values, as a Boolean or Enum brings it along."""
    listed = context.expression(check.sql).allowed_values(column) if check.sql else None
    return listed is not None


def _concerns(check: StoredConstraint, column: str, context: Context) -> bool:
    return column in check.columns or bool(
        check.sql and context.expression(check.sql).mentions(column)
    )


def _lost_triggers(table: Table, context: Context) -> Iterator[str]:
    made = {
        o.name.name
        for statement in context.after
        for o in statement.operations
        if isinstance(o, CreateObject) and o.object_type == "trigger"
    }
    for thing in table.objects:
        if thing.object_type == "trigger" and thing.certain and thing.name.name not in made:
            yield f"trigger {thing.name}"


def _lost_indexes(table: Table, batch: Batch, context: Context) -> Iterator[str]:
    """Yield the indexes on expressions, but for those made again or dropped for good."""
    said_anew = {
        str(o.name)
        for statement in (context.statement, *context.after)
        for o in statement.operations
        if isinstance(o, CreateIndex | DropIndex) and o.name
    }
    for index in table.indexes:
        if (
            index.name
            and index.certain
            and index.name not in said_anew
            and _is_computed(index, table)
        ):
            yield f"index {index.name}"


def _lost_actions(table: Table, batch: Batch, context: Context) -> Iterator[str]:
    """Yield what foreign keys do that were written inside their column: only the key is read."""
    done = list(operations_of(batch, context))
    gone = {o.constraint for o in done if isinstance(o, DropConstraint) and o.constraint}
    dropped = {o.column for o in done if isinstance(o, DropColumn)}
    for key in table.constraints:
        kept = key.name not in gone and not dropped.intersection(key.columns)
        if key.type != "foreign key" or not (key.inline and key.certain and kept):
            continue
        actions = [("ON DELETE", key.on_delete), ("ON UPDATE", key.on_update)]
        for words, action in actions:
            if action not in (None, "NO ACTION"):
                yield f"{words} {action} of the foreign key on {', '.join(key.columns)}"


def _lost_collations(table: Table, batch: Batch, context: Context) -> Iterator[str]:
    """Yield the collations of columns that stay as they are."""
    done = list(operations_of(batch, context))
    changed = {o.column for o in done if isinstance(o, DropColumn | ChangeColumnType)}
    for column in table.columns:
        collation = column.type.collation if column.type else None
        plain = collation is None or collation.strip("'\"").lower() == "binary"
        if not plain and column.certain and column.name not in changed:
            yield f"COLLATE {collation} of column {column.name}"


def _is_computed(index: Index, table: Table) -> bool:
    named = {column.name.lower() for column in table.columns}
    return any("(" in column and column.lower() not in named for column in index.columns)


def _said(check: StoredConstraint) -> str:
    return f"CHECK ({check.sql})" if check.sql else "a CHECK"


def _and(*parts: str) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _remedy(
    table: Name, checks: list[StoredConstraint], others: list[str], unread: list[str]
) -> Iterator[str]:
    if others:
        yield f"Make {_and(*others)} again after the batch."
    if unread:
        yield f"Give the batch the table as it is, with {_and(*unread)}: copy_from=sa.Table(...)."
    if checks:
        args = ", ".join(
            f"sa.CheckConstraint({check.sql!r}, name={_name(table, check)!r})" for check in checks
        )
        options = f", table_args=[{args}]"
        it = "it" if len(checks) == 1 else "each CHECK"
        yield f"Say {it} again, with a name:\n{in_batch(table, options=options)}"


def _name(table: Name, check: StoredConstraint) -> str:
    return "_".join(["ck", table.name, *check.columns])
