"""A narrower column type cuts values off, or fails at the first that does not fit.

PostgreSQL refuses a text that is too long or a number that is too big, in the middle of the
deployment; digits after the point, fractions of a second and the time of day it drops without a
word. MySQL and MariaDB refuse in strict mode and cut off outside it. An empty test database shows
none of that. How long the table is locked meanwhile, change-column-type says. SQLite does not keep
to the sizes of its types. A CHECK that is valid and lets no such value in makes it safe.
"""

import re
from collections.abc import Iterator
from typing import Literal

from guard.constraint_code import add_not_valid, quoted
from guard.effects.type_change import TypeChange
from guard.facts import DowngradeFailed, UpgradeFailedWithRows
from guard.operations import AddConstraint, ChangeColumnType, Constraint, ModifyColumn, Operation
from guard.patterns import lazy_re
from guard.rule import Context, Example, Problem, rule
from guard.type_code import sql_type

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.String(50)),
    sa.Column('total', sa.Numeric(10, 4)),
    sa.Column('placed_at', sa.DateTime()),
    sa.Column('size', sa.BigInteger()),
)
"""
ONLY_THIS = {"ignore": ["change-column-type"]}
SHORTER = "op.alter_column('orders', 'note', type_=sa.String(20))"


@rule(
    ChangeColumnType,
    ModifyColumn,
    predicts=(UpgradeFailedWithRows, DowngradeFailed),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade=SHORTER,
            dialect="postgresql",
            says="Narrowing orders.note from varchar(50) to varchar(20) fails as soon as one row "
            "has values longer than 20 characters.",
            help="Look for such rows first, and keep new ones out with a CHECK instead of the "
            "type, validated in a later release:\nop.create_check_constraint("
            "'ck_orders_note_length', 'orders', 'char_length(note) <= 20', "
            "postgresql_not_valid=True)",
            at="op.alter_column",
            config=ONLY_THIS,
            fixed="op.create_check_constraint('ck_orders_note_length', 'orders', "
            "'char_length(note) <= 20', postgresql_not_valid=True)",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ALTER total TYPE numeric(10, 2)')",
            dialect="postgresql",
            says="Narrowing orders.total from numeric(10, 4) to numeric(10, 2) drops digits after "
            "the point from number 3 on.",
            help="Add a column of the new type, copy what is to be kept, and leave total until it "
            "is not needed",
            at="ALTER TABLE",
            config=ONLY_THIS,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY size int')",
            dialect="mysql",
            says="Narrowing orders.size from bigint to integer fails as soon as one row has values "
            "above 2,147,483,647, and cuts them off outside strict mode.",
            help="Look for such rows first: SELECT max(size) FROM orders",
            at="ALTER TABLE",
            config=ONLY_THIS,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'placed_at', type_=sa.Date())",
            dialect="postgresql",
            says="drops the time of day.",
            at="op.alter_column",
            config=ONLY_THIS,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ALTER note TYPE varchar(20) USING "
            "left(note, 20)')",
            dialect="postgresql",
            config=ONLY_THIS,
            says="from varchar(50) to varchar(20) cuts off values longer than 20 characters.",
            at="ALTER TABLE orders",
            fixed="op.create_check_constraint('ck_orders_note_length', 'orders', "
            "'char_length(note) <= 20', postgresql_not_valid=True)",
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', type_=sa.String(80))",
            dialect="postgresql",
        ),
        Example(
            released=(
                ORDERS,
                "op.create_check_constraint('short', 'orders', 'char_length(note) <= 20', "
                "postgresql_not_valid=True)",
                "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT short')",
            ),
            upgrade=SHORTER,
            dialect="postgresql",
            config=ONLY_THIS,
        ),
        Example(
            released=(ORDERS,),
            upgrade=f"""
            with op.batch_alter_table('orders') as batch_op:
                {SHORTER.replace("op.alter_column('orders', ", "batch_op.alter_column(")}
            """,
            dialect="sqlite",
        ),
        Example(upgrade=f"{ORDERS}{SHORTER}", dialect="postgresql"),
    ),
)
def narrow_column_type(operation: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(operation, ChangeColumnType | ModifyColumn):
        return
    if context.server.dialect == "sqlite" or context.is_empty(operation.table):
        return
    if context.is_unreleased(operation.table) or context.undoes_upgrade(operation):
        return  # of the way back, change-column-type says what it does
    change = context.type_change(operation)
    if change.loses is None or change.refused_by or _is_proven(change, context):
        return
    yield Problem(
        message=f"Narrowing {change.table}.{change.column} from "
        f"{sql_type(change.old, context.server.dialect)} to "
        f"{sql_type(change.new, context.server.dialect)} {_effect(change, operation, context)}.",
        remedy=_remedy(change, context),
        severity=_severity(change),
    )


WHOLE = ("smallint", "integer", "bigint")
LENGTH = lazy_re(
    r"\(*(?:char_length|character_length|length|octet_length)\s*\(\s*\(?[\"`]?(\w+)[\"`]?\)?"
    r"(?:::text)?\s*\)\s*(<=?)\s*(\d+)\)*",
    re.IGNORECASE,
)
VALUE = lazy_re(r"\(*[\"`]?(\w+)[\"`]?\s*(<=?)\s*(\d+)\)*", re.IGNORECASE)
BETWEEN = lazy_re(r"\(*[\"`]?(\w+)[\"`]?\s+BETWEEN\s+\d+\s+(AND)\s+(\d+)\)*", re.IGNORECASE)
# What shortens a text by itself: an explicit cast, and functions that take the beginning.
CUTS = lazy_re(
    r"::\s*(?:var)?char|::\s*character|\bcast\s*\(|\b(?:left|substr|substring)\s*\(", re.IGNORECASE
)
MOST = lazy_re(r"(?:longer than|above) ([\d,]+)")


def _severity(change: TypeChange) -> Literal["warning"] | None:
    """Return "warning" for numbers that get digits after the point: few are that big."""
    old, new = change.old, change.new
    return "warning" if old and new and old.name in WHOLE and new.name == "numeric" else None


def _is_proven(change: TypeChange, context: Context) -> bool:
    """Return whether a valid CHECK forbids the values that do not fit."""
    most, table = MOST.match((change.loses or "").removeprefix("values ")), None
    if most is not None:
        table = context.schema.table(change.table)
    limit = int(most[1].replace(",", "")) if most else 0
    for constraint in table.constraints if table else ():
        if constraint.type != "check" or constraint.not_valid or not constraint.certain:
            continue
        for pattern in (LENGTH, VALUE, BETWEEN):
            found = pattern.fullmatch((constraint.sql or "").strip())
            if found and found[1].lower() == change.column.lower():
                allowed = int(found[3]) - (found[2] == "<")
                if allowed <= limit and (pattern is LENGTH) == ("longer" in (change.loses or "")):
                    return True
    return False


def _effect(
    change: TypeChange, operation: ChangeColumnType | ModifyColumn, context: Context
) -> str:
    loses = change.loses or ""
    if not loses.startswith("values"):
        return f"drops {loses}"
    using = operation.using if isinstance(operation, ChangeColumnType) else None
    if using and "longer" in loses and CUTS.search(using):
        return f"cuts off {loses}"
    fails = f"fails as soon as one row has {loses}"
    return f"{fails}, and cuts them off outside strict mode" if context.server.is_mysql else fails


def _remedy(change: TypeChange, context: Context) -> str:
    table, dialect = change.table, context.server.dialect
    loses, column = change.loses or "", quoted(change.column, context.server.dialect)
    if not loses.startswith("values"):
        return (
            "Add a column of the new type, copy what is to be kept, and leave "
            f"{change.column} until it is not needed"
        )
    length = change.shortened_to
    if dialect == "postgresql" and length is not None:
        name = f"ck_{table.name}_{change.column}_length"
        sql = f"char_length({column}) <= {length}"
        constraint = Constraint(type="check", name=name, sql=sql)
        code = add_not_valid(AddConstraint(table=table, constraint=constraint), context.statement)
        return (
            "Look for such rows first, and keep new ones out with a CHECK instead of the type, "
            f"validated in a later release:\n{code}"
        )
    asked = f"char_length({column})" if "longer" in loses else column
    least = "min" if "below" in loses else "max"
    return f"Look for such rows first: SELECT {least}({asked}) FROM {table}"  # noqa: S608
