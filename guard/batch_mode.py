"""How tables change on SQLite: which batches of Alembic make their table anew, and what with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.context import Context
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeColumnType,
    Column,
    CreateIndex,
    Delete,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    Insert,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    RenameColumn,
    SetComment,
    SetDefault,
    SetNotNull,
    SetOption,
    Update,
)
from guard.schema.model import View
from guard.statement import Batch, Statement

# What a batch can do.
IN_BATCHES = (
    AddColumn, AddConstraint, AlterColumn, ChangeColumnType, CreateIndex, DropColumn,
    DropConstraint, DropDefault, DropIndex, DropNotNull, ModifyColumn, Opaque, RenameColumn,
    SetComment, SetDefault, SetNotNull,
)  # fmt: skip
# What goes to the database at once, also inside of a batch.
SENT_AT_ONCE = ("execute", "bulk_insert")


def makes_anew(operation: Operation, context: Context) -> Batch | None:
    """Return the batch around an operation that makes its table anew, asked of its first one.

    A batch is sent when it ends: all of it makes the table anew, or nothing of it does.
    """
    batch = context.statement.batch
    if batch is None or operation != context.statement.operations[0]:
        return None
    if any(_within(batch, statement) for statement in context.before):
        return None
    return batch if remakes(batch, context) else None


def remakes(batch: Batch, context: Context) -> bool:
    """Return whether the batch around the statement makes its table anew."""
    if batch.recreate in ("always", "never"):
        return batch.recreate == "always"
    return any(_needs_new_table(operation, context) for operation in operations_of(batch, context))


def operations_of(batch: Batch, context: Context) -> Iterator[Operation]:
    """Yield what the batch around the statement does, in order."""
    for statement in (*context.before, context.statement, *context.after):
        if _within(batch, statement):
            yield from statement.operations


def _within(batch: Batch, statement: Statement) -> bool:
    other = statement.batch
    if other is None or statement.directive is None or statement.directive.name in SENT_AT_ONCE:
        return False
    return (other.span, other.table) == (batch.span, batch.table)


def _needs_new_table(operation: Operation, context: Context) -> bool:
    if isinstance(operation, AddColumn):
        return _is_made_of_sql(operation.column)
    return not isinstance(operation, CreateIndex | DropIndex)


def _is_made_of_sql(column: Column) -> bool:
    """Return whether Alembic sees an expression: a default that is no string, a stored value."""
    if column.generated is not None and column.generated.by == "expression":
        return column.generated.stored is True
    sql = column.default.sql if column.default else None
    return sql is not None and not (sql.startswith("'") and sql.endswith("'"))


def enforces_foreign_keys(context: Context) -> bool:
    """Return whether SQLite enforces foreign keys there, as far as that is said anywhere."""
    changed: list[bool] = []
    in_transaction = context.takes_ddl_back  # which SQLite does in one that env.py began
    for statement in context.transaction.before:
        for operation in statement.operations:
            if isinstance(operation, Insert | Update | Delete):
                in_transaction = True  # the driver begins one
            elif (
                not in_transaction  # in which it changes nothing
                and isinstance(operation, SetOption)
                and operation.name.lower() == "foreign_keys"
            ):
                changed.append(_is_on(operation.value))
    setting = context.settings.get("foreign_keys")
    if changed:
        return changed[-1]
    return bool(setting and _is_on(setting.value))


def _is_on(value: str | None) -> bool:
    return (value or "").strip("'\"").lower() in ("1", "on", "true", "yes")


def broken_without(table: Name, context: Context) -> str | None:
    """Return the view or trigger that surely asks for the table, so that SQLite renames nothing.

    It reads all of them whenever it renames something or drops a column. None also where
    `legacy_alter_table` spares it that.
    """
    setting = context.settings.get("legacy_alter_table")
    if setting and _is_on(setting.value):
        return None
    named = re.compile(rf"\b(?:from|join)\s+[\"`\[]?{re.escape(table.name)}\b", re.I)
    for view in context.schema.objects():
        if isinstance(view, View) and view.certain and view.query and named.search(view.query):
            return f"view {view.name}"
    for other in context.schema.tables():
        if other.name.name.lower() == table.name.lower() or not other.certain:
            continue  # its own triggers go with it
        for thing in other.objects:
            done = thing.body.operations if thing.body and thing.certain else ()
            changed = (getattr(operation, "table", None) for operation in done)
            if any(one and one.name.lower() == table.name.lower() for one in changed):
                return f"{thing.object_type} {thing.name}"
    return None


def in_batch(table: Name, *code: str, options: str = "") -> str:
    """Return the code of a batch on the table that does these things, a call each."""
    where = f", schema={table.schema!r}" if table.schema else ""
    first = f"with op.batch_alter_table({table.name!r}{where}{options}) as batch_op:"
    return "\n".join([first, *(f"    batch_op.{line}" for line in code)])
