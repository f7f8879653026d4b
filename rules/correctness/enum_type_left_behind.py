"""PostgreSQL's enum types live beside the tables, and only op.create_table() makes them.

`op.add_column(sa.Column(..., sa.Enum(...)))` and `op.alter_column(type_=sa.Enum(...))` send the
name of the type and nothing that creates it, so the upgrade fails where no revision did. And
`op.drop_table` and `op.drop_column` leave the type: after a downgrade it is still there, and the
next upgrade fails, since it exists. So does a table that creates a type which an earlier release,
SQL or `create()` has made: only the tables of one run of Alembic share it.
"""

import re
from collections.abc import Iterator

from guard.constraint_code import executed
from guard.facts import (
    DowngradeFailed,
    Fact,
    Migration,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UpgradeFailed,
)
from guard.operations import AddColumn, ChangeColumnType, CreateEnum, Operation, Type
from guard.rewrite import Last
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import ABSENT
from guard.type_code import sql_string
from guard.way_back import UNDO, foretold, is_type_left, unrestored

ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
ADDED = "op.add_column('orders', sa.Column('state', sa.Enum('new', 'paid', name='order_state')))"
TICKETS = """
op.create_table(
    "tickets",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("state", sa.Enum("open", "shut", name="ticket_state")),
)
"""
MADE = "op.execute(\"CREATE TYPE order_state AS ENUM ('new', 'paid')\")"


@rule(
    AddColumn,
    ChangeColumnType,
    CreateEnum,
    Migration,
    dialects=("postgresql",),
    predicts=(UpgradeFailed, DowngradeFailed, SchemaNotRestored, SecondUpgradeFailed),
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
        Example(
            upgrade="""
            import enum

            class TicketState(enum.Enum):
                OPEN = 1
                SHUT = 2

            state = sa.Column("state", sa.Enum(TicketState))
            op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True), state)
            """,
            downgrade='op.drop_table("tickets")',
            dialect="postgresql",
            says="The downgrade of 0001 leaves the enum type ticketstate, and the next upgrade "
            "fails, since it exists.",
            help=f"{UNDO}:\nsa.Enum(name='ticketstate').drop(op.get_bind())",
            at="def downgrade()",
            fixed_downgrade="""
            op.drop_table("tickets")
            sa.Enum(name='ticketstate').drop(op.get_bind())
            """,
        ),
        Example(
            upgrade=TICKETS,
            downgrade='op.drop_table("tickets")',
            dialect="postgresql",
            says="The downgrade of 0001 leaves the enum type ticket_state, and the next upgrade "
            "fails, since it exists.",
            help=f"{UNDO}:\nsa.Enum(name='ticket_state').drop(op.get_bind())",
            at="def downgrade()",
            fixed_downgrade="""
            op.drop_table("tickets")
            sa.Enum(name='ticket_state').drop(op.get_bind())
            """,
        ),
        Example(
            released=(MADE,),
            upgrade="op.create_table('orders', sa.Column('state', sa.Enum('new', 'paid', "
            "name='order_state')))",
            dialect="postgresql",
            says="Creating the type order_state fails: revision 0001 has made it.",
            help="Leave it out: postgresql.ENUM(name='order_state', create_type=False)",
            at="op.create_table",
            fixed="""
            op.create_table('orders', sa.Column('state', postgresql.ENUM(name='order_state', \
create_type=False)))
            """,
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
        Example(
            upgrade="""
            op.create_table('a', sa.Column('s', sa.Enum('new', 'paid', name='order_state')))
            op.create_table('b', sa.Column('s', sa.Enum('new', 'paid', name='order_state')))
            """,
            dialect="postgresql",
        ),
        Example(
            released=(MADE,),
            upgrade="sa.Enum('new', name='order_state').create(op.get_bind(), checkfirst=True)",
            dialect="postgresql",
        ),
    ),
)
def enum_type_left_behind(operation: Operation | Fact, context: Context) -> Iterator[Problem]:
    match operation:
        case Migration():
            yield from _left(operation, context)
            return
        case CreateEnum():
            yield from _made_again(operation, context)
            return
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


def _made_again(create: CreateEnum, context: Context) -> Iterator[Problem]:
    found, statement = context.schema.enum(create.name), context.statement
    block = statement.run_by is not None or (statement.sql or "")[:2].upper() == "DO"
    if create.if_not_exists or statement.condition is not None or block:
        return  # which looks, or does not mind
    if not found or not found.certain or found.created_by is None:
        return
    by_table = statement.directive is not None and statement.directive.name == "create_table"
    if by_table and context.is_made_here(found.created_by) and not _made_alone(create, context):
        return
    who = "this one" if found.created_by == statement.revision else f"{found.created_by}"
    remedy = "Leave it out"
    if by_table:
        schema = f", schema={create.name.schema!r}" if create.name.schema else ""
        remedy += f": postgresql.ENUM(name={create.name.name!r}{schema}, create_type=False)"
    yield Problem(
        message=f"Creating the type {create.name} fails: revision {who} has made it.",
        remedy=remedy,
    )


def _made_alone(create: CreateEnum, context: Context) -> bool:
    """Return whether a statement of this deployment makes it that is no op.create_table().

    The tables of one run of Alembic make a type once.
    """
    earlier = (*context.transaction.before, *context.before)
    return any(
        isinstance(other, CreateEnum) and other.name == create.name
        for statement in earlier
        if statement.directive is None or statement.directive.name != "create_table"
        for other in statement.operations
    )


def _left(migration: Migration, context: Context) -> Iterator[Problem]:
    left = [difference for difference in unrestored(migration, context) if is_type_left(difference)]
    if not left:
        return
    names = [difference.name for difference in left]
    what, exist = ("type", "it exists") if len(names) == 1 else ("types", "they exist")
    sql = migration.tool == "sql"
    lines = [f"DROP TYPE {_quoted(name)};" if sql else _drop(name) for name in names]
    yield Problem(
        message=f"The downgrade of {migration.revision} leaves the enum {what} "
        f"{' and '.join(names)}, and the next upgrade fails, since {exist}.",
        remedy="\n".join([f"{UNDO}:", *lines]),
        rewrite=() if sql else (Last("\n".join(lines), "downgrade"),),
        foretells=tuple(map(foretold, left)),
    )


def _drop(name: str) -> str:
    """Return the code that drops an enum type, and does nothing on a database that has none."""
    schema, _, last = name.rpartition(".")
    where = f", schema={schema!r}" if schema else ""
    return f"sa.Enum(name={last!r}{where}).drop(op.get_bind())"


def _quoted(name: str) -> str:
    """Return the name as SQL has to write it, where it is not all in lower case."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", name)
    return name if plain else ".".join(f'"{part}"' for part in name.split("."))
