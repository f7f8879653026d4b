"""What is surely not there, so that a DROP ... IF EXISTS of it does nothing.

That is what the revisions never made, or have dropped since, where they made all that there is. No
such history is one whose first revision makes nothing, since it starts from a database that was
there already; and what has no earlier revision may start from one as well.
"""

from __future__ import annotations

from guard.context import Context
from guard.operations import (
    AddColumn,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropSchema,
    DropTable,
    Name,
    is_known,
)
from guard.renames import same_name
from guard.schema.model import ABSENT, Missing, Object, Table
from guard.server import fold

Drop = DropTable | DropColumn | DropConstraint | DropIndex | DropObject | DropSchema

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
        case DropConstraint(table=table, constraint=name):
            # Alembic leaves IF EXISTS out there.
            ignored = context.server.is_mysql and not context.statement.sql
            owner = context.schema.table(table)
            return name is not None and not ignored and _no_part(name, owner, context)
        case DropIndex(name=name, table=of):
            owners = [context.schema.table(of)] if of else [*context.schema.tables()]
            return all(_no_part(name.name, one, context) for one in owners)
        case DropSchema(name=name):
            return _no_schema(name, context)
    return is_known(drop.name) and not objects_named(drop, context)


def adds_nothing(add: AddColumn, context: Context) -> bool:
    """Return whether it asks first whether the column is there, and it surely is."""
    found = context.schema.column(add.table, add.column.name)
    return bool(add.if_not_exists and found and found.certain)


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
    return not any(_may_be(other.name, table, context) for other in context.schema.tables())


def _may_be(one: Name, other: Name, context: Context) -> bool:
    dialect = context.server.dialect
    return same_name(one, other) and fold(one.name, dialect) == fold(other.name, dialect)


def _no_part(name: str, owner: Table | Missing, context: Context) -> bool:
    """Return whether no constraint or index of the table can have the name."""
    if not owner or not is_known(name) or context.schema.unlisted(owner.name) is not ABSENT:
        return False
    unnamed = len(owner.part_names) < len(owner.constraints) + len(owner.indexes)
    made_up = any(one.made_up for one in owner.constraints)
    otherwise = unnamed or (made_up and context.names_constraints)
    return not (otherwise or name.lower() in map(str.lower, owner.part_names))


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
