"""What is surely not there, so that a DROP ... IF EXISTS of it does nothing.

That is what the revisions never made, or have dropped since, where they made all that there is. No
such history is one whose first revision makes nothing, since it starts from a database that was
there already; and what has no earlier revision may start from one as well.
"""

from __future__ import annotations

from guard.context import Context
from guard.operations import DropColumn, DropObject, DropSchema, DropTable, Name, is_known
from guard.renames import same_name
from guard.schema.model import ABSENT, Object

Drop = DropTable | DropColumn | DropObject | DropSchema

_VERSION_TABLE = "alembic_version"  # which no revision makes


def drops_nothing(drop: Drop, context: Context) -> bool:
    """Return whether the drop asks first whether the thing is there, and it surely is not."""
    asks = drop.if_exists or context.statement.guarded
    if not asks or not _is_known_in_full(context):
        return False
    match drop:
        case DropTable(table=table):
            return _no_table(table, context)
        case DropColumn(table=table, column=column):
            return _no_column(table, column, context)
        case DropSchema(name=name):
            return _no_schema(name, context)
    return is_known(drop.name) and not objects_named(drop, context)


def objects_named(drop: DropObject, context: Context) -> list[Object]:
    """Return what the drop may mean."""
    owner = context.schema.table(drop.table) if drop.table else None
    objects: tuple[Object, ...] = owner.objects if owner else context.schema.objects()
    return [item for item in objects if same_name(item.name, drop.name)]


def _is_known_in_full(context: Context) -> bool:
    """Return whether all is known that is there, and an earlier revision made some of it."""
    schema, here = context.schema, context.statement.revision
    makers = {thing.created_by for thing in (*schema.tables(), *schema.objects())}
    return schema.unlisted() is ABSENT and bool(makers - {here, None})


def _no_table(table: Name, context: Context) -> bool:
    if not is_known(table) or table.name.lower() == _VERSION_TABLE:
        return False
    mapped = context.mapped(table)
    if mapped and mapped.by:  # create_all() may have made it
        return False
    return not any(same_name(other.name, table) for other in context.schema.tables())


def _no_column(table: Name, column: str, context: Context) -> bool:
    owner = context.schema.table(table)
    if not owner or not owner.certain or not is_known(column):
        return False
    mapped = context.mapped(table, column)
    if mapped and mapped.by:
        return False
    return context.schema.column(table, column) is ABSENT


def _no_schema(name: Name, context: Context) -> bool:
    """Return whether no revision made it, or put anything there; MySQL's are databases."""
    schema, schemas = context.schema, ("public", "information_schema")
    if schema.dialect != "postgresql" or not is_known(name) or name.name in schemas:
        return False
    things = (*schema.tables(), *schema.objects())
    used = {thing.name.schema for thing in things}
    made = {item.name.name for item in schema.objects() if item.object_type == "schema"}
    # An extension may have made one for itself.
    extended = any(item.object_type == "extension" for item in schema.objects())
    return name.name not in used | made and not extended
