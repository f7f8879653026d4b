"""A value that was added to an enum cannot be used before its transaction has ended.

PostgreSQL refuses it with "unsafe use of new value" wherever it is cast to the enum: in INSERT and
UPDATE, in a server default, in a CHECK, in the WHERE of an index. Alembic runs all revisions that
deploy together in one transaction, unless env.py sets transaction_per_migration, so that a second
revision does not help. An autocommit block around ALTER TYPE does. Up to PostgreSQL 16 that holds
even for a type that the same transaction made; only values in CREATE TYPE itself can be used at
once.
"""

import re
from collections.abc import Iterator

from guard.constraint_code import executed, in_autocommit_block
from guard.facts import UpgradeFailed
from guard.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    ChangeColumnType,
    Column,
    CreateIndex,
    CreateTable,
    CreateView,
    Delete,
    Insert,
    Name,
    Operation,
    Query,
    SetDefault,
    Type,
    Update,
)
from guard.rule import Context, Example, Problem, Related, rule
from guard.statement import Statement
from guard.type_code import sql_string

STATE = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.Text()),
    sa.Column('state', sa.Enum('new', 'paid', name='state')),
)
"""
ADD = "op.execute(\"ALTER TYPE state ADD VALUE 'sent'\")"
BLOCK = f"""
with op.get_context().autocommit_block():
    {ADD}
"""
HELP = (
    "Let it end its own transaction:\nwith op.get_context().autocommit_block():\n"
    "    op.execute(\"ALTER TYPE state ADD VALUE 'sent'\")"
)
OTHER_VALUE = "op.execute(\"INSERT INTO audit (text) VALUES ('resent')\")"
OTHER_COLUMN = "op.execute(\"INSERT INTO orders (note) VALUES ('sent')\")"
USES = (
    "op.execute(\"UPDATE orders SET state = 'sent' WHERE state = 'paid'\")",
    "op.alter_column('orders', 'state', server_default='sent')",
    "op.bulk_insert(sa.table('orders', sa.column('state')), [{'id': 1, 'state': 'sent'}])",
    "op.add_column('orders', sa.Column('old', sa.Enum('new', name='state', create_type=False), "
    "server_default=sa.text(\"'sent'\")))",
)


@rule(
    AddEnumValue,
    dialects=("postgresql",),
    predicts=(UpgradeFailed,),
    instructs=(
        "ALWAYS put `ALTER TYPE ... ADD VALUE` into `with op.get_context().autocommit_block():`",
    ),
    unsafe=(
        *(
            Example(
                released=(STATE,),
                upgrade=f"{ADD}\n{use}",
                dialect="postgresql",
                config={"select": ["enum-value-in-transaction"]},
                says=' uses it, and fails with "unsafe use of new value".',
                help=HELP,
                at="ALTER TYPE",
                fixed=f"{BLOCK}{use}",
            )
            for use in USES
        ),
        Example(
            upgrade="""
            op.execute("CREATE TYPE state AS ENUM ('new')")
            op.execute("ALTER TYPE state ADD VALUE 'sent'")
            op.execute("CREATE TABLE orders (state state DEFAULT 'sent')")
            """,
            dialect="postgresql",
            version="16",
            says="'sent' cannot be used before the transaction that adds it to state has ended",
            help="Name it in CREATE TYPE, or let it end its own transaction",
            at="ALTER TYPE",
            fixed="""
            op.execute("CREATE TYPE state AS ENUM ('new')")
            with op.get_context().autocommit_block():
                op.execute("ALTER TYPE state ADD VALUE 'sent'")
            op.execute("CREATE TABLE orders (state state DEFAULT 'sent')")
            """,
        ),
    ),
    safe=(
        Example(
            released=(STATE,),
            upgrade=f"{BLOCK}{USES[1]}",
            dialect="postgresql",
            config={"select": ["enum-value-in-transaction"]},
        ),
        Example(
            released=(STATE,),
            upgrade=f"{ADD}\n{OTHER_VALUE}",
            dialect="postgresql",
            config={"select": ["enum-value-in-transaction"]},
        ),
        Example(
            released=(STATE,),
            upgrade=f"{ADD}\n{OTHER_COLUMN}",
            dialect="postgresql",
            config={"select": ["enum-value-in-transaction"]},
        ),
        Example(
            upgrade="""
            op.execute("CREATE TYPE state AS ENUM ('new')")
            op.execute("ALTER TYPE state ADD VALUE 'sent'")
            op.execute("CREATE TABLE orders (state state DEFAULT 'sent')")
            """,
            dialect="postgresql",
            version="18",
        ),
    ),
)
def enum_value_in_transaction(add: AddEnumValue, context: Context) -> Iterator[Problem]:
    enum = context.schema.enum(add.name)
    made_here = context.is_new_type(add.name) and _made_in_transaction(add, context)
    if not context.statement.in_transaction and not context.statement.joined:
        return
    if (enum and add.value in (enum.values or ())) or (made_here and context.server.at_least(17)):
        return
    use = next((s for s in context.transaction.after if _uses(s, add, context)), None)
    if use is None:
        return
    elsewhere = use.revision != context.statement.revision
    where = f"revision {use.revision}" if elsewhere else f"line {use.span.line}"
    lead = "Name it in CREATE TYPE, or let" if made_here else "Let"
    yield Problem(
        message=f"'{add.value}' cannot be used before the transaction that adds it to {add.name} "
        f'has ended: {where} uses it, and fails with "unsafe use of new value".',
        remedy=f"{lead} it end its own transaction:\n{_own_transaction(add, context)}",
        related=(Related(span=use.at or use.span, message="uses it"),),
    )


def _own_transaction(add: AddEnumValue, context: Context) -> str:
    position, _, neighbour = (add.position or "").partition(" ")
    where = f" {position.upper()} {sql_string(neighbour)}" if position else ""
    sql = f"ALTER TYPE {add.name} ADD VALUE {sql_string(add.value)}{where}"
    code = executed(sql, context.statement)
    return f"{code}\nCOMMIT;" if context.statement.in_sql_file else in_autocommit_block(code)


def _made_in_transaction(add: AddEnumValue, context: Context) -> bool:
    made = (o for s in context.transaction.before for o in s.operations)
    return any(getattr(o, "name", None) == add.name for o in made)


def _uses(statement: Statement, add: AddEnumValue, context: Context) -> bool:
    """Return whether the statement casts the value to the enum."""
    operations = [o for o in statement.operations if not isinstance(o, AddEnumValue)]
    if not operations:
        return False
    literal = re.compile(rf"(?<!')'{re.escape(add.value.replace(chr(39), chr(39) * 2))}'(?!')")
    texts = [statement.sql or "", *(sql for o in operations for sql in _expressions(o))]
    if not (add.value in statement.values or any(literal.search(text) for text in texts)):
        return False
    cast = re.search(rf"::\s*\"?(\w+\.)?{re.escape(add.name.name)}\b", statement.sql or "")
    return bool(cast) or any(_may_have(o, add.name, literal, context) for o in operations)


def _expressions(operation: Operation) -> Iterator[str]:
    """Yield the SQL that an operation brings along."""
    match operation:
        case CreateTable(columns=columns, constraints=constraints):
            for column in columns:
                yield from _of_column(column)
            yield from (c.sql for c in constraints if c.sql)
        case AddColumn(column=column):
            yield from _of_column(column)
        case SetDefault(default=default) if default.sql:
            yield default.sql
        case AddConstraint(constraint=constraint) if constraint.sql:
            yield constraint.sql
        case CreateIndex(where=where) | Update(where=where) | Delete(where=where) if where:
            yield where
        case ChangeColumnType(using=using) if using:
            yield using


def _of_column(column: Column) -> Iterator[str]:
    if column.default and column.default.sql:
        yield column.default.sql
    yield from (c.sql for c in column.constraints if c.sql)


def _may_have(operation: Operation, enum: Name, literal: re.Pattern[str], context: Context) -> bool:
    """Return whether what the operation writes or compares may be of the enum."""
    match operation:
        case CreateTable(columns=columns):
            return any(_is_of(column.type, enum) for column in columns)
        case AddColumn(column=column):
            return _is_of(column.type, enum)
        case SetDefault(table=table, column=name):
            return _column_may_be(table, (name,), enum, context)
        case Insert(table=table, columns=names):
            return _column_may_be(table, names, enum, context)
        case Update(table=table, columns=names, where=where):
            compared = where is not None and literal.search(where)
            return _column_may_be(table, () if compared else names, enum, context)
        case Query(tables=tables):
            return any(_column_may_be(table, (), enum, context) for table in tables)
        case Delete(table=table) | AddConstraint(table=table) | CreateIndex(table=table):
            return _column_may_be(table, (), enum, context)
        case CreateView() | ChangeColumnType():
            return True
    return type(operation).__name__ in ("Merge", "Opaque", "CallRoutine")


def _column_may_be(table: Name, names: tuple[str, ...], enum: Name, context: Context) -> bool:
    """Return whether one of these columns (none: of all) is of the enum, or is not known."""
    found = context.schema.table(table)
    if not found or not found.complete:
        return True
    columns = [c for c in found.columns if not names or c.name in names]
    return any(c.type is None or _is_of(c.type, enum) for c in columns) or not columns


def _is_of(kind: Type | None, enum: Name) -> bool:
    if kind is None:
        return True
    label = kind.enum_name.name if kind.enum_name else kind.name.rpartition(".")[2]
    return label == enum.name
