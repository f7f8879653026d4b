"""SQLite changes little of a table that is there, and of the rest much only while it is empty.

It has no ALTER COLUMN and adds or drops no constraint: Alembic refuses it, or sends what SQLite
does not understand. A column that is added may be neither UNIQUE nor a key; over rows it may have
no default that is computed (CURRENT_TIMESTAMP, an expression) or that its CHECK forbids and be no
STORED one, so that this passes on an empty test database and fails in production. A column is not
dropped while a key, an index, a constraint of the table, a generated column or a view needs it.
Alembic's batch mode makes the table anew instead. It fails over a computed column, and over a view
or another table's trigger that asks for the table while it is gone: SQLite renames nothing then,
nor the copy that is put in the place of the table by hand.
"""

import re
from collections.abc import Iterator

from guard.batch_mode import (
    SENT_AT_ONCE,
    broken_without,
    enforces_foreign_keys,
    in_batch,
    makes_anew,
    operations_of,
    remakes,
)
from guard.constraint_code import label_of
from guard.expression import Range
from guard.facts import DowngradeFailed, UpgradeFailed, UpgradeFailedWithRows
from guard.operations import (
    AddColumn,
    AddConstraint,
    ChangeColumnType,
    Column,
    Constraint,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropTable,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from guard.patterns import lazy_re
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Table, View
from guard.statement import Batch
from guard.type_code import sqlalchemy_type

ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('total', sa.Integer()),
    sa.Column('note', sa.Text()),
)
"""
CHECKED = """
op.create_table(
    'orders', sa.Column('total', sa.Integer()), sa.CheckConstraint('total > 0', name='ck_total')
)
"""
# From that version on it changes NOT NULL and CHECK: https://sqlite.org/releaselog/3_53_0.html
DROPS_COLUMNS, RENAMES_COLUMNS = (3, 35), (3, 25)
ALTERS_NOT_NULL = (3, 53)
# What a column may have as its default over rows: a literal, also in parentheses.
CONSTANT = lazy_re(
    r"\(*\s*(?:[-+]?\s*[\d.]+(?:e[-+]?\d+)?|0x[\da-f]+|x?'(?:[^']|'')*'|\"[^\"]*\"|null|true|false)\s*\)*",
    re.I,
)
Answer = tuple[str, str]  # what to say, and what to do about it
ADDED_HINT = "op.add_column('orders', sa.Column('hint', sa.Text()))\n"


@rule(
    AddColumn,
    DropColumn,
    ChangeColumnType,
    SetNotNull,
    DropNotNull,
    SetDefault,
    DropDefault,
    AddConstraint,
    DropConstraint,
    RenameColumn,
    RenameTable,
    dialects=("sqlite",),
    predicts=(UpgradeFailed, UpgradeFailedWithRows, DowngradeFailed),
    instructs=(
        "ALWAYS change tables of SQLite in batch mode (`op.batch_alter_table`), but for columns "
        "that are plainly added and things that are renamed",
    ),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', server_default='0')",
            dialect="sqlite",
            says="SQLite has no ALTER COLUMN: giving total of orders a default fails.",
            help="Use batch mode, which makes the table anew:\n"
            "with op.batch_alter_table('orders') as batch_op:\n"
            "    batch_op.alter_column('total', server_default=sa.text(\"'0'\"))",
            at="op.alter_column",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.alter_column('total', server_default=sa.text("'0'"))
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ALTER COLUMN total TYPE bigint')",
            dialect="sqlite",
            says="SQLite has no ALTER COLUMN: changing the type of total of orders fails.",
            at="ALTER TABLE orders",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.alter_column('total', type_=sa.BigInteger())
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.create_unique_constraint('uq_orders_note', 'orders', ['note'])",
            dialect="sqlite",
            says="SQLite adds no constraint to a table: adding uq_orders_note to orders fails.",
            at="op.create_unique_constraint",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.create_unique_constraint('uq_orders_note', ['note'])
            """,
        ),
        Example(
            released=(CHECKED,),
            upgrade="op.execute('ALTER TABLE orders DROP CONSTRAINT ck_total')",
            dialect="sqlite",
            says="SQLite drops no constraint of a table: dropping ck_total of orders fails.",
            at="ALTER TABLE orders",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.drop_constraint('ck_total')
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN code text UNIQUE')",
            dialect="sqlite",
            says="SQLite adds no UNIQUE column: adding code to orders fails.",
            help="Add the column without it, and a unique index:\n"
            "op.create_index('uq_orders_code', 'orders', ['code'], unique=True)",
            at="ALTER TABLE orders",
            fixed="""
            op.execute('ALTER TABLE orders ADD COLUMN code text')
            op.create_index('uq_orders_code', 'orders', ['code'], unique=True)
            """,
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.add_column('orders', sa.Column('made', sa.DateTime(), "
            "server_default=sa.func.now()))",
            dialect="sqlite",
            says="Adding made with a default that is computed (CURRENT_TIMESTAMP) fails on SQLite "
            "as soon as orders has one row.",
            help="with op.batch_alter_table('orders') as batch_op:\n    batch_op.add_column("
            "sa.Column('made', sa.DateTime(), server_default=sa.text('CURRENT_TIMESTAMP')))",
            at="op.add_column",
            fixed="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.add_column(sa.Column('made', sa.DateTime(), server_default=sa.text('CURRENT_TIMESTAMP')))
            """,  # noqa: E501
        ),
        Example(
            released=(ORDERS,),
            upgrade=ADDED_HINT + "op.create_index('ix_orders_hint', 'orders', ['hint'])",
            downgrade="op.drop_column('orders', 'hint')",
            dialect="sqlite",
            says="SQLite does not drop hint of orders: index ix_orders_hint needs it.",
            at="op.drop_column",
            fixed_downgrade="""
            with op.batch_alter_table('orders') as batch_op:
                batch_op.drop_index('ix_orders_hint')
                batch_op.drop_column('hint')
            """,
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade="""
            op.add_column('orders', sa.Column('paid', sa.Integer(), server_default='0'))
            op.execute("ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new'")
            op.create_index('ix_orders_note', 'orders', ['note'])
            """,
            dialect="sqlite",
        ),
        Example(
            upgrade=ORDERS + "op.add_column('orders', sa.Column('made', sa.DateTime(), "
            "server_default=sa.func.now()))",
            dialect="sqlite",
        ),
        Example(
            released=(ORDERS,),
            upgrade=ADDED_HINT,
            downgrade="op.drop_column('orders', 'hint')",
            dialect="sqlite",
        ),
    ),
)
def unsupported_alter(operation: Operation, context: Context) -> Iterator[Problem]:
    batch = context.statement.batch
    if (made := makes_anew(operation, context)) and (fails := _not_made_anew(made, context)):
        yield Problem(message=fails[0], remedy=fails[1], at=made.span)
        return
    in_new_table = batch is not None and remakes(batch, context) and _is_of_batch(context)
    found = _left_in_batch(operation, context) if in_new_table else _refused(operation, context)
    if found := found or _stopped_by_others(operation, context):
        message, remedy = found
        yield Problem(message=message, remedy=remedy)


def _not_made_anew(batch: Batch, context: Context) -> Answer | None:
    """Return what to say where a batch cannot make its table anew.

    Alembic fills the new table column by column, a computed one too; and while the old one is gone,
    SQLite finds views and other tables' triggers broken that ask for it, and renames nothing.
    """
    table = context.schema.table(batch.table)
    if not table or not table.certain or batch.copy_from:
        return None
    gone = {o.column for o in operations_of(batch, context) if isinstance(o, DropColumn)}
    for column in table.columns:
        made = column.generated
        if made and made.by == "expression" and column.certain and column.name not in gone:
            return (
                f"The batch makes {table.name} anew and fails: it fills computed column "
                f"{column.name}, which SQLite refuses.",
                f"Drop column {column.name} before the batch, and add it again after it",
            )
    user = broken_without(batch.table, context)
    if user is None:
        return None
    return (
        f"The batch makes {table.name} anew and fails: {user} asks for it, and is broken while it "
        "is gone.",
        f"Drop {user} before the batch and create it again after it, in this same revision",
    )


def _stopped_by_others(operation: Operation, context: Context) -> Answer | None:
    """Return what to say of a change that SQLite refuses since something asks for a dropped table.

    So ends the copy of a table that is put in its place: DROP TABLE, RENAME TO.
    """
    match operation:
        case RenameTable(table=table, new=new):
            what = f"Renaming {table} to {new} fails"
        case DropColumn(table=table, column=column):
            what = f"Dropping {column} of {table} fails"
        case RenameColumn(table=table, column=column, new=name):
            what = f"Renaming {column} of {table} to {name} fails"
        case _:
            return None
    for gone in (o.table for s in context.before for o in s.operations if isinstance(o, DropTable)):
        user = None if context.schema.table(gone) else broken_without(gone, context)
        if user:
            return (
                f"{what}: {user} asks for {gone}, which is gone.",
                f"Drop {user} before {gone} is dropped, and create it again after that, in this "
                "same revision",
            )
    return None


def _is_of_batch(context: Context) -> bool:
    """Return whether the batch collects the statement, where others are sent at once."""
    directive = context.statement.directive
    return directive is not None and directive.name not in SENT_AT_ONCE


def _refused(operation: Operation, context: Context) -> Answer | None:
    """Return what to say where SQLite, or Alembic for it, refuses the operation."""
    match operation:
        case AddColumn():
            return _added_column(operation, context)
        case DropColumn():
            return _dropped_column(operation, context)
        case RenameColumn(table=table, column=column, new=new):
            if not context.server.version or context.server.at_least(*RENAMES_COLUMNS):
                return None
            code = f"alter_column({column!r}, new_column_name={new!r})"
            return (
                f"SQLite renames columns from 3.25 on: renaming {column} of {table} fails.",
                _in_batch(table, code, context=context),
            )
        case AddConstraint(table=table, constraint=constraint):
            return _added_constraint(table, constraint, context)
        case DropConstraint(table=table, constraint=name):
            if _is_newer(context) or (name is None and _is_called(context)):
                return None  # which Alembic refuses, as incomplete-downgrade says
            kind = f", type_={operation.type!r}" if operation.type else ""
            code = f"drop_constraint({name or '<its name>'!r}{kind})"
            return (
                f"SQLite drops no constraint of a table: dropping {name} of {table} fails.",
                _in_batch(table, code, context=context),
            )
    return _altered_column(operation, context)


def _altered_column(operation: Operation, context: Context) -> Answer | None:
    match operation:
        case SetNotNull() | DropNotNull() if context.server.at_least(*ALTERS_NOT_NULL):
            return None
        case SetNotNull():
            what, change = "making {} NOT NULL", "nullable=False"
        case DropNotNull():
            what, change = "letting {} be NULL", "nullable=True"
        case ChangeColumnType():
            kind = sqlalchemy_type(operation.type, "sqlite")
            what, change = "changing the type of {}", f"type_={kind}"
        case SetDefault(default=default):
            value = repr(default.sql) if default.sql else "<the default>"
            what, change = "giving {} a default", f"server_default=sa.text({value})"
        case DropDefault():
            what, change = "taking the default of {} away", "server_default=None"
        case _:
            return None
    code = f"alter_column({operation.column!r}, {change})"
    what = what.format(f"{operation.column} of {operation.table}")
    remedy = _in_batch(operation.table, code, context=context)
    return f"SQLite has no ALTER COLUMN: {what} fails.", remedy


def _added_constraint(table: Name, constraint: Constraint, context: Context) -> Answer | None:
    if constraint.type == "check" and _is_newer(context):
        return None
    label = constraint.name or f"a {constraint.type}"
    columns = [
        f"add_column({_column_code(o.column)})"
        for o in context.statement.operations
        if isinstance(o, AddColumn) and o.table == table
    ]
    code = _constraint_code(table, constraint)
    return (
        f"SQLite adds no constraint to a table: adding {label} to {table} fails.",
        _in_batch(table, *columns, code, context=context),
    )


def _added_column(add: AddColumn, context: Context) -> Answer | None:
    column, table = add.column, add.table
    ignored = context.statement.directive.ignored if context.statement.directive else ()
    for flag, word in ((column.unique, "UNIQUE"), (column.primary_key, "PRIMARY KEY")):
        if flag and not (word == "PRIMARY KEY" and "primary_key" in ignored):
            made = _unique_index(table, column.name, context)
            return (
                f"SQLite adds no {word} column: adding {column.name} to {table} fails.",
                f"Add the column without it, and a unique index:\n{made}",
            )
    if context.is_empty(table):
        return None
    because = _not_over_rows(column, context)
    if because is None:
        return None
    return (
        f"Adding {column.name} {because} fails on SQLite as soon as {table} has one row.",
        _in_batch(table, f"add_column({_column_code(column)})", context=context),
    )


def _not_over_rows(column: Column, context: Context) -> str | None:
    """Return as what SQLite does not add the column to a table that has rows."""
    made, sql = column.generated, column.default.sql if column.default else None
    if made is not None and made.by == "expression":
        return "as a STORED column" if made.stored else None
    if check := _breaks_check(column, context):
        return f"with CHECK ({check}), which its default breaks,"
    if sql is None:
        return None
    if not CONSTANT.fullmatch(sql):
        return f"with a default that is computed ({_as_sent(sql)})"
    refers = any(c.type == "foreign key" for c in column.constraints)
    if refers and sql.upper() != "NULL" and enforces_foreign_keys(context):
        return "with a default and a foreign key, while foreign keys are enforced,"
    return None


def _breaks_check(column: Column, context: Context) -> str | None:
    """Return a CHECK of the column that surely does not let its default in."""
    sql = column.default.sql if column.default and column.default.sql else "NULL"
    value = sql.strip("() ").strip("'")
    for constraint in column.constraints:
        check = constraint.sql if constraint.type == "check" else None
        if check is None:
            continue
        found = context.expression(check)
        if sql.upper() == "NULL":
            refused = bool(found.forbids_null(column.name))
        else:
            listed = found.allowed_values(column.name)
            at = Range(low=value, high=value, with_high=True)
            held = next(
                (r for n, r in found.ranges.items() if n.lower() == column.name.lower()), at
            )
            refused = (listed is not None and value not in listed) or held.is_apart_from(at)
        if refused:
            return check
    return None


def _dropped_column(drop: DropColumn, context: Context) -> Answer | None:
    if context.server.version and not context.server.at_least(*DROPS_COLUMNS):
        code = f"drop_column({drop.column!r})"
        return (
            f"SQLite drops columns from 3.35 on: dropping {drop.column} of {drop.table} fails.",
            _in_batch(drop.table, code, context=context),
        )
    needing = _needing(drop, context)
    if needing is None:
        return None
    return (
        f"SQLite does not drop {drop.column} of {drop.table}: {needing} needs it.",
        _in_batch(
            drop.table,
            *(f"drop_index({index!r})" for index in _indexes(drop, context)),
            f"drop_column({drop.column!r})",
            context=context,
        ),
    )


def _indexes(drop: DropColumn, context: Context) -> Iterator[str]:
    """Yield the indexes that a batch makes again, though they name the column."""
    table = context.schema.table(drop.table)
    for index in table.indexes if table else ():
        plain = all(re.fullmatch(r"\w+", part) for part in index.columns)  # others it passes over
        if (
            index.name
            and index.certain
            and plain
            and _names(index.columns, index.where, drop.column, context)
        ):
            yield index.name


def _needing(drop: DropColumn, context: Context) -> str | None:
    """Return what SQLite finds broken without the column: the key of the table, an index, ..."""
    table = context.schema.table(drop.table)
    if not table:
        return None
    for constraint in table.constraints:
        key = constraint.type in ("primary key", "unique")
        counts = constraint.certain and (key or not constraint.inline)
        if counts and _names(constraint.columns, constraint.sql, drop.column, context):
            return f"{constraint.type} {constraint.name or ''}".strip()
    for index in table.indexes:
        parts = (*index.columns, *([index.where] if index.where else []))
        if index.certain and any(_names((part,), part, drop.column, context) for part in parts):
            return f"index {index.name}"
    for column in table.columns:
        sql = column.generated.sql if column.generated else None
        if column.name != drop.column and _names((), sql, drop.column, context):
            return f"column {column.name}"
    return _view_of(table, drop.column, context)


def _view_of(table: Table, column: str, context: Context) -> str | None:
    words = (re.compile(rf"\b{re.escape(word)}\b", re.I) for word in (table.name.name, column))
    name, named = words
    for view in context.schema.objects():
        query = view.query if isinstance(view, View) and view.certain else None
        if query and name.search(query) and named.search(query):
            return f"view {view.name}"
    return None


def _names(columns: tuple[str, ...], sql: str | None, column: str, context: Context) -> bool:
    wanted = column.lower()
    return wanted in (name.lower() for name in columns) or bool(
        sql and context.expression(sql).mentions(column)
    )


def _left_in_batch(operation: Operation, context: Context) -> Answer | None:
    """Return what to say of a column that a batch drops, where a named CHECK still wants it."""
    batch = context.statement.batch
    if batch is None or not isinstance(operation, DropColumn) or batch.copy_from:
        return None
    table, done = context.schema.table(operation.table), tuple(operations_of(batch, context))
    gone = {str(other.name) for other in done if isinstance(other, DropIndex)}
    for index in _indexes(operation, context):
        if index not in gone:
            return (
                f"The batch keeps index {index}, which names {operation.column}: making "
                f"{operation.table} anew without that column fails.",
                f"Drop the index in the same batch: batch_op.drop_index({index!r})",
            )
    dropped = {other.constraint for other in done if isinstance(other, DropConstraint)}
    for check in table.constraints if table else ():
        wants = _names(check.columns, check.sql, operation.column, context)
        kept = check.name is not None and not check.made_up and check.name not in dropped
        if check.type == "check" and check.certain and wants and kept:
            return (
                f"The batch keeps CHECK {check.name}, which names {operation.column}: making "
                f"{operation.table} anew without that column fails.",
                "Drop the CHECK in the same batch, before the column: "
                f"batch_op.drop_constraint({check.name!r}, type_='check')",
            )
    return None


def _is_called(context: Context) -> bool:
    """Return whether it is a call in a downgrade, and not SQL."""
    directive = context.statement.directive
    in_call = directive is not None and directive.name == "drop_constraint"
    return in_call and context.statement.direction == "downgrade"


def _is_newer(context: Context) -> bool:
    """Return whether SQLite itself changes NOT NULL and CHECK, and is asked in SQL."""
    directive = context.statement.directive
    in_sql = directive is None or directive.name == "execute"
    return in_sql and context.server.at_least(*ALTERS_NOT_NULL)


def _in_batch(table: Name, *code: str, context: Context) -> str:
    if context.statement.in_sql_file:
        return (
            f"Make a table with the definition that {table} shall have, fill it from {table}, drop "
            f"{table} and rename the new one, with PRAGMA foreign_keys off"
        )
    return f"Use batch mode, which makes the table anew:\n{in_batch(table, *code)}"


def _column_code(column: Column) -> str:
    parts = [repr(column.name), sqlalchemy_type(column.type, "sqlite")]
    parts += [] if column.nullable else ["nullable=False"]
    if column.generated is not None and column.generated.sql:
        parts.insert(2, f"sa.Computed({column.generated.sql!r}, persisted=True)")
    if column.default is not None and column.default.sql:
        parts.append(f"server_default=sa.text({_as_sent(column.default.sql)!r})")
    return f"sa.Column({', '.join(parts)})"


def _as_sent(default: str) -> str:
    """Return a default as SQLAlchemy compiles it for SQLite."""
    return "CURRENT_TIMESTAMP" if default.lower() == "now()" else default


def _constraint_code(table: Name, constraint: Constraint) -> str:
    label, columns = label_of(table, constraint), list(constraint.columns)
    match constraint.type:
        case "check":
            return f"create_check_constraint({label!r}, {constraint.sql or '<condition>'!r})"
        case "unique":
            return f"create_unique_constraint({label!r}, {columns})"
        case "primary key":
            return f"create_primary_key({label!r}, {columns})"
    target = constraint.target.name if constraint.target else "<table>"
    targets = list(constraint.target_columns or ("<its key>",))
    action = f", ondelete={constraint.on_delete!r}" if constraint.on_delete else ""
    return f"create_foreign_key({label!r}, {target!r}, {columns}, {targets}{action})"


def _unique_index(table: Name, column: str, context: Context) -> str:
    name = f"uq_{table.name}_{column}"
    if context.statement.in_sql_file:
        return f"CREATE UNIQUE INDEX {name} ON {table} ({column});"
    return f"op.create_index({name!r}, {table.name!r}, [{column!r}], unique=True)"
