"""Running code knows the values that an enum had when it was deployed.

A value that is removed or renamed is refused when the code writes it, and sa.Enum raises
LookupError when it reads one that it does not know. MySQL and MariaDB keep numbers, so that a list
in another order, or with a member put in between, is copied row by row; rows whose member is gone
fail, or get ''. PostgreSQL adds and renames values in a moment; to be rid of one, the type is made
anew, and `op.alter_column(type_=sa.Enum(...))` changes none at all. What that costs in locks,
change-column-type says.
"""

from collections.abc import Iterator
from typing import Literal

from guard.constraint_code import executed
from guard.operations import (
    AddEnumValue,
    ChangeColumnType,
    CreateEnum,
    ModifyColumn,
    Name,
    Operation,
    RenameEnumValue,
    Type,
)
from guard.renames import same_name
from guard.rule import Context, Example, Problem, rule
from guard.type_code import sql_string, sql_type

STATE = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('state', sa.Enum('new', 'paid', 'sent', name='state')),
)
"""
ONLY_THIS = {"ignore": ["change-column-type"]}


@rule(
    AddEnumValue,
    RenameEnumValue,
    ModifyColumn,
    ChangeColumnType,
    unsafe=(
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TYPE state RENAME VALUE 'paid' TO 'settled'\")",
            dialect="postgresql",
            says="Renaming 'paid' of state to 'settled' breaks the code that still runs: it writes "
            "'paid', which the type then refuses, and does not know 'settled'.",
            help="Add 'settled', let the code know both, and change the rows in a later release:\n"
            "with op.get_context().autocommit_block():\n"
            "    op.execute(\"ALTER TYPE state ADD VALUE 'settled'\")",
            at="ALTER TYPE",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute("ALTER TYPE state ADD VALUE 'settled'")
            """,
        ),
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TYPE state ADD VALUE 'lost'\")",
            dialect="postgresql",
            says="Adding 'lost' to state: running code that lists the values (sa.Enum) raises "
            "LookupError at the first row that has it.",
            help="Deploy the code that knows 'lost' before anything writes it",
            at="ALTER TYPE",
        ),
        Example(
            released=(STATE,),
            upgrade="op.alter_column('orders', 'state', type_=sa.Enum('new', 'paid', "
            "name='state'), existing_type=sa.Enum('new', 'paid', 'sent', name='state'))",
            dialect="mysql",
            config=ONLY_THIS,
            says="Changing the list of orders.state removes 'sent': rows that have it fail (or get "
            "'' outside strict mode), and running code that writes it is refused.",
            help="Change the rows and the code first, and remove the value in a later release",
            at="op.alter_column",
        ),
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TABLE orders MODIFY state ENUM('new', 'lost', 'paid', "
            "'sent')\")",
            dialect="mariadb",
            config=ONLY_THIS,
            says="Changing the list of orders.state puts 'lost' before others, whose numbers "
            "change: every row is written anew, and code that compares or sorts by number breaks.",
            help="Append it: enum('new', 'paid', 'sent', 'lost')",
            at="ALTER TABLE",
        ),
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TABLE orders MODIFY state ENUM('new', 'paid', 'sent', "
            "'lost')\")",
            dialect="mysql",
            says="Adding 'lost' to orders.state: running code that lists the values",
            at="ALTER TABLE",
        ),
        Example(
            released=(STATE,),
            upgrade="""
            op.execute("ALTER TYPE state RENAME TO state_old")
            op.execute("CREATE TYPE state AS ENUM ('new', 'paid')")
            op.execute("ALTER TABLE orders ALTER state TYPE state USING state::text::state")
            op.execute("DROP TYPE state_old")
            """,
            dialect="postgresql",
            config={"select": ["change-enum-values"]},
            says="Changing the list of orders.state removes 'sent': rows that have it fail, and "
            "running code that writes it is refused.",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(STATE,),
            upgrade="op.alter_column('orders', 'state', type_=sa.Enum('new', 'paid', 'sent', "
            "'lost', name='state'))",
            dialect="postgresql",
            says="Giving orders.state the type state again adds no value to it: 'lost' is refused "
            "as before.",
            help="Add it to the type:\nwith op.get_context().autocommit_block():\n"
            "    op.execute(\"ALTER TYPE state ADD VALUE 'lost'\")",
            at="op.alter_column",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute("ALTER TYPE state ADD VALUE 'lost'")
            """,
        ),
    ),
    safe=(
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TYPE state ADD VALUE IF NOT EXISTS 'paid'\")",
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.execute("CREATE TYPE state AS ENUM ('new')")
            op.execute("ALTER TYPE state ADD VALUE 'paid'")
            """,
            dialect="postgresql",
        ),
        Example(
            released=(STATE,),
            upgrade="op.execute(\"ALTER TABLE orders MODIFY state ENUM('new', 'paid', 'sent') "
            "COMMENT 'x'\")",
            dialect="mysql",
        ),
        Example(
            upgrade=f"{STATE}op.execute(\"ALTER TABLE orders MODIFY state ENUM('new')\")",
            dialect="mysql",
        ),
    ),
)
def change_enum_values(operation: Operation, context: Context) -> Iterator[Problem]:
    match operation:
        case AddEnumValue(name=name, value=value):
            enum = context.schema.enum(name)
            known = enum and enum.values is not None and value in enum.values
            if not known and not context.is_new_type(name):
                yield _added(value, str(name))
        case RenameEnumValue(name=name) if not context.is_new_type(name):
            yield _renamed(operation, context)
        case ModifyColumn(table=table) | ChangeColumnType(table=table):
            if not (context.is_unreleased(table) or context.is_empty(table)):
                yield from _relisted(operation, context)


def _added(value: str, owner: str) -> Problem:
    return Problem(
        message=f"Adding '{value}' to {owner}: running code that lists the values (sa.Enum) raises "
        "LookupError at the first row that has it.",
        remedy=f"Deploy the code that knows '{value}' before anything writes it",
        severity="warning",
    )


def _renamed(rename: RenameEnumValue, context: Context) -> Problem:
    old, new = rename.value, rename.new
    return Problem(
        message=f"Renaming '{old}' of {rename.name} to '{new}' breaks the code that still runs: it "
        f"writes '{old}', which the type then refuses, and does not know '{new}'.",
        remedy=f"Add '{new}', let the code know both, and change the rows in a later release:\n"
        f"{_add_values(rename.name, (new,), context)}",
    )


def _add_values(name: Name, values: tuple[str, ...], context: Context) -> str:
    lines = [
        executed(f"ALTER TYPE {name} ADD VALUE {sql_string(value)}", context.statement)
        for value in values
    ]
    if context.statement.in_sql_file:
        return "\n".join(lines)
    block = "with op.get_context().autocommit_block():"
    return "\n".join([block, *(f"    {line}" for line in lines)])


def _relisted(operation: ModifyColumn | ChangeColumnType, context: Context) -> Iterator[Problem]:
    """Judge the old and the new list of a column, where both are known."""
    change = context.type_change(operation)
    old, new = (_values(kind, context) for kind in (change.old, change.new))
    if context.server.dialect == "postgresql" and change.work == "none" and change.new:
        yield from _without_effect(f"{change.table}.{change.column}", change.new, context)
        return
    if old is None or new is None or old == new:
        return
    column = f"{change.table}.{change.column}"
    gone = [value for value in old if value not in new]
    come = [value for value in new if value not in old]
    what = f"Changing the list of {column}"
    if gone:
        quoted = ", ".join(f"'{value}'" for value in gone)
        it = "them" if len(gone) > 1 else "it"
        cut = " (or get '' outside strict mode)" if context.server.is_mysql else ""
        yield Problem(
            message=f"{what} removes {quoted}: rows that have {it} fail{cut}, and running code "
            f"that writes {it} is refused.",
            remedy="Change the rows and the code first, and remove the value in a later release",
        )
    elif new[: len(old)] == old:
        for value in come:
            yield _added(value, column)
            return
    else:
        yield _reordered(what, change.new, old, come, context)


def _reordered(
    what: str, new: Type | None, old: tuple[str, ...], come: list[str], context: Context
) -> Problem:
    if context.server.dialect == "postgresql":
        effect = "code that sorts or compares by it gets another order"
    else:
        effect = (
            "whose numbers change: every row is written anew, and code that compares or sorts by "
            "number breaks"
        )
    values = ", ".join(f"'{value}'" for value in come)
    how = f"puts {values} before others" if come else "puts the values in another order"
    kept = Type(name=new.name if new else "enum", values=(*old, *come))
    severity: Literal["warning"] | None = None
    if context.server.dialect == "postgresql":
        severity = "warning"
    return Problem(
        message=f"{what} {how}, {effect}.",
        remedy=f"Append it: {sql_type(kept, 'mysql')}" if come else "Keep the order",
        severity=severity,
    )


def _without_effect(column: str, new: Type, context: Context) -> Iterator[Problem]:
    """Say so where a type of PostgreSQL is given again, in the hope that it gets new values."""
    enum = context.schema.enum(new.enum_name) if new.enum_name else None
    if not enum or enum.values is None or new.values is None or new.enum_name is None:
        return
    known = {*enum.values, *_added_after(new.enum_name, context)}
    come = tuple(value for value in new.values if value not in known)
    if come and enum.certain:
        values = ", ".join(f"'{value}'" for value in come)
        yield Problem(
            message=f"Giving {column} the type {new.enum_name} again adds no value to it: {values} "
            f"{'are' if len(come) > 1 else 'is'} refused as before.",
            remedy=f"Add {'them' if len(come) > 1 else 'it'} to the type:\n"
            f"{_add_values(new.enum_name, come, context)}",
        )


def _added_after(enum: Name, context: Context) -> Iterator[str]:
    """Yield the values that the type gets further down, by a new one of its name or one by one."""
    for operation in (o for statement in context.after for o in statement.operations):
        match operation:
            case CreateEnum(name=name, values=tuple() as values) if same_name(name, enum):
                yield from values
            case AddEnumValue(name=name, value=value) if same_name(name, enum):
                yield value


def _values(kind: Type | None, context: Context) -> tuple[str, ...] | None:
    """Return the values of the enum or set that a column has."""
    if kind is None:
        return None
    if context.server.is_mysql:
        return kind.values if kind.name in ("enum", "set") else None
    if context.server.dialect != "postgresql":
        return None
    owner, _, label = kind.name.rpartition(".")
    enum = context.schema.enum(kind.enum_name or Name(label, owner or None))
    return enum.values if enum else None
