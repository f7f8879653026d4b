"""Several changes of one table in a row could be one ALTER TABLE.

Each ALTER TABLE waits for its lock anew, and where two of them rewrite or rebuild the table, it is
done twice; MySQL and MariaDB do in one pass what stands in one statement. Changes that take another
lock stay apart: a VALIDATE CONSTRAINT in the same statement would read every row under the lock of
the rest.
"""

from collections.abc import Iterator

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeColumnType,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    ModifyColumn,
    Name,
    Operation,
    SetDefault,
    SetNotNull,
)
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

ALTERS = (
    AddColumn, AddConstraint, AlterColumn, ChangeColumnType, DropColumn, DropConstraint,
    DropDefault, DropNotNull, ModifyColumn, SetDefault, SetNotNull,
)  # fmt: skip
ON: dict[str, object] = {"select": ["combine-alters"]}
TWO = """
op.add_column('orders', sa.Column('a', sa.Text()))
op.add_column('orders', sa.Column('b', sa.Text()))
"""
ONE = "op.execute('ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b text')"


@rule(
    AddColumn,
    *ALTERS[1:],
    severity="off",
    dialects=("postgresql", "mysql", "mariadb"),
    unsafe=(
        Example(
            upgrade=TWO,
            dialect="postgresql",
            config=ON,
            says="Two ALTER TABLE of orders in a row wait for the table twice.",
            help="Make them one statement: ALTER TABLE orders ..., ...",
            at="op.add_column('orders', sa.Column('b'",
            fixed=ONE,
        ),
        Example(
            upgrade=TWO,
            dialect="mysql",
            config=ON,
            says="Two ALTER TABLE of orders in a row wait for the table twice, and what rebuilds "
            "it does so each time.",
            at="op.add_column('orders', sa.Column('b'",
            fixed=ONE,
        ),
    ),
    safe=(
        Example(upgrade=ONE, dialect="postgresql", config=ON),
        Example(
            upgrade="""
            op.add_column('orders', sa.Column('a', sa.Text()))
            op.add_column('users', sa.Column('b', sa.Text()))
            """,
            dialect="postgresql",
            config=ON,
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID')
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE orders VALIDATE CONSTRAINT c')
            """,
            dialect="postgresql",
            config=ON,
        ),
        Example(
            upgrade="""
            op.create_table('notes', sa.Column('id', sa.Integer(), primary_key=True))
            op.add_column('notes', sa.Column('a', sa.Text()))
            op.add_column('notes', sa.Column('b', sa.Text()))
            """,
            dialect="postgresql",
            config=ON,
        ),
        Example(upgrade=TWO, dialect="sqlite", config=ON),
    ),
)
def combine_alters(operation: Operation, context: Context) -> Iterator[Problem]:
    statement = context.statement
    table = _altered(statement)
    if table is None or operation is not statement.operations[0] or context.is_unreleased(table):
        return
    before = [one for one in context.before[-2:] if _is_like(one, statement, table)]
    if len(before) != 1 or before[0] is not context.before[-1]:
        return  # not in a row, or told of the second
    twice = ", and what rebuilds it does so each time" if context.server.is_mysql else ""
    yield Problem(
        message=f"Two ALTER TABLE of {table} in a row wait for the table twice{twice}.",
        remedy=f"Make them one statement: ALTER TABLE {table} ..., ...",
    )


def _altered(statement: Statement) -> Name | None:
    """Return the table of which the statement is one ALTER TABLE."""
    tables = {o.table if isinstance(o, ALTERS) else None for o in statement.operations}
    return tables.pop() if len(tables) == 1 else None


def _is_like(other: Statement, statement: Statement, table: Name) -> bool:
    return _altered(other) == table and (other.in_transaction, other.condition, other.dialects) == (
        statement.in_transaction,
        statement.condition,
        statement.dialects,
    )
