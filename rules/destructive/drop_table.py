"""A dropped table takes its rows with it.

No downgrade brings the rows back, and code that is still running fails on the next query. On
PostgreSQL the drop also waits for an ACCESS EXCLUSIVE lock on the table and on every table that its
foreign keys reference. Stop using the table first, keep a copy for as long as you might want it,
and have the drop approved by somebody who knows that the rows are not needed.
"""

from collections.abc import Iterator

from guard.absence import drops_nothing
from guard.facts import DestructiveCall, ModelsDiffer, RowsLost
from guard.operations import CreateTable, DropTable
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
from guard.renames import new_table
from guard.rule import Context, Example, Foretold, Mapped, Problem, rule

ORDERS = """
op.create_table('orders', sa.Column('id', sa.Integer()), sa.Column('note', sa.Text()))
"""


@rule(
    DropTable,
    DestructiveCall,
    approvable=True,
    predicts=(ModelsDiffer, RowsLost),
    instructs=(
        "NEVER use `DROP TABLE`",
        "ALWAYS deploy code that no longer uses a table before it is dropped, and keep a copy of "
        "its rows",
    ),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade="op.execute('CREATE OR REPLACE TABLE orders (id integer)')",
            downgrade="raise NotImplementedError('the rows are gone')",
            dialect="mariadb",
            says="Dropping table orders deletes its rows",
            at="CREATE OR REPLACE",
        ),
        Example(
            upgrade="op.drop_table('orders')",
            says="Dropping table orders deletes its rows, and no downgrade restores them.",
            help="Deploy code that no longer uses orders, keep a copy of its rows, then record who "
            "agreed: guard approve",
            at="op.drop_table",
        ),
        Example(
            upgrade="op.execute('DROP TABLE IF EXISTS orders')",
            says="Dropping table orders deletes its rows",
            at="DROP TABLE",
        ),
        Example(
            downgrade="op.drop_table('orders')",
            says="Dropping table orders deletes its rows, and no upgrade restores them.",
            help="Let downgrade() undo what upgrade() did and no more, or record who agreed: guard "
            "approve",
            at="op.drop_table",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.execute('CREATE TABLE orders_new (id integer, note text)')
            op.execute('INSERT INTO orders_new (id) SELECT id FROM orders')
            op.drop_table('orders')
            op.rename_table('orders_new', 'orders')
            """,
            says="Dropping table orders deletes the values of note, which the copy in orders "
            "leaves out, and no downgrade restores them.",
            at="op.drop_table",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.execute('CREATE TABLE old_orders AS SELECT * FROM orders')
            op.drop_table('orders')
            """,
            says="Dropping table orders leaves its rows in old_orders only: downgrade() does not "
            "bring them back.",
            at="op.drop_table",
        ),
        Example(
            path="app/service.py",
            source="""
            from sqlalchemy import text
            from sqlalchemy.orm import Session

            def reset(session: Session):
                session.execute(text("DROP TABLE klines"))
            """,
            says="This drops klines with its rows each time the code runs, and no revision knows.",
            help="Drop it in a revision, where a downgrade and a review belong to it: "
            "op.drop_table('klines'). If the code is meant to, record who agreed: guard approve",
            at="session.execute",
        ),
        Example(
            path="app/reset.py",
            source="""
            from sqlalchemy import create_engine

            from app.models import Base

            def reset(url):
                Base.metadata.drop_all(create_engine(url))
            """,
            says="This drops every table of Base.metadata with its rows each time the code runs",
            at="Base.metadata.drop_all",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), "
                "sa.Column('total', sa.Integer()))\nop.execute('CREATE VIEW large AS SELECT id "
                "FROM orders WHERE total > 99')",
            ),
            upgrade="op.drop_table('orders')",
            dialect="mysql",
            says="View large asks for it and fails from then on.",
            at="op.drop_table",
        ),
    ),
    safe=(
        Example(
            path="app/service.py",
            source="""
            from sqlalchemy import text
            from sqlalchemy.orm import Session

            def fill(session: Session):
                session.execute(text("CREATE TEMPORARY TABLE fresh (id integer)"))
                session.execute(text("DROP TABLE fresh"))
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.execute('CREATE TABLE orders_new (id integer, note varchar(80))')
            op.execute('INSERT INTO orders_new SELECT * FROM orders')
            op.drop_table('orders')
            op.rename_table('orders_new', 'orders')
            """,
        ),
        "op.add_column('orders', sa.Column('note', sa.Text()))",
        Example(released=(ORDERS,), upgrade="op.execute('DROP TABLE IF EXISTS never_made')"),
        """
        op.create_table('scratch', sa.Column('id', sa.Integer(), primary_key=True))
        op.drop_table('scratch')
        """,
    ),
)
def drop_table(drop: DropTable | DestructiveCall, context: Context) -> Iterator[Problem]:
    if isinstance(drop, DestructiveCall):
        yield from _by_code(drop)
        return
    if _is_new(drop, context) or context.undoes_upgrade(drop) or drops_nothing(drop, context):
        return
    remains = context.remains(drop.table)
    if remains and remains.rebuilt and remains.complete:
        return  # made anew under its own name, with every row
    if remains is None and new_table(drop, context):
        return  # drop-and-re-add says what that looks like
    rewritten = context.rewrites(drop.table)
    effect = taken_away("its rows", remains, context.statement, rewritten=rewritten)
    upgrade = context.statement.direction == "upgrade"
    mapped = context.mapped(drop.table) if upgrade else None
    yield Problem(
        message=_message(drop, effect, mapped, context),
        if_restored=""
        if remains and remains.brought_back
        else _message(drop, brought_back("its rows"), mapped, context),
        severity=remains.severity if remains else None,
        remedy=_remedy(drop, mapped, context),
        foretells=(Foretold(how="missing", kind="rows", table=str(drop.table)),),
    )


def _message(drop: DropTable, effect: str, mapped: Mapped | None, context: Context) -> str:
    fails = ""
    if mapped and mapped.by:
        effect = effect.replace(", and ", ", ")
        fails = f", and {running_code_fails(mapped, 'it')}"
    left = views_left(drop.table, None, context)
    return f"Dropping table {drop.table} {effect}{fails}.{left}"


def _is_new(drop: DropTable, context: Context) -> bool:
    """Return whether this deployment made the table; CREATE OR REPLACE is about the one before."""
    beside = context.statement.operations
    after = beside[beside.index(drop) + 1 :]
    if not any(isinstance(o, CreateTable) and o.table == drop.table for o in after):
        return context.is_unreleased(drop.table)
    found = context.schema.table(drop.table)
    return not found or found.temporary or context.is_made_here(found.created_by)


def _remedy(drop: DropTable, mapped: Mapped | None, context: Context) -> str:
    if context.statement.direction == "downgrade":
        return undo_no_more(context.statement)
    copy = f"keep a copy of its rows, then {APPROVE}"
    if mapped is None:
        return f"Deploy code that no longer uses {drop.table}, {copy}"
    first = without_it_first(mapped, str(drop.table))
    return f"{first}; {copy}" if first else f"No model maps it any more: {copy}"


def _by_code(call: DestructiveCall) -> Iterator[Problem]:
    if call.does == "drop":
        one = "" if " " in call.tables else f"op.drop_table({call.tables!r})"
        message, remedy = dropped_by_code(f"{call.tables} with its rows", one)
        yield Problem(message=message, remedy=remedy)
