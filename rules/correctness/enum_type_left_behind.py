"""PostgreSQL's enum types live beside the tables, and only op.create_table() makes them.

`op.add_column(sa.Column(..., sa.Enum(...)))` and `op.alter_column(type_=sa.Enum(...))` send the
name of the type and nothing that creates it, so the upgrade fails where no revision did. The other
half, a type that a downgrade leaves behind and that the next upgrade finds there,
incomplete-downgrade tells.
"""

from collections.abc import Iterator

from guard.constraint_code import executed
from guard.facts import DowngradeFailed, UpgradeFailed
from guard.operations import AddColumn, ChangeColumnType, Operation, Type
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import ABSENT
from guard.type_code import sql_string

ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
ADDED = "op.add_column('orders', sa.Column('state', sa.Enum('new', 'paid', name='order_state')))"
MADE = "op.execute(\"CREATE TYPE order_state AS ENUM ('new', 'paid')\")"


@rule(
    AddColumn,
    ChangeColumnType,
    dialects=("postgresql",),
    predicts=(UpgradeFailed, DowngradeFailed),
    instructs=(
        "ALWAYS create an enum type of PostgreSQL before `op.add_column()` uses it, and drop it in "
        "the downgrade",
    ),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade=ADDED,
            dialect="postgresql",
            says="Adding orders.state fails: no revision creates the type order_state, and "
            "op.add_column() does not.",
            help=f"Create it first:\n{MADE}",
            at="op.add_column",
            fixed=f"{MADE}\n{ADDED}",
        ),
        Example(
            upgrade=f"{ORDERS}\n{ADDED}",
            dialect="postgresql",
            says="Adding orders.state fails: no revision creates the type order_state",
            at="op.add_column",
            fixed=f"{MADE}\n{ORDERS}\n{ADDED}",
        ),
    ),
    safe=(
        Example(released=(ORDERS,), upgrade=f"{MADE}\n{ADDED}", dialect="postgresql"),
        Example(
            released=(ORDERS,),
            upgrade=f"""
            sa.Enum('new', 'paid', name='order_state').create(op.get_bind())
            {ADDED}
            """,
            dialect="postgresql",
        ),
        Example(upgrade=ADDED, dialect="postgresql"),  # a revision before these may have made it
        Example(
            released=(ORDERS,),
            upgrade="op.add_column('orders', sa.Column('state', sa.Enum('new', native_enum=False, "
            "name='order_state')))",
            dialect="postgresql",
        ),
        Example(released=(ORDERS,), upgrade=ADDED, dialect="mysql"),
    ),
)
def enum_type_left_behind(operation: Operation, context: Context) -> Iterator[Problem]:
    match operation:
        case AddColumn(column=column, table=table):
            kind, name, what = column.type, column.name, "Adding"
        case ChangeColumnType(column=name, type=kind, table=table):
            what = "Changing"
        case _:
            return
    if kind is None or kind.enum_name is None or kind.name != "enum":
        return
    if context.schema.enum(kind.enum_name) is not ABSENT or not context.schema.table(table):
        return  # what earlier revisions made may not be known
    call = "op.add_column()" if what == "Adding" else "op.alter_column()"
    yield Problem(
        message=f"{what} {table}.{name} fails: no revision creates the type {kind.enum_name}, and "
        f"{call} does not.",
        remedy=f"Create it first:\n{_created(kind, context)}",
    )


def _created(kind: Type, context: Context) -> str:
    values = ", ".join(sql_string(value) for value in kind.values or ())
    sql = f"CREATE TYPE {kind.enum_name} AS ENUM ({values or '...'})"
    return executed(sql, context.statement)
