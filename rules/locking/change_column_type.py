"""Changing a column's type writes the whole table anew while traffic waits.

PostgreSQL takes ACCESS EXCLUSIVE, writes every row and every index anew, and reads and writes wait
that long; MySQL and MariaDB copy the table and let nobody write meanwhile (MariaDB from 11.2 on
lets them). Some changes are free: a longer varchar, varchar to text, numeric with more digits
before the point, a member at the end of a MySQL enum, on PostgreSQL timestamp to timestamptz where
the session is in UTC. But a CHECK on the column is verified again, an index on an expression of it
is built anew, a foreign key locks the other table too, and a view or a generated column on it makes
PostgreSQL refuse the change. Sessions that prepared a statement on the table (asyncpg, psycopg)
get "cached plan must not change result type" once. That values may not fit the new type,
narrow-column-type says.
"""

from collections.abc import Iterator
from typing import Literal

from guard.constraint_code import add_not_valid, executed, quoted, table_sql
from guard.effects.effect import Effect
from guard.effects.type_change import TypeChange
from guard.operations import (
    AddConstraint,
    ChangeColumnType,
    Column,
    Constraint,
    ModifyColumn,
    Operation,
    RenameColumn,
    Type,
)
from guard.phrases import COPYING_TOOLS, checks_foreign_keys, what_waits
from guard.rule import Context, Example, Problem, rule
from guard.type_code import sql_type, sqlalchemy_type

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.String(50)),
    sa.Column('total', sa.Numeric(10, 2)),
    sa.Column('placed_at', sa.DateTime()),
    sa.Column('size', sa.Integer()),
)
"""
BIGGER = "op.alter_column('orders', 'size', type_=sa.BigInteger())"


@rule(
    ChangeColumnType,
    ModifyColumn,
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "NEVER change the type of a column in a table in use, unless the server keeps what is "
        "stored as it is (a longer varchar); add a column of the new type instead",
    ),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade=BIGGER,
            dialect="postgresql",
            says="Changing orders.size from integer to bigint takes ACCESS EXCLUSIVE on orders "
            "while every row and all indexes are written anew: reads and writes wait.",
            help="Add a column of the new type, keep it filled by a trigger, fill the old rows in "
            "batches, and let the code use it before size is dropped in a later release:\n"
            "op.add_column('orders', sa.Column('size_new', sa.BigInteger()))",
            at="op.alter_column",
            fixed="op.add_column('orders', sa.Column('size_new', sa.BigInteger()))",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE public.orders ALTER COLUMN note TYPE varchar(80), "
            "ALTER COLUMN size SET DATA TYPE bigint')",
            dialect="postgresql",
            says="Changing public.orders.size from integer to bigint takes ACCESS EXCLUSIVE on "
            "public.orders while",
            help="op.add_column('orders', sa.Column('size_new', sa.BigInteger()), schema='public')",
            at="ALTER TABLE public",
            fixed="op.add_column('orders', sa.Column('size_new', sa.BigInteger()), "
            "schema='public')",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER note TYPE jsonb USING note::jsonb')",
            dialect="postgresql",
            says="Changing orders.note to jsonb (no revision says from what) takes ACCESS "
            "EXCLUSIVE on orders while every row and all indexes are written anew",
            at="ALTER TABLE orders",
            fixed="""
            from sqlalchemy.dialects import postgresql
            op.add_column('orders', sa.Column('note_new', postgresql.JSONB()))
            """,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER note TYPE text')",
            dialect="postgresql",
            says="Changing orders.note to text (no revision says from what) takes ACCESS EXCLUSIVE "
            "on orders, and unless it was varchar or the like, every row and all indexes are "
            "written anew: reads and writes wait.",
            at="ALTER TABLE orders",
            fixed="op.add_column('orders', sa.Column('note_new', sa.Text()))",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'placed_at', type_=sa.DateTime(timezone=True), "
            "postgresql_using=\"placed_at AT TIME ZONE 'UTC'\")",
            dialect="postgresql",
            says="Changing orders.placed_at from timestamp to timestamp with time zone takes "
            "ACCESS EXCLUSIVE on orders while every row and all indexes are written anew: reads "
            "and writes wait. AT TIME ZONE computes each value.",
            help="Leave USING out and set the zone that the values are in before it, which "
            "writes no row where that is UTC:\nop.execute(\"SET LOCAL timezone = 'UTC'\")",
            at="op.alter_column",
            fixed="""
            op.execute("SET LOCAL timezone = 'UTC'")
            op.alter_column('orders', 'placed_at', type_=sa.DateTime(timezone=True))
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'placed_at', type_=sa.DateTime(timezone=True))",
            dialect="postgresql",
            says="Changing orders.placed_at from timestamp to timestamp with time zone",
            help="Set the zone that the values are in before it, which writes no row where that is "
            "UTC:\nop.execute(\"SET LOCAL timezone = 'UTC'\")",
            at="op.alter_column",
            fixed="""
            op.execute("SET LOCAL timezone = 'UTC'")
            op.alter_column('orders', 'placed_at', type_=sa.DateTime(timezone=True))
            """,
        ),
        Example(
            released=(
                ORDERS,
                "op.execute(\"ALTER TABLE orders ADD CONSTRAINT filled CHECK (note <> '') NOT "
                'VALID")',
                "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT filled')",
            ),
            upgrade="op.alter_column('orders', 'note', type_=sa.String(80))",
            dialect="postgresql",
            says="Changing orders.note from varchar(50) to varchar(80) takes ACCESS EXCLUSIVE on "
            "orders while every row is read: reads and writes wait. It verifies filled again.",
            help="Drop filled before it, and add it again NOT VALID after it, to be validated in a "
            "later release:\nop.create_check_constraint('filled', 'orders', \"note <> ''\", "
            "postgresql_not_valid=True)",
            at="op.alter_column",
            fixed="""
            op.drop_constraint('filled', 'orders', type_='check')
            op.alter_column('orders', 'note', type_=sa.String(80))
            op.create_check_constraint('filled', 'orders', "note <> ''", postgresql_not_valid=True)
            """,
        ),
        Example(
            released=(ORDERS, "op.create_index('ix_lower', 'orders', [sa.text('lower(note)')])"),
            upgrade="op.alter_column('orders', 'note', type_=sa.Text())",
            dialect="postgresql",
            says="while every row is read: reads and writes wait. It builds ix_lower anew.",
            help="Drop ix_lower before it, and create it CONCURRENTLY after it",
            at="op.alter_column",
        ),
        Example(
            released=(
                ORDERS,
                "op.execute('CREATE VIEW totals AS SELECT id, total FROM orders')",
            ),
            upgrade="op.alter_column('orders', 'total', type_=sa.Numeric(12, 2))",
            dialect="postgresql",
            says="Changing orders.total from numeric(10, 2) to numeric(12, 2) fails: view totals "
            "uses it.",
            help="Drop view totals before it and create it again after it, in this same revision",
            at="op.alter_column",
        ),
        Example(
            released=(
                """
                op.create_table('users', sa.Column('code', sa.String(20), primary_key=True))
                op.create_table(
                    'orders', sa.Column('code', sa.String(20), sa.ForeignKey('users.code'))
                )
                """,
            ),
            upgrade="op.alter_column('orders', 'code', type_=sa.String(40))",
            dialect="postgresql",
            says="Changing orders.code from varchar(20) to varchar(40) takes ACCESS EXCLUSIVE on "
            "orders, and ACCESS EXCLUSIVE on users, for a moment",
            help="Set a short lock_timeout, and run it again where it gives up",
            at="op.alter_column",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'size', existing_type=sa.Integer(), "
            "type_=sa.BigInteger())",
            dialect="mysql",
            says="Changing orders.size from integer to bigint copies orders with LOCK=SHARED: "
            "writes wait.",
            help="Change it when nobody writes to orders, or change a copy of the table with "
            "gh-ost or pt-online-schema-change",
            at="op.alter_column",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY note varchar(100)')",
            dialect="mysql",
            says="Changing orders.note from varchar(50) to varchar(100) copies orders with "
            "LOCK=SHARED: writes wait. 100 characters may take more than 255 bytes (4 for each), "
            "and their length two bytes instead of one.",
            help="up to varchar(63) nothing is copied",
            at="ALTER TABLE",
        ),
        Example(
            released=(
                """
                op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
                op.create_table(
                    'orders',
                    sa.Column('user_id', sa.Integer()),
                    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='to_users'),
                )
                """,
            ),
            upgrade="op.execute('ALTER TABLE orders MODIFY user_id bigint')",
            dialect="mysql",
            says="Changing orders.user_id from integer to bigint fails: the foreign key to_users "
            "uses it.",
            help="Drop the foreign key to_users before it and create it again after it",
            at="ALTER TABLE",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY size bigint')",
            dialect="mariadb",
            version="11.4",
            says="Changing orders.size from integer to bigint rebuilds orders with LOCK=NONE: "
            "reads and writes go on.",
            help="Change it when little is written to orders",
            at="ALTER TABLE",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', type_=sa.String(80))",
            downgrade="op.alter_column('orders', 'note', type_=sa.String(50))",
            dialect="postgresql",
            says="Changing orders.note from varchar(80) to varchar(50) takes ACCESS EXCLUSIVE",
            help="Leave the type as it is on the way back, or roll back while traffic may wait",
            at="op.alter_column('orders', 'note', type_=sa.String(50))",
        ),
        Example(
            released=(
                "op.create_table('orders', sa.Column('size', sa.Integer()), "
                "sa.Column('twice', sa.Integer(), sa.Computed('size * 2')))",
            ),
            upgrade="op.alter_column('orders', 'twice', nullable=True, existing_type=sa.Integer())",
            dialect="mariadb",
            says="Changing orders.twice from a virtual column fails: MySQL and MariaDB do neither "
            "make a column virtual nor store a virtual one.",
            help="Add a column beside it, and drop twice in a later release",
            at="op.alter_column",
        ),
    ),
    safe=(
        *(
            Example(released=(ORDERS,), upgrade=upgrade, dialect="postgresql")
            for upgrade in (
                "op.alter_column('orders', 'note', type_=sa.String(80))",
                "op.alter_column('orders', 'note', type_=sa.Text())",
                "op.alter_column('orders', 'note', type_=sa.String())",
                "op.alter_column('orders', 'total', type_=sa.Numeric(12, 2))",
                "op.alter_column('orders', 'total', type_=sa.Numeric())",
                "op.execute('ALTER TABLE orders ALTER note TYPE text USING note::text')",
                "op.execute('ALTER TABLE orders ALTER size TYPE integer USING size')",
                """
                op.execute("SET LOCAL timezone = 'UTC'")
                op.alter_column('orders', 'placed_at', type_=sa.DateTime(timezone=True))
                """,
            )
        ),
        Example(upgrade=f"{ORDERS}{BIGGER}", dialect="postgresql"),
        Example(
            upgrade="op.alter_column('orders', 'note', existing_type=sa.String(50), "
            "type_=sa.String(80))",
            dialect="postgresql",
        ),
        Example(
            released=(
                ORDERS,
                "op.create_check_constraint('filled', 'orders', \"note <> ''\", "
                "postgresql_not_valid=True)",
            ),
            upgrade="op.alter_column('orders', 'note', type_=sa.String(80))",
            dialect="postgresql",
        ),
        Example(
            released=(ORDERS, "op.create_index('ix_note', 'orders', ['note'])"),
            upgrade="op.alter_column('orders', 'note', type_=sa.Text())",
            dialect="postgresql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'note', existing_type=sa.String(50), "
            "type_=sa.String(60), existing_nullable=True)",
            dialect="mysql",
        ),
        Example(
            released=("op.create_table('orders', sa.Column('note', sa.String(31)))",),
            upgrade="op.execute('ALTER TABLE orders MODIFY note varchar(200)')",
            dialect="mariadb",
        ),
    ),
)
def change_column_type(operation: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(operation, ChangeColumnType | ModifyColumn):
        return
    if found := _turned(operation, context):
        yield found
        return
    if context.is_unreleased(operation.table) or context.is_empty(operation.table):
        return
    change, effect = context.type_change(operation), context.effect(operation)
    if change.new is None and context.server.is_mysql:
        return  # which Alembic refuses to write
    if _only_forgets_collation(change):
        return  # alter-column-loses-attributes says so
    what = f"Changing {change.table}.{change.column} {_from_to(change, context)}"
    if refused := _refused(change, context):
        yield Problem(
            message=f"{what} fails: {refused} {'use' if ' and ' in refused else 'uses'} it.",
            remedy=f"Drop {refused} before it and create {'them' if ' and ' in refused else 'it'} "
            f"again after it, in this same {_place(context)}",
        )
        return
    if effect is not None and (anew := _computes_anew(operation, change, effect, context)):
        yield Problem(
            message=f"{anew} {what_waits(effect, context.size(change.table))}.",
            remedy=_remedy_on_mysql(change, effect),
            effect=effect,
        )
        return
    if effect is None or _is_harmless(change, effect, operation, context):
        return
    yield Problem(
        message=f"{what} {_what_waits(change, effect, context)}",
        remedy=_remedy(operation, change, effect, context),
        severity=_severity(change, effect, context),
        effect=effect,
    )


def _turned(operation: Operation, context: Context) -> Problem | None:
    """Return what to say where a column of MySQL becomes virtual, or is so no more."""
    if not isinstance(operation, ModifyColumn) or not context.server.is_mysql:
        return None
    table, column = operation.table, operation.column
    before = context.schema.column(table, column.name)
    if not before or not before.certain or _is_virtual(before) == _is_virtual(column):
        return None
    turned = "to a virtual column" if _is_virtual(column) else "from a virtual column"
    way = "fails: MySQL and MariaDB do neither make a column virtual nor store a virtual one"
    return Problem(
        message=f"Changing {table}.{column.name} {turned} {way}.",
        remedy=f"Add a column beside it, and drop {column.name} in a later release",
    )


def _is_virtual(column: Column) -> bool:
    made = column.generated
    return made is not None and made.by == "expression" and not made.stored


def _computes_anew(
    operation: Operation, change: TypeChange, effect: Effect, context: Context
) -> str | None:
    """Return what a MODIFY does besides the type that makes MySQL write the column anew."""
    before = context.schema.column(change.table, change.column)
    if not isinstance(operation, ModifyColumn) or not before or change.work != "none":
        return None
    made, was = operation.column.generated, before.generated
    if made == was or not effect.rewrites or "writes" not in effect.blocks:
        return None
    if made is not None and made.by == "autoincrement":
        return f"Making {change.table}.{change.column} AUTO_INCREMENT"
    return f"Changing what {change.table}.{change.column} is computed from"


def _is_harmless(
    change: TypeChange, effect: Effect, operation: Operation, context: Context
) -> bool:
    if change.work == "none" and not (change.checks or change.indexes):
        return True
    if change.work == "free" and context.server.is_mysql:
        return True  # that it becomes NOT NULL or the reverse, set-not-null says
    using = operation.using if isinstance(operation, ChangeColumnType) else None
    if using and context.expression(using).is_constant:
        return True  # worse: see drop-column
    if change.work == "free in utc" and _in_utc(context):
        return not change.indexes
    if context.undoes_upgrade(operation) and not (
        change.work == "rewrite" and change.back in ("none", "free")
    ):
        return True  # the way here is a finding already
    return not (effect.rewrites or effect.scans or change.keys)


def _refused(change: TypeChange, context: Context) -> str:
    if context.server.dialect == "mysql" and not checks_foreign_keys(context):
        return ""
    return " and ".join(change.refused_by)


def _in_utc(context: Context) -> bool:
    setting = context.settings.get("timezone")
    return setting is not None and setting.value.strip("'\"").lower() in UTC


UTC = ("utc", "etc/utc", "gmt", "etc/gmt", "0", "zulu", "universal")
# Types that another one may become without a change in the rows.
OFTEN_FREE = ("text", "varchar", "citext", "numeric", "timestamp", "time", "interval", "inet")


def _severity(change: TypeChange, effect: Effect, context: Context) -> Literal["warning"] | None:
    """Return "warning" where traffic goes on, only waits for a moment, or that is not known."""
    if change.work == "unknown":
        kind = change.new
        guess = context.server.is_mysql or kind is None
        often = (
            kind is not None and not kind.array and (kind.name in OFTEN_FREE or "." in kind.name)
        )
        return "warning" if guess or often else None
    brief = not (effect.rewrites or effect.scans)
    return "warning" if brief or "writes" not in effect.blocks else None


def _only_forgets_collation(change: TypeChange) -> bool:
    """Return whether a MODIFY writes the same type, but for the collation that it leaves out."""
    old, new = change.old, change.new
    if old is None or new is None or new.collation is not None or old.collation is None:
        return False
    return str(old) == str(new) and (old.unsigned, old.values) == (new.unsigned, new.values)


def _from_to(change: TypeChange, context: Context) -> str:
    new = sql_type(change.new, context.server.dialect) if change.new else "a type that was not read"
    if change.old is None:
        return f"to {new} (no revision says from what)"
    old = sql_type(change.old, context.server.dialect)
    if old == new and change.new and change.old.collation != change.new.collation:
        return f"to another collation ({change.new.collation or 'the default'})"
    return f"from {old} to {new}"


def _what_waits(change: TypeChange, effect: Effect, context: Context) -> str:
    """Return the lock with what waits for it, and a sentence on why it is held for so long."""
    waits = what_waits(effect, context.size(change.table))
    if change.work == "unknown" and _severity(change, effect, context):
        if not context.server.is_mysql:
            texts = change.new is not None and change.new.name in ("text", "varchar", "citext")
            like = change.new.name if change.new and not texts else "varchar"
            unsized = change.old is not None and not change.old.sized
            unless = "it only gets longer" if unsized else f"it was {like} or the like"
            also = f"and unless {unless}, every row"
            waits = waits.replace("while every row", f"{also}").replace(
                f" on {effect.table} and unless", f" on {effect.table}, and unless"
            )
        else:
            waits = f"{waits}, unless the type stays or only gets longer"
    return f"{waits}.{_why(change, effect, context)}"


def _why(change: TypeChange, effect: Effect, context: Context) -> str:
    if context.server.is_mysql:
        return _crossing(change) if effect.rewrites else ""
    if change.checks:
        return f" It verifies {' and '.join(change.checks)} again."
    if change.indexes and change.work == "free":
        return f" It builds {' and '.join(change.indexes)} anew."
    if _is_zone_change(change):
        if change.work == "free in utc":
            return " Only where the session's time zone is UTC, what is stored stays the same."
        return " AT TIME ZONE computes each value."
    return ""


def _is_zone_change(change: TypeChange) -> bool:
    old, new = change.old, change.new
    stamps = old and new and {old.name, new.name} <= {"timestamp", "datetime"}
    return bool(stamps and old and new and old.timezone != new.timezone and new.precision is None)


def _crossing(change: TypeChange) -> str:
    """Return a sentence on the 255 bytes that MySQL counts in one byte."""
    old, new, width = change.old, change.new, change.text_width
    if not (old and new and width and old.name == new.name == "varchar"):
        return ""
    if not (old.length and new.length) or old.length * width > 255 or new.length * width <= 255:
        return ""
    return (
        f" {new.length} characters may take more than 255 bytes ({width} for each), and their "
        "length two bytes instead of one."
    )


def _place(context: Context) -> str:
    return "file" if context.statement.in_sql_file else "revision"


def _remedy(operation: Operation, change: TypeChange, effect: Effect, context: Context) -> str:
    if context.statement.direction == "downgrade" and effect.rewrites:
        return "Leave the type as it is on the way back, or roll back while traffic may wait"
    if context.server.is_mysql:
        return _remedy_on_mysql(change, effect)
    if not (effect.rewrites or effect.scans):
        return "Set a short lock_timeout, and run it again where it gives up"
    if _new_name(change, context):
        return _new_column(change, context)
    if (length := change.shortened_to) is not None:
        return (
            f"Leave the type as it is: a CHECK that is NOT VALID keeps longer values than {length} "
            "characters out, writes no row and is validated in a later release"
        )
    if change.work == "free" and change.checks:
        return _without_check(change, context)
    if change.work == "free" and change.indexes:
        indexes = " and ".join(change.indexes)
        return (
            f"Drop {indexes} before it, and create it CONCURRENTLY after it, both outside the "
            "transaction"
        )
    if _is_zone_change(change) and isinstance(operation, ChangeColumnType):
        leave = "Leave USING out and set" if operation.using else "Set"
        code = executed("SET LOCAL timezone = 'UTC'", context.statement)
        return (
            f"{leave} the zone that the values are in before it, which writes no row where that is "
            f"UTC:\n{code}"
        )
    return _new_column(change, context)


def _without_check(change: TypeChange, context: Context) -> str:
    name = change.checks[0]
    table = context.schema.table(change.table)
    found = [c for c in table.constraints if c.name == name] if table else []
    constraint = Constraint(type="check", name=name, sql=found[0].sql if found else None)
    code = add_not_valid(
        AddConstraint(table=change.table, constraint=constraint), context.statement
    )
    return (
        f"Drop {name} before it, and add it again NOT VALID after it, to be validated in a later "
        f"release:\n{code}"
    )


def _new_column(change: TypeChange, context: Context) -> str:
    table, dialect = change.table, context.server.dialect
    label = _new_name(change, context) or f"{change.column}_new"
    plain = not sqlalchemy_type(change.new, dialect).startswith("<")
    sql = context.statement.sql and not plain  # a type that only SQL names
    if sql or context.statement.in_sql_file:
        kind = _named(change.new, dialect)
        code = executed(
            f"ALTER TABLE {table_sql(table, dialect)} ADD COLUMN {quoted(label, dialect)} {kind}",
            context.statement,
        )
    else:
        schema = f", schema={table.schema!r}" if table.schema else ""
        kind = sqlalchemy_type(change.new, dialect)
        code = f"op.add_column({table.name!r}, sa.Column({label!r}, {kind}){schema})"
    return (
        "Add a column of the new type, keep it filled by a trigger, fill the old rows in batches, "
        f"and let the code use it before {change.column} is dropped in a later release:\n{code}"
    )


def _named(kind: Type | None, dialect: str | None) -> str:
    """Return the type as SQL names it, in quotes where its name has capitals."""
    if kind is not None and not kind.array and kind.name != kind.name.lower():
        return quoted(kind.name, dialect)
    return sql_type(kind, dialect)


def _new_name(change: TypeChange, context: Context) -> str | None:
    """Return what the statement renames the column to: with another name it is a new one anyway."""
    for other in context.statement.operations:
        match other:
            case RenameColumn(table=change.table, column=change.column, new=new):
                return new
    return None


def _remedy_on_mysql(change: TypeChange, effect: Effect) -> str:
    table, shorter = change.table, ""
    if _crossing(change) and change.text_width:
        shorter = f"; up to varchar({255 // change.text_width}) nothing is copied"
    if "writes" not in effect.blocks:
        return f"Change it when little is written to {table}{shorter}"
    return (
        f"Change it when nobody writes to {table}, or change a copy of the table with "
        f"{COPYING_TOOLS}{shorter}"
    )
